//! `POST /v1/embed/audio` and `/v1/embed/text`: recordings and texts -> unit embeddings of the shared space.

use axum::Json;
use axum::extract::{Request, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wsac::audio::Hearing;

use super::spec::{AudioErrors, DocumentErrors, Form, Recording};
use crate::app::App;
use crate::error::ApiError;
use crate::query::{NameQuery, NoQuery, Params};
use crate::upload::{Upload, document};

/// The embedding of a recording.
#[derive(Serialize, ToSchema)]
pub struct AudioEmbedding {
    /// The name that the client gave the recording.
    file_name: String,
    /// Its unit embedding, [d].
    embedding: Vec<f32>,
    /// Its length in seconds.
    duration: f64,
    /// The encoder.
    clap: String,
}

/// Embed a recording
#[utoipa::path(
    post,
    path = "/v1/embed/audio",
    params(NameQuery),
    request_body(content((Recording = "application/octet-stream"), (Form = "multipart/form-data"))),
    responses((status = 200, description = "The embedding", body = AudioEmbedding), AudioErrors),
    security((), ("token" = [])),
)]
pub async fn audio(
    State(app): State<App>,
    Params(query): Params<NameQuery>,
    request: Request,
) -> Result<Json<AudioEmbedding>, ApiError> {
    let slot = app.scheduler.enter()?;
    let upload = Upload::receive(request, query.name.as_deref(), &app.options).await?;
    let most = app.options.max_seconds;
    let embedding = app.scheduler.encode(slot, move |captioner, cancel| {
        let mut stream = upload.open(&Hearing::default(), captioner.rate(), most, cancel)?;
        let encoded = captioner.encode_stream(&mut stream);
        let encoded = encoded.map_err(|e| ApiError::of(e, &upload.name))?;
        Ok(AudioEmbedding {
            clap: captioner.model().card.clap.clone(),
            duration: encoded.duration,
            embedding: encoded.embedding.into_vec(),
            file_name: upload.name,
        })
    });
    Ok(Json(embedding.await?.0))
}

/// Texts to embed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    #[schema(min_items = 1, max_items = 1024)]
    texts: Vec<String>,
}

/// The most texts of a request.
const MOST: usize = 1024;

/// The embeddings of texts.
#[derive(Serialize, ToSchema)]
pub struct TextEmbeddings {
    /// A unit embedding a text, in order: [N, d].
    embeddings: Vec<Vec<f32>>,
    /// The encoder.
    clap: String,
}

/// Embed texts
#[utoipa::path(
    post,
    path = "/v1/embed/text",
    request_body = Texts,
    responses((status = 200, description = "The embeddings", body = TextEmbeddings), DocumentErrors),
    security((), ("token" = [])),
)]
pub async fn text(
    State(app): State<App>,
    Params(NoQuery {}): Params<NoQuery>,
    request: Request,
) -> Result<Json<TextEmbeddings>, ApiError> {
    let slot = app.scheduler.enter()?;
    let Texts { texts } = document(request, &app.options).await?;
    if texts.is_empty() || texts.len() > MOST {
        let count = texts.len();
        return Err(ApiError::request(format!(
            "texts must be 1 to {MOST}, not {count}"
        )));
    }
    let (rows, _) = app.embed_texts(slot, texts).await?;
    Ok(Json(TextEmbeddings {
        embeddings: rows.rows().map(<[f32]>::to_vec).collect(),
        clap: app.captioner.model().card.clap.clone(),
    }))
}
