//! ESC-10 as a bench: its 400 clips, 200 mixtures of two of them, and the words that a true caption has.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use anyhow::{Context, Result};
use rayon::prelude::*;
use regex::Regex;
use serde::Deserialize;
use wsac::audio::{Source, Waveform};

/// The rate at which mixtures are summed.
pub const RATE: u32 = 16_000;

#[derive(Deserialize)]
struct Clip {
    file_name: String,
    #[serde(alias = "class")]
    label: String,
}

#[derive(Deserialize, Clone)]
struct Mixture {
    id: usize,
    file_a: String,
    label_a: String,
    file_b: String,
    label_b: String,
    gain_b_db: f64,
    offset_b_s: f64,
}

/// A recording and the classes that sound in it.
pub struct Item {
    pub name: String,
    pub wave: Waveform,
    pub labels: Vec<String>,
}

/// A regular expression a class.
pub type Words = BTreeMap<String, Regex>;

/// The strict and the lenient words of `keywords.json`.
pub fn keywords(folder: &Path) -> Result<(Words, Words)> {
    let keywords: HashMap<String, HashMap<String, String>> =
        serde_json::from_slice(&std::fs::read(folder.join("keywords.json"))?)?;
    let compile = |kind: &str| -> Result<Words> {
        let patterns = keywords
            .get(kind)
            .with_context(|| format!("keywords.json has no keywords `{kind}`"))?;
        patterns
            .iter()
            .map(|(label, p)| Ok((label.clone(), Regex::new(&format!("(?i){p}"))?)))
            .collect()
    };
    Ok((compile("strict")?, compile("lenient")?))
}

/// The clips of `labels.csv`.
pub fn singles(folder: &Path) -> Result<Vec<Item>> {
    let mut labels = csv::Reader::from_path(folder.join("labels.csv"))?;
    let clips: Vec<Clip> = labels.deserialize().collect::<csv::Result<_>>()?;
    clips
        .into_par_iter()
        .map(|clip| {
            let wave = Waveform::load(&Source::Path(folder.join(&clip.file_name)), RATE)?;
            Ok(Item {
                name: clip.file_name,
                wave,
                labels: vec![clip.label],
            })
        })
        .collect()
}

/// The mixtures of `mixtures.csv` ([`Waveform::mixed_with`]).
pub fn mixtures(folder: &Path, singles: &[Item]) -> Result<Vec<Item>> {
    let mut rows = csv::Reader::from_path(folder.join("mixtures.csv"))?;
    let list: Vec<Mixture> = rows.deserialize().collect::<csv::Result<_>>()?;
    list.iter()
        .map(|m| {
            let wave = |name: &str| -> Result<&Waveform> {
                let item = singles.iter().find(|s| s.name == name);
                Ok(&item
                    .with_context(|| format!("a mixture of the unknown clip {name}"))?
                    .wave)
            };
            let wave = wave(&m.file_a)?.mixed_with(wave(&m.file_b)?, m.gain_b_db, m.offset_b_s);
            Ok(Item {
                name: format!("mixture {}", m.id),
                wave,
                labels: vec![m.label_a.clone(), m.label_b.clone()],
            })
        })
        .collect()
}
