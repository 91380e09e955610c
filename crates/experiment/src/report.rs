//! The report of an experiment: tables, figures and a page -> a folder that opens from disk.
//!
//! `index.html` beside `table.{md,csv,json,tex}` and every figure as SVG and PNG.

mod clips;
mod curves;
mod draft;
mod picture;
mod run;
mod sheet;
mod tables;

use std::fs;
use std::path::Path;

use wsac::{Error, Result};
use wsac_report::bars::{Bar, Bars};
use wsac_report::histogram::{Histogram, System};
use wsac_report::page::{Block, Page, Section};
use wsac_report::table::Table;

use crate::config::{Config, slug};
use crate::grid::{Cell, Outcome, Setup};
use crate::scoring::{ranked, ranked_by};
use crate::table::{Row, rows};
use draft::{Draft, drawn, named};

pub use picture::picture;
pub use run::write as write_run;
pub use tables::{table, write as write_tables};

/// The options of a report.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How many clips are shown with their captions: the worst, the best and some between, of each data set.
    pub clips: usize,
    /// The seed of the figures.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { clips: 24, seed: 0 }
    }
}

/// Writes the report of `outcome` to `folder`, and `differences.csv` to the experiment's own; `command` reproduces it
/// and is shown on the page.
///
/// # Errors
/// If a file cannot be written or a captioner of the grid cannot be read.
pub fn write(
    config: &Config,
    outcome: &Outcome,
    setup: &Setup,
    options: Options,
    command: &str,
    folder: &Path,
) -> Result<Table> {
    fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
    let rows = rows(config, outcome)?;
    let table = table(config, outcome, &rows);
    write_tables(&table, folder)?;
    tables::write_differences(config, &rows, setup.out)?;
    let draft = Draft { folder, command };
    let mut results = vec![
        Block::Table(table.clone()),
        Block::Command(command.to_owned()),
    ];
    if config.data.iter().any(|d| d.probe.is_some()) {
        results.insert(0, Block::Warning(PROBE.into()));
    }
    let mut sections = vec![Section {
        title: "Results".into(),
        blocks: results,
    }];
    let mut clips = Vec::new();
    for (d, source) in config.data.iter().enumerate() {
        let name = slug(&source.name);
        let mut blocks = vec![Block::List(tables::facts(config, outcome, d))];
        if let Some(bars) = bars(config, &rows, d) {
            let words = "What each strategy adds to the first row, item by item: 95 % bootstrap intervals; a ring where the \
                         interval holds zero.";
            blocks.push(draft.figure(
                &format!("{name}-differences"),
                drawn(bars.draw())?,
                words,
            )?);
        }
        if let Some((drawing, words)) = sheet::draw(config, outcome, setup, options.seed, d)? {
            blocks.push(draft.figure(&format!("{name}-gap"), drawing, &words)?);
        }
        if let Some(curves) = curves::of(config, outcome, d)? {
            let words = "Loss while training: the mean over seeds, and their range.";
            blocks.push(draft.figure(&format!("{name}-loss"), drawn(curves.draw())?, words)?);
        }
        if let Some(histogram) = histogram(config, outcome, d) {
            let words = "How the score is spread over the clips, seed by seed put together.";
            blocks.push(draft.figure(
                &format!("{name}-scores"),
                drawn(histogram.draw())?,
                words,
            )?);
        }
        sections.push(Section {
            title: source.name.clone(),
            blocks,
        });
        clips.extend(clips::of(config, outcome, setup, options.clips, d, folder)?);
    }
    let page = Page {
        title: config.name.clone(),
        lead: vec![
            "Audio captions learned from text alone (WSAC, arXiv 2309.12242): how a decoder that has only seen text embeddings \
             does with those of sounds."
                .into(),
        ],
        sections,
        clips,
        made_by: concat!("wsac ", env!("CARGO_PKG_VERSION")).into(),
    };
    drawn(page.save(&folder.join("index.html")))?;
    Ok(table)
}

/// The notice for results in which captions replace recordings.
const PROBE: &str = "Text-probe: no recording was encoded. Another caption of the same clip, moved by a measured modality gap and \
                     scattered, stands in for it. These scores compare trainings and bridges with each other and say nothing \
                     about how well sounds are captioned.";

/// The improvement of each row of a data set over its first.
fn bars(config: &Config, rows: &[Row], data: usize) -> Option<Bars> {
    let rows: Vec<&Row> = rows.iter().filter(|row| row.data == data).collect();
    let scores = rows.first()?.scores.iter().filter(|s| s.value.is_ok());
    let by = ranked_by(scores.map(|s| s.name.as_str()))?;
    let first = rows.first()?;
    let bar = |row: &&Row| {
        let better = row.scores.iter().find(|s| s.name == by)?.better?;
        Some(Bar {
            name: named(config, row.training, row.inference),
            value: 100.0 * better.difference,
            interval: Some([100.0 * better.interval.low, 100.0 * better.interval.high]),
        })
    };
    let bars: Vec<Bar> = rows.iter().filter_map(bar).collect();
    (!bars.is_empty()).then(|| Bars {
        title: format!(
            "{}: against {}",
            config.data[data].name,
            named(config, first.training, first.inference)
        ),
        label: format!("{} x 100, difference", tables::head(by)),
        bars,
        decimals: 1,
    })
}

/// The scores of clips under each inference strategy, for the training with the best score under any of them.
fn histogram(config: &Config, outcome: &Outcome, data: usize) -> Option<Histogram> {
    let cells: Vec<_> = outcome.cells.iter().filter(|c| c.data == data).collect();
    let (by, _) = ranked(&cells.first()?.measures)?;
    // Hits are 0 or 1: a distribution shows nothing.
    if by == "strict" {
        return None;
    }
    let value = |cell: &Cell| ranked(&cell.measures).map(|(_, value)| value.clone());
    let best = cells
        .iter()
        .filter_map(|c| Some((value(c)?.corpus, c.training)))
        .max_by(|a, b| a.0.total_cmp(&b.0))?
        .1;
    let system = |inference: usize| {
        let of = cells
            .iter()
            .filter(|c| (c.training, c.inference) == (best, inference));
        let scores: Vec<f64> = of
            .filter_map(|c| value(c))
            .flat_map(|v| v.per_item)
            .map(|x| x.unwrap_or(f64::NAN))
            .collect();
        System {
            name: config.inference[inference].name.clone(),
            scores,
        }
    };
    Some(Histogram {
        title: format!(
            "{}: trained with {}",
            config.data[data].name, config.training[best].name
        ),
        label: format!("{} of a clip", tables::head(by)),
        systems: (0..config.inference.len())
            .map(system)
            .filter(|s| !s.scores.is_empty())
            .collect(),
        bins: 0,
    })
}
