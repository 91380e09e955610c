//! The progress of a training run: a bar on a terminal, a line an epoch elsewhere.

use std::io::IsTerminal;
use std::time::Instant;

use indicatif::ProgressBar;
use wsac::train::{Altered, Event};

use crate::process::say;
use crate::progress;

/// Displays the progress of a run.
pub struct Watch {
    quiet: bool,
    terminal: bool,
    bar: ProgressBar,
    /// From the last step, as in the log.
    loss: Option<f64>,
    validation: Option<f64>,
    tokens: usize,
    since: Instant,
}

impl Watch {
    /// Nothing displayed yet.
    pub fn new(quiet: bool) -> Self {
        Self {
            quiet,
            terminal: std::io::stderr().is_terminal(),
            bar: ProgressBar::hidden(),
            loss: None,
            validation: None,
            tokens: 0,
            since: Instant::now(),
        }
    }

    /// Displays `event`.
    pub fn see(&mut self, event: &Event) {
        match event {
            Event::Embedded { done, total } => {
                if self.bar.length() != Some(*total as u64) {
                    let what = "embedding texts (captions and their clauses), once";
                    self.bar = progress::bar(*total, what, self.quiet);
                }
                self.bar.set_position(*done as u64);
            }
            Event::Ready {
                captions,
                vocabulary,
                weights,
                noise_variance,
                steps,
                done,
                altered,
            } => {
                self.bar.finish_and_clear();
                self.say(&format!(
                    "{captions} captions, {vocabulary} words; {:.1} M weights; noise variance {noise_variance:.5}; {steps} steps",
                    *weights as f64 / 1e6
                ));
                if let Some(Altered {
                    captions: n,
                    word,
                    becomes,
                }) = altered
                {
                    self.say(&format!(
                        "warning: {n} of {captions} captions have letters that this vocabulary does not keep: {word:?} is \
                         learned as {becomes:?}; a decoder that begins with a GPT-2 (--gpt2 DIR) keeps them"
                    ));
                }
                if *done > 0 {
                    self.say(&format!("going on after step {done}"));
                }
                self.bar = progress::bar(*steps, "steps", self.quiet);
                // Otherwise the remaining time would count the steps done before the run was resumed.
                self.bar.set_position(*done as u64);
                self.bar.reset_eta();
                self.since = Instant::now();
            }
            Event::Step(step) => {
                self.loss = Some(step.loss);
                self.tokens += step.tokens;
                self.bar.inc(1);
                self.bar.set_message(self.message());
            }
            Event::Epoch {
                epoch,
                validation,
                elapsed,
            } => {
                self.validation = *validation;
                self.bar.set_message(self.message());
                if !self.terminal {
                    let seconds = elapsed.as_secs();
                    self.say(&format!("epoch {epoch}: {}, {seconds} s", self.message()));
                }
            }
        }
    }

    /// Removes the bar.
    pub fn close(&self) {
        self.bar.finish_and_clear();
    }

    fn message(&self) -> String {
        let shown = |name: &str, value: Option<f64>| {
            value.map_or(String::new(), |v| format!("{name} {v:.3}, "))
        };
        let rate = self.tokens as f64 / self.since.elapsed().as_secs_f64().max(1e-3);
        let (loss, validation) = (
            shown("loss", self.loss),
            shown("validation", self.validation),
        );
        format!("{loss}{validation}{rate:.0} tokens/s")
    }

    fn say(&self, text: &str) {
        if !self.quiet {
            self.bar.suspend(|| say!("wsac: {text}"));
        }
    }
}
