//! Work: a bounded number of requests -> hearing on as many threads as there are cores -> telling, many together.
//!
//! A request holds a [`Slot`] until it is answered, even where its client has left. Recordings are heard one a thread; one
//! thread puts into words all that are being heard, together, as that takes less time; who comes alone is told at once.

use std::num::NonZero;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use wsac::captioner::{Caption, CaptionOptions, Captioner};
use wsac::encoders::analysis::Heard;

use crate::failure::Failure;

/// How long what was heard waits for others that are still being heard.
const WAITING: Duration = Duration::from_millis(300);

/// How often it is looked whether they still are.
const LOOKED: Duration = Duration::from_millis(5);

/// The right to be worked on.
pub struct Slot {
    _place: OwnedSemaphorePermit,
}

/// A recording that is on its way to be told, as long as this lives.
pub struct Coming {
    _one: Arc<()>,
}

/// The places of work.
pub struct Work {
    captioner: Arc<Captioner>,
    queue: Arc<Semaphore>,
    hearing: Arc<Semaphore>,
    timelines: Arc<Semaphore>,
    telling: Sender<Telling>,
    /// Counted by its clones: see [`Coming`].
    coming: Arc<()>,
}

/// What was heard, to be put into words.
struct Telling {
    heard: Heard,
    options: CaptionOptions,
    reply: oneshot::Sender<wsac::Result<Caption>>,
    slot: Slot,
}

impl Work {
    /// `queue` requests at once, of which `batch` are put into words together and `timelines` are timelines.
    pub fn new(captioner: Arc<Captioner>, queue: usize, batch: usize, timelines: usize) -> Self {
        let (telling, asked) = channel();
        let coming = Arc::new(());
        let teller = Teller {
            captioner: Arc::clone(&captioner),
            asked,
            batch,
            coming: Arc::clone(&coming),
        };
        // It ends when the last sender is gone.
        thread::spawn(move || teller.run());
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        Self {
            captioner,
            queue: Arc::new(Semaphore::new(queue)),
            hearing: Arc::new(Semaphore::new(cores)),
            timelines: Arc::new(Semaphore::new(timelines)),
            telling,
            coming,
        }
    }

    /// Announces a recording that [`Work::describe`] will be asked for.
    pub fn announce(&self) -> Coming {
        Coming {
            _one: Arc::clone(&self.coming),
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
        coming: Coming,
        heard: Heard,
        options: CaptionOptions,
    ) -> Result<wsac::Result<Caption>, Failure> {
        let (reply, answer) = oneshot::channel();
        let telling = Telling {
            heard,
            options,
            reply,
            slot,
        };
        self.telling.send(telling).map_err(Failure::internal)?;
        drop(coming);
        answer.await.map_err(Failure::internal)
    }
}

/// The thread that tells.
struct Teller {
    captioner: Arc<Captioner>,
    asked: Receiver<Telling>,
    batch: usize,
    coming: Arc<()>,
}

impl Teller {
    fn run(self) {
        while let Ok(first) = self.asked.recv() {
            self.tell(self.gather(first));
        }
    }

    /// Recordings that are coming: of the clones of the counter, one is ours and one the announcer's.
    fn coming(&self) -> usize {
        Arc::strong_count(&self.coming).saturating_sub(2)
    }

    /// `first`, and those that come with it.
    fn gather(&self, first: Telling) -> Vec<Telling> {
        let end = Instant::now() + WAITING;
        let mut batch = vec![first];
        while batch.len() < self.batch {
            let left = end.saturating_duration_since(Instant::now());
            if self.coming() == 0 || left.is_zero() {
                let room = self.batch - batch.len();
                batch.extend(self.asked.try_iter().take(room));
                break;
            }
            batch.extend(self.asked.recv_timeout(LOOKED.min(left)));
        }
        batch
    }

    fn tell(&self, mut batch: Vec<Telling>) {
        // A client that has left wants no answer.
        batch.retain(|telling| !telling.reply.is_closed());
        metrics::histogram!("wsac_batch_size").record(batch.len() as f64);
        let together: Vec<_> = batch.iter().map(|t| (&t.heard, &t.options)).collect();
        let captions = self.captioner.describe_all(&together);
        for (telling, caption) in batch.into_iter().zip(captions) {
            // Who reads the answer may ask again at once: the slot is free by then.
            let Telling { reply, slot, .. } = telling;
            drop(slot);
            let _ = reply.send(caption);
        }
    }
}
