//! The scores for other programs: a JSON object, or CSV with a measure a row. In full precision.

use std::io::Write;

use anyhow::Result;
use serde_json::{Map, Value, json};
use wsac_metrics::Interval;

use super::{Report, Told};

impl Report {
    pub(super) fn json(&self) -> Value {
        let mut scores = Map::new();
        let mut missing = Map::new();
        for line in &self.lines {
            match &line.told {
                Told::Missing(why) => {
                    missing.insert(line.name.clone(), json!(why));
                }
                Told::Score {
                    score,
                    interval,
                    other,
                    comparison,
                } => {
                    let mut told = json!({ "score": score });
                    if let Some(Interval { low, high }) = interval {
                        told["interval"] = json!([low, high]);
                    }
                    if let Some(other) = other {
                        told["against"] = json!(other);
                        told["difference"] = json!(score - other);
                    }
                    if let Some(c) = comparison {
                        told["difference_interval"] = json!([c.interval.low, c.interval.high]);
                        told["p"] = json!(c.p);
                    }
                    scores.insert(line.name.clone(), told);
                }
            }
        }
        let mut all = json!({
            "predictions": self.systems[0],
            "references": self.against,
            "clips": self.clips,
            "captions": self.references,
            "level": self.level,
            "scores": scores,
            "not_computed": missing,
        });
        if let Some(other) = self.systems.get(1) {
            all["against"] = json!(other);
        }
        if let Some(extremes) = &self.extremes {
            all["worst"] = extremes.json(&extremes.worst);
            all["best"] = extremes.json(&extremes.best);
        }
        all
    }

    pub(super) fn csv(&self, out: &mut impl Write) -> Result<()> {
        let mut out = csv::Writer::from_writer(out);
        let against = self.systems.len() > 1;
        let mut head = vec!["metric", "score", "low", "high"];
        if against {
            head.extend([
                "against",
                "difference",
                "difference_low",
                "difference_high",
                "p",
            ]);
        }
        head.push("not_computed");
        out.write_record(&head)?;
        for line in &self.lines {
            let mut row = vec![line.name.clone()];
            let mut why = String::new();
            match &line.told {
                Told::Missing(reason) => why.clone_from(reason),
                Told::Score {
                    score,
                    interval,
                    other,
                    comparison,
                } => {
                    let text = |x: Option<f64>| x.map_or(String::new(), |x| x.to_string());
                    row.extend([
                        text(Some(*score)),
                        text(interval.map(|i| i.low)),
                        text(interval.map(|i| i.high)),
                    ]);
                    if against {
                        row.extend([
                            text(*other),
                            text(other.map(|o| score - o)),
                            text(comparison.map(|c| c.interval.low)),
                            text(comparison.map(|c| c.interval.high)),
                            text(comparison.map(|c| c.p)),
                        ]);
                    }
                }
            }
            row.resize(head.len() - 1, String::new());
            row.push(why);
            out.write_record(&row)?;
        }
        Ok(out.flush()?)
    }
}
