//! Adam and its variants: one fused pass over parameters, gradients and both moments.

use rayon::prelude::*;

use crate::simd::vectorise;

const CHUNK: usize = 1 << 14;

/// Which update rule. `m` and `v` are the moments, `t` counts steps from 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// `p -= lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)` (the paper).
    Adam,
    /// Adam after `p *= 1 - lr wd` (decoupled decay, Loshchilov & Hutter).
    AdamW {
        /// The decay `wd`, a step's share being `lr wd`.
        weight_decay: f32,
    },
    /// The reference code's: bias correction in the step size, so eps is not corrected; decay after the step.
    HfAdamW {
        /// The decay `wd`, a step's share being `lr wd`.
        weight_decay: f32,
    },
}

/// The state of the optimiser: both moments of every parameter, and the step count.
#[derive(Debug, Clone, PartialEq)]
pub struct Adam {
    /// The update rule.
    pub rule: Rule,
    /// Decay rates of the moments.
    pub betas: (f32, f32),
    /// Added to the root of the second moment.
    pub eps: f32,
    /// First moments, one a parameter.
    pub m: Vec<f32>,
    /// Second moments, one a parameter.
    pub v: Vec<f32>,
    /// Steps made so far.
    pub t: u64,
}

impl Adam {
    /// A fresh state for `n` parameters; betas 0.9 and 0.999.
    pub fn new(rule: Rule, eps: f32, n: usize) -> Self {
        Self {
            rule,
            betas: (0.9, 0.999),
            eps,
            m: vec![0.0; n],
            v: vec![0.0; n],
            t: 0,
        }
    }

    /// One step with learning rate `lr` and gradients `scale * grads`.
    ///
    /// # Panics
    /// Where `params` or `grads` do not have one number a parameter.
    pub fn step(&mut self, params: &mut [f32], grads: &[f32], lr: f64, scale: f32) {
        assert!(
            params.len() == self.m.len() && grads.len() == self.m.len(),
            "one gradient a parameter"
        );
        self.t += 1;
        let t = i32::try_from(self.t).unwrap_or(i32::MAX);
        let (b1, b2) = self.betas;
        let correct1 = 1.0 - f64::from(b1).powi(t);
        let correct2 = 1.0 - f64::from(b2).powi(t);
        // All three rules are: p = p * before - rate * m / (sqrt(v) * root + eps), then p *= after.
        let (before, rate, root, after) = match self.rule {
            Rule::Adam => (1.0, lr / correct1, 1.0 / correct2.sqrt(), 1.0),
            Rule::AdamW { weight_decay } => (
                1.0 - lr * f64::from(weight_decay),
                lr / correct1,
                1.0 / correct2.sqrt(),
                1.0,
            ),
            Rule::HfAdamW { weight_decay } => (
                1.0,
                lr * correct2.sqrt() / correct1,
                1.0,
                1.0 - lr * f64::from(weight_decay),
            ),
        };
        let (before, rate, root, after, eps) = (
            before as f32,
            rate as f32,
            root as f32,
            after as f32,
            self.eps,
        );
        params
            .par_chunks_mut(CHUNK)
            .zip(grads.par_chunks(CHUNK))
            .zip(self.m.par_chunks_mut(CHUNK))
            .zip(self.v.par_chunks_mut(CHUNK))
            .for_each(|(((p, g), m), v)| {
                vectorise(|| {
                    for (((p, g), m), v) in p.iter_mut().zip(g).zip(m).zip(v) {
                        let g = g * scale;
                        *m = b1 * *m + (1.0 - b1) * g;
                        *v = b2 * *v + (1.0 - b2) * g * g;
                        *p = (*p * before - rate * *m / (v.sqrt() * root + eps)) * after;
                    }
                });
            });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_step_of_each_rule_by_hand() {
        let run = |rule| {
            let mut p = [1.0f32];
            Adam::new(rule, 1e-8, 1).step(&mut p, &[0.5], 0.1, 1.0);
            p[0]
        };
        // m / correction = g and sqrt(v / correction) = |g|, so the first step is lr.
        assert!((run(Rule::Adam) - 0.9).abs() < 1e-6);
        assert!((run(Rule::AdamW { weight_decay: 0.2 }) - (0.98 - 0.1)).abs() < 1e-6);
        assert!((run(Rule::HfAdamW { weight_decay: 0.2 }) - 0.9 * 0.98).abs() < 1e-6);
    }
}
