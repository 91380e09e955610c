//! `POST /v1/sounds`: a recording -> the activations of its likeliest sound events.

use axum::Json;
use axum::extract::{Request, State};
use wsac::audio::Hearing;
use wsac::encoders::mini::sound_events::Activations;

use super::spec::{AudioErrors, Form, Recording};
use crate::app::App;
use crate::error::ApiError;
use crate::query::{Params, SoundsQuery, most_sounds};
use crate::upload::Upload;

/// Detect sound events, with their scores over time
#[utoipa::path(
    post,
    path = "/v1/sounds",
    params(SoundsQuery),
    request_body(content((Recording = "application/octet-stream"), (Form = "multipart/form-data"))),
    responses((status = 200, description = "The likeliest sounds; none where the encoder names no sounds", body = Activations), AudioErrors),
    security((), ("token" = [])),
)]
pub async fn sounds(
    State(app): State<App>,
    Params(query): Params<SoundsQuery>,
    request: Request,
) -> Result<Json<Activations>, ApiError> {
    let most = most_sounds(query.most)?;
    let slot = app.scheduler.enter()?;
    let upload = Upload::receive(request, query.name.as_deref(), &app.options).await?;
    let seconds = app.options.max_seconds;
    let detected = app.scheduler.encode(slot, move |captioner, cancel| {
        let mut stream = upload.open(&Hearing::default(), captioner.rate(), seconds, cancel)?;
        let activations = captioner.activations(&mut stream, most);
        activations.map_err(|e| ApiError::of(e, &upload.name))
    });
    let nothing = Activations {
        hop: 1.0,
        width: 1.0,
        sounds: Vec::new(),
    };
    Ok(Json(detected.await?.0.unwrap_or(nothing)))
}
