//! Legends: keys with their names, in rows that break where the width ends.

use super::{Colour, Drawing, Marker, Text, width};

/// A row of keys.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Legend {
    keys: Vec<(String, Key)>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Key {
    Point(Marker, Colour),
    Line(Option<Marker>, Colour, f64),
    Area(Colour, f64),
}

const KEY: f64 = 24.0;
const GAP: f64 = 18.0;
const ROW: f64 = 20.0;

impl Legend {
    /// A marker.
    pub fn point(mut self, name: &str, marker: Marker, colour: Colour) -> Self {
        self.keys
            .push((name.to_owned(), Key::Point(marker, colour)));
        self
    }

    /// A line, dashed where `dash` is more than 0, with a marker on it or none.
    pub fn line(mut self, name: &str, marker: Option<Marker>, colour: Colour, dash: f64) -> Self {
        self.keys
            .push((name.to_owned(), Key::Line(marker, colour, dash)));
        self
    }

    /// A shade.
    pub fn area(mut self, name: &str, colour: Colour, opacity: f64) -> Self {
        self.keys
            .push((name.to_owned(), Key::Area(colour, opacity)));
        self
    }

    /// How high it is in `wide` pixels.
    pub fn height(&self, wide: f64) -> f64 {
        self.rows(wide).len() as f64 * ROW
    }

    /// Draws it with its upper left corner at `at`; each row begins there, or is centred.
    pub fn draw(&self, drawing: &mut Drawing, at: (f64, f64), wide: f64, centred: bool) {
        for (i, row) in self.rows(wide).into_iter().enumerate() {
            let long: f64 = row
                .iter()
                .map(|(name, key)| length(name, *key) + GAP)
                .sum::<f64>()
                - GAP;
            let mut x = at.0
                + if centred {
                    ((wide - long) / 2.0).max(0.0)
                } else {
                    0.0
                };
            let y = at.1 + i as f64 * ROW + ROW / 2.0;
            for (name, key) in row {
                let middle = (x + key.wide() / 2.0, y);
                match *key {
                    Key::Point(marker, colour) => drawing.marker(marker, middle, 4.5, colour),
                    Key::Line(marker, colour, dash) => {
                        drawing.path(&[(x, y), (x + KEY, y)], colour, 2.0, dash);
                        if let Some(marker) = marker {
                            drawing.marker(marker, middle, 4.0, colour);
                        }
                    }
                    Key::Area(colour, opacity) => {
                        drawing.rect((x, y - 6.0), (KEY, 12.0), colour, opacity)
                    }
                }
                drawing.text((x + key.wide() + 5.0, y + 4.5), name, Text::default());
                x += length(name, *key) + GAP;
            }
        }
    }

    fn rows(&self, wide: f64) -> Vec<Vec<&(String, Key)>> {
        let mut rows: Vec<Vec<&(String, Key)>> = Vec::new();
        let mut used = 0.0;
        for entry in &self.keys {
            let long = length(&entry.0, entry.1);
            match rows.last_mut() {
                Some(row) if used + GAP + long <= wide => {
                    row.push(entry);
                    used += GAP + long;
                }
                _ => {
                    rows.push(vec![entry]);
                    used = long;
                }
            }
        }
        rows
    }
}

impl Key {
    fn wide(self) -> f64 {
        if matches!(self, Self::Point(..)) {
            11.0
        } else {
            KEY
        }
    }
}

/// With some air for viewers whose font is wider than ours.
fn length(name: &str, key: Key) -> f64 {
    key.wide() + 5.0 + 1.04 * width(name, Text::default().size, false)
}
