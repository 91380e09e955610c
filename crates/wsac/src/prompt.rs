//! The prompt before the prefix: captions retrieved from the memory, or names of sounds -> the tokens of a prompt.
//!
//! ```text
//! [piece [SEP] piece [SEP] ..] [prefix] [caption]
//! ```
//!
//! In training, the pieces come from the text side ([`crate::train`]), at test time from the memory or the tower's classes
//! ([`Prompting::pieces`]). Retrieved captions: DRCap (arXiv 2410.09472); masked keywords: Zhang et al. (arXiv 2406.06295).

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::memory::{Centre, Hit, Memory};
use wsac_encoders::analysis::Sound;
use wsac_encoders::assets;
use wsac_encoders::embedding::Embedding;
use wsac_encoders::mini::audioset::Class;
use wsac_encoders::tokenizer::Tokenizer;
use wsac_encoders::towers::TextTower;

/// The most tokens of a piece.
pub const LONGEST: usize = 24;

/// What the decoder reads before the prefix.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum Prompting {
    /// Nothing (the paper).
    #[default]
    None,
    /// Similar captions: at test time the nearest of the memory.
    Captions {
        /// The most pieces.
        #[serde(default = "three")]
        most: usize,
        /// In training they are drawn from those at least this similar to the caption, by the space's own measure,
        #[serde(default = "low")]
        low: f32,
        /// and at most this similar; never another caption of the same clip.
        #[serde(default = "high")]
        high: f32,
        /// The probability that a piece is left out in training, so that the decoder does not depend on it alone.
        #[serde(default)]
        mask: f32,
    },
    /// Names of sounds: AudioSet's classes, at test time those that the tower detects, else those nearest to the embedding.
    Keywords {
        /// The most pieces.
        #[serde(default = "three")]
        most: usize,
        /// The probability that a piece is left out in training.
        #[serde(default = "keyword_mask")]
        mask: f32,
    },
}

fn three() -> usize {
    3
}

fn low() -> f32 {
    0.75
}

fn high() -> f32 {
    0.85
}

fn keyword_mask() -> f32 {
    0.4
}

impl Prompting {
    /// Whether there is no prompt.
    pub fn is_none(&self) -> bool {
        *self == Self::None
    }

    /// The most pieces.
    pub fn most(&self) -> usize {
        match *self {
            Self::None => 0,
            Self::Captions { most, .. } | Self::Keywords { most, .. } => most,
        }
    }

    /// The most positions of a prompt.
    pub fn positions(&self) -> usize {
        self.most() * LONGEST
    }

    /// The probability that a piece is left out in training.
    pub fn mask(&self) -> f32 {
        match *self {
            Self::None => 0.0,
            Self::Captions { mask, .. } | Self::Keywords { mask, .. } => mask,
        }
    }

    /// Says what is wrong with these settings.
    ///
    /// # Errors
    /// If a number is out of range.
    pub fn check(&self) -> Result<()> {
        let wrong = |what: &str| Err(Error::Config(format!("prompt: {what}")));
        if !(0.0..1.0).contains(&self.mask()) {
            return wrong("mask must be at least 0 and below 1");
        }
        match *self {
            Self::Captions { low, high, .. } if low >= high => wrong("low must be below high"),
            Self::Captions { most: 0, .. } | Self::Keywords { most: 0, .. } => {
                wrong("most must be at least 1; for no prompt say kind = \"none\"")
            }
            _ => Ok(()),
        }
    }

    /// The pieces for `point`, for which `sounds` were detected: captions of `memory`, each once, or names, from `keywords`
    /// if the tower detects nothing.
    pub fn pieces(
        &self,
        point: &Embedding,
        sounds: &[Sound],
        memory: Option<&Memory>,
        keywords: Option<&Memory>,
    ) -> Vec<String> {
        let nearest = |memory: Option<&Memory>, most: usize| -> Vec<String> {
            let Some(memory) = memory else {
                return Vec::new();
            };
            let hits = memory.nearest_distinct(point, most);
            let caption = |hit: &Hit| memory.caption(hit.index).to_owned();
            hits.iter().map(caption).collect()
        };
        match *self {
            Self::None => Vec::new(),
            Self::Captions { most, .. } => nearest(memory, most),
            Self::Keywords { most, .. } if sounds.is_empty() => nearest(keywords, most),
            Self::Keywords { most, .. } => {
                let mut said = HashSet::new();
                let names = sounds.iter().map(|sound| keyword(&sound.name));
                let new = names.filter(|name| said.insert(name.clone()));
                new.take(most).collect()
            }
        }
    }
}

/// A piece as tokens, at most [`LONGEST`] with its end token. Empty if none of its words is known.
pub fn tokens(tokenizer: &Tokenizer, piece: &str) -> Vec<u32> {
    let mut ids = tokenizer.encode_truncated(piece, LONGEST + 1, true);
    if ids.first() == Some(&tokenizer.cls()) {
        ids.remove(0);
    }
    ids.retain(|&id| id != tokenizer.unk());
    ids.truncate(LONGEST);
    if ids.iter().all(|&id| id == tokenizer.sep()) {
        ids.clear();
    }
    ids
}

/// A class by its first name, in lower case: "Crowing, cock-a-doodle-doo" -> "crowing".
pub fn keyword(name: &str) -> String {
    name.split([',', '('])
        .next()
        .unwrap_or(name)
        .trim()
        .to_lowercase()
}

/// AudioSet's classes that are useful in captions: each keyword with the embedding of how a caption would phrase it.
///
/// # Errors
/// If this build has no table of classes, or `text` cannot embed.
pub fn keywords(text: &dyn TextTower, centre: Centre) -> Result<Memory> {
    let table = "classes.csv";
    let classes = Class::read_all(table, assets::file("mini/classes.csv")?)?;
    let mut said = HashSet::new();
    let told = classes.iter().filter(|class| !class.dropped);
    let told: Vec<(String, &str)> = told
        .map(|class| (keyword(&class.name), class.phrase.as_str()))
        .filter(|(name, _)| said.insert(name.clone()))
        .collect();
    let (names, phrases): (Vec<String>, Vec<&str>) = told.into_iter().unzip();
    let mut memory = Memory::new(&names, text.embed(&phrases, &mut |_| {})?)?;
    memory.set_centre(centre);
    Ok(memory)
}
