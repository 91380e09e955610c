//! How sure a score is: bootstrap confidence intervals, and whether two systems really differ.
//!
//! A benchmark's clips are a sample; another sample would have given other scores. The bootstrap (Efron 1979; for
//! corpus metrics Koehn 2004) draws N items with replacement many times and looks at how the score varies. Whether
//! system B differs from A is asked by approximate randomisation (Noreen 1989; Riezler & Maxwell 2005): were the two
//! equally good, it would not matter which of them wrote which of a clip's two captions; so they are swapped at random,
//! and one counts how often the difference is as large as the real one.
//!
//! CIDEr's weights stay those of the whole corpus in every sample, as is usual: a clip's score is a number, not a
//! function of the sample.

use rayon::prelude::*;

use crate::{Error, Result, Scores};

/// How often to draw, how wide an interval to give, and from which seed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampling {
    /// How many samples are drawn: at least 1.
    pub rounds: usize,
    /// The share of samples inside an interval, 0 to 1.
    pub level: f64,
    /// Equal seeds give equal answers, with any number of threads.
    pub seed: u64,
}

impl Default for Sampling {
    /// 1,000 samples, 95 % intervals.
    fn default() -> Self {
        Self {
            rounds: 1000,
            level: 0.95,
            seed: 0,
        }
    }
}

/// Where a score lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// Two systems on the same items.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// The corpus score of the first less that of the second.
    pub difference: f64,
    /// Where the difference lies, by the paired bootstrap (the same items are drawn for both).
    pub interval: Interval,
    /// How often systems that are equally good would differ as much, by approximate randomisation; at least
    /// `1 / (rounds + 1)`.
    pub p: f64,
}

/// The bootstrap interval of the corpus score (percentiles); the score itself where there is no item.
pub fn interval(scores: &Scores, sampling: Sampling) -> Interval {
    let n = scores.per_item.len();
    let samples = sampling.draw(|random| {
        let mut sum = scores.sum();
        (0..n).for_each(|_| sum.add(scores, random.below(n)));
        sum.score(scores)
    });
    sampling.percentiles(samples, scores.corpus)
}

/// Compares `ours` with `theirs`: scores of one metric for the same items in the same order.
///
/// ```
/// # use wsac_metrics::{Scores, compare, Sampling};
/// let ours = Scores::mean_of((0..200).map(|i| 0.5 + 0.001 * f64::from(i)).collect());
/// let theirs = Scores::mean_of((0..200).map(|i| 0.4 + 0.001 * f64::from(i)).collect());
/// let told = compare(&ours, &theirs, Sampling::default())?;
/// assert!((told.difference - 0.1).abs() < 1e-12 && told.p < 0.01);
/// # Ok::<(), wsac_metrics::Error>(())
/// ```
///
/// # Errors
/// Where the two are not of the same number of items.
pub fn compare(ours: &Scores, theirs: &Scores, sampling: Sampling) -> Result<Comparison> {
    let n = ours.per_item.len();
    if n != theirs.per_item.len() {
        return Err(Error::Items(format!(
            "scores of {n} items cannot be compared with scores of {} items",
            theirs.per_item.len()
        )));
    }
    let difference = ours.corpus - theirs.corpus;
    let drawn = sampling.draw(|random| {
        let (mut a, mut b) = (ours.sum(), theirs.sum());
        for _ in 0..n {
            let item = random.below(n);
            a.add(ours, item);
            b.add(theirs, item);
        }
        a.score(ours) - b.score(theirs)
    });
    let swapped = sampling.draw(|random| {
        let (mut a, mut b) = (ours.sum(), theirs.sum());
        for item in 0..n {
            let (one, other) = if random.bits() >> 63 == 0 {
                (&mut a, &mut b)
            } else {
                (&mut b, &mut a)
            };
            one.add(ours, item);
            other.add(theirs, item);
        }
        a.score(ours) - b.score(theirs)
    });
    // Sums in another order differ in their last bits; that is no difference.
    let as_large = |&&d: &&f64| d.abs() >= difference.abs() * (1.0 - 1e-9);
    let as_large = swapped.iter().filter(as_large).count();
    Ok(Comparison {
        difference,
        interval: sampling.percentiles(drawn, difference),
        p: (as_large + 1) as f64 / (swapped.len() + 1) as f64,
    })
}

impl Sampling {
    fn draw(&self, score: impl Fn(&mut Random) -> f64 + Sync) -> Vec<f64> {
        (0..self.rounds.max(1) as u64)
            .into_par_iter()
            .map(|round| score(&mut Random::new(self.seed, round)))
            .collect()
    }

    fn percentiles(&self, mut samples: Vec<f64>, without: f64) -> Interval {
        samples.retain(|x| x.is_finite());
        samples.sort_by(f64::total_cmp);
        let Some(last) = samples.len().checked_sub(1) else {
            return Interval {
                low: without,
                high: without,
            };
        };
        let tail = (1.0 - self.level.clamp(0.0, 1.0)) / 2.0;
        let at = |share: f64| samples[(share * last as f64).round() as usize];
        Interval {
            low: at(tail),
            high: at(1.0 - tail),
        }
    }
}

/// SplitMix64 (Steele et al. 2014), a stream for each round.
struct Random(u64);

impl Random {
    fn new(seed: u64, round: u64) -> Self {
        let mut random = Self(seed);
        random.0 = random.bits() ^ round.wrapping_mul(0xD134_2543_DE82_EF95);
        random
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    /// A number below `n`, all equally likely (to 1 in 2^64 / n).
    fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.bits()) * n as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// `n` numbers in [0, 1).
    fn noise(seed: u64, n: usize) -> Vec<f64> {
        let mut random = Random::new(seed, 0);
        (0..n)
            .map(|_| random.bits() as f64 / 2f64.powi(64))
            .collect()
    }

    #[test]
    fn the_interval_of_a_mean_is_as_wide_as_its_standard_error_says() {
        let scores = Scores::mean_of(noise(1, 2000));
        let sampling = Sampling {
            rounds: 4000,
            ..Sampling::default()
        };
        let found = interval(&scores, sampling);
        let wanted = 2.0 * 1.96 * (1.0f64 / 12.0).sqrt() / 2000f64.sqrt();
        assert!(
            ((found.high - found.low) / wanted - 1.0).abs() < 0.08,
            "{found:?}"
        );
        assert!(found.low < scores.corpus && scores.corpus < found.high);
        let one = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .build()
            .unwrap();
        assert_eq!(one.install(|| interval(&scores, sampling)), found);
    }

    #[test]
    fn equal_systems_are_rarely_told_apart_and_a_better_one_always() {
        let sampling = Sampling {
            rounds: 200,
            ..Sampling::default()
        };
        let p = |seed: u64, better: f64| {
            let ours = noise(seed, 200).iter().map(|x| x + better).collect();
            let theirs = Scores::mean_of(noise(seed + 1000, 200));
            compare(&Scores::mean_of(ours), &theirs, sampling)
                .unwrap()
                .p
        };
        let false_alarms = (0..200).filter(|&seed| p(seed, 0.0) < 0.05).count();
        assert!(
            (3..=18).contains(&false_alarms),
            "{false_alarms} of 200, 10 are due"
        );
        assert!((0..20).all(|seed| p(seed, 0.2) < 0.01));
        let same = Scores::mean_of(noise(7, 50));
        assert_eq!(compare(&same, &same, sampling).unwrap().p, 1.0);
        assert!(compare(&same, &Scores::mean_of(vec![0.0]), sampling).is_err());
        assert_eq!(interval(&Scores::mean_of(vec![]), sampling).low, 0.0);
    }
}
