//! A captions file and how often an epoch of training has it: `FILE`, or `FILE@SHARE` -> [`Corpus`].

use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// A file of captions that are learned from, and how often an epoch has each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Corpus {
    /// The file.
    pub file: PathBuf,
    /// 1 is once; 0.3 is three of ten, others each epoch; 2 is twice.
    #[serde(default = "once")]
    pub share: f64,
}

fn once() -> f64 {
    1.0
}

impl Corpus {
    /// Says what is wrong with a share.
    ///
    /// # Errors
    /// If it is not above 0 and at most 100.
    pub fn check_share(share: f64) -> Result<()> {
        if share > 0.0 && share <= 100.0 {
            return Ok(());
        }
        let reason = format!("a share of captions must be above 0 and at most 100, not {share}");
        Err(Error::Config(reason))
    }
}

impl FromStr for Corpus {
    type Err = Error;

    /// `FILE`, or `FILE@SHARE` where there is no file of that name.
    fn from_str(text: &str) -> Result<Self> {
        let whole = Self {
            file: text.into(),
            share: once(),
        };
        let Some((file, share)) = text.rsplit_once('@').filter(|_| !whole.file.exists()) else {
            return Ok(whole);
        };
        let Ok(share) = share.parse() else {
            return Ok(whole);
        };
        Self::check_share(share)?;
        let file = file.into();
        Ok(Self { file, share })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_stands_behind_the_last_at_sign() {
        for (text, file, share) in [
            ("a.csv", "a.csv", 1.0),
            ("b@c.csv@0.3", "b@c.csv", 0.3),
            ("me@home.csv", "me@home.csv", 1.0),
        ] {
            let file = file.into();
            assert_eq!(
                text.parse::<Corpus>().expect("a corpus"),
                Corpus { file, share }
            );
        }
        for wrong in ["a.csv@0", "a.csv@-1", "a.csv@1e9", "a.csv@nan"] {
            assert!(wrong.parse::<Corpus>().is_err(), "{wrong}");
        }
    }
}
