//! The number format of tables.

/// Four decimals; integers (vocabularies) without decimals.
pub fn number(x: f64) -> String {
    if x.is_nan() {
        "-".to_owned()
    } else if x.fract() == 0.0 && x.abs() >= 10.0 {
        format!("{x}")
    } else {
        format!("{x:.4}")
    }
}
