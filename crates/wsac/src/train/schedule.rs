//! Learning rates: the rate of each optimiser step, as a function of its number.

use serde::{Deserialize, Serialize};

/// How the learning rate changes over a run. All rates are multiples of the peak rate `lr`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum Schedule {
    /// The paper's: linear to the peak over `warmup_epochs`, step by step, then x `factor` every `every` epochs of
    /// the run. (The paper: 5 epochs, 0.2, 10.)
    Paper {
        /// Epochs of linear warm-up.
        warmup_epochs: usize,
        /// The factor of each decay.
        factor: f64,
        /// Epochs between decays, counted from the start of the run.
        every: usize,
    },
    /// The reference code's: linear over `warmup_steps` from 0, then linear to 0 at the end of the run.
    Linear {
        /// Steps of linear warm-up; the first has rate 0.
        warmup_steps: usize,
    },
    /// Linear over `warmup_steps`, then half a cosine to 0 at the end of the run. Our fast default.
    Cosine {
        /// Steps of linear warm-up; at most a tenth of the run.
        warmup_steps: usize,
    },
    /// Constant at the peak.
    Constant,
}

impl Schedule {
    /// The rate of step `s` (from 0) in a run of `epochs` of `per_epoch` steps with this peak rate.
    pub fn rate(&self, peak: f64, s: usize, per_epoch: usize, epochs: usize) -> f64 {
        let total = per_epoch * epochs;
        match *self {
            Self::Paper {
                warmup_epochs,
                factor,
                every,
            } => {
                let warm = ((s + 1) as f64 / (warmup_epochs * per_epoch).max(1) as f64).min(1.0);
                peak * warm * factor.powi((s / per_epoch.max(1) / every.max(1)) as i32)
            }
            Self::Linear { warmup_steps: w } if s < w => peak * s as f64 / w.max(1) as f64,
            Self::Linear { warmup_steps: w } => {
                peak * (total.saturating_sub(s) as f64 / total.saturating_sub(w).max(1) as f64)
                    .max(0.0)
            }
            Self::Cosine { warmup_steps } => {
                let w = warmup_steps.min(total / 10);
                if s < w {
                    return peak * (s + 1) as f64 / w as f64;
                }
                let done = (s - w) as f64 / total.saturating_sub(w).max(1) as f64;
                0.5 * peak * (1.0 + (std::f64::consts::PI * done.min(1.0)).cos())
            }
            Self::Constant => peak,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wsac_golden as golden;

    #[test]
    fn rates_equal_the_golden_ones() {
        let Some(golden) = golden::json("golden/wsac/dev/lr_schedules.json") else {
            return;
        };
        let paper = Schedule::Paper {
            warmup_epochs: 5,
            factor: 0.2,
            every: 10,
        };
        for (key, schedule, peak) in [
            ("paper_step_warmup_decay_at_10_20", paper, 2e-5),
            (
                "reference_default_warmup100_lr1e-5",
                Schedule::Linear { warmup_steps: 100 },
                1e-5,
            ),
            (
                "reference_warmup0_lr1e-5",
                Schedule::Linear { warmup_steps: 0 },
                1e-5,
            ),
            (
                "reference_warmup5epochs_lr2e-5",
                Schedule::Linear { warmup_steps: 50 },
                2e-5,
            ),
        ] {
            let rates = golden[key].as_array().expect("rates");
            assert_eq!(rates.len(), 300);
            for (s, want) in rates.iter().enumerate() {
                let (ours, want) = (
                    schedule.rate(peak, s, 10, 30),
                    want.as_f64().expect("a rate"),
                );
                assert!(
                    (ours - want).abs() <= 1e-12 * want.abs(),
                    "{key} step {s}: {ours} is not {want}"
                );
            }
        }
    }
}
