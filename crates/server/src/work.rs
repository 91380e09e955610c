//! Work: a bounded number of requests -> hearing on as many threads as there are cores -> telling, many together.
//!
//! A request holds a [`Slot`] until it is answered, even where its client has left. Recordings are heard one a thread; one
//! thread puts into words all that were heard meanwhile. Nobody waits for a batch to fill: under load batches are large.

use std::num::NonZero;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use wsac::captioner::{Caption, CaptionOptions, Captioner};
use wsac::clap::Heard;

use crate::failure::Failure;

/// The right to be worked on.
pub struct Slot {
    _place: OwnedSemaphorePermit,
}

/// The places of work.
pub struct Work {
    captioner: Arc<Captioner>,
    queue: Arc<Semaphore>,
    hearing: Arc<Semaphore>,
    timelines: Arc<Semaphore>,
    telling: Sender<Telling>,
}

/// What was heard, to be put into words.
struct Telling {
    heard: Heard,
    options: CaptionOptions,
    reply: oneshot::Sender<wsac::Result<Caption>>,
    _slot: Slot,
}

impl Work {
    /// `queue` requests at once, of which `batch` are put into words together and `timelines` are timelines.
    pub fn new(captioner: Arc<Captioner>, queue: usize, batch: usize, timelines: usize) -> Self {
        let (telling, asked) = channel();
        let teller = Arc::clone(&captioner);
        // It ends when the last sender is gone.
        thread::spawn(move || tell(&teller, &asked, batch));
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        Self {
            captioner,
            queue: Arc::new(Semaphore::new(queue)),
            hearing: Arc::new(Semaphore::new(cores)),
            timelines: Arc::new(Semaphore::new(timelines)),
            telling,
        }
    }

    /// A slot, if there is one.
    pub fn enter(&self) -> Result<Slot, Failure> {
        let place = Arc::clone(&self.queue).try_acquire_owned();
        let _place = place.map_err(|_| Failure::overloaded())?;
        Ok(Slot { _place })
    }

    /// How many slots are free.
    pub fn free(&self) -> usize {
        self.queue.available_permits()
    }

    /// Does `work` on a thread for hearing, when one is free.
    pub async fn hear<T: Send + 'static>(
        &self,
        slot: Slot,
        work: impl FnOnce(&Captioner) -> Result<T, Failure> + Send + 'static,
    ) -> Result<(T, Slot), Failure> {
        self.on_thread(&self.hearing, slot, work).await
    }

    /// Does `work`, which tells a timeline, on a thread of its own, when it is its turn.
    pub async fn tell_timeline<T: Send + 'static>(
        &self,
        slot: Slot,
        work: impl FnOnce(&Captioner) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let done = self.on_thread(&self.timelines, slot, work).await;
        done.map(|(done, _)| done)
    }

    async fn on_thread<T: Send + 'static>(
        &self,
        threads: &Arc<Semaphore>,
        slot: Slot,
        work: impl FnOnce(&Captioner) -> Result<T, Failure> + Send + 'static,
    ) -> Result<(T, Slot), Failure> {
        let thread = Arc::clone(threads).acquire_owned().await;
        let captioner = Arc::clone(&self.captioner);
        let done = tokio::task::spawn_blocking(move || {
            let _thread = thread;
            work(&captioner).map(|done| (done, slot))
        });
        done.await.map_err(Failure::internal)?
    }

    /// Puts what was heard into words.
    pub async fn describe(
        &self,
        slot: Slot,
        heard: Heard,
        options: CaptionOptions,
    ) -> Result<wsac::Result<Caption>, Failure> {
        let (reply, answer) = oneshot::channel();
        let telling = Telling {
            heard,
            options,
            reply,
            _slot: slot,
        };
        self.telling.send(telling).map_err(Failure::internal)?;
        answer.await.map_err(Failure::internal)
    }
}

/// Tells what was asked for while the last batch was told, up to `batch` together.
fn tell(captioner: &Captioner, asked: &Receiver<Telling>, batch: usize) {
    while let Ok(first) = asked.recv() {
        let more = asked.try_iter().take(batch.saturating_sub(1));
        let wanted = |telling: &Telling| !telling.reply.is_closed();
        let tellings: Vec<Telling> = [first].into_iter().chain(more).filter(wanted).collect();
        metrics::histogram!("wsac_batch_size").record(tellings.len() as f64);
        let together: Vec<_> = tellings.iter().map(|t| (&t.heard, &t.options)).collect();
        let captions = captioner.describe_all(&together);
        for (telling, caption) in tellings.into_iter().zip(captions) {
            // A client that has left wants no answer.
            let _ = telling.reply.send(caption);
        }
    }
}
