//! The cells of one data set: each training strategy and seed, and each inference strategy with it.

use std::ops::ControlFlow;

use wsac::{Error, Result};

use super::event::Event;
use super::inputs::Inputs;
use super::outcome::{Cell, Used};
use crate::artifact_cache::{self as cache, Key};
use crate::config::slug;
use crate::data::Item;
use crate::training::{Ground, Trained};
use crate::{captioning, scoring};

/// The part of a grid that one data set has.
pub(super) struct Block<'a, 'o> {
    /// The inputs that its cells share.
    pub inputs: Inputs<'a, 'o>,
    /// The index of the data set in the settings.
    pub index: usize,
}

impl Block<'_, '_> {
    /// Runs all cells of the data set and appends them to `cells`.
    ///
    /// # Errors
    /// As [`super::run`].
    pub fn run(&self, cells: &mut Vec<Cell>) -> Result<Used> {
        let Inputs {
            config, observer, ..
        } = self.inputs;
        let (used, encoded) = self.used()?;
        for (t, strategy) in config.training.iter().enumerate() {
            // A finished captioner is the same for every seed.
            let seeds = match strategy.model {
                Some(_) => &config.seeds[..1],
                None => &config.seeds[..],
            };
            for &seed in seeds {
                let trained = self.train(t, seed, used.gap.as_deref())?;
                for i in 0..config.inference.len() {
                    let cell = Cell {
                        data: self.index,
                        training: t,
                        inference: i,
                        seed,
                        measures: Vec::new(),
                        captions: Vec::new(),
                        run: trained.folder.clone(),
                    };
                    let (cell, reused) = self.cell(cell, &trained, &used, &encoded)?;
                    observer.notify(&Event::Cell {
                        cell: &cell,
                        done: cells.len() + 1,
                        total: config.cells(),
                        reused,
                    })?;
                    cells.push(cell);
                }
            }
        }
        Ok(used)
    }

    /// The data set as used by all cells, and the key of its encoded items.
    fn used(&self) -> Result<(Used, Key)> {
        let Inputs { data, observer, .. } = self.inputs;
        let probe = self.inputs.probe()?;
        let (encoded, key) = self.inputs.encoded(probe.as_ref())?;
        let mut used = Used {
            items: Vec::new(),
            encoded: Vec::new(),
            failed: Vec::new(),
            gap: self.inputs.gap(probe.as_ref())?,
            map: self.inputs.map(probe.as_ref())?,
            probe,
        };
        for (item, encoded) in data.items.iter().zip(encoded) {
            match encoded {
                Ok(encoded) => {
                    used.items.push(item.clone());
                    used.encoded.push(encoded);
                }
                Err(reason) => {
                    observer.notify(&Event::Failed {
                        item: &item.name,
                        reason: &reason,
                    })?;
                    used.failed.push((item.name.clone(), reason));
                }
            }
        }
        if used.items.is_empty() {
            let name = &data.name;
            return Err(Error::Config(format!(
                "data {name:?}: none of its recordings could be read"
            )));
        }
        Ok((used, key))
    }

    fn train(&self, t: usize, seed: u64, gap: Option<&[f32]>) -> Result<Trained> {
        let Inputs {
            config,
            setup,
            observer,
            data,
            ..
        } = self.inputs;
        let strategy = &config.training[t];
        let ground = Ground {
            data,
            extra: &self.inputs.extra_corpora(t)?,
            encoder: setup.encoder,
            text: setup.text.as_ref(),
            gap,
            out: setup.out,
            cache: setup.cache,
        };
        let settings = config.settings(strategy, seed, setup.encoder.space())?;
        Trained::get(&ground, strategy, settings, &mut |event| {
            let event = Event::Training {
                name: &strategy.name,
                seed,
                event,
            };
            match observer.notify(&event) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        })
    }

    /// Captions and scores of `cell`, and whether both came from an earlier run.
    fn cell(
        &self,
        mut cell: Cell,
        trained: &Trained,
        used: &Used,
        encoded: &Key,
    ) -> Result<(Cell, bool)> {
        let Inputs {
            config,
            setup,
            observer,
            data,
            ..
        } = self.inputs;
        let inference = &config.inference[cell.inference];
        let settings = serde_json::to_vec(inference).map_err(|e| Error::Config(e.to_string()))?;
        let mut key = Key::of("told")
            .with(trained.key.name())
            .with(encoded.name())
            .with(settings);
        if inference.train_memory {
            key = data.key(key);
        }
        // A map was learned from the validation clips.
        let pairs = data.validation.iter().flatten().flatten();
        let key = key.with_all(pairs.filter(|_| inference.gap_map));
        let training = &config.training[cell.training].name;
        let name = [&data.name, training, &inference.name].map(|name| slug(name));
        let name = format!("{}-seed{}", name.join("-"), cell.seed);
        let out = setup.out;
        let path = cache::file(out, "told", &name, &key);
        let (captioned, _) = cache::get_or_make(&path, || {
            let memory = inference.train_memory.then(|| self.inputs.train_memory());
            let captioner = captioning::captioner(
                trained.model()?,
                memory.transpose()?,
                inference,
                setup.text.clone(),
            )?;
            let total = used.encoded.len();
            let map = used.map.as_ref();
            captioning::caption_all(&captioner, inference, &used.encoded, map, &mut |done| {
                let _ = observer.notify(&Event::Captioning { done, total });
            })
        })?;
        let captions: Vec<&str> = captioned.iter().map(|c| c.caption.as_str()).collect();
        let items: Vec<&Item> = used.items.iter().collect();
        let truth = items
            .iter()
            .flat_map(|item| item.references.iter().chain(&item.labels));
        let key = key
            .with(setup.scorer.identity())
            .with_all(truth)
            .with(format!("{:?}", data.keywords));
        let path = cache::file(out, "scores", &name, &key);
        let (measures, reused) = cache::get_or_make(&path, || {
            scoring::score(&items, &captions, data.keywords.as_ref(), setup.scorer)
        })?;
        let names = used.items.iter().map(|item| item.name.as_str());
        let predictions = out.join("predictions").join(format!("{name}.csv"));
        captioning::write_csv(&predictions, names.zip(captions))?;
        (cell.measures, cell.captions) = (measures, captioned);
        Ok((cell, reused))
    }
}
