//! Markers: a shape a series, so that no one needs colours to tell them apart.

use super::{Colour, Drawing, number};

/// The shape of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marker {
    /// A filled disc.
    Disc,
    /// A triangle, point up.
    Triangle,
    /// A square.
    Square,
    /// A diamond.
    Diamond,
    /// A triangle, point down.
    Down,
    /// A plus.
    Plus,
    /// A ring.
    Ring,
}

/// Corners from the middle, in radii, so that all look equally large.
const TRIANGLE: &[(f64, f64)] = &[(0.0, -1.3), (1.2, 0.8), (-1.2, 0.8)];
const DOWN: &[(f64, f64)] = &[(0.0, 1.3), (1.2, -0.8), (-1.2, -0.8)];
const SQUARE: &[(f64, f64)] = &[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)];
const DIAMOND: &[(f64, f64)] = &[(0.0, -1.35), (1.15, 0.0), (0.0, 1.35), (-1.15, 0.0)];
const PLUS: &[(f64, f64)] = &[
    (-0.4, -1.3),
    (0.4, -1.3),
    (0.4, -0.4),
    (1.3, -0.4),
    (1.3, 0.4),
    (0.4, 0.4),
    (0.4, 1.3),
    (-0.4, 1.3),
    (-0.4, 0.4),
    (-1.3, 0.4),
    (-1.3, -0.4),
    (-0.4, -0.4),
];

impl Marker {
    /// That of series 0, 1, 2, ...; where colours come again, shapes are moved on, so that 49 series differ.
    pub fn of(series: usize) -> Self {
        use Marker::*;
        [Disc, Triangle, Square, Diamond, Down, Plus, Ring][(series + series / 7) % 7]
    }

    fn corners(self) -> Option<&'static [(f64, f64)]> {
        match self {
            Self::Disc | Self::Ring => None,
            Self::Triangle => Some(TRIANGLE),
            Self::Down => Some(DOWN),
            Self::Square => Some(SQUARE),
            Self::Diamond => Some(DIAMOND),
            Self::Plus => Some(PLUS),
        }
    }
}

impl Drawing {
    /// A marker of radius `r` at `(x, y)`, with a thin edge in the colour of the paper so that neighbours part.
    pub fn marker(&mut self, marker: Marker, (x, y): (f64, f64), r: f64, colour: Colour) {
        if let Some(corners) = marker.corners() {
            let mut path = String::new();
            let mut last = (0.0, 0.0);
            for &(dx, dy) in corners {
                let to = (dx * r, dy * r);
                path += &match path.is_empty() {
                    true => format!("M{} {}", number(x + to.0), number(y + to.1)),
                    false => format!("l{} {}", number(to.0 - last.0), number(to.1 - last.1)),
                };
                last = to;
            }
            self.push(format_args!("<path d=\"{path}z\" {}/>", colour.edged()));
            return;
        }
        let (cx, cy) = (number(x), number(y));
        let (r, look) = match marker {
            Marker::Ring => {
                let (stroke, thick) = (colour.stroke(), number(0.5 * r));
                (
                    0.8 * r,
                    format!("fill=\"none\" {stroke} stroke-width=\"{thick}\""),
                )
            }
            _ => (r, colour.edged()),
        };
        let r = number(r);
        self.push(format_args!(
            "<circle cx=\"{cx}\" cy=\"{cy}\" r=\"{r}\" {look}/>"
        ));
    }
}
