//! The grid, cell by cell: what is there already is read, what is missing is made, and all of it can be stopped.

mod measured;

use std::cell::OnceCell;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use wsac::bridge::GapMap;
use wsac::encoders::analysis::Heard;
use wsac::encoders::embedding::Embeddings;
use wsac::encoders::encoder::Encoder;
use wsac::encoders::towers::TextTower;
use wsac::train;
use wsac::{Error, Result};

use crate::config::{Config, Source, slug};
use crate::data::{Data, Item};
use crate::further::Further;
use crate::judging::{self, Judge, Measure};
use crate::probe::Displacement;
use crate::stage::{self, Key};
use crate::telling::{self, Told};
use crate::training::{Ground, Trained};

/// What an experiment needs besides its settings.
pub struct Setup<'a> {
    /// The encoder that the settings name.
    pub encoder: &'a Encoder,
    /// Its text tower.
    pub text: Arc<dyn TextTower>,
    /// What computes the metrics.
    pub judge: &'a dyn Judge,
    /// The experiment's folder.
    pub out: &'a Path,
    /// A folder that keeps embeddings of captions between experiments.
    pub cache: &'a Path,
    /// METEOR's word tables, where a training paraphrases with them.
    pub tables: Option<&'a Path>,
}

/// What happens, for a progress bar.
#[derive(Debug)]
pub enum Event<'a> {
    /// A data set begins.
    Data {
        /// Its name.
        name: &'a str,
        /// What is captioned.
        items: usize,
    },
    /// Captions are embedded or sounds heard.
    Embedded {
        /// How many are done.
        done: usize,
        /// Of how many.
        total: usize,
    },
    /// A sound could not be heard; all cells do without it.
    Unheard {
        /// Its name.
        item: &'a str,
        /// Why.
        reason: &'a str,
    },
    /// A training goes on.
    Training {
        /// The strategy.
        name: &'a str,
        /// The seed.
        seed: u64,
        /// What happened.
        event: &'a train::Event,
    },
    /// Captions are written.
    Telling {
        /// How many are done.
        done: usize,
        /// Of how many.
        total: usize,
    },
    /// A cell is done.
    Cell {
        /// The cell.
        cell: &'a Cell,
        /// Cells done.
        done: usize,
        /// Cells of the grid.
        total: usize,
        /// Whether it was there already.
        reused: bool,
    },
}

/// One cell of the grid: a captioner, a way to use it, and how good its captions were.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// The data set, by its place in the settings.
    pub data: usize,
    /// The training strategy, by its place.
    pub training: usize,
    /// The inference strategy, by its place.
    pub inference: usize,
    /// The seed.
    pub seed: u64,
    /// The scores.
    pub measures: Vec<Measure>,
    /// A caption for each item that was heard, in their order.
    pub told: Vec<Told>,
    /// The run folder of the captioner; `None` for the built-in one.
    pub run: Option<PathBuf>,
}

/// A data set as all cells have used it.
#[derive(Debug)]
pub struct Used {
    /// The items that could be heard.
    pub items: Vec<Item>,
    /// What was heard of each.
    pub heard: Vec<Heard>,
    /// The items that could not be heard, and why.
    pub unheard: Vec<(String, String)>,
    /// The modality gap [d], where it could be measured.
    pub gap: Option<Vec<f32>>,
    /// The map from sounds to texts, where one was learned.
    pub map: Option<Arc<GapMap>>,
    /// How far stand-ins were moved, where captions stood in for sounds.
    pub probe: Option<Displacement>,
}

/// What came out.
#[derive(Debug)]
pub struct Outcome {
    /// All cells: data by data, training by training, seed by seed, inference by inference.
    pub cells: Vec<Cell>,
    /// The data sets.
    pub data: Vec<Used>,
}

type Observer<'o> = Mutex<&'o mut (dyn FnMut(&Event) -> ControlFlow<()> + Send)>;

/// Runs `config` to its end, or until `observer` answers [`ControlFlow::Break`]. What is done is kept in any case.
///
/// # Errors
/// [`Error::Interrupted`] after a break. Where data cannot be read, settings make no sense (told before any work), or
/// files cannot be written. A sound that cannot be heard is no error.
pub fn run(
    config: &Config,
    setup: &Setup,
    observer: &mut (dyn FnMut(&Event) -> ControlFlow<()> + Send),
) -> Result<Outcome> {
    config.check()?;
    for strategy in config.training.iter().filter(|t| t.model.is_none()) {
        config.settings(strategy, 0, setup.encoder.space())?;
    }
    let observer: Observer = Mutex::new(observer);
    let mut outcome = Outcome {
        cells: Vec::new(),
        data: Vec::new(),
    };
    let read = config
        .data
        .iter()
        .map(Data::read)
        .collect::<Result<Vec<_>>>()?;
    let further = config.training.iter().map(Further::read);
    let further = further.collect::<Result<Vec<_>>>()?;
    for (place, (source, data)) in config.data.iter().zip(&read).enumerate() {
        tell(
            &observer,
            &Event::Data {
                name: &data.name,
                items: data.items.len(),
            },
        )?;
        let block = Block {
            config,
            setup,
            observer: &observer,
            clips: OnceCell::new(),
            further: &further,
            source,
            data,
        };
        outcome.data.push(block.run(place, &mut outcome.cells)?);
    }
    Ok(outcome)
}

fn tell(observer: &Observer, event: &Event) -> Result<()> {
    let mut observer = observer
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    match observer(event) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Error::Interrupted(
            "stopped; the same command goes on".into(),
        )),
    }
}

/// The part of a grid that one data set has.
struct Block<'a, 'o> {
    config: &'a Config,
    setup: &'a Setup<'a>,
    observer: &'a Observer<'o>,
    /// See [`Block::clips`].
    clips: OnceCell<Vec<Embeddings>>,
    /// The other corpora of each training.
    further: &'a [Further],
    source: &'a Source,
    data: &'a Data,
}

impl Block<'_, '_> {
    fn run(&self, place: usize, cells: &mut Vec<Cell>) -> Result<Used> {
        let probe = self.probe()?;
        let (heard, heard_key) = self.heard(probe.as_ref())?;
        let gap = self.gap(probe.as_ref())?;
        let map = self.map(probe.as_ref())?;
        let mut used = Used {
            map,
            items: Vec::new(),
            heard: Vec::new(),
            unheard: Vec::new(),
            gap,
            probe,
        };
        for (item, heard) in self.data.items.iter().zip(heard) {
            match heard {
                Ok(heard) => {
                    used.items.push(item.clone());
                    used.heard.push(heard);
                }
                Err(reason) => {
                    tell(
                        self.observer,
                        &Event::Unheard {
                            item: &item.name,
                            reason: &reason,
                        },
                    )?;
                    used.unheard.push((item.name.clone(), reason));
                }
            }
        }
        if used.items.is_empty() {
            let name = &self.data.name;
            return Err(Error::Config(format!(
                "data {name:?}: none of its clips could be heard"
            )));
        }
        let seeds = &self.config.seeds;
        for (t, strategy) in self.config.training.iter().enumerate() {
            // A finished captioner is the same for every seed.
            let seeds = if strategy.model.is_some() {
                &seeds[..1]
            } else {
                &seeds[..]
            };
            for &seed in seeds {
                let trained = self.train(t, seed, used.gap.as_deref())?;
                for i in 0..self.config.inference.len() {
                    let at = Cell {
                        data: place,
                        training: t,
                        inference: i,
                        seed,
                        measures: Vec::new(),
                        told: Vec::new(),
                        run: trained.folder.clone(),
                    };
                    let (cell, reused) = self.cell(at, &trained, &used, &heard_key)?;
                    cells.push(cell);
                    let (Some(cell), done) = (cells.last(), cells.len()) else {
                        continue;
                    };
                    tell(
                        self.observer,
                        &Event::Cell {
                            cell,
                            done,
                            total: self.config.cells(),
                            reused,
                        },
                    )?;
                }
            }
        }
        Ok(used)
    }

    fn train(&self, t: usize, seed: u64, gap: Option<&[f32]>) -> Result<Trained> {
        let strategy = &self.config.training[t];
        let ground = Ground {
            data: self.data,
            further: &self.further(t)?,
            encoder: self.setup.encoder,
            text: self.setup.text.as_ref(),
            gap,
            out: self.setup.out,
            cache: self.setup.cache,
        };
        let settings = self
            .config
            .settings(strategy, seed, self.setup.encoder.space())?;
        Trained::get(&ground, strategy, settings, &mut |event| {
            let told = tell(
                self.observer,
                &Event::Training {
                    name: &strategy.name,
                    seed,
                    event,
                },
            );
            if told.is_ok() {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })
    }

    fn cell(
        &self,
        mut cell: Cell,
        trained: &Trained,
        used: &Used,
        heard: &Key,
    ) -> Result<(Cell, bool)> {
        let inference = &self.config.inference[cell.inference];
        let settings = serde_json::to_vec(inference).map_err(|e| Error::Config(e.to_string()))?;
        let key = Key::of("told")
            .with(trained.key.name())
            .with(heard.name())
            .with(settings);
        let key = if inference.train_memory {
            self.data.key(key)
        } else {
            key
        };
        // A map was learned from the validation clips.
        let pairs = self.data.validation.iter().flatten().flatten();
        let key = key.with_all(pairs.filter(|_| inference.gap_map));
        let name = [
            &self.data.name,
            &self.config.training[cell.training].name,
            &inference.name,
        ]
        .map(|n| slug(n));
        let name = format!("{}-seed{}", name.join("-"), cell.seed);
        let out = self.setup.out;
        let (told, _) = stage::once(&stage::file(out, "told", &name, &key), || {
            let memory = (inference.train_memory)
                .then(|| self.train_memory())
                .transpose()?;
            let captioner =
                telling::captioner(trained.model()?, memory, inference, self.setup.text.clone())?;
            telling::tell(
                &captioner,
                inference,
                &used.heard,
                used.map.as_ref(),
                &mut |done| {
                    let _ = tell(
                        self.observer,
                        &Event::Telling {
                            done,
                            total: used.heard.len(),
                        },
                    );
                },
            )
        })?;
        let captions: Vec<&str> = told.iter().map(|t| t.caption.as_str()).collect();
        let items: Vec<&Item> = used.items.iter().collect();
        let key = key
            .with(self.setup.judge.identity())
            .with_all(
                items
                    .iter()
                    .flat_map(|item| item.references.iter().chain(&item.labels)),
            )
            .with(format!("{:?}", self.data.keywords));
        let (measures, reused) = stage::once(&stage::file(out, "scores", &name, &key), || {
            judging::judge(
                &items,
                &captions,
                self.data.keywords.as_ref(),
                self.setup.judge,
            )
        })?;
        let names = used.items.iter().map(|item| item.name.as_str());
        telling::write_csv(
            &out.join("predictions").join(format!("{name}.csv")),
            names.zip(captions),
        )?;
        (cell.measures, cell.told) = (measures, told);
        Ok((cell, reused))
    }
}

impl Config {
    /// How many cells the grid has.
    pub fn cells(&self) -> usize {
        let trained = self.training.iter().map(|t| {
            if t.model.is_some() {
                1
            } else {
                self.seeds.len()
            }
        });
        self.data.len() * trained.sum::<usize>() * self.inference.len()
    }
}
