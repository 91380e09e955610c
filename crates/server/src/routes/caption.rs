//! `POST /v1/caption`: a recording -> its caption, or a timeline.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use wsac::captioner::Caption;

use super::spec::{AudioErrors, Form, Recording};
use super::timeline::{self, TimelineAnswer};
use crate::app::App;
use crate::error::ApiError;
use crate::query::{CaptionQuery, Format, Params};
use crate::upload::Upload;

/// The caption of a recording, and the evidence for it.
#[derive(Serialize, ToSchema)]
pub struct CaptionAnswer {
    /// The name that the client gave the recording.
    pub file_name: String,
    /// The caption itself.
    #[serde(flatten)]
    pub caption: Caption,
}

/// A caption, or with `timeline=true` a timeline.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[allow(dead_code)]
pub enum Answer {
    Caption(CaptionAnswer),
    Timeline(TimelineAnswer),
}

/// Caption a recording, or each of its segments
#[utoipa::path(
    post,
    path = "/v1/caption",
    params(CaptionQuery),
    request_body(content((Recording = "application/octet-stream"), (Form = "multipart/form-data"))),
    responses(
        (status = 200, description = "The caption", content(
            (Answer = "application/json"),
            (String = "text/plain"),
            (String = "application/x-ndjson"),
            (String = "text/csv"),
            (String = "application/x-subrip"),
            (String = "text/vtt"),
            (String = "text/event-stream"),
        )),
        (status = 404, description = "There is no such memory", body = crate::error::ErrorBody),
        AudioErrors,
    ),
    security((), ("token" = [])),
)]
pub async fn caption(
    State(app): State<App>,
    Params(query): Params<CaptionQuery>,
    request: Request,
) -> Result<Response, ApiError> {
    let options = query.options(&app)?;
    let cut = query.timeline_options()?;
    let slot = app.scheduler.enter()?;
    let upload = Upload::receive(request, query.name.as_deref(), &app.options).await?;
    if query.timeline {
        return timeline::answer(app, slot, upload, cut, options, &query).await;
    }
    let hearing = options.hearing;
    let pending = app.scheduler.announce();
    let most = app.options.max_seconds;
    let encoded = app.scheduler.encode(slot, move |captioner, cancel| {
        let mut stream = upload.open(&hearing, captioner.rate(), most, cancel)?;
        let encoded = captioner.encode_stream(&mut stream);
        let encoded = encoded.map_err(|e| ApiError::of(e, &upload.name))?;
        let warnings = upload.warnings(&stream);
        Ok((encoded, warnings, upload.name))
    });
    let ((encoded, warnings, file_name), slot) = encoded.await?;
    metrics::counter!("wsac_audio_seconds_total").increment(encoded.duration as u64);
    let caption = app.scheduler.caption(slot, pending, encoded, options);
    let caption = caption.await?;
    let mut caption = caption.map_err(|e| ApiError::of(e, &file_name))?;
    caption.warnings = warnings;
    written(file_name, caption, query.format)
}

fn written(file_name: String, caption: Caption, format: Format) -> Result<Response, ApiError> {
    let answer = |kind, body: String| Ok(([(header::CONTENT_TYPE, kind)], body).into_response());
    match format {
        Format::Text => answer("text/plain; charset=utf-8", caption.text + "\n"),
        Format::Csv => {
            let mut rows = csv::Writer::from_writer(Vec::new());
            let written = rows
                .write_record(["file_name", "caption_predicted"])
                .and_then(|()| rows.write_record([&file_name, &caption.text]));
            written.map_err(ApiError::internal)?;
            let bytes = rows.into_inner().map_err(ApiError::internal)?;
            let text = String::from_utf8_lossy(&bytes).into_owned();
            answer("text/csv; charset=utf-8", text)
        }
        Format::Jsonl => {
            let row = CaptionAnswer { file_name, caption };
            let row = serde_json::to_string(&row).map_err(ApiError::internal)?;
            answer("application/x-ndjson", row + "\n")
        }
        _ => Ok(Json(CaptionAnswer { file_name, caption }).into_response()),
    }
}
