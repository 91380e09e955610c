//! Captions in memory, with the clip of each.

use crate::texts::Texts;

/// Captions in the order of their file.
#[derive(Debug, Clone, Default)]
pub struct CaptionSet {
    pub(super) captions: Texts,
    /// The clip of each caption.
    pub(super) clip_of: Vec<u32>,
    /// The name of each clip; empty where it has none.
    pub(super) names: Texts,
    /// How many captions were not UTF-8 and were read as Latin-1 (Windows-1252): worth a warning.
    pub latin1: usize,
    /// How many captions were empty and left out.
    pub empty: usize,
    /// What else is wrong with the file, for [`CaptionSet::warnings`].
    pub(super) warnings: Vec<String>,
}

impl CaptionSet {
    /// How many captions there are.
    pub fn len(&self) -> usize {
        self.captions.len()
    }

    /// Whether there are none; never for a set that was read.
    pub fn is_empty(&self) -> bool {
        self.captions.is_empty()
    }

    /// Caption `i`: trimmed, one space between words.
    pub fn caption(&self, i: usize) -> &str {
        self.captions.get(i)
    }

    /// All captions in order.
    pub fn captions(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        self.captions.iter()
    }

    /// The clip that caption `i` belongs to, `0..clips().len()`. A caption whose clip has no name has one of its own, or
    /// shares it with the captions of its row.
    pub fn clip_of(&self, i: usize) -> usize {
        self.clip_of[i] as usize
    }

    /// The captions of each clip, clips in the order of their first caption.
    pub fn clips(&self) -> Vec<Vec<usize>> {
        let mut clips = vec![Vec::new(); self.names.len()];
        for (i, &clip) in self.clip_of.iter().enumerate() {
            clips[clip as usize].push(i);
        }
        clips
    }

    /// The captions of each clip, as training takes them.
    pub fn captions_by_clip(&self) -> Vec<Vec<String>> {
        let clip = |rows: &Vec<usize>| rows.iter().map(|&i| self.caption(i).to_owned()).collect();
        self.clips().iter().map(clip).collect()
    }

    /// The name of a clip as the file has it (AudioCaps: `<youtube_id>_<start_time>`).
    pub fn clip_name(&self, clip: usize) -> Option<&str> {
        let name = (clip < self.names.len()).then(|| self.names.get(clip));
        name.filter(|name| !name.is_empty())
    }

    /// What is wrong with the file though it could be read, a sentence each: captions left out, lines broken, names that
    /// are none.
    pub fn warnings(&self) -> Vec<String> {
        let counted = |n: usize, what: &str| match n {
            0 => None,
            1 => Some(format!("1 caption is {what}")),
            n => Some(format!("{n} captions are {what}")),
        };
        let empty = counted(self.empty, "empty; left out");
        let latin1 = counted(self.latin1, "not UTF-8; read as Latin-1");
        let others = self.warnings.iter().cloned();
        empty.into_iter().chain(latin1).chain(others).collect()
    }
}
