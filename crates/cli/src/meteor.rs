//! The location of METEOR's word tables: flag, environment and the usual places -> path.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::folders;

/// The file name.
pub const FILE: &str = "meteor-1.5-en.bin";

/// The flag for it.
#[derive(clap::Args)]
pub struct TablesFile {
    /// The word tables of METEOR, as `wsac metrics prepare` writes them [default: beside wsac, or in the data folder]
    #[arg(long, value_name = "FILE", env = "WSAC_METEOR")]
    meteor: Option<PathBuf>,
}

impl TablesFile {
    /// The file given, else the first found beside the program, in `../share/wsac` from there, in the
    /// user's data folder, or in the source tree that the program was built from.
    ///
    /// # Errors
    /// If there is none; the message says how to get one.
    pub fn find(&self) -> Result<PathBuf> {
        if let Some(given) = &self.meteor {
            return Ok(given.clone());
        }
        let places = places();
        if let Some(found) = places.iter().find(|place| place.is_file()) {
            return Ok(found.clone());
        }
        let places: Vec<String> = places
            .iter()
            .map(|place| format!("  {}", place.display()))
            .collect();
        bail!(
            "METEOR's word tables are in none of the places where they are looked for:\n{}\nMake them with `wsac metrics \
             prepare --from pycocoevalcap-1.2-py3-none-any.whl` (the wheel comes with `pip download --no-deps \
             pycocoevalcap==1.2`), or give the file with --meteor FILE or WSAC_METEOR",
            places.join("\n")
        );
    }
}

/// The possible locations, best first.
fn places() -> Vec<PathBuf> {
    let program = std::env::current_exe().ok();
    let beside = program.as_deref().and_then(Path::parent);
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    let folders = [
        beside.map(Path::to_owned),
        beside.map(|folder| folder.join("../share/wsac")),
        folders::data(),
        source.map(|root| root.join("models/meteor")),
    ];
    folders
        .into_iter()
        .flatten()
        .map(|folder| folder.join(FILE))
        .collect()
}
