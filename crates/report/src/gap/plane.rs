//! How well a plane parts two kinds of rows, on pairs it has not seen.
//!
//! With as many rows of either kind, least squares on the targets +1 and -1 gives Fisher's discriminant. A little ridge
//! keeps it steady where there are fewer rows than dimensions; conjugate gradients solve it without a `[d, d]` matrix.

use rayon::prelude::*;

const FOLDS: usize = 5;
/// Steps of conjugate gradients at most.
const STEPS: usize = 60;
/// Ridge, as a share of the mean variance of a dimension.
const RIDGE: f64 = 1e-2;

/// Cross-validated accuracy, 0 to 1; 0.5 where there is but one pair. `order`: the pairs in random order.
pub(super) fn accuracy(audio: &[f32], text: &[f32], d: usize, order: &[usize]) -> f64 {
    let folds = FOLDS.min(order.len());
    if folds < 2 {
        return 0.5;
    }
    let right: Vec<f64> = (0..folds)
        .into_par_iter()
        .map(|fold| {
            let of = |k: usize| k % folds == fold;
            let seen: Vec<usize> = (0..order.len())
                .filter(|&k| !of(k))
                .map(|k| order[k])
                .collect();
            let plane = Plane::fit(audio, text, d, &seen);
            let unseen = (0..order.len()).filter(|&k| of(k)).map(|k| order[k]);
            unseen
                .map(|i| side(plane.value(row(audio, d, i))) + side(-plane.value(row(text, d, i))))
                .sum()
        })
        .collect();
    right.iter().sum::<f64>() / (2 * order.len()) as f64
}

/// 1 on the right side, 0 on the wrong one, half on the plane.
fn side(value: f64) -> f64 {
    match value.partial_cmp(&0.0) {
        Some(std::cmp::Ordering::Greater) => 1.0,
        Some(std::cmp::Ordering::Less) => 0.0,
        _ => 0.5,
    }
}

/// Positive where it takes a row for audio.
struct Plane {
    weights: Vec<f64>,
    offset: f64,
}

impl Plane {
    fn fit(audio: &[f32], text: &[f32], d: usize, seen: &[usize]) -> Self {
        let rows = || {
            let of = |kind, sign| seen.iter().map(move |&i| (row(kind, d, i), sign));
            of(audio, 1.0).chain(of(text, -1.0))
        };
        let n = 2.0 * seen.len() as f64;
        let (mut mean, mut target) = (vec![0.0; d], vec![0.0; d]);
        for (row, sign) in rows() {
            for k in 0..d {
                let x = f64::from(row[k]);
                mean[k] += x / n;
                target[k] += sign * x / n; // the signs sum to 0, so centring changes nothing
            }
        }
        let spread: f64 = rows()
            .map(|(row, _)| {
                row.iter()
                    .zip(&mean)
                    .map(|(&x, m)| (f64::from(x) - m).powi(2))
                    .sum::<f64>()
            })
            .sum();
        let ridge = (RIDGE * spread / n / d as f64).max(f64::MIN_POSITIVE);
        // (X'X / n + ridge) w = X'y / n
        let apply = |v: &[f64]| {
            let shift: f64 = v.iter().zip(&mean).map(|(v, m)| v * m).sum();
            let mut out: Vec<f64> = v.iter().map(|v| ridge * v).collect();
            let mut total = 0.0;
            for (row, _) in rows() {
                let at = (row
                    .iter()
                    .zip(v)
                    .map(|(&x, v)| f64::from(x) * v)
                    .sum::<f64>()
                    - shift)
                    / n;
                total += at;
                out.iter_mut()
                    .zip(row)
                    .for_each(|(o, &x)| *o += at * f64::from(x));
            }
            out.iter_mut().zip(&mean).for_each(|(o, m)| *o -= total * m);
            out
        };
        let weights = solve(apply, &target);
        let offset = -weights.iter().zip(&mean).map(|(w, m)| w * m).sum::<f64>();
        Self { weights, offset }
    }

    fn value(&self, row: &[f32]) -> f64 {
        row.iter()
            .zip(&self.weights)
            .map(|(&x, w)| f64::from(x) * w)
            .sum::<f64>()
            + self.offset
    }
}

/// Conjugate gradients from zero.
fn solve(apply: impl Fn(&[f64]) -> Vec<f64>, target: &[f64]) -> Vec<f64> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let mut x = vec![0.0; target.len()];
    let mut left = target.to_vec();
    let mut towards = left.clone();
    let mut size = dot(&left, &left);
    let enough = 1e-12 * size;
    for _ in 0..STEPS {
        if size <= enough {
            break;
        }
        let image = apply(&towards);
        let step = size / dot(&towards, &image);
        if !step.is_finite() {
            break;
        }
        for k in 0..x.len() {
            x[k] += step * towards[k];
            left[k] -= step * image[k];
        }
        let next = dot(&left, &left);
        let turn = next / size;
        towards
            .iter_mut()
            .zip(&left)
            .for_each(|(t, l)| *t = l + turn * *t);
        size = next;
    }
    x
}

/// Row `i` of `rows`, `[N, d]`.
pub(super) fn row(rows: &[f32], d: usize, i: usize) -> &[f32] {
    &rows[i * d..(i + 1) * d]
}
