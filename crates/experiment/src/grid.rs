//! The grid, cell by cell: results of earlier runs are reused, the rest is computed, and the run can be stopped at any time.

mod block;
mod event;
mod inputs;
mod outcome;
mod setup;

use std::ops::ControlFlow;

use wsac::Result;

pub use event::Event;
pub use outcome::{Cell, Outcome, Used};
pub use setup::Setup;

use crate::config::Config;
use crate::data::Data;
use crate::extra_corpora::ExtraCorpora;
use block::Block;
use event::Observer;
use inputs::Inputs;

/// Runs `config` to its end, or until `observer` returns [`ControlFlow::Break`]. Finished work is kept in any case.
///
/// # Errors
/// [`wsac::Error::Interrupted`] after a break. If data cannot be read, settings are invalid (checked before any work),
/// or files cannot be written. A recording that cannot be encoded is no error.
pub fn run(
    config: &Config,
    setup: &Setup,
    observer: &mut (dyn FnMut(&Event) -> ControlFlow<()> + Send),
) -> Result<Outcome> {
    config.check()?;
    for strategy in config.training.iter().filter(|t| t.model.is_none()) {
        config.settings(strategy, 0, setup.encoder.space())?;
    }
    let observer = Observer::new(observer);
    let mut outcome = Outcome {
        cells: Vec::new(),
        data: Vec::new(),
    };
    let read = config.data.iter().map(Data::read);
    let read = read.collect::<Result<Vec<_>>>()?;
    let extra = config.training.iter().map(ExtraCorpora::read);
    let extra = extra.collect::<Result<Vec<_>>>()?;
    for (index, (source, data)) in config.data.iter().zip(&read).enumerate() {
        observer.notify(&Event::Data {
            name: &data.name,
            items: data.items.len(),
        })?;
        let inputs = Inputs::new(config, setup, &observer, &extra, source, data);
        outcome
            .data
            .push(Block { inputs, index }.run(&mut outcome.cells)?);
    }
    Ok(outcome)
}

impl Config {
    /// How many cells the grid has.
    pub fn cells(&self) -> usize {
        let trained = self.training.iter().map(|t| match t.model {
            Some(_) => 1,
            None => self.seeds.len(),
        });
        self.data.len() * trained.sum::<usize>() * self.inference.len()
    }
}
