//! `POST /v1/similarity`: a recording or a text, and texts -> their similarities.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wsac::audio::Hearing;

use super::spec::{DocumentErrors, Recording};
use crate::app::App;
use crate::error::ApiError;
use crate::query::{NoQuery, Params};
use crate::upload::{Upload, document};

/// The most texts of a request.
const MOST: usize = 1024;

/// A recording and texts, in a form.
#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct SimilarityForm {
    /// The recording.
    file: Recording,
    /// What it is compared with.
    #[schema(min_items = 1, max_items = 1024)]
    text: Vec<String>,
}

/// A text and others.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TextAndTexts {
    text: String,
    /// What it is compared with.
    #[schema(min_items = 1, max_items = 1024)]
    texts: Vec<String>,
}

/// The similarities.
#[derive(Serialize, ToSchema)]
pub struct Similarities {
    /// In the order of the texts.
    similarities: Vec<Similarity>,
}

/// The similarity of a text.
#[derive(Serialize, ToSchema)]
struct Similarity {
    text: String,
    /// In [-1, 1], measured as for the captions of the memory.
    similarity: f32,
}

/// Compare a recording, or a text, with texts
#[utoipa::path(
    post,
    path = "/v1/similarity",
    request_body(content((TextAndTexts = "application/json"), (SimilarityForm = "multipart/form-data"))),
    responses((status = 200, description = "The similarities", body = Similarities), DocumentErrors),
    security((), ("token" = [])),
)]
pub async fn similarity(
    State(app): State<App>,
    Params(NoQuery {}): Params<NoQuery>,
    request: Request,
) -> Result<Json<Similarities>, ApiError> {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let form = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/form-data"));
    let check = |count: usize| match count {
        1..=MOST => Ok(()),
        _ => Err(ApiError::request(format!(
            "texts must be 1 to {MOST}, not {count}"
        ))),
    };
    let slot = app.scheduler.enter()?;
    let (query, texts, slot) = if form {
        let mut upload = Upload::with_texts(request, None, &app.options).await?;
        let texts = std::mem::take(&mut upload.texts);
        check(texts.len())?;
        let most = app.options.max_seconds;
        let encoded = app.scheduler.encode(slot, move |captioner, cancel| {
            let mut stream = upload.open(&Hearing::default(), captioner.rate(), most, cancel)?;
            let encoded = captioner.encode_stream(&mut stream);
            encoded.map_err(|e| ApiError::of(e, &upload.name))
        });
        let (encoded, slot) = encoded.await?;
        (encoded.embedding, texts, slot)
    } else {
        let TextAndTexts { text, texts } = document(request, &app.options).await?;
        check(texts.len())?;
        let (row, slot) = app.embed_texts(slot, vec![text]).await?;
        (row.get(0), texts, slot)
    };
    let (rows, _slot) = app.embed_texts(slot, texts.clone()).await?;
    let similarities = app.captioner.similarities(&query, &rows);
    let similarity = |(text, similarity)| Similarity { text, similarity };
    let similarities = texts
        .into_iter()
        .zip(similarities)
        .map(similarity)
        .collect();
    Ok(Json(Similarities { similarities }))
}
