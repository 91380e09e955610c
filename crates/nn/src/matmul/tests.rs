//! Products against sums written out.

use super::*;
use crate::testing::numbers;
use proptest::prelude::*;

fn naive(a: &[f32], b: &[f32], m: usize, k: usize, n: usize) -> Vec<f64> {
    let mut out = vec![0.0; m * n];
    for i in 0..m {
        for j in 0..n {
            out[i * n + j] = (0..k)
                .map(|p| f64::from(a[i * k + p]) * f64::from(b[p * n + j]))
                .sum();
        }
    }
    out
}

/// Every kernel this processor has, against f64 products of numbers rounded alike: all that is left is the rounding
/// of sums.
#[test]
fn every_kernel_equals_the_naive_product_of_rounded_numbers() {
    let sizes = [1, 2, 3, 11, 12, 13, 31, 32, 33, 65, 97, 130];
    let depths = [1, 2, 31, 32, 33, 64, 100, 769, 2049, 4200];
    let mut draw = numbers(5000, 9)
        .into_iter()
        .map(|x| (x.abs() * 1e6) as usize);
    for _ in 0..40 {
        let mut pick = |of: &[usize]| of[draw.next().expect("a number") % of.len()];
        let (m, n, k) = (pick(&sizes), pick(&sizes), pick(&depths));
        let flags = pick(&[0, 1, 2, 3, 4, 5, 6, 7]);
        let (ta, tb, add) = (flags & 1 > 0, flags & 2 > 0, flags & 4 > 0);
        let (a, b) = (numbers(m * k, 1), numbers(k * n, 2));
        let (at, bt) = (transpose(&a, m, k), transpose(&b, k, n));
        let left = if ta {
            Mat::new(&at, k, m).t()
        } else {
            Mat::new(&a, m, k)
        };
        let right = if tb {
            Mat::new(&bt, n, k).t()
        } else {
            Mat::new(&b, k, n)
        };
        let start = if add { 0.5 } else { 0.0 };
        let store = if add { Store::Add } else { Store::Set };
        let round = |x: &[f32]| x.iter().map(|&x| bf16::rounded(x)).collect::<Vec<_>>();
        for (name, packed, b) in [
            ("f32", Packed::f32(right), b.clone()),
            ("bf16", Packed::bf16(right), round(&b)),
            ("int8", Packed::int8(right), whole(&b, n)),
        ] {
            let a = if packed.is_f32() {
                a.clone()
            } else {
                round(&a)
            };
            let wanted = naive(&a, &b, m, k, n);
            let kernels =
                Kernel::all().filter(|&kernel| kernel != Kernel::Portable || name != "f32");
            for kernel in kernels {
                let mut out = vec![0.5; m * n];
                blocks::product(kernel, &mut out, left, &packed, store, |place, out| {
                    (place..).zip(out).for_each(|(i, o)| *o += i as f32);
                });
                let tolerance = 1e-6 * (k as f64) + 1e-6 * (m * n) as f64;
                for (i, (got, want)) in out.iter().zip(&wanted).enumerate() {
                    let error = f64::from(*got) - want - start - i as f64;
                    assert!(
                        error.abs() < tolerance,
                        "{name} {kernel:?} {m} x {k} x {n} {ta} {tb} {add} at {i}: off by {error}"
                    );
                }
            }
        }
    }
}

/// `b` [k, n] as int8 with a scale a column keeps it.
fn whole(b: &[f32], n: usize) -> Vec<f32> {
    let most = |j: usize| {
        b.iter()
            .skip(j)
            .step_by(n)
            .fold(0f32, |m, x| m.max(x.abs()))
    };
    let scales: Vec<f32> = (0..n).map(|j| most(j) / 127.0).collect();
    let whole = |(i, x): (usize, &f32)| {
        let scale = scales[i % n];
        if scale > 0.0 {
            (x / most(i % n) * 127.0).round() * scale
        } else {
            0.0
        }
    };
    b.iter().enumerate().map(whole).collect()
}

/// Sums of products of overlapping windows equal those of the same windows written out.
#[test]
fn windows_equal_their_rows_written_out() {
    for (m, step, k, n, before) in [
        (1, 32, 96, 5, 0),
        (40, 64, 192, 70, 64),
        (130, 32, 64, 33, 2),
    ] {
        let x = numbers(m * step + k, 1);
        let starts = [0, 2, before];
        let (weights, after) = (numbers(3 * k * n, 2), 2);
        let packed: Vec<Packed> = (weights.chunks(k * n))
            .map(|w| Packed::bf16(Mat::new(w, k, n)))
            .collect();
        let padded = [vec![0.0; before], x.clone(), vec![0.0; after]].concat();
        let mut wanted = vec![0.0; m * n];
        for (start, b) in starts.iter().zip(&packed) {
            matmul(
                &mut wanted,
                Mat::overlapping(&padded[*start..], m, k, step),
                b,
                Store::Add,
            );
        }
        if Windows::usable() {
            let mut out = vec![f32::NAN; m * n];
            Windows::new(before, &x, after).products(&mut out, step, &starts, &packed);
            for (o, w) in out.iter().zip(&wanted) {
                assert!((o - w).abs() < 1e-4, "{o} {w}");
            }
        }
    }
}

#[test]
fn rounded_products_do_not_depend_on_threads_or_on_other_rows() {
    for (m, k, n) in [
        (1, 256, 4000),
        (5, 3072, 768),
        (97, 256, 1024),
        (200, 3100, 65),
    ] {
        let (a, b) = (numbers(m * k, 3), numbers(k * n, 4));
        let packed = Packed::bf16(Mat::new(&b, k, n));
        for kernel in Kernel::all() {
            let run = |threads, rows: std::ops::Range<usize>| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
                let mut out = vec![0.0; rows.len() * n];
                let a = Mat::new(&a[rows.start * k..rows.end * k], rows.len(), k);
                pool.expect("a pool").install(|| {
                    blocks::product(kernel, &mut out, a, &packed, Store::Set, |_, _| {});
                });
                out
            };
            let one = run(1, 0..m);
            assert!(
                one == run(2, 0..m) && one == run(5, 0..m),
                "{kernel:?} {m} x {k} x {n}"
            );
            assert!(one[..n] == run(2, 0..1), "{kernel:?}: the first row alone");
            assert!(
                one[(m - 1) * n..] == run(2, m - 1..m),
                "{kernel:?}: the last row alone"
            );
        }
    }
}

#[test]
fn a_linear_layer_adds_its_bias_in_every_precision() {
    let (m, k, n) = (7, 40, 35);
    let (x, w, bias) = (numbers(m * k, 1), numbers(k * n, 2), numbers(n, 3));
    let (x, w) = (Mat::new(&x, m, k), Mat::new(&w, k, n));
    let run = |w: Right| {
        let mut out = vec![f32::NAN; m * n];
        linear(&mut out, x, w, Some(&bias));
        out
    };
    let (exact, packed) = (run(w.into()), Packed::bf16(w));
    assert_eq!(run(ProductDtype::Bf16.of(w)), run((&packed).into()));
    for (e, r) in exact.iter().zip(run((&packed).into())) {
        assert!((e - r).abs() < 0.03, "{e} {r}");
    }
    assert_eq!(ProductDtype::F32.of(w).shape(), packed.shape());
    assert_eq!(packed.bytes(), 64 * 32 * 2 * 2);
}

fn transpose(x: &[f32], rows: usize, cols: usize) -> Vec<f32> {
    (0..rows * cols)
        .map(|i| x[(i % rows) * cols + i / rows])
        .collect()
}

proptest! {
    #[test]
    fn product_equals_the_naive_one(m in 1usize..40, k in 0usize..70, n in 1usize..50, ta: bool, tb: bool, add: bool) {
        let (a, b) = (numbers(m * k, 1), numbers(k * n, 2));
        let (at, bt) = (transpose(&a, m, k), transpose(&b, k, n));
        let left = if ta { Mat::new(&at, k, m).t() } else { Mat::new(&a, m, k) };
        let right = if tb { Mat::new(&bt, n, k).t() } else { Mat::new(&b, k, n) };
        let mut out = vec![0.5; m * n];
        matmul(&mut out, left, right, if add { Store::Add } else { Store::Set });
        let start = if add { 0.5 } else { 0.0 };
        for (got, want) in out.iter().zip(naive(&a, &b, m, k, n)) {
            prop_assert!((f64::from(*got) - want - start).abs() < 1e-4);
        }
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    for (m, k, n) in [
        (1, 256, 4000),
        (3, 64, 65),
        (147, 256, 1024),
        (700, 300, 513),
    ] {
        let (a, b) = (numbers(m * k, 3), numbers(k * n, 4));
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .expect("a pool");
            let mut out = vec![0.0; m * n];
            pool.install(|| matmul(&mut out, Mat::new(&a, m, k), Mat::new(&b, k, n), Store::Set));
            let mut sum = vec![0.0; n];
            pool.install(|| add_rows(&mut sum, &out));
            (out, sum)
        };
        let one = run(1);
        assert!(one == run(2) && one == run(5), "{m} x {k} x {n}");
    }
}
