//! Whether what was heard of a recording is what was there: an account -> a sentence about it, or the error that hardly
//! anything could be decoded.

use crate::ours::Account;

/// A difference of this part of the length is told, where it is more than two packets, which encoders pad by.
const PART: f64 = 0.01;

/// A difference of so many seconds is told of recordings of any length.
const SECONDS: f64 = 0.5;

/// What is to be said of the recording `name` at its end; `heard` seconds of it were heard in all.
///
/// # Errors
/// The reason why it is no use: most of it cannot be decoded.
pub(super) fn verdict(name: &str, account: &Account, heard: f64) -> Result<Option<String>, String> {
    let Account { good, bad, .. } = *account;
    if bad > good {
        let all = good + bad;
        return Err(format!(
            "is damaged: {bad} of its {all} packets cannot be decoded"
        ));
    }
    let differs = |promised: f64| {
        let difference = (heard - promised).abs();
        difference > 2.0 * account.packet && (difference > PART * promised || difference > SECONDS)
    };
    let promised = account.promised.filter(|&promised| differs(promised));
    Ok(match (promised, &account.broke_off) {
        (Some(promised), _) if promised > heard => Some(format!(
            "{name}: is truncated: {heard:.1} of {promised:.1} s could be read"
        )),
        (Some(promised), None) => Some(format!(
            "{name}: its header says {promised:.1} s, but {heard:.1} s are there and are heard"
        )),
        (_, Some(end)) => Some(format!(
            "{name}: breaks off after {heard:.1} s ({})",
            end.fault
        )),
        (None, None) if bad > 0 => Some(format!(
            "{name}: is damaged: {bad} packets could not be decoded and are left out"
        )),
        (None, None) => None,
    })
}
