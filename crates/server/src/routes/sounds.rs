//! `POST /v1/sounds`: a recording -> the scores of the likeliest sounds from moment to moment.

use axum::Json;
use axum::extract::{Request, State};
use wsac::encoders::mini::sound_events::Moments;

use super::{Form, Recording, Refused};
use crate::app::App;
use crate::failure::Failure;
use crate::query::{Asked, SoundsQuery};
use crate::upload::Upload;

const MOST: usize = 8;

/// Tell which sounds are heard when, with their scores
#[utoipa::path(
    post,
    path = "/v1/sounds",
    params(SoundsQuery),
    request_body(content((Recording = "application/octet-stream"), (Form = "multipart/form-data"))),
    responses((status = 200, description = "The likeliest sounds; none where the encoder names no sounds", body = Moments), Refused),
    security((), ("token" = [])),
)]
pub async fn sounds(
    State(app): State<App>,
    Asked(query): Asked<SoundsQuery>,
    request: Request,
) -> Result<Json<Moments>, Failure> {
    let most = query.most.unwrap_or(MOST);
    if most == 0 {
        return Err(Failure::request("most must be at least 1"));
    }
    let upload = Upload::receive(request, query.name.as_deref(), &app.options).await?;
    let slot = app.work.enter()?;
    let seconds = app.options.max_seconds;
    let heard = app.work.hear(slot, move |captioner| {
        let mut stream = upload.open(captioner.rate(), seconds)?;
        let moments = captioner.moments(&mut stream, most);
        moments.map_err(|e| Failure::of(e, &upload.name))
    });
    let nothing = Moments {
        hop: 1.0,
        width: 1.0,
        sounds: Vec::new(),
    };
    Ok(Json(heard.await?.0.unwrap_or(nothing)))
}
