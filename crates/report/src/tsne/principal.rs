//! Rows `[N, d]` -> their first two principal components `[N, 2]`, as a start: the global order of the rows is kept from
//! there (Kobak & Berens 2019). Orthogonal iteration, without a `[d, d]` matrix.

use rayon::prelude::*;

use crate::random::Random;

/// The spread of the start along its first component.
const SPREAD: f64 = 1e-4;
const ROUNDS: usize = 60;

pub(super) fn start(rows: &[f32], d: usize, seed: u64) -> Vec<[f32; 2]> {
    let n = rows.len() / d;
    let mut mean = vec![0.0; d];
    for row in rows.chunks_exact(d) {
        mean.iter_mut()
            .zip(row)
            .for_each(|(m, &x)| *m += f64::from(x) / n as f64);
    }
    let mut random = Random::new(0, "tsne/components"); // the components do not depend on the seed
    let mut axes = [0, 1].map(|_| (0..d).map(|_| random.gauss()).collect::<Vec<f64>>());
    for _ in 0..ROUNDS {
        orthonormal(&mut axes);
        let along = project(rows, d, &mean, &axes);
        axes = back(rows, d, &mean, &along);
    }
    orthonormal(&mut axes);
    for axis in &mut axes {
        // A sign of its own: the largest loading is positive.
        let largest = axis
            .iter()
            .fold(0.0f64, |a, &b| if b.abs() > a.abs() { b } else { a });
        if largest < 0.0 {
            axis.iter_mut().for_each(|x| *x = -*x);
        }
    }
    let along = project(rows, d, &mean, &axes);
    let deviation = (along.iter().map(|p| p[0] * p[0]).sum::<f64>() / n as f64).sqrt();
    let scale = if deviation > 0.0 {
        SPREAD / deviation
    } else {
        0.0
    };
    // Rows that are the same would never part; and the seed must change something.
    let mut random = Random::new(seed, "tsne/start");
    let mut jitter = || 0.01 * SPREAD * random.gauss();
    (along.iter())
        .map(|p| {
            [
                (scale * p[0] + jitter()) as f32,
                (scale * p[1] + jitter()) as f32,
            ]
        })
        .collect()
}

/// Gram-Schmidt; an axis of zeros stays.
fn orthonormal([a, b]: &mut [Vec<f64>; 2]) {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let unit = |v: &mut Vec<f64>| {
        let length = dot(v, v).sqrt();
        if length > 1e-300 {
            v.iter_mut().for_each(|x| *x /= length);
        }
    };
    unit(a);
    let along = dot(a, b);
    b.iter_mut()
        .zip(a.iter())
        .for_each(|(b, a)| *b -= along * a);
    unit(b);
}

fn project(rows: &[f32], d: usize, mean: &[f64], axes: &[Vec<f64>; 2]) -> Vec<[f64; 2]> {
    let at = axes
        .each_ref()
        .map(|axis| axis.iter().zip(mean).map(|(a, m)| a * m).sum::<f64>());
    let place = |row: &[f32]| {
        let mut sums = [0.0; 2];
        for k in 0..d {
            sums[0] += axes[0][k] * f64::from(row[k]);
            sums[1] += axes[1][k] * f64::from(row[k]);
        }
        [sums[0] - at[0], sums[1] - at[1]]
    };
    rows.par_chunks_exact(d).map(place).collect()
}

/// The rows weighted by their places, in blocks that are added in order.
fn back(rows: &[f32], d: usize, mean: &[f64], along: &[[f64; 2]]) -> [Vec<f64>; 2] {
    let blocks: Vec<[Vec<f64>; 2]> = (rows.par_chunks(256 * d))
        .zip(along.par_chunks(256))
        .map(|(rows, along)| {
            let mut sums = [vec![0.0; d], vec![0.0; d]];
            for (row, p) in rows.chunks_exact(d).zip(along) {
                for k in 0..d {
                    let x = f64::from(row[k]) - mean[k];
                    sums[0][k] += p[0] * x;
                    sums[1][k] += p[1] * x;
                }
            }
            sums
        })
        .collect();
    let mut total = [vec![0.0; d], vec![0.0; d]];
    for block in blocks {
        for (total, block) in total.iter_mut().zip(block) {
            total.iter_mut().zip(block).for_each(|(t, b)| *t += b);
        }
    }
    total
}
