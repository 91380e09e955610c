//! Captions over HTTP: a [`Captioner`](wsac::captioner::Captioner) -> an [`axum::Router`], and a web page.
//!
//! ```text
//! request -auth-> a slot of the queue -> upload (memory or a file) -scheduler-> encoding threads -> decoding thread (32 together) -> JSON
//!                                                                           \-> a timeline on its own thread, as JSON, subtitles or events
//! ```
//!
//! ```no_run
//! use wsac::captioner::Captioner;
//! use wsac_server::{App, Options, serve};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let app = App::new(Captioner::bundled()?, Ok(Box::new(wsac::encoders::encoder::text_tower()?)), Options::default())?;
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//! serve(listener, &app, async { let _ = tokio::signal::ctrl_c().await; }).await?;
//! # Ok(())
//! # }
//! ```

mod app;
mod auth;
mod cors;
mod error;
mod memories;
mod options;
mod query;
mod routes;
mod scheduler;
mod serve;
mod telemetry;
mod unread;
mod upload;

pub use app::App;
pub use options::Options;
pub use routes::{document, router};
pub use serve::serve;
