//! The progress of an experiment: the bar of the current stage, and a line per cell.

use indicatif::ProgressBar;
use wsac_experiment::scoring::ranked;
use wsac_experiment::{Config, Event};

use crate::commands::train::Watch as Training;
use crate::process::say;
use crate::progress;

/// Displays the progress of an experiment.
pub struct Watch<'a> {
    config: &'a Config,
    quiet: bool,
    bar: ProgressBar,
    training: Option<((String, u64), Training)>,
}

impl<'a> Watch<'a> {
    /// Nothing displayed yet.
    pub fn new(config: &'a Config, quiet: bool) -> Self {
        Self {
            config,
            quiet,
            bar: ProgressBar::hidden(),
            training: None,
        }
    }

    /// Displays `event`.
    pub fn see(&mut self, event: &Event) {
        match event {
            Event::Data { name, items } => self.say(&format!("{name}: {items} clips to caption")),
            Event::Embedded { done, total } => self.show(*done, *total, "embedding"),
            Event::Captioning { done, total } => self.show(*done, *total, "captions"),
            Event::Failed { item, reason } => self.say(&format!("{item}: left out: {reason}")),
            Event::Training { name, seed, event } => {
                self.bar.finish_and_clear();
                let cell = ((*name).to_owned(), *seed);
                if self.training.as_ref().is_none_or(|(at, _)| *at != cell) {
                    self.close();
                    self.say(&format!("training: {name}, seed {seed}"));
                    self.training = Some((cell, Training::new(self.quiet)));
                }
                if let Some((_, training)) = &mut self.training {
                    training.see(event);
                }
            }
            Event::Cell {
                cell,
                done,
                total,
                reused,
            } => {
                self.close();
                let names = [
                    &self.config.data[cell.data].name,
                    &self.config.training[cell.training].name,
                    &self.config.inference[cell.inference].name,
                ];
                let told = ranked(&cell.measures)
                    .map(|(name, value)| format!(": {name} {:.4}", value.corpus));
                let [data, training, inference] = names;
                let kept = if *reused { " (kept)" } else { "" };
                let (seed, told) = (cell.seed, told.unwrap_or_default());
                self.say(&format!(
                    "{done}/{total} {data}, {training}, {inference}, seed {seed}{told}{kept}"
                ));
            }
        }
    }

    /// Removes the bars.
    pub fn close(&mut self) {
        self.bar.finish_and_clear();
        if let Some((_, training)) = self.training.take() {
            training.close();
        }
    }

    fn show(&mut self, done: usize, total: usize, what: &'static str) {
        if self.bar.is_finished() || self.bar.length() != Some(total as u64) {
            self.bar.finish_and_clear();
            self.bar = progress::bar(total, what, self.quiet);
        }
        self.bar.set_position(done as u64);
    }

    fn say(&self, text: &str) {
        if !self.quiet {
            self.bar.suspend(|| say!("wsac: {text}"));
        }
    }
}
