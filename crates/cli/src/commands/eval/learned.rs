//! The learned metrics: captions (and recordings) -> `sbert_sim`, `fer`, `fense`, `spider_fl` and `clap_sim`, each
//! named after the models used, or a sentence why it could not be computed.
//!
//! All read captions as the other metrics do, tokenised, as aac-metrics does.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use wsac::audio::Source;
use wsac::encoders::embedding::Embedding;
use wsac::encoders::encoder::Encoder;
use wsac::encoders::fluency::{FluencyDetector, THRESHOLD, is_published};
use wsac::encoders::sentence::SentenceBert;
use wsac_learned as learned;
use wsac_metrics::{FENSE_PENALTY, Items, Scores, penalised};

use super::measure::Found;
use super::metrics::Metric;
use crate::encoder::{ClapArgs, WindowArgs};
use crate::process::{bare, say};
use crate::progress;

/// The choice of models.
#[derive(clap::Args)]
pub struct LearnedArgs {
    /// For sbert_sim and fense: the folder of a Sentence-BERT, e.g. paraphrase-TinyBERT-L6-v2 [default: the built-in
    /// all-MiniLM-L6-v2]
    #[arg(long, value_name = "DIR", help_heading = "Models")]
    sbert: Option<PathBuf>,

    /// For fer, fense and spider_fl: the fluency error detector, echecker_clotho_audiocaps_base.ckpt
    #[arg(long, value_name = "FILE", help_heading = "Models")]
    fluency: Option<PathBuf>,

    /// For clap_sim: the folder of the recordings that file_name names
    #[arg(long, value_name = "DIR", help_heading = "Models")]
    audio: Option<PathBuf>,

    /// For clap_sim: the encoder.
    #[command(flatten, next_help_heading = "Models")]
    pub clap: ClapArgs,

    #[command(flatten, next_help_heading = "Models")]
    window: WindowArgs,
}

/// The loaded models that the metrics need.
#[derive(Default)]
pub struct Models {
    sbert: Option<SentenceBert>,
    detector: Option<FluencyDetector>,
    /// The name of the detector, if it is not one that FENSE published.
    other_detector: Option<String>,
    clap: Option<Encoder>,
    /// The recordings, in the order of the clips.
    recordings: Vec<PathBuf>,
    /// Their analyses; `None` for those that could not be read.
    analysis: OnceCell<Found<Vec<Option<Embedding>>>>,
    quiet: bool,
}

/// The learned metrics of one file of predictions, each computed once.
pub struct Learned<'a> {
    models: &'a Models,
    similarity: OnceCell<Scores>,
    errors: OnceCell<Scores>,
}

impl LearnedArgs {
    /// Loads the models that `metrics` need, to score the clips called `names`.
    ///
    /// # Errors
    /// If one that was given cannot be used.
    pub fn open(&self, metrics: &[Metric], names: &[String], quiet: bool) -> Result<Models> {
        use Metric::{ClapSim, Fense, Fer, SbertSim, SpiderFl};
        let needs = |some: &[Metric]| metrics.iter().any(|metric| some.contains(metric));
        let mut models = Models {
            quiet,
            ..Models::default()
        };
        if needs(&[SbertSim, Fense]) {
            models.sbert = Some(match &self.sbert {
                Some(folder) => SentenceBert::open(folder).context("--sbert")?,
                None => wsac::encoders::encoder::text_tower()?,
            });
        }
        if let Some(file) = self
            .fluency
            .as_ref()
            .filter(|_| needs(&[Fer, Fense, SpiderFl]))
        {
            models.detector = Some(FluencyDetector::open(file).context("--fluency")?);
            if !is_published(file).context("--fluency")? {
                models.other_detector = file.file_stem().map(|s| s.to_string_lossy().into());
            }
        }
        if let Some(folder) = self.audio.as_ref().filter(|_| needs(&[ClapSim])) {
            let entries = std::fs::read_dir(folder);
            entries.with_context(|| format!("--audio {}", folder.display()))?;
            models.clap = Some(self.window.of(self.clap.open_or("mini")?));
            models.recordings = names.iter().map(|name| folder.join(name)).collect();
        }
        Ok(models)
    }
}

impl Models {
    /// How many recordings were needed and could not be read.
    pub fn failed(&self) -> usize {
        match self.analysis.get() {
            Some(Ok(analysis)) => analysis
                .iter()
                .filter(|analysis| analysis.is_none())
                .count(),
            Some(Err(_)) => self.recordings.len(),
            None => 0,
        }
    }

    /// The name of the Sentence-BERT, if it is not FENSE's.
    fn other_sbert(&self) -> Option<&str> {
        let sbert = self.sbert.as_ref()?;
        (!learned::is_of_fense(sbert)).then(|| sbert.name())
    }

    /// `compute` with a bar for `texts` texts, as far as messages are wanted.
    fn with_bar<T>(
        &self,
        texts: usize,
        what: &str,
        compute: impl FnOnce(learned::Progress) -> T,
    ) -> T {
        let bar = progress::bar(texts, what, self.quiet);
        let computed = compute(&mut |done| bar.set_position(done as u64));
        bar.finish_and_clear();
        computed
    }

    /// The embedding of each recording by the tower of `clap`; failures are reported.
    fn analysis(&self, clap: &Encoder) -> &Found<Vec<Option<Embedding>>> {
        self.analysis.get_or_init(|| {
            let tower = clap.audio_tower().map_err(|e| e.to_string())?;
            let bar = progress::bar(self.recordings.len(), "recordings", self.quiet);
            let recordings = &self.recordings;
            let sources: Vec<Source> = recordings.iter().map(Source::from).collect();
            let heard = learned::hear(tower.as_ref(), &sources, |i, heard| {
                bar.inc(1);
                if let Err(e) = heard {
                    let path = &recordings[i];
                    let (name, why) = (path.display(), bare(&e.to_string(), path));
                    bar.suspend(|| say!("wsac: {name}: {why}"));
                }
            });
            let analysis: Vec<_> = heard.into_iter().map(Result::ok).collect();
            bar.finish_and_clear();
            match analysis.iter().all(Option::is_none) {
                true if !analysis.is_empty() => Err(format!(
                    "none of the {} recordings could be read",
                    analysis.len()
                )),
                _ => Ok(analysis),
            }
        })
    }
}

impl<'a> Learned<'a> {
    /// Nothing computed yet. The `items` of all methods must be the same: tokenised captions of the clips that `models`
    /// were opened for.
    pub fn new(models: &'a Models) -> Self {
        Self {
            models,
            similarity: OnceCell::new(),
            errors: OnceCell::new(),
        }
    }

    /// `sbert_sim`: the mean over the references of the cosine of their embeddings to the candidate's.
    pub fn sbert_sim(&self, items: &Items) -> (String, Found<Scores>) {
        (
            named("sbert_sim", &[self.models.other_sbert()]),
            self.similarity(items).cloned(),
        )
    }

    /// `fer`: 1 if the detector finds an error in the candidate, else 0.
    pub fn fer(&self, items: &Items) -> (String, Found<Scores>) {
        let detector = self.models.other_detector.as_deref();
        (named("fer", &[detector]), self.errors(items).cloned())
    }

    /// `fense`: `sbert_sim * (1 - 0.9 fer)`.
    pub fn fense(&self, items: &Items) -> (String, Found<Scores>) {
        let found = self.errors(items).and_then(|errors| {
            penalised(self.similarity(items)?, errors, FENSE_PENALTY).map_err(|e| e.to_string())
        });
        let others = [
            self.models.other_sbert(),
            self.models.other_detector.as_deref(),
        ];
        (named("fense", &others), found)
    }

    /// `spider_fl`: `spider * (1 - 0.9 fer)`.
    pub fn spider_fl(&self, items: &Items, spider: Found<&Scores>) -> (String, Found<Scores>) {
        let found = match (spider, self.errors(items)) {
            (Ok(spider), Ok(errors)) => {
                penalised(spider, errors, FENSE_PENALTY).map_err(|e| e.to_string())
            }
            (Err(spider), Err(errors)) => Err(format!("{spider}; and {errors}")),
            (Err(why), _) | (_, Err(why)) => Err(why),
        };
        let detector = self.models.other_detector.as_deref();
        (named("spider_fl", &[detector]), found)
    }

    /// `clap_sim`: the cosine of the candidate's embedding to that of the recording; NaN if that cannot be read.
    pub fn clap_sim(&self, items: &Items) -> (String, Found<Scores>) {
        let Some(clap) = &self.models.clap else {
            let why =
                "needs the recordings: give their folder as --audio DIR, and perhaps a --clap";
            return ("clap_sim".to_owned(), Err(why.into()));
        };
        let name = Path::new(&clap.space().name).file_name();
        let name = name.map_or(clap.space().name.as_str().into(), |name| {
            name.to_string_lossy()
        });
        let found = self.cosines(items, clap);
        (format!("clap_sim[{name}]"), found)
    }

    fn cosines(&self, items: &Items, clap: &Encoder) -> Found<Scores> {
        let analysis = self.models.analysis(clap).as_ref().map_err(String::clone)?;
        let tower = clap.text_tower().map_err(|e| e.to_string())?;
        let models = self.models;
        let cosines = models.with_bar(items.len(), "embedding captions", |progress| {
            learned::clap_sim(tower.as_ref(), items.candidates(), analysis, progress)
        });
        cosines.map_err(|e| e.to_string())
    }

    fn similarity(&self, items: &Items) -> Found<&Scores> {
        if let Some(scores) = self.similarity.get() {
            return Ok(scores);
        }
        let sbert = self
            .models
            .sbert
            .as_ref()
            .ok_or("no Sentence-BERT is open")?;
        let texts = items.len() + items.references().iter().map(Vec::len).sum::<usize>();
        let scores = self
            .models
            .with_bar(texts, "embedding captions", |progress| {
                learned::sbert_sim(sbert, items, progress)
            });
        let scores = scores.map_err(|e| e.to_string())?;
        Ok(self.similarity.get_or_init(|| scores))
    }

    fn errors(&self, items: &Items) -> Found<&Scores> {
        let detector = self.models.detector.as_ref().ok_or(
            "needs the fluency error detector: give echecker_clotho_audiocaps_base.ckpt (github.com/blmoistawinde/fense, \
             release V0.1) as --fluency FILE",
        )?;
        Ok(self.errors.get_or_init(|| {
            let found = self.models.with_bar(items.len(), "fluency", |progress| {
                learned::fluency(detector, items, progress)
            });
            learned::fluency_errors(&found, THRESHOLD)
        }))
    }
}

/// `metric`, with the models if `others` than the original's were used: `fense[all-MiniLM-L6-v2]`.
fn named(metric: &str, others: &[Option<&str>]) -> String {
    let others: Vec<&str> = others.iter().copied().flatten().collect();
    match &others[..] {
        [] => metric.to_owned(),
        _ => format!("{metric}[{}]", others.join("+")),
    }
}
