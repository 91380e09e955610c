//! A shape -> its SVG element. Colours are classes as well (`f-ink`, `s-grid`, ..), by which a page recolours them.

use super::data_uri::png;
use super::shape::{Point, Shape};
use super::text::{Anchor, Text, escape, number};
use super::{Colour, Marker};

/// The element of `shape`.
pub(super) fn element(shape: &Shape) -> String {
    match shape {
        Shape::Line {
            points,
            colour,
            thick,
            dash,
        } => line(points, *colour, *thick, *dash),
        Shape::Area {
            points,
            colour,
            opacity,
        } => {
            let (points, fill, opacity) = (list(points), colour.fill(), number(*opacity));
            format!("<polygon points=\"{points}\" {fill} fill-opacity=\"{opacity}\"/>")
        }
        Shape::Rect {
            at,
            size,
            colour,
            opacity,
        } => {
            let (place, fill, opacity) = (place(*at, *size), colour.fill(), number(*opacity));
            format!("<rect {place} {fill} fill-opacity=\"{opacity}\"/>")
        }
        Shape::Frame {
            at,
            size,
            colour,
            thick,
        } => {
            let (place, stroke, thick) = (place(*at, *size), colour.stroke(), number(*thick));
            format!("<rect {place} fill=\"none\" {stroke} stroke-width=\"{thick}\"/>")
        }
        Shape::Image {
            at,
            size,
            columns,
            rgb,
        } => {
            let (place, data) = (place(*at, *size), png(*columns, rgb));
            format!("<image {place} preserveAspectRatio=\"none\" href=\"{data}\"/>")
        }
        Shape::Text { at, text, look } => line_of_text(*at, text, *look),
        Shape::Marker {
            marker,
            at,
            r,
            colour,
        } => point(*marker, *at, *r, *colour),
    }
}

fn line(points: &[Point], colour: Colour, thick: f64, dash: f64) -> String {
    let (stroke, thick) = (colour.stroke(), number(thick));
    if let (&[a, b], true) = (points, dash <= 0.0) {
        let (x1, y1, x2, y2) = (number(a.0), number(a.1), number(b.0), number(b.1));
        return format!(
            "<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" {stroke} stroke-width=\"{thick}\"/>"
        );
    }
    let dash = match dash > 0.0 {
        true => format!(" stroke-dasharray=\"{0} {0}\"", number(dash)),
        false => String::new(),
    };
    let points = list(points);
    format!(
        "<polyline points=\"{points}\" fill=\"none\" {stroke} stroke-width=\"{thick}\" stroke-linejoin=\"round\"{dash}/>"
    )
}

fn line_of_text((x, y): Point, text: &str, look: Text) -> String {
    let anchor = match look.anchor {
        Anchor::Start => "",
        Anchor::Middle => " text-anchor=\"middle\"",
        Anchor::End => " text-anchor=\"end\"",
    };
    let bold = match look.bold {
        true => " font-weight=\"700\"",
        false => "",
    };
    let (x, y) = (number(x), number(y));
    let turn = match look.upright {
        true => format!(" transform=\"rotate(-90 {x} {y})\""),
        false => String::new(),
    };
    let (fill, size) = (look.colour.fill(), number(look.size));
    format!(
        "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" {fill}{anchor}{bold}{turn}>{}</text>",
        escape(text)
    )
}

fn point(marker: Marker, (x, y): Point, r: f64, colour: Colour) -> String {
    if let Some(corners) = marker.corners() {
        let corners: Vec<Point> = corners.iter().map(|c| (x + c.0 * r, y + c.1 * r)).collect();
        return format!(
            "<polygon points=\"{}\" {}/>",
            list(&corners),
            colour.edged()
        );
    }
    let (cx, cy) = (number(x), number(y));
    match marker.ring(r) {
        Some((r, thick)) => {
            let (stroke, r, thick) = (colour.stroke(), number(r), number(thick));
            format!(
                "<circle cx=\"{cx}\" cy=\"{cy}\" r=\"{r}\" fill=\"none\" {stroke} stroke-width=\"{thick}\"/>"
            )
        }
        None => {
            let (r, look) = (number(r), colour.edged());
            format!("<circle cx=\"{cx}\" cy=\"{cy}\" r=\"{r}\" {look}/>")
        }
    }
}

fn place(at: Point, size: Point) -> String {
    let (x, y, w, h) = (number(at.0), number(at.1), number(size.0), number(size.1));
    format!("x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\"")
}

fn list(points: &[Point]) -> String {
    let pairs: Vec<String> = points
        .iter()
        .map(|&(x, y)| format!("{},{}", number(x), number(y)))
        .collect();
    pairs.join(" ")
}
