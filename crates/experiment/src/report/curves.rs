//! The losses of a data set's trainings: `log.jsonl` of each run folder -> curves over epochs.

use std::fs;
use std::path::Path;

use wsac::{Error, Result};
use wsac_report::curves::{Curves, Run};

use crate::config::Config;
use crate::grid::Outcome;

/// The curves of data set `data`; `None` if nothing was trained.
///
/// # Errors
/// If a log cannot be read.
pub fn of(config: &Config, outcome: &Outcome, data: usize) -> Result<Option<Curves>> {
    let mut runs = Vec::new();
    for (t, training) in config.training.iter().enumerate() {
        if training.model.is_some() {
            continue;
        }
        let mut run = Run {
            name: training.name.clone(),
            ..Run::default()
        };
        let mut seen = Vec::new();
        for cell in outcome
            .cells
            .iter()
            .filter(|c| (c.data, c.training) == (data, t))
        {
            let Some(folder) = &cell.run else { continue };
            if !seen.contains(&folder) {
                seen.push(folder);
                let (training, validation) = read(folder)?;
                run.training.push(training);
                run.validation.push(validation);
            }
        }
        runs.push(run);
    }
    let title = format!("{}: loss while training", config.data[data].name);
    Ok((!runs.is_empty()).then(|| Curves {
        title,
        runs,
        ..Curves::default()
    }))
}

/// Points of a curve.
type Points = Vec<(f64, f64)>;

/// The training and validation loss of a run, against epochs.
///
/// # Errors
/// If it has no log.
pub fn read(folder: &Path) -> Result<(Points, Points)> {
    let path = folder.join("log.jsonl");
    let text = fs::read_to_string(&path).map_err(|e| Error::io(&path, e))?;
    let (mut training, mut validation) = (Vec::new(), Vec::new());
    for line in text.lines() {
        let Ok(row) = serde_json::from_str::<serde_json::Value>(line) else {
            continue;
        };
        let Some(step) = row["step"].as_f64() else {
            continue;
        };
        match (row["loss"].as_f64(), row["epoch"].as_f64()) {
            (Some(loss), _) => training.push((step, loss)),
            (None, Some(epoch)) => validation.push((step, epoch, row["validation"].as_f64())),
            _ => {}
        }
    }
    // Steps to epochs.
    let steps = validation
        .last()
        .map_or(1.0, |&(step, epoch, _)| step / epoch);
    training.iter_mut().for_each(|(step, _)| *step /= steps);
    let validation = validation
        .into_iter()
        .filter_map(|(_, epoch, loss)| Some((epoch, loss?)));
    Ok((training, validation.collect()))
}
