//! A long recording of short ones at known times, and how well a timeline of it tells them.
//!
//! Clips of ESC-10 in an order and with pauses drawn from a seed, over a quiet noise; the silence at the ends of a clip is no
//! part of its event.

use std::collections::BTreeMap;
use std::path::Path;

use regex::Regex;
use wsac::audio::{Source, Waveform};
use wsac::rng::Stream;
use wsac::timeline::Segment;

type Anything<T> = Result<T, Box<dyn std::error::Error>>;

/// Samples a second.
pub const RATE: u32 = 16_000;

/// How clips follow each other.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// The shortest and the longest pause between two, in seconds.
    pub pauses: [f64; 2],
    /// The level of the noise under all, in dB of full scale.
    pub noise: f32,
}

impl Style {
    /// Pauses of half a second to four, nearly silent.
    pub const PAUSES: Self = Self {
        pauses: [0.5, 4.0],
        noise: -72.0,
    };
    /// One right after the other.
    pub const JOINED: Self = Self {
        pauses: [0.0, 0.0],
        noise: -66.0,
    };
    /// Pauses with a hiss louder than silence is taken to be.
    pub const NOISY: Self = Self {
        pauses: [0.5, 4.0],
        noise: -45.0,
    };
}

/// Below this level over 20 ms, a clip is silent: -55 dB.
const SILENT: f32 = 0.00178;

/// One clip's sound in the recording.
#[derive(Debug, Clone)]
pub struct Event {
    /// In seconds.
    pub start: f64,
    pub end: f64,
    /// Its class.
    pub label: String,
}

/// A recording, and what is heard when.
pub struct Scene {
    pub recording: Waveform,
    pub events: Vec<Event>,
    keywords: BTreeMap<String, Regex>,
}

/// How well a timeline tells a scene.
#[derive(Debug, Clone, Copy)]
pub struct Score {
    /// Of the events, those that the caption of the segment with which they share most names by a keyword.
    pub recall: f64,
    /// Of the segments, those whose caption names an event with which they share half of the shorter of both.
    pub precision: f64,
    /// The median of the distances in seconds between the ends of events and of these segments.
    pub boundary_error: f64,
    /// Recall and precision of events that a segment of their own tells: it names them, and their intersection is at least
    /// half of their union, as in the evaluation of sound event detection.
    pub of_events: [f64; 2],
    pub segments: usize,
}

impl Scene {
    /// A scene of `seconds` from the clips in `folder` (`labels.csv`, `keywords.json`, the clips).
    pub fn make(folder: &Path, seed: u64, seconds: f64, style: Style) -> Anything<Self> {
        let labels = std::fs::read_to_string(folder.join("labels.csv"))?;
        let mut rows = labels.lines().skip(1).map(|line| line.split(','));
        let clips: Vec<(String, String)> = rows
            .by_ref()
            .filter_map(|mut row| Some((row.next()?.to_owned(), row.next()?.to_owned())))
            .collect();
        let bytes = std::fs::read(folder.join("keywords.json"))?;
        let lists: BTreeMap<String, BTreeMap<String, String>> = serde_json::from_slice(&bytes)?;
        let keywords = (lists["strict"].iter())
            .map(|(label, list)| Ok((label.clone(), Regex::new(&format!("(?i){list}"))?)))
            .collect::<Anything<_>>()?;
        let stream = Stream::new(&format!("scene{seed}"));
        let mut order = stream.shuffle(clips.len()).into_iter();
        let count = (seconds * f64::from(RATE)) as usize;
        // Uniform noise is 4.8 dB below its largest sample.
        let noise = 3f32.sqrt() * 10f32.powf(style.noise / 20.0);
        let mut samples: Vec<f32> = (0..count as u64)
            .map(|i| noise * stream.symmetric(i, 1.0))
            .collect();
        let (mut at, mut events) = (0, Vec::new());
        for draw in 0.. {
            let [least, most] = style.pauses;
            let pause = least + (most - least) * stream.uniform((1 << 40) + draw);
            at += (pause * f64::from(RATE)) as usize;
            let Some(i) = order.next() else { break };
            let (name, label) = &clips[i];
            let clip = Waveform::load(&Source::from(&folder.join(name)), RATE)?;
            let sound = loud(&clip.samples);
            let Some(room) = samples.get_mut(at..at + sound.len()) else {
                break;
            };
            room.iter_mut().zip(sound).for_each(|(s, x)| *s += x);
            let time = |sample: usize| sample as f64 / f64::from(RATE);
            events.push(Event {
                start: time(at),
                end: time(at + sound.len()),
                label: label.clone(),
            });
            at += sound.len();
        }
        let rate = RATE;
        Ok(Self {
            recording: Waveform { samples, rate },
            events,
            keywords,
        })
    }

    /// How well `segments` tell this scene.
    pub fn score(&self, segments: &[Segment]) -> Score {
        let shared = |e: &Event, s: &Segment| (e.end.min(s.end) - e.start.max(s.start)).max(0.0);
        let names = |e: &Event, s: &Segment| self.keywords[&e.label].is_match(&s.caption);
        let (mut told, mut errors) = (0, Vec::new());
        for event in &self.events {
            let by = |a: &&Segment, b: &&Segment| shared(event, a).total_cmp(&shared(event, b));
            let Some(best) = segments
                .iter()
                .max_by(by)
                .filter(|s| shared(event, s) > 0.0)
            else {
                continue;
            };
            told += usize::from(names(event, best));
            errors.extend([
                (event.start - best.start).abs(),
                (event.end - best.end).abs(),
            ]);
        }
        let right = segments.iter().filter(|s| {
            let half = |e: &Event| (e.end - e.start).min(s.end - s.start) / 2.0;
            let mut inside = self.events.iter().filter(|e| shared(e, s) >= half(e));
            inside.any(|e| names(e, s))
        });
        let right = right.count();
        errors.sort_by(f64::total_cmp);
        let own = |e: &Event, s: &Segment| {
            let both = shared(e, s);
            names(e, s) && both >= 0.5 * ((e.end - e.start) + (s.end - s.start) - both)
        };
        // At this share a segment is that of one event, and an event's of one segment, or all but.
        let found = (self.events.iter()).filter(|e| segments.iter().any(|s| own(e, s)));
        let own = found.count() as f64;
        Score {
            of_events: [
                own / self.events.len() as f64,
                own / segments.len().max(1) as f64,
            ],
            recall: told as f64 / self.events.len() as f64,
            precision: right as f64 / segments.len().max(1) as f64,
            boundary_error: errors.get(errors.len() / 2).copied().unwrap_or(f64::NAN),
            segments: segments.len(),
        }
    }
}

/// `samples` without the silence at both ends.
fn loud(samples: &[f32]) -> &[f32] {
    let frame = RATE as usize / 50;
    let sounds = |frame: &[f32]| {
        let power = frame.iter().map(|x| x * x).sum::<f32>() / frame.len() as f32;
        power.sqrt() > SILENT
    };
    let mut frames = samples.chunks(frame);
    let first = frames.clone().position(sounds).unwrap_or(0);
    let last = frames.rposition(sounds).unwrap_or(0);
    &samples[first * frame..((last + 1) * frame).min(samples.len())]
}
