//! Uploads: the body of a request, raw or a form -> a recording in memory or, if it is large, in a file.
//!
//! Bytes are counted and timed as they come: too many are answered with 413, too slow ones with 408. A recording takes at
//! most [`HELD`] bytes of memory, so that the memory of a full queue is bounded too.

mod limits;

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::{HeaderValue, header};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use tempfile::NamedTempFile;
use wsac::audio::{AudioStream, CancelToken, Hearing, Source};

use crate::error::ApiError;
use crate::options::Options;
use crate::query::is_parameter;
use limits::limited;

/// How much of a recording is held in memory; the rest is in a file.
const HELD: usize = 1 << 18;

/// The most bytes of a text field of a form.
const TEXT: usize = 1 << 16;

/// The most bytes of a JSON document.
const DOCUMENT: u64 = 4 << 20;

/// The name of a recording without one.
const UNNAMED: &str = "recording";

/// A recording, and the texts that came with it.
pub struct Upload {
    /// The name that its client gave it.
    pub name: String,
    /// The fields `text` of a form.
    pub texts: Vec<String>,
    spool: Option<Spool>,
}

/// Bytes that are moved to a file when there are many.
#[derive(Default)]
struct Spool {
    held: Vec<u8>,
    file: Option<NamedTempFile>,
}

impl Upload {
    /// Receives the recording in `request`, which is called `name` unless a form names it.
    pub async fn receive(
        request: Request,
        name: Option<&str>,
        options: &Options,
    ) -> Result<Self, ApiError> {
        let upload = Self::with_texts(request, name, options).await?;
        match upload.texts.is_empty() {
            true => Ok(upload),
            false => Err(unknown_field("text")),
        }
    }

    /// As [`Upload::receive`], of a form that may have fields `text` beside the recording.
    pub async fn with_texts(
        request: Request,
        name: Option<&str>,
        options: &Options,
    ) -> Result<Self, ApiError> {
        check_encoding(&request)?;
        let kind = request.headers().get(header::CONTENT_TYPE);
        let form = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/form-data"));
        let (parts, body) = request.into_parts();
        let (body, cause) = limited(body, options.max_bytes, options.idle_timeout);
        let mut upload = Self {
            name: name.unwrap_or(UNNAMED).to_owned(),
            texts: Vec::new(),
            spool: None,
        };
        let request = Request::from_parts(parts, body);
        let received = if form {
            upload.receive_form(request).await
        } else {
            upload.receive_raw(request.into_body()).await
        };
        match (received, cause.get()) {
            (Ok(()), _) => Ok(upload),
            (Err(_), Some(cause)) => Err(cause.clone()),
            (Err(error), None) => Err(error),
        }
    }

    async fn receive_raw(&mut self, body: Body) -> Result<(), ApiError> {
        let mut spool = Spool::default();
        let mut bytes = body.into_data_stream();
        while let Some(bytes) = bytes.next().await {
            let broken = |_| ApiError::request("the request broke off; send it again");
            spool.push(&bytes.map_err(broken)?)?;
        }
        self.spool = Some(spool);
        Ok(())
    }

    async fn receive_form(&mut self, request: Request) -> Result<(), ApiError> {
        let form = Multipart::from_request(request, &()).await;
        let mut form = form.map_err(|e| unread(&e.body_text()))?;
        while let Some(mut field) = form.next_field().await.map_err(broken_form)? {
            match field.name() {
                Some("file") if self.spool.is_none() => {
                    if let Some(name) = field.file_name().filter(|name| !name.is_empty()) {
                        self.name = name.to_owned();
                    }
                    let mut spool = Spool::default();
                    while let Some(bytes) = field.chunk().await.map_err(broken_form)? {
                        spool.push(&bytes)?;
                    }
                    self.spool = Some(spool);
                }
                Some("file") => {
                    let why = "one recording a request: the form has two fields `file`";
                    return Err(ApiError::request(why));
                }
                Some("text") => self.texts.push(text(field).await?),
                other => return Err(unknown_field(other.unwrap_or(""))),
            }
        }
        Ok(())
    }

    /// The recording, heard in this way, to be decoded at `rate` Hz, of at most `seconds`, until `cancel` is cancelled.
    pub fn open(
        &self,
        hearing: &Hearing,
        rate: u32,
        seconds: f64,
        cancel: &CancelToken,
    ) -> Result<AudioStream, ApiError> {
        let Some(spool) = &self.spool else {
            return Err(ApiError::request(
                "there is no recording: send it as the body, or as the field `file` of a form",
            ));
        };
        let source = match &spool.file {
            Some(file) => Source::Path(file.path().to_path_buf()),
            None => Source::Bytes {
                name: self.name.clone(),
                data: Arc::from(&spool.held[..]),
            },
        };
        let stream = AudioStream::open_with(&source, rate, hearing)
            .map_err(|e| ApiError::of(e.into(), &self.name))?;
        Ok(stream.at_most(seconds).cancelled_by(cancel))
    }

    /// The warnings of `stream`, under the name that the client gave it.
    pub fn warnings(&self, stream: &AudioStream) -> Vec<String> {
        self.named(stream.warnings(), stream.name())
    }

    /// `warnings` about the recording at `path`, under the name that the client gave it.
    pub fn named(&self, warnings: &[String], path: &Path) -> Vec<String> {
        let (path, name) = (path.to_string_lossy(), &self.name);
        let bare = |warning: &String| warning.replacen(&*path, name, 1);
        warnings.iter().map(bare).collect()
    }
}

impl Spool {
    fn push(&mut self, bytes: &Bytes) -> Result<(), ApiError> {
        if self.file.is_none() && self.held.len() + bytes.len() > HELD {
            let mut file = NamedTempFile::new().map_err(ApiError::internal)?;
            file.write_all(&self.held).map_err(ApiError::internal)?;
            self.held = Vec::new();
            self.file = Some(file);
        }
        match &mut self.file {
            // Usually to the system's cache: not worth a thread.
            Some(file) => file.write_all(bytes).map_err(ApiError::internal),
            None => {
                self.held.extend_from_slice(bytes);
                Ok(())
            }
        }
    }
}

/// Refuses encoded bodies: a compressed one would be taken for damaged audio.
fn check_encoding(request: &Request) -> Result<(), ApiError> {
    let encodings = request.headers().get_all(header::CONTENT_ENCODING);
    let plain = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    match encodings.iter().find(|value| !plain(value)) {
        None => Ok(()),
        Some(encoding) => Err(ApiError::media_type(format!(
            "the body is compressed (`Content-Encoding: {}`): send it uncompressed, without this header",
            String::from_utf8_lossy(encoding.as_bytes())
        ))),
    }
}

fn unknown_field(name: &str) -> ApiError {
    ApiError::request(match name {
        "text" => "the form's field `text` is for /v1/similarity alone".to_owned(),
        name if is_parameter(name) => format!(
            "the form's field `{name}` is a query parameter: write it behind the `?` of the address, `?{name}=..`"
        ),
        name => {
            format!("the form has an unknown field `{name}`; the recording is the field `file`")
        }
    })
}

fn broken_form(error: MultipartError) -> ApiError {
    unread(&error.body_text())
}

fn unread(why: &str) -> ApiError {
    ApiError::request(format!("the form cannot be read: {why}"))
}

/// A text field of a form.
async fn text(mut field: Field<'_>) -> Result<String, ApiError> {
    let mut text = Vec::new();
    while let Some(bytes) = field.chunk().await.map_err(broken_form)? {
        text.extend_from_slice(&bytes);
        if text.len() > TEXT {
            return Err(ApiError::too_large("a field `text` is too long"));
        }
    }
    String::from_utf8(text).map_err(|_| ApiError::request("a field `text` is not UTF-8"))
}

/// The JSON document in `request`.
pub async fn document<T: DeserializeOwned>(
    request: Request,
    options: &Options,
) -> Result<T, ApiError> {
    let kind = request.headers().get(header::CONTENT_TYPE);
    if !kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json")) {
        return Err(ApiError::media_type(
            "this address takes JSON: send `Content-Type: application/json`",
        ));
    }
    check_encoding(&request)?;
    let (body, cause) = limited(request.into_body(), DOCUMENT, options.idle_timeout);
    let bytes = to_bytes(body, usize::MAX).await.map_err(|e| {
        let cause = cause.get().cloned();
        cause.unwrap_or_else(|| ApiError::request(e.to_string()))
    })?;
    serde_json::from_slice(&bytes)
        .map_err(|e| ApiError::request(format!("the JSON document cannot be read: {e}")))
}
