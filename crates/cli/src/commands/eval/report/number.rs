//! Numbers as tables have them.

/// Four decimals; whole numbers (vocabularies) as they are.
pub fn number(x: f64) -> String {
    if x.is_nan() {
        "-".to_owned()
    } else if x.fract() == 0.0 && x.abs() >= 10.0 {
        format!("{x}")
    } else {
        format!("{x:.4}")
    }
}
