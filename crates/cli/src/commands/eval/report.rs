//! The output of `wsac eval`: the scores as a table, JSON, CSV, Markdown or LaTeX; the worst and the best clips; a file
//! with the scores of each clip.

mod content;
mod data;
mod extremes;
mod grid;
mod latex;
mod number;
mod per_item;

use std::io::Write;

use anyhow::Result;

use crate::output::json_line;
pub use content::{Line, Report, Score};
pub use extremes::Extremes;
pub use per_item::write as write_per_item;

/// How scores are written.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For reading in a terminal
    Table,
    /// One object: scores, intervals, what was not computed and why
    Json,
    /// metric,score,low,high and, with --against, the other's score, the difference, its interval and p
    Csv,
    /// A table for a README
    Markdown,
    /// A table for a paper (booktabs), a row a system, scores as percentages like the paper's
    Latex,
}

impl Report {
    /// Writes the report in `format`.
    pub fn write(&self, format: Format, out: &mut impl Write) -> Result<()> {
        match format {
            Format::Table => {
                self.grid(out, "", "  ", "")?;
                self.missing(out, "")?;
                self.extremes(out)
            }
            Format::Markdown => {
                self.grid(out, "| ", " | ", " |")?;
                self.missing(out, "\n")?;
                self.extremes(out)
            }
            Format::Json => json_line(out, &self.json()),
            Format::Csv => self.csv(out),
            Format::Latex => self.latex(out),
        }
    }

    fn extremes(&self, out: &mut impl Write) -> Result<()> {
        match &self.extremes {
            Some(extremes) => extremes.write(out),
            None => Ok(()),
        }
    }
}
