//! The clips that scored worst and best, with their captions.

use std::io::Write;

use anyhow::Result;
use serde_json::{Value, json};
use wsac_metrics::Scores;

use super::number::number;

/// The worst and the best clips by one measure.
pub struct Extremes {
    /// The measure.
    pub by: String,
    /// The worst first.
    pub worst: Vec<Clip>,
    /// The best first.
    pub best: Vec<Clip>,
}

/// A clip with its captions.
pub struct Clip {
    name: String,
    score: f64,
    candidate: String,
    references: Vec<String>,
}

impl Extremes {
    /// The `count` worst and best clips by `scores`; no clip is both. Captions as they were written.
    pub fn find(
        by: &str,
        scores: &Scores,
        count: usize,
        names: &[String],
        candidates: &[String],
        references: &[Vec<String>],
    ) -> Self {
        let mut order: Vec<usize> = (0..names.len()).collect();
        order.retain(|&i| !scores.per_item[i].is_nan());
        order.sort_by(|&a, &b| scores.per_item[a].total_cmp(&scores.per_item[b]));
        let count = count.min(order.len().div_ceil(2));
        let clip = |&i: &usize| Clip {
            name: names[i].clone(),
            score: scores.per_item[i],
            candidate: candidates[i].clone(),
            references: references[i].clone(),
        };
        let best = order.len() - count.min(order.len() / 2);
        Self {
            by: by.to_owned(),
            worst: order[..count].iter().map(clip).collect(),
            best: order[best..].iter().rev().map(clip).collect(),
        }
    }

    pub(super) fn write(&self, out: &mut impl Write) -> Result<()> {
        for (title, clips) in [("worst", &self.worst), ("best", &self.best)] {
            if clips.is_empty() {
                continue;
            }
            writeln!(out, "\n{title} by {}:", self.by)?;
            for clip in clips {
                let candidate = match clip.candidate.trim() {
                    "" => "(nothing)",
                    caption => caption,
                };
                writeln!(
                    out,
                    "\n  {}  {}\n    {candidate}",
                    number(clip.score),
                    clip.name
                )?;
                for reference in &clip.references {
                    writeln!(out, "    - {reference}")?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn json(&self, clips: &[Clip]) -> Value {
        let clips = clips.iter().map(|clip| {
            json!({
                "file_name": clip.name,
                &self.by: clip.score,
                "caption_predicted": clip.candidate,
                "references": clip.references,
            })
        });
        clips.collect()
    }
}
