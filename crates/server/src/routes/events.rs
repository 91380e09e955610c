//! Work that answers bit by bit -> server-sent events (`text/event-stream`): what it sends, and finally `done` or `error`.

use std::convert::Infallible;
use std::ops::ControlFlow;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Serialize;
use tokio::sync::mpsc;
use wsac::audio::CancelToken;
use wsac::captioner::Captioner;

use crate::app::App;
use crate::error::ApiError;
use crate::scheduler::Slot;

/// The most events queued for a slow client.
const WAITING: usize = 64;

/// Where work sends its events.
pub struct Events(mpsc::Sender<Event>);

impl Events {
    /// Sends one, waiting for a slow client; `Break` once the client has left.
    pub fn send(&self, name: &str, data: &impl Serialize) -> ControlFlow<()> {
        match self.0.blocking_send(event(name, data)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }
}

/// Runs `work` as a timeline, and responds with its events; what it returns is the event `done`. It is cancelled if the
/// client disconnects.
pub fn answer<T: Serialize + Send + 'static>(
    app: App,
    slot: Slot,
    work: impl FnOnce(&Captioner, &CancelToken, &Events) -> Result<T, ApiError> + Send + 'static,
) -> Response {
    let (to, from) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        let events = Events(to.clone());
        let done = app.scheduler.timeline(slot, move |captioner, cancel| {
            work(captioner, cancel, &events)
        });
        let done = tokio::select! {
            done = done => done,
            () = to.closed() => return,
        };
        let last = match done {
            Ok((done, _)) => event("done", &done),
            Err(error) => Event::default().event("error").data(error.to_json()),
        };
        let _ = to.send(last).await;
    });
    let next = async |mut from: mpsc::Receiver<Event>| {
        let event = from.recv().await?;
        Some((Ok::<_, Infallible>(event), from))
    };
    let events = stream::unfold(from, next);
    Sse::new(events)
        .keep_alive(KeepAlive::default())
        .into_response()
}

fn event(name: &str, data: &impl Serialize) -> Event {
    let data = serde_json::to_string(data).unwrap_or_default();
    Event::default().event(name).data(data)
}
