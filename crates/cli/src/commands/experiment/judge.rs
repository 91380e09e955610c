//! The metrics of `wsac eval` as an experiment's scorer.

use wsac_metrics::{Items, Scores};

use crate::commands::eval::{Measured, Metric, Scorer, Tools};

/// The metrics asked for, and their tools.
pub struct Metrics<'a> {
    metrics: &'a [Metric],
    tools: &'a Tools,
}

impl<'a> Metrics<'a> {
    /// Computes `metrics` with `tools`.
    pub fn new(metrics: &'a [Metric], tools: &'a Tools) -> Self {
        Self { metrics, tools }
    }
}

impl wsac_experiment::Scorer for Metrics<'_> {
    fn identity(&self) -> String {
        format!("{:?}, {}", self.metrics, self.tools.identity())
    }

    fn measure(&self, items: &Items) -> wsac::Result<Vec<(String, Result<Scores, String>)>> {
        let scorer = Scorer::new(vec![items.tokenised()], self.tools);
        let mut measures = Vec::new();
        for &metric in self.metrics {
            for measure in scorer.measure(metric) {
                // Numbers of the corpus alone (vocabulary, diversity) do not belong in a table of means over clips.
                let value = match measure.value {
                    Ok(Measured::Scores(scores)) => Ok(scores),
                    Ok(Measured::Number(_)) => continue,
                    Err(why) => Err(why),
                };
                measures.push((measure.name, value));
            }
        }
        Ok(measures)
    }
}
