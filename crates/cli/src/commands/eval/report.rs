//! What `wsac eval` prints: the scores as a table, JSON, CSV, Markdown or LaTeX; the worst and the best clips; a file
//! with the scores of each clip.

mod extremes;
mod per_item;

use std::io::Write;

use anyhow::Result;
use serde_json::{Map, Value, json};
use wsac_metrics::{Comparison, Interval};

use crate::output::json_line;
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

/// All that is told.
pub struct Report {
    /// The files of predictions: ours, and the one compared with.
    pub systems: Vec<String>,
    /// The file of references.
    pub against: String,
    /// How many clips were scored.
    pub clips: usize,
    /// How many references they have.
    pub references: usize,
    /// The share inside the intervals, 0 to 1.
    pub level: f64,
    /// A measure a line.
    pub lines: Vec<Line>,
    /// The worst and the best clips.
    pub extremes: Option<Extremes>,
}

/// A measure and its value, or why there is none.
pub struct Line {
    /// Its name, e.g. `bleu_4`.
    pub name: String,
    /// Its value.
    pub told: Told,
}

/// See [`Line`].
pub enum Told {
    /// A score.
    Score {
        /// Of our predictions.
        score: f64,
        /// Where it lies.
        interval: Option<Interval>,
        /// Of the predictions compared with.
        other: Option<f64>,
        /// Whether the two differ.
        comparison: Option<Comparison>,
    },
    /// Why it was not computed.
    Missing(String),
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

    fn scored(&self) -> impl Iterator<Item = (&str, &Told)> {
        let scored = |line: &&Line| matches!(line.told, Told::Score { .. });
        (self.lines.iter().filter(scored)).map(|line| (line.name.as_str(), &line.told))
    }

    /// Columns of equal width between `left`, `between` and `right`.
    fn grid(&self, out: &mut impl Write, left: &str, between: &str, right: &str) -> Result<()> {
        let percent = 100.0 * self.level;
        let spread = format!("{percent} % interval");
        let mut rows: Vec<Vec<String>> = vec![vec!["metric".into()]];
        let intervals = self.scored().any(|(_, t)| {
            matches!(
                t,
                Told::Score {
                    interval: Some(_),
                    ..
                }
            )
        });
        let head = &mut rows[0];
        if let [ours, other] = &self.systems[..] {
            head.extend([ours.clone(), other.clone(), "difference".into()]);
            head.extend(
                intervals
                    .then(|| [spread, "p".into()])
                    .into_iter()
                    .flatten(),
            );
        } else {
            head.push("score".into());
            head.extend(intervals.then_some(spread));
        }
        for (name, told) in self.scored() {
            let Told::Score {
                score,
                interval,
                other,
                comparison,
            } = told
            else {
                continue;
            };
            let mut row = vec![name.to_owned(), number(*score)];
            if let Some(other) = other {
                row.extend([number(*other), format!("{:+.4}", score - other)]);
                if let Some(c) = comparison {
                    row.extend([range(c.interval), p_value(c.p)]);
                }
            } else {
                row.extend(interval.map(range));
            }
            row.resize(rows[0].len(), String::new());
            rows.push(row);
        }
        let widths: Vec<usize> = (0..rows[0].len())
            .map(|column| {
                rows.iter()
                    .map(|row| row[column].chars().count())
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        let clips = if self.clips == 1 { "clip" } else { "clips" };
        writeln!(
            out,
            "{} against {}: {} {clips}, {} references\n",
            self.systems.join(" and "),
            self.against,
            self.clips,
            self.references
        )?;
        for (i, row) in rows.iter().enumerate() {
            let cells: Vec<String> = (row.iter().zip(&widths))
                .map(|(cell, width)| format!("{cell:<width$}"))
                .collect();
            let line = format!("{left}{}{right}", cells.join(between));
            writeln!(out, "{}", line.trim_end())?;
            if i == 0 && !left.is_empty() {
                let rules: Vec<String> = widths.iter().map(|w| "-".repeat(*w)).collect();
                writeln!(out, "{left}{}{right}", rules.join(between))?;
            }
        }
        Ok(())
    }

    fn missing(&self, out: &mut impl Write, between: &str) -> Result<()> {
        let missing: Vec<_> = (self.lines.iter())
            .filter_map(|line| match &line.told {
                Told::Missing(why) => Some((&line.name, why)),
                Told::Score { .. } => None,
            })
            .collect();
        if !missing.is_empty() {
            writeln!(out)?;
        }
        for (name, why) in missing {
            write!(out, "{name}: not computed: {why}\n{between}")?;
        }
        Ok(())
    }

    fn extremes(&self, out: &mut impl Write) -> Result<()> {
        match &self.extremes {
            Some(extremes) => extremes.write(out),
            None => Ok(()),
        }
    }

    fn json(&self) -> Value {
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

    fn csv(&self, out: &mut impl Write) -> Result<()> {
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

    /// A row a system. A star where the two differ with p < 0.05.
    fn latex(&self, out: &mut impl Write) -> Result<()> {
        let scored: Vec<_> = self.scored().collect();
        let escape = |text: &str| {
            text.replace('_', "\\_")
                .replace('%', "\\%")
                .replace('&', "\\&")
        };
        let head: Vec<String> = scored.iter().map(|(name, _)| escape(name)).collect();
        writeln!(out, "% scores times 100; needs \\usepackage{{booktabs}}")?;
        writeln!(
            out,
            "\\begin{{tabular}}{{l{}}}\n\\toprule",
            "r".repeat(scored.len())
        )?;
        writeln!(out, "System & {} \\\\\n\\midrule", head.join(" & "))?;
        for (i, system) in self.systems.iter().enumerate() {
            let cells: Vec<String> = (scored.iter())
                .map(|(_, told)| {
                    let Told::Score {
                        score,
                        other,
                        comparison,
                        ..
                    } = told
                    else {
                        return String::new();
                    };
                    let star = match comparison {
                        Some(c) if i == 0 && c.p < 0.05 => "$^*$",
                        _ => "",
                    };
                    let value = if i == 0 {
                        *score
                    } else {
                        other.unwrap_or(f64::NAN)
                    };
                    format!("{:.2}{star}", 100.0 * value)
                })
                .collect();
            writeln!(out, "{} & {} \\\\", escape(system), cells.join(" & "))?;
        }
        writeln!(out, "\\bottomrule\n\\end{{tabular}}")?;
        Ok(())
    }
}

/// Four decimals; whole numbers (vocabularies) as they are.
pub fn number(x: f64) -> String {
    if x.is_nan() {
        "-".to_owned()
    } else if x.fract() == 0.0 && x.abs() >= 10.0 {
        format!("{x}")
    } else {
        format!("{x:.4}")
    }
}

fn range(interval: Interval) -> String {
    format!("{} .. {}", number(interval.low), number(interval.high))
}

fn p_value(p: f64) -> String {
    if p < 0.001 {
        "< 0.001".to_owned()
    } else {
        format!("{p:.3}")
    }
}
