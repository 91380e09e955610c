//! Makes the files of `models/mini`; `models/mini/README.md` has the whole recipe.
//!
//! A class vector lies between what the class is called and what people write where it sounds: the name and the phrase
//! of `classes.csv`, each drawn to the captions nearest to it, weigh the same. The captions are AudioCaps' training set.

use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use wsac::encoders::embedding::{Embeddings, dot};
use wsac::encoders::mini::audio_tower::Mini;
use wsac::encoders::mini::audioset::Class;
use wsac::encoders::sentence::SentenceBert;
use wsac::encoders::towers::TextTower;
use wsac::memory::Memory;
use wsac::model::{Model, StorageDtype};
use wsac::rng::Stream;
use wsac::tensors::safetensors::{TensorFile, Tensors};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/mini");
/// Captions that a class vector is drawn to, and how sharply the nearest of them count.
const NEAREST: usize = 20;
const TAU: f32 = 0.05;
/// The captions and clauses that ship.
const CAPTIONS: usize = 12_000;
const CLAUSES: usize = 8_000;

/// Make a file of models/mini
#[derive(clap::Subcommand)]
pub enum File {
    /// yamnet.safetensors, f16
    Yamnet {
        #[arg(value_name = "YAMNET.safetensors")]
        weights: PathBuf,
    },
    /// classes.safetensors
    Classes {
        #[arg(value_name = "CAPTIONS.csv")]
        captions: PathBuf,
        /// A folder to keep the captions' embeddings in
        cache: Option<PathBuf>,
    },
    /// minilm/model.safetensors, int8
    Minilm {
        #[arg(value_name = "MODEL.safetensors")]
        weights: PathBuf,
    },
    /// The decoder, the tokenizer and the memories, of a run of `wsac train`
    Model { run: PathBuf },
}

pub fn run(file: &File) -> Result<()> {
    match file {
        File::Yamnet { weights } => yamnet(weights),
        File::Classes { captions, cache } => classes(captions, cache.as_deref()),
        File::Minilm { weights } => minilm(weights),
        File::Model { run } => model(run),
    }
}

/// The published weights in int8.
fn minilm(weights: &Path) -> Result<()> {
    let bytes = std::fs::read(weights)?;
    let quantised = SentenceBert::quantise(&Tensors::parse(weights, &bytes)?)?;
    let path = format!("{FOLDER}/minilm/model.safetensors");
    Ok(std::fs::write(path, quantised)?)
}

/// The published weights in f16: 7.5 MB, and no score moves by 5e-3.
fn yamnet(weights: &Path) -> Result<()> {
    let bytes = std::fs::read(weights)?;
    let whole = Tensors::parse(weights, &bytes)?;
    let mut half = TensorFile::new();
    half.describe("YAMNet (Google, AudioSet, Apache-2.0), batch norm folded in, f16");
    for name in whole.names() {
        let shape = whole.shape(name).context("a listed tensor has a shape")?;
        half.f16(name, &shape, &whole.get(name, &shape)?);
    }
    Ok(half.save(format!("{FOLDER}/yamnet.safetensors"))?)
}

/// V = unit(refine(names) + refine(phrases)), [521, d] in f16.
fn classes(captions: &Path, cache: Option<&Path>) -> Result<()> {
    let table = format!("{FOLDER}/classes.csv");
    let classes = Class::read_all(&table, &std::fs::read(&table)?)?;
    let set = wsac::dataset::read_captions(captions)?;
    let mut captions: Vec<String> = set.captions().map(|c| c.trim().to_string()).collect();
    captions.sort_unstable();
    captions.dedup();
    let tower = wsac::encoders::encoder::text_tower()?;
    let mut progress = |done: usize, all: usize| eprint!("\r{done} of {all} captions");
    let captions = wsac::train::embed_cached(&captions, &tower, "mini", cache, &mut progress)?;

    let embed = |text: &dyn Fn(&Class) -> String| -> Result<Embeddings> {
        let texts: Vec<String> = classes.iter().map(text).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        Ok(tower.embed(&texts, &mut |_| {})?)
    };
    let names = unit_sum(&[
        embed(&|c| c.name.to_lowercase())?,
        embed(&|c| format!("the sound of {}", c.name.to_lowercase()))?,
        embed(&|c| format!("{} can be heard", c.name.to_lowercase()))?,
    ])?;
    let phrases = embed(&|c| c.phrase.clone())?;
    let vectors = unit_sum(&[refine(&names, &captions)?, refine(&phrases, &captions)?])?;

    let mut file = TensorFile::new();
    file.describe("text vectors of AudioSet's 521 classes in the space of all-MiniLM-L6-v2");
    let shape = [vectors.len(), vectors.dim()];
    file.f16("vectors", &shape, vectors.as_slice());
    Ok(file.save(format!("{FOLDER}/classes.safetensors"))?)
}

/// unit(v + sum of softmax(cosine / tau) * caption over the nearest captions) for each row v.
fn refine(rows: &Embeddings, captions: &Embeddings) -> Result<Embeddings> {
    let refined = rows.rows().flat_map(|row| {
        let mut near: Vec<(f32, &[f32])> = captions.rows().map(|c| (dot(row, c), c)).collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0));
        near.truncate(NEAREST);
        let weights: Vec<f32> = near
            .iter()
            .map(|n| ((n.0 - near[0].0) / TAU).exp())
            .collect();
        let sum: f32 = weights.iter().sum();
        let mut refined = row.to_vec();
        for (weight, (_, caption)) in weights.iter().zip(&near) {
            (refined.iter_mut().zip(*caption)).for_each(|(v, c)| *v += weight / sum * c);
        }
        refined
    });
    Ok(Embeddings::new(rows.dim(), refined.collect())?)
}

/// The sums of the rows, brought to unit length.
fn unit_sum(all: &[Embeddings]) -> Result<Embeddings> {
    let mut sum = vec![0.0; all[0].as_slice().len()];
    for rows in all {
        (sum.iter_mut().zip(rows.as_slice())).for_each(|(s, x)| *s += x);
    }
    Ok(Embeddings::new(all[0].dim(), sum)?)
}

/// The decoder and the memories of a run of `wsac train`, as they ship: weights in f16, a sample of captions and clauses.
fn model(run: &Path) -> Result<()> {
    let mut model = Model::load(run)?;
    let (captions, clauses) = (
        model.memory.take().context("the run has no memory")?,
        model
            .clauses
            .take()
            .context("the run has learned no clauses")?,
    );
    // Rare words are mostly slips of the pen; a caption that has one is no good example.
    let mut counts: HashMap<String, usize> = HashMap::new();
    for word in captions.captions().flat_map(words) {
        *counts.entry(word).or_default() += 1;
    }
    let plain = |text: &str| words(text).all(|w| counts.get(&w).is_some_and(|&n| n >= 5));
    // Of each class the nearest few, so that no sound is left without words; then any.
    let mini = Mini::bundled()?;
    let sample = |memory: &Memory,
                  stream: &str,
                  lengths: RangeInclusive<usize>,
                  of_each: usize,
                  most: usize| {
        let near = (0..mini.classes().iter().len()).flat_map(|class| {
            let hits = memory.nearest(&mini.classes().embedding(class), 8 * of_each);
            let good = hits.into_iter().map(|hit| hit.index);
            good.filter(|&i| lengths.contains(&words(memory.caption(i)).count()))
                .take(of_each)
                .collect::<Vec<_>>()
        });
        let any = Stream::new(stream).shuffle(memory.len()).into_iter();
        let any = any.filter(|&i| {
            lengths.contains(&words(memory.caption(i)).count()) && plain(memory.caption(i))
        });
        let mut seen = HashSet::new();
        let mut kept: Vec<usize> = near.collect::<Vec<_>>().into_iter().chain(any).collect();
        kept.retain(|&i| seen.insert(words(memory.caption(i)).collect::<Vec<_>>()));
        kept.truncate(most);
        kept.sort_unstable();
        let mut some = memory.subset(&kept)?.kept_as(StorageDtype::Int8)?;
        some.describe("AudioCaps train captions, embedded with mini");
        Ok::<_, wsac::Error>(some)
    };
    model.memory = Some(sample(&captions, "mini/memory", 3..=20, 6, CAPTIONS)?);
    model.clauses = Some(sample(&clauses, "mini/clauses", 2..=8, 6, CLAUSES)?);
    model.card.name = "mini".into();
    Ok(model.save(FOLDER, StorageDtype::F16)?)
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric() && c != '\'')
        .filter(|w| !w.is_empty())
        .map(str::to_lowercase)
}
