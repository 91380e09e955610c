//! Value parsers for numbers: a value outside a flag's range is refused with the flag's name and range.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// Numbers in `range`; NaN is in none.
pub fn within<T>(
    range: RangeInclusive<T>,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static
where
    T: FromStr + PartialOrd + Display + Clone + Send + Sync + 'static,
{
    move |text| match text.parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(format!(
            "must be a number from {} to {}",
            range.start(),
            range.end()
        )),
    }
}
