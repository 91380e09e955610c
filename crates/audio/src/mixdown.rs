//! Interleaved channels -> one: their mean, one of them, or what is left where they cancel each other.

/// Which channels of a recording are heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ChannelChoice {
    /// The mean of all; where they cancel each other (one is the other upside down), the louder one.
    #[default]
    Mix,
    /// This one, counted from 0. When to change it: speakers or places that were recorded apart.
    One(usize),
    /// The one with the most energy in the whole recording, which is read twice. When to change it: all but one
    /// microphone are far away or broken.
    Loudest,
}

/// Joins the channels of one recording.
pub(super) struct Mixdown {
    choice: Choice,
    /// Samples of each channel that are judged together: a second.
    stretch: usize,
    /// Interleaved samples that wait for the end of their stretch.
    waiting: Vec<f32>,
    /// How many samples of each channel cancelled each other.
    pub cancelled: u64,
    /// The channel that was heard instead.
    heard: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Choice {
    Mean,
    One(usize),
}

/// The mean of channels that have nothing to do with each other has as much energy as one channel divided by their number;
/// less than this part of that is left where they cancel.
const LEFT: f64 = 0.02;

/// The mean square below which a channel is silent: -100 dBFS.
const SILENCE: f64 = 1e-10;

impl Mixdown {
    /// The mean of all channels, of a recording of `rate` Hz.
    pub(super) fn mean(rate: u32) -> Self {
        Self::new(rate, Choice::Mean)
    }

    /// The channel `one`, counted from 0.
    pub(super) fn one(rate: u32, one: usize) -> Self {
        Self::new(rate, Choice::One(one))
    }

    fn new(rate: u32, choice: Choice) -> Self {
        let stretch = rate.max(1) as usize;
        Self {
            choice,
            stretch,
            waiting: Vec::new(),
            cancelled: 0,
            heard: 0,
        }
    }

    /// What follows has `rate` samples a second.
    pub(super) fn set_rate(&mut self, rate: u32) {
        self.stretch = rate.max(1) as usize;
    }

    /// Takes a block of `channels` interleaved channels, gives the mono samples that are ready.
    pub(super) fn push(&mut self, channels: usize, interleaved: Vec<f32>) -> Vec<f32> {
        match self.choice {
            _ if channels == 1 => interleaved,
            Choice::One(one) => channel(&interleaved, channels, one).collect(),
            Choice::Mean => {
                self.waiting.extend_from_slice(&interleaved);
                let mut mono = Vec::new();
                while self.waiting.len() >= self.stretch * channels {
                    let rest = self.waiting.split_off(self.stretch * channels);
                    let stretch = std::mem::replace(&mut self.waiting, rest);
                    mono.extend(self.join(channels, &stretch));
                }
                mono
            }
        }
    }

    /// The rest, of `channels` channels.
    pub(super) fn finish(&mut self, channels: usize) -> Vec<f32> {
        let rest = std::mem::take(&mut self.waiting);
        if rest.is_empty() {
            rest
        } else {
            self.join(channels, &rest)
        }
    }

    /// The mean over a stretch, or the loudest of its channels if the mean is next to nothing.
    fn join(&mut self, channels: usize, stretch: &[f32]) -> Vec<f32> {
        let mean = |frame: &[f32]| frame.iter().sum::<f32>() / channels as f32;
        let mono: Vec<f32> = stretch.chunks_exact(channels.max(1)).map(mean).collect();
        let energy = |samples: &mut dyn Iterator<Item = f32>| {
            samples.map(|x| f64::from(x).powi(2)).sum::<f64>() / mono.len().max(1) as f64
        };
        let each = |one| energy(&mut channel(stretch, channels, one));
        let energies: Vec<f64> = (0..channels).map(each).collect();
        let incoherent = energies.iter().sum::<f64>() / (channels * channels).max(1) as f64;
        if incoherent < SILENCE || energy(&mut mono.iter().copied()) >= LEFT * incoherent {
            return mono;
        }
        self.cancelled += mono.len() as u64;
        let loudest = loudest(&energies);
        // It stays with a channel unless another is clearly louder.
        if energies
            .get(self.heard)
            .is_none_or(|heard| energies[loudest] > 2.0 * heard)
        {
            self.heard = loudest;
        }
        channel(stretch, channels, self.heard).collect()
    }
}

/// The samples of one channel.
fn channel(interleaved: &[f32], channels: usize, one: usize) -> impl Iterator<Item = f32> {
    let frames = interleaved.chunks_exact(channels.max(1));
    frames.filter_map(move |frame| frame.get(one.min(channels.saturating_sub(1))).copied())
}

/// The place of the greatest of `energies`, the first of equal ones.
pub(super) fn loudest(energies: &[f64]) -> usize {
    let better = |best: usize, one: usize| {
        if energies[one] > energies[best] {
            one
        } else {
            best
        }
    };
    (1..energies.len()).fold(0, better)
}
