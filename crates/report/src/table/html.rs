//! A table as HTML for [`crate::page`]: heads are buttons that sort, intervals stand below their number.

use super::{Cell, Group, Table};
use crate::svg::escape;

impl Table {
    /// A `<table>` element; its style and sorting are the page's.
    pub fn html(&self) -> String {
        let mut out = String::from("<div class=\"scroll\"><table class=\"sortable\">\n");
        if !self.title.is_empty() {
            out += &format!("<caption>{}</caption>\n", escape(&self.title));
        }
        out += "<thead><tr>";
        for (c, column) in self.columns.iter().enumerate() {
            let class = if self.is_number(c) {
                " class=\"n\""
            } else {
                ""
            };
            out += &format!(
                "<th scope=\"col\"{class}><button type=\"button\">{}</button></th>",
                escape(&column.name)
            );
        }
        out += "</tr></thead>\n";
        for group in &self.groups {
            out += if group.published {
                "<tbody class=\"published\">\n"
            } else {
                "<tbody>\n"
            };
            if !group.title.is_empty() {
                out += &format!(
                    "<tr class=\"group\"><th colspan=\"{}\" scope=\"rowgroup\">{}</th></tr>\n",
                    self.columns.len(),
                    escape(&group.title)
                );
            }
            for row in &group.rows {
                out += "<tr>";
                for c in 0..self.columns.len() {
                    out += &self.html_cell(group, row, c);
                }
                out += "</tr>\n";
            }
            out += "</tbody>\n";
        }
        out += "</table></div>\n";
        for note in &self.notes {
            out += &format!("<p class=\"note\">{}</p>\n", escape(note));
        }
        out
    }

    fn html_cell(&self, group: &Group, row: &[Cell], c: usize) -> String {
        let column = &self.columns[c];
        match self.cell(row, c) {
            Cell::Empty if self.is_number(c) => "<td class=\"n\">–</td>".into(),
            Cell::Empty => "<td></td>".into(),
            Cell::Text(text) => format!("<td>{}</td>", escape(text)),
            Cell::Number(number) => {
                let mut shown = column.show(number.mean).replace('-', "−");
                if self.is_best(group, c, number) {
                    shown = format!("<b>{shown}</b>");
                }
                if let Some(spread) = number.spread {
                    shown += &format!("<span class=\"spread\"> ± {}</span>", column.show(spread));
                }
                if let Some([low, high]) = number.interval {
                    let ends =
                        format!("{} … {}", column.show(low), column.show(high)).replace('-', "−");
                    shown += &format!("<span class=\"interval\">{ends}</span>");
                }
                format!("<td class=\"n\" data-v=\"{}\">{shown}</td>", number.mean)
            }
        }
    }
}
