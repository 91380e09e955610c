//! `wsac models list`, `pull`, `path` and `info`, against a hub on this computer.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;

use crate::clap::{as_it_is, small_clap};
use crate::server::{COMMIT, Server};
use crate::world::{World, stderr, stdout};

const NAME: &str = "someone/clap";

/// A hub, and a user who knows of it.
struct User {
    world: World,
    server: Server,
}

impl User {
    fn new() -> Self {
        let files: [(_, &[u8]); 3] = [
            ("config.json", b"{\"model_type\": \"clap\"}"),
            ("vocab.txt", b"[PAD]"),
            ("model.safetensors", &[7; 200_000]),
        ];
        let (world, server) = (World::new(), Server::start(&files));
        Self { world, server }
    }

    fn models(&self, args: &[&str]) -> Command {
        self.wsac(&[&["models"], args].concat())
    }

    /// `wsac ARGS`, with a proxy in the environment that must not be asked for this computer.
    fn wsac(&self, args: &[&str]) -> Command {
        let mut command = self.world.wsac(args);
        for name in [
            "HF_HUB_CACHE",
            "HUGGINGFACE_HUB_CACHE",
            "HF_TOKEN",
            "HF_TOKEN_PATH",
            "HF_HUB_OFFLINE",
        ] {
            command.env_remove(name);
        }
        command
            .env("HF_HOME", self.world.path("hf"))
            .env("HF_ENDPOINT", &self.server.url)
            .env("http_proxy", "http://127.0.0.1:9")
            .env("ALL_PROXY", "http://127.0.0.1:9");
        command
    }

    fn folder(&self) -> PathBuf {
        let models = self.world.path("hf").join("hub/models--someone--clap");
        models.join("snapshots").join(COMMIT)
    }
}

#[test]
fn a_clap_of_the_hub_is_pulled_once_and_then_used_by_name() {
    let world = World::new();
    let weights = fs::read(small_clap(&world, "small.safetensors", as_it_is)).expect("a file");
    let files: [(_, &[u8]); 2] = [
        ("config.json", b"{\"model_type\": \"clap\"}"),
        ("model.safetensors", &weights),
    ];
    let server = Server::start(&files);
    let user = User { world, server };
    user.world.clip("dog.ogg", "dog.ogg");
    let embed = |clap| user.wsac(&["embed", "audio", "--clap", clap, "dog.ogg"]);
    let before = embed(NAME).assert().code(2);
    assert!(stderr(&before).contains("wsac models pull someone/clap"));
    user.models(&["pull", "-q", NAME]).assert().success();
    let by_name = stdout(&embed(NAME).assert().success());
    let by_path = stdout(&embed("small.safetensors").assert().success());
    assert_eq!(by_name, by_path);
    let pinned = format!("{NAME}@{COMMIT}");
    assert_eq!(stdout(&embed(&pinned).assert().success()), by_name);
    let told = stdout(&user.models(&["info", NAME]).assert().success());
    assert!(
        told.contains("wavcaps-htsat") && told.contains("32 wide"),
        "{told}"
    );
}

#[test]
fn pull_then_path_then_offline_then_damage() {
    let user = User::new();
    let folder = format!("{}\n", user.folder().display());
    let no = user.models(&["path", NAME]).assert().code(2);
    no.stderr(contains("`wsac models pull someone/clap`").and(contains("`mini`")));
    user.models(&["pull", NAME, "--offline"])
        .assert()
        .code(2)
        .stderr(contains("not in the cache"));
    assert_eq!(user.server.count("hub"), 0);

    let pulled = user.models(&["pull", NAME]).assert().success();
    assert_eq!(
        (stdout(&pulled), stderr(&pulled)),
        (folder.clone(), String::new())
    );
    let asked = user.server.count("");
    for args in [
        &["path", NAME][..],
        &["pull", NAME, "--offline"],
        &["pull", &format!("{NAME}@{COMMIT}")],
    ] {
        assert_eq!(
            stdout(&user.models(args).assert().success()),
            folder,
            "{args:?}"
        );
    }
    let offline = user
        .models(&["pull", NAME])
        .env("HF_HUB_OFFLINE", "1")
        .assert()
        .success();
    assert_eq!(stdout(&offline), folder);
    assert_eq!(user.server.count(""), asked);

    fs::write(user.folder().join("model.safetensors"), "damage")
        .expect("a file that can be written");
    user.models(&["pull", NAME, "--offline"])
        .assert()
        .code(2)
        .stderr(contains("model.safetensors").and(contains("damaged")));
    user.models(&["pull", NAME]).assert().success();
    let size = user
        .folder()
        .join("model.safetensors")
        .metadata()
        .expect("a file")
        .len();
    assert_eq!(size, 200_000);
}

#[test]
fn some_may_fail() {
    let user = User::new();
    let run = user
        .models(&["pull", NAME, "someone/other"])
        .assert()
        .code(1);
    assert!(Path::new(stdout(&run).trim()).is_dir());
    assert!(stderr(&run).starts_with("wsac: someone/other: there is no such model"));
    user.models(&["pull", "mini"])
        .assert()
        .code(2)
        .stderr(contains("owner/name"));
}

#[test]
fn two_processes_at_once_fetch_once() {
    let user = User::new();
    let runs: Vec<_> = (0..2)
        .map(|_| {
            let mut command = user.models(&["pull", NAME]);
            std::thread::spawn(move || stdout(&command.assert().success()))
        })
        .collect();
    for run in runs {
        let said = run.join().expect("a run without panic");
        assert_eq!(said, format!("{}\n", user.folder().display()));
    }
    assert_eq!(user.server.count("far"), 1);
}

#[test]
fn tokens_come_from_the_cache_folder() {
    let user = User::new();
    user.server.site().token = Some("hf_mine");
    user.models(&["pull", NAME])
        .assert()
        .code(2)
        .stderr(contains("HF_TOKEN"));
    fs::create_dir(user.world.path("hf")).expect("a folder");
    user.world.write("hf/token", "hf_mine\n");
    user.models(&["pull", NAME]).assert().success();
}

#[test]
fn the_list_tells_what_is_here() {
    let user = User::new();
    user.models(&["pull", NAME]).assert().success();
    let table = stdout(&user.models(&["list"]).assert().success());
    for word in [
        "mini",
        "built in",
        "laion/larger_clap_general",
        "Apache-2.0",
        NAME,
        "WavCaps",
    ] {
        assert!(table.contains(word), "{word}: {table}");
    }
    let json = stdout(
        &user
            .models(&["list", "--format", "json"])
            .assert()
            .success(),
    );
    let rows: Vec<serde_json::Value> = serde_json::from_str(&json).expect("JSON");
    let row = |name| rows.iter().find(|row| row["name"] == name).expect("a row");
    assert_eq!(row("mini")["built_in"], true);
    assert_eq!(row("mini")["width"], 384);
    assert_eq!(
        row("laion/clap-htsat-fused")["path"],
        serde_json::Value::Null
    );
    assert_eq!(row(NAME)["path"], user.folder().to_str().expect("UTF-8"));
    assert_eq!(row(NAME)["bytes"], 200_000 + 5 + 22);
}

#[test]
fn info_tells_a_checkpoint_from_what_is_none() {
    let user = User::new();
    user.models(&["pull", NAME]).assert().success();
    let no = user.models(&["info", NAME]).assert().code(2);
    no.stderr(contains("model.safetensors"));
    let no = user.models(&["info", "nothing"]).assert().code(2);
    no.stderr(contains("no file or folder"));
    let mini = user.models(&["info", "mini"]).assert().success();
    mini.stdout(contains("YAMNet"));

    let mark = "audio_model.audio_encoder.patch_embed.proj.weight";
    let head =
        format!("{{\"{mark}\": {{\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0, 4]}}}}");
    let len = (head.len() as u64).to_le_bytes();
    let file = [&len, head.as_bytes(), &[0; 4]].concat();
    user.world.write("broken.safetensors", file);
    let broken = user.models(&["broken.safetensors"]).assert().code(2);
    broken.stderr(contains(mark).and(contains("has shape [1]")));
    small_clap(&user.world, "clap.safetensors", as_it_is);
    let found = user.models(&["clap.safetensors"]).assert().success();
    found.stdout(contains("wavcaps-htsat").and(contains("32000 Hz")));
}
