//! A sheet's maps and numbers -> its drawing.

use super::parts::{Layout, Points, Sheet};
use crate::gap::Gap;
use crate::random::Random;
use crate::svg::{Anchor, Colour, Drawing, Legend, Marker, Text, shorten, width, wrap};

const SIDE: f64 = 320.0;
const GUTTER: f64 = 28.0;
const EDGE: f64 = 20.0;
const TITLE: Text = Text {
    size: 16.0,
    bold: true,
    colour: Colour::Ink,
    anchor: Anchor::Start,
    upright: false,
};
const SMALL: Text = Text {
    size: 14.0,
    bold: false,
    colour: Colour::Ink,
    anchor: Anchor::Start,
    upright: false,
};
const LINE: f64 = 20.0;

pub(super) fn draw(
    sheet: &Sheet,
    maps: &[[Points; 2]],
    gaps: &[Gap],
    divergences: &[f64],
) -> Drawing {
    let columns = sheet.columns.clamp(1, sheet.panels.len());
    let rows = sheet.panels.len().div_ceil(columns);
    let wide = 2.0 * EDGE + columns as f64 * (SIDE + GUTTER) - GUTTER;
    let lines = if sheet.layout == Layout::Alone {
        5.0
    } else {
        4.0
    };
    let heads = sheet
        .panels
        .iter()
        .map(|p| wrap(&p.title, SIDE, TITLE.size, true).len().max(1));
    let head = heads.max().unwrap_or(1) as f64 * 21.0;
    let legend = sheet
        .panels
        .iter()
        .map(|p| self::legend(sheet, p.sets).height(SIDE))
        .fold(20.0, f64::max);
    let high = head + legend + 8.0 + SIDE + 10.0 + lines * LINE + 24.0;
    let mut top = EDGE;
    let title = match sheet.title.is_empty() {
        true => "Modality gap",
        false => &sheet.title,
    };
    let mut drawing = Drawing::new(title, wide, 0.0);
    if !sheet.title.is_empty() {
        let look = Text {
            size: 19.0,
            ..TITLE
        };
        top = drawing.paragraph((EDGE, top + 16.0), &sheet.title, wide - 2.0 * EDGE, look) + 18.0;
    }
    let whole = bounds(maps.iter().flatten().flatten());
    for (i, (panel, map)) in sheet.panels.iter().zip(maps).enumerate() {
        let x = EDGE + (i % columns) as f64 * (SIDE + GUTTER);
        let y = top + (i / columns) as f64 * high;
        drawing.paragraph((x, y + 15.0), &panel.title, SIDE, TITLE);
        self::legend(sheet, panel.sets).draw(&mut drawing, (x, y + head), SIDE, false);
        let y = y + head + legend + 8.0;
        let bounds = match sheet.layout {
            Layout::Together => whole,
            Layout::Alone => bounds(map.iter().flatten()),
        };
        points(&mut drawing, sheet, (x, y), panel.sets, map, bounds);
        drawing.frame((x, y), (SIDE, SIDE), Colour::Frame, 1.0);
        let [first, second] = panel.sets.map(|s| sheet.sets[s].name.as_str());
        let gap = &gaps[i];
        let recall =
            |r: crate::gap::Recall| format!("{} · {} %", percent(r.at_1), percent(r.at_10));
        let mut shown = vec![
            (
                "Distance of centroids".to_owned(),
                format!("{:.3}", gap.centroid_distance),
            ),
            (
                "Told apart by a plane".to_owned(),
                format!("{} %", percent(gap.separability)),
            ),
            (
                format!("{first} finds {second}, R@1 · 10"),
                recall(gap.audio_to_text),
            ),
            (
                format!("{second} finds {first}, R@1 · 10"),
                recall(gap.text_to_audio),
            ),
        ];
        if sheet.layout == Layout::Alone {
            shown.push((
                "Divergence left in the map".to_owned(),
                format!("{:.2} nats", divergences[i]),
            ));
        }
        for (k, (name, value)) in shown.iter().enumerate() {
            let y = y + SIDE + 24.0 + k as f64 * LINE;
            let room = SIDE - width(value, SMALL.size, true) - 10.0;
            let soft = Text {
                colour: Colour::Soft,
                ..SMALL
            };
            drawing.text((x, y), &shorten(name, room, SMALL.size, false), soft);
            drawing.text(
                (x + SIDE, y),
                value,
                Text {
                    anchor: Anchor::End,
                    bold: true,
                    ..SMALL
                },
            );
        }
    }
    let foot = foot(sheet, maps, gaps, divergences);
    let y = top + rows as f64 * high + 12.0;
    let look = Text {
        size: 13.0,
        colour: Colour::Soft,
        ..SMALL
    };
    let last = drawing.paragraph((EDGE, y), &foot, wide - 2.0 * EDGE, look);
    drawing.set_height(last + EDGE);
    drawing
}

fn legend(sheet: &Sheet, sets: [usize; 2]) -> Legend {
    sets.iter().fold(Legend::default(), |legend, &set| {
        legend.point(&sheet.sets[set].name, Marker::of(set), Colour::Series(set))
    })
}

/// A square around all points, with a margin: the middle, and half of a side.
fn bounds<'a>(points: impl Iterator<Item = &'a [f32; 2]>) -> ([f64; 2], f64) {
    let mut ends = [[f64::INFINITY, f64::NEG_INFINITY]; 2];
    for point in points {
        for (end, &x) in ends.iter_mut().zip(point) {
            *end = [end[0].min(f64::from(x)), end[1].max(f64::from(x))];
        }
    }
    let middle = ends.map(|[low, high]| (low + high) / 2.0);
    let half = ends
        .iter()
        .map(|[low, high]| (high - low) / 2.0)
        .fold(1e-9, f64::max);
    (middle, 1.05 * half)
}

fn points(
    drawing: &mut Drawing,
    sheet: &Sheet,
    (x, y): (f64, f64),
    sets: [usize; 2],
    map: &[Points; 2],
    (middle, half): ([f64; 2], f64),
) {
    let place = |p: [f32; 2]| {
        let share = |k: usize| (f64::from(p[k]) - middle[k]) / half;
        (
            x + SIDE / 2.0 * (1.0 + share(0)),
            y + SIDE / 2.0 * (1.0 - share(1)),
        )
    };
    let n = map[0].len().min(map[1].len());
    for &i in Random::new(sheet.tsne.seed, "sheet/joined")
        .shuffle(n)
        .iter()
        .take(sheet.joined)
    {
        drawing.line(place(map[0][i]), place(map[1][i]), Colour::Frame, 1.0);
    }
    let r = (62.0 / (n as f64).sqrt()).clamp(2.4, 4.4);
    // In turns, so that neither kind lies on top of the other.
    let mut both = [(sets[0], &map[0]), (sets[1], &map[1])];
    for i in 0..n {
        for (set, points) in both {
            drawing.marker(Marker::of(set), place(points[i]), r, Colour::Series(set));
        }
        both.reverse();
    }
}

/// What holds for all panels: what guessing would give, how many, which map.
fn foot(sheet: &Sheet, maps: &[[Points; 2]], gaps: &[Gap], divergences: &[f64]) -> String {
    let range = |of: &dyn Fn(usize) -> f64, show: &dyn Fn(f64) -> String| {
        let all: Vec<String> = (0..gaps.len()).map(|i| show(of(i))).collect();
        let mut shown = all.clone();
        shown.dedup();
        shown.join(", ")
    };
    let count = |x: f64| crate::svg::signed(x, 0);
    let pairs = range(&|i| gaps[i].pairs as f64, &count);
    let drawn = range(&|i| maps[i][0].len() as f64, &count);
    let one = range(&|i| gaps[i].chance.at_1, &percent);
    let ten = range(&|i| gaps[i].chance.at_10, &percent);
    let map = match sheet.layout {
        Layout::Together => format!(
            "One t-SNE map of all sets, so that panels can be compared (divergence left: {:.2} nats; ",
            divergences.first().unwrap_or(&0.0)
        ),
        Layout::Alone => {
            "Each panel has a t-SNE map of its own, so panels cannot be compared (".to_owned()
        }
    };
    let joined = match sheet.joined {
        0 => "",
        _ => " Lines join pairs.",
    };
    format!(
        "Guessing: plane 50.0 %, R@1 {one} %, R@10 {ten} %. Numbers of {pairs} pairs, {drawn} drawn. {map}perplexity {}, seed {}).{joined} \
         Distances between clusters mean nothing; the numbers do.",
        sheet.tsne.perplexity, sheet.tsne.seed
    )
}

/// A share as a percentage with one decimal.
fn percent(share: f64) -> String {
    format!("{:.1}", 100.0 * share)
}
