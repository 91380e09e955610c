//! `GET` and `POST /v1/memories`: captions that requests may use instead of the model's own.

use axum::Json;
use axum::extract::{Request, State};
use serde::Deserialize;
use utoipa::ToSchema;
use wsac::memory::Memory;

use super::spec::DocumentErrors;
use crate::app::App;
use crate::error::{ApiError, ErrorBody};
use crate::memories::MemoryInfo;
use crate::query::{NoQuery, Params};
use crate::upload::document;

/// The most captions of a client's memory.
const MOST: usize = 5000;

/// Captions for a memory.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Captions {
    #[schema(min_items = 1, max_items = 5000)]
    captions: Vec<Line>,
}

/// A caption; not blank.
#[derive(Deserialize, ToSchema)]
#[schema(pattern = r"\S")]
struct Line(String);

/// List the memories
#[utoipa::path(
    get,
    path = "/v1/memories",
    responses(
        (status = 200, description = "Memories besides the model's own", body = Vec<MemoryInfo>),
        (status = 401, description = "The token is missing or wrong", body = ErrorBody),
    ),
    security((), ("token" = [])),
)]
pub async fn list(State(app): State<App>) -> Json<Vec<MemoryInfo>> {
    Json(app.memories.list())
}

/// Make a memory of captions
#[utoipa::path(
    post,
    path = "/v1/memories",
    request_body = Captions,
    responses((status = 200, description = "The memory's name, for `memory=`; the last 32 are kept", body = MemoryInfo), DocumentErrors),
    security((), ("token" = [])),
)]
pub async fn paste(
    State(app): State<App>,
    Params(NoQuery {}): Params<NoQuery>,
    request: Request,
) -> Result<Json<MemoryInfo>, ApiError> {
    let slot = app.scheduler.enter()?;
    let Captions { captions } = document(request, &app.options).await?;
    if captions.is_empty() || captions.len() > MOST {
        let count = captions.len();
        return Err(ApiError::request(format!(
            "captions must be 1 to {MOST}, not {count}"
        )));
    }
    let captions: Vec<String> = (captions.into_iter())
        .map(|Line(caption)| caption.trim().to_owned())
        .collect();
    if let Some(blank) = captions.iter().position(String::is_empty) {
        let which = blank + 1;
        return Err(ApiError::request(format!("caption {which} is blank")));
    }
    let (rows, _slot) = app.embed_texts(slot, captions.clone()).await?;
    let wrong = |e: wsac::Error| ApiError::request(e.to_string());
    let memory = Memory::new(&captions, rows).map_err(wrong)?;
    Ok(Json(
        app.memories
            .paste(app.captioner.fit(memory).map_err(wrong)?),
    ))
}
