//! The shapes of a drawing -> a PNG, on white, with the bundled font alone.

use tiny_skia::{
    Color, FillRule, FilterQuality, LineJoin, Paint, Path, PathBuilder, Pattern, Pixmap, Rect,
    SpreadMode, Stroke, StrokeDash, Transform,
};

use crate::error::{Error, Result};
use crate::font;
use crate::svg::shape::{Point, Shape};
use crate::svg::{Anchor, Colour, Marker, Text, width};

/// Paints `shapes` with `scale` pixels a unit of `size`; `title` names the drawing in errors.
pub(crate) fn render(shapes: &[Shape], title: &str, size: Point, scale: f64) -> Result<Vec<u8>> {
    let failed = |why: String| Error::Png {
        title: title.to_owned(),
        why,
    };
    let (wide, high) = ((size.0 * scale).round(), (size.1 * scale).round());
    let pixels = Pixmap::new(wide as u32, high as u32)
        .ok_or_else(|| failed(format!("{wide} x {high} pixels are too few or too many")))?;
    let to_pixels = Transform::from_scale((wide / size.0) as f32, (high / size.1) as f32);
    let mut canvas = Canvas { pixels, to_pixels };
    canvas.pixels.fill(Color::WHITE);
    for shape in shapes {
        canvas.paint(shape);
    }
    canvas
        .pixels
        .encode_png()
        .map_err(|e| failed(e.to_string()))
}

/// The pixels, and the way to them from a drawing's units. A shape without an extent, or with a coordinate that is no number,
/// leaves them as they are.
struct Canvas {
    pixels: Pixmap,
    to_pixels: Transform,
}

impl Canvas {
    fn paint(&mut self, shape: &Shape) {
        match shape {
            Shape::Line {
                points,
                colour,
                thick,
                dash,
            } => {
                let stroke = Stroke {
                    width: *thick as f32,
                    line_join: LineJoin::Round,
                    dash: StrokeDash::new(vec![*dash as f32; 2], 0.0).filter(|_| *dash > 0.0),
                    ..Stroke::default()
                };
                self.stroke(polygon(points, false), *colour, &stroke);
            }
            Shape::Area {
                points,
                colour,
                opacity,
            } => self.fill(polygon(points, true), *colour, *opacity),
            Shape::Rect {
                at,
                size,
                colour,
                opacity,
            } => self.fill(rectangle(*at, *size), *colour, *opacity),
            Shape::Frame {
                at,
                size,
                colour,
                thick,
            } => self.stroke(rectangle(*at, *size), *colour, &solid(*thick)),
            Shape::Image {
                at,
                size,
                columns,
                rgb,
            } => self.image(*at, *size, *columns, rgb),
            Shape::Text { at, text, look } => self.text(*at, text, *look),
            Shape::Marker {
                marker,
                at,
                r,
                colour,
            } => self.marker(*marker, *at, *r, *colour),
        }
    }

    fn fill(&mut self, path: Option<Path>, colour: Colour, opacity: f64) {
        self.fill_turned(path, colour, opacity, self.to_pixels);
    }

    fn fill_turned(&mut self, path: Option<Path>, colour: Colour, opacity: f64, way: Transform) {
        if let Some(path) = path {
            let paint = paint(colour, opacity);
            self.pixels
                .fill_path(&path, &paint, FillRule::Winding, way, None);
        }
    }

    fn stroke(&mut self, path: Option<Path>, colour: Colour, stroke: &Stroke) {
        if let Some(path) = path {
            let paint = paint(colour, 1.0);
            self.pixels
                .stroke_path(&path, &paint, stroke, self.to_pixels, None);
        }
    }

    fn marker(&mut self, marker: Marker, at: Point, r: f64, colour: Colour) {
        let circle = |r: f64| PathBuilder::from_circle(at.0 as f32, at.1 as f32, r as f32);
        if let Some((r, thick)) = marker.ring(r) {
            return self.stroke(circle(r), colour, &solid(thick));
        }
        let outline = match marker.corners() {
            Some(corners) => {
                let corners: Vec<Point> = corners
                    .iter()
                    .map(|c| (at.0 + c.0 * r, at.1 + c.1 * r))
                    .collect();
                polygon(&corners, true)
            }
            None => circle(r),
        };
        self.fill(outline.clone(), colour, 1.0);
        self.stroke(outline, Colour::Paper, &solid(0.7));
    }

    fn image(&mut self, at: Point, size: Point, columns: usize, rgb: &[u8]) {
        let rows = rgb.len() / 3 / columns.max(1);
        let rectangle = Rect::from_xywh(at.0 as f32, at.1 as f32, size.0 as f32, size.1 as f32);
        let (Some(mut pixels), Some(rectangle)) =
            (Pixmap::new(columns as u32, rows as u32), rectangle)
        else {
            return;
        };
        for (to, from) in pixels
            .data_mut()
            .chunks_exact_mut(4)
            .zip(rgb.chunks_exact(3))
        {
            to.copy_from_slice(&[from[0], from[1], from[2], 255]);
        }
        let stretch = Transform::from_row(
            rectangle.width() / columns as f32,
            0.0,
            0.0,
            rectangle.height() / rows as f32,
            rectangle.x(),
            rectangle.y(),
        );
        let paint = Paint {
            shader: Pattern::new(
                pixels.as_ref(),
                SpreadMode::Pad,
                FilterQuality::Bicubic,
                1.0,
                stretch,
            ),
            ..Paint::default()
        };
        self.pixels
            .fill_rect(rectangle, &paint, self.to_pixels, None);
    }

    fn text(&mut self, at: Point, text: &str, look: Text) {
        let before = match look.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => 0.5,
            Anchor::End => 1.0,
        };
        let from = (at.0 - before * width(text, look.size, look.bold), at.1);
        let way = match look.upright {
            true => self.to_pixels.pre_concat(Transform::from_rotate_at(
                -90.0,
                at.0 as f32,
                at.1 as f32,
            )),
            false => self.to_pixels,
        };
        self.fill_turned(outlines(from, text, look), look.colour, 1.0, way);
    }
}

fn paint(colour: Colour, opacity: f64) -> Paint<'static> {
    let [r, g, b] = colour.rgb();
    let mut paint = Paint::default();
    paint.set_color_rgba8(r, g, b, (opacity.clamp(0.0, 1.0) * 255.0).round() as u8);
    paint
}

fn solid(thick: f64) -> Stroke {
    Stroke {
        width: thick as f32,
        ..Stroke::default()
    }
}

fn polygon(points: &[Point], closed: bool) -> Option<Path> {
    let mut path = PathBuilder::new();
    for (i, &(x, y)) in points.iter().enumerate() {
        match i {
            0 => path.move_to(x as f32, y as f32),
            _ => path.line_to(x as f32, y as f32),
        }
    }
    if closed {
        path.close();
    }
    path.finish()
}

fn rectangle(at: Point, size: Point) -> Option<Path> {
    let (right, bottom) = (at.0 + size.0, at.1 + size.1);
    polygon(&[at, (right, at.1), (right, bottom), (at.0, bottom)], true)
}

/// The outlines of the characters of `text`, the pen beginning at `(x, y)`.
fn outlines((mut x, y): Point, text: &str, look: Text) -> Option<Path> {
    let face = font::face(look.bold)?;
    let mut path = PathBuilder::new();
    for character in text.chars() {
        let scale = (look.size / f64::from(face.units_per_em())) as f32;
        let mut glyph = Glyph {
            path: &mut path,
            place: Transform::from_row(scale, 0.0, 0.0, -scale, x as f32, y as f32),
        };
        face.outline_glyph(face.glyph_index(character).unwrap_or_default(), &mut glyph);
        x += font::advance(character, look.bold) * look.size;
    }
    path.finish()
}

/// Adds a glyph, which grows upwards in units of its font, to a path of the drawing.
struct Glyph<'a> {
    path: &'a mut PathBuilder,
    place: Transform,
}

impl Glyph<'_> {
    fn at(&self, x: f32, y: f32) -> tiny_skia::Point {
        let mut point = tiny_skia::Point::from_xy(x, y);
        self.place.map_point(&mut point);
        point
    }
}

impl ttf_parser::OutlineBuilder for Glyph<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        let to = self.at(x, y);
        self.path.move_to(to.x, to.y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let to = self.at(x, y);
        self.path.line_to(to.x, to.y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let (by, to) = (self.at(x1, y1), self.at(x, y));
        self.path.quad_to(by.x, by.y, to.x, to.y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let (first, second, to) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.path
            .cubic_to(first.x, first.y, second.x, second.y, to.x, to.y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::svg::Drawing;

    /// Columns and rows that are not white, as `(left, right, top, bottom)`.
    fn inked(drawing: &Drawing) -> (usize, usize, usize, usize) {
        let pixels = Pixmap::decode_png(&drawing.png(1.0).unwrap()).unwrap();
        let wide = pixels.width() as usize;
        let dark = pixels
            .pixels()
            .iter()
            .enumerate()
            .filter(|(_, p)| p.red() < 200);
        dark.fold(
            (usize::MAX, 0, usize::MAX, 0),
            |(left, right, top, bottom), (i, _)| {
                let (x, y) = (i % wide, i / wide);
                (left.min(x), right.max(x), top.min(y), bottom.max(y))
            },
        )
    }

    #[test]
    fn texts_are_as_wide_as_measured() {
        for (text, bold) in [
            ("Handgloves & 1,234.5 %", false),
            ("WAVE (x = 0.3) joyful", true),
        ] {
            let mut drawing = Drawing::new("", 2000.0, 200.0);
            let look = Text {
                size: 100.0,
                bold,
                ..Text::default()
            };
            drawing.text((100.0, 100.0), text, look);
            let (left, right, top, bottom) = inked(&drawing);
            let measured = width(text, 100.0, bold);
            let drawn = (right - left) as f64;
            assert!(
                drawn > 0.93 * measured && drawn < 1.01 * measured,
                "{text}: {drawn} drawn, {measured} measured"
            );
            assert!(
                (20..40).contains(&top) && (110..130).contains(&bottom),
                "{text}: rows {top} to {bottom}"
            );
        }
    }

    #[test]
    fn an_upright_text_in_the_middle_ends_as_far_above_as_below() {
        let mut drawing = Drawing::new("", 100.0, 400.0);
        let look = Text {
            size: 40.0,
            anchor: Anchor::Middle,
            upright: true,
            ..Text::default()
        };
        drawing.text((60.0, 200.0), "HIOH", look);
        let (left, right, top, bottom) = inked(&drawing);
        assert!(left >= 28 && right <= 61, "columns {left} to {right}");
        assert!((top + bottom).abs_diff(400) <= 4, "rows {top} to {bottom}");
    }

    #[test]
    fn pixels_come_back() {
        let rgb = [
            [255u8, 0, 0],
            [0, 255, 0],
            [0, 0, 255],
            [255, 0, 0],
            [0, 0, 0],
            [9, 9, 9],
        ]
        .concat();
        let mut drawing = Drawing::new("", 3.0, 2.0);
        drawing.image((0.0, 0.0), (3.0, 2.0), 3, &rgb);
        let pixels = Pixmap::decode_png(&drawing.png(1.0).unwrap()).unwrap();
        let shown: Vec<u8> = pixels
            .pixels()
            .iter()
            .flat_map(|p| [p.red(), p.green(), p.blue()])
            .collect();
        assert_eq!(shown, rgb);
    }

    #[test]
    fn half_opaque_ink_is_half_as_dark() {
        let mut drawing = Drawing::new("", 4.0, 4.0);
        drawing.rect((0.0, 0.0), (4.0, 4.0), Colour::Ink, 0.5);
        let pixels = Pixmap::decode_png(&drawing.png(1.0).unwrap()).unwrap();
        let (red, ink) = (
            i32::from(pixels.pixels()[5].red()),
            i32::from(Colour::Ink.rgb()[0]),
        );
        assert!((red - (255 + ink) / 2).abs() <= 1, "{red}");
    }

    #[test]
    fn a_drawing_without_pixels_is_told() {
        assert!(
            Drawing::new("Nothing", 10.0, 10.0)
                .png(0.0)
                .unwrap_err()
                .to_string()
                .contains("\"Nothing\"")
        );
    }
}
