//! Responses before the request was read to its end: the client is notified that the connection closes, and what it is
//! still sending is read and discarded for a short time, so that it can read the response instead of a reset connection.
//!
//! A client that waits for `100 Continue` is not sent one: it has nothing on the way.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::StreamExt;
use hyper::body::{Frame, SizeHint};
use tokio::time::timeout;

/// How long the rest of a refused request is read, and how much of it.
const DRAINING: Duration = Duration::from_secs(2);
const DRAINED: usize = 16 << 20;

/// A request's body as its handler reads it; the unread rest stays with the middleware.
#[derive(Clone)]
struct Shared(Arc<Mutex<State>>);

struct State {
    body: Body,
    begun: bool,
    ended: bool,
}

/// Middleware around every request.
pub async fn drain(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let expects = request.headers().contains_key(header::EXPECT);
    let (parts, body) = request.into_parts();
    let (begun, ended) = (false, false);
    let shared = Shared(Arc::new(Mutex::new(State { body, begun, ended })));
    let request = Request::from_parts(parts, Body::new(shared.clone()));
    let mut response = next.run(request).await;
    if shared.is_end_stream() {
        return response;
    }
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
    let waits = expects && !shared.state().begun;
    if !waits {
        tokio::spawn(timeout(DRAINING, async move {
            let mut left = DRAINED;
            let mut rest = Body::new(shared).into_data_stream();
            while let Some(Ok(bytes)) = rest.next().await {
                left = left.saturating_sub(bytes.len());
                if left == 0 {
                    break;
                }
            }
        }));
    }
    response
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HttpBody for Shared {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut state = self.state();
        state.begun = true;
        let frame = Pin::new(&mut state.body).poll_frame(context);
        state.ended |= matches!(frame, Poll::Ready(None));
        frame
    }

    fn is_end_stream(&self) -> bool {
        let state = self.state();
        state.ended || state.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.state().body.size_hint()
    }
}
