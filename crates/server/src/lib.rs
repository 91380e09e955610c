//! Captions over HTTP: a [`Captioner`](wsac::captioner::Captioner) -> an [`axum::Router`], and a page for people.
//!
//! ```text
//! request -guard-> upload (memory or a file) -work: a slot of the queue-> hearing threads -> telling thread (32 together) -> JSON
//!                                            \-> a timeline: hearing and telling by itself, as JSON, subtitles or events
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
mod failure;
mod guard;
mod memories;
mod observe;
mod options;
mod query;
mod routes;
mod serve;
mod upload;
mod work;

pub use app::App;
pub use options::Options;
pub use routes::{document, router};
pub use serve::serve;
