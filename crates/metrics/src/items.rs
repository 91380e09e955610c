//! What every metric is given: N candidates, each with one reference or more.

use crate::{Error, Result};

/// Candidates (the captions to judge) with their references (what people wrote of the same clip).
///
/// ```
/// # use wsac_metrics::Items;
/// let items = Items::new(
///     vec!["a dog barks".into()],
///     vec![vec!["a dog is barking".into(), "barking of a dog".into()]],
/// )?;
/// assert_eq!(items.len(), 1);
/// # Ok::<(), wsac_metrics::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Items {
    candidates: Vec<String>,
    references: Vec<Vec<String>>,
}

impl Items {
    /// `candidates` [N] with their `references` [N][at least 1]. Captions may be empty: each metric says what it makes
    /// of that.
    ///
    /// # Errors
    /// Where the two differ in length, or an item has no reference at all.
    pub fn new(candidates: Vec<String>, references: Vec<Vec<String>>) -> Result<Self> {
        if candidates.len() != references.len() {
            return Err(Error::Items(format!(
                "{} candidates have {} lists of references; each candidate needs one",
                candidates.len(),
                references.len()
            )));
        }
        if let Some(item) = references.iter().position(Vec::is_empty) {
            return Err(Error::Items(format!(
                "item {item} (counted from 0) has no reference; give it one or leave it out"
            )));
        }
        Ok(Self {
            candidates,
            references,
        })
    }

    /// Other candidates [N] with the same references.
    ///
    /// # Errors
    /// Where there are more or fewer.
    pub fn with_candidates(&self, candidates: Vec<String>) -> Result<Self> {
        Self::new(candidates, self.references.clone())
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.candidates.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.candidates.is_empty()
    }

    /// The candidates [N].
    pub fn candidates(&self) -> &[String] {
        &self.candidates
    }

    /// The references [N][at least 1].
    pub fn references(&self) -> &[Vec<String>] {
        &self.references
    }

    /// Each candidate with its references.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &[String])> {
        let candidates = self.candidates.iter().map(String::as_str);
        candidates.zip(self.references.iter().map(Vec::as_slice))
    }

    /// All candidates put through `change` together, then all references (those of the first item, of the second, ...),
    /// for what looks beyond a single caption. `change` must answer with as many captions as it is given.
    pub(crate) fn map_all(&self, change: impl Fn(&[&str]) -> Vec<String>) -> Self {
        let candidates: Vec<&str> = self.candidates.iter().map(String::as_str).collect();
        let references: Vec<&str> = self
            .references
            .iter()
            .flatten()
            .map(String::as_str)
            .collect();
        let mut changed = change(&references).into_iter();
        let mut group = |group: &Vec<String>| changed.by_ref().take(group.len()).collect();
        Self {
            references: self.references.iter().map(&mut group).collect(),
            candidates: change(&candidates),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_and_references_must_fit() {
        let refused = |candidates: &[&str], references: &[&[&str]]| {
            let strings = |all: &[&str]| all.iter().map(|&s| s.to_owned()).collect::<Vec<_>>();
            Items::new(
                strings(candidates),
                references.iter().map(|r| strings(r)).collect(),
            )
            .expect_err("refused")
            .to_string()
        };
        assert!(refused(&["a", "b"], &[&["a"]]).contains("2 candidates have 1 list"));
        assert!(refused(&["a", "b"], &[&["a"], &[]]).contains("item 1 "));
    }
}
