//! Models by name, against a hub on this computer: what the cache looks like, and all that can go wrong on the way.

#![allow(clippy::unwrap_used)]

mod server;

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use server::{COMMIT, Server, etag};
use tempfile::TempDir;
use wsac_encoders::hub::{Hub, Name, Progress};

const CONFIG: &[u8] = br#"{"model_type": "clap"}"#;

/// A model's weights: enough to break off in the middle.
fn weights() -> Vec<u8> {
    (0..300_000u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect()
}

/// A hub with one model, and a cache with nothing.
struct World {
    server: Server,
    hub: Hub,
    _folder: TempDir,
}

impl World {
    fn new() -> Self {
        let server = Server::start(&[
            ("README.md", b"words"),
            ("config.json", CONFIG),
            ("sub/extra.pt", b"extra"),
            ("model.safetensors", &weights()),
            ("pytorch_model.bin", b"the same again"),
            ("vocab.txt", b"[PAD]\n"),
        ]);
        let folder = tempfile::tempdir().unwrap();
        let hub = Hub {
            cache: folder.path().join("hub"),
            endpoint: server.url.clone(),
            token: None,
            offline: false,
            proxy: None,
        };
        Self {
            server,
            hub,
            _folder: folder,
        }
    }

    fn pull(&self, name: &str) -> wsac_encoders::Result<PathBuf> {
        self.hub.pull(&name.parse()?, &mut |_| {})
    }

    fn refusal(&self, name: &str) -> String {
        self.pull(name).unwrap_err().to_string()
    }

    fn find(&self, name: &str) -> Option<PathBuf> {
        self.hub.find(&name.parse().unwrap())
    }

    fn model(&self) -> PathBuf {
        self.hub.cache.join("models--someone--clap")
    }

    fn blob(&self, name: &str, content: &[u8]) -> PathBuf {
        self.model().join("blobs").join(etag(name, content))
    }

    fn part(&self) -> PathBuf {
        self.blob("model.safetensors", &weights())
            .with_extension("incomplete")
    }
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

#[test]
fn a_pull_leaves_what_python_would() {
    let mut world = World::new();
    world.hub.token = Some("hf_secret".into());
    world.server.site().token = Some("hf_secret");
    let mut seen = Vec::new();
    let folder = world.hub.pull(&name("someone/clap"), &mut |progress| {
        if let Progress::Fetching { file, done, total } = progress {
            assert!(done <= total);
            seen.push((file.to_owned(), done, total));
        }
    });
    let folder = folder.unwrap();
    let total = (weights().len() + CONFIG.len() + 6) as u64;
    assert_eq!(
        seen.last(),
        Some(&("model.safetensors".to_owned(), total, total))
    );

    assert_eq!(folder, world.model().join("snapshots").join(COMMIT));
    assert_eq!(
        fs::read_to_string(world.model().join("refs/main")).unwrap(),
        COMMIT
    );
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    files.sort();
    assert_eq!(files, ["config.json", "model.safetensors", "vocab.txt"]);
    for (file, content) in [("config.json", CONFIG), ("model.safetensors", &weights())] {
        assert_eq!(fs::read(folder.join(file)).unwrap(), content);
        assert_eq!(fs::read(world.blob(file, content)).unwrap(), content);
        #[cfg(unix)]
        assert_eq!(
            fs::read_link(folder.join(file)).unwrap(),
            Path::new("../../blobs").join(etag(file, content))
        );
    }
    assert!(!world.part().exists());
    assert_eq!(world.find("someone/clap"), Some(folder.clone()));
    assert_eq!(
        world.find(&format!("someone/clap@{COMMIT}")),
        Some(folder.clone())
    );
    assert_eq!(world.find("someone/clap@other"), None);

    // The other server never learns the token, and what is there is not fetched again.
    assert_eq!(world.server.count("far GET /model.safetensors"), 1);
    assert!(
        world
            .server
            .site()
            .requests
            .iter()
            .all(|r| r.starts_with("far") != r.ends_with("with token"))
    );
    assert_eq!(world.pull("someone/clap").unwrap(), folder);
    assert_eq!(world.server.count("far"), 1);
}

#[test]
fn a_file_can_be_named() {
    let world = World::new();
    let file = world.pull("someone/clap/sub/extra.pt").unwrap();
    assert_eq!(
        file,
        world
            .model()
            .join("snapshots")
            .join(COMMIT)
            .join("sub/extra.pt")
    );
    assert_eq!(fs::read(&file).unwrap(), b"extra");
    assert_eq!(world.find("someone/clap/sub/extra.pt"), Some(file));
    assert_eq!(world.find("someone/clap"), None);
    let error = world.refusal("someone/clap/none.pt");
    assert!(
        error.contains("no file none.pt") && error.contains("sub/extra.pt"),
        "{error}"
    );
}

#[test]
#[cfg(unix)]
fn what_python_fetched_is_found_and_needs_no_network() {
    let mut world = World::new();
    world.hub.endpoint = "http://127.0.0.1:9".into();
    let snapshot = world.model().join("snapshots").join(COMMIT);
    for folder in [
        &snapshot,
        &world.model().join("blobs"),
        &world.model().join("refs"),
    ] {
        fs::create_dir_all(folder).unwrap();
    }
    fs::write(world.model().join("refs/v1"), COMMIT).unwrap();
    assert_eq!(world.find("someone/clap@v1"), None);
    for (file, content) in [("config.json", CONFIG), ("model.safetensors", &weights())] {
        fs::write(world.blob(file, content), content).unwrap();
        let link = format!("../../blobs/{}", etag(file, content));
        std::os::unix::fs::symlink(link, snapshot.join(file)).unwrap();
    }
    assert_eq!(world.find("someone/clap@v1").unwrap(), snapshot);
    assert_eq!(
        world.pull(&format!("someone/clap@{COMMIT}")).unwrap(),
        snapshot
    );
    let error = world.refusal("someone/clap@v1");
    assert!(
        error.contains("http://127.0.0.1:9 cannot be reached"),
        "{error}"
    );
    world.hub.offline = true;
    assert_eq!(world.pull("someone/clap@v1").unwrap(), snapshot);
}

#[test]
fn a_broken_connection_is_taken_up_where_it_broke() {
    let world = World::new();
    world.server.site().breaks = vec![100_000, 50_000, 0];
    let folder = world.pull("someone/clap").unwrap();
    assert_eq!(
        fs::read(folder.join("model.safetensors")).unwrap(),
        weights()
    );
    for from in ["", " from 100000", " from 150000"] {
        assert!(
            world
                .server
                .count(&format!("far GET /model.safetensors{from}"))
                > 0,
            "{from}"
        );
    }
}

#[test]
fn an_unfinished_file_is_gone_on_with() {
    let world = World::new();
    fs::create_dir_all(world.part().parent().unwrap()).unwrap();
    fs::write(world.part(), &weights()[..123_456]).unwrap();
    let folder = world.pull("someone/clap").unwrap();
    assert_eq!(
        fs::read(folder.join("model.safetensors")).unwrap(),
        weights()
    );
    assert_eq!(
        world.server.count("far GET /model.safetensors from 123456"),
        1
    );
    assert_eq!(world.server.count("far"), 1);
}

#[test]
fn a_server_that_knows_no_ranges_gives_the_file_from_its_start() {
    let world = World::new();
    world.server.site().ignores_range = true;
    world.server.site().breaks = vec![100_000];
    let folder = world.pull("someone/clap").unwrap();
    assert_eq!(
        fs::read(folder.join("model.safetensors")).unwrap(),
        weights()
    );
}

#[test]
fn a_server_that_always_breaks_off_is_given_up() {
    let world = World::new();
    world.server.site().breaks = [vec![1000], vec![0; 10]].concat();
    let error = world.refusal("someone/clap");
    assert!(
        error.contains("model.safetensors broke off at 1000 of 300000 bytes"),
        "{error}"
    );
    assert_eq!(fs::read(world.part()).unwrap(), weights()[..1000]);
    assert_eq!(world.find("someone/clap"), None);
    world.server.site().breaks.clear();
    world.pull("someone/clap").unwrap();
    assert_eq!(
        world.server.count("far GET /model.safetensors from 1000"),
        5
    );
}

#[test]
fn content_that_is_not_what_was_promised_is_not_kept() {
    let world = World::new();
    world.server.site().lies = true;
    let error = world.refusal("someone/clap");
    assert!(
        error.contains("model.safetensors came in with another checksum"),
        "{error}"
    );
    assert!(!world.part().exists() && world.find("someone/clap").is_none());
    world.server.site().lies = false;
    world.pull("someone/clap").unwrap();

    let world = World::new();
    world.server.site().hides_checksums = true;
    let error = world.refusal("someone/clap");
    assert!(
        error.contains("no size and checksum of config.json"),
        "{error}"
    );
    let error = world.refusal("someone/clap/sub/extra.pt");
    assert!(
        error.contains("no size and checksum of sub/extra.pt"),
        "{error}"
    );
}

#[test]
#[cfg(unix)]
fn a_damaged_blob_is_seen_and_fetched_again() {
    let mut world = World::new();
    let folder = world.pull("someone/clap").unwrap();
    let blob = world.blob("model.safetensors", &weights());
    for revision in ["", "@00112233445566778899aabbccddeeff00112233"] {
        let name = format!("someone/clap{revision}");
        fs::write(&blob, "damage").unwrap();
        world.hub.offline = true;
        let error = world.refusal(&name);
        assert!(
            error.contains("model.safetensors in") && error.contains("is damaged"),
            "{error}"
        );
        world.hub.offline = false;
        world.pull(&name).unwrap();
        assert_eq!(
            fs::read(folder.join("model.safetensors")).unwrap(),
            weights()
        );
    }
}

#[test]
fn what_is_refused_is_told() {
    let mut world = World::new();
    for (name, wanted) in [
        ("someone/other", "no such model"),
        ("someone/clap@v9", "no revision \"v9\""),
        ("mini", "owner/name"),
    ] {
        let error = world.refusal(name);
        assert!(error.starts_with(name) && error.contains(wanted), "{error}");
    }
    world.server.site().token = Some("hf_other");
    let error = world.refusal("someone/clap");
    assert!(
        error.contains("401") && error.contains("HF_TOKEN") && error.contains("licence"),
        "{error}"
    );
    world.hub.endpoint += "/some/where";
    world.server.site().token = None;
    assert!(world.refusal("someone/clap").contains("no such model"));
    world.hub.endpoint = "no url at all".into();
    assert!(world.refusal("someone/clap").contains("cannot be reached"));
    world.hub.offline = true;
    let error = world.refusal("someone/clap");
    assert!(
        error.contains("wsac models pull someone/clap") && error.contains("models--someone--clap"),
        "{error}"
    );
    assert_eq!(world.server.count("far"), 0);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_told() {
    let world = World::new();
    fs::create_dir_all(world.part().parent().unwrap()).unwrap();
    std::os::unix::fs::symlink("/dev/full", world.part()).unwrap();
    let error = world.refusal("someone/clap");
    assert!(
        error.contains("the disk is full") && error.contains("HF_HOME"),
        "{error}"
    );
}

#[test]
fn pulls_at_once_fetch_once() {
    // More than once, for what goes wrong here goes wrong seldom.
    for _ in 0..5 {
        let world = World::new();
        let folders: Vec<PathBuf> = thread::scope(|scope| {
            let pulls: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| world.pull("someone/clap").unwrap()))
                .collect();
            pulls.into_iter().map(|pull| pull.join().unwrap()).collect()
        });
        assert!(folders.iter().all(|folder| *folder == folders[0]));
        assert_eq!(
            fs::read(folders[0].join("model.safetensors")).unwrap(),
            weights()
        );
        assert_eq!(world.server.count("far"), 1);
    }
}

#[test]
fn a_revision_that_moves_keeps_what_did_not_change() {
    let world = World::new();
    let old = world.pull("someone/clap").unwrap();
    let next = "f".repeat(40);
    world.server.site().commit = next.clone();
    world.server.site().files[1].1 = br#"{"model_type": "clap", "more": 1}"#.to_vec();
    let new = world.pull("someone/clap").unwrap();
    assert_eq!(new, world.model().join("snapshots").join(&next));
    assert_eq!(world.server.count("far"), 1);
    assert_eq!(world.find("someone/clap").unwrap(), new);
    assert_eq!(world.find(&format!("someone/clap@{COMMIT}")).unwrap(), old);
    assert_eq!(fs::read(old.join("config.json")).unwrap(), CONFIG);
}

#[test]
fn the_cache_is_listed() {
    let world = World::new();
    assert_eq!(world.hub.cached(), []);
    world.pull("someone/clap").unwrap();
    fs::create_dir_all(
        world
            .hub
            .cache
            .join("models--some--llm/snapshots")
            .join(COMMIT),
    )
    .unwrap();
    let cached = world.hub.cached();
    assert_eq!(cached.len(), 1);
    assert_eq!(cached[0].repository, "someone/clap");
    assert_eq!(
        cached[0].revisions,
        [("main".to_owned(), COMMIT.to_owned())]
    );
    assert_eq!(
        cached[0].files,
        ["config.json", "model.safetensors", "vocab.txt"]
    );
    assert_eq!(cached[0].bytes, (weights().len() + CONFIG.len() + 6) as u64);
    assert!(!cached[0].unfinished);
}
