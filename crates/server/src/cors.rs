//! CORS: the pages of other origins that may use the server from a browser.

use axum::http::uri::Uri;
use axum::http::{HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// The CORS headers for pages of `origins`; `None` if there are none.
///
/// # Errors
/// If one of them is not an origin.
pub fn cors(origins: &[String]) -> wsac::Result<Option<CorsLayer>> {
    if origins.is_empty() {
        return Ok(None);
    }
    let allowed = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        let values: wsac::Result<Vec<HeaderValue>> = origins.iter().map(|o| origin(o)).collect();
        AllowOrigin::list(values?)
    };
    let layer = CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE]);
    Ok(Some(layer))
}

/// An origin as browsers send it: without a trailing slash, in lower case, without its scheme's default port.
fn origin(text: &str) -> wsac::Result<HeaderValue> {
    let wrong = || {
        wsac::Error::Config(format!(
            "`{text}` is not an origin that pages can have: write scheme, host and port alone, e.g. https://example.org \
             or http://localhost:3000, or `*` for all"
        ))
    };
    if text == "null" {
        return Ok(HeaderValue::from_static("null"));
    }
    let uri: Uri = text.trim().parse().map_err(|_| wrong())?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(wrong());
    };
    let bare = matches!(uri.path(), "" | "/") && uri.query().is_none();
    if !bare || authority.as_str().contains('@') {
        return Err(wrong());
    }
    let (scheme, mut authority) = (scheme.to_lowercase(), authority.as_str().to_lowercase());
    let own = match &*scheme {
        "http" => ":80",
        "https" => ":443",
        _ => ":",
    };
    if let Some(host) = authority.strip_suffix(own) {
        authority = host.to_owned();
    }
    HeaderValue::from_str(&format!("{scheme}://{authority}")).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{cors, origin};

    #[test]
    fn an_origin_with_a_slash_at_its_end_is_the_one_that_browsers_send() {
        for (given, sent) in [
            ("https://example.org", "https://example.org"),
            ("https://example.org/", "https://example.org"),
            ("HTTPS://Example.org:443/", "https://example.org"),
            ("http://localhost:3000/", "http://localhost:3000"),
            ("http://[::1]:80", "http://[::1]"),
            ("tauri://localhost", "tauri://localhost"),
            ("null", "null"),
        ] {
            assert_eq!(origin(given).unwrap(), sent, "{given}");
        }
    }

    #[test]
    fn what_is_no_origin_is_refused_with_a_sentence() {
        for wrong in [
            "",
            "example.org",
            "https://example.org/page",
            "https://a@b.org",
            "https://a.org/?q",
        ] {
            let error = cors(&[wrong.to_owned()]).err().unwrap().to_string();
            assert!(error.contains("https://example.org or"), "{wrong}: {error}");
        }
        assert!(cors(&[]).unwrap().is_none());
    }
}
