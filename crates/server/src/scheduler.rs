//! Scheduler: a bounded number of requests -> encoding on as many threads as there are cores -> decoding, many together.
//!
//! A request holds a [`Slot`] from before its body is read until its work has ended. Recordings are encoded one a thread; one
//! thread decodes the captions of all that are encoded by then, together, as that takes less time; a single request
//! does not wait. If a client disconnects, the future that waits for its work is dropped, and the work is cancelled.

mod captions;
mod slot;

use std::num::NonZero;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread;

use tokio::sync::{Semaphore, oneshot};
use wsac::audio::CancelToken;
use wsac::captioner::{Caption, CaptionOptions, Captioner};
use wsac::encoders::analysis::AudioAnalysis;

use crate::error::ApiError;
use captions::{CaptionJob, CaptionWorker};
pub use slot::Slot;

/// A recording whose caption will be requested, as long as this lives.
pub struct Pending {
    _one: Arc<()>,
}

/// Runs all work.
pub struct Scheduler {
    captioner: Arc<Captioner>,
    queue: Arc<Semaphore>,
    encoding: Arc<Semaphore>,
    timelines: Arc<Semaphore>,
    captions: Sender<CaptionJob>,
    /// Counted by its clones: see [`Pending`].
    pending: Arc<()>,
}

/// Cancels work when the future that waits for it ends or is dropped.
struct CancelOnDrop(CancelToken);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl Scheduler {
    /// `queue` requests at once, of which `batch` captions are decoded together and `timelines` are timelines.
    pub fn new(captioner: Arc<Captioner>, queue: usize, batch: usize, timelines: usize) -> Self {
        let pending = Arc::new(());
        let captions = CaptionWorker::start(Arc::clone(&captioner), batch, Arc::clone(&pending));
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        Self {
            captioner,
            queue: Arc::new(Semaphore::new(queue)),
            encoding: Arc::new(Semaphore::new(cores)),
            timelines: Arc::new(Semaphore::new(timelines)),
            captions,
            pending,
        }
    }

    /// Announces a recording for a later call of [`Scheduler::caption`].
    pub fn announce(&self) -> Pending {
        Pending {
            _one: Arc::clone(&self.pending),
        }
    }

    /// A slot, if one is free. Call this before the body is read: a full queue then costs its clients no upload.
    pub fn enter(&self) -> Result<Slot, ApiError> {
        let permit = Arc::clone(&self.queue).try_acquire_owned();
        let _permit = permit.map_err(|_| ApiError::overloaded())?;
        Ok(Slot { _permit })
    }

    /// How many slots are free.
    pub fn free(&self) -> usize {
        self.queue.available_permits()
    }

    /// Runs `work` on an encoding thread, when one is free. The token is cancelled if nobody waits for it any more.
    pub async fn encode<T: Send + 'static>(
        &self,
        slot: Slot,
        work: impl FnOnce(&Captioner, &CancelToken) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<(T, Slot), ApiError> {
        self.on_thread(&self.encoding, slot, work).await
    }

    /// Runs `work`, which computes a timeline, on a thread of its own, when its turn comes. The token is as for
    /// [`Scheduler::encode`].
    pub async fn timeline<T: Send + 'static>(
        &self,
        slot: Slot,
        work: impl FnOnce(&Captioner, &CancelToken) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<(T, Slot), ApiError> {
        self.on_thread(&self.timelines, slot, work).await
    }

    async fn on_thread<T: Send + 'static>(
        &self,
        threads: &Arc<Semaphore>,
        slot: Slot,
        work: impl FnOnce(&Captioner, &CancelToken) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<(T, Slot), ApiError> {
        let thread = Arc::clone(threads).acquire_owned().await;
        let captioner = Arc::clone(&self.captioner);
        let cancel = CancelOnDrop(CancelToken::default());
        let token = cancel.0.clone();
        let done = tokio::task::spawn_blocking(move || {
            let _thread = thread;
            work(&captioner, &token).map(|done| (done, slot))
        });
        done.await.map_err(ApiError::internal)?
    }

    /// Decodes the caption of an encoded recording.
    pub async fn caption(
        &self,
        slot: Slot,
        pending: Pending,
        encoded: AudioAnalysis,
        options: CaptionOptions,
    ) -> Result<wsac::Result<Caption>, ApiError> {
        let (reply, answer) = oneshot::channel();
        let job = CaptionJob {
            encoded,
            options,
            reply,
            slot,
        };
        self.captions.send(job).map_err(ApiError::internal)?;
        drop(pending);
        answer.await.map_err(ApiError::internal)
    }
}
