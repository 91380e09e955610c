//! Convolutions of whole images against sums written out.

use super::*;
use crate::testing::numbers;

fn image(h: usize, w: usize, c: usize, seed: u64) -> Image {
    let mut image = Image::zeros(h, w, c);
    let all = numbers(h * w * c, seed);
    (image.rows_mut().zip(all.chunks(w * c))).for_each(|(row, x)| row.copy_from_slice(x));
    image
}

/// The convolution by its definition, in f64: [h, w, co].
fn naive(x: &Image, weights: &[f32], bias: &[f32]) -> Vec<f64> {
    let (h, w, c, co) = (x.h as isize, x.w as isize, x.c, bias.len());
    let rows: Vec<&[f32]> = x.rows().collect();
    let mut out = Vec::new();
    for (y, x, o) in (0..h).flat_map(|y| (0..w).flat_map(move |x| (0..co).map(move |o| (y, x, o))))
    {
        let mut sum = f64::from(bias[o]);
        for (ky, kx, i) in (0..9 * c).map(|k| (k / c / 3, k / c % 3, k % c)) {
            let (y, x) = (y + ky as isize - 1, x + kx as isize - 1);
            if (0..h).contains(&y) && (0..w).contains(&x) {
                let pixel = f64::from(rows[y as usize][x as usize * c + i]);
                sum += pixel * f64::from(weights[((o * c + i) * 3 + ky) * 3 + kx]);
            }
        }
        out.push(sum.max(0.0));
    }
    out
}

fn conv(c: usize, weights: &[f32], bias: Vec<f32>) -> Conv3x3 {
    Conv3x3::new(c, bias, |o, i, y, x| weights[((o * c + i) * 3 + y) * 3 + x])
}

#[test]
fn convolution_and_pooling_equal_their_definitions() {
    let shapes = [
        (1, 1, 1, 1),
        (1, 5, 3, 2),
        (2, 2, 4, 5),
        (3, 7, 2, 9),
        (6, 31, 17, 16),
        (1, 4, 16, 3),
        (3, 5, 40, 33),
        (5, 4, 1, 64),
    ];
    for (h, w, c, co) in shapes {
        let x = image(h, w, c, 1);
        let (weights, bias) = (numbers(co * c * 9, 2), numbers(co, 3));
        let wanted = naive(&x, &weights, &bias);
        let plain = conv(c, &weights, bias);
        for conv in [plain.clone().in_precision(ProductDtype::F32), plain] {
            let out = conv.forward(&x, After::Relu);
            assert_eq!(out.shape(), [h, w, co]);
            let got = out.rows().flatten();
            (got.zip(&wanted)).for_each(|(a, b)| assert!((f64::from(*a) - b).abs() < 2e-5));
            let border = out.numbers[co..].chunks((w + 1) * co);
            assert!(border.flat_map(|row| &row[w * co..]).all(|&x| x == 0.0));
            assert!(out.numbers[..co].iter().all(|&x| x == 0.0));

            let pooled = conv.forward(&x, After::ReluPool);
            assert_eq!(pooled.shape(), [h / 2, w / 2, co]);
            for (y, row) in pooled.rows().enumerate() {
                for (at, got) in row.iter().enumerate() {
                    let corner = (2 * y * w + at / co * 2) * co + at % co;
                    let four = [0, co, w * co, (w + 1) * co].map(|d| wanted[corner + d]);
                    assert!((f64::from(*got) - four.iter().sum::<f64>() / 4.0).abs() < 2e-5);
                }
            }
        }
    }
}

/// In bf16 a convolution is that of numbers rounded to eight bits, whatever arithmetic the processor has.
#[test]
fn bf16_is_the_convolution_of_rounded_numbers() {
    for (h, w, c, co) in [(1, 3, 32, 5), (6, 31, 32, 16), (3, 7, 64, 70)] {
        let x = image(h, w, c, 1);
        let weights = numbers(co * c * 9, 2);
        let exact = conv(c, &weights, numbers(co, 3));
        let rounded = exact.clone().in_precision(ProductDtype::Bf16);
        assert!(matches!(rounded.weights, Kernels::Packed(..)));
        let (exact, rounded) = [exact, rounded]
            .map(|c| c.forward(&x, After::ReluPool))
            .into();
        let far = (exact.numbers.iter().zip(&rounded.numbers)).map(|(a, b)| (a - b).abs());
        let furthest = far.fold(0f32, f32::max);
        assert!(furthest < 0.05 && furthest > 0.0 || exact.numbers.iter().all(|x| *x == 0.0));
    }
    let few = conv(1, &numbers(36, 2), numbers(4, 3)).in_precision(ProductDtype::Bf16);
    assert!(matches!(few.weights, Kernels::Plain(_)));
}

#[test]
fn threads_do_not_change_a_bit() {
    let shapes = [(8, 125, 64, 128), (2, 31, 256, 300), (64, 100, 1, 64)];
    let both = [ProductDtype::F32, ProductDtype::Bf16];
    for ((h, w, c, co), precision) in shapes.into_iter().flat_map(|s| both.map(|p| (s, p))) {
        let x = image(h, w, c, 1);
        let conv = conv(c, &numbers(co * c * 9, 2), numbers(co, 3)).in_precision(precision);
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.expect("a pool")
                .install(|| conv.forward(&x, After::ReluPool))
        };
        assert!(run(1) == run(2) && run(1) == run(5));
    }
}
