//! Softmax cross-entropy fused with the output head, in blocks of rows: logits [rows, vocabulary] are never whole.

use rayon::prelude::*;

use crate::activation::exp;
use crate::matmul::{Mat, Store, matmul};
use crate::simd::vectorise;

/// Rows whose logits exist at once (256 x 5,000 words = 5 MB).
const HEAD_BLOCK: usize = 256;

/// The summed negative log-likelihood (nats, in f64) of `targets[n]` under `softmax(hidden[n, d] head[v, d]^T)`,
/// and how many targets are the most likely word (ties: the lowest id).
pub fn nll(hidden: &[f32], head: &[f32], d: usize, targets: &[u32]) -> (f64, usize) {
    blocks(hidden, head, d, targets, |_, _, _| {})
}

/// [`nll`] with its gradient: `dhidden` [n, d] is replaced and `dhead` [v, d] is added to, both times `scale`.
pub fn nll_backward(
    dhidden: &mut [f32],
    dhead: &mut [f32],
    hidden: &[f32],
    head: &[f32],
    d: usize,
    targets: &[u32],
    scale: f32,
) -> f64 {
    let v = head.len() / d;
    let total = blocks(hidden, head, d, targets, |first, logits, targets| {
        logits
            .par_chunks_exact_mut(v)
            .zip(targets)
            .for_each(|(row, &target)| {
                // After `blocks` a row holds log-probabilities; the gradient is scale (p - [target]).
                vectorise(|| row.iter_mut().for_each(|l| *l = scale * exp(*l)));
                row[target as usize] -= scale;
            });
        let (n, range) = (targets.len(), first * d..(first + targets.len()) * d);
        let dlogits = Mat::new(logits, n, v);
        matmul(
            &mut dhidden[range.clone()],
            dlogits,
            Mat::new(head, v, d),
            Store::Set,
        );
        matmul(
            dhead,
            dlogits.t(),
            Mat::new(&hidden[range], n, d),
            Store::Add,
        );
    });
    total.0
}

/// Runs `each(first row, log-probabilities, targets)` over blocks of rows and sums up what [`nll`] returns.
fn blocks(
    hidden: &[f32],
    head: &[f32],
    d: usize,
    targets: &[u32],
    mut each: impl FnMut(usize, &mut [f32], &[u32]),
) -> (f64, usize) {
    let v = head.len() / d;
    assert_eq!(hidden.len(), targets.len() * d, "one hidden row a target");
    let mut logits = vec![0.0; HEAD_BLOCK.min(targets.len()) * v];
    let (mut total, mut right) = (0.0, 0);
    for (b, targets) in targets.chunks(HEAD_BLOCK).enumerate() {
        let (first, n) = (b * HEAD_BLOCK, targets.len());
        let logits = &mut logits[..n * v];
        matmul(
            logits,
            Mat::new(&hidden[first * d..(first + n) * d], n, d),
            Mat::new(head, v, d).t(),
            Store::Set,
        );
        let rows: Vec<(f64, bool)> = logits
            .par_chunks_exact_mut(v)
            .zip(targets)
            .map(|(row, &target)| {
                let best = argmax(row) == target as usize;
                log_softmax(row);
                (-f64::from(row[target as usize]), best)
            })
            .collect();
        total += rows.iter().map(|r| r.0).sum::<f64>();
        right += rows.iter().filter(|r| r.1).count();
        each(first, logits, targets);
    }
    (total, right)
}

/// Turns logits into log-probabilities in place (natural logarithm).
pub fn log_softmax(x: &mut [f32]) {
    vectorise(|| {
        let max = x.iter().fold(f32::NEG_INFINITY, |m, &v| m.max(v));
        let total = crate::norm::sum(x.len(), |i| exp(x[i] - max));
        let shift = max + total.ln();
        x.iter_mut().for_each(|v| *v -= shift);
    });
}

/// The place of the largest entry, the first where several are equal.
pub fn argmax(x: &[f32]) -> usize {
    x.iter()
        .enumerate()
        .fold(0, |best, (i, v)| if *v > x[best] { i } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check_gradient, numbers};

    #[test]
    fn gradients_agree_with_finite_differences_across_blocks() {
        let (n, d, v) = (HEAD_BLOCK + 3, 3, 7);
        let (hidden, head) = (numbers(n * d, 1), numbers(v * d, 2));
        let targets: Vec<u32> = (0..n as u32).map(|i| (i * 5 + 2) % 7).collect();
        let (mut dh, mut dw) = (vec![0.0; n * d], vec![0.0; v * d]);
        let total = nll_backward(&mut dh, &mut dw, &hidden, &head, d, &targets, 0.25);
        assert!((total - nll(&hidden, &head, d, &targets).0).abs() < 1e-9);
        check_gradient("hidden", &dh, &hidden, |h| {
            0.25 * nll(h, &head, d, &targets).0
        });
        check_gradient("head", &dw, &head, |w| {
            0.25 * nll(&hidden, w, d, &targets).0
        });
    }
}
