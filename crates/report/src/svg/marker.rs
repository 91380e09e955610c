//! Markers: a shape a series, so that no one needs colours to tell them apart.

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

    /// Its corners from the middle, in radii; none where it is round.
    pub(crate) fn corners(self) -> Option<&'static [(f64, f64)]> {
        match self {
            Self::Disc | Self::Ring => None,
            Self::Triangle => Some(TRIANGLE),
            Self::Down => Some(DOWN),
            Self::Square => Some(SQUARE),
            Self::Diamond => Some(DIAMOND),
            Self::Plus => Some(PLUS),
        }
    }

    /// Radius and thickness of a ring that looks as large as a disc of radius `r`.
    pub(crate) fn ring(self, r: f64) -> Option<(f64, f64)> {
        (self == Self::Ring).then_some((0.8 * r, 0.5 * r))
    }
}
