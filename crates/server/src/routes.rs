//! The addresses, one file each, and the document that describes them.

mod caption;
mod embed;
mod health;
mod memories;
mod models;
mod page;
mod similarity;
mod sounds;
mod timeline;

use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::IntoResponse;
use axum::{Json, Router, routing};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{IntoResponses, Modify, OpenApi, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;
use crate::failure::{Failure, Trouble};
use crate::{guard, observe};

/// What stands before the addresses.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "wsac",
        description = "Captions for sounds. Errors are JSON objects with `error`, a sentence, and `error_type`."
    ),
    modifiers(&Token)
)]
struct Document;

/// The bearer token, which a server may want.
struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", bearer);
    }
}

/// A recording as it is: WAV, FLAC, MP3, OGG/Vorbis, AAC or ALAC in M4A.
#[derive(serde::Deserialize, ToSchema)]
#[schema(value_type = String, format = Binary)]
struct Recording(#[allow(dead_code)] Vec<u8>);

/// A recording in a form.
#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Form {
    /// The recording, with its name.
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    file: Vec<u8>,
}

/// Why a recording may be refused.
#[derive(IntoResponses)]
#[allow(dead_code)]
enum Refused {
    /// The request makes no sense.
    #[response(status = 400)]
    Request(Trouble),
    /// The token is missing or wrong.
    #[response(status = 401)]
    Unauthorized(Trouble),
    /// The sender was silent for too long.
    #[response(status = 408)]
    Slow(Trouble),
    /// More bytes or seconds than are allowed.
    #[response(status = 413)]
    TooLarge(Trouble),
    /// No recording that can be heard.
    #[response(status = 422)]
    Audio(Trouble),
    /// The queue is full: try again after `Retry-After` seconds.
    #[response(status = 429)]
    Overloaded(Trouble),
    /// A mistake of the server.
    #[response(status = 500)]
    Internal(Trouble),
}

/// Why a document may be refused.
#[derive(IntoResponses)]
#[allow(dead_code)]
enum RefusedDocument {
    /// The document is not as described.
    #[response(status = 400)]
    Request(Trouble),
    /// The token is missing or wrong.
    #[response(status = 401)]
    Unauthorized(Trouble),
    /// The sender was silent for too long.
    #[response(status = 408)]
    Slow(Trouble),
    /// More bytes or texts than are allowed.
    #[response(status = 413)]
    TooLarge(Trouble),
    /// The body is no JSON.
    #[response(status = 415)]
    MediaType(Trouble),
    /// The encoder cannot embed texts.
    #[response(status = 422)]
    Audio(Trouble),
    /// The queue is full: try again after `Retry-After` seconds.
    #[response(status = 429)]
    Overloaded(Trouble),
    /// A mistake of the server.
    #[response(status = 500)]
    Internal(Trouble),
}

/// All addresses that the document describes: those that want the token where there is one, and those that never do.
fn described() -> (OpenApiRouter<App>, OpenApiRouter<App>) {
    let guarded = OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(caption::caption))
        .routes(routes!(sounds::sounds))
        .routes(routes!(embed::audio))
        .routes(routes!(embed::text))
        .routes(routes!(similarity::similarity))
        .routes(routes!(memories::list, memories::paste))
        .routes(routes!(models::models))
        .routes(routes!(health::metrics));
    let open = OpenApiRouter::new()
        .routes(routes!(health::health))
        .routes(routes!(health::ready));
    (guarded, open)
}

/// The OpenAPI document of the server.
pub fn document() -> utoipa::openapi::OpenApi {
    let (guarded, open) = described();
    guarded.merge(open).into_openapi()
}

/// The server's addresses.
pub fn router(app: &App) -> Router {
    let document = Json(document());
    let (guarded, open) = described();
    let guarded = Router::from(guarded).layer(from_fn_with_state(app.clone(), guard::token));
    let mut router = guarded
        .merge(Router::from(open))
        .route("/openapi.json", routing::get(async || document))
        .merge(page::routes())
        .fallback(async || Failure::not_found("there is nothing here; /openapi.json tells what is"))
        .method_not_allowed_fallback(async || Failure::method())
        .layer(CatchPanicLayer::custom(|_| {
            Failure::internal("a panic").into_response()
        }));
    if !app.options.origins.is_empty() {
        router = router.layer(guard::cors(&app.options.origins));
    }
    router
        .layer(from_fn_with_state(app.clone(), observe::request))
        .layer(from_fn(page::protected))
        .with_state(app.clone())
}
