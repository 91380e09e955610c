//! Watch: a body -> the same, which breaks off where it is too large or comes too slowly.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use axum::body::{Body, BodyDataStream, Bytes};
use futures_util::{StreamExt, stream};
use tokio::time::timeout;

use crate::failure::Failure;

/// The bytes a second that a sender must reach on the whole.
const SLOWEST: f64 = 8192.0;

/// What is read, and forgotten, of a request that is too large, so that its sender comes to read the answer.
const DRAINED: u64 = 64 << 20;

/// A body on its way.
struct Watched {
    bytes: BodyDataStream,
    most: u64,
    patience: Duration,
    start: Instant,
    count: u64,
}

/// `body`, of at most `most` bytes, whose sender is silent for no longer than `patience`. Where it breaks off, the second
/// part tells why.
pub fn watched(body: Body, most: u64, patience: Duration) -> (Body, Arc<OnceLock<Failure>>) {
    let cause = Arc::new(OnceLock::new());
    let watched = Watched {
        bytes: body.into_data_stream(),
        most,
        patience,
        start: Instant::now(),
        count: 0,
    };
    let told = Arc::clone(&cause);
    let bytes = stream::unfold((watched, told), |(mut watched, told)| async {
        let next = match watched.next().await {
            Ok(bytes) => Ok(bytes?),
            Err(failure) => {
                let _ = told.set(failure);
                Err("the request exceeds what is allowed")
            }
        };
        Some((next, (watched, told)))
    });
    (Body::from_stream(bytes), cause)
}

impl Watched {
    /// The next bytes; `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            let next = timeout(self.patience, self.bytes.next()).await;
            let Some(next) = next.map_err(|_| Failure::slow())? else {
                return if self.count > self.most {
                    Err(self.too_large())
                } else {
                    Ok(None)
                };
            };
            let broken = |_| Failure::request("the request broke off; send it again");
            let bytes = next.map_err(broken)?;
            self.count += bytes.len() as u64;
            let late = self.start.elapsed().saturating_sub(self.patience);
            if (self.count as f64) < SLOWEST * late.as_secs_f64() {
                return Err(Failure::slow());
            }
            if self.count > self.most + DRAINED {
                return Err(self.too_large());
            }
            if self.count <= self.most {
                return Ok(Some(bytes));
            }
        }
    }

    fn too_large(&self) -> Failure {
        let megabytes = self.most as f64 / f64::from(1 << 20);
        Failure::too_large(format!(
            "the request has more than {megabytes:.3} MB, the most that is taken"
        ))
    }
}
