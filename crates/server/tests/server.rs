//! The server as its clients see it, over real connections, with the built-in captioner.

#![allow(clippy::unwrap_used)]

mod client;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use client::{Answer, answer, form, request, send};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use wsac::audio::AudioStream;
use wsac::captioner::{CaptionOptions, Captioner};
use wsac::timeline::{Format, TimelineOptions, Timelines};
use wsac_server::{App, Options, document, serve};

/// A server that runs, and how to end it.
struct Server {
    address: String,
    end: oneshot::Sender<()>,
    ended: JoinHandle<std::io::Result<()>>,
}

impl Server {
    async fn start(change: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options::default();
        change(&mut options);
        let texts = wsac::encoders::encoder::text_tower().unwrap();
        let app = App::new(Captioner::bundled().unwrap(), Ok(Box::new(texts)), options).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (end, ending) = oneshot::channel::<()>();
        let ended =
            tokio::spawn(async move { serve(listener, &app, async { drop(ending.await) }).await });
        Self {
            address,
            end,
            ended,
        }
    }

    async fn ask(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
        let answer = send(&self.address, &request(method, path, headers, body)).await;
        answer.unwrap().expect("an answer")
    }

    async fn post(&self, path: &str, body: &[u8]) -> Answer {
        self.ask("POST", path, "", body).await
    }

    async fn json(&self, path: &str, body: Value) -> Answer {
        let headers = "Content-Type: application/json\r\n";
        self.ask("POST", path, headers, body.to_string().as_bytes())
            .await
    }
}

/// `value` as it is written: numbers have the shortest digits that are theirs.
fn written(value: &impl serde::Serialize) -> Value {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

fn clip(name: &str) -> (PathBuf, Vec<u8>) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples/clips")
        .join(name);
    let bytes = std::fs::read(&path).unwrap();
    (path, bytes)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caption_is_the_librarys() {
    let server = Server::start(|_| {}).await;
    let captioner = Captioner::bundled().unwrap();
    let (path, dog) = clip("dog.ogg");
    let want = captioner
        .caption(&path.as_path().into(), &CaptionOptions::default())
        .unwrap();
    let raw = server.post("/v1/caption?name=my%20dog.ogg", &dog).await;
    assert_eq!(
        (raw.status, raw.header("content-type")),
        (200, Some("application/json"))
    );
    let mut all = written(&want);
    all["file_name"] = "my dog.ogg".into();
    assert_eq!(raw.json(), all);
    let (headers, body) = form("my dog.ogg", &dog, &[]);
    assert_eq!(
        server
            .ask("POST", "/v1/caption", &headers, &body)
            .await
            .json(),
        all
    );
    let text = server.post("/v1/caption?format=text", &dog).await.text();
    assert_eq!(text, format!("{}\n", want.text));
    let csv = server
        .post("/v1/caption?format=csv&name=a,b", &dog)
        .await
        .text();
    assert_eq!(
        csv,
        format!("file_name,caption_predicted\n\"a,b\",{}\n", want.text)
    );
    for strategy in ["direct", "nearest", "projection"] {
        let told = server
            .post(
                &format!("/v1/caption?strategy={strategy}&neighbours=0"),
                &dog,
            )
            .await
            .json();
        assert_eq!(
            (&told["strategy"], &told["neighbours"]),
            (&json!(strategy), &json!([]))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timeline_is_the_librarys_whole_or_as_events() {
    let server = Server::start(|_| {}).await;
    let captioner = Captioner::bundled().unwrap();
    let (path, rooster) = clip("rooster.ogg");
    let mut stream = AudioStream::open(&path.as_path().into(), captioner.rate()).unwrap();
    let mut segments = Vec::new();
    let (cut, words) = (TimelineOptions::default(), CaptionOptions::default());
    let told = captioner.timeline(&mut stream, &cut, &words, &mut |segment| {
        segments.push(segment);
        std::ops::ControlFlow::Continue(())
    });
    let (told, want) = (told.unwrap(), written(&segments));
    let whole = server
        .post("/v1/caption?timeline=true&summary=true&name=r", &rooster)
        .await
        .json();
    assert_eq!(whole["segments"], want);
    assert_eq!(whole["duration"], told.duration);
    assert!(whole["summary"].as_str().unwrap().ends_with('.'), "{whole}");
    let mut srt = Vec::new();
    let mut out = Timelines::new(Format::Srt, false, &mut srt).unwrap();
    segments.iter().for_each(|s| out.write(&path, s).unwrap());
    drop(out);
    let answer = server
        .post("/v1/caption?timeline=true&format=srt", &rooster)
        .await;
    assert_eq!(
        (answer.header("content-type"), &answer.body),
        (Some("application/x-subrip"), &srt)
    );

    let events = server
        .post("/v1/caption?timeline=true&stream=true", &rooster)
        .await;
    assert_eq!(events.header("content-type"), Some("text/event-stream"));
    let text = events.text();
    let data = |name: &str| event_data(&text, name);
    assert_eq!(Value::from(data("segment")), want);
    assert_eq!(data("done")[0]["duration"], told.duration);
    // What is wrong with the recording is told as an event too: the answer has begun by then.
    let wrong = server
        .post("/v1/caption?timeline=true&stream=true", b"no samples")
        .await;
    assert!(
        wrong.status == 200
            && wrong
                .text()
                .contains("event: error\ndata: {\"error\":\"recording:")
    );
}

/// The data of the events `name` of a stream.
fn event_data(text: &str, name: &str) -> Vec<Value> {
    let head = format!("event: {name}\ndata: ");
    let after = text.split(&head).skip(1);
    after
        .map(|data| serde_json::from_str(data.lines().next().unwrap()).unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_sent_once_is_analysed_as_by_the_single_addresses() {
    let server = Server::start(|_| {}).await;
    let (_, dog) = clip("dog.ogg");
    let ask = async |address: &str| server.post(address, &dog).await.json();
    let answer = server
        .post("/v1/analysis?name=dog.ogg&neighbours=2&most=3", &dog)
        .await;
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    let text = answer.text();
    let single = ask("/v1/caption?name=dog.ogg&neighbours=2").await;
    assert_eq!(event_data(&text, "caption"), [single]);
    let strategies = &event_data(&text, "strategies")[0];
    for (i, strategy) in ["direct", "nearest", "projection"].iter().enumerate() {
        let address = format!("/v1/caption?name=dog.ogg&neighbours=2&strategy={strategy}");
        assert_eq!(strategies[i], ask(&address).await);
    }
    assert_eq!(
        event_data(&text, "sounds"),
        [ask("/v1/sounds?most=3").await]
    );
    let timeline = ask("/v1/caption?timeline=true&name=dog.ogg&neighbours=2").await;
    assert_eq!(
        Value::from(event_data(&text, "segment")),
        timeline["segments"]
    );
    assert_eq!(
        event_data(&text, "done")[0]["duration"],
        timeline["duration"]
    );

    let wrong = server.post("/v1/analysis?name=x.ogg", b"no samples").await;
    let error = &event_data(&wrong.text(), "error")[0];
    assert!(
        wrong.status == 200 && error["error"].as_str().unwrap().starts_with("x.ogg:"),
        "{error}"
    );
    assert_eq!(
        server.post("/v1/analysis?memory=none", &dog).await.status,
        404
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn points_similarities_sounds_and_memories() {
    let server = Server::start(|_| {}).await;
    let captioner = Captioner::bundled().unwrap();
    let (path, dog) = clip("dog.ogg");
    let analysis = captioner.encode(&path.as_path().into()).unwrap();
    let point = server.post("/v1/embed/audio", &dog).await.json();
    assert_eq!(point["embedding"], written(&analysis.embedding.as_slice()));
    let texts = ["a dog barks", "rain falls"];
    let rows = server
        .json("/v1/embed/text", json!({ "texts": texts }))
        .await
        .json();
    let row = &rows["embeddings"][1].as_array().unwrap();
    let square: f64 = row.iter().map(|x| x.as_f64().unwrap().powi(2)).sum();
    assert!(row.len() == 384 && (square - 1.0).abs() < 1e-5);

    let (headers, body) = form("dog.ogg", &dog, &texts);
    let by_sound = server
        .ask("POST", "/v1/similarity", &headers, &body)
        .await
        .json();
    let similarity = |all: &Value, i: usize| all["similarities"][i]["similarity"].as_f64().unwrap();
    assert!(
        similarity(&by_sound, 0) > 0.7 && similarity(&by_sound, 1) < 0.3,
        "{by_sound}"
    );
    let by_text = server
        .json(
            "/v1/similarity",
            json!({"text": "a puppy barks", "texts": texts}),
        )
        .await
        .json();
    assert!(
        similarity(&by_text, 0) > similarity(&by_text, 1),
        "{by_text}"
    );

    let sounds = server.post("/v1/sounds?most=2", &dog).await.json();
    assert_eq!(
        (&sounds["sounds"][0]["name"], &sounds["hop"]),
        (&json!("Dog"), &json!(0.48))
    );
    assert_eq!(sounds["sounds"].as_array().unwrap().len(), 2);

    let captions = json!({"captions": ["a hound howls", " rain falls "]});
    let memory = server.json("/v1/memories", captions.clone()).await.json();
    assert_eq!(
        (&memory["captions"], &memory["pasted"]),
        (&json!(2), &json!(true))
    );
    // The same captions are the same memory.
    assert_eq!(server.json("/v1/memories", captions).await.json(), memory);
    let listed = server.ask("GET", "/v1/memories", "", b"").await.json();
    assert_eq!(listed, json!([memory]));
    let name = memory["name"].as_str().unwrap();
    let told = server
        .post(&format!("/v1/caption?memory={name}&neighbours=1"), &dog)
        .await
        .json();
    assert_eq!(told["neighbours"][0]["caption"], "a hound howls");
    assert_eq!(
        server.post("/v1/caption?memory=none", &dog).await.status,
        404
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_a_sentence_and_a_status() {
    let server = Server::start(|options| {
        options.max_bytes = 1 << 18;
        options.max_seconds = 3.0;
    })
    .await;
    let (_, dog) = clip("dog.ogg");
    let large = vec![0; 300_000];
    let json = "Content-Type: application/json\r\n";
    let multipart = "Content-Type: multipart/form-data; boundary=b\r\n";
    for (path, headers, body, status, what) in [
        ("/v1/caption", "", &b""[..], 422, "is empty"),
        ("/v1/caption", "", b"plain words", 422, "not a recording"),
        ("/v1/caption", "", &dog, 413, "longer than 3 s"),
        (
            "/v1/caption?timeline=true",
            "",
            &dog,
            413,
            "longer than 3 s",
        ),
        ("/v1/caption", "", &large, 413, "0.250 MB"),
        ("/v1/caption?strategy=none", "", &dog, 400, "strategy"),
        ("/v1/caption?strategy=direct&tau=0.1", "", &dog, 400, "tau"),
        ("/v1/caption?format=srt", "", &dog, 400, "timeline=true"),
        ("/v1/caption?beam=0", "", &dog, 400, "beam"),
        ("/v1/caption?bean=1", "", &dog, 400, "bean"),
        (
            "/v1/caption?timeline=true&min_length=-1",
            "",
            &dog,
            400,
            "above 0",
        ),
        ("/v1/caption", multipart, b"--b--\r\n", 400, "no recording"),
        (
            "/v1/caption",
            multipart,
            b"--b\r\nContent-Disp",
            400,
            "form cannot be read",
        ),
        ("/v1/embed/text", "", b"{}", 415, "application/json"),
        ("/v1/embed/text", json, b"{", 400, "JSON"),
        ("/v1/embed/text", json, b"{\"texts\":[]}", 400, "1 to 1024"),
        (
            "/v1/memories",
            json,
            b"{\"captions\":[\"a\",\" \"]}",
            400,
            "caption 2 is blank",
        ),
        (
            "/v1/caption?timeline=true&max_length=100000",
            "",
            &dog,
            400,
            "at most 60 s",
        ),
        // Parameters that an address does not have were ignored.
        ("/v1/embed/text?format=text", json, b"{}", 400, "format"),
        ("/v1/memories?name=own", json, b"{}", 400, "name"),
        ("/v1/similarity?name=a", json, b"{}", 400, "name"),
        ("/nothing", "", b"", 404, "openapi.json"),
        ("/health", "", b"", 405, "method"),
    ] {
        let answer = server.ask("POST", path, headers, body).await;
        let told = answer.json();
        let error = told["error"].as_str().unwrap();
        assert_eq!(answer.status, status, "{path}: {error}");
        assert!(error.contains(what), "{path}: {error}");
        assert!(told["error_type"].is_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_sender_is_told_so_and_holds_nobody_up() {
    let server = Server::start(|options| options.idle_timeout = Duration::from_secs(1)).await;
    let (_, dog) = clip("dog.ogg");
    let bytes = request("POST", "/v1/caption", "", &dog);
    let mut slow = TcpStream::connect(&server.address).await.unwrap();
    slow.write_all(&bytes[..bytes.len() / 2]).await.unwrap();
    assert_eq!(server.post("/v1/caption", &dog).await.status, 200);
    let told = answer(&mut slow).await.unwrap().unwrap();
    assert_eq!(
        (told.status, &told.json()["error_type"]),
        (408, &json!("slow"))
    );
    // Half a header is not waited for either.
    let mut mute = TcpStream::connect(&server.address).await.unwrap();
    mute.write_all(b"POST /v1/cap").await.unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(5), answer(&mut mute)).await;
    let ended = ended.expect("the server ends the connection");
    assert!(ended.ok().flatten().is_none_or(|told| told.status == 408));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_is_told_and_nothing_is_lost() {
    let server = Arc::new(Server::start(|options| options.queue = 2).await);
    let (_, dog) = clip("dog.ogg");
    let asked: Vec<_> = (0..40)
        .map(|_| {
            let (server, dog) = (Arc::clone(&server), dog.clone());
            tokio::spawn(async move { server.post("/v1/caption?format=text", &dog).await })
        })
        .collect();
    let (mut told, mut refused) = (0, 0);
    for asked in asked {
        let answer = asked.await.unwrap();
        match answer.status {
            200 => told += 1,
            429 => {
                assert_eq!(answer.header("retry-after"), Some("1"));
                refused += 1;
            }
            other => panic!("{other}: {}", answer.text()),
        }
    }
    assert!(
        told >= 2 && refused > 0 && told + refused == 40,
        "{told} {refused}"
    );
    assert_eq!(server.ask("GET", "/ready", "", b"").await.status, 200);
    let metrics = server.ask("GET", "/metrics", "", b"").await.text();
    assert!(
        metrics.contains("wsac_queue 0") && metrics.contains("wsac_batch_size_count"),
        "{metrics}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_loses_nothing_that_was_accepted() {
    let server = Server::start(|_| {}).await;
    let (_, dog) = clip("dog.ogg");
    let mut open = Vec::new();
    for _ in 0..20 {
        let mut stream = TcpStream::connect(&server.address).await.unwrap();
        stream
            .write_all(&request("POST", "/v1/caption", "", &dog))
            .await
            .unwrap();
        open.push(stream);
    }
    server.end.send(()).unwrap();
    for mut stream in open {
        let told = answer(&mut stream).await.unwrap().expect("an answer");
        assert_eq!(told.status, 200);
        assert_eq!(
            answer(&mut stream).await.unwrap().map(|a| a.status),
            None,
            "it ends"
        );
    }
    server.ended.await.unwrap().unwrap();
    assert!(TcpStream::connect(&server.address).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_token_is_sent_away_and_other_pages_are_named() {
    let server = Server::start(|options| {
        options.token = Some("sesame".into());
        options.origins = vec!["https://example.org/".into()];
    })
    .await;
    for (headers, status) in [
        ("", 401),
        ("Authorization: Bearer sesam\r\n", 401),
        ("Authorization: Bearer sesamf\r\n", 401),
        ("Authorization: Bearer sesame\r\n", 200),
    ] {
        for path in ["/v1/models", "/metrics"] {
            assert_eq!(
                server.ask("GET", path, headers, b"").await.status,
                status,
                "{path} {headers}"
            );
        }
    }
    for path in ["/", "/health", "/openapi.json"] {
        assert_eq!(server.ask("GET", path, "", b"").await.status, 200, "{path}");
    }
    let allowed = async |server: &Server, origin: &str| {
        let answer = server
            .ask("GET", "/health", &format!("Origin: {origin}\r\n"), b"")
            .await;
        answer
            .header("access-control-allow-origin")
            .map(str::to_owned)
    };
    assert_eq!(
        allowed(&server, "https://example.org").await.as_deref(),
        Some("https://example.org")
    );
    assert_eq!(allowed(&server, "https://example.com").await, None);
    let shut = Server::start(|_| {}).await;
    assert_eq!(allowed(&shut, "https://example.org").await, None);
}

/// A body that the client has not sent yet: only the head of its request is.
async fn announce(server: &Server, path: &str, headers: &str, length: usize) -> Answer {
    let head =
        format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n{headers}\r\n");
    let mut stream = TcpStream::connect(&server.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let first = tokio::time::timeout(Duration::from_secs(10), answer(&mut stream)).await;
    let first = first.expect("an answer before the body").unwrap();
    first.expect("an answer, not the end of the connection")
}

/// `seconds` of noise as WAV, with so many bytes of another chunk before it.
fn noise(seconds: usize, junk: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let samples = (0..seconds * 16_000).flat_map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 16) as i16 / 8).to_le_bytes()
    });
    let chunk =
        |name: &[u8], data: &[u8]| [name, &(data.len() as u32).to_le_bytes(), data].concat();
    let mut format = [1_u16, 1].map(u16::to_le_bytes).concat();
    format.extend([16_000_u32, 32_000].map(u32::to_le_bytes).concat());
    format.extend([2_u16, 16].map(u16::to_le_bytes).concat());
    let chunks = [
        b"WAVE".to_vec(),
        chunk(b"fmt ", &format),
        chunk(b"JUNK", &vec![0; junk]),
        chunk(b"data", &samples.collect::<Vec<u8>>()),
    ];
    chunk(b"RIFF", &chunks.concat())
}

/// A request for work of many minutes, in work; its client may leave by dropping it.
async fn occupy(server: &Server, path: &str, headers: &str, body: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(&server.address).await.unwrap();
    let bytes = request("POST", path, headers, body);
    stream.write_all(&bytes).await.unwrap();
    let status = server.ask("GET", "/ready", "", b"").await.status;
    assert_eq!(status, 503, "{path}: its only slot is taken");
    stream
}

/// Timelines, streams, captions, embeddings and sounds went on to the end of the recording, for minutes.
#[tokio::test(flavor = "multi_thread")]
async fn work_goes_on_though_its_client_has_gone() {
    let server = Server::start(|options| options.queue = 1).await;
    let long = noise(3600, 0);
    let (form_headers, form) = form("long.wav", &long, &["rain"]);
    for (path, headers, body) in [
        ("/v1/caption?timeline=true", "", &long),
        ("/v1/caption?timeline=true&stream=true", "", &long),
        ("/v1/caption", "", &long),
        ("/v1/embed/audio", "", &long),
        ("/v1/sounds", "", &long),
        ("/v1/analysis", "", &long),
        ("/v1/similarity", &*form_headers, &form),
    ] {
        let client = occupy(&server, path, headers, body).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        drop(client);
        let left = std::time::Instant::now();
        while server.ask("GET", "/ready", "", b"").await.status != 200 {
            assert!(left.elapsed() < Duration::from_secs(60), "{path}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// The whole upload was taken before the answer 429.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_takes_the_whole_upload() {
    let server = Server::start(|options| options.queue = 1).await;
    let _busy = occupy(&server, "/v1/caption?timeline=true", "", &noise(3600, 0)).await;
    let json = "Content-Type: application/json\r\n";
    let form = "Content-Type: multipart/form-data; boundary=b\r\n";
    for (path, headers) in [
        ("/v1/caption", ""),
        ("/v1/caption?timeline=true", form),
        ("/v1/embed/audio", ""),
        ("/v1/sounds", ""),
        ("/v1/similarity", form),
        ("/v1/similarity", json),
        ("/v1/embed/text", json),
        ("/v1/memories", json),
    ] {
        for expect in ["", "Expect: 100-continue\r\n"] {
            let headers = format!("{headers}{expect}");
            let first = announce(&server, path, &headers, 2_000_000).await;
            assert_eq!(first.status, 429, "{path} {headers}: {}", first.head);
            assert_eq!(first.header("connection"), Some("close"), "{path}");
        }
    }
    // One that sends on all the same gets to read the answer.
    let sent = server.post("/v1/caption", &vec![0; 8 << 20]).await;
    assert_eq!(sent.status, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_anyway_is_uploaded_first() {
    let server = Server::start(|options| {
        options.max_bytes = 1 << 20;
        options.token = Some("sesame".into());
    })
    .await;
    let expect = "Expect: 100-continue\r\n";
    let first = announce(&server, "/v1/caption", expect, 1 << 19).await;
    assert_eq!(first.status, 401);
    let expect = "Expect: 100-continue\r\nAuthorization: Bearer sesame\r\n";
    let first = announce(&server, "/v1/caption", expect, 1 << 21).await;
    assert_eq!(first.status, 413);
    let gzip = format!("{expect}Content-Encoding: gzip\r\n");
    let first = announce(&server, "/v1/caption", &gzip, 1 << 19).await;
    assert_eq!(first.status, 415);
    // What may be sent is asked for.
    let first = announce(&server, "/v1/caption", expect, 1 << 19).await;
    assert_eq!(first.status, 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_more_than_2_mib_is_refused() {
    let server = Server::start(|options| options.max_bytes = 3 << 20).await;
    let wave = noise(1, 2_500_000);
    for (path, texts) in [
        ("/v1/caption", &[][..]),
        ("/v1/sounds", &[]),
        ("/v1/embed/audio", &[]),
        ("/v1/similarity", &["rain"]),
    ] {
        let (headers, body) = form("n.wav", &wave, texts);
        let answer = server.ask("POST", path, &headers, &body).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let (headers, body) = form("n.wav", &noise(1, 3 << 20), texts);
        let answer = server.ask("POST", path, &headers, &body).await;
        assert_eq!(answer.status, 413, "{path}: {}", answer.text());
        assert!(answer.text().contains("3.000 MB"), "{}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compressed_body_is_taken_for_a_damaged_recording() {
    let server = Server::start(|_| {}).await;
    let json = "Content-Type: application/json\r\n";
    for (path, headers) in [("/v1/caption", ""), ("/v1/embed/text", json)] {
        let headers = format!("{headers}Content-Encoding: gzip\r\n");
        let answer = server.ask("POST", path, &headers, b"\x1f\x8b\x08").await;
        assert_eq!(answer.status, 415, "{path}");
        assert!(answer.text().contains("send it uncompressed"), "{path}");
    }
    let (_, dog) = clip("dog.ogg");
    let plain = "Content-Encoding: identity\r\n";
    assert_eq!(
        server.ask("POST", "/v1/caption", plain, &dog).await.status,
        200
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_of_a_form_that_are_query_parameters_are_called_unknown() {
    let server = Server::start(|_| {}).await;
    let (_, dog) = clip("dog.ogg");
    for (name, why) in [
        ("format", "`?format=..`"),
        ("timeline", "`?timeline=..`"),
        ("most", "`?most=..`"),
        ("text", "/v1/similarity alone"),
        ("colour", "unknown field `colour`"),
    ] {
        let (headers, body) = form("dog.ogg", &dog, &["true"]);
        let field = format!("name=\"{name}\"");
        let body = String::from_utf8_lossy(&body[..80])
            .replacen("name=\"text\"", &field, 1)
            .into_bytes();
        let (_, whole) = form("dog.ogg", &dog, &["true"]);
        let body = [body, whole[80..].to_vec()].concat();
        let answer = server.ask("POST", "/v1/caption", &headers, &body).await;
        assert_eq!(answer.status, 400, "{name}: {}", answer.text());
        assert!(answer.text().contains(why), "{name}: {}", answer.text());
    }
}

/// Bodies with bytes changed, cut off or made up: each is answered, and then the server works as before.
#[tokio::test(flavor = "multi_thread")]
async fn malformed_uploads_are_answered() {
    let server = Server::start(|options| options.idle_timeout = Duration::from_secs(2)).await;
    let (_, dog) = clip("dog.ogg");
    let mut random = 1_u64;
    let mut draw = |below: usize| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (random >> 33) as usize % below
    };
    for i in 0..120 {
        let (headers, mut body) = if i % 2 == 0 {
            form("a", &dog, &[])
        } else {
            (String::new(), dog.clone())
        };
        for _ in 0..=draw(30) {
            let at = draw(body.len().min(if i % 3 == 0 { 300 } else { usize::MAX }));
            body[at] = draw(256) as u8;
        }
        if i % 5 == 0 {
            body.truncate(draw(body.len()));
        }
        let answer = server.ask("POST", "/v1/caption", &headers, &body).await;
        assert!(
            [200, 400, 413, 422].contains(&answer.status),
            "{i}: {}",
            answer.text()
        );
    }
    assert_eq!(server.post("/v1/caption", &dog).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_tells_all_addresses_and_the_page_loads_from_us_alone() {
    let server = Server::start(|_| {}).await;
    let told = server.ask("GET", "/openapi.json", "", b"").await.json();
    assert_eq!(told, serde_json::to_value(document()).unwrap());
    let paths: Vec<&String> = told["paths"].as_object().unwrap().keys().collect();
    for path in [
        "/v1/caption",
        "/v1/embed/audio",
        "/v1/embed/text",
        "/v1/similarity",
        "/v1/sounds",
        "/v1/memories",
        "/v1/models",
        "/health",
        "/ready",
        "/metrics",
    ] {
        assert!(paths.iter().any(|p| *p == path), "{path}: {paths:?}");
    }
    for path in ["/", "/page.js", "/page.css"] {
        let answer = server.ask("GET", path, "", b"").await;
        assert!(
            answer
                .header("content-security-policy")
                .unwrap()
                .contains("default-src 'none'")
        );
        let text = answer.text().replace("http://www.w3.org/2000/svg", "");
        assert!(
            text.len() > 1000 && !text.contains("http:") && !text.contains("https:"),
            "{path}"
        );
    }
}
