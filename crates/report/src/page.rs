//! The report as one HTML file that opens from disk: no network, no build step; dark and light; usable by keyboard.
//!
//! Sections of paragraphs, tables and figures, then the clips: a table of all of them that sorts by any strategy's score,
//! and a section a clip with its picture, references, the caption of each strategy, nearest captions and sounds. All
//! text is escaped. Every section and clip has an address (`#results`, `#clip-dog-wav`).

mod anchor;
mod clips;
mod html;
mod parts;

use std::path::Path;

pub use parts::{Block, Clip, Figure, Page, Section, StrategyCaption};

use crate::error::{Result, write};

impl Page {
    /// The file's text.
    pub fn html(&self) -> String {
        html::page(self)
    }

    /// Writes the file, and its folder where there is none.
    pub fn save(&self, path: &Path) -> Result<()> {
        write(path, self.html().as_bytes())
    }
}

#[cfg(test)]
mod tests;
