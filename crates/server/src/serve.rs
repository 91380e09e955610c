//! Serving: connections with a time limit for their headers, and a shutdown that loses no accepted request.
//!
//! When `shutdown` is done: waiting connections are still accepted, then no more; for a short time requests already on their
//! way are still answered, each with `Connection: close`; then idle connections end, and busy ones after their responses.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use crate::app::App;
use crate::routes::router;

/// The most open connections; further ones wait.
const CONNECTIONS: usize = 1024;

/// How long to wait for a further connection at the end: a waiting one is available at once.
const WAITING: Duration = Duration::from_millis(20);

/// How long to wait for requests that were on their way.
const LAST: Duration = Duration::from_millis(300);

/// Answers requests to `listener` until `shutdown`, and what was accepted by then.
///
/// # Errors
/// If the listener fails.
pub async fn serve(
    listener: TcpListener,
    app: &App,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let graceful = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let service = TowerToHyperService::new(router(app));
    let take = |stream: TcpStream, place: OwnedSemaphorePermit| {
        let _ = stream.set_nodelay(true);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(app.options.idle_timeout)
            .serve_connection(TokioIo::new(stream), service.clone());
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            let _place = place;
            // If a client disconnects, its request is dropped, which cancels its work.
            let _ = connection.await;
        });
    };
    let next = async || -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
        let place = Arc::clone(&room).acquire_owned().await;
        let place = place.map_err(io::Error::other)?;
        loop {
            match listener.accept().await {
                Ok((stream, _)) => return Ok((stream, place)),
                // The client disconnected before, or there are too many open files: the next may succeed.
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    };
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            accepted = next() => {
                let (stream, place) = accepted?;
                take(stream, place);
            }
        }
    }
    app.close();
    // Connections already waiting are accepted as well.
    let end = Instant::now() + LAST;
    while let Ok(accepted) = timeout_at(end.min(Instant::now() + WAITING), next()).await {
        let (stream, place) = accepted?;
        take(stream, place);
    }
    drop(listener);
    tokio::time::sleep_until(end).await;
    graceful.shutdown().await;
    Ok(())
}
