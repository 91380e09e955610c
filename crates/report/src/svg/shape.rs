//! The shapes of a drawing, in its pixels: [`super::element`] writes them as SVG, [`crate::png`] paints them.

use super::{Colour, Marker, Text};

/// Right and down from the upper left corner of the drawing.
pub(crate) type Point = (f64, f64);

/// One shape.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shape {
    /// A line through points, dashed where `dash` is more than 0.
    Line {
        points: Vec<Point>,
        colour: Colour,
        thick: f64,
        dash: f64,
    },
    /// A filled polygon.
    Area {
        points: Vec<Point>,
        colour: Colour,
        opacity: f64,
    },
    /// A filled rectangle.
    Rect {
        at: Point,
        size: Point,
        colour: Colour,
        opacity: f64,
    },
    /// The outline of a rectangle.
    Frame {
        at: Point,
        size: Point,
        colour: Colour,
        thick: f64,
    },
    /// Pixels `[rows, columns]` of RGB, stretched to `size`.
    Image {
        at: Point,
        size: Point,
        columns: usize,
        rgb: Vec<u8>,
    },
    /// A line of text with its baseline at a point.
    Text { at: Point, text: String, look: Text },
    /// A marker of radius `r`.
    Marker {
        marker: Marker,
        at: Point,
        r: f64,
        colour: Colour,
    },
}
