//! From class scores [521] to an embedding [d] between the vectors of the heaviest classes.

use crate::embedding::Embedding;
use crate::mini::audioset::Classes;

/// Class scores weighted by the specificity of each class: [521] -> [521].
pub(super) fn specific(evidence: &[f32], classes: &Classes) -> Vec<f32> {
    let weighed = evidence.iter().zip(classes.iter());
    weighed.map(|(p, class)| p * class.weight()).collect()
}

/// unit(sum of weight * v) over the `keep` heaviest classes `among` all that weigh anything, and these classes, the
/// heaviest first; `None` where there is none.
pub(super) fn embed(
    weights: &[f32],
    among: impl Fn(usize) -> bool,
    keep: usize,
    classes: &Classes,
) -> Option<(Embedding, Vec<usize>)> {
    let mut kept: Vec<usize> = (0..weights.len())
        .filter(|&c| weights[c] > 0.0 && among(c))
        .collect();
    kept.sort_by(|&a, &b| weights[b].total_cmp(&weights[a]));
    kept.truncate(keep);
    let mut sum = vec![0.0; classes.dim()];
    for &c in &kept {
        let vector = classes.vector(c);
        (sum.iter_mut().zip(vector)).for_each(|(s, v)| *s += weights[c] * v);
    }
    Some((Embedding::new(sum)?, kept))
}

/// The index of the highest value, the first of equals.
pub(super) fn highest(numbers: &[f32]) -> usize {
    let higher = |best, i| if numbers[i] > numbers[best] { i } else { best };
    (0..numbers.len()).fold(0, higher)
}
