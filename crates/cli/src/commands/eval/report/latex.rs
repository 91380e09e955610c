//! The scores as a LaTeX table: a row per system, a column per measure, times 100 as in papers.

use std::io::Write;

use anyhow::Result;

use super::content::Report;

impl Report {
    /// A row per system. A star if the two differ with p < 0.05.
    pub(super) fn latex(&self, out: &mut impl Write) -> Result<()> {
        let scored: Vec<_> = self.scored().collect();
        let escape = |text: &str| {
            text.replace('_', "\\_")
                .replace('%', "\\%")
                .replace('&', "\\&")
        };
        let head: Vec<String> = scored.iter().map(|(name, _)| escape(name)).collect();
        writeln!(
            out,
            "% scores times 100, counts as they are; needs \\usepackage{{booktabs}}"
        )?;
        writeln!(
            out,
            "\\begin{{tabular}}{{l{}}}\n\\toprule",
            "r".repeat(scored.len())
        )?;
        writeln!(out, "System & {} \\\\\n\\midrule", head.join(" & "))?;
        for (i, system) in self.systems.iter().enumerate() {
            let cells: Vec<String> = (scored.iter())
                .map(|(name, told)| {
                    let star = match told.comparison {
                        Some(c) if i == 0 && c.p < 0.05 => "$^*$",
                        _ => "",
                    };
                    let value = if i == 0 {
                        told.score
                    } else {
                        told.other.unwrap_or(f64::NAN)
                    };
                    format!("{:.2}{star}", scale(name) * value)
                })
                .collect();
            writeln!(out, "{} & {} \\\\", escape(system), cells.join(" & "))?;
        }
        writeln!(out, "\\bottomrule\n\\end{{tabular}}")?;
        for (name, why) in self.missing_lines() {
            writeln!(out, "% {name}: not computed: {}", why.replace('\n', " "))?;
        }
        Ok(())
    }
}

/// Papers give scores times 100, and counts as they are.
fn scale(name: &str) -> f64 {
    let counts = name.starts_with("vocab.") || name.starts_with("diversity.");
    if counts { 1.0 } else { 100.0 }
}
