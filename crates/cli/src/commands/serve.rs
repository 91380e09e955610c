//! `wsac serve`: captions over HTTP, and a page for people.

use crate::exit::ExitCode;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime;
use tokio::sync::oneshot;
use tracing_subscriber::EnvFilter;
use wsac::memory::Memory;
use wsac_server::{App, Options, document, serve};

use super::caption::ModelArgs;
use crate::process::use_threads;

/// Connections that may wait to be accepted; the system may allow fewer.
const WAITING: u32 = 4096;

/// How long to wait at the end for cancelled work whose client has disconnected.
const GRACE: Duration = Duration::from_secs(2);

/// Serve captions over HTTP, and a page to try them on
///
/// The page is at /, the API's description at /openapi.json. Only this machine is answered, until --host says otherwise.
/// SIGTERM and Ctrl-C end it when all that was accepted is answered; a second one ends it at once.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,

    /// The address to listen on; 0.0.0.0 is every interface
    #[arg(long, value_name = "IP", env = "WSAC_HOST", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,

    /// The port to listen on; 0 takes a free one
    #[arg(
        short,
        long,
        value_name = "N",
        env = "WSAC_PORT",
        default_value_t = 8080
    )]
    port: u16,

    /// Ask for this token (`Authorization: Bearer TOKEN`)
    #[arg(long, value_name = "TOKEN", env = "WSAC_TOKEN", hide_env_values = true)]
    token: Option<String>,

    /// Let pages of this origin use the server from a browser, e.g. https://example.org, or `*`
    #[arg(long, value_name = "ORIGIN", env = "WSAC_CORS", value_delimiter = ',')]
    cors: Vec<String>,

    /// A further memory, which requests use with `memory=NAME`; made by `wsac memory build`
    #[arg(
        long,
        value_name = "NAME=FILE",
        env = "WSAC_MEMORIES",
        value_delimiter = ','
    )]
    memories: Vec<String>,

    /// This many requests may be received, processed or waiting; further ones are answered with 429
    #[arg(long, value_name = "N", env = "WSAC_QUEUE", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    queue: u32,

    /// Decode up to N captions together
    #[arg(long, value_name = "N", env = "WSAC_BATCH", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=1024))]
    batch: u32,

    /// Make this many timelines at once; further ones wait
    #[arg(long, value_name = "N", env = "WSAC_TIMELINES", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1024))]
    timelines: u32,

    /// The most megabytes of a request; larger ones are answered with 413
    #[arg(long, value_name = "MB", env = "WSAC_MAX_UPLOAD", default_value_t = 1024, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    max_upload: u64,

    /// The most seconds of a recording; longer ones are answered with 413
    #[arg(long, value_name = "S", env = "WSAC_MAX_SECONDS", default_value_t = 14_400, value_parser = clap::value_parser!(u32).range(1..))]
    max_seconds: u32,

    /// A client may send nothing for this many seconds in the middle of a request
    #[arg(long, value_name = "S", env = "WSAC_PATIENCE", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=3600))]
    patience: u32,

    /// How the log on standard error is written; RUST_LOG chooses what is (e.g. `wsac_server=info`)
    #[arg(long, value_enum, env = "WSAC_LOG_FORMAT", default_value = "text")]
    log_format: LogFormat,

    /// Print the OpenAPI document and exit
    #[arg(long)]
    openapi: bool,

    /// Use this many threads [default: one a core]
    #[arg(long, value_name = "N", env = "WSAC_THREADS")]
    threads: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    /// Lines for people
    Text,
    /// A JSON object a line
    Json,
}

/// Serves until asked to end.
pub fn run(args: Args) -> Result<ExitCode> {
    if args.openapi {
        println!("{}", serde_json::to_string_pretty(&document())?);
        return Ok(ExitCode::SUCCESS);
    }
    args.log();
    use_threads(args.threads)?;
    let options = args.options()?;
    let (captioner, encoder) = args.model.open_with_encoder()?;
    let texts = encoder.text_tower().map_err(wsac::Error::from);
    let app = App::new(captioner, texts, options)?;
    let runtime = runtime::Runtime::new().context("cannot start threads")?;
    let (asked_to_end, signals) = oneshot::channel();
    watch_signals(asked_to_end).context("cannot wait for signals")?;
    runtime.block_on(async {
        let listener = listen(SocketAddr::new(args.host, args.port));
        let listener = listener
            .with_context(|| format!("cannot listen at {}, port {}", args.host, args.port))?;
        eprintln!("wsac: listening at http://{}", listener.local_addr()?);
        serve(listener, &app, async { drop(signals.await) }).await?;
        anyhow::Ok(())
    })?;
    // Nobody waits for the remaining work: it must not keep the process alive.
    runtime.shutdown_timeout(GRACE);
    say("all that was accepted is answered");
    Ok(ExitCode::SUCCESS)
}

/// A listener with a long backlog: with a short one, some of many simultaneous connections are reset.
fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    // On Windows this would let others take the port.
    if cfg!(unix) {
        socket.set_reuseaddr(true)?;
    }
    socket.bind(address)?;
    socket.listen(WAITING)
}

impl Args {
    fn log(&self) {
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
        let log = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr);
        match self.log_format {
            LogFormat::Text => log.init(),
            LogFormat::Json => log.json().init(),
        }
    }

    fn options(&self) -> Result<Options> {
        let mut options = Options::default();
        options.queue = self.queue as usize;
        options.batch = self.batch as usize;
        options.timelines = self.timelines as usize;
        options.max_bytes = self.max_upload << 20;
        options.max_seconds = self.max_seconds.into();
        options.idle_timeout = Duration::from_secs(self.patience.into());
        if self.token.as_deref() == Some("") {
            bail!("the token is empty: give one, or leave --token and WSAC_TOKEN out");
        }
        options.token = self.token.clone();
        // An empty variable counts as unset.
        let given = |values: &[String]| -> Vec<String> {
            let values = values.iter().filter(|value| !value.trim().is_empty());
            values.cloned().collect()
        };
        options.origins = given(&self.cors);
        for named in &given(&self.memories) {
            let (name, path) = named
                .split_once('=')
                .with_context(|| format!("--memories takes NAME=FILE, not {named}"))?;
            let memory = Memory::load(PathBuf::from(path))?;
            options.memories.push((name.to_owned(), memory));
        }
        Ok(options)
    }
}

/// Writes a line to standard error; if it is closed, the shutdown goes on.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "wsac: {line}");
}

/// Notifies `asked_to_end` of the first SIGTERM or Ctrl-C; the second ends the process at once. On a thread of its own, so
/// that the second is handled even while the server's runtime shuts down.
fn watch_signals(asked_to_end: oneshot::Sender<()>) -> io::Result<()> {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut signals = {
        let _context = runtime.enter();
        Signals::new()?
    };
    let watch = async move {
        signals.next().await;
        say("answering what was accepted; once more to end at once");
        let _ = asked_to_end.send(());
        signals.next().await;
        std::process::exit(130);
    };
    thread::spawn(move || runtime.block_on(watch));
    Ok(())
}

/// SIGTERM and Ctrl-C, as they come.
#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Ctrl-C, as it comes.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
