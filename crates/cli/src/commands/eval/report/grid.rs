//! The scores in columns of equal width: for a terminal, and as Markdown.

use std::io::Write;

use anyhow::Result;
use wsac_metrics::Interval;

use super::content::Report;
use super::number::number;

impl Report {
    /// Columns of equal width between `left`, `between` and `right`.
    pub(super) fn grid(
        &self,
        out: &mut impl Write,
        left: &str,
        between: &str,
        right: &str,
    ) -> Result<()> {
        let percent = 100.0 * self.level;
        let spread = format!("{percent} % interval");
        let mut rows: Vec<Vec<String>> = vec![vec!["metric".into()]];
        let intervals = self.scored().any(|(_, told)| told.interval.is_some());
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
            let mut row = vec![name.to_owned(), number(told.score)];
            if let Some(other) = told.other {
                row.extend([number(other), format!("{:+.4}", told.score - other)]);
                if let Some(c) = told.comparison {
                    row.extend([range(c.interval), p_value(c.p)]);
                }
            } else {
                row.extend(told.interval.map(range));
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

    pub(super) fn missing(&self, out: &mut impl Write, between: &str) -> Result<()> {
        let missing: Vec<_> = self.missing_lines().collect();
        if !missing.is_empty() {
            writeln!(out)?;
        }
        for (name, why) in missing {
            write!(out, "{name}: not computed: {why}\n{between}")?;
        }
        Ok(())
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
