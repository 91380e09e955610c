//! Learned caption metrics: what needs a model beside the captions.
//!
//! Every metric is a function of [`Items`](wsac_metrics::Items) (tokenised captions, as for all other metrics) and of a
//! model that is open already to [`Scores`](wsac_metrics::Scores). The models are the user's own files; which ones the
//! originals use, and which values were ever compared with them, stands in `docs/metrics-parity.md` of the repository.
//!
//! | metric | model | here |
//! |---|---|---|
//! | SBERT-sim, and with the next FENSE | a Sentence-BERT | [`sbert_sim`] |
//! | fluency error rate; FENSE, SPIDEr-FL | FENSE's detector | [`fluency`], [`fluency_errors`] |
//! | CLAP-sim, and with the last MACE | a CLAP | [`sbert_sim`], [`clap_sim`] |
//! | BERTScore | a BERT or RoBERTa | [`bert_score`] |
//!
//! FENSE, SPIDEr-FL and MACE are [`wsac_metrics::penalised`] of two of these.

mod bert_score;
mod clap;
mod fluency;
mod sbert;

pub use bert_score::{BertScores, bert_score};
pub use clap::{clap_sim, hear};
pub use fluency::{fluency, fluency_errors};
pub use sbert::{FENSE_SBERT, is_of_fense, sbert_sim};

/// Is told how many texts are done, now and then.
pub type Progress<'a> = &'a mut dyn FnMut(usize);
