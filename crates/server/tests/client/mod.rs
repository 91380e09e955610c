//! A small HTTP client over a bare connection, so that tests see every byte and can break every rule.

#![allow(dead_code, clippy::unwrap_used)]

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    /// The header `name` (lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut found = lines.filter(|(key, _)| key.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value)
    }
}

/// The bytes of a request.
pub fn request(method: &str, path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head =
        format!("{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n{headers}\r\n");
    [head.as_bytes(), body].concat()
}

/// The body of a form with a file and texts, and its header.
pub fn form(name: &str, file: &[u8], texts: &[&str]) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for text in texts {
        body.extend(
            format!("--b\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n{text}\r\n")
                .bytes(),
        );
    }
    let head = format!(
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n"
    );
    body.extend(head.bytes());
    body.extend(file);
    body.extend(b"\r\n--b--\r\n");
    (
        "Content-Type: multipart/form-data; boundary=b\r\n".into(),
        body,
    )
}

/// Reads one answer; `None` where the connection ends before its first byte.
pub async fn answer(stream: &mut TcpStream) -> io::Result<Option<Answer>> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return if bytes.is_empty() {
                Ok(None)
            } else {
                Err(io::ErrorKind::UnexpectedEof.into())
            };
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|s| s.parse().ok())
        .unwrap_or(0);
    let mut answer = Answer {
        status,
        head,
        body: bytes.split_off(end),
    };
    if answer.header("transfer-encoding") == Some("chunked") {
        while !answer.body.ends_with(b"0\r\n\r\n") {
            if stream.read_buf(&mut answer.body).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    } else {
        let length = answer
            .header("content-length")
            .and_then(|l| l.parse().ok())
            .unwrap_or(0);
        while answer.body.len() < length {
            if stream.read_buf(&mut answer.body).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
    Ok(Some(answer))
}

/// Sends `bytes` on a connection of its own and reads the answer.
pub async fn send(address: &str, bytes: &[u8]) -> io::Result<Option<Answer>> {
    let mut stream = TcpStream::connect(address).await?;
    // A server may answer before it has read all, and then take no more.
    let _ = stream.write_all(bytes).await;
    answer(&mut stream).await
}
