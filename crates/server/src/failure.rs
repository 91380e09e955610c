//! What goes wrong, as it is answered: a status and `{"error": sentence, "error_type": kind}`.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// How long a client is asked to wait where the queue is full, in seconds.
const RETRY: &str = "1";

/// A request that cannot be answered as wished.
#[derive(Debug, Clone)]
pub struct Failure {
    pub status: StatusCode,
    kind: &'static str,
    message: String,
}

/// The answer to a request that failed.
#[derive(Serialize, ToSchema)]
pub struct Trouble {
    /// A sentence: what is wrong, and what to do.
    pub error: String,
    /// One of `request`, `unauthorized`, `not_found`, `method`, `slow`, `too_large`, `audio`, `overloaded`, `internal`.
    pub error_type: &'static str,
}

impl Failure {
    fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            kind,
            message: message.into(),
        }
    }

    /// 400: the request makes no sense.
    pub fn request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "request", message)
    }

    /// 401: the token is missing or wrong.
    pub fn unauthorized() -> Self {
        let message = "this server wants a token: send `Authorization: Bearer TOKEN`";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
    }

    /// 404.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// 405.
    pub fn method() -> Self {
        let message = "this address does not know the method; /openapi.json tells which it knows";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method", message)
    }

    /// 408: the sender was silent for too long.
    pub fn slow() -> Self {
        let message = "the request came too slowly; send it again";
        Self::new(StatusCode::REQUEST_TIMEOUT, "slow", message)
    }

    /// 413: more bytes or seconds than are allowed.
    pub fn too_large(message: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
    }

    /// 415: the body is of a type that is not read here.
    pub fn media_type(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "request", message)
    }

    /// 422: what was sent is no recording that can be heard.
    pub fn audio(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "audio", message)
    }

    /// 429: the queue is full.
    pub fn overloaded() -> Self {
        let message = "the server has all the work that it can hold; try again in a second";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "overloaded", message)
    }

    /// 500: a mistake of ours. What it was stands in the log.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "a request failed");
        let message = "the server made a mistake; its log has the cause";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    }

    /// What the library says of a recording that is called `name`.
    pub fn of(error: wsac::Error, name: &str) -> Self {
        match error {
            wsac::Error::Audio(wsac::audio::Error::Audio { reason, .. }) => {
                Self::audio(format!("{name}: {reason}"))
            }
            wsac::Error::Audio(wsac::audio::Error::TooLong { seconds, .. }) => {
                Self::too_large(format!(
                    "{name}: is longer than {seconds:.0} s, the most that this server listens to"
                ))
            }
            wsac::Error::Config(message) => Self::request(message),
            other => Self::internal(other),
        }
    }

    /// As a line of JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.trouble()).unwrap_or_default()
    }

    fn trouble(&self) -> Trouble {
        Trouble {
            error: self.message.clone(),
            error_type: self.kind,
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.trouble())).into_response();
        let headers = response.headers_mut();
        match self.status {
            StatusCode::TOO_MANY_REQUESTS => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY));
            }
            StatusCode::UNAUTHORIZED => {
                let bearer = HeaderValue::from_static("Bearer");
                headers.insert(header::WWW_AUTHENTICATE, bearer);
            }
            // What follows of this request is not read.
            StatusCode::REQUEST_TIMEOUT | StatusCode::PAYLOAD_TOO_LARGE => {
                headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            _ => {}
        }
        response
    }
}
