//! Axes: round numbers for ticks, and the place of a value in a picture.

use super::{Anchor, Colour, Drawing, Text, width};

/// One axis of a plot.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// What it measures, with its unit.
    pub label: String,
    /// Where it begins.
    pub low: f64,
    /// Where it ends; more than `low`.
    pub high: f64,
}

impl Axis {
    /// An axis that holds all of `values` (those that are numbers), with `margin` of their range to spare on each side.
    pub fn holding(label: &str, values: impl IntoIterator<Item = f64>, margin: f64) -> Self {
        let finite = values.into_iter().filter(|x| x.is_finite());
        let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| {
            (low.min(x), high.max(x))
        });
        let (low, high) = match () {
            () if low > high => (0.0, 1.0),
            () if low == high => (
                low - 0.5 * low.abs().max(1e-6),
                high + 0.5 * low.abs().max(1e-6),
            ),
            () => (low - margin * (high - low), high + margin * (high - low)),
        };
        Self {
            label: label.to_owned(),
            low,
            high,
        }
    }
}

/// A rectangle of a drawing with two axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Plot {
    /// Its upper left corner.
    pub at: (f64, f64),
    /// Its width and height.
    pub size: (f64, f64),
    /// The axis across.
    pub x: Axis,
    /// The axis upwards.
    pub y: Axis,
}

impl Plot {
    /// Where `(x, y)` lies in the drawing.
    pub fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let share = |axis: &Axis, v: f64| (v - axis.low) / (axis.high - axis.low);
        (
            self.at.0 + self.size.0 * share(&self.x, x),
            self.at.1 + self.size.1 * (1.0 - share(&self.y, y)),
        )
    }

    /// Draws grid, ticks and labels; the data goes on top. Labels need 52 pixels at the left, 44 at the bottom.
    pub fn axes(&self, drawing: &mut Drawing) {
        let (left, top) = self.at;
        let (right, bottom) = (left + self.size.0, top + self.size.1);
        let small = Text {
            size: 12.0,
            colour: Colour::Soft,
            ..Text::default()
        };
        let mut wide: f64 = 0.0;
        let values = ticks(self.y.low, self.y.high, (self.size.1 / 40.0) as usize);
        for (value, label) in labels(&values) {
            let y = self.place((self.x.low, value)).1;
            drawing.line((left, y), (right, y), Colour::Grid, 1.0);
            drawing.text(
                (left - 7.0, y + 4.0),
                &label,
                Text {
                    anchor: Anchor::End,
                    ..small
                },
            );
            wide = wide.max(width(&label, small.size, false));
        }
        let values = ticks(self.x.low, self.x.high, (self.size.0 / 70.0) as usize);
        for (value, label) in labels(&values) {
            let x = self.place((value, self.y.low)).0;
            drawing.line((x, bottom), (x, bottom + 4.0), Colour::Frame, 1.0);
            drawing.text(
                (x, bottom + 18.0),
                &label,
                Text {
                    anchor: Anchor::Middle,
                    ..small
                },
            );
        }
        drawing.line((left, bottom), (right, bottom), Colour::Frame, 1.0);
        let label = Text {
            anchor: Anchor::Middle,
            ..Text::default()
        };
        drawing.text(((left + right) / 2.0, bottom + 37.0), &self.x.label, label);
        let upright = Text {
            upright: true,
            ..label
        };
        drawing.text(
            (left - wide - 16.0, (top + bottom) / 2.0),
            &self.y.label,
            upright,
        );
    }
}

/// Round numbers (1, 2 or 5 times a power of ten apart) inside `low ..= high`, at most `count` steps, at least two.
pub fn ticks(low: f64, high: f64, count: usize) -> Vec<f64> {
    if !(low.is_finite() && high.is_finite() && high > low) {
        return Vec::new();
    }
    let rough = (high - low) / count.max(2) as f64;
    let power = 10f64.powf(rough.log10().floor());
    let factors = [1.0, 2.0, 5.0, 10.0];
    let factor = factors
        .into_iter()
        .find(|f| f * power >= rough * (1.0 - 1e-9));
    let step = factor.unwrap_or(10.0) * power;
    let (first, last) = (
        (low / step - 1e-9).ceil() as i64,
        (high / step + 1e-9).floor() as i64,
    );
    (first..=last).map(|i| i as f64 * step).collect()
}

/// Each value with as many decimals as all of them need, a minus as a minus, thousands parted.
pub(crate) fn labels(values: &[f64]) -> impl Iterator<Item = (f64, String)> + '_ {
    let step = match values {
        [a, b, ..] => (b - a).abs(),
        _ => 1.0,
    };
    let decimals = (-(step * 1.0001).log10().floor()).clamp(0.0, 9.0) as usize;
    values
        .iter()
        .map(move |&value| (value, signed(value, decimals)))
}

/// `value` with `decimals`, "−" for minus, thin groups of thousands.
pub(crate) fn signed(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, rest) = text
        .split_once('.')
        .map_or((&text[..], None), |(a, b)| (a, Some(b)));
    let mut out = String::new();
    if value < 0.0 && text.bytes().any(|b| (b'1'..=b'9').contains(&b)) {
        out.push('−');
    }
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(rest) = rest {
        out.push('.');
        out.push_str(rest);
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(ticks(0.0, 10.0, 5), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(ticks(-0.13, 0.12, 5).len(), 5);
        assert_eq!(ticks(3.0, 3.0, 5), [0.0; 0]);
        assert_eq!(ticks(f64::NAN, 1.0, 5), [0.0; 0]);
    }

    #[test]
    fn labels_have_the_decimals_they_need() {
        let shown = |values: &[f64]| labels(values).map(|(_, l)| l).collect::<Vec<_>>();
        assert_eq!(shown(&[-0.05, 0.0, 0.05]), ["−0.05", "0.00", "0.05"]);
        assert_eq!(shown(&[0.0, 5000.0, 10000.0]), ["0", "5,000", "10,000"]);
        assert_eq!(shown(&[2.0, 2.5]), ["2.0", "2.5"]);
    }

    proptest::proptest! {
        #[test]
        fn ticks_never_run_away(low in -1e6f64..1e6, range in 1e-6f64..1e6, count in 0usize..20) {
            let ticks = ticks(low, low + range, count);
            proptest::prop_assert!(ticks.len() <= count.max(2) + 2);
            proptest::prop_assert!(ticks.iter().all(|t| *t >= low - 1e-3 * range && *t <= low + 1.001 * range));
        }
    }
}
