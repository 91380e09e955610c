//! The routes, one file each, and the OpenAPI document.

mod analysis;
mod caption;
mod embed;
mod events;
mod health;
mod memories;
mod models;
mod page;
mod similarity;
mod sounds;
mod spec;
mod timeline;

use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::IntoResponse;
use axum::{Json, Router, routing};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;
use crate::error::ApiError;
use crate::{auth, telemetry, unread};

/// The head of the document.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "wsac",
        description = "Audio captioning. Errors are JSON objects with `error`, a sentence, and `error_type`."
    ),
    modifiers(&Token)
)]
struct Document;

/// The bearer token that a server may require.
struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", bearer);
    }
}

/// All documented routes: those that require the token if there is one, and those that never do.
fn described() -> (OpenApiRouter<App>, OpenApiRouter<App>) {
    let guarded = OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(analysis::analysis))
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

/// The server's routes.
pub fn router(app: &App) -> Router {
    let document = Json(document());
    let (guarded, open) = described();
    let guarded = Router::from(guarded).layer(from_fn_with_state(app.clone(), auth::require_token));
    let mut router = guarded
        .merge(Router::from(open))
        .route("/openapi.json", routing::get(async || document))
        .merge(page::routes())
        .fallback(async || {
            ApiError::not_found(
                "there is nothing at this address; /openapi.json lists the addresses",
            )
        })
        .method_not_allowed_fallback(async || ApiError::method())
        .layer(CatchPanicLayer::custom(|_| {
            ApiError::internal("a panic").into_response()
        }));
    if let Some(cors) = &app.cors {
        router = router.layer(cors.clone());
    }
    router
        // The module `upload` has limits of its own.
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn(unread::drain))
        .layer(from_fn_with_state(app.clone(), telemetry::record))
        .layer(from_fn(page::protected))
        .with_state(app.clone())
}
