//! The synsets of a word, as METEOR (and SPICE after it) finds them: word -> offsets of WordNet 3.0's synsets.
//!
//! The synsets of a word are those of its own entry and those of its base forms. The bases of an irregular form ("geese")
//! are listed; any other word loses the first of `SUFFIXES` that leaves a known word. Relations between synsets play
//! no part.

use std::collections::BTreeMap;

use crate::tables::{Section, Tables, dictionary::Dictionary};
use crate::{Error, Result};

/// What a regular form ends in, and what its base has instead, in the order of trial.
const SUFFIXES: [(&str, &str); 20] = [
    ("s", ""),
    ("ses", "s"),
    ("xes", "x"),
    ("zes", "z"),
    ("ches", "ch"),
    ("shes", "sh"),
    ("men", "man"),
    ("ies", "y"),
    ("s", ""),
    ("ies", "y"),
    ("es", "e"),
    ("es", ""),
    ("ed", "e"),
    ("ed", ""),
    ("ing", "e"),
    ("ing", ""),
    ("er", ""),
    ("est", ""),
    ("er", "e"),
    ("est", "e"),
];

/// The words of WordNet 3.0 with their synsets.
///
/// Words are lower-case; a word of several words has `_` between them (`"guide_dog"`).
#[derive(Debug, Clone)]
pub struct WordNet {
    synsets: Dictionary,
    exceptions: Dictionary,
}

impl WordNet {
    /// The WordNet part of `tables`.
    ///
    /// # Errors
    /// Where the tables make no sense.
    pub fn new(tables: &Tables) -> Result<Self> {
        let dictionary = |section, what| {
            Dictionary::parse(tables.section(section)).ok_or_else(|| tables.broken(what))
        };
        Ok(Self {
            synsets: dictionary(Section::Synsets, "the list of synsets")?,
            exceptions: dictionary(Section::Exceptions, "the list of irregular forms")?,
        })
    }

    /// The word lists in the text of METEOR's own files `english.synsets` (a word, then on the next line the offsets of
    /// its synsets) and `english.exceptions` (a base, then its irregular forms).
    ///
    /// # Errors
    /// Where they have another form.
    pub fn from_text(synsets: &str, exceptions: &str) -> Result<Self> {
        let parse = |bytes: Vec<u8>| Dictionary::parse(bytes.into());
        let (synsets, exceptions) = pack(synsets, exceptions)?;
        Ok(Self {
            synsets: parse(synsets).ok_or_else(|| too_large("english.synsets"))?,
            exceptions: parse(exceptions).ok_or_else(|| too_large("english.exceptions"))?,
        })
    }

    /// The synsets of `word` (lower-case): offsets, ascending, each once; empty where WordNet does not know the word.
    ///
    /// ```
    /// # use wsac_metrics::wordnet::WordNet;
    /// let wordnet = WordNet::from_text("goose\n3 1 2\ngees\n7\n", "goose\ngeese\n")?;
    /// assert_eq!(wordnet.synsets("goose"), [1, 2, 3]);
    /// assert_eq!(wordnet.synsets("geese"), wordnet.synsets("goose"));
    /// assert!(wordnet.synsets("duck").is_empty());
    /// # Ok::<(), wsac_metrics::Error>(())
    /// ```
    pub fn synsets(&self, word: &str) -> Vec<u32> {
        let mut found = self.entry(word);
        if let Some((_, bases)) = self.exceptions.find(word.as_bytes()) {
            for base in bases.split(|&byte| byte == b' ') {
                found.extend(self.offsets(base));
            }
        } else if let Some(base) = self.regular_base(word) {
            found.extend(self.entry(&base));
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The synsets of the word's own entry.
    fn entry(&self, word: &str) -> Vec<u32> {
        self.offsets(word.as_bytes()).collect()
    }

    fn offsets(&self, word: &[u8]) -> impl Iterator<Item = u32> + '_ {
        let packed = self.synsets.find(word).map_or(&[][..], |(_, value)| value);
        (packed.chunks_exact(3)).map(|three| u32::from_le_bytes([three[0], three[1], three[2], 0]))
    }

    /// The word without the first suffix that leaves a known word.
    fn regular_base(&self, word: &str) -> Option<String> {
        if word.ends_with("ss") || word.encode_utf16().count() <= 2 {
            return None;
        }
        SUFFIXES.iter().find_map(|(suffix, instead)| {
            let base = word.strip_suffix(suffix)?.to_owned() + instead;
            self.synsets.find(base.as_bytes()).map(|_| base)
        })
    }
}

/// The two dictionaries of `english.synsets` and `english.exceptions`, packed.
pub(crate) fn pack(synsets: &str, exceptions: &str) -> Result<(Vec<u8>, Vec<u8>)> {
    let mut offsets: BTreeMap<&str, Vec<u8>> = BTreeMap::new();
    for (word, line) in pairs("english.synsets", synsets)? {
        let mut of_word = Vec::new();
        for offset in line.split_whitespace() {
            let offset: u32 = (offset.parse().ok().filter(|&o| o < 1 << 24)).ok_or_else(|| {
                Error::data(
                    "english.synsets",
                    format!(
                        "the word {word:?} has no synset {offset:?}: \
                    an offset is a number below 2^24; is this METEOR 1.5's file?"
                    ),
                )
            })?;
            of_word.push(offset);
        }
        of_word.sort_unstable();
        of_word.dedup();
        let packed = of_word
            .iter()
            .flat_map(|o| o.to_le_bytes().into_iter().take(3));
        offsets.insert(word, packed.collect());
    }
    let mut bases: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (base, forms) in pairs("english.exceptions", exceptions)? {
        for form in forms.split_whitespace() {
            bases.entry(form).or_default().push(base);
        }
    }
    let bases: BTreeMap<&str, String> = bases
        .into_iter()
        .map(|(form, b)| (form, b.join(" ")))
        .collect();
    Ok((
        Dictionary::pack(
            offsets
                .iter()
                .map(|(word, packed)| (word.as_bytes(), &packed[..])),
        ),
        Dictionary::pack(
            bases
                .iter()
                .map(|(form, bases)| (form.as_bytes(), bases.as_bytes())),
        ),
    ))
}

/// The lines of `text` two by two.
fn pairs<'a>(name: &str, text: &'a str) -> Result<Vec<(&'a str, &'a str)>> {
    let lines: Vec<&str> = text.lines().collect();
    let (pairs, rest) = lines.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(Error::data(
            name,
            format!(
                "{} lines, but they come in pairs; is this METEOR 1.5's file?",
                lines.len()
            ),
        ));
    }
    Ok(pairs
        .iter()
        .map(|&[first, second]| (first.trim(), second))
        .collect())
}

fn too_large(name: &str) -> Error {
    Error::data(name, "too large to be METEOR 1.5's file")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SYNSETS: &str = "goose\n3 1 2\nwoman\n5\nwalk\n8 9\nsee\n10\nsaw\n11\nglass\n12\ngla\n13\nus\n14\nu\n15\n\
        bake\n16\nbak\n17\nguide_dog\n18\nboxe\n19\nbox\n20\nstud\n21\nstudy\n22\n";
    const EXCEPTIONS: &str = "goose\ngeese\nsee\nsaw seen\nsaw\nsaws\nfly\nflies\n";

    fn wordnet() -> WordNet {
        WordNet::from_text(SYNSETS, EXCEPTIONS).unwrap()
    }

    #[test]
    fn a_word_has_the_synsets_of_its_entry_and_of_its_bases() {
        let wordnet = wordnet();
        for (word, synsets) in [
            ("goose", &[1, 2, 3][..]),
            ("geese", &[1, 2, 3]),
            // An entry of its own, and a base among the exceptions.
            ("saw", &[10, 11]),
            ("seen", &[10]),
            ("women", &[5]),
            ("walking", &[8, 9]),
            ("walkers", &[]),
            // The first rule that leaves a known word: "boxes" is "boxe" + s before "box" + es, "baking" is "bake".
            ("boxes", &[19]),
            ("baking", &[16]),
            ("studies", &[22]),
            ("guide_dogs", &[18]),
            // Words in "ss" and of two letters are their own base.
            ("glass", &[12]),
            ("us", &[14]),
            // An irregular form whose base is unknown is not tried by rule.
            ("flies", &[]),
            ("duck", &[]),
            ("", &[]),
        ] {
            assert_eq!(wordnet.synsets(word), synsets, "{word}");
        }
    }

    #[test]
    fn text_of_another_form_is_refused() {
        for (synsets, exceptions) in [("a", ""), ("a\nb\n", ""), ("a\n99999999\n", ""), ("", "a")] {
            assert!(WordNet::from_text(synsets, exceptions).is_err());
        }
    }
}
