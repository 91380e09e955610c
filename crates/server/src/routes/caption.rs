//! `POST /v1/caption`: a recording -> a sentence, or a timeline.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use wsac::captioner::Caption;

use super::timeline::{self, TimelineAnswer};
use super::{Form, Recording, Refused};
use crate::app::App;
use crate::failure::Failure;
use crate::query::{Asked, CaptionQuery, Format};
use crate::upload::Upload;

/// A sentence about a recording, and what speaks for it.
#[derive(Serialize, ToSchema)]
pub struct CaptionAnswer {
    /// What the sender calls the recording.
    file_name: String,
    #[serde(flatten)]
    caption: Caption,
}

/// A caption, or with `timeline=true` a timeline.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[allow(dead_code)]
pub enum Answer {
    Caption(CaptionAnswer),
    Timeline(TimelineAnswer),
}

/// Write a sentence for a recording, or tell what is heard when
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
        (status = 404, description = "There is no such memory", body = crate::failure::Trouble),
        Refused,
    ),
    security((), ("token" = [])),
)]
pub async fn caption(
    State(app): State<App>,
    Asked(query): Asked<CaptionQuery>,
    request: Request,
) -> Result<Response, Failure> {
    let options = query.options(&app)?;
    let cut = query.timeline_options()?;
    let upload = Upload::receive(request, query.name.as_deref(), &app.options).await?;
    let slot = app.work.enter()?;
    if query.timeline {
        return timeline::answer(app, slot, upload, cut, options, &query).await;
    }
    let coming = app.work.announce();
    let most = app.options.max_seconds;
    let heard = app.work.hear(slot, move |captioner| {
        let mut stream = upload.open(captioner.rate(), most)?;
        let heard = captioner.listen_to(&mut stream);
        let heard = heard.map_err(|e| Failure::of(e, &upload.name))?;
        let warnings = upload.warnings(&stream);
        Ok((heard, warnings, upload.name))
    });
    let ((heard, warnings, file_name), slot) = heard.await?;
    metrics::counter!("wsac_audio_seconds_total").increment(heard.duration as u64);
    let caption = app.work.describe(slot, coming, heard, options).await?;
    let mut caption = caption.map_err(|e| Failure::of(e, &file_name))?;
    caption.warnings = warnings;
    written(file_name, caption, query.format)
}

fn written(file_name: String, caption: Caption, format: Format) -> Result<Response, Failure> {
    let answer = |kind, body: String| Ok(([(header::CONTENT_TYPE, kind)], body).into_response());
    match format {
        Format::Text => answer("text/plain; charset=utf-8", caption.text + "\n"),
        Format::Csv => {
            let mut rows = csv::Writer::from_writer(Vec::new());
            let written = rows
                .write_record(["file_name", "caption_predicted"])
                .and_then(|()| rows.write_record([&file_name, &caption.text]));
            written.map_err(Failure::internal)?;
            let bytes = rows.into_inner().map_err(Failure::internal)?;
            let text = String::from_utf8_lossy(&bytes).into_owned();
            answer("text/csv; charset=utf-8", text)
        }
        Format::Jsonl => {
            let row = CaptionAnswer { file_name, caption };
            let row = serde_json::to_string(&row).map_err(Failure::internal)?;
            answer("application/x-ndjson", row + "\n")
        }
        _ => Ok(Json(CaptionAnswer { file_name, caption }).into_response()),
    }
}
