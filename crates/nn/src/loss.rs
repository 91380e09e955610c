//! Softmax cross-entropy fused with the output head, in blocks of rows: logits [rows, vocabulary] are never whole.

use rayon::prelude::*;

use crate::activation::exp;
use crate::attention::largest;
use crate::matmul::{Mat, Packed, ProductDtype, Right, Store, matmul};
use crate::simd::{vectorise, vectorise_with};

/// Rows whose logits exist at once (352 x 5,000 words = 7 MB): as many as let a large head, which is read anew for each
/// block, cost little beside the products.
const HEAD_BLOCK: usize = 352;

/// The output head with room for the logits of a block; kept from step to step, so that a step allocates nothing.
#[derive(Debug, Default)]
pub struct Head {
    precision: ProductDtype,
    logits: Vec<f32>,
    /// In bf16: the head [v, d] transposed, which makes logits, and as it is, which makes gradients.
    packed: [Packed; 2],
    rows: Vec<Row>,
}

/// What a row of logits comes to.
#[derive(Debug, Clone, Copy, Default)]
struct Row {
    /// The negative log-probability of its target.
    nll: f64,
    /// Whether its target is the most likely word.
    right: bool,
}

/// A head and what it is asked about: `hidden` [n, d], `head` [v, d], `targets` [n].
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The states to predict from.
    pub hidden: &'a [f32],
    /// The words' vectors.
    pub head: &'a [f32],
    /// The width of both.
    pub d: usize,
    /// The words to predict.
    pub targets: &'a [u32],
}

impl Head {
    /// A head whose products are made in `precision`.
    pub fn new(precision: ProductDtype) -> Self {
        Self {
            precision,
            ..Self::default()
        }
    }

    /// The summed negative log-likelihood (nats, in f64) of the targets under `softmax(hidden head^T)`, and how many
    /// targets are the most likely word (ties: the lowest id).
    pub fn nll(&mut self, of: Question) -> (f64, usize) {
        self.pack(of, 1);
        let (mut total, mut right) = (0.0, 0);
        for first in (0..of.targets.len()).step_by(HEAD_BLOCK) {
            let targets = self.block(of, first);
            let v = of.head.len() / of.d;
            (self.logits.par_chunks_exact_mut(v))
                .zip(&mut self.rows)
                .zip(targets)
                .for_each(|((row, told), &target)| {
                    told.right = argmax(row) == target as usize;
                    told.nll = softmax(row, target, 1.0);
                });
            total += self.rows.iter().map(|r| r.nll).sum::<f64>();
            right += self.rows.iter().filter(|r| r.right).count();
        }
        (total, right)
    }

    /// The sum of [`Head::nll`] with its gradient: `dhidden` [n, d] is replaced and `dhead` [v, d] is added to, both
    /// times `scale`.
    pub fn nll_backward(
        &mut self,
        dhidden: &mut [f32],
        dhead: &mut [f32],
        of: Question,
        scale: f32,
    ) -> f64 {
        self.pack(of, 2);
        let (d, v) = (of.d, of.head.len() / of.d);
        let mut total = 0.0;
        for first in (0..of.targets.len()).step_by(HEAD_BLOCK) {
            let targets = self.block(of, first);
            // A row of logits becomes its gradient, scale (p - [target]).
            (self.logits.par_chunks_exact_mut(v))
                .zip(&mut self.rows)
                .zip(targets)
                .for_each(|((row, told), &target)| {
                    told.nll = softmax(row, target, scale);
                    row[target as usize] -= scale;
                });
            total += self.rows.iter().map(|r| r.nll).sum::<f64>();
            let (n, rows) = (targets.len(), first * d..(first + targets.len()) * d);
            let dlogits = Mat::new(&self.logits, n, v);
            let head = self.right(1, Mat::new(of.head, v, d));
            matmul(&mut dhidden[rows.clone()], dlogits, head, Store::Set);
            let hidden = self.precision.of(Mat::new(&of.hidden[rows], n, d));
            matmul(dhead, dlogits.t(), hidden, Store::Add);
        }
        total
    }

    /// Lays the head out for the first `uses` of its two products.
    fn pack(&mut self, of: Question, uses: usize) {
        assert_eq!(
            of.hidden.len(),
            of.targets.len() * of.d,
            "one hidden row a target"
        );
        if self.precision.packs() {
            let head = Mat::new(of.head, of.head.len() / of.d, of.d);
            let layouts = self.packed.iter_mut().zip([head.t(), head]);
            layouts
                .take(uses)
                .for_each(|(to, head)| to.repack(head, self.precision));
        }
    }

    /// The head as the right operand of its product `i`.
    fn right<'a>(&'a self, i: usize, plain: Mat<'a>) -> Right<'a> {
        match self.precision.packs() {
            true => (&self.packed[i]).into(),
            false => plain.into(),
        }
    }

    /// Makes the logits of the block of rows that begins at `first`; returns its targets.
    fn block<'a>(&mut self, of: Question<'a>, first: usize) -> &'a [u32] {
        let targets = &of.targets[first..(first + HEAD_BLOCK).min(of.targets.len())];
        let (n, d, v) = (targets.len(), of.d, of.head.len() / of.d);
        let mut logits = std::mem::take(&mut self.logits);
        logits.resize(n * v, 0.0);
        self.rows.resize(n, Row::default());
        let hidden = Mat::new(&of.hidden[first * d..(first + n) * d], n, d);
        let head = self.right(0, Mat::new(of.head, v, d).t());
        matmul(&mut logits, hidden, head, Store::Set);
        self.logits = logits;
        targets
    }
}

/// Turns logits into `scale` times their probabilities; returns the negative log-probability of `target`.
fn softmax(x: &mut [f32], target: u32, scale: f32) -> f64 {
    let wanted = x[target as usize];
    let max = vectorise_with(&*x, largest);
    let total = vectorise_with((&mut *x, max), exponentials);
    let factor = scale / total;
    vectorise(|| x.iter_mut().for_each(|v| *v *= factor));
    f64::from(max + total.ln() - wanted)
}

/// `x = exp(x - max)` in place; returns their sum, in sixteen running lanes.
#[inline(always)]
fn exponentials((x, max): (&mut [f32], f32)) -> f32 {
    let mut lanes = [0f32; 16];
    let (blocks, rest) = x.as_chunks_mut::<16>();
    for block in blocks {
        for (lane, x) in lanes.iter_mut().zip(block) {
            *x = exp(*x - max);
            *lane += *x;
        }
    }
    rest.iter_mut().for_each(|x| *x = exp(*x - max));
    lanes.iter().chain(rest.iter()).sum()
}

/// The sum of [`exponentials`], which are not kept.
#[inline(always)]
fn exponentials_sum((x, max): (&[f32], f32)) -> f32 {
    let mut lanes = [0f32; 16];
    let (blocks, rest) = x.as_chunks::<16>();
    for block in blocks {
        for (lane, x) in lanes.iter_mut().zip(block) {
            *lane += exp(*x - max);
        }
    }
    lanes.iter().sum::<f32>() + rest.iter().map(|x| exp(x - max)).sum::<f32>()
}

/// Turns logits into log-probabilities in place (natural logarithm).
pub fn log_softmax(x: &mut [f32]) {
    let shift = log_total(x);
    vectorise(|| x.iter_mut().for_each(|v| *v -= shift));
}

/// The logarithm of the sum of `exp(x)`: what a logit lacks to be a log-probability.
pub fn log_total(x: &[f32]) -> f32 {
    let max = vectorise_with(x, largest);
    max + vectorise_with((x, max), exponentials_sum).ln()
}

/// The place of the largest entry, the first where several are equal.
pub fn argmax(x: &[f32]) -> usize {
    let max = vectorise_with(x, largest);
    x.iter().position(|&v| v == max).unwrap_or(0)
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
        let of = Question {
            hidden: &hidden,
            head: &head,
            d,
            targets: &targets,
        };
        let nll = |of: Question<'_>| Head::new(ProductDtype::F32).nll(of).0;
        let total = Head::new(ProductDtype::F32).nll_backward(&mut dh, &mut dw, of, 0.25);
        assert!((total - nll(of)).abs() < 1e-9);
        check_gradient("hidden", &dh, &hidden, |hidden| {
            0.25 * nll(Question { hidden, ..of })
        });
        check_gradient("head", &dw, &head, |head| {
            0.25 * nll(Question { head, ..of })
        });

        // In bf16 all is the same, to eight bits of precision; a head is packed anew for each question.
        let mut rounded = Head::new(ProductDtype::Bf16);
        rounded.nll(Question {
            hidden: &hidden[..3],
            head: &hidden[..9],
            targets: &[2],
            ..of
        });
        let (mut dh16, mut dw16) = (vec![0.0; n * d], vec![0.0; v * d]);
        let total16 = rounded.nll_backward(&mut dh16, &mut dw16, of, 0.25);
        assert!((total16 / total - 1.0).abs() < 2e-3, "{total16} {total}");
        for (exact, rounded) in [(&dh, &dh16), (&dw, &dw16)] {
            let most = exact.iter().fold(0f32, |m, x| m.max(x.abs()));
            for (e, r) in exact.iter().zip(rounded) {
                assert!((e - r).abs() < 0.02 * most, "{e} {r}");
            }
        }
    }
}
