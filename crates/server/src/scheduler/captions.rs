//! The thread that decodes captions: encoded recordings as they arrive -> their captions, up to a batch together.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use wsac::captioner::{Caption, CaptionOptions, Captioner};
use wsac::encoders::analysis::AudioAnalysis;

use super::slot::Slot;

/// How long an encoded recording waits for others that are still being encoded.
const WAITING: Duration = Duration::from_millis(300);

/// How often to check whether they still are.
const POLLED: Duration = Duration::from_millis(5);

/// An encoded recording that waits for its caption.
pub struct CaptionJob {
    pub encoded: AudioAnalysis,
    pub options: CaptionOptions,
    pub reply: oneshot::Sender<wsac::Result<Caption>>,
    pub slot: Slot,
}

/// The thread's state.
pub struct CaptionWorker {
    captioner: Arc<Captioner>,
    jobs: Receiver<CaptionJob>,
    batch: usize,
    pending: Arc<()>,
}

impl CaptionWorker {
    /// Starts the thread; it ends when the sender is gone. `pending` has a clone for each recording that is still to come.
    pub fn start(captioner: Arc<Captioner>, batch: usize, pending: Arc<()>) -> Sender<CaptionJob> {
        let (sender, jobs) = channel();
        let worker = Self {
            captioner,
            jobs,
            batch,
            pending,
        };
        thread::spawn(move || {
            while let Ok(first) = worker.jobs.recv() {
                worker.decode(worker.gather(first));
            }
        });
        sender
    }

    /// Recordings still to come: of the clones of the counter, one is ours and one the scheduler's.
    fn pending(&self) -> usize {
        Arc::strong_count(&self.pending).saturating_sub(2)
    }

    /// `first`, and those that arrive with it.
    fn gather(&self, first: CaptionJob) -> Vec<CaptionJob> {
        let end = Instant::now() + WAITING;
        let mut batch = vec![first];
        while batch.len() < self.batch {
            let left = end.saturating_duration_since(Instant::now());
            if self.pending() == 0 || left.is_zero() {
                let room = self.batch - batch.len();
                batch.extend(self.jobs.try_iter().take(room));
                break;
            }
            batch.extend(self.jobs.recv_timeout(POLLED.min(left)));
        }
        batch
    }

    fn decode(&self, mut batch: Vec<CaptionJob>) {
        // A client that has disconnected needs no response.
        batch.retain(|job| !job.reply.is_closed());
        metrics::histogram!("wsac_batch_size").record(batch.len() as f64);
        let together: Vec<_> = batch.iter().map(|j| (&j.encoded, &j.options)).collect();
        let captions = self.captioner.describe_all(&together);
        for (job, caption) in batch.into_iter().zip(captions) {
            // The client may send its next request as soon as it has the response: the slot is free by then.
            let CaptionJob { reply, slot, .. } = job;
            drop(slot);
            let _ = reply.send(caption);
        }
    }
}
