//! Live captioning: samples as they arrive -> an event as soon as it can be captioned, 1.2 s after its onset or at its end.
//!
//! ```text
//! silence -> onset -> 1.2 s of sound, or its end -> encoded and captioned
//!                  -> every half second the last second is compared with the event; where they differ, a new event begins
//! ```
//!
//! The events depend on the samples alone, not on when they arrive.

use std::ops::Deref;

use super::noise_floor::{FRAMES, NoiseFloor};
use super::options::TimelineOptions;
use super::regions::{is_sound, level};
use super::segment::Segment;
use crate::captioner::{CaptionOptions, Captioner};
use crate::error::Result;
use wsac_audio::{AudioStream, Waveform};
use wsac_encoders::embedding::cosine;

/// In frames: how much sound is encoded before an event is captioned, and how much of each further event.
const NAMED: usize = 60;
const SECOND: usize = 50;
/// How often the last second is compared with the event.
const COMPARED: usize = 25;
/// An event ends after this much silence.
const ENDED: usize = 45;
/// How much of the past is kept.
const KEPT: usize = 3 * FRAMES;

/// Captions events while audio arrives. `C` is how the captioner is held: `&Captioner`, `Arc<Captioner>`.
pub struct Live<C> {
    captioner: C,
    options: TimelineOptions,
    words: CaptionOptions,
    /// Samples per frame.
    frame: usize,
    /// The last frames, and samples that do not fill one yet.
    samples: Vec<f32>,
    /// Number of complete frames so far.
    now: usize,
    floor: NoiseFloor,
    event: Option<Event>,
    /// The last caption returned, and the frame where its event ended.
    last: Option<(String, usize)>,
}

/// The current event.
struct Event {
    /// The frame of its onset.
    onset: usize,
    /// One past the last frame with sound.
    end: usize,
    /// Its embedding, once it has been captioned.
    like: Option<Vec<f32>>,
    /// When it was last compared.
    compared: usize,
}

impl<C: Deref<Target = Captioner>> Live<C> {
    /// Captions with `captioner`. Of the options, the silence threshold, the similarity above which sounds are one event, and
    /// the gap within which the same caption is not repeated are used.
    ///
    /// # Errors
    /// As [`TimelineOptions::check`].
    pub fn new(captioner: C, options: TimelineOptions, words: CaptionOptions) -> Result<Self> {
        options.check()?;
        Ok(Self {
            frame: captioner.rate() as usize / FRAMES,
            captioner,
            floor: NoiseFloor::new(options.silence),
            options,
            words,
            samples: Vec::new(),
            now: 0,
            event: None,
            last: None,
        })
    }

    /// Adds `samples` at [`Captioner::rate`] and returns the events that can be captioned by now; each ends where its
    /// analysis ends.
    ///
    /// # Errors
    /// If the encoder cannot use them.
    pub fn push(&mut self, samples: &[f32]) -> Result<Vec<Segment>> {
        let mut found = Vec::new();
        for some in samples.chunks(self.frame) {
            self.samples.extend_from_slice(some);
            while self.pending() >= self.frame {
                found.extend(self.hear_frame()?);
            }
        }
        Ok(found)
    }

    /// Ends the stream: returns the current event if it has not been captioned yet.
    ///
    /// # Errors
    /// As [`Live::push`].
    pub fn finish(&mut self) -> Result<Option<Segment>> {
        match self.event.take() {
            Some(event) if event.like.is_none() => self.tell(event.onset, event.end),
            _ => Ok(None),
        }
    }

    /// Samples that do not fill a frame yet.
    fn pending(&self) -> usize {
        self.samples.len() - self.now.min(KEPT) * self.frame
    }

    /// The kept samples of frames `from..to`.
    fn kept(&self, from: usize, to: usize) -> &[f32] {
        let first = self.now - self.now.min(KEPT);
        let at = |frame: usize| (frame.max(first) - first) * self.frame;
        &self.samples[at(from)..at(to)]
    }

    fn hear_frame(&mut self) -> Result<Option<Segment>> {
        self.now += 1;
        if self.now > KEPT {
            self.samples.drain(..self.frame);
        }
        let goes_on = self.event.as_ref().is_some_and(|e| e.end + 1 == self.now);
        let level = level(self.kept(self.now - 1, self.now));
        self.floor.hear(level);
        let sounding = is_sound(level, self.floor.threshold(), goes_on);
        let now = self.now;
        if sounding {
            let event = self.event.get_or_insert(Event {
                onset: now - 1,
                end: now,
                like: None,
                compared: now,
            });
            event.end = now;
        }
        let Some(event) = &self.event else {
            return Ok(None);
        };
        let (onset, end) = (event.onset, event.end);
        if now - end >= ENDED {
            return self.finish();
        }
        match &event.like {
            None if now - onset >= NAMED => {
                let like = self.likeness(onset, now)?;
                self.becomes(onset, like);
                self.tell(onset, now)
            }
            Some(like)
                if now - event.compared >= COMPARED && end == now && now - onset >= 2 * SECOND =>
            {
                let analysis = self.likeness(now - SECOND, now)?;
                let same = cosine(like, &analysis) > self.options.alike;
                if same {
                    let like = like
                        .iter()
                        .zip(&analysis)
                        .map(|(a, b)| 0.8 * a + 0.2 * b)
                        .collect();
                    self.becomes(onset, like);
                    return Ok(None);
                }
                self.becomes(now - SECOND, analysis);
                self.tell(now - SECOND, now)
            }
            _ => Ok(None),
        }
    }

    /// Starts an event at `onset` whose embedding is `like`.
    fn becomes(&mut self, onset: usize, like: Vec<f32>) {
        if let Some(event) = &mut self.event {
            (event.onset, event.like, event.compared) = (onset, Some(like), self.now);
        }
    }

    /// The embedding of frames `from..to`.
    fn likeness(&self, from: usize, to: usize) -> Result<Vec<f32>> {
        let frame_embeddings = self
            .captioner
            .audio_tower()
            .frame_embeddings(self.kept(from, to))?;
        let mut sum = vec![0.0; frame_embeddings.dim];
        for t in 0..frame_embeddings.len() {
            (sum.iter_mut().zip(frame_embeddings.row(t))).for_each(|(s, x)| *s += x);
        }
        Ok(sum)
    }

    /// Encodes frames `from..to` and returns the caption as an event, unless it repeats the last one.
    fn tell(&mut self, from: usize, to: usize) -> Result<Option<Segment>> {
        let (samples, rate) = (self.kept(from, to).to_vec(), self.captioner.rate());
        let mut stream = AudioStream::from_waveform(&Waveform { samples, rate }, rate)?;
        let analysis = self.captioner.encode_stream(&mut stream)?;
        let caption = self.captioner.describe(&analysis, &self.words)?;
        let gap = (self.options.max_gap * FRAMES as f64) as usize;
        let again = (self.last.as_ref())
            .is_some_and(|(text, until)| *text == caption.text && from <= until + gap);
        self.last = Some((caption.text.clone(), to));
        let time = |frame: usize| frame as f64 / FRAMES as f64;
        Ok((!again).then_some(Segment {
            start: time(from),
            end: time(to),
            caption: caption.text,
            sounds: caption.sounds,
            logprob: caption.logprob,
            confidence: caption.confidence,
            weak: caption.weak,
        }))
    }
}
