//! A recording being heard: blocks of interleaved samples -> mono blocks at the rate they have, which may change where one
//! stream follows another.

use crate::decode::Decoder;
use crate::error::{Error, Result};
use crate::hearing::Hearing;
use crate::input::Input;
use crate::mixdown::{ChannelChoice, Mixdown, loudest};
use crate::ours::Block;
use crate::source::Source;

/// A recording being heard.
pub(super) struct Recording {
    name: String,
    decoder: Decoder,
    mixdown: Mixdown,
    rate: u32,
    channels: usize,
    /// A block of another rate or number of channels, which waits until the ones before are given.
    next: Option<Block>,
    /// The number of samples given, of each channel.
    given: u64,
    ended: bool,
}

impl Recording {
    /// Opens `source`, to be heard in this way.
    pub(super) fn open(source: &Source, hearing: &Hearing) -> Result<Self> {
        let track = match hearing.track {
            Some(0) => {
                let reason = "has no track 0; tracks are counted from 1";
                return Err(Error::audio(source.name(), reason));
            }
            track => track.map(|track| track - 1),
        };
        let (decoder, one) = match hearing.channels {
            ChannelChoice::Loudest => {
                let mut input = Input::open(source)?;
                input.settle()?;
                let one = loudest_of(Decoder::of(input.clone(), track)?)?;
                (Decoder::of(input, track)?, Some(one))
            }
            ChannelChoice::One(one) => (Decoder::open(source, track)?, Some(one)),
            ChannelChoice::Mix => (Decoder::open(source, track)?, None),
        };
        let spec = decoder.spec();
        let (rate, channels) = (spec.rate, spec.channels);
        if let Some(one) = one.filter(|&one| one >= channels) {
            let reason = format!("has {channels} channels; there is no channel {}", one + 1);
            return Err(Error::audio(source.name(), reason));
        }
        let mixdown = match one {
            Some(one) => Mixdown::one(rate, one),
            None => Mixdown::mean(rate),
        };
        Ok(Self {
            name: source.name().display().to_string(),
            decoder,
            mixdown,
            rate,
            channels,
            next: None,
            given: 0,
            ended: false,
        })
    }

    /// Samples a second of the next block.
    pub(super) fn rate(&self) -> u32 {
        self.rate
    }

    /// How many channels it has.
    pub(super) fn channels(&self) -> usize {
        self.channels
    }

    /// How many seconds there are, as far as that is known beforehand.
    pub(super) fn expected(&self) -> Option<f64> {
        self.decoder.expected()
    }

    /// The next mono samples, never none, and their rate; `None` at the end.
    pub(super) fn next_mono(&mut self) -> Result<Option<(u32, Vec<f32>)>> {
        while !self.ended {
            let rate = self.rate;
            let mono = match self.next.take() {
                Some(block) => self.take(block),
                None => match self.decoder.next_block()? {
                    Some(block) => self.take(block),
                    None => {
                        self.ended = true;
                        self.mixdown.finish(self.channels)
                    }
                },
            };
            if !mono.is_empty() {
                self.given += mono.len() as u64;
                return Ok(Some((rate, mono)));
            }
        }
        Ok(None)
    }

    /// The mono samples of `block`; where it is of another kind than those before, their rest.
    fn take(&mut self, block: Block) -> Vec<f32> {
        let spec = block.spec;
        if (spec.rate, spec.channels) == (self.rate, self.channels) {
            return self.mixdown.push(spec.channels, block.interleaved);
        }
        let rest = self.mixdown.finish(self.channels);
        self.mixdown.set_rate(spec.rate);
        (self.rate, self.channels) = (spec.rate, spec.channels);
        self.next = Some(block);
        rest
    }

    /// At the end: what is to be said of the whole.
    ///
    /// # Errors
    /// Where hardly anything could be decoded.
    pub(super) fn verdict(&self) -> Result<Vec<String>> {
        let mut said = self.decoder.verdict()?;
        if self.mixdown.cancelled > 0 {
            let seconds = |samples: u64| samples as f64 / f64::from(self.rate.max(1));
            said.push(format!(
                "{}: its channels cancel each other for {:.1} of {:.1} s; there the loudest is heard alone (--channels \
                 chooses)",
                self.name,
                seconds(self.mixdown.cancelled),
                seconds(self.given)
            ));
        }
        Ok(said)
    }
}

/// The loudest channel of a whole recording.
fn loudest_of(mut decoder: Decoder) -> Result<usize> {
    let mut energies = vec![0.0; decoder.spec().channels];
    while let Some(block) = decoder.next_block()? {
        for frame in block.interleaved.chunks_exact(block.spec.channels) {
            let sums = energies.iter_mut().zip(frame);
            sums.for_each(|(sum, &x)| *sum += f64::from(x).powi(2));
        }
    }
    Ok(loudest(&energies))
}
