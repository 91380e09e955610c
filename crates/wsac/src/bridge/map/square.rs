//! Square matrices [d, d] of f64, for solving for a map. Rows are processed in parallel, each summed in order, so that
//! the number of threads does not change a bit.

use rayon::prelude::*;

/// A square matrix, row-major.
#[derive(Debug, Clone)]
pub struct Square {
    pub d: usize,
    pub rows: Vec<f64>,
}

impl Square {
    /// `a^T b` of two matrices [N, d].
    pub fn product(d: usize, a: &[f64], b: &[f64]) -> Self {
        let mut rows = vec![0.0; d * d];
        rows.par_chunks_exact_mut(d)
            .enumerate()
            .for_each(|(i, row)| {
                for (a, b) in a.chunks_exact(d).zip(b.chunks_exact(d)) {
                    let x = a[i];
                    row.iter_mut().zip(b).for_each(|(r, b)| *r += x * b);
                }
            });
        Self { d, rows }
    }

    /// The sum of the diagonal.
    pub fn trace(&self) -> f64 {
        self.rows.iter().step_by(self.d + 1).sum()
    }

    /// The same with `x` added to the diagonal.
    pub fn plus_diagonal(&self, x: f64) -> Self {
        let mut sum = self.clone();
        sum.rows
            .iter_mut()
            .step_by(self.d + 1)
            .for_each(|r| *r += x);
        sum
    }

    fn norm(&self) -> f64 {
        self.rows.iter().map(|x| x * x).sum::<f64>().sqrt()
    }

    /// The inverse times `right` [d, d], by elimination with pivoting; `None` if the matrix is singular.
    pub fn solve(&self, right: &Square) -> Option<Square> {
        let d = self.d;
        let (mut a, mut b) = (self.rows.clone(), right.rows.clone());
        for k in 0..d {
            let size = |i: usize| a[i * d + k].abs();
            let pivot = (k..d).fold(k, |best, i| if size(i) > size(best) { i } else { best });
            if !(a[pivot * d + k].abs() > 0.0 && a[pivot * d + k].is_finite()) {
                return None;
            }
            if pivot != k {
                let swap = |rows: &mut [f64]| {
                    let (upper, lower) = rows.split_at_mut(pivot * d);
                    upper[k * d..(k + 1) * d].swap_with_slice(&mut lower[..d]);
                };
                swap(&mut a);
                swap(&mut b);
            }
            let (above, below) = a.split_at_mut((k + 1) * d);
            let (right_above, right_below) = b.split_at_mut((k + 1) * d);
            let (top, right_top) = (&above[k * d..], &right_above[k * d..]);
            (below.par_chunks_exact_mut(d))
                .zip(right_below.par_chunks_exact_mut(d))
                .with_min_len(16)
                .for_each(|(row, right)| {
                    let factor = row[k] / top[k];
                    if factor != 0.0 {
                        subtract(&mut row[k..], factor, &top[k..]);
                        subtract(right, factor, right_top);
                    }
                });
        }
        for k in (0..d).rev() {
            let (above, below) = b.split_at_mut(k * d);
            let row = &mut below[..d];
            row.iter_mut().for_each(|x| *x /= a[k * d + k]);
            (above.par_chunks_exact_mut(d).enumerate())
                .with_min_len(16)
                .for_each(|(i, upper)| subtract(upper, a[i * d + k], row));
        }
        Some(Square { d, rows: b })
    }

    /// The nearest orthogonal matrix, by Higham's scaled Newton iteration `x <- (c x + x^-T / c) / 2`; `None` where this
    /// matrix has no inverse.
    pub fn orthogonal(&self) -> Option<Square> {
        let (d, mut x) = (self.d, self.clone());
        let mut unit = Square {
            d,
            rows: vec![0.0; d * d],
        };
        unit = unit.plus_diagonal(1.0);
        for _ in 0..64 {
            let inverse = x.solve(&unit)?;
            let scale = (inverse.norm() / x.norm()).sqrt();
            let mut next = vec![0.0; d * d];
            next.par_chunks_exact_mut(d)
                .enumerate()
                .for_each(|(i, row)| {
                    for (j, next) in row.iter_mut().enumerate() {
                        *next = 0.5 * (scale * x.rows[i * d + j] + inverse.rows[j * d + i] / scale);
                    }
                });
            let change = next.iter().zip(&x.rows).map(|(a, b)| (a - b) * (a - b));
            let change = change.sum::<f64>().sqrt();
            x.rows = next;
            if change <= 1e-12 * x.norm() {
                break;
            }
        }
        Some(x)
    }
}

fn subtract(from: &mut [f64], factor: f64, row: &[f64]) {
    from.iter_mut().zip(row).for_each(|(x, y)| *x -= factor * y);
}

#[cfg(test)]
mod tests {
    use super::*;
    use wsac_nn::rng::Stream;

    fn random(d: usize, name: &str) -> Square {
        let stream = Stream::new(name);
        let rows = (0..(d * d) as u64).map(|i| f64::from(stream.gauss(i)));
        Square {
            d,
            rows: rows.collect(),
        }
    }

    fn times(a: &Square, b: &Square) -> Vec<f64> {
        let d = a.d;
        let cell = |i: usize, j: usize| (0..d).map(|k| a.rows[i * d + k] * b.rows[k * d + j]).sum();
        (0..d * d).map(|at| cell(at / d, at % d)).collect()
    }

    fn close(a: &[f64], b: &[f64]) {
        let apart = a.iter().zip(b).map(|(a, b)| (a - b).abs());
        let most = apart.fold(0.0, f64::max);
        assert!(most < 1e-9, "{most}");
    }

    #[test]
    fn a_solution_solves() {
        let (a, b) = (random(37, "a"), random(37, "b"));
        let x = a.solve(&b).expect("a random matrix has an inverse");
        close(&times(&a, &x), &b.rows);
        let singular = Square {
            d: 2,
            rows: vec![1.0, 2.0, 2.0, 4.0],
        };
        assert!(singular.solve(&random(2, "c")).is_none());
    }

    #[test]
    fn the_orthogonal_factor_is_orthogonal_and_of_its_own_the_same() {
        let q = random(23, "q").orthogonal().expect("an inverse");
        let transposed = Square {
            d: 23,
            rows: (0..23 * 23)
                .map(|at| q.rows[at % 23 * 23 + at / 23])
                .collect(),
        };
        let unit: Vec<f64> = (0..23 * 23).map(|at| f64::from(at % 24 == 0)).collect();
        close(&times(&q, &transposed), &unit);
        close(&q.orthogonal().expect("an inverse").rows, &q.rows);
    }
}
