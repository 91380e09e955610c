//! Guard: who may ask. A bearer token where the server has one; other pages where it names their origin.

use std::hint::black_box;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::app::App;
use crate::failure::Failure;

/// Lets through who has the token.
pub async fn token(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Result<Response, Failure> {
    if let Some(token) = &app.options.token {
        let given = request.headers().get(header::AUTHORIZATION);
        let given = given.and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
        if !given.is_some_and(|given| equal(given, token.as_bytes())) {
            return Err(Failure::unauthorized());
        }
    }
    Ok(next.run(request).await)
}

/// Compares in a time that tells nothing of where they differ.
fn equal(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len()
        && a.iter()
            .zip(b)
            .fold(0, |all, (a, b)| black_box(all | (a ^ b)))
            == 0
}

/// What browsers are told about pages of `origins`.
pub fn cors(origins: &[String]) -> CorsLayer {
    let allowed = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        let values = origins.iter().filter_map(|o| HeaderValue::from_str(o).ok());
        AllowOrigin::list(values)
    };
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
}
