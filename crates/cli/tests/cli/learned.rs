//! `wsac eval` with models: what is computed under which name, what is not and why, and that values are the golden ones.

use std::fs;
use std::path::Path;

use predicates::str::contains;
use serde_json::{Value, json};
use wsac::tensors::safetensors::{TensorFile, Tensors};

use crate::world::{World, repository, stderr, tone};

const PREDICTIONS: &str = "file_name,caption_predicted\n\
    dog.ogg,A dog barks loudly.\nlong.wav,people walk on gravel with footsteps \n\
    tone.wav,A machine hums in the background!\n";
const REFERENCES: &str = "file_name,caption_1,caption_2\n\
    dog.ogg,A dog barks.,Loud barking of a dog.\nlong.wav,Somebody walks.,Footsteps on gravel.\n\
    tone.wav,An engine hums.,The hum of a machine.\n";

/// A world with captions of three clips; the second is longer than the detector reads on, and it finds an error there.
fn world() -> World {
    let world = World::new();
    let long = "people walk on gravel with footsteps ";
    world.write("p.csv", PREDICTIONS.replace(long, &long.repeat(15)));
    world.write("r.csv", REFERENCES);
    world
}

fn learned(name: &str) -> String {
    let path = repository()
        .join("crates/encoders/tests/learned")
        .join(name);
    path.display().to_string()
}

/// What `wsac eval p.csv r.csv` reports of `metrics`, and the rows of the clips.
fn eval(world: &World, metrics: &str, flags: &[&str], code: i32) -> (Value, Vec<Value>) {
    let args = [
        "eval",
        "p.csv",
        "r.csv",
        "-f",
        "json",
        "--per-item",
        "items.jsonl",
    ];
    let args = args.into_iter().chain(["-m", metrics]);
    let run = world
        .wsac(args.chain(flags.iter().copied()))
        .assert()
        .code(code);
    let report = serde_json::from_slice(&run.get_output().stdout).expect("JSON");
    let rows = world.read("items.jsonl");
    let rows = rows
        .lines()
        .map(|row| serde_json::from_str(row).expect("JSON"));
    (report, rows.collect())
}

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("a number, not {value}"))
}

const ALL: &str = "sbert_sim,fer,fense,spider_fl,clap_sim";

#[test]
fn without_models_only_the_built_in_similarity_is_computed() {
    let (report, rows) = eval(&world(), ALL, &[], 1);
    let scores = report["scores"].as_object().expect("scores");
    assert_eq!(
        scores.keys().collect::<Vec<_>>(),
        ["sbert_sim[all-MiniLM-L6-v2]"]
    );
    let similarity = number(&scores["sbert_sim[all-MiniLM-L6-v2]"]["score"]);
    assert!((0.4..0.95).contains(&similarity), "{similarity}");
    assert_eq!(rows.len(), 3);
    for (metric, why) in [
        ("fer", "--fluency FILE"),
        ("fense[all-MiniLM-L6-v2]", "--fluency FILE"),
        ("spider_fl", "--fluency FILE"),
        ("clap_sim", "--audio DIR"),
    ] {
        let told = report["not_computed"][metric].as_str().expect(metric);
        assert!(told.contains(why), "{metric}: {told}");
    }
}

#[test]
fn a_detector_makes_fense_of_a_similarity_under_the_name_of_its_model() {
    let world = world();
    let (sbert, detector) = (learned("sbert"), learned("echecker.ckpt"));
    let flags = ["--sbert", &sbert, "--fluency", &detector];
    let (report, rows) = eval(&world, "sbert_sim,fer,fense", &flags, 0);
    let errors: Vec<f64> = rows
        .iter()
        .map(|row| number(&row["fer[echecker]"]))
        .collect();
    assert_eq!(errors, [0.0, 1.0, 0.0]);
    assert_eq!(
        number(&report["scores"]["fer[echecker]"]["score"]),
        1.0 / 3.0
    );
    for row in &rows {
        let wanted = number(&row["sbert_sim[sbert]"]) * (1.0 - 0.9 * number(&row["fer[echecker]"]));
        assert_eq!(number(&row["fense[sbert+echecker]"]), wanted);
    }
    assert!(report["scores"].get("fense").is_none());
}

/// A folder `name` with the configuration of the small Sentence-BERT, as `change` leaves it, without weights.
fn folder(world: &World, name: &str, change: impl Fn(&mut Value)) {
    fs::create_dir_all(world.path(name).join("1_Pooling")).expect("a folder");
    for file in ["vocab.txt", "1_Pooling/config.json", "config.json"] {
        let from = Path::new(&learned("sbert")).join(file);
        fs::copy(from, world.path(name).join(file)).expect("the small model");
    }
    let path = format!("{name}/config.json");
    let mut config = serde_json::from_str(&world.read(&path)).expect("JSON");
    change(&mut config);
    world.write(&path, config.to_string());
}

#[test]
fn fense_is_called_so_only_with_its_own_models() {
    const NAME: &str = "paraphrase-TinyBERT-L6-v2";
    let world = world();
    let detector = learned("echecker.ckpt");
    let flags = ["--sbert", NAME, "--fluency", &detector];
    // The name alone is not enough.
    folder(&world, NAME, |_| {});
    let weights = format!("{NAME}/model.safetensors");
    fs::copy(learned("sbert/model.safetensors"), world.path(&weights)).expect("weights");
    let (report, _) = eval(&world, "fense", &flags, 0);
    assert!(
        report["scores"][format!("fense[{NAME}+echecker]")].is_object(),
        "{report}"
    );
    assert!(report["scores"].get("fense").is_none());
    // Six layers of width 768, as the published one, over few words.
    folder(&world, NAME, |config| {
        config["num_attention_heads"] = json!(12);
        config["num_hidden_layers"] = json!(6);
    });
    let small = fs::read(learned("sbert/model.safetensors")).expect("weights");
    let small = Tensors::parse("small", &small).expect("weights");
    let mut file = TensorFile::new();
    for name in small.names() {
        let shape = small.shape(name).expect("a shape");
        let wide: Vec<usize> = shape
            .iter()
            .map(|&n| if n == 16 { 768 } else { n })
            .collect();
        let names = match name.strip_prefix("encoder.layer.0.") {
            Some(rest) => (0..6)
                .map(|i| format!("encoder.layer.{i}.{rest}"))
                .collect(),
            None if name.starts_with("encoder.layer.1.") => continue,
            None => vec![name.to_owned()],
        };
        let values: Vec<f32> = (0..wide.iter().product())
            .map(|i: usize| ((i * 7919 % 1009) as f32 / 1009.0 - 0.5) * 0.1)
            .collect();
        names.iter().for_each(|name| file.f16(name, &wide, &values));
    }
    file.save(world.path(&weights)).expect("weights");
    let (report, _) = eval(&world, "sbert_sim,fense", &flags, 0);
    let scores = report["scores"].as_object().expect("scores");
    assert_eq!(
        scores.keys().collect::<Vec<_>>(),
        ["fense[echecker]", "sbert_sim"]
    );
}

#[test]
fn recordings_are_compared_with_captions_and_those_that_fail_are_told() {
    let world = world();
    world.clip("dog.ogg", "clips.dog");
    fs::create_dir(world.path("clips")).expect("a folder");
    fs::rename(world.path("clips.dog"), world.path("clips/dog.ogg")).expect("a clip");
    world.write("clips/tone.wav", tone(1, 16_000, 3.0));
    let (report, rows) = eval(&world, "clap_sim", &["--audio", "clips"], 1);
    let of = |i: usize| &rows[i]["clap_sim[mini]"];
    assert!(number(of(0)) > number(of(2)), "{rows:?}");
    assert!(of(1).is_null());
    let mean = (number(of(0)) + number(of(2))) / 2.0;
    assert!((number(&report["scores"]["clap_sim[mini]"]["score"]) - mean).abs() < 1e-12);
    let args = [
        "eval", "p.csv", "r.csv", "-m", "clap_sim", "--audio", "clips",
    ];
    let told = stderr(&world.wsac(args).assert().code(1));
    assert!(
        told.contains("long.wav") && !told.contains("tone.wav"),
        "{told}"
    );
    fs::create_dir(world.path("empty")).expect("a folder");
    let (report, _) = eval(&world, "clap_sim", &["--audio", "empty"], 2);
    let why = report["not_computed"]["clap_sim[mini]"]
        .as_str()
        .expect("a reason");
    assert!(why.contains("none of the 3 recordings"), "{why}");
}

#[test]
fn models_that_cannot_be_used_stop_the_work_before_it_begins() {
    let world = world();
    folder(&world, "mpnet", |config| {
        config["model_type"] = json!("mpnet")
    });
    world.write("page.ckpt", "<html>");
    let weights = learned("sbert/model.safetensors");
    for (metric, flag, value, why) in [
        (
            "sbert_sim",
            "--sbert",
            "mpnet",
            "only a BERT or a RoBERTa is known",
        ),
        ("sbert_sim", "--sbert", "gone", "gone"),
        ("fer", "--fluency", "page.ckpt", "web page"),
        (
            "fer",
            "--fluency",
            &weights,
            "which BERT it is (model_type)",
        ),
        ("clap_sim", "--audio", "gone", "--audio gone"),
    ] {
        let run = world
            .wsac(["eval", "p.csv", "r.csv", "-m", metric, flag, value])
            .assert();
        run.code(2).stderr(contains(why));
    }
    // What no metric needs is not opened.
    world.output(["eval", "p.csv", "r.csv", "-m", "bleu", "--sbert", "mpnet"]);
}

/// The 60 golden items; `sbert_sim` with `flags` may be off by `most` in each, by `mean` in the corpus.
fn assert_golden(flags: &[&str], prepare: impl Fn(&World), most: f64, mean: f64) {
    let golden = "golden/metrics/dev/clotho_loo";
    let (Some(items), Some(wanted), Some(corpus)) = (
        wsac_golden::jsonl(&format!("{golden}.items.jsonl")),
        wsac_golden::jsonl(&format!("{golden}.sbert_minilm.jsonl")),
        wsac_golden::json(&format!("{golden}.sbert_minilm.corpus.json")),
    ) else {
        return;
    };
    let world = World::new();
    prepare(&world);
    let lines = |row: &dyn Fn(&Value) -> Value| {
        let rows = items
            .iter()
            .take(wanted.len())
            .map(|item| row(item).to_string() + "\n");
        rows.collect::<String>()
    };
    let of = |item: &Value| json!({ "file_name": item["id"], "caption": item["candidate"] });
    world.write("p.jsonl", lines(&of));
    let of = |item: &Value| json!({ "file_name": item["id"], "captions": item["references"] });
    world.write("r.jsonl", lines(&of));
    let args = [
        "eval",
        "p.jsonl",
        "r.jsonl",
        "-m",
        "sbert_sim",
        "-f",
        "json",
        "--per-item",
        "i.jsonl",
    ];
    let report = world.output(args.iter().chain(flags));
    let report: Value = serde_json::from_str(&report).expect("JSON");
    let name = "sbert_sim[all-MiniLM-L6-v2]";
    let off =
        number(&report["scores"][name]["score"]) - number(&corpus["corpus"]["sbert_sim_minilm"]);
    let rows = world.read("i.jsonl");
    let worst = rows.lines().zip(&wanted).map(|(row, wanted)| {
        let row: Value = serde_json::from_str(row).expect("JSON");
        assert_eq!(row["file_name"], wanted["id"]);
        (number(&row[name]) - number(&wanted["sbert_sim_minilm"])).abs()
    });
    let worst = worst.fold(0.0, f64::max);
    println!("off by at most {worst:.2e}, in the mean by {off:.2e}");
    assert!(
        rows.lines().count() == 60 && worst <= most && off.abs() <= mean,
        "{worst} {off}"
    );
}

#[test]
#[cfg_attr(no_golden, ignore = "needs the shared golden values")]
fn the_built_in_similarity_is_near_the_golden_one() {
    assert_golden(&[], |_| {}, 0.01, 0.001);
}

/// As `WSAC_MINILM_F32` for the library: the published model.safetensors, which is not in the repository.
#[test]
#[cfg_attr(no_golden, ignore = "needs the shared golden values")]
fn the_published_weights_give_the_golden_similarity() {
    let Some(weights) = std::env::var_os("WSAC_MINILM_F32") else {
        eprintln!("skipped: set WSAC_MINILM_F32 to the published model.safetensors");
        return;
    };
    let prepare = |world: &World| {
        folder(world, "all-MiniLM-L6-v2", |config| {
            config["num_attention_heads"] = json!(12);
            config["num_hidden_layers"] = json!(6);
        });
        let vocabulary = repository().join("models/mini/minilm/vocab.txt");
        fs::copy(vocabulary, world.path("all-MiniLM-L6-v2/vocab.txt")).expect("a vocabulary");
        fs::copy(&weights, world.path("all-MiniLM-L6-v2/model.safetensors")).expect("weights");
    };
    assert_golden(&["--sbert", "all-MiniLM-L6-v2"], prepare, 1e-4, 1e-5);
}
