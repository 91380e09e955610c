//! The server's state: a captioner, its text tower, memories, and the scheduler of their work.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tower_http::cors::CorsLayer;
use wsac::captioner::Captioner;
use wsac::encoders::embedding::Embeddings;
use wsac::encoders::towers::TextTower;

use crate::cors::cors;
use crate::error::ApiError;
use crate::memories::Memories;
use crate::options::Options;
use crate::scheduler::{Scheduler, Slot};

/// Texts that are embedded between two checks for a disconnected client.
const TEXTS_TOGETHER: usize = 256;

/// The state shared by all requests; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// See [`App`].
pub struct Inner {
    pub captioner: Arc<Captioner>,
    /// Or the reason why there is none.
    pub texts: Result<Arc<dyn TextTower>, String>,
    pub memories: Memories,
    pub scheduler: Scheduler,
    /// For pages of other origins.
    pub cors: Option<CorsLayer>,
    pub options: Options,
    pub metrics: PrometheusHandle,
    closing: AtomicBool,
}

impl App {
    /// A server for `captioner`, whose encoder has the text tower `texts` (or a reason why it has none).
    ///
    /// # Errors
    /// If a memory in `options` is of another encoder, or an origin is invalid.
    pub fn new(
        captioner: Captioner,
        texts: wsac::Result<Box<dyn TextTower>>,
        mut options: Options,
    ) -> wsac::Result<Self> {
        let cors = cors(&options.origins)?;
        let memories = Memories::default();
        for (name, memory) in std::mem::take(&mut options.memories) {
            memories.keep(&name, captioner.fit(memory)?);
        }
        let captioner = Arc::new(captioner);
        let Options {
            queue,
            batch,
            timelines,
            ..
        } = options;
        Ok(Self(Arc::new(Inner {
            scheduler: Scheduler::new(Arc::clone(&captioner), queue, batch, timelines),
            texts: texts.map(Arc::from).map_err(|error| error.to_string()),
            captioner,
            cors,
            memories,
            options,
            metrics: recorder(),
            closing: AtomicBool::new(false),
        })))
    }

    /// The embeddings of `texts` [N, d].
    pub(crate) async fn embed_texts(
        &self,
        slot: Slot,
        texts: Vec<String>,
    ) -> Result<(Embeddings, Slot), ApiError> {
        let tower = self.texts.clone().map_err(ApiError::audio)?;
        let embedded = self.scheduler.encode(slot, move |_, cancel| {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let mut rows = Embeddings::empty(tower.dim());
            // In chunks, so that the work ends soon if the client disconnects; a text's neighbours do not change its row.
            for part in texts.chunks(TEXTS_TOGETHER) {
                let embedded = cancel.check(Path::new("texts"));
                let embedded = embedded
                    .map_err(Into::into)
                    .and_then(|()| tower.embed(part, &mut |_| {}));
                let embedded = embedded.map_err(|e| ApiError::request(e.to_string()))?;
                (0..embedded.len()).for_each(|i| rows.push(&embedded.get(i)));
            }
            Ok(rows)
        });
        embedded.await
    }

    /// From now on no new connection is accepted, and open ones close after their next response.
    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }
}

impl std::ops::Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// The recorder of metrics; there is one per process.
fn recorder() -> PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    let make = || {
        let seconds = [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0];
        let sizes = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];
        let builder = PrometheusBuilder::new();
        let builder = builder
            .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &seconds)
            .and_then(|b| b.set_buckets_for_metric(Matcher::Suffix("_size".into()), &sizes))
            .unwrap_or_else(|_| PrometheusBuilder::new());
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        // If the program has a recorder of its own, ours stays empty.
        let _ = metrics::set_global_recorder(recorder);
        handle
    };
    RECORDER.get_or_init(make).clone()
}
