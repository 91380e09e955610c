//! `POST /v1/caption?timeline=true`: a recording of any length -> its segments, whole or as they come about.

use std::convert::Infallible;
use std::ops::ControlFlow;
use std::path::Path;

use axum::Json;
use axum::http::header;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Serialize;
use tokio::sync::mpsc;
use utoipa::ToSchema;
use wsac::captioner::{CaptionOptions, Captioner};
use wsac::timeline::{self, Segment, TimelineOptions, Timelines};

use crate::app::App;
use crate::failure::Failure;
use crate::query::{CaptionQuery, Format};
use crate::upload::Upload;
use crate::work::Slot;

/// Events that wait for a slow reader.
const WAITING: usize = 64;

/// What is heard when.
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
struct End {
    /// What the sender calls the recording.
    file_name: String,
    /// Its length in seconds.
    duration: f64,
    /// A sentence about the whole, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    summary: Option<String>,
    /// The name of the model.
    model: String,
    /// What was wrong with the recording though it could be heard, a sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    warnings: Vec<String>,
}

/// A timeline to be told.
struct Asked {
    upload: Upload,
    cut: TimelineOptions,
    words: CaptionOptions,
    summary: bool,
    /// The most seconds of the recording.
    most: f64,
}

/// Tells the timeline of `upload` as `query` wants it.
pub async fn answer(
    app: App,
    slot: Slot,
    upload: Upload,
    cut: TimelineOptions,
    words: CaptionOptions,
    query: &CaptionQuery,
) -> Result<Response, Failure> {
    let asked = Asked {
        upload,
        cut,
        words,
        summary: query.summary,
        most: app.options.max_seconds,
    };
    if query.stream {
        return Ok(events(app, slot, asked));
    }
    let told = app.work.tell_timeline(slot, move |captioner| {
        let mut segments = Vec::new();
        let end = asked.tell(captioner, &mut |segment| {
            segments.push(segment);
            ControlFlow::Continue(())
        })?;
        Ok(TimelineAnswer { segments, end })
    });
    written(told.await?, query.format)
}

impl Asked {
    fn tell(
        &self,
        captioner: &Captioner,
        each: &mut dyn FnMut(Segment) -> ControlFlow<()>,
    ) -> Result<End, Failure> {
        let wrong = |error| Failure::of(error, &self.upload.name);
        let mut stream = self.upload.open(captioner.rate(), self.most)?;
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
            warnings: self.upload.warnings(&stream),
        })
    }
}

/// The events `segment`, one a segment, and at last `done` or `error`. Work ends where nobody reads them any more.
fn events(app: App, slot: Slot, asked: Asked) -> Response {
    let (to, from) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        let segments = to.clone();
        let told = app.work.tell_timeline(slot, move |captioner| {
            asked.tell(captioner, &mut |segment| match segments
                .blocking_send(event("segment", &segment))
            {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            })
        });
        let last = match told.await {
            Ok(end) => event("done", &end),
            Err(failure) => Event::default().event("error").data(failure.to_json()),
        };
        let _ = to.send(last).await;
    });
    let next = async |mut from: mpsc::Receiver<Event>| {
        let event = from.recv().await?;
        Some((Ok::<_, Infallible>(event), from))
    };
    let events = stream::unfold(from, next);
    Sse::new(events)
        .keep_alive(KeepAlive::default())
        .into_response()
}

fn event(name: &str, data: &impl Serialize) -> Event {
    let data = serde_json::to_string(data).unwrap_or_default();
    Event::default().event(name).data(data)
}

fn written(told: TimelineAnswer, format: Format) -> Result<Response, Failure> {
    let (format, kind) = match format {
        Format::Json => return Ok(Json(told).into_response()),
        Format::Text => (timeline::Format::Text, "text/plain; charset=utf-8"),
        Format::Jsonl => (timeline::Format::Jsonl, "application/x-ndjson"),
        Format::Csv => (timeline::Format::Csv, "text/csv; charset=utf-8"),
        Format::Srt => (timeline::Format::Srt, "application/x-subrip"),
        Format::Vtt => (timeline::Format::Vtt, "text/vtt; charset=utf-8"),
        Format::Textgrid => (timeline::Format::Textgrid, "text/plain; charset=utf-8"),
        Format::Labels => (timeline::Format::Labels, "text/plain; charset=utf-8"),
    };
    let mut body = Vec::new();
    let mut out = Timelines::new(format, false, &mut body).map_err(Failure::internal)?;
    let TimelineAnswer { segments, end } = &told;
    let name = Path::new(&end.file_name);
    for segment in segments {
        out.write(name, segment).map_err(Failure::internal)?;
    }
    out.end(name, end.duration, end.summary.as_deref())
        .map_err(Failure::internal)?;
    drop(out);
    Ok(([(header::CONTENT_TYPE, kind)], body).into_response())
}
