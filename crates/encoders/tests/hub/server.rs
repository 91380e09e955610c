//! A hub on this computer for tests: the revision API, `resolve`, and a second server where the large files lie.
//!
//! It answers as the real one does: small files by way of a redirect on the same server, with Git's checksum as ETag;
//! large ones (`.safetensors`, `.pt`) by a redirect to the other server, with SHA-256 in `X-Linked-Etag`. It can be
//! told to misbehave.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use sha1::Sha1;
use sha2::{Digest, Sha256};

/// The commit of `main` at first.
pub const COMMIT: &str = "00112233445566778899aabbccddeeff00112233";

/// What the hub has, and how it misbehaves.
pub struct Site {
    /// The one model: `owner/name`.
    pub repository: &'static str,
    /// The commit of `main`.
    pub commit: String,
    /// Its files.
    pub files: Vec<(&'static str, Vec<u8>)>,
    /// The token that it asks for.
    pub token: Option<&'static str>,
    /// Large files come whole, whatever part is asked for.
    pub ignores_range: bool,
    /// The connections of the next large files break after so many bytes.
    pub breaks: Vec<usize>,
    /// Large files come with one bit flipped.
    pub lies: bool,
    /// No file has a checksum.
    pub hides_checksums: bool,
    /// All requests so far: server, method, path, and what is special about it.
    pub requests: Vec<String>,
}

/// The site's two servers; they run as long as the process.
pub struct Server {
    /// What HF_ENDPOINT is set to.
    pub url: String,
    site: Arc<Mutex<Site>>,
}

struct Ask {
    method: String,
    path: String,
    from: usize,
    token: Option<String>,
}

impl Server {
    /// Serves a model `someone/clap` with these `files`.
    pub fn start(files: &[(&'static str, &[u8])]) -> Self {
        let site = Arc::new(Mutex::new(Site {
            repository: "someone/clap",
            commit: COMMIT.into(),
            files: files
                .iter()
                .map(|(name, content)| (*name, content.to_vec()))
                .collect(),
            token: None,
            ignores_range: false,
            breaks: Vec::new(),
            lies: false,
            hides_checksums: false,
            requests: Vec::new(),
        }));
        let far = encode(Arc::clone(&site), "far", |site, ask, out| {
            far(site, ask, out)
        });
        let url = encode(Arc::clone(&site), "hub", move |site, ask, out| {
            hub(site, ask, out, &far)
        });
        Self { url, site }
    }

    /// What it has, to be looked at or changed.
    pub fn site(&self) -> MutexGuard<'_, Site> {
        self.site.lock().expect("no server thread panicked")
    }

    /// How many requests there were that begin with `start`.
    pub fn count(&self, start: &str) -> usize {
        self.site()
            .requests
            .iter()
            .filter(|request| request.starts_with(start))
            .count()
    }
}

/// Git's checksum of a file, or SHA-256 of a large one.
pub fn etag(name: &str, content: &[u8]) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    match is_large(name) {
        true => hex(&Sha256::digest(content)),
        false => hex(&Sha1::new()
            .chain_update(format!("blob {}\0", content.len()))
            .chain_update(content)
            .finalize()),
    }
}

fn is_large(name: &str) -> bool {
    name.ends_with(".safetensors") || name.ends_with(".pt")
}

/// Answers each connection's one request in a thread of its own; gives the URL.
fn encode(
    site: Arc<Mutex<Site>>,
    called: &'static str,
    answer: impl Fn(&Mutex<Site>, &Ask, &mut TcpStream) -> std::io::Result<()> + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port of this computer");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (site, answer) = (Arc::clone(&site), Arc::clone(&answer));
            thread::spawn(move || {
                let mut stream = stream;
                // A client that goes away is none of our business.
                if let Some(ask) = read(&mut stream) {
                    let mut line = format!("{called} {} {}", ask.method, ask.path);
                    if ask.from > 0 {
                        line += &format!(" from {}", ask.from);
                    }
                    if ask.token.is_some() {
                        line += " with token";
                    }
                    site.lock()
                        .expect("no server thread panicked")
                        .requests
                        .push(line);
                    let _ = answer(&site, &ask, &mut stream);
                }
            });
        }
    });
    url
}

fn read(stream: &mut TcpStream) -> Option<Ask> {
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .ok()?;
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next()?.ok()?;
    let mut words = first.split(' ').map(str::to_owned);
    let mut ask = Ask {
        method: words.next()?,
        path: words.next()?,
        from: 0,
        token: None,
    };
    for line in lines {
        let line = line.ok()?;
        let Some((name, value)) = line.split_once(": ") else {
            break;
        };
        match name.to_lowercase().as_str() {
            "range" => {
                ask.from = value
                    .strip_prefix("bytes=")?
                    .strip_suffix('-')?
                    .parse()
                    .ok()?
            }
            "authorization" => ask.token = value.strip_prefix("Bearer ").map(str::to_owned),
            _ => {}
        }
    }
    Some(ask)
}

fn head(out: &mut TcpStream, status: &str, headers: &[(&str, &str)]) -> std::io::Result<()> {
    let mut text = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    out.write_all((text + "\r\n").as_bytes())
}

fn refuse(out: &mut TcpStream, status: &str, code: &str) -> std::io::Result<()> {
    head(
        out,
        status,
        &[("X-Error-Code", code), ("Content-Length", "0")],
    )
}

/// The hub itself; large files lie on `far`.
fn hub(site: &Mutex<Site>, ask: &Ask, out: &mut TcpStream, far: &str) -> std::io::Result<()> {
    let site = site.lock().expect("no server thread panicked");
    let api = format!("/api/models/{}/revision/", site.repository);
    let resolve = format!("/{}/resolve/{}/", site.repository, site.commit);
    if site.token.is_some() && ask.token.as_deref() != site.token {
        return refuse(out, "401 Unauthorized", "GatedRepo");
    }
    if let Some(revision) = ask.path.strip_prefix(&api) {
        if revision != "main" && revision != site.commit {
            return refuse(out, "404 Not Found", "RevisionNotFound");
        }
        let siblings: Vec<String> = site
            .files
            .iter()
            .map(|(name, _)| format!("{{\"rfilename\": \"{name}\"}}"))
            .collect();
        let body = format!(
            "{{\"id\": \"{}\", \"sha\": \"{}\", \"siblings\": [{}]}}",
            site.repository,
            site.commit,
            siblings.join(", ")
        );
        head(
            out,
            "200 OK",
            &[("Content-Length", &body.len().to_string())],
        )?;
        return out.write_all(body.as_bytes());
    }
    let (name, redirected) = match ask.path.strip_prefix("/cache/") {
        Some(name) => (name, true),
        None => (ask.path.strip_prefix(&resolve).unwrap_or_default(), false),
    };
    let Some((_, content)) = site.files.iter().find(|(file, _)| *file == name) else {
        let code = match ask.path.contains(site.repository) {
            true => "EntryNotFound",
            false => "RepoNotFound",
        };
        return refuse(out, "404 Not Found", code);
    };
    let (etag, size) = (etag(name, content), content.len().to_string());
    if is_large(name) {
        let quoted = format!("\"{etag}\"");
        let location = format!("{far}/{name}");
        let mut headers = vec![
            ("Location", &*location),
            ("Content-Length", "0"),
            ("ETag", "\"of the redirect\""),
        ];
        if !site.hides_checksums {
            headers.extend([("X-Linked-Etag", &*quoted), ("X-Linked-Size", &*size)]);
        }
        return head(out, "302 Found", &headers);
    }
    if !redirected {
        let location = format!("/cache/{name}");
        return head(
            out,
            "307 Temporary Redirect",
            &[("Location", &location), ("Content-Length", "0")],
        );
    }
    let etag = match site.hides_checksums {
        true => "W/\"of the mirror\"".to_owned(),
        false => format!("W/\"{etag}\""),
    };
    head(out, "200 OK", &[("ETag", &etag), ("Content-Length", &size)])?;
    match ask.method.as_str() {
        "HEAD" => Ok(()),
        _ => out.write_all(content),
    }
}

/// Where large files lie. It knows nothing of the hub's checksums.
fn far(site: &Mutex<Site>, ask: &Ask, out: &mut TcpStream) -> std::io::Result<()> {
    let mut site = site.lock().expect("no server thread panicked");
    let name = ask.path.trim_start_matches('/');
    let found = site.files.iter().find(|(file, _)| *file == name);
    let mut content = found
        .map(|(_, content)| content.clone())
        .unwrap_or_default();
    if site.lies {
        content[0] ^= 1;
    }
    let breaks = (!site.breaks.is_empty()).then(|| site.breaks.remove(0));
    let from = if site.ignores_range { 0 } else { ask.from };
    drop(site);
    let (whole, rest) = (content.len(), &content[from..]);
    let size = rest.len().to_string();
    if from > 0 {
        let range = format!("bytes {from}-{}/{whole}", whole - 1);
        head(
            out,
            "206 Partial Content",
            &[("Content-Range", &range), ("Content-Length", &size)],
        )?;
    } else {
        head(
            out,
            "200 OK",
            &[("ETag", "\"far\""), ("Content-Length", &size)],
        )?;
    }
    // In pieces, so that two pulls at once have time to meet.
    for piece in rest[..breaks.unwrap_or(whole).min(rest.len())].chunks(1 << 14) {
        out.write_all(piece)?;
        thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}
