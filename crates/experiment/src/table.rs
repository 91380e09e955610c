//! Cells to the rows of a table: means over seeds, their spread, intervals, and differences to the baseline.

use wsac::Result;
use wsac_metrics::Comparison;

use crate::config::Config;
use crate::grid::Outcome;
use crate::scoring::{Value, difference, over_seeds};

/// The scores of a training and an inference strategy on a data set.
#[derive(Debug, Clone)]
pub struct Row {
    /// The data set, by its index in the settings.
    pub data: usize,
    /// The training strategy, by its index.
    pub training: usize,
    /// The inference strategy, by its index.
    pub inference: usize,
    /// The scores, one per metric.
    pub scores: Vec<Score>,
}

/// A metric of a row.
#[derive(Debug, Clone)]
pub struct Score {
    /// Its name, e.g. `cider_d`.
    pub name: String,
    /// Its mean over the seeds, or the reason why there is none.
    pub value: std::result::Result<Value, String>,
    /// The standard deviation over the seeds; `None` for a single one.
    pub spread: Option<f64>,
    /// How much better than the data set's first row it is; `None` for that row, and if the metric is not a mean over items.
    pub better: Option<Comparison>,
}

/// The rows of all cells, in the order of the settings.
///
/// # Errors
/// If two cells of a data set have different items.
pub fn rows(config: &Config, outcome: &Outcome) -> Result<Vec<Row>> {
    let mut rows: Vec<Row> = Vec::new();
    for data in 0..config.data.len() {
        let baseline = rows.len();
        for training in 0..config.training.len() {
            for inference in 0..config.inference.len() {
                let cells: Vec<_> = (outcome.cells.iter())
                    .filter(|c| (c.data, c.training, c.inference) == (data, training, inference))
                    .collect();
                let Some(first) = cells.first() else { continue };
                let mut scores = Vec::new();
                for (m, measure) in first.measures.iter().enumerate() {
                    let of_seeds: std::result::Result<Vec<&Value>, String> = cells
                        .iter()
                        .map(|c| c.measures[m].value.as_ref().map_err(String::clone))
                        .collect();
                    let spread = of_seeds.as_ref().ok().and_then(|values| deviation(values));
                    let value =
                        of_seeds.and_then(|v| over_seeds(&v).ok_or_else(|| "no seed".to_owned()));
                    let first = rows.get(baseline).map(|row: &Row| &row.scores[m].value);
                    let better = match (&value, first) {
                        (Ok(ours), Some(Ok(theirs))) => difference(ours, theirs)?,
                        _ => None,
                    };
                    scores.push(Score {
                        name: measure.name.clone(),
                        value,
                        spread,
                        better,
                    });
                }
                rows.push(Row {
                    data,
                    training,
                    inference,
                    scores,
                });
            }
        }
    }
    Ok(rows)
}

/// The sample standard deviation of the corpus scores.
fn deviation(values: &[&Value]) -> Option<f64> {
    let n = values.len() as f64;
    if values.len() < 2 {
        return None;
    }
    let mean = values.iter().map(|v| v.corpus).sum::<f64>() / n;
    let square = values
        .iter()
        .map(|v| (v.corpus - mean).powi(2))
        .sum::<f64>();
    Some((square / (n - 1.0)).sqrt())
}
