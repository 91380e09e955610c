//! Paraphrases: captions [N] -> for each some others that say the same in other words.
//!
//! A draft swaps a caption's two clauses ("rain falls while a man speaks"), and puts other phrases in
//! the place of its own by METEOR's table. That table knows nothing of sounds or of grammar, so a draft counts only where
//! the captions themselves have every three words that newly meet in it, and the text tower finds it as near to its caption
//! as asked for.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use rayon::prelude::*;
use wsac_metrics::meteor::Phrasebook;
use wsac_metrics::tables::Tables;

use crate::clauses::{self, Relation};
use crate::error::{Error, Result};
use crate::texts::words;
use wsac_encoders::embedding::Embeddings;
use wsac_nn::rng::Stream;

/// Drafts for each paraphrase asked for: most differ too much, or are there already.
const DRAFTS: usize = 4;

/// How captions are paraphrased.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Paraphrasing {
    /// At most so many paraphrases of a caption.
    pub each: usize,
    /// At most so many phrases of a caption are replaced, at least one where its clauses are not turned round.
    pub changes: usize,
    /// The least cosine of a paraphrase to its caption, in the text tower's space.
    pub similarity: f32,
    /// The seed of what is drawn.
    pub seed: u64,
}

impl Default for Paraphrasing {
    fn default() -> Self {
        Self {
            each: 2,
            changes: 2,
            similarity: 0.85,
            seed: 0,
        }
    }
}

impl Paraphrasing {
    /// Says what is wrong with these settings.
    ///
    /// # Errors
    /// If one is out of range.
    pub fn check(&self) -> Result<()> {
        let wrong = |what: &str| Err(Error::Config(format!("paraphrases: {what}")));
        match self {
            Self { each: 0, .. } => wrong("each must be at least 1"),
            Self { changes: 0, .. } => wrong("changes must be at least 1"),
            Self { similarity, .. } if !(-1.0..=1.0).contains(similarity) => {
                wrong("similarity is a cosine, between -1 and 1")
            }
            _ => Ok(()),
        }
    }
}

/// Paraphrases each of `captions` [N] with the phrases of `tables`: `[N]` lists of at most [`Paraphrasing::each`]. Equal
/// seeds give equal paraphrases. `embed` gives the rows of texts in the text tower's space.
///
/// # Errors
/// If settings or tables make no sense, or texts cannot be embedded.
pub fn paraphrase(
    captions: &[String],
    tables: &Tables,
    how: &Paraphrasing,
    embed: &mut dyn FnMut(&[String]) -> Result<Embeddings>,
) -> Result<Vec<Vec<String>>> {
    how.check()?;
    let texts: Vec<Vec<String>> = captions.iter().map(|c| spelled(c)).collect();
    let writer = Writer::new(&texts, tables)?;
    let drafts: Vec<Vec<String>> = captions
        .par_iter()
        .enumerate()
        .map(|(i, caption)| writer.drafts(i, caption, &texts[i], how))
        .collect();
    let (own, new) = (embed(captions)?, embed(&drafts.concat())?);
    let mut rows = 0..new.len();
    let near = |caption: usize, row: usize| {
        let pairs = own.row(caption).iter().zip(new.row(row));
        pairs.map(|(a, b)| a * b).sum::<f32>() >= how.similarity
    };
    let keep = |(caption, drafts): (usize, Vec<String>)| {
        let kept = drafts.into_iter().zip(&mut rows);
        let kept: Vec<String> = kept
            .filter(|(_, row)| near(caption, *row))
            .map(|(draft, _)| draft)
            .collect();
        kept.into_iter().take(how.each).collect()
    };
    Ok(drafts.into_iter().enumerate().map(keep).collect())
}

/// What drafts are made with.
struct Writer<'a> {
    book: Phrasebook,
    /// Every three words that meet in a caption; "" stands before the first and behind the last.
    met: HashSet<[&'a str; 3]>,
}

/// A phrase that may take the place of the words `at`.
#[derive(Clone)]
struct Change<'a> {
    at: Range<usize>,
    other: &'a str,
}

impl<'a> Writer<'a> {
    fn new(texts: &'a [Vec<String>], tables: &Tables) -> Result<Self> {
        let vocabulary: HashSet<&str> = texts.iter().flatten().map(String::as_str).collect();
        let book = Phrasebook::of(tables, vocabulary.into_iter())
            .map_err(|e| Error::Config(e.to_string()))?;
        let met = texts.iter().flat_map(|text| meetings(text)).collect();
        Ok(Self { book, met })
    }

    /// Drafts of paraphrases of caption `i`, spelled as `own`; no two alike.
    fn drafts(&self, i: usize, caption: &str, own: &[String], how: &Paraphrasing) -> Vec<String> {
        let stream = Stream::new(&format!("seed{}/paraphrase/{i}", how.seed));
        // All drafts begin with one of these two, so that what may change first in them is looked for once.
        let begin = |text: Vec<String>| (self.changes(&text), text);
        let turned = self.turned(caption, own).map(begin);
        let own = begin(own.to_vec());
        let mut seen = HashSet::from([words(caption)]);
        let mut drafts = Vec::new();
        for draft in 0..(DRAFTS * how.each) as u64 {
            let draw = |what: u64, n: usize| {
                (stream.uniform(draft * (how.changes as u64 + 2) + what) * n as f64) as usize
            };
            let turned = turned.as_ref().filter(|_| draw(0, 2) == 0);
            let (first, text) = turned.unwrap_or(&own);
            let (mut changes, mut text) = (Cow::Borrowed(first), text.clone());
            for change in 0..=draw(1, how.changes) as u64 {
                if change > 0 {
                    changes = Cow::Owned(self.changes(&text));
                }
                if changes.is_empty() {
                    break;
                }
                let Change { at, other } = &changes[draw(2 + change, changes.len())];
                text.splice(at.clone(), other.split(' ').map(str::to_owned));
            }
            let text = written(&text, caption);
            if seen.insert(words(&text)) {
                drafts.push(text);
            }
        }
        drafts
    }

    /// All phrases that may be replaced in `text`, by what.
    fn changes(&self, text: &[String]) -> Vec<Change<'_>> {
        let framed = framed(text);
        let mut found = Vec::new();
        for start in 1..framed.len() - 1 {
            let before = &framed[start.saturating_sub(2)..start];
            for end in start + 1..framed.len().min(start + 1 + self.book.longest()) {
                let after = &framed[end..framed.len().min(end + 2)];
                let fits = |other: &&str| {
                    let new: Vec<&str> = other.split(' ').collect();
                    let around = [before, &new, after].concat();
                    threes(&around).all(|three| self.met.contains(&three))
                };
                let others = self.book.others(&framed[start..end].join(" "));
                found.extend(others.filter(fits).map(|other| Change {
                    at: start - 1..end - 1,
                    other,
                }));
            }
        }
        found
    }

    /// A caption of two clauses the other way round, spelled as `own`: "a, then b" is "b after a".
    fn turned(&self, caption: &str, own: &[String]) -> Option<Vec<String>> {
        let clauses = clauses::split(caption, 3);
        let [first, second] = &clauses[..] else {
            return None;
        };
        let join = match second.relation {
            Relation::Then => "after",
            Relation::After => "followed by",
            Relation::Together | Relation::First => "while",
        };
        let mut text = spelled(&format!("{} {join} {}", second.text, first.text));
        text.extend(own.last().filter(|last| *last == ".").cloned());
        let reads_well = meetings(&text).all(|three| self.met.contains(&three));
        reads_well.then_some(text)
    }
}

/// The words of a caption in lower case; commas and full stops are words of their own.
fn spelled(caption: &str) -> Vec<String> {
    let mut text = String::with_capacity(caption.len() + 8);
    for c in caption.to_lowercase().chars() {
        match c {
            ',' | '.' | ';' | '!' | '?' => text.extend([' ', c, ' ']),
            _ => text.push(c),
        }
    }
    text.split_whitespace().map(str::to_owned).collect()
}

/// The words of a text, with "" at either end.
fn framed(text: &[String]) -> Vec<&str> {
    let words = text.iter().map(String::as_str);
    [""].into_iter().chain(words).chain([""]).collect()
}

fn threes<'a>(words: &[&'a str]) -> impl Iterator<Item = [&'a str; 3]> {
    words.windows(3).map(|three| [three[0], three[1], three[2]])
}

/// Every three words that meet in a text.
fn meetings(text: &[String]) -> impl Iterator<Item = [&str; 3]> {
    let framed = framed(text);
    threes(&framed).collect::<Vec<_>>().into_iter()
}

/// `text` as a caption, with a capital where `model` has one.
fn written(text: &[String], model: &str) -> String {
    let joined = text.join(" ");
    let joined = [" ,", " .", " ;", " !", " ?"]
        .iter()
        .fold(joined, |text, mark| text.replace(mark, &mark[1..]));
    let mut rest = joined.chars();
    match (model.chars().next(), rest.next()) {
        (Some(capital), Some(first)) if capital.is_uppercase() => {
            first.to_uppercase().chain(rest).collect()
        }
        _ => joined,
    }
}

#[cfg(test)]
mod tests;
