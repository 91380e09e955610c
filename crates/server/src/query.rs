//! Query parameters, with their errors as sentences.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::{IntoParams, ToSchema};
use wsac::audio::{ChannelChoice, Hearing};
use wsac::bridge::Strategy;
use wsac::captioner::CaptionOptions;
use wsac::generate::Search;
use wsac::timeline::TimelineOptions;

use crate::app::App;
use crate::error::ApiError;

/// The widest beam.
const WIDEST: usize = 64;

/// The most captions of the memory that are reported.
const NEAREST: usize = 100;

/// A query string, read as `T`.
pub struct Params<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        match Query::try_from_uri(&parts.uri) {
            Ok(Query(params)) => Ok(Self(params)),
            Err(error) => {
                let said = error.body_text();
                let what = said.strip_prefix("Failed to deserialize query string: ");
                Err(ApiError::request(what.unwrap_or(&said)))
            }
        }
    }
}

/// How a caption is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// A JSON object.
    #[default]
    Json,
    /// The caption alone; of a timeline, start, end and caption a line.
    Text,
    /// A JSON object a line.
    Jsonl,
    /// With a header.
    Csv,
    /// Subtitles, of a timeline.
    Srt,
    /// Subtitles for web pages, of a timeline.
    Vtt,
    /// Praat's tiers, of a timeline.
    Textgrid,
    /// Audacity's labels, of a timeline.
    Labels,
}

/// How a recording is captioned.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct CaptionQuery {
    /// How the gap between audio and text embeddings is bridged; the model's own strategy by default.
    #[param(nullable = false)]
    pub strategy: Option<Strategy>,
    /// The temperature of the projection.
    #[param(nullable = false, exclusive_minimum = 0.0, maximum = 1000.0)]
    pub tau: Option<f32>,
    /// Project on this many nearest captions only.
    #[param(nullable = false, minimum = 1, maximum = 100_000_000)]
    pub top_k: Option<usize>,
    /// The width of the beam search; 1 is greedy.
    #[param(nullable = false, minimum = 1, maximum = 64)]
    pub beam: Option<usize>,
    /// How many of the nearest captions of the memory are reported.
    #[param(nullable = false, maximum = 100)]
    pub neighbours: Option<usize>,
    /// Use this memory, one of `GET /v1/memories`.
    #[param(nullable = false)]
    pub memory: Option<String>,
    /// Caption each segment of the recording, with its times.
    pub timeline: bool,
    /// With `timeline`: a sentence about the whole, too.
    pub summary: bool,
    /// With `timeline`: send segments as they are captioned (`text/event-stream`).
    pub stream: bool,
    /// How the answer is written.
    #[param(inline)]
    pub format: Format,
    /// With `timeline`: no segment is shorter (seconds).
    #[param(nullable = false, exclusive_minimum = 0.0)]
    pub min_length: Option<f64>,
    /// With `timeline`: no segment is longer (seconds); at least twice the shortest.
    #[param(nullable = false, exclusive_minimum = 0.0, maximum = 60.0)]
    pub max_length: Option<f64>,
    /// With `timeline`: longer silence separates two segments (seconds).
    #[param(nullable = false, exclusive_minimum = 0.0)]
    pub max_gap: Option<f64>,
    /// With `timeline`: what is below this level is silence (dB of full scale); by default -55, or a little above the
    /// recording's noise floor.
    #[param(nullable = false, minimum = -120.0, exclusive_maximum = 0.0)]
    pub silence: Option<f32>,
    /// Which channels are heard.
    #[param(inline)]
    pub channels: Channels,
    /// Which track of sound is heard, counted from 1; the file's own choice by default.
    #[param(nullable = false, minimum = 1)]
    pub track: Option<usize>,
    /// The recording's name, where no form has it.
    #[param(nullable = false)]
    pub name: Option<String>,
}

/// Which channels of a recording are heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Channels {
    /// Their mean; where they cancel each other, the loudest alone.
    #[default]
    Mix,
    /// The first.
    Left,
    /// The second.
    Right,
    /// The one with the most energy.
    Loudest,
}

impl From<Channels> for ChannelChoice {
    fn from(channels: Channels) -> Self {
        match channels {
            Channels::Mix => Self::Mix,
            Channels::Left => Self::One(0),
            Channels::Right => Self::One(1),
            Channels::Loudest => Self::Loudest,
        }
    }
}

impl CaptionQuery {
    /// The captioner's options.
    pub fn options(&self, app: &App) -> Result<CaptionOptions, ApiError> {
        let wrong = |e: wsac::Error| ApiError::request(e.to_string());
        let model = app.captioner.model();
        let mut options = CaptionOptions::of(model);
        options.hearing = Hearing {
            channels: self.channels.into(),
            track: self.track,
        };
        options.bridge = Strategy::bridge(self.strategy, self.tau, self.top_k, model.card.bridge)
            .map_err(wrong)?;
        if let Some(width) = self.beam {
            if !(1..=WIDEST).contains(&width) {
                return Err(ApiError::request(format!(
                    "beam must be 1 to {WIDEST}, not {width}"
                )));
            }
            options.search = Search::of_width(width);
        }
        if let Some(count) = self.neighbours {
            if count > NEAREST {
                return Err(ApiError::request(format!(
                    "neighbours must be at most {NEAREST}"
                )));
            }
            options.neighbours = count;
        }
        if let Some(name) = &self.memory {
            let memory = app.memories.get(name).ok_or_else(|| {
                ApiError::not_found(format!(
                    "there is no memory `{name}`; POST /v1/memories makes one"
                ))
            })?;
            options.memory = Some(memory);
        }
        if !self.timeline {
            let others = [self.min_length, self.max_length, self.max_gap];
            if self.summary || self.stream || self.silence.is_some() || others != [None; 3] {
                return Err(ApiError::request(
                    "summary, stream, min_length, max_length, max_gap and silence are for timeline=true",
                ));
            }
            if !matches!(
                self.format,
                Format::Json | Format::Text | Format::Jsonl | Format::Csv
            ) {
                return Err(ApiError::request(
                    "this format is for timelines: add timeline=true",
                ));
            }
        }
        Ok(options)
    }

    /// How the recording is cut.
    pub fn timeline_options(&self) -> Result<TimelineOptions, ApiError> {
        let mut options = TimelineOptions::default();
        options.min_length = self.min_length.unwrap_or(options.min_length);
        options.max_length = self.max_length.unwrap_or(options.max_length);
        options.max_gap = self.max_gap.unwrap_or(options.max_gap);
        options.silence = self.silence;
        options
            .check()
            .map_err(|e| ApiError::request(e.to_string()))?;
        Ok(options)
    }
}

/// A recording's name, where no form has it.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct NameQuery {
    /// The recording's name, where no form has it.
    #[param(nullable = false)]
    pub name: Option<String>,
}

/// No query parameters.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoQuery {}

/// Whether some address has a query parameter `name`.
pub fn is_parameter(name: &str) -> bool {
    let caption = CaptionQuery::into_params(|| None);
    let sounds = SoundsQuery::into_params(|| None);
    caption
        .iter()
        .chain(&sounds)
        .any(|param| param.name == name)
}

/// What is asked about the sounds of a recording.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct SoundsQuery {
    /// How many of the likeliest sounds; 8 by default.
    #[param(nullable = false, minimum = 1, maximum = 1000)]
    pub most: Option<usize>,
    /// The recording's name, where no form has it.
    #[param(nullable = false)]
    pub name: Option<String>,
}

/// How a recording is analysed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct AnalysisQuery {
    /// Use this memory, one of `GET /v1/memories`.
    #[param(nullable = false)]
    pub memory: Option<String>,
    /// How many of the nearest captions of the memory are reported.
    #[param(nullable = false, maximum = 100)]
    pub neighbours: Option<usize>,
    /// How many of the likeliest sounds; 8 by default.
    #[param(nullable = false, minimum = 1, maximum = 1000)]
    pub most: Option<usize>,
    /// The recording's name, where no form has it.
    #[param(nullable = false)]
    pub name: Option<String>,
}

/// How many sounds are reported where `asked` is the query's `most`.
pub fn most_sounds(asked: Option<usize>) -> Result<usize, ApiError> {
    match asked.unwrap_or(8) {
        0 => Err(ApiError::request("most must be at least 1")),
        most => Ok(most),
    }
}
