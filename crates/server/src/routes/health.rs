//! `/health`, `/ready` and `/metrics`: for those who operate the server.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::error::ErrorBody;

/// The state of the server.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// `ok`; of `/ready` also `busy` (the queue is full) or `closing`.
    status: &'static str,
}

/// Check whether the server runs
#[utoipa::path(get, path = "/health", responses((status = 200, description = "It runs", body = Health)))]
pub async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Check whether the server accepts requests
#[utoipa::path(
    get,
    path = "/ready",
    responses(
        (status = 200, description = "It accepts requests", body = Health),
        (status = 503, description = "It accepts none at the moment", body = Health),
    ),
)]
pub async fn ready(State(app): State<App>) -> impl IntoResponse {
    let (code, status) = if app.is_closing() {
        (StatusCode::SERVICE_UNAVAILABLE, "closing")
    } else if app.scheduler.free() == 0 {
        (StatusCode::SERVICE_UNAVAILABLE, "busy")
    } else {
        (StatusCode::OK, "ok")
    };
    (code, Json(Health { status }))
}

/// Get metrics for Prometheus
#[utoipa::path(
    get,
    path = "/metrics",
    responses(
        (status = 200, description = "Requests by address and status, seconds, batch sizes, seconds of audio, requests in the queue", body = String, content_type = "text/plain"),
        (status = 401, description = "The token is missing or wrong", body = ErrorBody),
    ),
    security((), ("token" = [])),
)]
pub async fn metrics(State(app): State<App>) -> impl IntoResponse {
    let busy = app.options.queue - app.scheduler.free();
    metrics::gauge!("wsac_queue").set(busy as f64);
    metrics::gauge!("wsac_queue_limit").set(app.options.queue as f64);
    app.metrics.run_upkeep();
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], app.metrics.render())
}
