//! An ablation: what each step adds, with its confidence interval, against a zero line. Numbers -> a drawing.

use crate::Drawing;
use crate::error::{Error, Result};
use crate::svg::{Anchor, Axis, Colour, Legend, Marker, Text, labels, ticks, width, wrap};

/// What is drawn.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bars {
    /// Its title.
    pub title: String,
    /// What is measured, with its unit and what it is against, e.g. `CIDEr-D x 100, against plain projection`.
    pub label: String,
    /// The steps, from the top.
    pub bars: Vec<Bar>,
    /// Decimals of the numbers.
    pub decimals: usize,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bar {
    /// Its name.
    pub name: String,
    /// What it adds.
    pub value: f64,
    /// Where that lies.
    pub interval: Option<[f64; 2]>,
}

const WIDE: f64 = 760.0;
const EDGE: f64 = 20.0;
const ROW: f64 = 30.0;

impl Bars {
    /// Draws it. Where an interval excludes zero the point is filled, else it is a ring.
    pub fn draw(&self) -> Result<Drawing> {
        let ends = self.bars.iter().flat_map(|b| {
            [
                Some(b.value),
                b.interval.map(|i| i[0]),
                b.interval.map(|i| i[1]),
            ]
        });
        let ends: Vec<f64> = ends.flatten().chain([0.0]).collect();
        if self.bars.is_empty() || ends.iter().any(|x| !x.is_finite()) {
            return Err(Error::input(format!(
                "the ablation \"{}\" needs steps with numbers",
                self.title
            )));
        }
        let axis = Axis::holding(&self.label, ends, 0.04);
        let names: Vec<Vec<String>> = self
            .bars
            .iter()
            .map(|b| wrap(&b.name, 240.0, 14.0, false))
            .collect();
        let widest = |texts: &mut dyn Iterator<Item = f64>| texts.fold(0.0, f64::max);
        let name = widest(&mut names.iter().flatten().map(|line| width(line, 14.0, false)));
        let shown: Vec<String> = self.bars.iter().map(|b| self.shown(b)).collect();
        let number = widest(&mut shown.iter().map(|t| width(t, 13.0, false)));
        let (left, right) = (EDGE + name + 14.0, WIDE - EDGE - number - 16.0);
        let legend = Legend::default()
            .point("interval excludes zero", Marker::Disc, Colour::Ink)
            .point("it does not", Marker::Ring, Colour::Ink);
        let mut drawing = Drawing::new(&*self.title, WIDE, 0.0);
        let look = Text {
            size: 17.0,
            bold: true,
            ..Text::default()
        };
        let mut top =
            drawing.paragraph((EDGE, EDGE + 15.0), &self.title, WIDE - 2.0 * EDGE, look) + 14.0;
        if self.bars.iter().any(|b| b.interval.is_some()) {
            legend.draw(&mut drawing, (EDGE, top), WIDE - 2.0 * EDGE, false);
            top += legend.height(WIDE) + 8.0;
        }
        let rows: Vec<f64> = names
            .iter()
            .map(|lines| ROW + 17.0 * (lines.len().max(1) - 1) as f64)
            .collect();
        let bottom = top + rows.iter().sum::<f64>() + 4.0;
        let place = |x: f64| left + (right - left) * (x - axis.low) / (axis.high - axis.low);
        let marks = ticks(axis.low, axis.high, ((right - left) / 60.0) as usize);
        for (value, label) in labels(&marks) {
            drawing.line(
                (place(value), top),
                (place(value), bottom),
                Colour::Grid,
                1.0,
            );
            let soft = Text {
                anchor: Anchor::Middle,
                colour: Colour::Soft,
                ..Text::default()
            };
            drawing.text((place(value), bottom + 18.0), &label, soft);
        }
        let mut y = top;
        for (((bar, lines), shown), row) in self.bars.iter().zip(&names).zip(&shown).zip(&rows) {
            let middle = y + row / 2.0;
            let first = middle + 5.0 - 8.5 * (lines.len().max(1) - 1) as f64;
            for (k, line) in lines.iter().enumerate() {
                let look = Text {
                    size: 14.0,
                    anchor: Anchor::End,
                    ..Text::default()
                };
                drawing.text((left - 14.0, first + 17.0 * k as f64), line, look);
            }
            let colour = Colour::Series(if bar.value < 0.0 { 1 } else { 0 });
            let (a, b) = (
                place(0.0).min(place(bar.value)),
                place(0.0).max(place(bar.value)),
            );
            drawing.rect((a, middle - 8.0), (b - a, 16.0), colour, 0.3);
            let mut sure = false;
            if let Some([low, high]) = bar.interval {
                sure = low > 0.0 || high < 0.0;
                drawing.line((place(low), middle), (place(high), middle), colour, 2.0);
                for end in [low, high] {
                    drawing.line(
                        (place(end), middle - 5.0),
                        (place(end), middle + 5.0),
                        colour,
                        2.0,
                    );
                }
            }
            let at = (place(bar.value), middle);
            if bar.interval.is_some() && !sure {
                drawing.marker(Marker::Disc, at, 4.5, Colour::Paper);
                drawing.marker(Marker::Ring, at, 5.5, colour);
            } else {
                drawing.marker(Marker::Disc, at, 5.0, colour);
            }
            drawing.text(
                (WIDE - EDGE, middle + 4.5),
                shown,
                Text {
                    anchor: Anchor::End,
                    ..Text::default()
                },
            );
            y += row;
        }
        drawing.line((place(0.0), top), (place(0.0), bottom), Colour::Ink, 1.5);
        let look = Text {
            size: 14.0,
            anchor: Anchor::Middle,
            ..Text::default()
        };
        let middle = ((left + right) / 2.0).clamp(
            EDGE + width(&self.label, 14.0, false) / 2.0,
            WIDE - EDGE - width(&self.label, 14.0, false) / 2.0,
        );
        drawing.text((middle, bottom + 41.0), &self.label, look);
        drawing.set_height(bottom + 41.0 + EDGE);
        Ok(drawing)
    }

    fn shown(&self, bar: &Bar) -> String {
        let signed = |x: f64| crate::svg::signed(x, self.decimals);
        let sign = if bar.value > 0.0 { "+" } else { "" };
        match bar.interval {
            Some([low, high]) => format!(
                "{sign}{} [{}, {}]",
                signed(bar.value),
                signed(low),
                signed(high)
            ),
            None => format!("{sign}{}", signed(bar.value)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn zero_is_always_there_and_doubt_is_a_ring() {
        let bar = |name: &str, value, low, high| Bar {
            name: name.into(),
            value,
            interval: Some([low, high]),
        };
        let bars = vec![
            bar("top-k", 3.0, 1.0, 5.0),
            bar("centring", 0.5, -1.0, 2.0),
            Bar {
                value: -1.0,
                ..Bar::default()
            },
        ];
        let bars = Bars {
            title: "Steps".into(),
            bars,
            decimals: 1,
            ..Bars::default()
        };
        let svg = bars.draw().unwrap().svg();
        assert!(
            svg.contains("+3.0 [1.0, 5.0]")
                && svg.contains("+0.5 [−1.0, 2.0]")
                && svg.contains(">−1.0<")
        );
        assert!(Bars::default().draw().is_err());
        let broken = Bars {
            bars: vec![Bar {
                value: f64::NAN,
                ..Bar::default()
            }],
            ..Bars::default()
        };
        assert!(broken.draw().is_err());
    }
}
