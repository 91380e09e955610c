//! How numbers are compared with golden ones: within a tolerance, naming the first that differs.

/// The numbers of a JSON list, as f32.
pub fn numbers(list: &serde_json::Value) -> Vec<f32> {
    let list = list.as_array().expect("a list of numbers");
    list.iter()
        .map(|x| x.as_f64().expect("a number") as f32)
        .collect()
}

/// Fails where two vectors differ in length, or anywhere by more than `tolerance`.
pub fn assert_close(what: &str, ours: &[f32], golden: &[f32], tolerance: f32) {
    assert_eq!(ours.len(), golden.len(), "{what}: length");
    for (i, (a, b)) in ours.iter().zip(golden).enumerate() {
        assert!(
            (a - b).abs() <= tolerance,
            "{what}[{i}]: {a} is not {b} within {tolerance}"
        );
    }
}

/// Fails where `ours` is not what a stats record of golden/clap tells: eight samples spread over it within
/// 2e-4 + 1e-4 std, mean and std within 1e-4 std.
pub fn assert_stats(what: &str, ours: &[f32], stats: &serde_json::Value) {
    let number = |key: &str| stats[key].as_f64().expect("a number");
    let size: usize = (stats["shape"].as_array().expect("a shape").iter())
        .map(|n| n.as_u64().expect("a size") as usize)
        .product();
    assert_eq!(ours.len(), size, "{what}: length");
    let (mean, std) = (number("mean"), number("std"));
    for (index, wanted) in
        (stats["idx"].as_array().expect("indices").iter()).zip(numbers(&stats["val"]))
    {
        let at = index.as_u64().expect("an index") as usize;
        let off = f64::from((ours[at] - wanted).abs());
        assert!(
            off <= 2e-4 + 1e-4 * std,
            "{what}[{at}]: {} is not {wanted}",
            ours[at]
        );
    }
    let n = ours.len() as f64;
    let our_mean = ours.iter().map(|&x| f64::from(x)).sum::<f64>() / n;
    let our_std = (ours
        .iter()
        .map(|&x| (f64::from(x) - our_mean).powi(2))
        .sum::<f64>()
        / n)
        .sqrt();
    let close = 1e-4 * std.max(1e-2);
    assert!(
        (our_mean - mean).abs() <= close,
        "{what}: mean {our_mean} is not {mean}"
    );
    assert!(
        (our_std - std).abs() <= close,
        "{what}: deviation {our_std} is not {std}"
    );
}
