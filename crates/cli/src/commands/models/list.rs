//! `wsac models list`: the built-in model, known checkpoints, and other CLAPs in the cache.

use crate::exit::ExitCode;
use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;
use serde::Serialize;
use wsac::encoders::hub::Hub;
use wsac::encoders::hub::known::{ELSEWHERE, KNOWN};
use wsac::model::Model;

use super::info::bundled_bytes;
use crate::hub;
use crate::process::print_line;

/// List models: built in, known by name, and in the cache
#[derive(clap::Args)]
pub struct Args {
    /// A table for people, or a JSON array
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
}

#[derive(Serialize)]
struct Row {
    name: String,
    what: String,
    /// The width of an embedding.
    width: Option<usize>,
    /// Its size in the cache if it is there, else about the size of its weights.
    bytes: Option<u64>,
    licence: Option<&'static str>,
    built_in: bool,
    /// Its path, if it can be used at once.
    path: Option<PathBuf>,
    /// Whether a download of it, or of another file of the same model, was interrupted.
    unfinished: bool,
}

/// Prints them.
pub fn run(args: &Args) -> Result<ExitCode> {
    let rows = rows(&hub::open(true))?;
    match args.format {
        Format::Json => print_line!("{}", serde_json::to_string_pretty(&rows)?)?,
        Format::Table => table(&rows)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn rows(hub: &Hub) -> Result<Vec<Row>> {
    let mut rows = vec![Row {
        name: "mini".into(),
        what: "YAMNet and MiniLM; captions at once".into(),
        width: Some(Model::bundled()?.card.decoder.embedding),
        bytes: Some(bundled_bytes(wsac::encoders::assets::PARTS)?),
        licence: None,
        built_in: true,
        path: None,
        unfinished: false,
    }];
    let cached = hub.cached();
    for known in KNOWN {
        let name = known.name()?;
        let path = hub.find(&name);
        let part = cached
            .iter()
            .find(|model| model.repository == name.repository());
        let here = match (&path, name.file(), part) {
            (Some(file), Some(_), _) => file.metadata().ok().map(|file| file.len()),
            (Some(_), None, Some(model)) => Some(model.bytes),
            _ => None,
        };
        rows.push(Row {
            name: known.name.into(),
            what: known.what.into(),
            width: Some(known.width),
            bytes: here.or(known.megabytes.map(|mb| u64::from(mb) * 1_000_000)),
            licence: known.licence,
            built_in: false,
            unfinished: part.is_some_and(|model| model.unfinished) && path.is_none(),
            path,
        });
    }
    // Other models, other revisions of known ones.
    for model in cached {
        for (revision, _) in &model.revisions {
            let name = match revision.as_str() {
                "main" => model.repository.clone(),
                _ => format!("{}@{revision}", model.repository),
            };
            let Some(path) = name.parse().ok().and_then(|name| hub.find(&name)) else {
                continue;
            };
            if KNOWN.iter().all(|known| known.name != name) {
                rows.push(Row {
                    what: "in the cache".into(),
                    width: None,
                    bytes: Some(model.bytes),
                    licence: None,
                    built_in: false,
                    path: Some(path),
                    unfinished: model.unfinished,
                    name,
                });
            }
        }
    }
    Ok(rows)
}

fn table(rows: &[Row]) -> Result<()> {
    let wide = rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
    print_line!(
        "{:<wide$}  {:<8}  {:>8}  {:>5}  {:<10}  WHAT",
        "NAME",
        "HERE",
        "SIZE",
        "WIDTH",
        "LICENCE"
    )?;
    for row in rows {
        let here = match row {
            Row { built_in: true, .. } => "built in",
            Row { path: Some(_), .. } => "yes",
            Row {
                unfinished: true, ..
            } => "in part",
            _ => "no",
        };
        let size = row
            .bytes
            .map_or("?".into(), |bytes| format!("{:.0} MB", bytes as f64 / 1e6));
        let width = row.width.map_or("?".into(), |width| width.to_string());
        let licence = row
            .licence
            .unwrap_or(if row.built_in { "see info" } else { "see page" });
        print_line!(
            "{:<wide$}  {here:<8}  {size:>8}  {width:>5}  {licence:<10}  {}",
            row.name,
            row.what
        )?;
    }
    print_line!(
        "\n`wsac models pull NAME` fetches one; its page is https://huggingface.co/ and the first two parts of its name."
    )?;
    Ok(print_line!("{ELSEWHERE}")?)
}
