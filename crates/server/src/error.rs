//! Error responses: a status and `{"error": sentence, "error_type": kind}`.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// After how many seconds a client should retry if the queue is full.
const RETRY: &str = "1";

/// An error of a request, with its status.
#[derive(Debug, Clone)]
pub struct ApiError {
    pub status: StatusCode,
    kind: &'static str,
    message: String,
}

/// The body of an answer that is an error.
#[derive(Serialize, ToSchema)]
pub struct ErrorBody {
    /// A sentence: what is wrong and what to do.
    pub error: String,
    /// One of `request`, `unauthorized`, `not_found`, `method`, `slow`, `too_large`, `audio`, `overloaded`, `internal`.
    pub error_type: &'static str,
}

impl ApiError {
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
        let message = "this server requires a token: send `Authorization: Bearer TOKEN`";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
    }

    /// 404.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// 405.
    pub fn method() -> Self {
        let message =
            "this address does not support the method; /openapi.json lists the methods it supports";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method", message)
    }

    /// 408: the client sent nothing for too long.
    pub fn slow() -> Self {
        let message = "the request arrived too slowly; send it again";
        Self::new(StatusCode::REQUEST_TIMEOUT, "slow", message)
    }

    /// 413: more bytes or seconds than are allowed.
    pub fn too_large(message: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
    }

    /// 415: the body is of a type or an encoding that is not supported here.
    pub fn media_type(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "request", message)
    }

    /// 422: the body is not a recording that can be decoded.
    pub fn audio(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "audio", message)
    }

    /// 429: the queue is full.
    pub fn overloaded() -> Self {
        let message = "the server's queue is full; try again in a second";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "overloaded", message)
    }

    /// 500: a bug. The cause is in the log.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "a request failed");
        let message = "internal error; the server's log has the cause";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    }

    /// The library's error about the recording `name`.
    pub fn of(error: wsac::Error, name: &str) -> Self {
        match error {
            wsac::Error::Audio(wsac::audio::Error::Audio { path, reason }) => {
                // Where the upload lies is nobody's business.
                let reason = reason.replace(&*path.to_string_lossy(), name);
                Self::audio(format!("{name}: {reason}"))
            }
            wsac::Error::Audio(wsac::audio::Error::TooLong { seconds, .. }) => Self::too_large(
                format!("{name}: is longer than {seconds:.0} s, the most that this server accepts"),
            ),
            wsac::Error::Config(message) => Self::request(message),
            other => Self::internal(other),
        }
    }

    /// As a line of JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.body()).unwrap_or_default()
    }

    fn body(&self) -> ErrorBody {
        ErrorBody {
            error: self.message.clone(),
            error_type: self.kind,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body())).into_response();
        let headers = response.headers_mut();
        match self.status {
            StatusCode::TOO_MANY_REQUESTS => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY));
            }
            StatusCode::UNAUTHORIZED => {
                let bearer = HeaderValue::from_static("Bearer");
                headers.insert(header::WWW_AUTHENTICATE, bearer);
            }
            _ => {}
        }
        response
    }
}
