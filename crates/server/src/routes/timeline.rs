//! `POST /v1/caption?timeline=true`: a recording of any length -> its segments, whole or as events.

use std::ops::ControlFlow;
use std::path::Path;

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use wsac::audio::CancelToken;
use wsac::captioner::{CaptionOptions, Captioner};
use wsac::timeline::{self, Segment, TimelineOptions, Timelines};

use super::events;
use crate::app::App;
use crate::error::ApiError;
use crate::query::{CaptionQuery, Format};
use crate::scheduler::Slot;
use crate::upload::Upload;

/// The captioned segments of a recording.
#[derive(Serialize, ToSchema)]
pub struct TimelineAnswer {
    /// Its segments, in order; silence is left out. Events have them one by one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    segments: Vec<Segment>,
    #[serde(flatten)]
    end: End,
}

/// What is known at the end.
#[derive(Serialize, ToSchema)]
pub struct End {
    /// The name that the client gave the recording.
    file_name: String,
    /// Its length in seconds.
    duration: f64,
    /// A caption of the whole, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    summary: Option<String>,
    /// The name of the model.
    model: String,
    /// What is wrong with the recording though it could be decoded, a sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    warnings: Vec<String>,
}

/// A timeline to be computed.
pub struct Job {
    pub upload: Upload,
    pub cut: TimelineOptions,
    pub words: CaptionOptions,
    pub summary: bool,
    /// The most seconds of the recording.
    pub most: f64,
}

/// Responds with the timeline of `upload` as `query` specifies.
pub async fn answer(
    app: App,
    slot: Slot,
    upload: Upload,
    cut: TimelineOptions,
    words: CaptionOptions,
    query: &CaptionQuery,
) -> Result<Response, ApiError> {
    let job = Job {
        upload,
        cut,
        words,
        summary: query.summary,
        most: app.options.max_seconds,
    };
    if query.stream {
        return Ok(events::answer(
            app,
            slot,
            move |captioner, cancel, events| {
                job.run(captioner, cancel, &mut |segment| {
                    events.send("segment", &segment)
                })
            },
        ));
    }
    let timeline = app.scheduler.timeline(slot, move |captioner, cancel| {
        let mut segments = Vec::new();
        let end = job.run(captioner, cancel, &mut |segment| {
            segments.push(segment);
            ControlFlow::Continue(())
        })?;
        Ok(TimelineAnswer { segments, end })
    });
    written(&timeline.await?.0, query.format)
}

impl Job {
    /// Computes it; `each` takes its segments and may end it.
    pub fn run(
        &self,
        captioner: &Captioner,
        cancel: &CancelToken,
        each: &mut dyn FnMut(Segment) -> ControlFlow<()>,
    ) -> Result<End, ApiError> {
        let wrong = |error| ApiError::of(error, &self.upload.name);
        let hearing = &self.words.hearing;
        let mut stream = (self.upload).open(hearing, captioner.rate(), self.most, cancel)?;
        let timeline = captioner.timeline(&mut stream, &self.cut, &self.words, each);
        let timeline = timeline.map_err(wrong)?;
        metrics::counter!("wsac_audio_seconds_total").increment(timeline.duration as u64);
        let summary = match &timeline.whole {
            _ if !self.summary => None,
            None => Some("Silence.".to_owned()),
            Some(whole) => Some(captioner.describe(whole, &self.words).map_err(wrong)?.text),
        };
        Ok(End {
            file_name: self.upload.name.clone(),
            duration: timeline.duration,
            summary,
            model: captioner.model().card.name.clone(),
            warnings: self.upload.named(&timeline.warnings, stream.name()),
        })
    }
}

fn written(timeline: &TimelineAnswer, format: Format) -> Result<Response, ApiError> {
    let (format, kind) = match format {
        Format::Json => return Ok(Json(timeline).into_response()),
        Format::Text => (timeline::Format::Text, "text/plain; charset=utf-8"),
        Format::Jsonl => (timeline::Format::Jsonl, "application/x-ndjson"),
        Format::Csv => (timeline::Format::Csv, "text/csv; charset=utf-8"),
        Format::Srt => (timeline::Format::Srt, "application/x-subrip"),
        Format::Vtt => (timeline::Format::Vtt, "text/vtt; charset=utf-8"),
        Format::Textgrid => (timeline::Format::Textgrid, "text/plain; charset=utf-8"),
        Format::Labels => (timeline::Format::Labels, "text/plain; charset=utf-8"),
    };
    let mut body = Vec::new();
    let mut out = Timelines::new(format, false, &mut body).map_err(ApiError::internal)?;
    let TimelineAnswer { segments, end } = timeline;
    let name = Path::new(&end.file_name);
    for segment in segments {
        out.write(name, segment).map_err(ApiError::internal)?;
    }
    out.end(name, end.duration, end.summary.as_deref())
        .map_err(ApiError::internal)?;
    drop(out);
    Ok(([(header::CONTENT_TYPE, kind)], body).into_response())
}
