//! A table as Markdown: columns of equal width, the best bold, published rows in italics.

use super::{Cell, Group, Table};

impl Table {
    /// Markdown: title, table, notes. With `intervals` each number has its interval beside its spread.
    pub fn markdown(&self, intervals: bool) -> String {
        let mut rows: Vec<Vec<String>> =
            vec![self.columns.iter().map(|c| clean(&c.name)).collect()];
        for (i, group) in self.groups.iter().enumerate() {
            if !group.title.is_empty() {
                rows.push(vec![format!("**{}**", clean(&group.title))]);
            } else if i > 0 {
                rows.push(Vec::new());
            }
            for row in &group.rows {
                let cells =
                    (0..self.columns.len()).map(|c| self.markdown_cell(group, row, c, intervals));
                rows.push(cells.collect());
            }
        }
        rows.iter_mut()
            .for_each(|row| row.resize(self.columns.len(), String::new()));
        let wide = |c: usize| {
            rows.iter()
                .map(|row| row[c].chars().count())
                .max()
                .unwrap_or(0)
                .max(3)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(wide).collect();
        let numbers: Vec<bool> = (0..self.columns.len()).map(|c| self.is_number(c)).collect();
        let mut out = String::new();
        if !self.title.is_empty() {
            out += &format!("{}\n\n", clean(&self.title));
        }
        for (i, row) in rows.iter().enumerate() {
            let cells = row
                .iter()
                .zip(widths.iter().zip(&numbers))
                .map(|(cell, (&w, &number))| {
                    if number {
                        format!("{cell:>w$}")
                    } else {
                        format!("{cell:<w$}")
                    }
                });
            out += &format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "));
            if i == 0 {
                let rules = widths
                    .iter()
                    .zip(&numbers)
                    .map(|(&w, &number)| match number {
                        true => format!("{}:", "-".repeat(w - 1)),
                        false => "-".repeat(w),
                    });
                out += &format!("| {} |\n", rules.collect::<Vec<_>>().join(" | "));
            }
        }
        for note in &self.notes {
            out += &format!("\n{}\n", note.trim());
        }
        out
    }

    fn markdown_cell(&self, group: &Group, row: &[Cell], c: usize, intervals: bool) -> String {
        let column = &self.columns[c];
        let shown = match self.cell(row, c) {
            Cell::Empty => {
                return if self.is_number(c) {
                    "–".into()
                } else {
                    String::new()
                };
            }
            Cell::Text(text) => clean(text),
            Cell::Number(number) => {
                let mut shown = column.show(number.mean);
                if self.is_best(group, c, number) {
                    shown = format!("**{shown}**");
                }
                if let Some(spread) = number.spread {
                    shown += &format!(" ± {}", column.show(spread));
                }
                if let (true, Some([low, high])) = (intervals, number.interval) {
                    shown += &format!(" [{}, {}]", column.show(low), column.show(high));
                }
                shown
            }
        };
        match group.published && !shown.is_empty() {
            true => format!("*{shown}*"),
            false => shown,
        }
    }
}

/// What would break a table.
fn clean(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}
