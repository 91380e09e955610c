//! Any recording -> mono f32 samples at a wanted rate, as a stream: a two-hour file is never held whole.
//!
//! ```text
//! Source -decode-> blocks [n, channels] -mean over channels-> [n] -resample-> [n * rate / source_rate]
//! ```
//!
//! WAV (u8, s16, s24, s32, f32, f64), FLAC, MP3, OGG/Vorbis, AAC and ALAC in M4A or MKV, from a path, bytes or standard
//! input. Samples that are no number, infinite, or louder than [`LOUDEST`] are replaced by 0; a recording with no
//! other samples is an error. A recording that breaks off gives what there is, and a warning.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::cancel::CancelToken;
use crate::decode::Decoder;
use crate::error::{Error, Result};
use crate::pcm::{Pcm, PcmFormat};
use crate::resample::Resampler;
use crate::samples::Samples;
use crate::source::Source;

/// The largest magnitude that is taken for a sound; full scale is 1. Beyond it a sample is noise of a broken file.
pub const LOUDEST: f32 = 1e6;

/// What a stream that arrives is called.
const ARRIVING: &str = "the arriving sound";

/// A mono recording in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Waveform {
    /// The samples, full scale at 1.
    pub samples: Vec<f32>,
    /// Samples per second.
    pub rate: u32,
}

impl Waveform {
    /// The whole of `source` at `rate` Hz: the blocks of an [`AudioStream`], joined.
    ///
    /// # Errors
    /// As [`AudioStream::open`] and [`AudioStream::next_block`].
    pub fn load(source: &Source, rate: u32) -> Result<Self> {
        let mut stream = AudioStream::open(source, rate)?;
        let mut samples = Vec::new();
        while let Some(block) = stream.next_block()? {
            samples.extend_from_slice(&block);
        }
        Ok(Self { samples, rate })
    }

    /// Its length in seconds.
    pub fn duration(&self) -> f64 {
        self.samples.len() as f64 / f64::from(self.rate.max(1))
    }

    /// This and `other`, which has the same rate, at once: each brought to an RMS of 0.05, the other made louder by `gain_db`
    /// and delayed by `offset` seconds, and summed.
    pub fn mixed_with(&self, other: &Self, gain_db: f64, offset: f64) -> Self {
        let level = |wave: &Self, gain: f64| -> Vec<f32> {
            let samples = &wave.samples;
            let power = samples.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>()
                / samples.len().max(1) as f64;
            let scale = gain * 0.05 / power.sqrt().max(1e-9);
            let scaled = samples.iter().map(|&x| (f64::from(x) * scale) as f32);
            scaled.collect()
        };
        let mut samples = level(self, 1.0);
        let other = level(other, 10f64.powf(gain_db / 20.0));
        let offset = (offset * f64::from(self.rate)) as usize;
        samples.resize(samples.len().max(offset + other.len()), 0.0);
        (samples[offset..].iter_mut().zip(&other)).for_each(|(sum, x)| *sum += x);
        Self {
            samples,
            rate: self.rate,
        }
    }
}

/// A recording on its way: mono blocks at one rate, with bounded memory.
pub struct AudioStream {
    name: PathBuf,
    origin: Origin,
    channels: usize,
    resampler: Resampler,
    unsound: u64,
    /// The most samples of the source that are read.
    most: u64,
    ended: bool,
    warnings: Vec<String>,
    watch: Option<Watch>,
    cancel: CancelToken,
}

/// A callback that gets the number of seconds read.
type Watch = Box<dyn FnMut(f64) + Send>;

enum Origin {
    Recording(Box<Decoder>),
    Memory { samples: Samples, at: usize },
    Arriving(Pcm),
}

impl Origin {
    /// The next mono samples at the source's rate; `None` at the end.
    fn next(&mut self) -> Result<Option<Vec<f32>>> {
        match self {
            Self::Recording(decoder) => decoder.next_mono(),
            Self::Arriving(pcm) => pcm.next().map_err(|why| Error::audio(ARRIVING, why)),
            Self::Memory { samples, at } => {
                let block = samples.block(*at);
                *at += block.as_ref().map_or(0, Vec::len);
                Ok(block)
            }
        }
    }
}

impl AudioStream {
    /// Opens `source`, resampled to `rate` Hz.
    ///
    /// # Errors
    /// Where the source cannot be read, is no recording of a known kind, or holds no sample; where `rate` is not in
    /// [`crate::RATES`].
    pub fn open(source: &Source, rate: u32) -> Result<Self> {
        let decoder = Decoder::open(source)?;
        let (from, channels) = (decoder.rate(), decoder.channels());
        let origin = Origin::Recording(Box::new(decoder));
        Self::new(source.name().to_path_buf(), origin, from, channels, rate)
    }

    /// The samples of `waveform`, resampled to `rate` Hz.
    ///
    /// # Errors
    /// Where one of the rates is not in [`crate::RATES`].
    pub fn from_waveform(waveform: &Waveform, rate: u32) -> Result<Self> {
        let samples = Samples::mono(waveform.samples.clone(), waveform.rate);
        Self::from_samples(samples, rate)
    }

    /// The recording `samples`, resampled to `rate` Hz. They stay where they are and are read block by block.
    ///
    /// # Errors
    /// Where one of the rates is not in [`crate::RATES`].
    pub fn from_samples(samples: Samples, rate: u32) -> Result<Self> {
        let (name, from, channels) = (samples.name().into(), samples.rate(), samples.channels());
        let origin = Origin::Memory { samples, at: 0 };
        Self::new(name, origin, from, channels, rate)
    }

    /// The samples that arrive from `reader`, resampled to `rate` Hz: in `format`, or as the header of a WAV
    /// stream says.
    ///
    /// # Errors
    /// Where the header is damaged or of an unknown kind; where a rate is not in [`crate::RATES`].
    pub fn arriving(
        reader: Box<dyn Read + Send>,
        format: Option<PcmFormat>,
        rate: u32,
    ) -> Result<Self> {
        let pcm = Pcm::open(reader, format).map_err(|why| Error::audio(ARRIVING, why))?;
        let PcmFormat {
            rate: from,
            channels,
            ..
        } = pcm.format;
        Self::new(ARRIVING.into(), Origin::Arriving(pcm), from, channels, rate)
    }

    fn new(name: PathBuf, origin: Origin, from: u32, channels: usize, to: u32) -> Result<Self> {
        let resampler = Resampler::new(from, to).map_err(|e| Error::audio(&name, e))?;
        Ok(Self {
            name,
            origin,
            channels,
            resampler,
            unsound: 0,
            most: u64::MAX,
            ended: false,
            warnings: Vec::new(),
            watch: None,
            cancel: CancelToken::default(),
        })
    }

    /// The same recording, of which more than `seconds` is an error: [`Error::TooLong`].
    pub fn at_most(mut self, seconds: f64) -> Self {
        self.most = (seconds * f64::from(self.source_rate())) as u64;
        self
    }

    /// The same recording; `watch` gets the seconds read so far after each block, for a progress bar.
    pub fn watched(mut self, watch: impl FnMut(f64) + Send + 'static) -> Self {
        self.watch = Some(Box::new(watch));
        self
    }

    /// The same recording; after `token` is cancelled the next block is an error, so that whatever reads it ends.
    pub fn cancelled_by(mut self, token: &CancelToken) -> Self {
        self.cancel = token.clone();
        self
    }

    /// What cancels the work on this recording.
    pub fn cancel_token(&self) -> &CancelToken {
        &self.cancel
    }

    /// How many seconds the recording has, where its header says so (it may be wrong).
    pub fn promised(&self) -> Option<f64> {
        let samples = match &self.origin {
            Origin::Recording(decoder) => decoder.promised()?,
            Origin::Memory { samples, .. } => samples.len() as u64,
            Origin::Arriving(_) => return None,
        };
        Some(samples as f64 / f64::from(self.source_rate()))
    }

    /// The rate of the recording itself, in Hz.
    pub fn source_rate(&self) -> u32 {
        self.resampler.from
    }

    /// How many channels the recording has; their mean is what [`AudioStream::next_block`] gives.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// The wanted rate of the blocks, in Hz.
    pub fn rate(&self) -> u32 {
        self.resampler.to
    }

    /// What error messages call the recording.
    pub fn name(&self) -> &Path {
        &self.name
    }

    /// What was wrong with the recording though it could be decoded, a sentence each. Complete after the last block.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The next samples, never an empty block; `None` at the end. All blocks together have `round(n * rate /
    /// source_rate)` samples, where the recording has `n`.
    ///
    /// # Errors
    /// If nothing of the recording can be decoded, the system cannot read it, or the work was cancelled.
    pub fn next_block(&mut self) -> Result<Option<Vec<f32>>> {
        while !self.ended {
            self.cancel.check(&self.name)?;
            let analysis = match self.origin.next()? {
                Some(mut block) => {
                    self.unsound += silence_unsound(&mut block);
                    self.resampler.push(block)
                }
                None => {
                    self.ended = true;
                    self.judge()?;
                    self.resampler.finish()
                }
            };
            if self.resampler.taken() > self.most {
                return Err(Error::TooLong {
                    path: self.name.clone(),
                    seconds: self.most as f64 / f64::from(self.source_rate()),
                });
            }
            let analysis = analysis.map_err(|e| Error::audio(&self.name, e))?;
            if let Some(watch) = &mut self.watch {
                watch(self.resampler.taken() as f64 / f64::from(self.resampler.from));
            }
            if !analysis.is_empty() {
                return Ok(Some(analysis));
            }
        }
        Ok(None)
    }

    /// At the end: what is to be said about the whole.
    fn judge(&mut self) -> Result<()> {
        let (unsound, all) = (self.unsound, self.resampler.taken());
        if unsound > 0 && unsound == all {
            let reason = "holds no sound: none of its samples is a number of reasonable size; export it again";
            return Err(Error::audio(&self.name, reason));
        }
        if unsound > 0 {
            let name = self.name.display();
            let said = format!(
                "{name}: {unsound} of {all} samples are no finite numbers; taken as silence"
            );
            self.warnings.push(said);
        }
        if let Origin::Recording(decoder) = &self.origin {
            self.warnings.extend(decoder.verdict()?);
        }
        Ok(())
    }
}

/// Replaces every sample that is no number, infinite or louder than [`LOUDEST`] by 0, and counts them.
fn silence_unsound(samples: &mut [f32]) -> u64 {
    let mut count = 0;
    for x in samples {
        if x.is_nan() || x.abs() > LOUDEST {
            *x = 0.0;
            count += 1;
        }
    }
    count
}
