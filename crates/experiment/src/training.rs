//! The training stage: captions and a strategy -> a run folder, trained once and resumed where it stopped.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use wsac::encoders::encoder::Encoder;
use wsac::encoders::towers::TextTower;
use wsac::model::Defaults;
use wsac::model::Model;
use wsac::train::{self, Job, TrainConfig};
use wsac::{Error, Result};

use crate::artifact_cache::{Key, file_stamp};
use crate::config::{Named, slug};
use crate::data::Data;
use crate::extra_corpora::ExtraCorpora;

/// The files of a Hugging Face folder that a decoder starts from.
const GPT2: [&str; 4] = [
    "config.json",
    "model.safetensors",
    "pytorch_model.bin",
    "vocab.json",
];

/// The inputs of a training besides its settings.
pub struct Ground<'a> {
    /// The captions.
    pub data: &'a Data,
    /// Additional captions of this training.
    pub extra: &'a ExtraCorpora,
    /// The encoder.
    pub encoder: &'a Encoder,
    /// Its text tower.
    pub text: &'a dyn TextTower,
    /// The modality gap, if a strategy shifts by it.
    pub gap: Option<&'a [f32]>,
    /// The experiment's folder.
    pub out: &'a Path,
    /// A folder that caches embeddings between experiments.
    pub cache: &'a Path,
}

/// A captioner of the grid.
pub struct Trained {
    /// Its run folder; `None` for the built-in one.
    pub folder: Option<PathBuf>,
    /// The key of everything that determined it.
    pub key: Key,
}

impl Trained {
    /// Trains with `strategy` and `settings`, or finds that this was done.
    ///
    /// # Errors
    /// As [`train::run`].
    pub fn get(
        ground: &Ground,
        strategy: &Named,
        settings: TrainConfig,
        observer: &mut dyn FnMut(&train::Event) -> ControlFlow<()>,
    ) -> Result<Self> {
        if let Some(name) = &strategy.model {
            return Self::given(name);
        }
        let shift = ground.gap.filter(|_| settings.shift).map(<[f32]>::to_vec);
        let text = toml::to_string(&settings).map_err(|e| Error::Config(e.to_string()))?;
        let key = Key::of("training")
            .with(text)
            .with(&ground.encoder.space().identity);
        let key = ground
            .data
            .key(key)
            .with_all(shift.iter().flatten().map(|x| x.to_le_bytes()));
        let key = ground.extra.key(key);
        // A GPT-2 to start from is identified by its folder and the files in it.
        let gpt2 = settings.gpt2.iter();
        let key = gpt2.fold(key, |key, folder| {
            key.with_all(GPT2.map(|file| file_stamp(&folder.join(file))))
        });
        let name = format!(
            "{}-{}-seed{}-{}",
            slug(&ground.data.name),
            slug(&strategy.name),
            settings.seed,
            key.name()
        );
        let folder = ground.out.join("runs").join(name);
        // A run folder with a config.json is complete: it is written last.
        if !folder.join("config.json").is_file() {
            let (own, extra) = (&ground.data.train, ground.extra);
            let clips = [own.as_slice(), &extra.clips].concat();
            let shares = [&vec![1.0; own.len()], &extra.shares[..]].concat();
            let job = Job {
                defaults: Defaults::of(ground.encoder.space()),
                clips: &clips,
                shares: &shares,
                validation: ground.data.validation.as_deref(),
                text: ground.text,
                space: ground.encoder.space(),
                vocabulary: &ground.encoder.vocabulary()?,
                shift,
                out: folder.clone(),
                cache: Some(ground.cache.to_owned()),
                resume: true,
            };
            train::run(settings, &job, observer)?;
        }
        let folder = Some(folder);
        Ok(Self { folder, key })
    }

    fn given(name: &str) -> Result<Self> {
        let key = Key::of("given");
        if name == "mini" {
            let key = key.with(env!("CARGO_PKG_VERSION")).with("mini");
            return Ok(Self { folder: None, key });
        }
        let folder = PathBuf::from(name);
        let files = ["config.json", "decoder.safetensors", "memory.safetensors"]
            .map(|file| folder.join(file));
        let key = key.with_all(files.iter().map(|file| fs::read(file).unwrap_or_default()));
        let folder = Some(folder);
        Ok(Self { folder, key })
    }

    /// The captioner.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn model(&self) -> Result<Model> {
        match &self.folder {
            Some(folder) => Model::load(folder),
            None => Model::bundled(),
        }
    }
}
