//! What is done once before training: captions -> clauses -> embeddings (cached), vocabulary, noise level, examples.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::companions::{Asked, Companions};
use super::{Examples, Job, Noise, TrainConfig};
use crate::bridge::{Perturb, sigma_pairs};
use crate::clauses;
use crate::error::{Error, Result};
use crate::memory::Memory;
use wsac_encoders::embedding::Embeddings;
use wsac_encoders::tokenizer::Tokenizer;
use wsac_encoders::towers::TextTower;
use wsac_nn::rng::Stream;
use wsac_tensors::safetensors::{TensorFile, Tensors};

/// A data set ready to train on.
#[derive(Debug)]
pub struct Prepared {
    /// What is learned from.
    pub train: Examples,
    /// What the validation loss is measured on.
    pub validation: Examples,
    /// The captions of `train`, in its order.
    pub captions: Vec<String>,
    /// Texts of one sound and the row of each in `train.embeddings`: clauses, and captions that are one.
    pub clauses: Vec<(String, usize)>,
    /// The vocabulary: the encoder's, pruned to the tokens of `captions`.
    pub tokenizer: Tokenizer,
    /// The names and points of sounds, where they are prompted.
    pub keywords: Option<Memory>,
    /// What is done to embeddings in training.
    pub perturb: Perturb,
    /// The hash of everything that shaped the examples; a run resumes only with the same.
    pub fingerprint: String,
}

/// What joins two captions into one.
const JOINS: [&str; 3] = ["while", "as", "and"];

/// The most clauses a caption is split into.
const MOST_CLAUSES: usize = 3;

/// Embeds and tokenises the captions of `job`; `on_progress(done, total)` counts embedded texts.
///
/// # Errors
/// Where there are no captions, or they cannot be embedded.
pub(super) fn prepare(
    config: &TrainConfig,
    job: &Job,
    vocabulary: &Tokenizer,
    on_progress: &mut dyn FnMut(usize, usize),
) -> Result<Prepared> {
    check_shares(job)?;
    let (kept, held_out): (Vec<usize>, Vec<&Vec<String>>) = match job.validation {
        Some(validation) => ((0..job.clips.len()).collect(), validation.iter().collect()),
        None => hold_out(job.clips, config.validation, config.seed),
    };
    let train: Vec<&Vec<String>> = kept.iter().map(|&i| &job.clips[i]).collect();
    let even = job.shares.iter().all(|&share| share == 1.0);
    let shared = kept.iter().filter(|_| !even);
    let shares: Vec<f64> = shared
        .flat_map(|&i| job.clips[i].iter().map(move |_| job.shares[i]))
        .collect();
    let captions: Vec<&String> = train.iter().flat_map(|c| c.iter()).collect();
    let unseen: Vec<&String> = held_out.iter().flat_map(|c| c.iter()).collect();
    if captions.is_empty() {
        return Err(Error::Config("there is no caption to learn from".into()));
    }

    // Every text that needs an embedding, once each: captions, then clauses.
    let mut texts = Texts::default();
    let own: Vec<usize> = captions.iter().map(|c| texts.add(c)).collect();
    let unseen_rows: Vec<usize> = unseen.iter().map(|c| texts.add(c)).collect();
    let clauses: Vec<Vec<usize>> = captions
        .iter()
        .map(|caption| {
            let parts = if config.clauses > 0.0 {
                clauses::split(caption, MOST_CLAUSES)
            } else {
                Vec::new()
            };
            if parts.len() < 2 {
                Vec::new()
            } else {
                parts.iter().map(|c| texts.add(&c.text)).collect()
            }
        })
        .collect();
    let made_in = config.precision.mark(&job.space.identity);
    let rows = embed_cached(
        &texts.list,
        job.text,
        &made_in,
        job.cache.as_deref(),
        on_progress,
    )?;

    let variance = match config.noise {
        Noise::Variance(variance) => variance,
        Noise::Auto => {
            let mut row = own.iter();
            let groups: Vec<Embeddings> = train
                .iter()
                .map(|clip| gather(&rows, row.by_ref().take(clip.len())))
                .collect();
            sigma_pairs(groups.iter().filter(|g| g.len() > 1))
                .map_or(job.defaults.noise_variance, |sigma| sigma * sigma)
        }
    };
    let perturb = Perturb {
        noise_variance: variance,
        shift: job.shift.clone(),
        renormalise: config.renormalise,
        compat: config.compat,
    };

    // Rows 0..n are the captions' own, as `Examples` wants them; clauses come behind, once each.
    let mut embeddings = gather(&rows, own.iter());
    let mut place = HashMap::new();
    let mut single = Vec::new();
    for (caption, (&row, parts)) in own.iter().zip(&clauses).enumerate() {
        if parts.is_empty() && !place.contains_key(&row) {
            place.insert(row, caption);
            single.push((texts.list[row].clone(), caption));
        }
    }
    let clauses: Vec<Vec<usize>> = clauses
        .into_iter()
        .map(|parts| {
            let mut at = |row| {
                *place.entry(row).or_insert_with(|| {
                    embeddings.push(&rows.get(row));
                    single.push((texts.list[row].clone(), embeddings.len() - 1));
                    embeddings.len() - 1
                })
            };
            parts.into_iter().map(&mut at).collect()
        })
        .collect();
    let tokenizer = vocabulary.prune(captions.iter().map(|c| c.as_str()), config.max_tokens);
    let tokens = |captions: &[&String]| -> Vec<Vec<u32>> {
        captions
            .iter()
            .map(|c| tokenizer.encode_truncated(c, config.max_tokens, config.keep_sep))
            .collect()
    };
    let joins = JOINS
        .iter()
        .flat_map(|join| tokenizer.encode(join)[1..].first().copied());
    // Joining counts on texts that begin and end with one token each, as BERT's do.
    let framed = tokenizer.encode("") == [tokenizer.cls(), tokenizer.sep()];
    let joins = joins
        .filter(|&id| framed && id != tokenizer.unk())
        .collect();
    let drawn: Vec<String> = shares.iter().map(f64::to_string).collect();
    let fingerprint = hash(
        (texts.list.iter().chain(&drawn).map(String::as_str)).chain([job.space.identity.as_str()]),
    );
    let clips: Vec<u32> = (0..)
        .zip(&train)
        .flat_map(|(clip, captions)| captions.iter().map(move |_| clip))
        .collect();
    let unseen_rows = gather(&rows, unseen_rows.iter());
    let companions = if config.replace.is_empty() && config.prompt.is_none() {
        Companions::default()
    } else {
        let asked = Asked {
            config,
            job,
            tokenizer: &tokenizer,
            captions: &captions,
            clips: &clips,
            rows: &embeddings.slice(0..captions.len()),
            unseen: &unseen_rows,
            next: embeddings.len(),
            fingerprint: &fingerprint,
        };
        asked.find()?
    };
    let companion_rows = Embeddings::from_unit_rows(rows.dim(), companions.rows)?;
    (0..companion_rows.len()).for_each(|i| embeddings.push(&companion_rows.get(i)));
    Ok(Prepared {
        train: Examples {
            embeddings,
            tokens: tokens(&captions),
            clauses,
            joins,
            related: companions.related,
            prompts: companions.prompts,
            shares,
        },
        validation: Examples {
            tokens: tokens(&unseen),
            clauses: vec![Vec::new(); unseen.len()],
            embeddings: unseen_rows,
            prompts: companions.unseen,
            ..Examples::default()
        },
        keywords: companions.keywords,
        captions: captions.into_iter().cloned().collect(),
        clauses: single,
        tokenizer,
        perturb,
        fingerprint,
    })
}

/// Texts without their repetitions, and the row of each.
#[derive(Default)]
struct Texts {
    list: Vec<String>,
    row: HashMap<String, usize>,
}

impl Texts {
    fn add(&mut self, text: &str) -> usize {
        if let Some(&row) = self.row.get(text) {
            return row;
        }
        self.row.insert(text.to_string(), self.list.len());
        self.list.push(text.to_string());
        self.list.len() - 1
    }
}

fn gather<'a>(rows: &Embeddings, which: impl Iterator<Item = &'a usize>) -> Embeddings {
    let mut some = Embeddings::empty(rows.dim());
    which.for_each(|&row| some.push(&rows.get(row)));
    some
}

fn check_shares(job: &Job) -> Result<()> {
    let (shares, clips) = (job.shares, job.clips.len());
    if !shares.is_empty() && shares.len() != clips {
        let n = shares.len();
        return Err(Error::Config(format!(
            "there are {n} shares for {clips} clips"
        )));
    }
    if !shares.iter().all(|share| (0.0..=100.0).contains(share)) {
        return Err(Error::Config(
            "the share of a captions file must be between 0 and 100".into(),
        ));
    }
    Ok(())
}

/// Splits off a share of the clips, drawn by the seed; at least one stays on each side where there are two. Gives the
/// places of those kept, and those held out.
fn hold_out(clips: &[Vec<String>], share: f64, seed: u64) -> (Vec<usize>, Vec<&Vec<String>>) {
    let wanted = (clips.len() as f64 * share).ceil() as usize;
    let n = if share > 0.0 {
        wanted.min(clips.len().saturating_sub(1))
    } else {
        0
    };
    let order = Stream::new(&format!("seed{seed}/validation")).shuffle(clips.len());
    let mut held = vec![false; clips.len()];
    order.iter().take(n).for_each(|&i| held[i] = true);
    let kept = (0..clips.len()).filter(|&i| !held[i]).collect();
    let (clips, held) = (clips.iter(), held.iter());
    let out = clips.zip(held).filter(|(_, held)| **held);
    (kept, out.map(|(clip, _)| clip).collect())
}

/// The embeddings of `texts` [N, d], from the cache where they are there, else made and put there.
///
/// The cache's file is named by the SHA-256 of the texts and of `space`: the identity of the space, and in what it was
/// computed. So it can be stale for none.
///
/// # Errors
/// Where a text cannot be embedded, or the cache cannot be written.
pub fn embed_cached(
    texts: &[String],
    text: &dyn TextTower,
    space: &str,
    cache: Option<&Path>,
    on_progress: &mut dyn FnMut(usize, usize),
) -> Result<Embeddings> {
    let key = hash(texts.iter().map(String::as_str).chain([space]));
    let file = cache.map(|folder| folder.join(format!("{space}-{}.safetensors", &key[..24])));
    if let Some(path) = &file
        && let Ok(bytes) = fs::read(path)
        && let Ok(tensors) = Tensors::parse(path, &bytes)
        && let Ok(rows) = tensors.get("embeddings", &[texts.len(), text.dim()])
        && let Ok(rows) = Embeddings::from_unit_rows(text.dim(), rows)
    {
        return Ok(rows);
    }
    let list: Vec<&str> = texts.iter().map(String::as_str).collect();
    let rows = text.embed(&list, &mut |done| on_progress(done, texts.len()))?;
    if let Some(path) = &file {
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
        let mut out = TensorFile::new();
        out.f32("embeddings", &[texts.len(), text.dim()], rows.as_slice());
        out.save(path)?;
    }
    Ok(rows)
}

pub(super) fn hash<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut sha = Sha256::new();
    for text in texts {
        sha.update((text.len() as u64).to_le_bytes());
        sha.update(text.as_bytes());
    }
    sha.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
