//! Rows `[N, d]` -> affinities: for every pair of neighbours the probability `p` that one would choose the other, the
//! bandwidth of each row set so that its choice has the wanted perplexity.

use rayon::prelude::*;

/// A sparse, symmetric `[N, N]` matrix that sums to 1: row `i` has `pairs[begins[i]..begins[i + 1]]`.
pub(super) struct Affinities {
    pub begins: Vec<usize>,
    /// (the other row, p).
    pub pairs: Vec<(u32, f32)>,
}

impl Affinities {
    pub fn of(rows: &[f32], d: usize, perplexity: f64) -> Self {
        let n = rows.len() / d;
        let k = ((3.0 * perplexity).ceil() as usize).min(n - 1);
        let chosen: Vec<Vec<(u32, f64)>> = (0..n)
            .into_par_iter()
            .map(|i| {
                let near = nearest(rows, d, i, k);
                let p = choice(&near, perplexity);
                near.iter().zip(p).map(|(&(j, _), p)| (j, p)).collect()
            })
            .collect();
        // p_ij = (p_j|i + p_i|j) / 2N, the rows sorted by the other's number.
        let mut both: Vec<Vec<(u32, f64)>> = chosen.clone();
        for (i, row) in chosen.iter().enumerate() {
            row.iter()
                .for_each(|&(j, p)| both[j as usize].push((i as u32, p)));
        }
        let (mut begins, mut pairs) = (vec![0], Vec::new());
        for mut row in both {
            row.sort_by_key(|&(j, _)| j); // stable: of two with one number, our own choice is first in every row
            for two in row.chunk_by(|a, b| a.0 == b.0) {
                let (mut a, mut b) = (two[0].1, two.get(1).map_or(0.0, |t| t.1));
                if a > b {
                    (a, b) = (b, a); // one order of adding, so that p_ij and p_ji have equal bits
                }
                pairs.push((two[0].0, ((a + b) / (2 * n) as f64) as f32));
            }
            begins.push(pairs.len());
        }
        Self { begins, pairs }
    }

    pub fn row(&self, i: usize) -> &[(u32, f32)] {
        &self.pairs[self.begins[i]..self.begins[i + 1]]
    }
}

/// The `k` rows nearest to row `i`, with squared distances; the lower number first where two are as far.
fn nearest(rows: &[f32], d: usize, i: usize, k: usize) -> Vec<(u32, f32)> {
    let mut all = pulp::Arch::new().dispatch(Distances { rows, d, i });
    let order = |a: &(u32, f32), b: &(u32, f32)| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0));
    if k < all.len() {
        all.select_nth_unstable_by(k, order);
        all.truncate(k);
    }
    all.sort_unstable_by(order);
    all
}

/// The squared distances from row `i` to all others. Compiled for the processor at hand; the same bits on all.
struct Distances<'a> {
    rows: &'a [f32],
    d: usize,
    i: usize,
}

impl pulp::NullaryFnOnce for Distances<'_> {
    type Output = Vec<(u32, f32)>;

    #[inline(always)]
    fn call(self) -> Self::Output {
        let Self { rows, d, i } = self;
        let own = &rows[i * d..(i + 1) * d];
        let mut all = Vec::with_capacity(rows.len() / d);
        for (j, row) in rows.chunks_exact(d).enumerate() {
            if j != i {
                all.push((j as u32, squared(own, row)));
            }
        }
        all
    }
}

/// Sixteen sums side by side, always in one order; the same for (a, b) and (b, a).
#[inline(always)]
pub(super) fn squared(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0f32; 16];
    let (a16, b16) = (a.chunks_exact(16), b.chunks_exact(16));
    let last = a16.remainder().iter().zip(b16.remainder());
    let rest: f32 = last.map(|(a, b)| (a - b) * (a - b)).sum();
    for (a, b) in a16.zip(b16) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += (a - b) * (a - b);
        }
    }
    sums.iter().sum::<f32>() + rest
}

/// The probabilities with which a row chooses its neighbours: a normal distribution whose width has the perplexity.
pub(super) fn choice(near: &[(u32, f32)], perplexity: f64) -> Vec<f64> {
    let wanted = perplexity.ln();
    let least = near.first().map_or(0.0, |n| f64::from(n.1));
    let (mut low, mut high, mut beta) = (0.0, f64::INFINITY, 1.0);
    let mut p = vec![0.0; near.len()];
    for _ in 0..100 {
        let (mut sum, mut mean) = (0.0, 0.0);
        for (p, near) in p.iter_mut().zip(near) {
            let far = f64::from(near.1) - least;
            *p = (-beta * far).exp();
            sum += *p;
            mean += *p * far;
        }
        let entropy = f64::ln(sum) + beta * mean / sum;
        p.iter_mut().for_each(|p| *p /= sum);
        if (entropy - wanted).abs() < 1e-6 || !beta.is_finite() {
            break;
        }
        if entropy > wanted {
            low = beta;
            beta = if high.is_finite() {
                (low + high) / 2.0
            } else {
                2.0 * beta
            };
        } else {
            high = beta;
            beta = (low + high) / 2.0;
        }
    }
    p
}
