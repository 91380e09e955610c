//! `wsac serve`: the server as a process, from its first line to its end.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
#[cfg(unix)]
use std::time::Duration;

use crate::world::{World, repository};

/// A server that is killed with the test.
struct Server {
    child: Child,
    address: String,
    said: BufReader<std::process::ChildStderr>,
}

impl Server {
    fn start(args: &[&str], variables: &[(&str, &str)]) -> Self {
        let binary = assert_cmd::cargo::cargo_bin("wsac");
        let mut child = std::process::Command::new(binary)
            .args(["serve", "--port", "0"])
            .args(args)
            .env_remove("WSAC_MODEL")
            .envs(variables.iter().copied())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary");
        let mut said = BufReader::new(child.stderr.take().expect("its standard error"));
        let mut line = String::new();
        said.read_line(&mut line).expect("a line");
        let address = line.trim().rsplit("http://").next().expect("an address");
        let address = address.to_owned();
        Self {
            child,
            address,
            said,
        }
    }

    fn ask(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("the server listens");
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
        );
        stream.write_all(head.as_bytes()).expect("written");
        stream.write_all(body).expect("written");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_server_captions_and_ends_when_it_is_told_to() {
    let mut server = Server::start(&["--threads", "2"], &[("WSAC_TOKEN", "sesame")]);
    let dog = std::fs::read(repository().join("examples/clips/dog.ogg")).expect("the clip");
    let refused = server.ask("POST", "/v1/caption", "", &dog);
    assert!(refused.starts_with("HTTP/1.1 401"), "{refused}");
    let token = "Authorization: Bearer sesame\r\n";
    let told = server.ask("POST", "/v1/caption?format=text", token, &dog);
    assert!(told.starts_with("HTTP/1.1 200"), "{told}");
    assert!(told.to_lowercase().contains("dog"), "{told}");
    if cfg!(unix) {
        let pid = server.child.id().to_string();
        let kill = std::process::Command::new("kill")
            .args(["-TERM", &pid])
            .status();
        assert!(kill.expect("kill").success());
        assert!(server.child.wait().expect("it ends").success());
        let mut said = String::new();
        server.said.read_to_string(&mut said).expect("text");
        assert!(said.contains("all that was accepted is answered"), "{said}");
        assert!(!said.contains("sesame"), "{said}");
    }
}

/// A request for the timeline of an hour of noise, sent and in work.
#[cfg(unix)]
fn ask_for_a_long_timeline(server: &Server) -> TcpStream {
    let mut state = 1_u32;
    let samples: Vec<u8> = (0..3600 * 16_000)
        .flat_map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 16) as i16 / 8).to_le_bytes()
        })
        .collect();
    let length = samples.len() as u32;
    let mut wave = [&b"RIFF"[..], &(length + 36).to_le_bytes(), b"WAVEfmt "].concat();
    wave.extend([16, 0, 0, 0, 1, 0, 1, 0]);
    wave.extend([16_000_u32, 32_000].map(u32::to_le_bytes).concat());
    wave.extend([2, 0, 16, 0]);
    wave.extend([b"data", &length.to_le_bytes()[..], &samples].concat());
    let mut stream = TcpStream::connect(&server.address).expect("the server listens");
    let head = format!(
        "POST /v1/caption?timeline=true HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n",
        wave.len()
    );
    stream.write_all(head.as_bytes()).expect("written");
    stream.write_all(&wave).expect("written");
    std::thread::sleep(Duration::from_secs(2));
    stream
}

#[cfg(unix)]
fn terminate(server: &Server) {
    let pid = server.child.id().to_string();
    let kill = std::process::Command::new("kill")
        .args(["-TERM", &pid])
        .status();
    assert!(kill.expect("kill").success());
}

/// How the server ends, if it does within a minute.
#[cfg(unix)]
fn end(server: &mut Server) -> std::process::ExitStatus {
    for _ in 0..1200 {
        if let Some(status) = server.child.try_wait().expect("its status") {
            return status;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("it does not end");
}

#[cfg(unix)]
#[test]
fn a_server_lives_on_for_the_work_of_a_client_that_has_gone() {
    let mut server = Server::start(
        &["--threads", "2"],
        &[("WSAC_CORS", ""), ("WSAC_MEMORIES", "")],
    );
    drop(ask_for_a_long_timeline(&server));
    terminate(&server);
    assert!(end(&mut server).success());
}

#[cfg(unix)]
#[test]
fn a_second_signal_is_ignored() {
    let mut server = Server::start(&["--threads", "2"], &[]);
    // It waits for its answer, so that the first signal alone ends nothing.
    let _client = ask_for_a_long_timeline(&server);
    terminate(&server);
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(server.child.try_wait().expect("its status"), None);
    terminate(&server);
    assert_eq!(end(&mut server).code(), Some(130));
}

#[test]
fn memories_are_chosen_by_name() {
    let world = World::new();
    world.write("own.txt", "a hound howls\nrain falls\n");
    world.output(["memory", "build", "own.txt", "-o", "own.safetensors", "-q"]);
    let memory = format!("own={}", world.path("own.safetensors").display());
    let server = Server::start(&["--memories", &memory], &[]);
    let listed = server.ask("GET", "/v1/memories", "", b"");
    assert!(
        listed.contains(r#"{"name":"own","captions":2,"pasted":false}"#),
        "{listed}"
    );
    let dog = std::fs::read(repository().join("examples/clips/dog.ogg")).expect("the clip");
    let told = server.ask("POST", "/v1/caption?memory=own", "", &dog);
    assert!(
        told.contains(r#""neighbours":[{"caption":"a hound howls""#),
        "{told}"
    );
}

#[test]
fn a_server_that_cannot_begin_says_why() {
    let world = World::new();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("its address").port().to_string();
    for (args, why) in [
        (vec!["--port", &port], "cannot listen at 127.0.0.1"),
        (vec!["--token", ""], "the token is empty"),
        (vec!["--cors", "example.org"], "not an origin"),
        (vec!["--memories", "own"], "NAME=FILE"),
        (
            vec!["--memories", "own=gone.safetensors"],
            "gone.safetensors",
        ),
        (vec!["--model", "gone"], "gone"),
    ] {
        let run = world.wsac([vec!["serve"], args].concat()).assert().code(2);
        let said = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
        assert!(said.contains(why), "{why}: {said}");
    }
}

#[test]
fn the_document_is_printed_without_a_server() {
    let said = World::new().output(["serve", "--openapi"]);
    let document: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert!(document["paths"]["/v1/caption"]["post"].is_object());
}
