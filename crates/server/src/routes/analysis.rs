//! `POST /v1/analysis`: a recording, sent once -> its caption, the caption of each strategy, its sounds over time and its timeline,
//! as events.

use axum::extract::{Request, State};
use axum::response::Response;
use wsac::audio::CancelToken;
use wsac::bridge::Strategy;
use wsac::captioner::{CaptionOptions, Captioner};
use wsac::timeline::TimelineOptions;

use super::caption::CaptionAnswer;
use super::events::{self, Events};
use super::spec::{AudioErrors, Form, Recording};
use super::timeline;
use crate::app::App;
use crate::error::ApiError;
use crate::query::{AnalysisQuery, CaptionQuery, Params, most_sounds};
use crate::upload::Upload;

/// Analyse a recording: its caption, sounds and timeline
///
/// The events are `caption`; `strategies`, a list of captions; `sounds`, where the encoder names any; a `segment` for each
/// segment of the timeline; and finally `done` or `error`.
#[utoipa::path(
    post,
    path = "/v1/analysis",
    params(AnalysisQuery),
    request_body(content((Recording = "application/octet-stream"), (Form = "multipart/form-data"))),
    responses(
        (status = 200, description = "Events, as they are found", content((String = "text/event-stream"))),
        (status = 404, description = "There is no such memory", body = crate::error::ErrorBody),
        AudioErrors,
    ),
    security((), ("token" = [])),
)]
pub async fn analysis(
    State(app): State<App>,
    Params(query): Params<AnalysisQuery>,
    request: Request,
) -> Result<Response, ApiError> {
    let choice = |strategy| CaptionQuery {
        strategy,
        memory: query.memory.clone(),
        neighbours: query.neighbours,
        ..CaptionQuery::default()
    };
    let options = choice(None).options(&app)?;
    let strategies = [Strategy::Direct, Strategy::Nearest, Strategy::Projection];
    let strategies = strategies.map(|strategy| choice(Some(strategy)).options(&app));
    let strategies: Vec<CaptionOptions> = strategies.into_iter().collect::<Result<_, _>>()?;
    let sounds = most_sounds(query.most)?;
    let slot = app.scheduler.enter()?;
    let upload = Upload::receive(request, query.name.as_deref(), &app.options).await?;
    let whole = Whole {
        most: app.options.max_seconds,
        sounds,
        strategies,
    };
    Ok(events::answer(
        app,
        slot,
        move |captioner, cancel, events| {
            whole.send(captioner, cancel, &upload, &options, events)?;
            let job = timeline::Job {
                most: whole.most,
                upload,
                cut: TimelineOptions::default(),
                words: options,
                summary: false,
            };
            job.run(captioner, cancel, &mut |segment| {
                events.send("segment", &segment)
            })
        },
    ))
}

/// What is asked about the recording as a whole.
struct Whole {
    /// The most seconds of the recording.
    most: f64,
    /// How many sounds.
    sounds: usize,
    /// How else to caption it.
    strategies: Vec<CaptionOptions>,
}

impl Whole {
    /// Sends the events `caption`, `strategies` and `sounds`. A client that has left ends the timeline after it.
    fn send(
        &self,
        captioner: &Captioner,
        cancel: &CancelToken,
        upload: &Upload,
        options: &CaptionOptions,
        events: &Events,
    ) -> Result<(), ApiError> {
        let wrong = |error| ApiError::of(error, &upload.name);
        let mut stream = upload.open(&options.hearing, captioner.rate(), self.most, cancel)?;
        let analysis = captioner.encode_stream(&mut stream).map_err(wrong)?;
        let caption = |options: &CaptionOptions| {
            let mut caption = captioner.describe(&analysis, options).map_err(wrong)?;
            caption.warnings = upload.warnings(&stream);
            Ok(CaptionAnswer {
                file_name: upload.name.clone(),
                caption,
            })
        };
        let _ = events.send("caption", &caption(options)?);
        let strategies: Result<Vec<_>, ApiError> = self.strategies.iter().map(caption).collect();
        let _ = events.send("strategies", &strategies?);
        let mut stream = upload.open(&options.hearing, captioner.rate(), self.most, cancel)?;
        if let Some(sounds) = captioner
            .activations(&mut stream, self.sounds)
            .map_err(wrong)?
        {
            let _ = events.send("sounds", &sounds);
        }
        Ok(())
    }
}
