//! `GET /v1/models`: the captioner and its limits.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use wsac::bridge::Strategy;
use wsac::memory::Memory;

use crate::app::App;
use crate::error::ErrorBody;

/// A captioner.
#[derive(Serialize, ToSchema)]
pub struct Model {
    name: String,
    /// Its encoder.
    clap: String,
    /// The width of an embedding.
    width: usize,
    /// The sample rate of its encoder, in Hz.
    rate: u32,
    /// Its strategy where a request asks for no other.
    strategy: Strategy,
    /// How many captions its own memory has.
    captions: usize,
    /// Whether it can embed texts, which new memories need.
    texts: bool,
    /// The most bytes of a request.
    max_bytes: u64,
    /// The most seconds of a recording.
    max_seconds: f64,
}

/// List the captioners of this server
#[utoipa::path(
    get,
    path = "/v1/models",
    responses(
        (status = 200, description = "The captioners", body = Vec<Model>),
        (status = 401, description = "The token is missing or wrong", body = ErrorBody),
    ),
    security((), ("token" = [])),
)]
pub async fn models(State(app): State<App>) -> Json<Vec<Model>> {
    let model = app.captioner.model();
    Json(vec![Model {
        name: model.card.name.clone(),
        clap: model.card.clap.clone(),
        width: model.card.decoder.embedding,
        rate: app.captioner.rate(),
        strategy: model.card.bridge.strategy(),
        captions: model.memory.as_ref().map_or(0, Memory::len),
        texts: app.texts.is_ok(),
        max_bytes: app.options.max_bytes,
        max_seconds: app.options.max_seconds,
    }])
}
