//! The flags that say what of a recording is heard: its channels and its track.

use clap::ValueEnum;
use wsac::audio::{ChannelChoice, Hearing};

/// What of a recording is heard.
#[derive(clap::Args)]
#[command(next_help_heading = "Hearing")]
pub struct HearingArgs {
    /// Which channels are heard: their mean, one of them, or the loudest
    #[arg(long, value_enum, value_name = "WHICH", default_value = "mix")]
    channels: Channels,

    /// Which track of sound is heard, counted from 1 [default: the file's own choice, else the longest that is not silent]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    track: Option<u16>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Channels {
    /// Their mean; where they cancel each other, the loudest alone
    Mix,
    /// The first
    Left,
    /// The second
    Right,
    /// The one with the most energy
    Loudest,
    /// A caption for each
    Each,
}

impl HearingArgs {
    /// What is heard.
    pub fn hearing(&self) -> Hearing {
        let channels = match self.channels {
            Channels::Mix | Channels::Each => ChannelChoice::Mix,
            Channels::Left => ChannelChoice::One(0),
            Channels::Right => ChannelChoice::One(1),
            Channels::Loudest => ChannelChoice::Loudest,
        };
        Hearing {
            channels,
            track: self.track.map(usize::from),
        }
    }

    /// Whether each channel is heard by itself.
    pub fn each(&self) -> bool {
        self.channels == Channels::Each
    }
}
