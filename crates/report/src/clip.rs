//! One clip: its waveform, its log-mel spectrogram and its sounds over time, on one axis -> a drawing.

use crate::Drawing;
use crate::error::{Error, Result};
use crate::svg::{Anchor, Colour, Text, labels, shorten, ticks};

/// What is drawn. Whatever is empty is left out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClipPicture {
    /// The clip's name.
    pub name: String,
    /// How long it is.
    pub seconds: f64,
    /// Mono samples at any rate, -1 to 1.
    pub samples: Vec<f32>,
    /// `[frames, bands]`, the lowest band first, e.g. in dB.
    pub log_mel: Vec<f32>,
    /// Bands of the spectrogram.
    pub bands: usize,
    /// Frequencies of its ends in Hz, for the labels; none where the second is 0.
    pub hertz: (f64, f64),
    /// Sounds, the likeliest first.
    pub sounds: Vec<Sound>,
}

/// A sound heard in the clip.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sound {
    /// Its name.
    pub name: String,
    /// How likely in the whole clip, 0 to 1.
    pub score: f64,
    /// How likely over time: a number a window, evenly over the clip; empty: only the score is shown.
    pub course: Vec<f32>,
}

const WIDE: f64 = 800.0;
const EDGE: f64 = 16.0;
const LEFT: f64 = 210.0;
const COLUMNS: usize = 400;
const SHADES: f32 = 48.0;

impl ClipPicture {
    /// Draws it.
    pub fn draw(&self) -> Result<Drawing> {
        if !(self.seconds > 0.0 && self.seconds.is_finite()) {
            return Err(Error::input(format!(
                "the clip \"{}\" must have a length in seconds",
                self.name
            )));
        }
        if !self.log_mel.is_empty()
            && (self.bands == 0 || !self.log_mel.len().is_multiple_of(self.bands))
        {
            return Err(Error::input(format!(
                "the spectrogram of \"{}\" is not a whole number of frames",
                self.name
            )));
        }
        let room = WIDE - LEFT - EDGE;
        let mut drawing = Drawing::new(&*self.name, WIDE, 0.0);
        let soft = Text {
            colour: Colour::Soft,
            anchor: Anchor::End,
            ..Text::default()
        };
        let mut y = EDGE;
        if !self.samples.is_empty() {
            drawing.line((LEFT, y + 35.0), (LEFT + room, y + 35.0), Colour::Grid, 1.0);
            drawing.area(
                &self.envelope((LEFT, y + 35.0), room, 35.0),
                Colour::Series(0),
                1.0,
            );
            drawing.text((LEFT - 10.0, y + 39.0), "waveform", soft);
            y += 78.0;
        }
        if !self.log_mel.is_empty() {
            let (columns, rgb) = self.pixels();
            drawing.image((LEFT, y), (room, 140.0), columns, &rgb);
            drawing.text((LEFT - 10.0, y + 74.0), "log-mel", soft);
            if self.hertz.1 > 0.0 {
                let told = |hz: f64| {
                    if hz < 1000.0 {
                        format!("{hz:.0} Hz")
                    } else {
                        format!("{:.0} kHz", hz / 1000.0)
                    }
                };
                let small = Text { size: 12.0, ..soft };
                drawing.text((LEFT - 10.0, y + 10.0), &told(self.hertz.1), small);
                drawing.text((LEFT - 10.0, y + 139.0), &told(self.hertz.0), small);
            }
            y += 148.0;
        }
        for (i, sound) in self.sounds.iter().enumerate() {
            let (base, high) = (y + 22.0, 19.0);
            let told = format!("{:.2}", sound.score);
            drawing.text(
                (LEFT - 10.0, base - 5.0),
                &told,
                Text {
                    bold: true,
                    colour: Colour::Ink,
                    ..soft
                },
            );
            let name = shorten(&sound.name, LEFT - EDGE - 46.0, 13.0, false);
            drawing.text(
                (LEFT - 44.0, base - 5.0),
                &name,
                Text {
                    colour: Colour::Ink,
                    ..soft
                },
            );
            drawing.line((LEFT, base), (LEFT + room, base), Colour::Grid, 1.0);
            let colour = Colour::Series(i + 1);
            if sound.course.is_empty() {
                let share = sound.score.clamp(0.0, 1.0);
                drawing.rect((LEFT, base - 13.0), (room * share, 10.0), colour, 0.8);
            } else {
                let n = sound.course.len() as f64;
                let mut points = vec![(LEFT, base)];
                for (k, &score) in sound.course.iter().enumerate() {
                    let top = base - high * f64::from(score).clamp(0.0, 1.0);
                    points.extend([
                        (LEFT + room * k as f64 / n, top),
                        (LEFT + room * (k + 1) as f64 / n, top),
                    ]);
                }
                points.push((LEFT + room, base));
                drawing.area(&points, colour, 0.8);
            }
            y += 25.0;
        }
        y += 4.0;
        drawing.line((LEFT, y), (LEFT + room, y), Colour::Frame, 1.0);
        let marks = ticks(0.0, self.seconds, 8);
        let last = marks.len().saturating_sub(1);
        for (k, (value, label)) in labels(&marks).enumerate() {
            let x = LEFT + room * value / self.seconds;
            drawing.line((x, y), (x, y + 4.0), Colour::Frame, 1.0);
            let label = if k == last {
                format!("{label} s")
            } else {
                label
            };
            let anchor = if x > LEFT + room - 12.0 {
                Anchor::End
            } else {
                Anchor::Middle
            };
            drawing.text((x, y + 18.0), &label, Text { anchor, ..soft });
        }
        drawing.set_height(y + 18.0 + EDGE);
        Ok(drawing)
    }

    /// Least and most of the samples at each pixel, around `at`: `high` for the loudest.
    fn envelope(&self, at: (f64, f64), wide: f64, high: f64) -> Vec<(f64, f64)> {
        let columns = COLUMNS.min(self.samples.len());
        let loudest = self
            .samples
            .iter()
            .filter(|x| x.is_finite())
            .fold(1e-6f32, |a, x| a.max(x.abs()));
        let ends: Vec<[f32; 2]> = (0..columns)
            .map(|c| {
                let from = c * self.samples.len() / columns;
                let to = (c + 1) * self.samples.len() / columns;
                let part = self.samples[from..to].iter().filter(|x| x.is_finite());
                part.fold([0.0, 0.0], |[low, most], &x| [x.min(low), x.max(most)])
            })
            .collect();
        let place = |c: usize, value: f32| {
            let y = (f64::from(value / loudest) * high)
                .abs()
                .max(0.4)
                .copysign(f64::from(value));
            (at.0 + wide * (c as f64 + 0.5) / columns as f64, at.1 - y)
        };
        let above = ends.iter().enumerate().map(|(c, e)| place(c, e[1]));
        let below = ends
            .iter()
            .enumerate()
            .rev()
            .map(|(c, e)| place(c, if e[0] == 0.0 { -0.0 } else { e[0] }));
        above.chain(below).collect()
    }

    /// The spectrogram as pixels, the highest band at the top; from its 5th percentile to its most.
    fn pixels(&self) -> (usize, Vec<u8>) {
        let frames = self.log_mel.len() / self.bands;
        let columns = frames.min(COLUMNS);
        let mut sorted: Vec<f32> = self
            .log_mel
            .iter()
            .copied()
            .filter(|x| x.is_finite())
            .collect();
        sorted.sort_by(f32::total_cmp);
        let low = sorted.get(sorted.len() / 20).copied().unwrap_or(0.0);
        let most = sorted.last().copied().unwrap_or(1.0).max(low + 1e-6);
        let mut rgb = Vec::with_capacity(columns * self.bands * 3);
        for band in (0..self.bands).rev() {
            for column in 0..columns {
                let from = column * frames / columns;
                let to = (column + 1) * frames / columns;
                let sum: f32 = (from..to)
                    .map(|f| self.log_mel[f * self.bands + band])
                    .sum();
                let share = ((sum / (to - from) as f32 - low) / (most - low)).clamp(0.0, 1.0);
                // NaN counts as silence; few shades, so that the picture stays small.
                rgb.extend(shade(((share.max(0.0)) * SHADES).round() / SHADES));
            }
        }
        (columns, rgb)
    }
}

/// Viridis (CC0), which grows evenly lighter for every kind of colour vision.
fn shade(share: f32) -> [u8; 3] {
    const STOPS: [[u8; 3]; 10] = [
        [0x44, 0x01, 0x54],
        [0x48, 0x28, 0x78],
        [0x3e, 0x4a, 0x89],
        [0x31, 0x68, 0x8e],
        [0x26, 0x82, 0x8e],
        [0x1f, 0x9e, 0x89],
        [0x35, 0xb7, 0x79],
        [0x6e, 0xce, 0x58],
        [0xb5, 0xde, 0x2b],
        [0xfd, 0xe7, 0x25],
    ];
    let at = share * (STOPS.len() - 1) as f32;
    let i = (at as usize).min(STOPS.len() - 2);
    let part = at - i as f32;
    [0, 1, 2].map(|c| {
        (f32::from(STOPS[i][c]) * (1.0 - part) + f32::from(STOPS[i + 1][c]) * part).round() as u8
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn all_parts_are_drawn_or_left_out() {
        let sound = Sound {
            name: "Dog & bark".into(),
            score: 0.9,
            course: vec![0.1, 0.9],
        };
        let clip = ClipPicture {
            name: "a.wav".into(),
            seconds: 2.0,
            samples: vec![0.0, 0.5, -0.5, f32::NAN],
            log_mel: vec![-80.0, -20.0, f32::NEG_INFINITY, 0.0],
            bands: 2,
            hertz: (50.0, 14000.0),
            sounds: vec![
                sound,
                Sound {
                    name: "Rain".into(),
                    score: 0.2,
                    course: vec![],
                },
            ],
        };
        let svg = clip.draw().unwrap().svg();
        assert!(
            svg.contains("Dog &amp; bark")
                && svg.contains("data:image/png")
                && svg.contains("14 kHz")
        );
        assert!(clip.draw().unwrap().png(1.0).is_ok());
        let bare = ClipPicture {
            seconds: 1.0,
            ..ClipPicture::default()
        };
        assert!(!bare.draw().unwrap().svg().contains("waveform"));
        assert!(ClipPicture::default().draw().is_err());
        assert!(ClipPicture { bands: 3, ..clip }.draw().is_err());
    }

    #[test]
    fn louder_is_lighter() {
        let clip = ClipPicture {
            log_mel: vec![0.0, 1.0, 2.0, 3.0],
            bands: 2,
            ..ClipPicture::default()
        };
        let (columns, rgb) = clip.pixels();
        assert_eq!((columns, rgb.len()), (2, 12));
        assert_eq!(rgb[3..6], [0xfd, 0xe7, 0x25]); // the last frame's higher band
        assert_eq!(rgb[6..9], [0x44, 0x01, 0x54]); // the first frame's lower band
    }
}
