//! A table for other programs, numbers unscaled and in full: CSV and JSON.

use serde_json::{Map, Value, json};

use super::{Cell, Table};

impl Table {
    /// CSV: `group`, `published`, then for each column its key, and where any row has them `_spread`, `_low`, `_high`, `_runs`.
    pub fn csv(&self) -> String {
        let more: Vec<[bool; 3]> = (0..self.columns.len()).map(|c| self.has(c)).collect();
        let mut head = vec!["group".to_owned(), "published".to_owned()];
        for (column, [spread, interval, runs]) in self.columns.iter().zip(&more) {
            let key = column.key();
            head.push(key.to_owned());
            head.extend(spread.then(|| format!("{key}_spread")));
            head.extend(
                interval
                    .then(|| [format!("{key}_low"), format!("{key}_high")])
                    .into_iter()
                    .flatten(),
            );
            head.extend(runs.then(|| format!("{key}_runs")));
        }
        let mut rows = vec![head];
        for group in &self.groups {
            for row in &group.rows {
                let mut cells = vec![group.title.clone(), group.published.to_string()];
                for (c, [spread, interval, runs]) in more.iter().enumerate() {
                    let text = |x: Option<f64>| x.map_or(String::new(), |x| x.to_string());
                    let number = match self.cell(row, c) {
                        Cell::Number(number) => Some(number),
                        _ => None,
                    };
                    cells.push(match self.cell(row, c) {
                        Cell::Text(words) => words.clone(),
                        _ => text(number.map(|n| n.mean)),
                    });
                    cells.extend(spread.then(|| text(number.and_then(|n| n.spread))));
                    let ends = number.and_then(|n| n.interval);
                    cells.extend(
                        interval
                            .then(|| [text(ends.map(|e| e[0])), text(ends.map(|e| e[1]))])
                            .into_iter()
                            .flatten(),
                    );
                    cells.extend(runs.then(|| {
                        number
                            .and_then(|n| n.runs)
                            .map_or(String::new(), |r| r.to_string())
                    }));
                }
                rows.push(cells);
            }
        }
        let mut out = csv::Writer::from_writer(Vec::new());
        for row in rows {
            // Writing to memory cannot fail, and all rows are as long as the head.
            let _ = out.write_record(row);
        }
        out.into_inner()
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .unwrap_or_default()
    }

    /// JSON: title, columns, notes, and rows as objects by the columns' keys.
    pub fn json(&self) -> Value {
        let rows = self.groups.iter().flat_map(|group| {
            group.rows.iter().map(move |row| {
                let mut shown = Map::new();
                shown.insert("group".into(), json!(group.title));
                shown.insert("published".into(), json!(group.published));
                for (c, column) in self.columns.iter().enumerate() {
                    shown.insert(column.key().to_owned(), json!(self.cell(row, c)));
                }
                Value::Object(shown)
            })
        });
        json!({
            "title": self.title,
            "columns": self.columns.iter().map(|c| json!({ "key": c.key(), "name": c.name })).collect::<Vec<_>>(),
            "rows": rows.collect::<Vec<_>>(),
            "notes": self.notes,
        })
    }

    /// Whether any number of a column has a spread, an interval, runs.
    fn has(&self, column: usize) -> [bool; 3] {
        let mut has = [false; 3];
        for row in self.groups.iter().flat_map(|g| &g.rows) {
            if let Cell::Number(n) = self.cell(row, column) {
                has[0] |= n.spread.is_some();
                has[1] |= n.interval.is_some();
                has[2] |= n.runs.is_some();
            }
        }
        has
    }
}
