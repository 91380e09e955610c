//! Shared by several routes in the OpenAPI document: bodies that hold a recording, and errors.

use utoipa::{IntoResponses, ToSchema};

use crate::error::ErrorBody;

/// A recording as it is: WAV, FLAC, MP3, OGG/Vorbis, AAC or ALAC in M4A.
#[derive(serde::Deserialize, ToSchema)]
#[schema(value_type = String, format = Binary)]
pub(super) struct Recording(#[allow(dead_code)] Vec<u8>);

/// A recording in a form.
#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
pub(super) struct Form {
    /// The recording, with its name.
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    file: Vec<u8>,
}

/// The errors of addresses that take a recording.
#[derive(IntoResponses)]
#[allow(dead_code)]
pub(super) enum AudioErrors {
    /// The request is wrong; the error says where.
    #[response(status = 400)]
    Request(ErrorBody),
    /// The token is missing or wrong.
    #[response(status = 401)]
    Unauthorized(ErrorBody),
    /// The client sent nothing for too long.
    #[response(status = 408)]
    Slow(ErrorBody),
    /// More bytes or seconds than are allowed.
    #[response(status = 413)]
    TooLarge(ErrorBody),
    /// The body is compressed.
    #[response(status = 415)]
    MediaType(ErrorBody),
    /// The body is not a recording that can be decoded.
    #[response(status = 422)]
    Audio(ErrorBody),
    /// The queue is full: try again after `Retry-After` seconds.
    #[response(status = 429)]
    Overloaded(ErrorBody),
    /// A bug in the server.
    #[response(status = 500)]
    Internal(ErrorBody),
}

/// The errors of addresses that take a document.
#[derive(IntoResponses)]
#[allow(dead_code)]
pub(super) enum DocumentErrors {
    /// The document is not as described.
    #[response(status = 400)]
    Request(ErrorBody),
    /// The token is missing or wrong.
    #[response(status = 401)]
    Unauthorized(ErrorBody),
    /// The client sent nothing for too long.
    #[response(status = 408)]
    Slow(ErrorBody),
    /// More bytes or texts than are allowed.
    #[response(status = 413)]
    TooLarge(ErrorBody),
    /// The body is not JSON, or compressed.
    #[response(status = 415)]
    MediaType(ErrorBody),
    /// The encoder cannot embed texts.
    #[response(status = 422)]
    Audio(ErrorBody),
    /// The queue is full: try again after `Retry-After` seconds.
    #[response(status = 429)]
    Overloaded(ErrorBody),
    /// A bug in the server.
    #[response(status = 500)]
    Internal(ErrorBody),
}
