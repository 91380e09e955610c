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

impl Marker {
    /// That of series 0, 1, 2, ...
    pub fn of(series: usize) -> Self {
        use Marker::*;
        [Disc, Triangle, Square, Diamond, Down, Plus, Ring][series % 7]
    }
}

impl Drawing {
    /// A marker of radius `r` at `(x, y)`, with a thin edge in the colour of the paper so that neighbours part.
    pub fn marker(
        &mut self,
        marker: Marker,
        (x, y): (f64, f64),
        r: f64,
        colour: Colour,
        opacity: f64,
    ) {
        let at = |dx: f64, dy: f64| format!("{} {}", number(x + dx * r), number(y + dy * r));
        let d = match marker {
            Marker::Disc | Marker::Ring => {
                let (cx, cy) = (number(x), number(y));
                let look = match marker {
                    Marker::Ring => format!(
                        "fill=\"none\" {} stroke-width=\"{}\"",
                        colour.stroke(),
                        number(0.55 * r)
                    ),
                    _ => colour.fill(),
                };
                let r = number(if marker == Marker::Ring { 0.75 * r } else { r });
                self.push(format_args!(
                    "<circle cx=\"{cx}\" cy=\"{cy}\" r=\"{r}\" {look} opacity=\"{}\"/>",
                    number(opacity)
                ));
                return;
            }
            Marker::Triangle => {
                format!("M{}L{}L{}Z", at(0.0, -1.25), at(1.15, 0.8), at(-1.15, 0.8))
            }
            Marker::Down => format!("M{}L{}L{}Z", at(0.0, 1.25), at(1.15, -0.8), at(-1.15, -0.8)),
            Marker::Square => format!(
                "M{}L{}L{}L{}Z",
                at(-0.9, -0.9),
                at(0.9, -0.9),
                at(0.9, 0.9),
                at(-0.9, 0.9)
            ),
            Marker::Diamond => format!(
                "M{}L{}L{}L{}Z",
                at(0.0, -1.3),
                at(1.1, 0.0),
                at(0.0, 1.3),
                at(-1.1, 0.0)
            ),
            Marker::Plus => {
                let d = format!(
                    "M{}L{}M{}L{}",
                    at(-1.2, 0.0),
                    at(1.2, 0.0),
                    at(0.0, -1.2),
                    at(0.0, 1.2)
                );
                self.push(format_args!(
                    "<path d=\"{d}\" fill=\"none\" {} stroke-width=\"{}\" opacity=\"{}\"/>",
                    colour.stroke(),
                    number(0.6 * r),
                    number(opacity)
                ));
                return;
            }
        };
        self.push(format_args!(
            "<path d=\"{d}\" {} opacity=\"{}\"/>",
            colour.fill(),
            number(opacity)
        ));
    }
}
