//! Shared by all parts of a report: figures written beside the page, and the names of rows.

use std::path::Path;

use wsac::{Error, Result};
use wsac_report::Drawing;
use wsac_report::page::{Block, Figure};

use crate::config::Config;

/// Converts an error of a figure or table into this crate's.
pub fn drawn<T>(made: wsac_report::Result<T>) -> Result<T> {
    made.map_err(|e| Error::Config(e.to_string()))
}

/// The folder of the figures.
pub struct Draft<'a> {
    pub folder: &'a Path,
    pub command: &'a str,
}

impl Draft<'_> {
    /// Writes `name.svg` and `name.png`, for the page.
    pub fn figure(&self, name: &str, drawing: Drawing, caption: &str) -> Result<Block> {
        drawn(drawing.save(&self.folder.join(name)))?;
        let files = ["svg", "png"].map(|kind| {
            let file = format!("{name}.{kind}");
            (file.clone(), file)
        });
        Ok(Block::Figure(Figure {
            caption: caption.to_owned(),
            command: self.command.to_owned(),
            files: files.into(),
            ..drawing.into()
        }))
    }
}

/// The name of a row's strategies.
pub fn named(config: &Config, training: usize, inference: usize) -> String {
    format!(
        "{}, {}",
        config.training[training].name, config.inference[inference].name
    )
}
