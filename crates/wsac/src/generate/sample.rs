//! Sampling: temperature, top-k, top-p and min-p filters, then one draw from a seeded stream.

use std::ops::RangeInclusive;

use wsac_nn::attention::softmax;

use wsac_nn::rng::Stream;

/// The range of the temperature of sampling. Smaller values overflow f32 when logits are divided by them; with larger ones
/// all tokens are equally likely.
pub const TEMPERATURE_RANGE: RangeInclusive<f32> = 0.001..=1000.0;

/// How a token is drawn. `Default` draws from the whole distribution.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampling {
    /// Below 1 sharpens the distribution, above 1 flattens it.
    pub temperature: f32,
    /// Keeps the `k` most likely tokens (and ties of the last); 0 keeps all.
    pub top_k: usize,
    /// Keeps the most likely tokens whose probabilities add up to `p`; 1 keeps all.
    pub top_p: f32,
    /// Drops tokens less likely than this share of the most likely; 0 keeps all.
    pub min_p: f32,
    /// The name of the random stream, e.g. `seed7/clip.wav`.
    pub stream: String,
}

impl Default for Sampling {
    fn default() -> Self {
        Self {
            temperature: 1.0,
            top_k: 0,
            top_p: 1.0,
            min_p: 0.0,
            stream: "sample".into(),
        }
    }
}

impl Sampling {
    /// Draws the token of this `step` from `logits` [V], which become the filtered probabilities.
    pub fn pick(&self, logits: &mut [f32], step: usize) -> usize {
        self.filter(logits);
        inverse_cdf(logits, Stream::new(&self.stream).uniform(step as u64))
    }

    /// Turns logits into the probabilities to draw from; dropped tokens get 0.
    pub(super) fn filter(&self, logits: &mut [f32]) {
        logits.iter_mut().for_each(|l| *l /= self.temperature);
        if 0 < self.top_k && self.top_k < logits.len() {
            let mut sorted = logits.to_vec();
            let (_, kth, _) = sorted.select_nth_unstable_by(self.top_k - 1, |a, b| b.total_cmp(a));
            let kth = *kth;
            drop_where(logits, |l| l < kth);
        }
        if self.top_p < 1.0 {
            let mut p = logits.to_vec();
            softmax(&mut p);
            let mut order: Vec<usize> = (0..p.len()).collect();
            order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
            let mut below = 0.0;
            for &i in &order[..order.len() - 1] {
                below += f64::from(p[i]);
                if below > 1.0 - f64::from(self.top_p) {
                    break;
                }
                logits[i] = f32::NEG_INFINITY;
            }
        }
        let dropped: Vec<bool> = logits.iter().map(|l| *l == f32::NEG_INFINITY).collect();
        softmax(logits);
        // The fast exponential of minus infinity is not quite 0, and a dropped token must never be drawn.
        logits
            .iter_mut()
            .zip(dropped)
            .filter(|(_, d)| *d)
            .for_each(|(p, _)| *p = 0.0);
        if self.min_p > 0.0 {
            let floor = self.min_p * logits.iter().fold(0f32, |m, &p| m.max(p));
            logits
                .iter_mut()
                .filter(|p| **p < floor)
                .for_each(|p| *p = 0.0);
            let total: f64 = logits.iter().map(|&p| f64::from(p)).sum();
            logits
                .iter_mut()
                .for_each(|p| *p = (f64::from(*p) / total) as f32);
        }
    }
}

fn drop_where(logits: &mut [f32], drop: impl Fn(f32) -> bool) {
    logits
        .iter_mut()
        .filter(|l| drop(**l))
        .for_each(|l| *l = f32::NEG_INFINITY);
}

/// The first token whose running sum of probabilities exceeds `u` times their total.
pub(super) fn inverse_cdf(p: &[f32], u: f64) -> usize {
    let target = u * p.iter().map(|&p| f64::from(p)).sum::<f64>();
    let mut running = 0.0;
    let last = p.iter().rposition(|&p| p > 0.0).unwrap_or(0);
    p.iter()
        .position(|&p| {
            running += f64::from(p);
            running > target
        })
        .unwrap_or(last)
}
