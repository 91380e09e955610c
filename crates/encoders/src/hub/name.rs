//! The name of a model on a hub: `owner/name[/FILE][@REVISION]` -> its parts, none of which can lead out of the cache.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// The revision where none is named.
const MAIN: &str = "main";

/// A model, or one of its files, at a revision.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Name {
    repository: String,
    file: Option<String>,
    revision: String,
}

impl Name {
    /// `owner/name`.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The file that is meant, where the name names one.
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// The branch, tag or commit; `main` where the name has none.
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// Whether the revision is a whole commit (40 hex digits), which can never mean anything else.
    pub fn is_pinned(&self) -> bool {
        is_commit(&self.revision)
    }
}

/// Whether `text` is a whole commit: 40 hex digits.
pub fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Whether `path` has plain segments alone, so that it stays below any folder that it is joined to.
pub fn is_plain(path: &str) -> bool {
    path.split('/').all(|part| {
        !matches!(part, "" | "." | "..")
            && !part.contains(|c: char| c.is_control() || matches!(c, '\\' | ':' | '@'))
    })
}

/// Whether `part` may be an owner or a repository on the hub.
fn is_word(part: &str) -> bool {
    (1..=96).contains(&part.len())
        && (part.bytes()).all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        && !part.contains("--")
        && !part.contains("..")
        && !part.starts_with(['-', '.'])
        && !part.ends_with(['-', '.'])
}

impl FromStr for Name {
    type Err = Error;

    /// # Errors
    /// Where `text` is not `owner/name[/FILE][@REVISION]`.
    fn from_str(text: &str) -> Result<Self> {
        let (path, revision) = text.split_once('@').unwrap_or((text, MAIN));
        let mut parts = path.splitn(3, '/');
        let words = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        let file = parts.next();
        if is_word(words.0) && is_word(words.1) && file.is_none_or(is_plain) && is_plain(revision) {
            return Ok(Self {
                repository: format!("{}/{}", words.0, words.1),
                file: file.map(str::to_owned),
                revision: revision.to_owned(),
            });
        }
        Err(Error::hub(
            &text,
            "is no name of a model; names are owner/name or owner/name/FILE, and @REVISION may follow",
        ))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.repository)?;
        if let Some(file) = &self.file {
            write!(f, "/{file}")?;
        }
        if self.revision != MAIN {
            write!(f, "@{}", self.revision)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_have_a_repository_a_file_and_a_revision() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        for (text, repository, file, revision) in [
            ("laion/clap-x", "laion/clap-x", None, "main"),
            ("a/b@v1.0", "a/b", None, "v1.0"),
            ("a/b/c.pt", "a/b", Some("c.pt"), "main"),
            ("a/b/c/d.pt@refs/pr/1", "a/b", Some("c/d.pt"), "refs/pr/1"),
            (&format!("a/b@{commit}"), "a/b", None, commit),
        ] {
            let name: Name = text.parse().unwrap();
            assert_eq!(name.repository(), repository);
            assert_eq!((name.file(), name.revision()), (file, revision));
            assert_eq!(name.is_pinned(), revision == commit);
            assert_eq!(name.to_string(), text);
        }
    }

    #[test]
    fn nothing_leads_out_of_the_cache() {
        for text in [
            "", "mini", "a/", "/a", "/a/b", "a//b", "../b", "a/..", "./b", "a/b/", "a/b/../c",
            "a/b//c", "a/b@", "a/b@..", "a/b@../x", "a/b@/x", "a--b/c", "a/b/c\\d", "a/b/C:",
            "a b/c", "a/b@x@y", "-a/b", "a/b.",
        ] {
            assert!(text.parse::<Name>().is_err(), "{text:?}");
        }
    }
}
