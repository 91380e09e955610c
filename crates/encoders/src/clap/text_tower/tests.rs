//! The text towers of all seven golden models: from ids and from texts, in a batch and alone.
#![allow(clippy::unwrap_used)]

use serde_json::json;

use super::*;
use crate::compute_dtype::ProductDtype;
use crate::golden;
use wsac_tensors::safetensors::{TensorFile, Tensors};
use wsac_tensors::weights::Buffer;
use wsac_tensors::weights::WeightLoader;

/// A golden model's text tower and its golden values.
struct Golden {
    name: &'static str,
    tower: ClapText,
    items: Vec<Value>,
    file: Vec<u8>,
}

fn load(name: &'static str) -> Option<Golden> {
    let weights = golden::clap(name)?;
    let json = golden::json(&format!("golden/clap/dev/{name}.json"))?;
    let file = golden::shared(&format!("golden/clap/dev/{name}.safetensors"))?;
    let family = Family::of(&weights).unwrap();
    Some(Golden {
        name,
        tower: ClapText::load(family, &weights, &TextFiles::default()).unwrap(),
        items: json["text"].as_array().unwrap().clone(),
        file: std::fs::read(file).unwrap(),
    })
}

impl Golden {
    fn ids(&self) -> Vec<Vec<u32>> {
        let ids = |item: &Value| serde_json::from_value(item["ids"].clone()).unwrap();
        self.items.iter().map(ids).collect()
    }

    /// The captions, where the model has some (RoBERTa's ids were made up).
    fn texts(&self) -> Vec<&str> {
        self.items
            .iter()
            .filter_map(|i| i["text"].as_str())
            .collect()
    }

    /// The golden values of `part`, a row a text, where they are stored.
    fn wanted(&self, part: &str) -> Option<Vec<f32>> {
        let file = Tensors::parse(self.name, &self.file).unwrap();
        let rows = (0..self.items.len()).map(|k| {
            let name = format!("t{k}.{part}");
            Some(file.get(&name, &file.shape(&name)?).unwrap())
        });
        rows.collect::<Option<Vec<_>>>().map(|rows| rows.concat())
    }
}

fn embed_ids(tower: &ClapText, ids: &[Vec<u32>]) -> Embeddings {
    tower.embed_ids(ids, &mut |_| {}).unwrap()
}

fn relative(x: &[f32]) -> f32 {
    1e-5 * x.iter().fold(0.0, |most: f32, x| most.max(x.abs()))
}

#[test]
#[cfg_attr(no_golden, ignore = "needs the shared golden values")]
fn every_tower_gives_the_golden_embeddings() {
    for name in golden::CLAPS {
        let Some(model) = load(name) else {
            return;
        };
        ids_give_the_golden_embeddings(&model);
        texts_give_the_golden_embeddings(&model);
        company_order_and_threads_change_no_bit(&model);
    }
}

fn ids_give_the_golden_embeddings(model: &Golden) {
    let ids = model.ids();
    let texts: Vec<&[u32]> = ids.iter().map(Vec::as_slice).collect();
    let states = model.tower.encoder.forward(&texts);
    for part in ["cls", "pool", "pooled"] {
        if let Some(wanted) = model.wanted(part) {
            let what = format!("{} {part}", model.name);
            golden::assert_close(&what, &states, &wanted, relative(&wanted));
        }
    }
    if let Some(wanted) = model.wanted("proj") {
        let ours = model.tower.projection.forward(&states);
        golden::assert_close(model.name, &ours, &wanted, relative(&wanted));
    }
    let unit = embed_ids(&model.tower, &ids);
    let wanted = model.wanted("norm").unwrap();
    golden::assert_close(model.name, unit.as_slice(), &wanted, 2e-6);
}

fn texts_give_the_golden_embeddings(model: &Golden) {
    let texts = model.texts();
    if texts.is_empty() {
        return;
    }
    let mut done = Vec::new();
    let ours = model.tower.embed(&texts, &mut |n| done.push(n)).unwrap();
    assert_eq!(done.last(), Some(&12));
    let wanted = model.wanted("norm").unwrap();
    golden::assert_close(model.name, ours.as_slice(), &wanted, 3e-6);
}

fn company_order_and_threads_change_no_bit(model: &Golden) {
    let ids = model.ids();
    let together = embed_ids(&model.tower, &ids);
    for (i, ids) in ids.iter().enumerate().step_by(3) {
        let alone = embed_ids(&model.tower, std::slice::from_ref(ids));
        assert!(alone.row(0) == together.row(i), "{} {i} alone", model.name);
    }
    let backwards: Vec<Vec<u32>> = ids[..4].iter().rev().cloned().collect();
    let four = embed_ids(&model.tower, &backwards);
    assert!((0..4).all(|i| four.row(3 - i) == together.row(i)));
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let again = (pool.build().unwrap()).install(|| embed_ids(&model.tower, &ids[..4]));
        assert!((0..4).all(|i| again.row(i) == together.row(i)), "{threads}");
    }
}

/// LAION's own names for the weights of a Hugging Face checkpoint.
struct Renamed<'a>(&'a dyn Weights);

impl Renamed<'_> {
    fn hugging_face(name: &str) -> String {
        name.replace("text_branch.", "text_model.")
            .replace("text_projection.0.", "text_projection.linear1.")
            .replace("text_projection.2.", "text_projection.linear2.")
    }
}

impl Weights for Renamed<'_> {
    fn path(&self) -> &Path {
        Path::new("models/music.pt")
    }

    fn names(&self) -> Vec<&str> {
        self.0.names()
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.0.shape(&Self::hugging_face(name))
    }

    fn get(&self, name: &str, shape: &[usize]) -> wsac_tensors::Result<Buffer> {
        self.0.get(&Self::hugging_face(name), shape)
    }
}

#[test]
#[cfg_attr(no_golden, ignore = "needs the shared golden values")]
fn laion_and_hugging_face_differ_in_names_and_epsilon_alone() {
    let Some(weights) = golden::clap("hf_clap_htsat_unfused") else {
        return;
    };
    let laion = Renamed(&weights);
    let laion = ClapText::load(Family::Laion, &laion, &TextFiles::default()).unwrap();
    let config = json!({"text_config": {"layer_norm_eps": 1e-5, "num_attention_heads": 12}});
    let files = TextFiles {
        folder: None,
        config: Some(&config),
    };
    let told = ClapText::load(Family::LaionHf, &weights, &files).unwrap();
    let ids = [vec![0, 100, 200, 2], vec![0, 2]];
    let ours = embed_ids(&laion, &ids);
    assert!(ours == embed_ids(&told, &ids));
    let default = ClapText::load(Family::LaionHf, &weights, &TextFiles::default()).unwrap();
    let default = embed_ids(&default, &ids);
    assert!(ours != default);
    golden::assert_close("eps", ours.as_slice(), default.as_slice(), 2e-4);

    let error = laion.embed(&["rain"], &mut |_| {}).unwrap_err().to_string();
    assert!(error.starts_with("models: has no tokenizer"), "{error}");
    assert!(error.contains("vocab.json and merges.txt"), "{error}");
    for ids in [vec![], vec![0; 513], vec![60_000]] {
        let error = laion.embed_ids(&[ids], &mut |_| {}).unwrap_err();
        assert!(error.to_string().contains("1 to 512 ids below 50265"));
    }
}

#[test]
#[cfg_attr(no_golden, ignore = "needs the shared golden values")]
fn another_models_tokenizer_is_told() {
    let Some(weights) = golden::clap("hf_clap_htsat_unfused") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("vocab.txt"),
        "[PAD]\n[UNK]\n[CLS]\n[SEP]",
    )
    .unwrap();
    let files = TextFiles {
        folder: Some(folder.path()),
        config: None,
    };
    let error = ClapText::load(Family::LaionHf, &weights, &files).unwrap_err();
    assert!(
        error.to_string().contains("a tokenizer of 4 words"),
        "{error}"
    );
}

#[test]
fn panns_reads_no_texts() {
    let bytes = TensorFile::new().to_bytes().unwrap();
    let weights = Tensors::parse("Cnn14.pth", &bytes).unwrap();
    let error = ClapText::load(Family::Panns, &weights, &TextFiles::default()).unwrap_err();
    assert!(error.to_string().contains("no text tower"), "{error}");
}

/// In bf16 every text lies where it lies in f32: unit embeddings with a cosine of at least 0.999.
#[test]
#[cfg_attr(no_golden, ignore = "needs the shared golden values")]
fn bf16_reads_the_same() {
    for name in [
        "ase_cnn14_bert",
        "msclap_2022",
        "msclap_2023",
        "hf_clap_htsat_fused",
    ] {
        let Some(exact) = load(name) else {
            return;
        };
        let weights = golden::clap(name).unwrap();
        let rounded = WeightLoader::new(&weights).in_precision(ProductDtype::Bf16);
        let family = Family::of(&weights).unwrap();
        let rounded = ClapText::load(family, &rounded, &TextFiles::default()).unwrap();
        let ids = exact.ids();
        let (a, b) = (embed_ids(&exact.tower, &ids), embed_ids(&rounded, &ids));
        for i in 0..ids.len() {
            let cosine = crate::embedding::dot(a.row(i), b.row(i));
            println!("{name} {i}: {cosine}");
            assert!(
                cosine >= 0.999 && a.row(i) != b.row(i),
                "{name} {i}: {cosine}"
            );
        }
    }
}
