//! Score histograms of several systems, one below the other on one axis: scores of clips -> a drawing.

use crate::Drawing;
use crate::error::{Error, Result};
use crate::svg::{Anchor, Axis, Colour, Marker, Text, shorten, ticks, width};

/// What is drawn.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Histogram {
    /// Its title.
    pub title: String,
    /// What is counted, e.g. `CIDEr-D of a clip`.
    pub label: String,
    /// The systems, from the top.
    pub systems: Vec<System>,
    /// How many bins; 0: 40.
    pub bins: usize,
}

/// A system's scores.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct System {
    /// Its name.
    pub name: String,
    /// A score a clip; NaN where a clip has none.
    pub scores: Vec<f64>,
}

const WIDE: f64 = 720.0;
const EDGE: f64 = 20.0;
const HIGH: f64 = 62.0;
const HEAD: f64 = 24.0;

impl Histogram {
    /// Draws it. The largest half per cent of the scores share the last bin.
    pub fn draw(&self) -> Result<Drawing> {
        let mut all: Vec<f64> = self
            .systems
            .iter()
            .flat_map(|s| &s.scores)
            .copied()
            .filter(|x| x.is_finite())
            .collect();
        if all.is_empty() {
            return Err(Error::input(format!(
                "the histogram \"{}\" has no score",
                self.title
            )));
        }
        all.sort_by(f64::total_cmp);
        let most = all[((all.len() - 1) as f64 * 0.995).ceil() as usize];
        let axis = Axis::holding(&self.label, [all[0].min(0.0), most], 0.0);
        let cut = all[all.len() - 1] > axis.high * (1.0 + 1e-9);
        let bins = if self.bins == 0 { 40 } else { self.bins };
        let counts: Vec<Vec<usize>> = self
            .systems
            .iter()
            .map(|s| count(&s.scores, &axis, bins))
            .collect();
        let shares = counts.iter().zip(&self.systems).flat_map(|(c, s)| {
            let n = finite(s).count().max(1) as f64;
            c.iter().map(move |&c| c as f64 / n)
        });
        let most = shares.fold(1e-9, f64::max);
        let top = EDGE + 34.0;
        let (left, right) = (EDGE, WIDE - EDGE);
        let bottom = top + self.systems.len() as f64 * (HIGH + HEAD);
        let mut drawing = Drawing::new(&*self.title, WIDE, bottom + if cut { 78.0 } else { 58.0 });
        drawing.text(
            (EDGE, EDGE + 15.0),
            &self.title,
            Text {
                size: 17.0,
                bold: true,
                ..Text::default()
            },
        );
        let place = |x: f64| left + (right - left) * (x - axis.low) / (axis.high - axis.low);
        let marks = ticks(axis.low, axis.high, 9);
        for (value, label) in crate::svg::labels(&marks) {
            let x = place(value);
            drawing.line((x, top), (x, bottom), Colour::Grid, 1.0);
            let inside = x.clamp(
                left + width(&label, 13.0, false) / 2.0,
                right - width(&label, 13.0, false) / 2.0,
            );
            drawing.text(
                (inside, bottom + 18.0),
                &label,
                Text {
                    anchor: Anchor::Middle,
                    colour: Colour::Soft,
                    ..Text::default()
                },
            );
        }
        for (i, (system, counts)) in self.systems.iter().zip(&counts).enumerate() {
            let base = top + (i + 1) as f64 * (HIGH + HEAD);
            let n = finite(system).count();
            let wide = (right - left) / bins as f64;
            for (bin, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                let high = HIGH * (count as f64 / n as f64) / most;
                drawing.rect(
                    (left + bin as f64 * wide + 0.5, base - high),
                    (wide - 1.0, high),
                    Colour::Series(i),
                    0.8,
                );
            }
            drawing.line((left, base), (right, base), Colour::Frame, 1.0);
            let mean = finite(system).sum::<f64>() / n.max(1) as f64;
            let shown = match n {
                0 => "no clip".to_owned(),
                _ => format!("mean {mean:.3} · {} clips", crate::svg::signed(n as f64, 0)),
            };
            let y = base - HIGH - 8.0;
            let room = right - left - width(&shown, 13.0, false) - 16.0;
            drawing.text(
                (left, y),
                &shorten(&system.name, room, 14.0, true),
                Text {
                    size: 14.0,
                    bold: true,
                    ..Text::default()
                },
            );
            drawing.text(
                (right, y),
                &shown,
                Text {
                    anchor: Anchor::End,
                    colour: Colour::Soft,
                    ..Text::default()
                },
            );
            if n > 0 {
                let x = place(mean.clamp(axis.low, axis.high));
                drawing.path(&[(x, base - HIGH), (x, base)], Colour::Ink, 1.5, 4.0);
                drawing.marker(Marker::Down, (x, base - HIGH), 4.0, Colour::Ink);
            }
        }
        drawing.text(
            ((left + right) / 2.0, bottom + 40.0),
            &self.label,
            Text {
                size: 14.0,
                anchor: Anchor::Middle,
                ..Text::default()
            },
        );
        if cut {
            let shown = "The last bin holds all larger scores too.";
            drawing.text(
                (left, bottom + 62.0),
                shown,
                Text {
                    size: 12.0,
                    colour: Colour::Soft,
                    ..Text::default()
                },
            );
        }
        Ok(drawing)
    }
}

fn finite(system: &System) -> impl Iterator<Item = f64> + '_ {
    system.scores.iter().copied().filter(|x| x.is_finite())
}

/// How many scores are in each bin of `axis`; those beyond its ends are in the first and the last.
fn count(scores: &[f64], axis: &Axis, bins: usize) -> Vec<usize> {
    let mut counts = vec![0; bins];
    for &score in scores.iter().filter(|x| x.is_finite()) {
        let share = (score - axis.low) / (axis.high - axis.low);
        counts[((share * bins as f64) as usize).min(bins - 1)] += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn every_score_is_in_a_bin() {
        let axis = Axis {
            label: String::new(),
            low: 0.0,
            high: 1.0,
        };
        assert_eq!(
            count(&[0.0, 0.49, 0.5, 1.0, 7.0, -1.0, f64::NAN], &axis, 2),
            [3, 3]
        );
    }

    #[test]
    fn all_kinds_of_scores_are_drawn() {
        let system = |name: &str, scores: &[f64]| System {
            name: name.into(),
            scores: scores.to_vec(),
        };
        let systems = vec![
            system("a<b", &[0.1, 0.2, f64::NAN]),
            system("none", &[]),
            system("one", &[0.3; 5]),
        ];
        let drawing = Histogram {
            title: "T".into(),
            systems,
            ..Histogram::default()
        }
        .draw()
        .unwrap();
        assert!(drawing.svg().contains("a&lt;b") && drawing.svg().contains("no clip"));
        assert!(Histogram::default().draw().is_err());
    }
}
