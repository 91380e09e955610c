//! Attention against its definition; gradients by finite differences; steps over a cache.

use super::*;
use crate::testing::{check_gradient, numbers};

const STARTS: [usize; 4] = [0, 3, 4, 9];

fn shape(causal: bool) -> Shape<'static> {
    Shape {
        starts: &STARTS,
        heads: 2,
        width: 8,
        causal,
    }
}

fn run(qkv: &[f32], shape: Shape, dropout: Dropout) -> (Vec<f32>, Vec<f32>) {
    let (mut out, mut weights) = (vec![0.0; 9 * 8], vec![0.0; shape.weights_len()]);
    attention(&mut out, &mut weights, qkv, shape, dropout);
    (out, weights)
}

#[test]
fn gradients_agree_with_finite_differences() {
    for (causal, dropout) in [
        (true, Dropout::NONE),
        (false, Dropout::NONE),
        (true, Dropout { p: 0.3, seed: 5 }),
    ] {
        let (qkv, dout) = (numbers(9 * 24, 1), numbers(9 * 8, 2));
        let (_, weights) = run(&qkv, shape(causal), dropout);
        let mut dqkv = vec![0.0; 9 * 24];
        attention_backward(&mut dqkv, &dout, &qkv, &weights, shape(causal), dropout);
        check_gradient("qkv", &dqkv, &qkv, |qkv| {
            run(qkv, shape(causal), dropout)
                .0
                .iter()
                .zip(&dout)
                .map(|(o, g)| f64::from(o * g))
                .sum()
        });
    }
}

#[test]
fn packed_equals_alone_and_cached() {
    let qkv = numbers(9 * 24, 3);
    let (out, _) = run(&qkv, shape(true), Dropout::NONE);
    for range in STARTS.windows(2) {
        let n = range[1] - range[0];
        let rows = &qkv[range[0] * 24..range[1] * 24];
        let alone = Shape {
            starts: &[0, n],
            ..shape(true)
        };
        let (mut one, mut weights) = (vec![0.0; n * 8], vec![0.0; alone.weights_len()]);
        attention(&mut one, &mut weights, rows, alone, Dropout::NONE);
        assert_eq!(one, out[range[0] * 8..range[1] * 8]);

        let part = |p: usize| {
            rows.chunks_exact(24)
                .flat_map(|r| r[p * 8..(p + 1) * 8].to_vec())
                .collect::<Vec<_>>()
        };
        let (q, k, v) = (part(0), part(1), part(2));
        let mut last = vec![0.0; 8];
        attend_cached(&mut last, &q[(n - 1) * 8..], &k, &v, 2);
        last.iter()
            .zip(&one[(n - 1) * 8..])
            .for_each(|(a, b)| assert!((a - b).abs() < 1e-6));
    }
}
