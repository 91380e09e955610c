//! The headers of files that are samples behind a header (WAV and its kin, AIFF, AU): first bytes -> [`Layout`].

mod aiff;
mod au;
mod riff;
mod tag;

use std::io::Read;

use crate::layout::{Family, Layout, ends};
use crate::prefix::Prefix;

/// Reads the header of a file of this `family`. The reason where it cannot be used is what a sentence about the file
/// goes on with.
pub(super) fn read<R: Read>(family: Family, prefix: &mut Prefix<R>) -> Result<Layout, String> {
    let layout = match family {
        Family::Riff => riff::read(prefix, false),
        Family::Wave64 => riff::read(prefix, true),
        Family::Aiff => aiff::read(prefix),
        Family::Au => au::read(prefix),
    }?;
    if layout.channels == 0 {
        return Err("has no channels".to_owned());
    }
    // The stream behind it begins where the prefix was read to.
    let reached = prefix.at(layout.start, 0).map_err(|e| e.to_string())?;
    reached.map(|_| layout).ok_or_else(ends)
}
