//! SPIDEr (Liu et al. 2017): the mean of CIDEr-D and SPICE; SPIDEr-max (Labbé et al. 2022) and the fluency penalty
//! (Zhou et al. 2022): all arithmetic on scores that other modules compute.

use crate::{Error, Result, Scores};

/// The share that a fluency error costs in FENSE and SPIDEr-FL.
pub const FENSE_PENALTY: f64 = 0.9;
/// The share that a fluency error costs in MACE (Dixit et al. 2024).
pub const MACE_PENALTY: f64 = 0.3;

/// `(CIDEr-D + SPICE) / 2`, per item and for the corpus.
///
/// # Errors
/// Where the two are not of the same items.
pub fn spider(cider_d: &Scores, spice: &Scores) -> Result<Scores> {
    let mean = zip(cider_d, spice)?.map(|(c, s)| (c + s) / 2.0);
    Ok(Scores::mean_of(mean.collect()))
}

/// SPIDEr-max: where each clip has several candidates, the best of each counts. `of_candidates[k]` are the SPIDEr scores
/// of every clip's k-th candidate, against the references of all clips; the corpus score is the mean.
///
/// # Errors
/// Where there are no candidates, or some clip has fewer than others.
pub fn spider_max(of_candidates: &[Scores]) -> Result<Scores> {
    let [first, others @ ..] = of_candidates else {
        let needed = "SPIDEr-max needs the scores of at least one candidate a clip";
        return Err(Error::Items(needed.into()));
    };
    let mut best = first.per_item.clone();
    for other in others {
        let pairs = zip(first, other)?.map(|(_, score)| score);
        for (best, score) in best.iter_mut().zip(pairs) {
            *best = score.max(*best);
        }
    }
    Ok(Scores::mean_of(best))
}

/// `score * (1 - penalty error)`, where `fluency_error` is 1 for items whose candidate is no fluent sentence and 0 for the
/// others: what FENSE makes of a sentence similarity and SPIDEr-FL of SPIDEr ([`FENSE_PENALTY`]), and MACE of a CLAP's
/// similarity ([`MACE_PENALTY`]). The corpus score is the mean.
///
/// # Errors
/// Where the two are not of the same items.
pub fn penalised(scores: &Scores, fluency_error: &Scores, penalty: f64) -> Result<Scores> {
    let penalise = |(score, error): (f64, f64)| score * (1.0 - penalty * error);
    Ok(Scores::mean_of(
        zip(scores, fluency_error)?.map(penalise).collect(),
    ))
}

fn zip<'a>(a: &'a Scores, b: &'a Scores) -> Result<impl Iterator<Item = (f64, f64)> + 'a> {
    if a.per_item.len() != b.per_item.len() {
        return Err(Error::Items(format!(
            "scores of {} items cannot be joined with scores of {} items",
            a.per_item.len(),
            b.per_item.len()
        )));
    }
    Ok(a.per_item.iter().copied().zip(b.per_item.iter().copied()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_best_candidate_of_each_clip_counts_and_errors_cost_nine_tenths() {
        let scores = |per_item: &[f64]| Scores::mean_of(per_item.to_vec());
        let best = spider_max(&[scores(&[0.1, 0.9]), scores(&[0.3, 0.2])]).unwrap();
        assert_eq!(best.per_item, [0.3, 0.9]);
        let fluent = penalised(&scores(&[1.0, 0.5]), &scores(&[1.0, 0.0]), FENSE_PENALTY).unwrap();
        assert!((fluent.per_item[0] - 0.1).abs() < 1e-15 && fluent.per_item[1] == 0.5);
        assert!(spider(&scores(&[1.0]), &scores(&[1.0, 2.0])).is_err());
        assert!(spider_max(&[]).is_err());
    }
}
