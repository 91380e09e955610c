//! Captions files and their embeddings, as several commands read them: with warnings and a bar on standard error.

use std::path::{Path, PathBuf};

use anyhow::Result;
use wsac::clap::{Encoder, TextTower};
use wsac::dataset::{CaptionSet, read_captions};
use wsac::embedding::Embeddings;
use wsac::memory::Memory;

use crate::progress;

/// A file of captions, and how often an epoch of training has each.
#[derive(Debug, Clone, PartialEq)]
pub struct Corpus {
    /// The file.
    pub file: PathBuf,
    /// 1 is once; 0.3 is three of ten.
    pub share: f64,
}

impl Corpus {
    /// `FILE`, or `FILE@SHARE` where there is no file of that name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let whole = Self {
            file: text.into(),
            share: 1.0,
        };
        let Some((file, share)) = text.rsplit_once('@').filter(|_| !whole.file.exists()) else {
            return Ok(whole);
        };
        match share.parse::<f64>() {
            Ok(share) if share > 0.0 && share <= 100.0 => Ok(Self {
                file: file.into(),
                share,
            }),
            Ok(_) => Err("the share behind @ must be above 0 and at most 100".into()),
            Err(_) => Ok(whole),
        }
    }
}

/// Reads the captions of `path` (`-`: standard input).
pub fn read(path: &Path, quiet: bool) -> Result<CaptionSet> {
    let set = read_captions(path)?;
    if !quiet {
        let name = path.display();
        if set.empty > 0 {
            eprintln!(
                "wsac: {name}: warning: {} captions are empty; left out",
                set.empty
            );
        }
        if set.latin1 > 0 {
            let n = set.latin1;
            eprintln!("wsac: {name}: warning: {n} captions are not UTF-8; read as Latin-1");
        }
    }
    Ok(set)
}

/// The embeddings of `texts` [N, d].
pub fn embed(tower: &dyn TextTower, texts: &[&str], quiet: bool) -> wsac::Result<Embeddings> {
    let bar = progress::bar(texts.len(), "embedding captions", quiet);
    let rows = tower.embed(texts, &mut |done| bar.set_position(done as u64))?;
    bar.finish_and_clear();
    Ok(rows)
}

/// The captions of `path` as a memory of the space of `encoder`.
pub fn remember(encoder: &Encoder, path: &Path, quiet: bool) -> Result<Memory> {
    let set = read(path, quiet)?;
    let texts: Vec<&str> = set.captions().collect();
    let tower = encoder.text_tower()?;
    let mut memory = Memory::new(&texts, embed(tower.as_ref(), &texts, quiet)?)?;
    memory.set_centre(encoder.space().centre);
    memory.describe(format!("embedded with {}", encoder.space().name));
    Ok(memory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_stands_behind_the_last_at_sign() {
        let corpus = |file: &str, share| Corpus {
            file: file.into(),
            share,
        };
        assert_eq!(Corpus::parse("a.csv"), Ok(corpus("a.csv", 1.0)));
        assert_eq!(Corpus::parse("b@c.csv@0.3"), Ok(corpus("b@c.csv", 0.3)));
        assert_eq!(Corpus::parse("me@home.csv"), Ok(corpus("me@home.csv", 1.0)));
        for wrong in ["a.csv@0", "a.csv@-1", "a.csv@1e9", "a.csv@nan"] {
            assert!(Corpus::parse(wrong).is_err(), "{wrong}");
        }
    }
}
