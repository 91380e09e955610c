//! `POST /v1/embed/audio` and `/v1/embed/text`: recordings and texts -> unit points of the shared space.

use axum::Json;
use axum::extract::{Request, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Form, Recording, Refused, RefusedDocument};
use crate::app::App;
use crate::failure::Failure;
use crate::query::{Asked, NameQuery};
use crate::upload::{Upload, document};

/// A recording as a point.
#[derive(Serialize, ToSchema)]
pub struct AudioEmbedding {
    /// What the sender calls the recording.
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
    responses((status = 200, description = "The embedding", body = AudioEmbedding), Refused),
    security((), ("token" = [])),
)]
pub async fn audio(
    State(app): State<App>,
    Asked(query): Asked<NameQuery>,
    request: Request,
) -> Result<Json<AudioEmbedding>, Failure> {
    let upload = Upload::receive(request, query.name.as_deref(), &app.options).await?;
    let slot = app.work.enter()?;
    let most = app.options.max_seconds;
    let heard = app.work.hear(slot, move |captioner| {
        let mut stream = upload.open(captioner.rate(), most)?;
        let heard = captioner.listen_to(&mut stream);
        Ok(AudioEmbedding {
            clap: captioner.model().card.clap.clone(),
            duration: heard.as_ref().map_or(0.0, |heard| heard.duration),
            embedding: heard
                .map_err(|e| Failure::of(e, &upload.name))?
                .embedding
                .into_vec(),
            file_name: upload.name,
        })
    });
    Ok(Json(heard.await?.0))
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

/// Texts as points.
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
    responses((status = 200, description = "The embeddings", body = TextEmbeddings), RefusedDocument),
    security((), ("token" = [])),
)]
pub async fn text(
    State(app): State<App>,
    request: Request,
) -> Result<Json<TextEmbeddings>, Failure> {
    let Texts { texts } = document(request, &app.options).await?;
    if texts.is_empty() || texts.len() > MOST {
        let count = texts.len();
        return Err(Failure::request(format!(
            "texts must be 1 to {MOST}, not {count}"
        )));
    }
    let rows = app.embed_texts(texts).await?;
    Ok(Json(TextEmbeddings {
        embeddings: rows.rows().map(<[f32]>::to_vec).collect(),
        clap: app.captioner.model().card.clap.clone(),
    }))
}
