//! Limits: a body -> the same, aborted if it is too large or comes too slowly.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use axum::body::{Body, BodyDataStream, Bytes, HttpBody};
use futures_util::{StreamExt, stream};
use tokio::time::timeout;

use crate::error::ApiError;

/// The average rate that a client must reach, in bytes per second.
const SLOWEST: f64 = 8192.0;

/// A body being received.
struct Limited {
    bytes: BodyDataStream,
    /// Its least length by its header.
    announced: u64,
    most: u64,
    idle_timeout: Duration,
    start: Instant,
    count: u64,
}

/// `body`, of at most `most` bytes, whose client sends something at least every `idle_timeout`. If it is aborted, the second
/// part has the reason. A body that is too large by its header is not read at all.
pub fn limited(body: Body, most: u64, idle_timeout: Duration) -> (Body, Arc<OnceLock<ApiError>>) {
    let cause = Arc::new(OnceLock::new());
    let limited = Limited {
        announced: body.size_hint().lower(),
        bytes: body.into_data_stream(),
        most,
        idle_timeout,
        start: Instant::now(),
        count: 0,
    };
    let reason = Arc::clone(&cause);
    let bytes = stream::unfold((limited, reason), |(mut limited, reason)| async {
        let next = match limited.next().await {
            Ok(bytes) => Ok(bytes?),
            Err(error) => {
                let _ = reason.set(error);
                Err("the request exceeds what is allowed")
            }
        };
        Some((next, (limited, reason)))
    });
    (Body::from_stream(bytes), cause)
}

impl Limited {
    /// The next bytes; `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, ApiError> {
        if self.announced > self.most {
            return Err(self.too_large());
        }
        let next = timeout(self.idle_timeout, self.bytes.next()).await;
        let Some(next) = next.map_err(|_| ApiError::slow())? else {
            return Ok(None);
        };
        let broken = |_| ApiError::request("the request broke off; send it again");
        let bytes = next.map_err(broken)?;
        self.count += bytes.len() as u64;
        let late = self.start.elapsed().saturating_sub(self.idle_timeout);
        if (self.count as f64) < SLOWEST * late.as_secs_f64() {
            return Err(ApiError::slow());
        }
        if self.count > self.most {
            return Err(self.too_large());
        }
        Ok(Some(bytes))
    }

    fn too_large(&self) -> ApiError {
        let megabytes = self.most as f64 / f64::from(1 << 20);
        ApiError::too_large(format!(
            "the request has more than {megabytes:.3} MB, the most that this server accepts"
        ))
    }
}
