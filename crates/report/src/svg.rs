//! A small writer of SVG: shapes and text in, a [`Drawing`] out. Lengths are pixels at scale 1, y grows downwards.
//!
//! A drawing of its own is light, on white. Inside a page its shapes carry classes (`f-ink`, `s-grid`, ...) by which
//! [`crate::page`] recolours them in the dark. Nothing has an id, so that many drawings fit into one page.

mod axes;
mod colour;
mod legend;
mod marker;
mod text;

use std::fmt::Write as _;
use std::path::Path;

use crate::error::{Result, write};

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
    body: String,
}

impl Drawing {
    /// An empty picture of `width` x `height` pixels. Readers for the blind are told its `title`.
    pub fn new(title: impl Into<String>, width: f64, height: f64) -> Self {
        Self {
            title: title.into(),
            width,
            height,
            body: String::new(),
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
            self.body
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
            self.body
        )
    }

    /// The PNG file, `scale` pixels a unit: 2 is right for screens and papers.
    pub fn png(&self, scale: f64) -> Result<Vec<u8>> {
        crate::png::render(&self.svg(), &self.title, self.size(), scale)
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
        let (x1, y1, x2, y2) = (number(a.0), number(a.1), number(b.0), number(b.1));
        let (stroke, thick) = (colour.stroke(), number(thick));
        self.push(format_args!(
            "<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" {stroke} stroke-width=\"{thick}\"/>"
        ));
    }

    /// A line through `points`; dashed where `dash` is more than 0.
    pub fn path(&mut self, points: &[(f64, f64)], colour: Colour, thick: f64, dash: f64) {
        let (points, stroke, thick) = (list(points), colour.stroke(), number(thick));
        let dash = match dash > 0.0 {
            true => format!(" stroke-dasharray=\"{} {}\"", number(dash), number(dash)),
            false => String::new(),
        };
        self.push(format_args!(
            "<polyline points=\"{points}\" fill=\"none\" {stroke} stroke-width=\"{thick}\" stroke-linejoin=\"round\"{dash}/>"
        ));
    }

    /// A filled shape with corners at `points`.
    pub fn area(&mut self, points: &[(f64, f64)], colour: Colour, opacity: f64) {
        let (points, fill, opacity) = (list(points), colour.fill(), number(opacity));
        self.push(format_args!(
            "<polygon points=\"{points}\" {fill} fill-opacity=\"{opacity}\"/>"
        ));
    }

    /// A filled rectangle with its upper left corner at `at`.
    pub fn rect(&mut self, at: (f64, f64), size: (f64, f64), colour: Colour, opacity: f64) {
        let (x, y, w, h) = (number(at.0), number(at.1), number(size.0), number(size.1));
        let (fill, opacity) = (colour.fill(), number(opacity));
        self.push(format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" {fill} fill-opacity=\"{opacity}\"/>"
        ));
    }

    /// The outline of a rectangle.
    pub fn frame(&mut self, at: (f64, f64), size: (f64, f64), colour: Colour, thick: f64) {
        let (x, y, w, h) = (number(at.0), number(at.1), number(size.0), number(size.1));
        let (stroke, thick) = (colour.stroke(), number(thick));
        self.push(format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" fill=\"none\" {stroke} stroke-width=\"{thick}\"/>"
        ));
    }

    /// A picture of pixels, `[rows, columns]` of RGB with at most 256 colours, stretched to `size`.
    pub fn image(&mut self, at: (f64, f64), size: (f64, f64), columns: usize, rgb: &[u8]) {
        let (x, y, w, h) = (number(at.0), number(at.1), number(size.0), number(size.1));
        let data = crate::png::data_uri(columns, rgb);
        self.push(format_args!(
            "<image x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" preserveAspectRatio=\"none\" href=\"{data}\"/>"
        ));
    }

    /// A line of text with its baseline at `(x, y)`.
    pub fn text(&mut self, (x, y): (f64, f64), text: &str, look: Text) {
        let anchor = match look.anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let bold = if look.bold {
            " font-weight=\"700\""
        } else {
            ""
        };
        let (x, y) = (number(x), number(y));
        let turn = match look.upright {
            true => format!(" transform=\"rotate(-90 {x} {y})\""),
            false => String::new(),
        };
        let (fill, size) = (look.colour.fill(), number(look.size));
        self.push(format_args!(
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" {fill}{anchor}{bold}{turn}>{}</text>",
            escape(text)
        ));
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

    pub(crate) fn push(&mut self, shape: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.body, "{shape}");
    }
}

fn list(points: &[(f64, f64)]) -> String {
    let mut text = String::with_capacity(points.len() * 12);
    for (i, &(x, y)) in points.iter().enumerate() {
        if i > 0 {
            text.push(' ');
        }
        text.push_str(&number(x));
        text.push(',');
        text.push_str(&number(y));
    }
    text
}
