//! Which of several tracks of sound is heard, where nobody says it: the ones that the container prefers first, then the
//! longest; of them the first that is not silent.

use crate::codec::Codec;
use crate::container::{Container, Described, Tracks};
use crate::ours::Ours;

/// The places of the tracks: those that the container prefers first, then by length.
pub(super) fn by_preference(described: &[Described]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..described.len()).collect();
    let seconds = |one: usize| described[one].seconds.unwrap_or(0.0);
    order.sort_by(|&a, &b| {
        let default = described[b].default.cmp(&described[a].default);
        default.then(seconds(b).total_cmp(&seconds(a)))
    });
    order
}

/// Whether a track can be decoded and is not silent throughout.
pub(super) fn has_sound(mut tracks: Tracks, described: &Described) -> bool {
    /// -80 dBFS.
    const SILENT: f32 = 1e-4;
    tracks.choose(described.id);
    let Some(codec) = tracks
        .parameters()
        .and_then(|parameters| Codec::new(parameters).ok())
    else {
        return false;
    };
    let mut ours = Ours::new(Container::Tracks(tracks), codec, None);
    while let Ok(Some(block)) = ours.next_block() {
        if block.interleaved.iter().any(|x| x.abs() > SILENT) {
            return true;
        }
    }
    false
}
