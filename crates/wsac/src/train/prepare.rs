//! Preparation before training: a plan's texts -> embeddings (cached), noise level, examples.

use std::collections::HashMap;

use super::auxiliary::{Auxiliary, Request};
use super::config::{Noise, TrainConfig};
use super::embedding_cache::embed_cached;
use super::examples::Examples;
use super::job::Job;
use super::plan::Plan;
use crate::bridge::{Augmentation, sigma_pairs};
use crate::error::Result;
use crate::memory::Memory;
use wsac_encoders::embedding::Embeddings;
use wsac_encoders::tokenizer::Tokenizer;

/// A data set ready to train on.
#[derive(Debug)]
pub struct Prepared {
    /// The training examples.
    pub train: Examples,
    /// The examples for the validation loss.
    pub validation: Examples,
    /// Texts of one sound and the row of each in `train.embeddings`: clauses, and captions of a single sound.
    pub clauses: Vec<(String, usize)>,
    /// The names of sounds and their embeddings, if they are used as prompts.
    pub keywords: Option<Memory>,
    /// How embeddings are augmented in training.
    pub perturb: Augmentation,
}

/// The words that join two captions into one.
const JOINS: [&str; 3] = ["while", "as", "and"];

/// Embeds the texts of `plan` and builds examples; `on_progress(done, total)` counts embedded texts.
///
/// # Errors
/// If texts cannot be embedded, or the cache cannot be written.
pub(super) fn prepare(
    config: &TrainConfig,
    job: &Job,
    plan: &Plan,
    on_progress: &mut dyn FnMut(usize, usize),
) -> Result<Prepared> {
    let made_in = config.precision.mark(&job.space.identity);
    let cache = job.cache.as_deref();
    let rows = embed_cached(&plan.texts, job.text, &made_in, cache, on_progress)?;
    let perturb = Augmentation {
        noise_variance: noise_variance(config, job, plan, &rows),
        shift: job.shift.clone(),
        renormalise: config.renormalise,
        compat: config.compat,
    };
    let (mut embeddings, clauses, single) = example_rows(plan, &rows);
    let unseen_rows = gather(&rows, &plan.unseen);
    let auxiliary = auxiliary(config, job, plan, &embeddings, &unseen_rows)?;
    let new = Embeddings::from_unit_rows(rows.dim(), auxiliary.rows)?;
    (0..new.len()).for_each(|i| embeddings.push(&new.get(i)));
    Ok(Prepared {
        train: Examples {
            embeddings,
            tokens: plan.tokens.clone(),
            clauses,
            joins: joins(&plan.tokenizer),
            related: auxiliary.related,
            prompts: auxiliary.prompts,
            shares: plan.shares.clone(),
        },
        validation: Examples {
            tokens: plan.unseen_tokens.clone(),
            clauses: vec![Vec::new(); plan.unseen.len()],
            embeddings: unseen_rows,
            prompts: auxiliary.unseen,
            ..Examples::default()
        },
        clauses: single,
        keywords: auxiliary.keywords,
        perturb,
    })
}

/// The variance of the noise: as set, or estimated from captions of one clip (section 3.1.1).
fn noise_variance(config: &TrainConfig, job: &Job, plan: &Plan, rows: &Embeddings) -> f64 {
    match config.noise {
        Noise::Variance(variance) => variance,
        Noise::Auto => {
            let mut own = plan.own.iter();
            let clips = plan.clips.chunk_by(|a, b| a == b);
            let groups: Vec<Embeddings> = clips
                .map(|clip| gather(rows, own.by_ref().take(clip.len())))
                .collect();
            sigma_pairs(groups.iter().filter(|g| g.len() > 1))
                .map_or(job.defaults.noise_variance, |sigma| sigma * sigma)
        }
    }
}

/// The rows of examples: first the captions' own, as [`Examples`] expects them; then the clauses, once each. Also the rows
/// of each caption's clauses, and the texts of one sound with theirs.
fn example_rows(
    plan: &Plan,
    rows: &Embeddings,
) -> (Embeddings, Vec<Vec<usize>>, Vec<(String, usize)>) {
    let mut embeddings = gather(rows, &plan.own);
    let mut place = HashMap::new();
    let mut single = Vec::new();
    for (caption, (&row, parts)) in plan.own.iter().zip(&plan.clauses).enumerate() {
        if parts.is_empty() && !place.contains_key(&row) {
            place.insert(row, caption);
            single.push((plan.texts[row].clone(), caption));
        }
    }
    let mut at = |&row: &usize| {
        *place.entry(row).or_insert_with(|| {
            embeddings.push(&rows.get(row));
            single.push((plan.texts[row].clone(), embeddings.len() - 1));
            embeddings.len() - 1
        })
    };
    let clauses = plan.clauses.iter();
    let clauses = clauses
        .map(|parts| parts.iter().map(&mut at).collect())
        .collect();
    (embeddings, clauses, single)
}

/// The tokens that may join two captions. Joining requires texts that begin and end with one token each, as BERT's do.
fn joins(tokenizer: &Tokenizer) -> Vec<u32> {
    let framed = tokenizer.encode("") == [tokenizer.cls(), tokenizer.sep()];
    let joins = JOINS
        .iter()
        .flat_map(|join| tokenizer.encode(join)[1..].first().copied());
    joins
        .filter(|&id| framed && id != tokenizer.unk())
        .collect()
}

/// The auxiliary embeddings of captions, if the settings ask for them.
fn auxiliary(
    config: &TrainConfig,
    job: &Job,
    plan: &Plan,
    embeddings: &Embeddings,
    unseen: &Embeddings,
) -> Result<Auxiliary> {
    if config.replace.is_empty() && config.prompt.is_none() {
        return Ok(Auxiliary::default());
    }
    let request = Request {
        config,
        job,
        tokenizer: &plan.tokenizer,
        captions: &plan.captions,
        clips: &plan.clips,
        rows: &embeddings.slice(0..plan.captions.len()),
        unseen,
        next: embeddings.len(),
        fingerprint: &plan.fingerprint,
    };
    request.find()
}

fn gather<'a>(rows: &Embeddings, which: impl IntoIterator<Item = &'a usize>) -> Embeddings {
    let mut some = Embeddings::empty(rows.dim());
    which.into_iter().for_each(|&row| some.push(&rows.get(row)));
    some
}
