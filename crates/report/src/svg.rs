//! A small writer of SVG: shapes and text in, a [`Drawing`] out. Lengths are pixels at scale 1, y grows downwards.
//!
//! A drawing of its own is light, on white. Inside a page its shapes carry classes (`f-ink`, `s-grid`, ...) by which
//! [`crate::page`] recolours them in the dark. Nothing has an id, so that many drawings fit into one page.

mod axes;
mod colour;
pub(crate) mod data_uri;
mod element;
mod legend;
mod marker;
pub(crate) mod shape;
mod text;

use std::path::Path;

use crate::error::{Result, write};
use shape::Shape;

pub use axes::{Axis, Plot, ticks};
pub(crate) use axes::{labels, signed};
pub use colour::Colour;
pub use legend::Legend;
pub use marker::Marker;
pub(crate) use text::shorten;
pub use text::{Anchor, Text, escape, number, width, wrap};

/// A picture: what it shows, its size, and its shapes in the order they are painted.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawing {
    title: String,
    width: f64,
    height: f64,
    shapes: Vec<Shape>,
}

impl Drawing {
    /// An empty picture of `width` x `height` pixels. Readers for the blind are told its `title`.
    pub fn new(title: impl Into<String>, width: f64, height: f64) -> Self {
        Self {
            title: title.into(),
            width,
            height,
            shapes: Vec::new(),
        }
    }

    /// What it shows.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Its width and height in pixels.
    pub fn size(&self) -> (f64, f64) {
        (self.width, self.height)
    }

    /// Cuts or grows it at the bottom.
    pub fn set_height(&mut self, height: f64) {
        self.height = height;
    }

    /// The SVG file: light, on white.
    pub fn svg(&self) -> String {
        let (w, h) = (number(self.width), number(self.height));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" role=\"img\" \
             font-family=\"{}\">\n<title>{}</title>\n<rect width=\"{w}\" height=\"{h}\" fill=\"#ffffff\"/>\n{}</svg>\n",
            text::FAMILY,
            escape(&self.title),
            self.elements()
        )
    }

    /// The `<svg>` element for a page: no background, recoloured by the page's style.
    pub fn inline(&self) -> String {
        let (w, h) = (number(self.width), number(self.height));
        format!(
            "<svg class=\"drawing\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" role=\"img\" aria-label=\"{}\" \
             font-family=\"{}\">\n{}</svg>",
            escape(&self.title),
            text::FAMILY,
            self.elements()
        )
    }

    /// The PNG file, `scale` pixels a unit: 2 is right for screens and papers.
    pub fn png(&self, scale: f64) -> Result<Vec<u8>> {
        crate::png::render(&self.shapes, &self.title, self.size(), scale)
    }

    /// Writes `stem.svg` and `stem.png` (scale 2), and their folder where there is none.
    pub fn save(&self, stem: &Path) -> Result<()> {
        let file = |end| {
            let mut name = stem.as_os_str().to_owned();
            name.push(end);
            std::path::PathBuf::from(name)
        };
        write(&file(".svg"), self.svg().as_bytes())?;
        write(&file(".png"), &self.png(2.0)?)
    }

    /// A straight line.
    pub fn line(&mut self, a: (f64, f64), b: (f64, f64), colour: Colour, thick: f64) {
        self.path(&[a, b], colour, thick, 0.0);
    }

    /// A line through `points`; dashed where `dash` is more than 0.
    pub fn path(&mut self, points: &[(f64, f64)], colour: Colour, thick: f64, dash: f64) {
        let points = points.to_vec();
        self.shapes.push(Shape::Line {
            points,
            colour,
            thick,
            dash,
        });
    }

    /// A filled shape with corners at `points`.
    pub fn area(&mut self, points: &[(f64, f64)], colour: Colour, opacity: f64) {
        let points = points.to_vec();
        self.shapes.push(Shape::Area {
            points,
            colour,
            opacity,
        });
    }

    /// A filled rectangle with its upper left corner at `at`.
    pub fn rect(&mut self, at: (f64, f64), size: (f64, f64), colour: Colour, opacity: f64) {
        self.shapes.push(Shape::Rect {
            at,
            size,
            colour,
            opacity,
        });
    }

    /// The outline of a rectangle.
    pub fn frame(&mut self, at: (f64, f64), size: (f64, f64), colour: Colour, thick: f64) {
        self.shapes.push(Shape::Frame {
            at,
            size,
            colour,
            thick,
        });
    }

    /// A picture of pixels, `[rows, columns]` of RGB with at most 256 colours, stretched to `size`.
    pub fn image(&mut self, at: (f64, f64), size: (f64, f64), columns: usize, rgb: &[u8]) {
        let rgb = rgb.to_vec();
        self.shapes.push(Shape::Image {
            at,
            size,
            columns,
            rgb,
        });
    }

    /// A marker of radius `r` at `at`, with a thin edge in the colour of the paper so that neighbours part.
    pub fn marker(&mut self, marker: Marker, at: (f64, f64), r: f64, colour: Colour) {
        self.shapes.push(Shape::Marker {
            marker,
            at,
            r,
            colour,
        });
    }

    /// A line of text with its baseline at `at`.
    pub fn text(&mut self, at: (f64, f64), text: &str, look: Text) {
        let text = text.to_owned();
        self.shapes.push(Shape::Text { at, text, look });
    }

    /// Lines of text, broken to fit `wide`, the first baseline at `y`; the last baseline is returned.
    pub fn paragraph(&mut self, (x, y): (f64, f64), text: &str, wide: f64, look: Text) -> f64 {
        let mut y = y;
        for (i, line) in wrap(text, wide, look.size, look.bold).iter().enumerate() {
            y += if i > 0 { 1.3 * look.size } else { 0.0 };
            self.text((x, y), line, look);
        }
        y
    }

    fn elements(&self) -> String {
        let line = |shape| element::element(shape) + "\n";
        self.shapes.iter().map(line).collect()
    }
}
