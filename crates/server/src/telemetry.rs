//! Telemetry: every request is counted, timed and logged; connections close after their next response when the server ends.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::app::App;

/// Middleware around every request.
pub async fn record(State(app): State<App>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let method = request.method().clone();
    // The pattern, not the path: arbitrary names from clients are not kept.
    let path = request.extensions().get::<MatchedPath>();
    let path = path.map_or("unknown", |path| path.as_str()).to_owned();
    let mut response = next.run(request).await;
    let (seconds, status) = (start.elapsed().as_secs_f64(), response.status());
    tracing::info!(%method, path, status = status.as_u16(), seconds, "request");
    let labels = [
        ("method", method.to_string()),
        ("path", path),
        ("status", status.as_str().to_owned()),
    ];
    metrics::counter!("wsac_requests_total", &labels).increment(1);
    metrics::histogram!("wsac_request_seconds", &labels[1..2]).record(seconds);
    if app.is_closing() {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    response
}
