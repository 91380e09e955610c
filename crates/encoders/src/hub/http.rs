//! The hub's three endpoints: a revision's files, a file's size and checksum, a file's bytes from a place on.
//!
//! Requests go to the endpoint with the token; where it sends us elsewhere (large files lie on other servers), the
//! token stays behind. Refusals are reported in sentences.

use std::io::Read;
use std::time::Duration;

use serde::Deserialize;
use ureq::http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, ETAG, LOCATION, RANGE,
};
use ureq::http::{HeaderMap, Method, Request, Response, StatusCode};
use ureq::{Agent, Body, Proxy};

use super::cache::is_checksum;
use super::name::{Name, is_commit};
use super::place::Hub;
use crate::error::{Error, Result};

/// A chain of redirects longer than this leads nowhere.
const REDIRECTS: usize = 8;

/// A list of files longer than this is none of a model's, in bytes.
const LISTING: u64 = 16 << 20;

/// No file of weights has so many bytes.
const HUGE: u64 = 1 << 44;

/// A server that is silent for so long is gone.
const SILENCE: Duration = Duration::from_secs(30);

/// Asks the hub for one model.
pub struct Client<'a> {
    hub: &'a Hub,
    name: &'a Name,
    agent: Agent,
}

/// A revision as the hub has it now.
pub struct Revision {
    /// 40 hex digits.
    pub commit: String,
    /// The paths of its files.
    pub files: Vec<String>,
}

/// A file as the hub has it.
pub struct Remote {
    /// What its content's checksum is; see [`is_checksum`].
    pub etag: String,
    /// In bytes.
    pub size: u64,
}

/// The bytes of a file as they come.
pub struct Bytes {
    /// How many bytes of the file come before these: what was asked for, or 0 where the server gives whole files only.
    pub from: u64,
    /// From there to the end, unless the connection breaks.
    pub reader: Box<dyn Read>,
}

#[derive(Deserialize)]
struct Listing {
    sha: String,
    siblings: Vec<Sibling>,
}

#[derive(Deserialize)]
struct Sibling {
    rfilename: String,
}

impl<'a> Client<'a> {
    /// A client that asks `hub` for `name`.
    pub fn new(hub: &'a Hub, name: &'a Name) -> Result<Self> {
        let proxy = (hub.proxy.as_deref()).map(Proxy::new).transpose();
        let proxy =
            proxy.map_err(|e| Error::hub(name, format!("the proxy cannot be used ({e})")))?;
        let agent = Agent::config_builder()
            .user_agent(concat!("wsac/", env!("CARGO_PKG_VERSION")))
            .proxy(proxy)
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(SILENCE))
            .timeout_recv_response(Some(SILENCE))
            .timeout_per_read(Some(SILENCE))
            .build()
            .new_agent();
        Ok(Self { hub, name, agent })
    }

    /// The model that is asked for.
    pub fn name(&self) -> &Name {
        self.name
    }

    /// Where the revision of the name is now, and its files.
    pub fn revision(&self) -> Result<Revision> {
        let (repository, revision) = (self.name.repository(), escaped(self.name.revision(), false));
        let url = format!(
            "{}/api/models/{repository}/revision/{revision}",
            self.hub.endpoint
        );
        let mut answer = self
            .send(Method::GET, &url, 0)
            .map_err(|e| self.unreachable(&e))?;
        if answer.status() != StatusCode::OK {
            return Err(self.refused(None, &answer));
        }
        let body = answer.body_mut().with_config().limit(LISTING).read_to_vec();
        let body = body.map_err(|e| self.unreachable(&e))?;
        let strange = |what: &str| {
            self.error(format!(
                "{} answers {what}; is it a hub of models?",
                self.hub.endpoint
            ))
        };
        let listing: Listing = serde_json::from_slice(&body)
            .map_err(|e| strange(&format!("no list of files ({e})")))?;
        if !is_commit(&listing.sha) {
            return Err(strange("with no commit"));
        }
        Ok(Revision {
            commit: listing.sha,
            files: listing
                .siblings
                .into_iter()
                .map(|file| file.rfilename)
                .collect(),
        })
    }

    /// The size and checksum of `file` at `commit`.
    pub fn head(&self, commit: &str, file: &str) -> Result<Remote> {
        let url = self.file_url(commit, file);
        let answer = self
            .send(Method::HEAD, &url, 0)
            .map_err(|e| self.unreachable(&e))?;
        if !answer.status().is_success() && !answer.status().is_redirection() {
            return Err(self.refused(Some(file), &answer));
        }
        let headers = answer.headers();
        let etag = text(headers, "x-linked-etag").or_else(|| text(headers, ETAG.as_str()));
        let etag = etag
            .unwrap_or_default()
            .trim_start_matches("W/")
            .trim_matches('"');
        let size =
            text(headers, "x-linked-size").or_else(|| text(headers, CONTENT_LENGTH.as_str()));
        match size.and_then(|size| size.parse().ok()) {
            Some(size) if size < HUGE && is_checksum(etag) => Ok(Remote {
                etag: etag.to_owned(),
                size,
            }),
            _ => Err(self.error(format!(
                "{} tells no size and checksum of {file}, and what cannot be checked is not fetched",
                self.hub.endpoint
            ))),
        }
    }

    /// The bytes of `file` at `commit` from `from` on; an inner error where another try may help, with the reason.
    pub fn bytes(
        &self,
        commit: &str,
        file: &str,
        from: u64,
    ) -> Result<std::result::Result<Bytes, String>> {
        let answer = match self.send(Method::GET, &self.file_url(commit, file), from) {
            Ok(answer) => answer,
            Err(e) => return Ok(Err(e.to_string())),
        };
        let from = match answer.status() {
            StatusCode::OK => 0,
            StatusCode::PARTIAL_CONTENT => {
                let range = text(answer.headers(), CONTENT_RANGE.as_str()).unwrap_or_default();
                if !range.starts_with(&format!("bytes {from}-")) {
                    return Err(self.error(format!(
                        "{file} was asked for from byte {from} on, but came as {range:?}"
                    )));
                }
                from
            }
            status if status.is_server_error() => return Ok(Err(status.to_string())),
            _ => return Err(self.refused(Some(file), &answer)),
        };
        let reader = Box::new(answer.into_body().into_reader());
        Ok(Ok(Bytes { from, reader }))
    }

    fn file_url(&self, commit: &str, file: &str) -> String {
        let (endpoint, repository) = (&self.hub.endpoint, self.name.repository());
        format!(
            "{endpoint}/{repository}/resolve/{commit}/{}",
            escaped(file, true)
        )
    }

    /// Sends a request and goes where it is sent on to. The endpoint's own servers see the token, others do not. A HEAD
    /// ends where the file's checksum is given, or where other servers begin: those lack the hub's checksums.
    fn send(
        &self,
        method: Method,
        url: &str,
        from: u64,
    ) -> std::result::Result<Response<Body>, ureq::Error> {
        let home = origin(&self.hub.endpoint);
        let mut url = url.to_owned();
        for _ in 0..REDIRECTS {
            let mut request = Request::builder()
                .method(method.clone())
                .uri(&url)
                .header(ACCEPT_ENCODING, "identity");
            if from > 0 {
                request = request.header(RANGE, format!("bytes={from}-"));
            }
            if let Some(token) = self.hub.token.as_ref().filter(|_| origin(&url) == home) {
                request = request.header(AUTHORIZATION, format!("Bearer {token}"));
            }
            let answer = self.agent.run(request.body(())?)?;
            let on = text(answer.headers(), LOCATION.as_str())
                .filter(|_| answer.status().is_redirection());
            let Some(on) = on else {
                return Ok(answer);
            };
            let next = match on.strip_prefix('/') {
                Some(path) => format!("{}/{path}", origin(&url)),
                None => on.to_owned(),
            };
            let told = answer.headers().contains_key("x-linked-etag") || origin(&next) != home;
            if method == Method::HEAD && told {
                return Ok(answer);
            }
            url = next;
        }
        Err(ureq::Error::TooManyRedirects)
    }

    fn error(&self, reason: impl Into<String>) -> Error {
        Error::hub(self.name, reason)
    }

    /// There is no answer.
    fn unreachable(&self, e: &ureq::Error) -> Error {
        self.error(format!(
            "{} cannot be reached ({e}); try again, set HF_ENDPOINT to a mirror, or bring the model from another \
             computer",
            self.hub.endpoint
        ))
    }

    /// The answer is no.
    fn refused(&self, file: Option<&str>, answer: &Response<Body>) -> Error {
        let page = format!("{}/{}", self.hub.endpoint, self.name.repository());
        let code = text(answer.headers(), "x-error-code").unwrap_or_default();
        let whose = match self.hub.token {
            Some(_) => "the token (HF_TOKEN) may not read it",
            None => "set HF_TOKEN, if it is private",
        };
        let reason = match (answer.status().as_u16(), code) {
            (401 | 403, code) if code != "RepoNotFound" => format!(
                "the hub refuses it ({}): open {page}, accept the licence there if it asks for that, and set HF_TOKEN \
                 to a token of yours that may read it",
                answer.status()
            ),
            (404, "RevisionNotFound") => {
                format!(
                    "there is no revision {:?} of it; {page} lists them",
                    self.name.revision()
                )
            }
            (404, _) if file.is_some() => {
                format!(
                    "there is no file {} in it; {page} lists them",
                    file.unwrap_or_default()
                )
            }
            (401 | 404, _) => format!(
                "there is no such model or revision, or it is not public; {whose}; see {page}"
            ),
            (429, _) => {
                "the hub has had too many requests from here; wait some minutes and try again"
                    .into()
            }
            _ => format!(
                "{} answers {}; try again later",
                self.hub.endpoint,
                answer.status()
            ),
        };
        self.error(reason)
    }
}

/// A header's value, where it is text.
fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// Scheme, host and port of `url`.
fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url[host..]
        .find(['/', '?', '#'])
        .map_or(url.len(), |at| host + at);
    &url[..end]
}

/// `path` as it may stand in a URL; its slashes stay where they part folders.
fn escaped(path: &str, folders: bool) -> String {
    let mut url = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                url.push(char::from(byte))
            }
            b'/' if folders => url.push('/'),
            _ => url.push_str(&format!("%{byte:02X}")),
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart_and_put_together() {
        assert_eq!(origin("https://a.b:8/c/d"), "https://a.b:8");
        assert_eq!(origin("http://127.0.0.1:80"), "http://127.0.0.1:80");
        assert_eq!(origin("https://a.b?x=/y"), "https://a.b");
        assert_eq!(escaped("refs/pr/1", false), "refs%2Fpr%2F1");
        assert_eq!(escaped("a b/ü.pt", true), "a%20b/%C3%BC.pt");
    }
}
