//! A table as LaTeX (booktabs), as papers have them: times 100, the best bold, published rows below a rule in italics.

use super::{Cell, Group, Table};

impl Table {
    /// A `table` environment; the spread small behind each number, intervals in a comment. `label` is for `\ref`.
    pub fn latex(&self, label: &str) -> String {
        let numbers: Vec<bool> = (0..self.columns.len()).map(|c| self.is_number(c)).collect();
        let layout: String = numbers.iter().map(|&n| if n { 'c' } else { 'l' }).collect();
        let heads: Vec<String> = self.columns.iter().map(|c| escape(&c.name)).collect();
        let mut out =
            String::from("% needs \\usepackage{booktabs}\n\\begin{table}[t]\n\\centering\n");
        if !self.title.is_empty() {
            out += &format!("\\caption{{{}}}\n", escape(&self.title));
        }
        if !label.is_empty() {
            out += &format!("\\label{{{label}}}\n");
        }
        out += &format!(
            "\\begin{{tabular}}{{{layout}}}\n\\toprule\n{} \\\\\n",
            heads.join(" & ")
        );
        for group in &self.groups {
            out += "\\midrule\n";
            if !group.title.is_empty() {
                out += &format!(
                    "\\multicolumn{{{}}}{{l}}{{\\textit{{{}}}}} \\\\\n",
                    self.columns.len(),
                    escape(&group.title)
                );
            }
            for row in &group.rows {
                let cells: Vec<String> = (0..self.columns.len())
                    .map(|c| self.latex_cell(group, row, c, numbers[c]))
                    .collect();
                out += &format!("{} \\\\{}\n", cells.join(" & "), self.latex_intervals(row));
            }
        }
        out += "\\bottomrule\n\\end{tabular}\n";
        for note in &self.notes {
            out += &format!("\\\\[2pt] \\footnotesize {}\n", escape(note));
        }
        out + "\\end{table}\n"
    }

    fn latex_cell(&self, group: &Group, row: &[Cell], c: usize, number: bool) -> String {
        let column = &self.columns[c];
        let shown = match self.cell(row, c) {
            Cell::Empty => return if number { "--".into() } else { String::new() },
            Cell::Text(text) => escape(text),
            Cell::Number(number) => {
                let mut shown = column.show(number.mean).replace('-', "$-$");
                if self.is_best(group, c, number) {
                    shown = format!("\\textbf{{{shown}}}");
                }
                if let Some(spread) = number.spread {
                    shown += &format!("{{\\tiny$\\pm${}}}", column.show(spread));
                }
                shown
            }
        };
        match group.published {
            true => format!("\\textit{{{shown}}}"),
            false => shown,
        }
    }

    fn latex_intervals(&self, row: &[Cell]) -> String {
        let shown = self
            .columns
            .iter()
            .zip(row)
            .filter_map(|(column, cell)| match cell {
                Cell::Number(n) => n.interval.map(|[low, high]| {
                    format!(
                        "{} {}..{}",
                        column.name,
                        column.show(low),
                        column.show(high)
                    )
                }),
                _ => None,
            });
        let shown: Vec<String> = shown.collect();
        if shown.is_empty() {
            String::new()
        } else {
            format!(" % {}", shown.join(", "))
        }
    }
}

/// The ten characters that LaTeX reads as commands, and signs its fonts may lack.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => out.extend(['\\', c]),
            '\\' => out += "\\textbackslash{}",
            '~' => out += "\\textasciitilde{}",
            '^' => out += "\\textasciicircum{}",
            '±' => out += "$\\pm$",
            '−' => out += "$-$",
            '×' => out += "$\\times$",
            '≤' => out += "$\\leq$",
            '≥' => out += "$\\geq$",
            '\n' | '\r' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
