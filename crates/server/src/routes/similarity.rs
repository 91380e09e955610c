//! `POST /v1/similarity`: a recording or a text, and texts -> how alike they are.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Recording, RefusedDocument};
use crate::app::App;
use crate::failure::Failure;
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

/// How alike they are.
#[derive(Serialize, ToSchema)]
pub struct Similarities {
    /// In the order of the texts.
    similarities: Vec<Similarity>,
}

/// How alike a text is.
#[derive(Serialize, ToSchema)]
struct Similarity {
    text: String,
    /// In [-1, 1], measured as the captions of the memory are.
    similarity: f32,
}

/// Compare a recording, or a text, with texts
#[utoipa::path(
    post,
    path = "/v1/similarity",
    request_body(content((TextAndTexts = "application/json"), (SimilarityForm = "multipart/form-data"))),
    responses((status = 200, description = "The similarities", body = Similarities), RefusedDocument),
    security((), ("token" = [])),
)]
pub async fn similarity(
    State(app): State<App>,
    request: Request,
) -> Result<Json<Similarities>, Failure> {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let form = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/form-data"));
    let check = |count: usize| match count {
        1..=MOST => Ok(()),
        _ => Err(Failure::request(format!(
            "texts must be 1 to {MOST}, not {count}"
        ))),
    };
    let (query, texts) = if form {
        let mut upload = Upload::receive(request, None, &app.options).await?;
        let texts = std::mem::take(&mut upload.texts);
        check(texts.len())?;
        let slot = app.work.enter()?;
        let most = app.options.max_seconds;
        let heard = app.work.hear(slot, move |captioner| {
            let mut stream = upload.open(captioner.rate(), most)?;
            let heard = captioner.listen_to(&mut stream);
            heard.map_err(|e| Failure::of(e, &upload.name))
        });
        (heard.await?.0.embedding, texts)
    } else {
        let TextAndTexts { text, texts } = document(request, &app.options).await?;
        check(texts.len())?;
        (app.embed_texts(vec![text]).await?.get(0), texts)
    };
    let rows = app.embed_texts(texts.clone()).await?;
    let similarities = app.captioner.similarities(&query, &rows);
    let similarity = |(text, similarity)| Similarity { text, similarity };
    let similarities = texts
        .into_iter()
        .zip(similarities)
        .map(similarity)
        .collect();
    Ok(Json(Similarities { similarities }))
}
