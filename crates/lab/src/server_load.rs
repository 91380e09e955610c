//! Load on a server over loopback: one by one, 8 and 64 clients, ten times too many, SIGTERM in the middle, malformed
//! uploads.
//!
//! It starts `wsac serve` itself, so that its memory can be read (Linux) and its end be watched. One line a measurement.

#![allow(clippy::unwrap_used)]

#[path = "../../server/tests/client/mod.rs"]
mod client;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use client::{answer, form, request, send};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::process::kilobytes;

/// Measure a server under load over loopback
#[derive(clap::Args)]
pub struct Args {
    /// The binary `wsac`
    binary: PathBuf,
    /// The recording that clients upload
    clip: PathBuf,
    #[arg(default_value_t = 60.0)]
    seconds: f64,
    /// All parts, where none is named
    #[arg(value_parser = ["clients", "overload", "end", "malformed"])]
    parts: Vec<String>,
}

/// A server in a process of its own.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    async fn start(binary: &Path, flags: &[&str]) -> anyhow::Result<Self> {
        let mut child = Command::new(binary)
            .args(["serve", "--port", "0"])
            .args(flags)
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut lines = BufReader::new(child.stderr.take().context("no standard error")?).lines();
        let said = lines.next_line().await?.unwrap_or_default();
        let address = said.rsplit("http://").next().unwrap_or_default().to_owned();
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                eprintln!("  {line}");
            }
        });
        Ok(Self { child, address })
    }

    /// Megabytes in memory: now and at most.
    fn memory(&self) -> (u64, u64) {
        let process = self.child.id().unwrap_or(0).to_string();
        let of = |key: &str| kilobytes(&process, key) / 1024;
        (of("VmRSS:"), of("VmHWM:"))
    }

    async fn mean_batch(&self) -> f64 {
        let metrics = send(&self.address, &request("GET", "/metrics", "", b"")).await;
        let text = metrics.ok().flatten().map(|a| a.text()).unwrap_or_default();
        let of = |key: &str| -> f64 {
            let line = text.lines().find(|line| line.starts_with(key));
            line.and_then(|line| line.split(' ').nth(1)?.parse().ok())
                .unwrap_or(f64::NAN)
        };
        of("wsac_batch_size_sum") / of("wsac_batch_size_count")
    }
}

/// What clients saw.
#[derive(Default)]
struct Seen {
    /// Seconds of each answer 200.
    seconds: Vec<f64>,
    statuses: BTreeMap<u16, usize>,
    /// Requests that were sent whole and not answered.
    unanswered: usize,
    /// Connections that were refused.
    refused: usize,
}

impl Seen {
    fn add(&mut self, other: Self) {
        self.seconds.extend(other.seconds);
        for (status, count) in other.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
        self.unanswered += other.unanswered;
        self.refused += other.refused;
    }

    fn quantile(&mut self, q: f64) -> f64 {
        self.seconds.sort_by(f64::total_cmp);
        let at = (q * self.seconds.len() as f64) as usize;
        self.seconds
            .get(at.min(self.seconds.len().saturating_sub(1)))
            .copied()
            .unwrap_or(f64::NAN)
    }
}

/// One client after the other request, on one connection as long as it lasts, until `end`.
async fn client(address: String, bytes: Arc<Vec<u8>>, end: Arc<AtomicBool>) -> Seen {
    let mut seen = Seen::default();
    let mut open: Option<TcpStream> = None;
    while !end.load(Ordering::Relaxed) {
        let mut stream = match open.take() {
            Some(stream) => stream,
            None => match TcpStream::connect(&address).await {
                Ok(stream) => stream,
                Err(_) => {
                    seen.refused += 1;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                }
            },
        };
        let start = Instant::now();
        if stream.write_all(&bytes).await.is_err() {
            // Not sent whole: the server had ended the connection, and has not accepted it.
            continue;
        }
        match answer(&mut stream).await {
            Ok(Some(answer)) => {
                *seen.statuses.entry(answer.status).or_default() += 1;
                if answer.status == 200 {
                    seen.seconds.push(start.elapsed().as_secs_f64());
                } else {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                open = (answer.header("connection") != Some("close")).then_some(stream);
            }
            lost => {
                let why = lost.err().map_or("closed".to_owned(), |e| e.to_string());
                eprintln!(
                    "  unanswered after {:.2} s: {why}",
                    start.elapsed().as_secs_f64()
                );
                seen.unanswered += 1;
            }
        }
    }
    seen
}

/// `clients` at once for `seconds`; halfway, `halfway` happens.
async fn load(
    server: &Server,
    bytes: &Arc<Vec<u8>>,
    clients: usize,
    seconds: f64,
    halfway: impl AsyncFnOnce(),
) -> Seen {
    let end = Arc::new(AtomicBool::new(false));
    let all: Vec<_> = (0..clients)
        .map(|_| {
            tokio::spawn(client(
                server.address.clone(),
                Arc::clone(bytes),
                Arc::clone(&end),
            ))
        })
        .collect();
    tokio::time::sleep(Duration::from_secs_f64(seconds / 2.0)).await;
    halfway().await;
    tokio::time::sleep(Duration::from_secs_f64(seconds / 2.0)).await;
    end.store(true, Ordering::Relaxed);
    let mut seen = Seen::default();
    for client in all {
        seen.add(client.await.unwrap_or_default());
    }
    seen
}

fn report(what: &str, mut seen: Seen, seconds: f64, more: &str) {
    let (p50, p99) = (seen.quantile(0.5), seen.quantile(0.99));
    let rate = seen.seconds.len() as f64 / seconds;
    let Seen {
        statuses,
        unanswered,
        refused,
        ..
    } = seen;
    println!(
        "{what}: {rate:.1} clips/s, p50 {p50:.3} s, p99 {p99:.3} s, statuses {statuses:?}, unanswered {unanswered}, refused {refused}{more}"
    );
}

#[tokio::main]
pub async fn run(args: &Args) -> anyhow::Result<()> {
    let (binary, seconds) = (args.binary.as_path(), args.seconds);
    let wanted = |part: &str| args.parts.is_empty() || args.parts.iter().any(|p| p == part);
    let sound = std::fs::read(&args.clip)?;
    let bytes = Arc::new(request("POST", "/v1/caption", "", &sound));

    if wanted("clients") {
        for (clients, flags) in [
            (1, &[][..]),
            (8, &[]),
            (64, &[]),
            (8, &["--batch", "1"]),
            (64, &["--batch", "1"]),
        ] {
            let server = Server::start(binary, flags).await?;
            let seen = load(&server, &bytes, clients, seconds, async || {}).await;
            let (now, most) = server.memory();
            let batch = server.mean_batch().await;
            report(
                &format!("{clients} clients {}", flags.join(" ")),
                seen,
                seconds,
                &format!(", mean batch {batch:.1}, memory {now} MB (at most {most})"),
            );
        }
    }
    if wanted("overload") {
        let server = Server::start(binary, &[]).await?;
        let early = load(&server, &bytes, 640, seconds / 2.0, async || {}).await;
        let (before, _) = server.memory();
        report(
            "640 clients, first half",
            early,
            seconds / 2.0,
            &format!(", memory {before} MB"),
        );
        let late = load(&server, &bytes, 640, seconds / 2.0, async || {}).await;
        let (after, most) = server.memory();
        report(
            "640 clients, second half",
            late,
            seconds / 2.0,
            &format!(", memory {after} MB (at most {most})"),
        );
    }
    if wanted("end") {
        for round in 0..3 {
            let server = Server::start(binary, &[]).await?;
            let pid = server.child.id().unwrap_or(0).to_string();
            let seen = load(&server, &bytes, 64, 8.0, async || {
                let _ = Command::new("kill").args(["-TERM", &pid]).status().await;
            });
            report(
                &format!("SIGTERM under 64 clients, round {round}"),
                seen.await,
                4.0,
                "",
            );
        }
    }
    if wanted("malformed") {
        malformed(binary, &sound).await?;
    }
    Ok(())
}

/// 1,000 uploads that are wrong: changed bytes, cut bodies, wrong types, headers that are none, senders that stop.
async fn malformed(binary: &Path, sound: &[u8]) -> anyhow::Result<()> {
    let server = Server::start(binary, &["--patience", "2", "--max-upload", "1"]).await?;
    let good = request("POST", "/v1/caption", "", sound);
    send(&server.address, &good).await?;
    let (before, _) = server.memory();
    let mut random = 7_u64;
    let mut draw = move |below: usize| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (random >> 33) as usize % below
    };
    let mut statuses: BTreeMap<(&str, String), usize> = BTreeMap::new();
    let mut slow = Vec::new();
    for i in 0..1000 {
        let (headers, body) = form("a.wav", sound, &[]);
        let (kind, mut bytes, stops) = match i % 8 {
            0 => ("raw, bytes changed", good.clone(), false),
            1 => (
                "form, bytes changed",
                request("POST", "/v1/caption", &headers, &body),
                false,
            ),
            2 => ("cut off", good[..good.len() / 2].to_vec(), true),
            3 => (
                "wrong type",
                request("POST", "/v1/caption", "", br#"{"audio": "none"}"#),
                false,
            ),
            4 => ("no http", (0..400).map(|_| draw(256) as u8).collect(), true),
            5 => ("head changed", good.clone(), true),
            6 => (
                "too large",
                request("POST", "/v1/caption", "", &vec![0; 2 << 20]),
                false,
            ),
            _ => (
                "wrong json",
                request(
                    "POST",
                    "/v1/embed/text",
                    "Content-Type: application/json\r\n",
                    br#"{"texts": [1, nul"#,
                ),
                false,
            ),
        };
        let head = bytes
            .windows(4)
            .position(|w| w == b"\r\n\r\n")
            .map_or(0, |at| at + 4);
        for _ in 0..=draw(20) {
            match kind {
                "raw, bytes changed" | "form, bytes changed" => {
                    let at = head + draw((bytes.len() - head).min(600));
                    bytes[at] = draw(256) as u8;
                }
                "head changed" => bytes[draw(head)] = draw(256) as u8,
                _ => {}
            }
        }
        let address = server.address.clone();
        let asked = async move {
            let mut stream = TcpStream::connect(&address).await?;
            let _ = stream.write_all(&bytes).await;
            let answer = tokio::time::timeout(Duration::from_secs(20), answer(&mut stream)).await;
            let status = match answer {
                Ok(Ok(Some(answer))) => answer.status.to_string(),
                Ok(_) => "closed".to_owned(),
                Err(_) => "NO ANSWER".to_owned(),
            };
            Ok::<_, std::io::Error>((kind, status))
        };
        if stops {
            slow.push(tokio::spawn(asked));
        } else {
            *statuses.entry(asked.await?).or_default() += 1;
        }
    }
    for slow in slow {
        *statuses.entry(slow.await??).or_default() += 1;
    }
    for ((kind, status), count) in statuses {
        println!("malformed, {kind}: {status} x {count}");
    }
    let after = send(&server.address, &good)
        .await?
        .map(|answer| answer.status);
    println!(
        "then a good one: {after:?}; memory {before} MB before, {} MB after",
        server.memory().0
    );
    Ok(())
}
