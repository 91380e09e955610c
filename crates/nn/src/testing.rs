//! What the tests of this crate share: fixed numbers and the finite-difference check.

/// `n` fixed numbers in [-1, 1), another set for each seed.
pub fn numbers(n: usize, seed: u64) -> Vec<f32> {
    (0..n as u64)
        .map(|i| {
            let mut h = (i + 1 + seed * 7919).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            h = (h ^ h >> 31).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            (h >> 40) as f32 / (1 << 23) as f32 - 1.0
        })
        .collect()
}

/// Compares `gradient` with central differences of `loss` at `at`: within 1 % of the largest entry.
/// (f32 losses summed in f64, step 1e-2: truncation and rounding both stay well under that.)
pub fn check_gradient(name: &str, gradient: &[f32], at: &[f32], loss: impl Fn(&[f32]) -> f64) {
    let largest = gradient.iter().fold(0f32, |m, g| m.max(g.abs()));
    assert!(largest > 0.0, "{name} received no gradient");
    for i in 0..at.len() {
        let shifted = |step: f32| {
            let mut p = at.to_vec();
            p[i] += step;
            loss(&p)
        };
        let h = 1e-2;
        let slope = (shifted(h) - shifted(-h)) / f64::from(2.0 * h);
        assert!(
            (slope - f64::from(gradient[i])).abs() < 0.01 * f64::from(largest) + 1e-4,
            "{name}[{i}]: gradient {} but slope {slope}",
            gradient[i]
        );
    }
}
