//! The scores for other programs: a JSON object, or CSV with a measure a row. In full precision.

use std::io::Write;

use anyhow::Result;
use serde_json::{Map, Value, json};
use wsac_metrics::Interval;

use super::content::Report;

impl Report {
    pub(super) fn json(&self) -> Value {
        let mut scores = Map::new();
        for (name, told) in self.scored() {
            let mut row = json!({ "score": told.score });
            if let Some(Interval { low, high }) = told.interval {
                row["interval"] = json!([low, high]);
            }
            if let Some(other) = told.other {
                row["against"] = json!(other);
                row["difference"] = json!(told.score - other);
            }
            if let Some(c) = told.comparison {
                row["difference_interval"] = json!([c.interval.low, c.interval.high]);
                row["p"] = json!(c.p);
            }
            scores.insert(name.to_owned(), row);
        }
        let missing = self
            .missing_lines()
            .map(|(name, why)| (name.to_owned(), json!(why)));
        let missing: Map<String, Value> = missing.collect();
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
                Err(reason) => why.clone_from(reason),
                Ok(told) => {
                    let text = |x: Option<f64>| x.map_or(String::new(), |x| x.to_string());
                    row.extend([
                        text(Some(told.score)),
                        text(told.interval.map(|i| i.low)),
                        text(told.interval.map(|i| i.high)),
                    ]);
                    if against {
                        let comparison = told.comparison;
                        row.extend([
                            text(told.other),
                            text(told.other.map(|other| told.score - other)),
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
