//! Training curves: losses of several runs and seeds -> a drawing. The mean over seeds is a line, their range a band.

use crate::Drawing;
use crate::error::{Error, Result};
use crate::svg::{Axis, Colour, Legend, Marker, Plot, Text};

/// What is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Curves {
    /// Its title.
    pub title: String,
    /// The axis across, e.g. `epoch`.
    pub x: String,
    /// The axis upwards, with its unit, e.g. `cross-entropy in nats`.
    pub y: String,
    /// The runs.
    pub runs: Vec<Run>,
    /// Places across to which points are averaged, so that a line of many steps can be read.
    pub places: usize,
}

impl Default for Curves {
    fn default() -> Self {
        Self {
            title: String::new(),
            x: "epoch".into(),
            y: "cross-entropy in nats".into(),
            runs: Vec::new(),
            places: 120,
        }
    }
}

/// A run: the same settings with several seeds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Run {
    /// Its name.
    pub name: String,
    /// A curve a seed: (x, loss), x ascending. Drawn as a thin dashed line.
    pub training: Vec<Vec<(f64, f64)>>,
    /// A curve a seed. Drawn as a line with markers.
    pub validation: Vec<Vec<(f64, f64)>>,
}

/// Over seeds at one x: x, mean, least, most.
type Point = [f64; 4];

impl Curves {
    /// Draws it.
    pub fn draw(&self) -> Result<Drawing> {
        let curves = |run: &Run| -> Vec<(f64, f64)> {
            run.training
                .iter()
                .chain(&run.validation)
                .flatten()
                .copied()
                .collect()
        };
        let all: Vec<(f64, f64)> = self
            .runs
            .iter()
            .flat_map(curves)
            .filter(|p| p.0.is_finite() && p.1.is_finite())
            .collect();
        if all.is_empty() {
            return Err(Error::input(format!(
                "the curves \"{}\" have no point",
                self.title
            )));
        }
        let x = Axis::holding(&self.x, all.iter().map(|p| p.0), 0.02);
        let lines: Vec<[Vec<Point>; 2]> = (self.runs.iter())
            .map(|run| [&run.training, &run.validation].map(|seeds| self.over_seeds(seeds, &x)))
            .collect();
        let ends = lines.iter().flatten().flatten().flat_map(|p| [p[2], p[3]]);
        let y = Axis::holding(&self.y, ends, 0.06);
        let (wide, edge) = (760.0, 20.0);
        let mut legend = Legend::default();
        for (i, run) in self.runs.iter().enumerate() {
            let marker = (!run.validation.is_empty()).then(|| Marker::of(i));
            let dash = if run.validation.is_empty() { 5.0 } else { 0.0 };
            legend = legend.line(&run.name, marker, Colour::Series(i), dash);
        }
        let mut kinds = Legend::default();
        if lines.iter().any(|l| !l[1].is_empty()) {
            kinds = kinds.line("validation", Some(Marker::Disc), Colour::Soft, 0.0);
        }
        if lines.iter().any(|l| !l[0].is_empty()) {
            kinds = kinds.line("training", None, Colour::Soft, 5.0);
        }
        if self
            .runs
            .iter()
            .any(|r| r.training.len().max(r.validation.len()) > 1)
        {
            kinds = kinds.area("range over seeds", Colour::Soft, 0.25);
        }
        let mut drawing = Drawing::new(&*self.title, wide, 0.0);
        drawing.text(
            (edge, edge + 15.0),
            &self.title,
            Text {
                size: 17.0,
                bold: true,
                ..Text::default()
            },
        );
        let room = wide - 2.0 * edge;
        let mut top = edge + 28.0;
        for legend in [&legend, &kinds] {
            legend.draw(&mut drawing, (edge, top), room, false);
            top += legend.height(room);
        }
        let plot = Plot {
            at: (edge + 64.0, top + 14.0),
            size: (room - 74.0, 340.0),
            x,
            y,
        };
        plot.axes(&mut drawing);
        for (i, [training, validation]) in lines.iter().enumerate() {
            for points in [training, validation] {
                let ends = |k: usize| points.iter().map(move |p| (p[0], p[k]));
                if points.iter().any(|p| p[3] > p[2]) {
                    let band: Vec<_> = ends(2)
                        .chain(ends(3).rev())
                        .map(|p| plot.place(p))
                        .collect();
                    drawing.area(&band, Colour::Series(i), 0.18);
                }
            }
        }
        for (i, [training, validation]) in lines.iter().enumerate() {
            let line = |points: &[Point]| -> Vec<(f64, f64)> {
                points.iter().map(|p| plot.place((p[0], p[1]))).collect()
            };
            drawing.path(&line(training), Colour::Series(i), 1.4, 5.0);
            let points = line(validation);
            drawing.path(&points, Colour::Series(i), 2.2, 0.0);
            // Markers some way apart, and not all runs at one x.
            let step = (points.len() / 12).max(1);
            for &point in points.iter().skip(i % step).step_by(step) {
                drawing.marker(Marker::of(i), point, 4.0, Colour::Series(i));
            }
        }
        drawing.set_height(plot.at.1 + plot.size.1 + 44.0 + edge);
        Ok(drawing)
    }

    /// Points averaged to places across, then over the seeds that have a point at a place.
    fn over_seeds(&self, seeds: &[Vec<(f64, f64)>], x: &Axis) -> Vec<Point> {
        let places = self.places.max(1);
        let place =
            |at: f64| (((at - x.low) / (x.high - x.low) * places as f64) as usize).min(places - 1);
        // At each place, of each seed that has one, its mean x and loss.
        let mut found: Vec<Vec<(f64, f64)>> = vec![Vec::new(); places];
        for seed in seeds {
            let mut sums = vec![(0.0, 0.0, 0usize); places];
            for &(at, loss) in seed.iter().filter(|p| p.0.is_finite() && p.1.is_finite()) {
                let sum = &mut sums[place(at)];
                *sum = (sum.0 + at, sum.1 + loss, sum.2 + 1);
            }
            for (found, sum) in found.iter_mut().zip(sums).filter(|(_, sum)| sum.2 > 0) {
                found.push((sum.0 / sum.2 as f64, sum.1 / sum.2 as f64));
            }
        }
        let told = found.iter().filter(|seeds| !seeds.is_empty()).map(|seeds| {
            let n = seeds.len() as f64;
            let (least, most) = seeds
                .iter()
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), p| {
                    (a.min(p.1), b.max(p.1))
                });
            let sum = |of: fn(&(f64, f64)) -> f64| seeds.iter().map(of).sum::<f64>() / n;
            [sum(|p| p.0), sum(|p| p.1), least, most]
        });
        told.collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn means_and_ranges_are_over_seeds() {
        let axis = Axis {
            label: String::new(),
            low: 0.0,
            high: 10.0,
        };
        let curves = Curves {
            places: 10,
            ..Curves::default()
        };
        let seeds = [
            vec![(1.5, 2.0), (1.7, 4.0), (5.0, 1.0)],
            vec![(1.6, 5.0), (9.9, f64::NAN)],
        ];
        let told = curves.over_seeds(&seeds, &axis);
        let close = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12);
        assert!(close(&told[0], &[1.6, 4.0, 3.0, 5.0]), "{told:?}");
        assert!(close(&told[1], &[5.0, 1.0, 1.0, 1.0]) && told.len() == 2);
    }

    #[test]
    fn a_run_without_points_is_only_a_name() {
        let run = |name: &str, validation| Run {
            name: name.into(),
            validation,
            ..Run::default()
        };
        let runs = vec![run("none", vec![]), run("one", vec![vec![(1.0, 2.0)]])];
        assert!(
            Curves {
                runs,
                ..Curves::default()
            }
            .draw()
            .unwrap()
            .svg()
            .contains("none")
        );
        assert!(Curves::default().draw().is_err());
    }
}
