//! Inner products and weighted sums against sums written out.

use super::*;
use crate::testing::numbers;

#[test]
fn loops_equal_their_definitions() {
    for (n, d) in [(1, 1), (3, 31), (5, 32), (7, 100), (2, 384)] {
        let (rows, x) = (numbers(n * d, 1), numbers(d, 2));
        let mut out = vec![f32::NAN; n];
        dots(&mut out, &rows, &x);
        for (row, out) in rows.chunks_exact(d).zip(&out) {
            let products = row
                .iter()
                .zip(&x)
                .map(|(a, b)| f64::from(*a) * f64::from(*b));
            assert!((products.sum::<f64>() - f64::from(*out)).abs() < 1e-5);
        }
        let mut sum = x.clone();
        add_scaled(&mut sum, -0.5, &rows[..d]);
        assert!(
            sum.iter()
                .zip(&x)
                .zip(&rows)
                .all(|((s, x), r)| *s == x - 0.5 * r)
        );
        let whole: Vec<i8> = x.iter().map(|x| (x * 127.0) as i8).collect();
        widen(&mut sum, 0.25, &whole);
        assert!(
            sum.iter()
                .zip(&whole)
                .all(|(s, q)| *s == f32::from(*q) * 0.25)
        );
        let weights = &numbers(n, 3);
        sum.fill(0.0);
        add_weighted(&mut sum, weights, &rows, -9.0);
        let halves: Vec<f16> = rows.iter().map(|&x| f16::from_f32(x)).collect();
        let (mut by_half, mut half_dots) = (vec![0.0; d], vec![0.0; n]);
        add_weighted(&mut by_half, weights, &halves, -9.0);
        dots(&mut half_dots, &halves, &x);
        for (j, (got, half)) in sum.iter().zip(&by_half).enumerate() {
            let column = rows.chunks_exact(d).zip(weights);
            let wanted: f64 = (column.map(|(r, w)| f64::from(r[j]) * f64::from(*w))).sum();
            assert!((wanted - f64::from(*got)).abs() < 1e-5);
            assert!((wanted - f64::from(*half)).abs() < 0.003);
        }
        for (exact, half) in out.iter().zip(&half_dots) {
            assert!((exact - half).abs() < 0.01, "{exact} {half}");
        }
        let mut weights = x.clone();
        let total = weigh(&mut weights, 1.0, 20.0);
        let wanted = |x: &f32| ((f64::from(*x) - 1.0) * 20.0).exp();
        assert!((total - x.iter().map(wanted).sum::<f64>()).abs() < 1e-5);
        for (weight, x) in weights.iter().zip(&x) {
            assert!((f64::from(*weight) - wanted(x)).abs() < 1e-6);
        }
    }
}

/// Columns are weighted as if each stood alone, and every finite f16 is widened to its own value.
#[test]
fn columns_and_halves_are_exact() {
    let (b, n) = (5, 33);
    let x = numbers(n * b, 4);
    let mut max = vec![-0.5; b];
    largest_of_columns(&x, &mut max);
    let (mut weights, mut total) = (x.clone(), vec![1.0; b]);
    weigh_columns(&mut weights, &max, 3.0, &mut total);
    for q in 0..b {
        let mut column: Vec<f32> = x.iter().skip(q).step_by(b).copied().collect();
        let most = column.iter().copied().fold(-0.5, f32::max);
        assert_eq!(max[q], most);
        let sum = weigh(&mut column, most, 3.0);
        assert!((total[q] - 1.0 - sum).abs() < 1e-12);
        assert!(weights.iter().skip(q).step_by(b).eq(&column));
    }
    assert!(any_above(&[1.0, 2.0], &[1.0, 1.9]) && !any_above(&[1.0, 2.0], &[1.0, 2.0]));
    for bits in 0..=u16::MAX {
        let half = f16::from_bits(bits);
        let same = half.wide().to_bits() == half.to_f32().to_bits();
        assert!(same || !half.is_finite(), "{half}");
    }
}
