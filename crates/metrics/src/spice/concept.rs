//! Words taken for one thing: their names and WordNet's synsets of them all.

use std::collections::BTreeSet;
use std::fmt;

use crate::wordnet::WordNet;

/// Names that were merged because they can mean the same ("road", "street"), with the synsets of all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concept {
    names: Vec<String>,
    synsets: BTreeSet<u32>,
}

impl Concept {
    /// The concept that has one name. WordNet writes "go up" as "go_up".
    pub fn new(name: &str, wordnet: &WordNet) -> Self {
        Self {
            names: vec![name.into()],
            synsets: wordnet
                .synsets(&name.replace(' ', "_"))
                .into_iter()
                .collect(),
        }
    }

    /// The concept that SPICE prints as `names` joined by "/". A name with a "/" in it cannot be told from two names.
    pub fn from_printed(names: &str, wordnet: &WordNet) -> Self {
        let mut names = names.split('/').map(|name| Self::new(name, wordnet));
        let first = names.next().unwrap_or_else(|| Self::new("", wordnet));
        names.fold(first, |mut merged, name| {
            merged.merge(&name);
            merged
        })
    }

    /// The names, in the order in which they came.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The synsets of all names.
    pub fn synsets(&self) -> &BTreeSet<u32> {
        &self.synsets
    }

    /// Whether the two share a name or a synset.
    pub fn matches(&self, other: &Self) -> bool {
        self.shares_name(other) || !self.synsets.is_disjoint(&other.synsets)
    }

    /// How much the two mean the same, in [0, 1]: 1 with a name in common, else the Jaccard index of their synsets.
    pub fn similarity(&self, other: &Self) -> f64 {
        if self.shares_name(other) {
            return 1.0;
        }
        let shared = self.synsets.intersection(&other.synsets).count();
        let all = self.synsets.len() + other.synsets.len() - shared;
        if all == 0 {
            0.0
        } else {
            shared as f64 / all as f64
        }
    }

    /// Takes over the names and synsets of `other`.
    pub fn merge(&mut self, other: &Self) {
        for name in &other.names {
            if !self.names.contains(name) {
                self.names.push(name.clone());
            }
        }
        self.synsets.extend(&other.synsets);
    }

    fn shares_name(&self, other: &Self) -> bool {
        self.names.iter().any(|name| other.names.contains(name))
    }
}

/// As SPICE prints it: the names joined by "/", in the order in which a Java `HashSet` holds them.
impl fmt::Display for Concept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The table has a power of two of buckets, from 16 up, and doubles when it is three quarters full.
        let buckets = (self.names.len().div_ceil(3) * 4)
            .next_power_of_two()
            .max(16) as u32;
        let mut names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        names.sort_by_key(|name| {
            let hash = java_hash(name);
            (hash ^ (hash >> 16)) & (buckets - 1)
        });
        f.write_str(&names.join("/"))
    }
}

/// Java's `String.hashCode`.
fn java_hash(text: &str) -> u32 {
    text.encode_utf16().fold(0, |hash, unit| {
        hash.wrapping_mul(31).wrapping_add(unit.into())
    })
}
