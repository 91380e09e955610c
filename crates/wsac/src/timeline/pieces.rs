//! Segmentation: an active region and its frame embeddings -> segments of one sound each.
//!
//! ```text
//! change points: silences inside the region, and changes of the frame embeddings -> similar neighbours merged, the most
//! similar first -> segments
//! ```

use super::options::TimelineOptions;
use super::regions::ActiveRegion;
use wsac_encoders::embedding::cosine;
use wsac_encoders::frames::FrameEmbeddings;

/// Silence of at least this many frames (0.2 s) inside a region is a change point.
const PAUSE: usize = 10;

/// An isolated sound of at most this many frames (80 ms) is a click, which is not captioned.
const CLICK: usize = 4;

/// How much more similar two sounds must be when the longest silence allowed within a segment lies between them.
const PAUSED: f32 = 0.5;

/// Windows on either side that are compared to find a change point.
const SIDE: usize = 2;

/// A change point is where both sides are less similar than this, and less similar than half a window before and after.
const TURN: f32 = 0.6;

/// A change point is moved to the largest level change within this many frames, if the level changes by this many dB.
const NEAR: usize = 20;
const STEP: f32 = 4.0;
/// Frames before and after that are averaged for a level.
const MEAN: usize = 8;

/// A stretch of one sound, in seconds of the recording.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Piece {
    pub start: f64,
    pub end: f64,
}

/// A segment under construction: its frames, and the sum of their embeddings.
#[derive(Debug, Clone)]
struct Atom {
    first: usize,
    end: usize,
    sum: Vec<f32>,
}

/// The segments of `region`. Where the region is cut off in the middle of a sound, the last segment is left out and the
/// frame where it begins is returned: the region must be analysed again from there.
pub(super) fn pieces(
    region: &ActiveRegion,
    frame_embeddings: &FrameEmbeddings,
    options: &TimelineOptions,
) -> (Vec<Piece>, Option<usize>) {
    let frames = |seconds: f64| (seconds / ActiveRegion::FRAME).round() as usize;
    let (least, most) = (frames(options.min_length), frames(options.max_length));
    let mut atoms = atoms(region, frame_embeddings, least);
    join(&mut atoms, options.alike, frames(options.max_gap), most);
    drop_short(&mut atoms, least, frames(options.max_gap));
    let mut atoms: Vec<Atom> = (atoms.into_iter())
        .flat_map(|atom| shorten(atom, frame_embeddings, least, most))
        .collect();
    let kept = match region.ended {
        true => None,
        // A segment that fills the region is kept, or no segment would ever be returned.
        false if atoms.len() > 1 => atoms.pop().map(|atom| atom.first),
        false => Some(region.levels.len()),
    };
    // An isolated short sound gets a segment a little longer than the sound.
    let next = atoms
        .iter()
        .skip(1)
        .map(|atom| atom.first)
        .chain([usize::MAX]);
    let pieces = atoms.iter().zip(next).map(|(atom, next)| Piece {
        start: region.time(atom.first),
        end: region.time(atom.end.max(atom.first + least).min(next)),
    });
    (pieces.collect(), kept)
}

/// Cuts `region` at its pauses and at its change points.
fn atoms(region: &ActiveRegion, frame_embeddings: &FrameEmbeddings, least: usize) -> Vec<Atom> {
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for (i, _) in region.sounding.iter().enumerate().filter(|(_, s)| **s) {
        match spans.last_mut() {
            Some((_, end)) if i - *end < PAUSE => *end = i + 1,
            _ => spans.push((i, i + 1)),
        }
    }
    spans.retain(|(first, end)| end - first > CLICK);
    let turns = turns(region, frame_embeddings);
    let mut atoms = Vec::new();
    for (first, end) in spans {
        let inside = |t: &&usize| **t >= first + least / 2 && **t + least / 2 <= end;
        let mut from = first;
        for to in turns.iter().filter(inside).copied().chain([end]) {
            if to > from {
                atoms.push(Atom::new(from, to, frame_embeddings));
                from = to;
            }
        }
    }
    atoms
}

/// The frames that are change points.
fn turns(region: &ActiveRegion, frame_embeddings: &FrameEmbeddings) -> Vec<usize> {
    let n = frame_embeddings.len();
    let mean = |range: std::ops::Range<usize>| {
        let mut sum = vec![0.0; frame_embeddings.dim];
        range.for_each(|t| add(&mut sum, frame_embeddings.row(t)));
        sum
    };
    // likeness[t]: the similarity of the windows before t to those from t on.
    let likeness: Vec<f32> = (0..n)
        .map(|t| match t {
            0 => 1.0,
            _ => cosine(
                &mean(t.saturating_sub(SIDE)..t),
                &mean(t..(t + SIDE).min(n)),
            ),
        })
        .collect();
    let side = (frame_embeddings.width / frame_embeddings.hop / 2.0).round() as usize;
    let is_turn = |&t: &usize| {
        let around = &likeness[t.saturating_sub(side)..(t + side + 1).min(n)];
        likeness[t] < TURN && around.iter().all(|l| *l >= likeness[t])
    };
    let frame = |t: usize| {
        // In the middle of the frames that the windows on both sides share.
        let middle =
            t as f64 * frame_embeddings.hop + (frame_embeddings.width - frame_embeddings.hop) / 2.0;
        moved(region, (middle / ActiveRegion::FRAME).round() as usize)
    };
    (1..n).filter(is_turn).map(frame).collect()
}

/// The frame near `frame` where the level changes most, or `frame` where it changes little.
fn moved(region: &ActiveRegion, frame: usize) -> usize {
    let levels = &region.levels;
    let mean = |range: &[f32]| range.iter().sum::<f32>() / range.len().max(1) as f32;
    let places = frame.saturating_sub(NEAR).max(1)..(frame + NEAR).min(levels.len());
    let step = |i: usize| {
        let before = mean(&levels[i.saturating_sub(MEAN)..i]);
        (mean(&levels[i..(i + MEAN).min(levels.len())]) - before).abs()
    };
    let best = places.max_by(|&a, &b| step(a).total_cmp(&step(b)));
    best.filter(|&i| step(i) >= STEP)
        .unwrap_or(frame)
        .min(levels.len())
}

/// Merges similar neighbours, the most similar first. The longer the silence between them, the more similar they must be:
/// many sounds end with silence.
fn join(atoms: &mut Vec<Atom>, alike: f32, gap: usize, most: usize) {
    loop {
        let mut best: Option<(usize, f32)> = None;
        for (i, pair) in atoms.windows(2).enumerate() {
            let pause = (pair[1].first - pair[0].end) as f32 / gap.max(1) as f32;
            let enough = alike + PAUSED * pause;
            let likeness = cosine(&pair[0].sum, &pair[1].sum);
            let fits = pair[1].end - pair[0].first <= most;
            if pause <= 1.0 && fits && likeness > enough && best.is_none_or(|(_, l)| likeness > l) {
                best = Some((i, likeness));
            }
        }
        let Some((i, _)) = best else { return };
        let next = atoms.remove(i + 1);
        atoms[i].take(next);
    }
}

/// Merges a segment that is too short with the more similar neighbour, if one is near.
fn drop_short(atoms: &mut Vec<Atom>, least: usize, gap: usize) {
    while let Some(i) = (0..atoms.len()).find(|&i| {
        let near = |a: usize, b: usize| atoms[b].first - atoms[a].end <= gap.min(least);
        let joinable = (i > 0 && near(i - 1, i)) || (i + 1 < atoms.len() && near(i, i + 1));
        atoms[i].end - atoms[i].first < least && joinable
    }) {
        let like = |a: usize, b: usize| -> f32 {
            let apart = atoms[b].first - atoms[a].end;
            match apart <= gap.min(least) {
                true => cosine(&atoms[a].sum, &atoms[b].sum),
                false => f32::NEG_INFINITY,
            }
        };
        let before = if i > 0 {
            like(i - 1, i)
        } else {
            f32::NEG_INFINITY
        };
        let after = match i + 1 < atoms.len() {
            true => like(i, i + 1),
            false => f32::NEG_INFINITY,
        };
        let left = if before >= after { i - 1 } else { i };
        let next = atoms.remove(left + 1);
        atoms[left].take(next);
    }
}

/// Splits a segment into parts of at most the greatest length, cut at the largest changes.
fn shorten(atom: Atom, frame_embeddings: &FrameEmbeddings, least: usize, most: usize) -> Vec<Atom> {
    if atom.end - atom.first <= most {
        return vec![atom];
    }
    let at = |t: usize| {
        let middle =
            t as f64 * frame_embeddings.hop + (frame_embeddings.width - frame_embeddings.hop) / 2.0;
        (middle / ActiveRegion::FRAME).round() as usize
    };
    let places = (1..frame_embeddings.len()).filter(|&t| {
        let frame = at(t);
        frame >= atom.first + least.max(most / 4)
            && frame <= (atom.first + most).min(atom.end - least)
    });
    let likeness = |t: usize| cosine(frame_embeddings.row(t - 1), frame_embeddings.row(t));
    let cut = places.min_by(|&a, &b| likeness(a).total_cmp(&likeness(b)));
    let cut = cut.map_or(atom.first + most, at);
    let rest = Atom::new(cut, atom.end, frame_embeddings);
    let mut all = vec![Atom::new(atom.first, cut, frame_embeddings)];
    all.extend(shorten(rest, frame_embeddings, least, most));
    all
}

impl Atom {
    /// Frames `first..end` and the sum of their embeddings.
    fn new(first: usize, end: usize, frame_embeddings: &FrameEmbeddings) -> Self {
        let (from, to) = (
            first as f64 * ActiveRegion::FRAME,
            end as f64 * ActiveRegion::FRAME,
        );
        let mut sum = vec![0.0; frame_embeddings.dim];
        for t in 0..frame_embeddings.len() {
            let start = t as f64 * frame_embeddings.hop;
            let overlap = to.min(start + frame_embeddings.width) - from.max(start);
            if overlap > 0.0 {
                let share = overlap as f32;
                sum.iter_mut()
                    .zip(frame_embeddings.row(t))
                    .for_each(|(s, x)| *s += share * x);
            }
        }
        Self { first, end, sum }
    }

    fn take(&mut self, next: Self) {
        self.end = next.end;
        add(&mut self.sum, &next.sum);
    }
}

fn add(sum: &mut [f32], x: &[f32]) {
    sum.iter_mut().zip(x).for_each(|(s, x)| *s += x);
}
