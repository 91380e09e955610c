//! What of a recording is heard, where there is a choice.

use crate::mixdown::ChannelChoice;

/// What of a recording is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hearing {
    /// Which channels. When to change it: see [`ChannelChoice`].
    pub channels: ChannelChoice,
    /// Which track of sound, counted from 1; without it the one that the file prefers, else the longest that is not
    /// silent. When to change it: a film with several languages, a recorder with a track for each microphone.
    pub track: Option<usize>,
}
