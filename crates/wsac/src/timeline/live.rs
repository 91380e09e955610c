//! Live: samples as they arrive -> an event as soon as it can be named, about 1.2 s after it began or when it ends.
//!
//! ```text
//! silence -> sound -> 1.2 s of it, or its end -> encoded, captioned
//!                  -> every half second the last second is compared with the event: where it is another, so is the event
//! ```
//!
//! What is told hangs on the samples alone, not on when they came.

use super::noise_floor::{FRAMES, NoiseFloor};
use super::options::TimelineOptions;
use super::regions::{is_sound, level};
use super::segment::Segment;
use crate::captioner::{CaptionOptions, Captioner};
use crate::error::Result;
use wsac_audio::{AudioStream, Waveform};
use wsac_encoders::embedding::cosine;

/// In frames: so much is heard before an event is named, and so much of a further one.
const NAMED: usize = 60;
const SECOND: usize = 50;
/// How often the last second is compared with the event.
const COMPARED: usize = 25;
/// An event has ended when so much silence followed.
const ENDED: usize = 45;
/// What is kept of the past.
const KEPT: usize = 3 * FRAMES;
/// Captions events as they arrive.
pub struct Live<'a> {
    captioner: &'a Captioner,
    options: TimelineOptions,
    words: CaptionOptions,
    /// Samples of a frame.
    frame: usize,
    /// The last frames, and samples that fill none yet.
    samples: Vec<f32>,
    /// Whole frames so far.
    now: usize,
    floor: NoiseFloor,
    event: Option<Event>,
    /// The caption told last, and until when it was heard.
    last: Option<(String, usize)>,
}

/// What sounds now.
struct Event {
    /// The frame where it began.
    onset: usize,
    /// Behind the last frame with sound.
    end: usize,
    /// What it sounds like, once it was told.
    like: Option<Vec<f32>>,
    /// When it was compared last.
    compared: usize,
}

impl<'a> Live<'a> {
    /// Listens with `captioner`. Of the options, the level of silence, how alike sounds must be to be one event, and the gap
    /// within which the same caption is not told again are used.
    ///
    /// # Errors
    /// As [`TimelineOptions::check`].
    pub fn new(
        captioner: &'a Captioner,
        options: TimelineOptions,
        words: CaptionOptions,
    ) -> Result<Self> {
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

    /// Hears `samples` at [`Captioner::rate`]; the events that are known by them. The end of each is how far it was heard.
    ///
    /// # Errors
    /// Where the encoder cannot use them.
    pub fn push(&mut self, samples: &[f32]) -> Result<Vec<Segment>> {
        let mut told = Vec::new();
        for some in samples.chunks(self.frame) {
            self.samples.extend_from_slice(some);
            while self.failed() >= self.frame {
                told.extend(self.hear_frame()?);
            }
        }
        Ok(told)
    }

    /// There is no more: an event that was not told yet is.
    ///
    /// # Errors
    /// As [`Live::push`].
    pub fn finish(&mut self) -> Result<Option<Segment>> {
        match self.event.take() {
            Some(event) if event.like.is_none() => self.tell(event.onset, event.end),
            _ => Ok(None),
        }
    }

    /// Samples that are in no whole frame yet.
    fn failed(&self) -> usize {
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

    /// The event began at `onset` and sounds like `like`.
    fn becomes(&mut self, onset: usize, like: Vec<f32>) {
        if let Some(event) = &mut self.event {
            (event.onset, event.like, event.compared) = (onset, Some(like), self.now);
        }
    }

    /// What frames `from..to` sound like.
    fn likeness(&self, from: usize, to: usize) -> Result<Vec<f32>> {
        let frame_embeddings = self
            .captioner
            .tower()
            .frame_embeddings(self.kept(from, to))?;
        let mut sum = vec![0.0; frame_embeddings.dim];
        for t in 0..frame_embeddings.len() {
            (sum.iter_mut().zip(frame_embeddings.row(t))).for_each(|(s, x)| *s += x);
        }
        Ok(sum)
    }

    /// Encodes frames `from..to` and tells what sounds, where that is not what was told just now.
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
