//! What has a caption of its own: a recording, or with `--channels each` one of its channels.

use std::path::{Path, PathBuf};

use wsac::audio::{AudioStream, ChannelChoice, Hearing};

/// A recording, or a channel of it.
pub struct Item {
    /// The recording.
    pub path: PathBuf,
    /// What of it is heard.
    pub hearing: Hearing,
    /// The channel, counted from 1, where each has a caption.
    pub channel: Option<usize>,
}

impl Item {
    /// The items of the recordings `paths`: each as it is, or with `each` its channels. A recording that cannot be opened is
    /// one item, which fails in its turn.
    pub fn of(paths: Vec<PathBuf>, hearing: Hearing, each: bool, rate: u32) -> Vec<Self> {
        let whole = |path| Self {
            path,
            hearing,
            channel: None,
        };
        if !each {
            return paths.into_iter().map(whole).collect();
        }
        let channels = |path: PathBuf| -> Vec<Self> {
            let stream = AudioStream::open_with(&path.as_path().into(), rate, &hearing);
            let count = stream.map_or(0, |stream| stream.channels());
            if count == 0 {
                return vec![whole(path)];
            }
            let one = |channel| Self {
                path: path.clone(),
                hearing: Hearing {
                    channels: ChannelChoice::One(channel),
                    ..hearing
                },
                channel: Some(channel + 1),
            };
            (0..count).map(one).collect()
        };
        paths.into_iter().flat_map(channels).collect()
    }
}

impl AsRef<Path> for Item {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}
