//! The class `Encoder`: recordings and texts -> unit embeddings [n, d], f32.

use std::sync::{Arc, OnceLock};

use numpy::PyArray2;
use pyo3::prelude::*;
use rayon::prelude::*;
use serde::Deserialize;
use wsac::audio::CancelToken;
use wsac::captioner::Captioner;
use wsac::encoders::clap::family::Family;
use wsac::encoders::clap::windowing::Windows;
use wsac::encoders::compute_dtype::ComputeDtype;
use wsac::encoders::embedding::Embeddings;
use wsac::encoders::encoder::EmbeddingSpace;
use wsac::encoders::hub::Hub;
use wsac::encoders::named;
use wsac::encoders::towers::{AudioTower, TextTower};

use crate::json;
use crate::matrix::matrix;
use crate::pools::Threads;
use crate::recording::{self, Given};
use crate::work::{run, run_shared};

/// An encoder; `wsac.Encoder` is what a person calls.
#[pyclass(frozen, module = "wsac._wsac")]
pub struct Encoder {
    towers: Towers,
    space: EmbeddingSpace,
    threads: Threads,
}

/// Which encoder, by the names that the command line has.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EncoderChoice {
    name: String,
    family: Option<String>,
    window: Windows,
    precision: ComputeDtype,
}

/// The towers, each loaded when it is first needed.
enum Towers {
    Own(Box<Own>),
    OfCaptioner(Arc<Captioner>),
}

/// An encoder and those of its towers that are loaded.
struct Own {
    encoder: wsac::encoders::encoder::Encoder,
    audio: OnceLock<Box<dyn AudioTower>>,
    text: OnceLock<Box<dyn TextTower>>,
}

impl EncoderChoice {
    /// The encoder `name`, of `family` where given.
    pub fn named(name: &str, family: Option<&str>) -> Self {
        Self {
            name: name.to_owned(),
            family: family.map(str::to_owned),
            ..Self::default()
        }
    }

    /// The encoder; its weights are not read yet.
    pub fn find(&self) -> wsac::Result<wsac::encoders::encoder::Encoder> {
        let family = self
            .family
            .as_deref()
            .map(str::parse::<Family>)
            .transpose()?;
        let mut hub = Hub::from_variables(|name| std::env::var_os(name));
        hub.offline = true;
        let encoder = named::encoder(&self.name, family, &hub)?;
        Ok(encoder
            .with_windows(self.window)
            .with_arithmetic(self.precision))
    }
}

impl Towers {
    fn audio(&self) -> wsac::Result<&dyn AudioTower> {
        match self {
            Self::OfCaptioner(captioner) => Ok(captioner.audio_tower()),
            Self::Own(own) => kept(&own.audio, || own.encoder.audio_tower()),
        }
    }

    fn text(&self) -> wsac::Result<&dyn TextTower> {
        match self {
            Self::OfCaptioner(captioner) => captioner.text_tower(),
            Self::Own(own) => kept(&own.text, || own.encoder.text_tower()),
        }
    }
}

/// What `cell` holds, loaded first if it is empty. If two threads load it at once, the first one's is kept.
fn kept<T: ?Sized>(
    cell: &OnceLock<Box<T>>,
    load: impl FnOnce() -> wsac::encoders::Result<Box<T>>,
) -> wsac::Result<&T> {
    if let Some(tower) = cell.get() {
        return Ok(tower);
    }
    let loaded = load()?;
    Ok(cell.get_or_init(|| loaded))
}

#[pymethods]
impl Encoder {
    #[new]
    #[pyo3(signature = (choice, threads=None))]
    fn new(py: Python<'_>, choice: &str, threads: Option<usize>) -> PyResult<Self> {
        let choice: EncoderChoice = json::read(py, choice)?;
        let encoder = run_shared(py, || choice.find())?;
        Ok(Self {
            space: encoder.space().clone(),
            towers: Towers::Own(Box::new(Own {
                encoder,
                audio: OnceLock::new(),
                text: OnceLock::new(),
            })),
            threads: Threads::asked(py, threads)?,
        })
    }

    /// The embeddings of `recordings` [n, d].
    fn audio<'py>(
        &self,
        py: Python<'py>,
        recordings: Vec<Given<'py>>,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let recordings = recording::all(recordings)?;
        let stop = CancelToken::default();
        let rows = run(py, self.threads, &stop, || {
            let tower = self.towers.audio()?;
            let analyses: Vec<wsac::Result<_>> = (recordings.par_iter())
                .map(|recording| Ok(tower.encode(&mut recording.open(tower.rate(), &stop)?)?))
                .collect();
            let mut rows = Embeddings::empty(tower.dim());
            for analysis in analyses {
                rows.push(&analysis?.embedding);
            }
            Ok(rows)
        })?;
        matrix(py, rows)
    }

    /// The embeddings of `texts` [n, d].
    fn text<'py>(
        &self,
        py: Python<'py>,
        texts: Vec<String>,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        matrix(py, self.embed(py, &texts)?)
    }

    /// What opens it again: `mini`, a path, or a name of the hub.
    #[getter]
    fn name(&self) -> &str {
        &self.space.name
    }

    /// The identity of its space: embeddings of different spaces cannot be compared.
    #[getter]
    fn identity(&self) -> &str {
        &self.space.identity
    }

    /// The width of its embeddings.
    #[getter]
    fn dim(&self, py: Python<'_>) -> PyResult<usize> {
        run_shared(py, || Ok(self.towers.audio()?.dim()))
    }
}

impl Encoder {
    /// The encoder of a captioner.
    pub fn of(captioner: Arc<Captioner>, space: EmbeddingSpace, threads: Threads) -> Self {
        Self {
            towers: Towers::OfCaptioner(captioner),
            space,
            threads,
        }
    }

    /// Its space.
    pub fn space(&self) -> &EmbeddingSpace {
        &self.space
    }

    /// The embeddings of `texts`.
    pub fn embed(&self, py: Python<'_>, texts: &[&str]) -> PyResult<Embeddings> {
        let stop = CancelToken::default();
        run(py, self.threads, &stop, || {
            let tower = self.towers.text()?;
            let mut rows = Embeddings::empty(tower.dim());
            for some in texts.chunks(AT_ONCE) {
                if stop.is_cancelled() {
                    break;
                }
                let some = tower.embed(some, &mut |_| {})?;
                (0..some.len()).for_each(|i| rows.push(&some.get(i)));
            }
            Ok(rows)
        })
    }
}

/// Texts between two looks at Ctrl-C.
const AT_ONCE: usize = 4096;
