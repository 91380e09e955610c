//! Grids from files to rows, at the size of a toy: stopped, gone on with, changed, and with recordings that are none.
#![allow(clippy::unwrap_used)]

use std::fmt::Write;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use wsac::encoders::encoder::Encoder;
use wsac_experiment::{Config, Error, Event, Outcome, Result, Scorer, Setup, run, table};
use wsac_metrics::{Items, Scores, bleu, cider_d};

/// BLEU-1, CIDEr-D, and a metric that cannot be computed.
struct Simple;

impl Scorer for Simple {
    fn identity(&self) -> String {
        "simple".into()
    }

    fn measure(&self, items: &Items) -> Result<Vec<(String, std::result::Result<Scores, String>)>> {
        let items = items.clone().tokenised();
        let [first, ..] = bleu(&items);
        Ok(vec![
            ("bleu_1".into(), Ok(first)),
            ("cider_d".into(), Ok(cider_d(&items))),
            ("spice".into(), Err("needs its jars".into())),
        ])
    }
}

const CONFIG: &str = r#"
name = "Toy"
seeds = [0, 1]
[[data]]
name = "Toy"
train = "train.csv"
validation = "validation.csv"
test = "test.csv"
[data.probe]
gap = 0.3
[train]
epochs = 2
min_steps = 0
batch = 8
clauses = 0.0
joined = 0.0
precision = "f32"
[train.decoder]
layers = 1
heads = 2
width = 16
[[training]]
name = "none"
noise = { variance = 0.0 }
[[training]]
name = "shift"
shift = true
[[inference]]
name = "direct"
strategy = "direct"
[[inference]]
name = "projection"
strategy = "projection"
"#;

/// Clips of two captions each.
fn captions(from: usize, clips: usize) -> String {
    let things = [
        "dog", "car", "bird", "door", "river", "train", "crowd", "bell",
    ];
    let acts = [
        "in the distance",
        "loudly",
        "near a road",
        "again and again",
        "in the wind",
    ];
    let mut text = String::from("file_name,caption_1,caption_2\n");
    for i in from..from + clips {
        let (thing, act) = (things[i % things.len()], acts[i % acts.len()]);
        writeln!(
            text,
            "{i}.wav,A {thing} is heard {act}.,The sound of a {thing} {act}."
        )
        .unwrap();
    }
    text
}

struct World(tempfile::TempDir);

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, from, clips) in [("train", 0, 24), ("validation", 24, 6), ("test", 31, 9)] {
            fs::write(
                folder.path().join(format!("{name}.csv")),
                captions(from, clips),
            )
            .unwrap();
        }
        Self(folder)
    }

    fn config(&self, text: &str) -> Config {
        let path = self.0.path().join("toy.toml");
        fs::write(&path, text).unwrap();
        Config::read(&path).unwrap()
    }

    fn run(
        &self,
        config: &Config,
        observer: &mut (dyn FnMut(&Event) -> ControlFlow<()> + Send),
    ) -> Result<Outcome> {
        let (out, cache) = (self.0.path().join("out"), self.0.path().join("cache"));
        let setup = Setup {
            encoder: &Encoder::mini(),
            text: Encoder::mini().text_tower()?.into(),
            scorer: &Simple,
            out: &out,
            cache: &cache,
            tables: Some(
                &Path::new(env!("CARGO_MANIFEST_DIR"))
                    .join("../../models/meteor/meteor-1.5-en.bin"),
            ),
        };
        run(config, &setup, observer)
    }

    /// The outcome, and how many cells and training steps it took to make.
    fn count(&self, config: &Config) -> (Outcome, usize, usize) {
        let (mut made, mut steps) = (0, 0);
        let outcome = self.run(config, &mut |event| {
            match event {
                Event::Cell { reused: false, .. } => made += 1,
                Event::Training {
                    event: wsac::train::Event::Step(_),
                    ..
                } => steps += 1,
                _ => {}
            }
            ControlFlow::Continue(())
        });
        (outcome.unwrap(), made, steps)
    }
}

#[test]
fn a_grid_is_run_once_stopped_anywhere_and_made_anew_only_where_something_changed() {
    let world = World::new();
    let config = world.config(CONFIG);
    assert_eq!(config.cells(), 8);

    // Stopped in the middle of the second training.
    let mut cells = 0;
    let mut steps_after = 0;
    let stopped = world.run(&config, &mut |event| {
        match event {
            Event::Cell { .. } => cells += 1,
            Event::Training {
                event: wsac::train::Event::Step(_),
                ..
            } if cells == 2 => steps_after += 1,
            _ => {}
        }
        if steps_after == 7 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    assert!(matches!(stopped, Err(Error::Interrupted(_))), "{stopped:?}");

    // 6 steps an epoch (48 captions by 8), 2 epochs, 4 captioners: what was done is not done again.
    let (whole, made, steps) = world.count(&config);
    assert_eq!((whole.cells.len(), made), (8, 6));
    assert_eq!(steps, 3 * 12 - 7);
    let (again, made, steps) = world.count(&config);
    assert_eq!((made, steps), (0, 0));
    assert_eq!(again.cells, whole.cells);

    // An uninterrupted run elsewhere is the same, cell for cell.
    let elsewhere = World::new();
    let (fresh, _, _) = elsewhere.count(&elsewhere.config(CONFIG));
    let captions = |outcome: &Outcome| -> Vec<Vec<String>> {
        outcome
            .cells
            .iter()
            .map(|c| c.captions.iter().map(|t| t.caption.clone()).collect())
            .collect()
    };
    assert_eq!(captions(&fresh), captions(&whole));

    // One more inference strategy trains nothing.
    let more =
        format!("{CONFIG}[[inference]]\nname = \"nearest\"\nstrategy = \"nearest\"\nbeam = 2\n");
    let (nearest, made, steps) = world.count(&world.config(&more));
    assert_eq!((nearest.cells.len(), made, steps), (12, 4, 0));

    // The captions that were learned from are the memory of what was trained here.
    let text = format!(
        "{more}[[inference]]\nname = \"again\"\nstrategy = \"projection\"\ntrain_memory = true\n"
    );
    let (again, made, steps) = elsewhere.count(&elsewhere.config(&text));
    assert_eq!((again.cells.len(), made, steps), (16, 8, 0));
    for cells in again.cells.chunks(4) {
        for (again, plain) in cells[3].captions.iter().zip(&cells[1].captions) {
            let names =
                |plain: &[(String, f32)]| plain.iter().map(|n| n.0.clone()).collect::<Vec<_>>();
            assert_eq!(again.caption, plain.caption);
            assert_eq!(names(&again.neighbours), names(&plain.neighbours));
        }
    }

    // Captions of the memory are kept as well, although no decoder says how likely they are.
    let text = format!(
        "{text}[[inference]]\nname = \"consensus\"\nrerank = {{ by = {{ consensus = {{}} }}, nearest = 9 }}\n"
    );
    let config_of_consensus = elsewhere.config(&text);
    let (first, made, _) = elsewhere.count(&config_of_consensus);
    assert_eq!(made, 4);
    let again = elsewhere.run(&config_of_consensus, &mut |event| {
        assert!(
            !matches!(event, Event::Captioning { .. }),
            "captioned again"
        );
        ControlFlow::Continue(())
    });
    assert_eq!(again.unwrap().cells, first.cells);

    let rows = table::rows(&config, &whole).unwrap();
    assert_eq!(rows.len(), 4);
    let scores = &rows[3].scores;
    assert_eq!(
        (rows[3].training, rows[3].inference, scores[1].name.as_str()),
        (1, 1, "cider_d")
    );
    let value = scores[1].value.as_ref().unwrap();
    let of_seeds = [6, 7].map(|c| {
        whole.cells[[5, 7][c - 6]].measures[1]
            .value
            .as_ref()
            .unwrap()
            .corpus
    });
    assert!((value.corpus - (of_seeds[0] + of_seeds[1]) / 2.0).abs() < 1e-12);
    assert!(
        scores[1].better.is_some()
            && rows[0].scores[1].better.is_none()
            && scores[0].better.is_none()
    );
    assert!(
        scores[2]
            .value
            .as_ref()
            .is_err_and(|why| why.contains("jars"))
    );
    let csv = fs::read_dir(world.0.path().join("out/predictions"))
        .unwrap()
        .count();
    assert_eq!(csv, 12);
}

#[test]
fn recordings_that_cannot_be_read_are_left_out_of_every_cell() {
    let world = World::new();
    let folder = world.0.path();
    let clip = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/clips/dog.ogg");
    fs::copy(clip, folder.join("dog.ogg")).unwrap();
    fs::write(folder.join("broken.wav"), b"RIFF").unwrap();
    fs::write(
        folder.join("labels.csv"),
        "file_name,label\ndog,Dog\nbroken.wav,Dog\ngone.wav,Dog\n",
    )
    .unwrap();
    fs::write(
        folder.join("words.json"),
        r#"{"strict": {"Dog": "\\bdog"}}"#,
    )
    .unwrap();
    let text = r#"
name = "Labels"
[[data]]
name = "Labels"
train = "train.csv"
test = "labels.csv"
audio = "."
keywords = "words.json"
[[training]]
name = "mini"
model = "mini"
[[inference]]
name = "own"
beam = 4
parts = true
rules = true
name_sounds = true
"#;
    let (outcome, made, _) = world.count(&world.config(text));
    assert_eq!((made, outcome.data[0].items.len()), (1, 1));
    let failed = &outcome.data[0].failed;
    assert_eq!(
        failed
            .iter()
            .map(|(name, _)| name.as_str())
            .collect::<Vec<_>>(),
        ["broken.wav", "gone.wav"]
    );
    let strict = &outcome.cells[0].measures[0];
    assert_eq!(
        (strict.name.as_str(), strict.value.as_ref().unwrap().corpus),
        ("strict", 1.0)
    );
    assert!(
        outcome.cells[0].captions[0]
            .caption
            .to_lowercase()
            .contains("dog")
    );
}

#[test]
fn a_shift_without_a_gap_is_refused_before_anything_is_trained() {
    let world = World::new();
    let text = CONFIG.replace("[data.probe]\ngap = 0.3", "audio = \".\"");
    let clip = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/clips/dog.ogg");
    fs::copy(clip, world.0.path().join("31.wav")).unwrap();
    let mut trained = false;
    let error = world.run(&world.config(&text), &mut |event| {
        trained |= matches!(event, Event::Training { .. });
        ControlFlow::Continue(())
    });
    let error = error.expect_err("no gap").to_string();
    assert!(
        error.contains("shift") && error.contains("validation_audio") && !trained,
        "{error}"
    );
}

#[test]
fn a_training_learns_from_other_corpora_and_paraphrases_as_well() {
    let world = World::new();
    let folder = world.0.path();
    // Captions that can be said in each other's words.
    let walks = "caption\nSomeone walks on the stairs\nA person walks on the stairs\nA person walks on gravel near a dog\n";
    fs::write(folder.join("train.csv"), walks).unwrap();
    fs::write(folder.join("other.csv"), captions(100, 4)).unwrap();
    let (head, tail) = CONFIG.split_once("[[training]]").unwrap();
    let inference = tail.split_once("[[inference]]").unwrap().1;
    let training = r#"[[training]]
name = "plain"
[[training]]
name = "mixed"
mix = [{ file = "other.csv", share = 0.5 }]
[[training]]
name = "paraphrased"
paraphrases = { share = 2, how = { each = 1, similarity = 0.5 } }
[[inference]]"#;
    let text = format!("{head}{training}{inference}").replace("batch = 8", "batch = 1");
    let config = world.config(&text);
    let written = toml::to_string(&config).unwrap();
    assert_eq!(toml::from_str::<Config>(&written).unwrap(), config);

    let mut learned = Vec::new();
    let outcome = world.run(&config, &mut |event| {
        if let Event::Training {
            event: wsac::train::Event::Ready {
                captions, steps, ..
            },
            ..
        } = event
        {
            learned.push((*captions, *steps));
        }
        ControlFlow::Continue(())
    });
    let outcome = outcome.unwrap();
    // Two seeds, two epochs: half of the 8 other captions are in each, and every paraphrase twice.
    assert_eq!(learned[..4], [(3, 6), (3, 6), (11, 14), (11, 14)]);
    let made = fs::read_dir(folder.join("out/paraphrases")).unwrap();
    let made: Vec<_> = made.map(|file| file.unwrap().path()).collect();
    let said: Vec<Vec<String>> = serde_json::from_slice(&fs::read(&made[0]).unwrap()).unwrap();
    let n = said.concat().len();
    assert_eq!(said[0], ["A person walks on the stairs"], "{said:?}");
    assert_eq!(learned[4..], [(3 + n, 2 * (3 + 2 * n)); 2]);
    assert_eq!(outcome.cells.len(), 12);
    let (_, made, steps) = world.count(&config);
    assert_eq!((made, steps), (0, 0));

    let refused = |from: &str, to: &str| {
        let path = folder.join("refused.toml");
        fs::write(&path, text.replace(from, to)).unwrap();
        let error = Config::read(&path).and_then(|config| {
            world.run(&config, &mut |event| {
                assert!(!matches!(event, Event::Training { .. }));
                ControlFlow::Continue(())
            })
        });
        error.expect_err("refused").to_string()
    };
    assert!(refused("share = 0.5", "share = 0").contains("\"mixed\""));
    assert!(refused("share = 2", "share = -1").contains("above 0"));
    assert!(refused("other.csv", "gone.csv").contains("gone.csv"));
    assert!(refused("validation = \"validation.csv\"", "").contains("held out"));
    assert!(refused("mix =", "model = \"mini\"\nmix =").contains("not trained any further"));
}

/// The folder of a GPT-2 of one layer of 8, with letters to write with, as Hugging Face lays it out.
fn small_gpt2(folder: &Path) {
    let mut file = wsac::tensors::safetensors::TensorFile::new();
    let mut tensor = |name: &str, shape: &[usize], around: f32| {
        let n = shape.iter().product::<usize>();
        let values: Vec<f32> = (0..n)
            .map(|i| around + ((i * 7919 + name.len()) % 101) as f32 / 500.0 - 0.1)
            .collect();
        file.f32(name, shape, &values);
    };
    let layer = [
        ("ln_1", vec![8], 8),
        ("attn.c_attn", vec![8, 24], 24),
        ("attn.c_proj", vec![8, 8], 8),
        ("ln_2", vec![8], 8),
        ("mlp.c_fc", vec![8, 32], 32),
        ("mlp.c_proj", vec![32, 8], 8),
    ];
    for (name, shape, outputs) in layer {
        let around = if shape.len() == 1 { 1.0 } else { 0.0 };
        tensor(&format!("h.0.{name}.weight"), &shape, around);
        tensor(&format!("h.0.{name}.bias"), &[outputs], 0.0);
    }
    tensor("ln_f.weight", &[8], 1.0);
    tensor("ln_f.bias", &[8], 0.0);
    tensor("wte.weight", &[5, 8], 0.0);
    tensor("wpe.weight", &[40, 8], 0.0);
    fs::create_dir_all(folder).unwrap();
    file.save(folder.join("model.safetensors")).unwrap();
    for (name, text) in [
        ("config.json", r#"{"n_head": 2}"#),
        (
            "vocab.json",
            r#"{"!": 0, "a": 1, "b": 2, "Ġ": 3, "<|endoftext|>": 4}"#,
        ),
        ("merges.txt", "#version: 0.2\n"),
    ] {
        fs::write(folder.join(name), text).unwrap();
    }
}

#[test]
fn a_training_begins_with_a_gpt2_that_lies_beside_the_file() {
    let world = World::new();
    let folder = world.0.path().join("small");
    small_gpt2(&folder);
    let (head, tail) = CONFIG.split_once("[[training]]").unwrap();
    let inference = tail.split_once("[[inference]]").unwrap().1;
    let rows = "[[training]]\nname = \"whole\"\ngpt2 = \"small\"\n\
                [[training]]\nname = \"mapper\"\ngpt2 = \"small\"\nfreeze = true\n[[inference]]";
    let text = format!("{head}{rows}{inference}")
        .replace("[train.decoder]\nlayers = 1\nheads = 2\nwidth = 16\n", "");
    let config = world.config(&text);
    let (outcome, made, steps) = world.count(&config);
    assert_eq!((made, steps), (8, 4 * 12));
    let written = outcome.cells.iter().flat_map(|cell| &cell.captions);
    assert!(
        written
            .clone()
            .all(|error| error.caption.chars().all(|c| "abAB!. ".contains(c)))
    );
    assert!(written.count() > 0);
    assert_eq!(world.count(&config).2, 0);
    // Other weights in the same folder are another GPT-2.
    fs::write(folder.join("config.json"), r#"{"n_head": 4}"#).unwrap();
    assert_eq!(world.count(&config).2, 4 * 12);
}
