//! The class `Memory`: captions and their embeddings, built, kept in a file, and searched.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use numpy::{PyArray2, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use wsac::Error;
use wsac::audio::CancelToken;
use wsac::captioner::Captioner;
use wsac::encoders::embedding::Embeddings;
use wsac::model::{Remembering, StorageDtype};

use crate::captions::Captions;
use crate::encoder::Encoder;
use crate::errors::{OrRaise, config};
use crate::matrix::{matrix, rows_of};
use crate::pools::Threads;
use crate::work::{run, run_shared};

/// A memory; `wsac.Memory` is what a person calls.
#[pyclass(frozen, module = "wsac._wsac")]
pub struct Memory {
    memory: Arc<wsac::memory::Memory>,
    /// What messages call it.
    name: PathBuf,
    /// It as measured by the captioner that used it last.
    fitted: Mutex<Option<(Weak<Captioner>, Arc<wsac::memory::Memory>)>>,
}

/// What messages call a memory that comes from no file.
const UNNAMED: &str = "the memory";

/// Captions found, with their similarities.
type Found = Vec<(String, f32)>;

#[pymethods]
impl Memory {
    /// The memory in a file; its rows are mapped.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let memory = run_shared(py, || wsac::memory::Memory::load(&path))?;
        Ok(Self::named(path, memory))
    }

    /// The memory whose file has this content.
    #[staticmethod]
    fn from_bytes(py: Python<'_>, content: &[u8]) -> PyResult<Self> {
        let memory = run_shared(py, || wsac::memory::Memory::from_bytes(UNNAMED, content))?;
        Ok(Self::named(UNNAMED.into(), memory))
    }

    /// A memory of `captions`, embedded by `encoder`; `dedup` is whether each is kept once, `near` the cosine from which
    /// another counts as the same.
    #[staticmethod]
    #[pyo3(signature = (captions, encoder, dedup=false, near=None, rows="f32"))]
    fn build(
        py: Python<'_>,
        captions: Captions,
        encoder: &Encoder,
        dedup: bool,
        near: Option<f32>,
        rows: &str,
    ) -> PyResult<Self> {
        let rows: StorageDtype = rows.parse().or_raise(py)?;
        let keep = Remembering {
            dedup: dedup.then_some(near),
            rows,
        };
        let set = run_shared(py, || captions.read())?;
        let texts: Vec<&str> = set.captions().collect();
        let embeddings = encoder.embed(py, &texts)?;
        let built = run_shared(py, || keep.memory(encoder.space(), &texts, embeddings))?;
        Ok(Self::named(UNNAMED.into(), built.0))
    }

    /// Writes the file, whole or not at all.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        run_shared(py, || self.memory.save(path))
    }

    /// The content of its file.
    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = run_shared(py, || self.memory.to_bytes())?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// The `k` captions nearest to each row of `queries` [n, d], best first.
    fn nearest(
        &self,
        py: Python<'_>,
        queries: PyReadonlyArray2<'_, f32>,
        k: usize,
    ) -> PyResult<Vec<Found>> {
        let (width, own) = (queries.shape()[1], self.memory.dim());
        if width != own {
            let reason = format!("the queries have width {width}, the memory's embeddings {own}");
            return Err(config(py, reason));
        }
        let queries = rows_of(py, &queries)?;
        let stop = CancelToken::default();
        run(py, Threads::Shared, &stop, || {
            let found = (0..queries.len()).map(|i| {
                let hits = self.memory.nearest_distinct(&queries.get(i), k);
                let caption = |i| self.memory.caption(i).to_owned();
                let found = hits.iter().map(|hit| (caption(hit.index), hit.similarity));
                found.collect()
            });
            Ok(found.take_while(|_| !stop.is_cancelled()).collect())
        })
    }

    /// All captions in order.
    #[getter]
    fn captions(&self) -> Vec<&str> {
        self.memory.captions().collect()
    }

    /// Their embeddings [n, d], unit rows.
    #[getter]
    fn embeddings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let (n, dim) = (self.memory.len(), self.memory.dim());
        let mut rows = vec![0.0; n * dim];
        self.memory.rows().copy_to(0..n, &mut rows);
        matrix(py, Embeddings::from_unit_rows(dim, rows).or_raise(py)?)
    }

    /// The width of an embedding.
    #[getter]
    fn dim(&self) -> usize {
        self.memory.dim()
    }

    /// What is written in the file about it.
    #[getter]
    fn description(&self) -> Option<&str> {
        self.memory.description()
    }

    fn __len__(&self) -> usize {
        self.memory.len()
    }
}

impl Memory {
    fn named(name: PathBuf, memory: wsac::memory::Memory) -> Self {
        Self {
            memory: Arc::new(memory),
            name,
            fitted: Mutex::new(None),
        }
    }

    /// The memory, measured as that of `captioner` is.
    pub fn fitted(
        &self,
        py: Python<'_>,
        captioner: &Arc<Captioner>,
    ) -> PyResult<Arc<wsac::memory::Memory>> {
        // Locked only while Python is attached, as pools are: a fork finds it open.
        let last = || self.fitted.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, fitted)) = &*last()
            && of.upgrade().is_some_and(|of| Arc::ptr_eq(&of, captioner))
        {
            return Ok(fitted.clone());
        }
        let fitted = run_shared(py, || {
            let fitted = captioner.fit((*self.memory).clone());
            fitted.map_err(|error| Error::model(&self.name, error.to_string()))
        })?;
        let fitted = Arc::new(fitted);
        *last() = Some((Arc::downgrade(captioner), fitted.clone()));
        Ok(fitted)
    }
}
