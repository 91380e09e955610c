//! SBERT-sim: the mean over the references of the cosine of their sentence embeddings to the candidate's, -1 to 1.
//!
//! Reimers and Gurevych 2019; as aac-metrics 0.6.0 (`sbert_sim.py`) and FENSE (Zhou et al. 2022) compute it.

use wsac_encoders::Result;
use wsac_encoders::embedding::dot;
use wsac_encoders::sentence::SentenceBert;
use wsac_encoders::towers::TextTower;
use wsac_metrics::{Items, Scores};

use crate::Progress;

/// The Sentence-BERT of FENSE as aac-metrics and DCASE 2024 compute it, and its size: layers, width.
pub const FENSE_SBERT: (&str, [usize; 2]) = ("paraphrase-TinyBERT-L6-v2", [6, 768]);

/// Whether `model` is that of FENSE, by its name and size: only its similarity goes into FENSE.
pub fn is_of_fense(model: &SentenceBert) -> bool {
    (model.name(), [model.depth(), model.dim()]) == FENSE_SBERT
}

/// SBERT-sim of tokenised `items` by `model`: any tower of texts. The corpus score is the mean.
///
/// # Errors
/// Where the model finds no embedding for a caption.
pub fn sbert_sim(model: &dyn TextTower, items: &Items, progress: Progress) -> Result<Scores> {
    let texts: Vec<&str> = (items.iter())
        .flat_map(|(candidate, references)| {
            std::iter::once(candidate).chain(references.iter().map(String::as_str))
        })
        .collect();
    let embeddings = model.embed(&texts, progress)?;
    let mut rows = embeddings.rows();
    let mean = items.references().iter().map(|references| {
        let candidate = rows.next().unwrap_or_default();
        let cosines = rows.by_ref().take(references.len());
        let sum: f64 = cosines
            .map(|reference| f64::from(dot(candidate, reference)))
            .sum();
        sum / references.len() as f64
    });
    Ok(Scores::mean_of(mean.collect()))
}
