//! A caption's clauses: English text -> one to `most` shorter texts, one sound each, with their order in time.
//!
//! "Rain falls while a man speaks, followed by thunder" has three clauses: rain falls; *together* with it a man speaks;
//! *then* thunder. Captions of single sounds have one clause, themselves.
//!
//! Why: in a recording of several sounds, these are encoded and retrieved one by one, so the decoder is given one embedding
//! per sound. It learns to join them from captions whose clauses are embedded one by one in the same way.
//!
//! The rules:
//! 1. Cut at every comma and connector ("as", "while", "and", "followed by"; all in `CONNECTORS`). Longer ones win.
//! 2. "A man and a woman talk" is one clause: before a bare "and", words without verb and sound are part of the subject.
//! 3. A part stays separate if both sides have what the connector needs and the part does not begin with a pronoun;
//!    otherwise it is merged with the left one. "And" joins nearly anything, so it needs a subject with its verb on both sides
//!    ("a dog barks and growls" is one clause); "followed by" needs nothing.
//! 4. Of more than `most` clauses, the last ones stay together, joined by a comma or "followed by".
//!
//! There is no grammar here, only word lists (`clauses/words.txt`) and neighbouring words. If they do not know
//! a verb, the caption stays whole, and the decoder learns from its single embedding as in the paper.

mod words;

use std::collections::HashMap;
use std::mem::replace;
use std::ops::Range;
use std::sync::LazyLock;

use Needs::{Nothing, Sound, Source, Verb};
use Relation::{After, First, Then, Together};
use words::{DEVICES, LOOSE_FIRST, LOOSE_LAST, NOT_AFTER_AS, NOT_BEFORE_AS, PRONOUNS, Words};
use words::{begins_sounding, has_verb, is_verb, names_sound};

/// When the sound of a clause occurs, relative to the clause on its left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Relation {
    /// There is none on its left.
    First,
    /// At the same time: "as", "while", "and", a comma.
    Together,
    /// Later: "followed by", "then", "before".
    Then,
    /// Earlier: this clause follows the word "after" in the text.
    After,
}

/// A part of a caption that describes one sound.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Clause {
    /// When its sound occurs.
    pub relation: Relation,
    /// Its words: lower case, single spaces, no full stops, no loose "and" at either end. Never empty.
    pub text: String,
}

/// What a connector needs on both sides to separate two clauses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    /// A subject with its verb, or a sound ("typing", "loud music").
    Sound,
    /// As `Sound`; but on the right no mere participle, and no device over which the left is played.
    Source,
    /// A subject with its verb.
    Verb,
}

const CONNECTORS: [(Relation, Needs, &str); 11] = [
    (Then, Nothing, "followed by, and followed by"),
    (Then, Nothing, "followed closely by, followed shortly by"),
    (Then, Nothing, "followed immediately by, and is followed by"),
    (Then, Sound, "then, and then, and afterwards, before"),
    (Then, Verb, "and eventually, and finally, and later"),
    (After, Sound, "after"),
    (Together, Nothing, "accompanied by, amid, amidst"),
    (Together, Sound, "as, when, while, whilst, alongside"),
    (Together, Sound, "along with, mixed with, together with"),
    (Together, Source, "with, over"),
    (Together, Verb, "and, but"),
];

/// [`CONNECTORS`] as words, by the first of these.
static CONNECTORS_BY_WORD: LazyLock<HashMap<&str, Vec<Connector>>> = LazyLock::new(|| {
    let mut by_word: HashMap<&str, Vec<Connector>> = HashMap::new();
    for (relation, needs, phrases) in CONNECTORS {
        for phrase in phrases.split(", ") {
            let words: Vec<&str> = phrase.split(' ').collect();
            by_word
                .entry(words[0])
                .or_default()
                .push((words, relation, needs));
        }
    }
    by_word
});
type Connector = (Vec<&'static str>, Relation, Needs);

/// The words between two connectors.
struct Piece {
    relation: Relation,
    /// What the connector before it needs.
    needs: Needs,
    /// The range of its words. The connector's words lie between the part on the left and this one.
    at: Range<usize>,
}

/// Splits a caption into at most `most` clauses (at least one is allowed), in the order of its text.
///
/// The first clause's relation is [`Relation::First`], and only that one's. A caption without words has no clauses.
pub fn split(caption: &str, most: usize) -> Vec<Clause> {
    let text = plain(caption);
    let words: Vec<&str> = text.split_whitespace().collect();
    let pieces = rejoin(&words, cut(&words), |left, connector, _, right| {
        connector == ["and"] && is_bare(left) && has_verb(right)
    });
    let pieces = rejoin(&words, pieces, |left, _, needs, right| {
        !(ends_before(needs, left) && begins_after(needs, right))
    });

    let mut clauses: Vec<(Relation, Vec<&str>)> = Vec::new();
    for piece in pieces {
        let full = clauses.len() >= most.max(1);
        match clauses.last_mut() {
            Some((_, last)) if full => {
                // "Followed by" for `After` too, which would swap these two: 5 of 49,274 AudioCaps captions.
                last.extend_from_slice(match piece.relation {
                    Together => &[","],
                    _ => &["followed", "by"],
                });
                last.extend(&words[piece.at]);
            }
            _ => clauses.push((piece.relation, words[piece.at].to_vec())),
        }
    }

    let clause = |(relation, words): (_, Vec<_>)| Clause {
        relation,
        text: tidy(&words),
    };
    let clauses = clauses.into_iter().map(clause);
    let mut clauses: Vec<Clause> = clauses.filter(|clause| !clause.text.is_empty()).collect();
    if let Some(clause) = clauses.first_mut() {
        clause.relation = First;
    }
    clauses
}

/// Lower case, with no marks but apostrophes and commas, commas as words of their own.
fn plain(caption: &str) -> String {
    let mut text = String::with_capacity(caption.len() + 8);
    for char in caption.to_lowercase().chars() {
        match char {
            ',' | ';' => text.push_str(" , "),
            '.' | '"' => text.push(' '),
            '’' => text.push('\''),
            _ => text.push(char),
        }
    }
    text
}

/// Rule 1: cuts at every comma and connector. A connector at the beginning of a part is one of its words.
fn cut(words: &[&str]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut piece = Piece {
        relation: First,
        needs: Nothing,
        at: 0..words.len(),
    };
    let mut i = 0;
    while i < words.len() {
        match connector(words, i) {
            Some((length, relation, needs)) if i > piece.at.start => {
                piece.at.end = i;
                i += length;
                let next = Piece {
                    relation,
                    needs,
                    at: i..words.len(),
                };
                pieces.push(replace(&mut piece, next));
            }
            _ => i += 1,
        }
    }
    pieces.push(piece);
    pieces
}

/// The length, relation and needs of the connector at word `i`: a comma, one of [`CONNECTORS`], or both.
fn connector(words: &[&str], i: usize) -> Option<(usize, Relation, Needs)> {
    let comma = usize::from(words[i] == ",");
    let at = i + comma;
    let (before, here) = words.split_at(at);
    let among = |word: Option<&&str>, list: &Words| word.is_some_and(|word| list.contains(word));
    let other_as = here.first() == Some(&"as")
        && (among(before.last(), &NOT_BEFORE_AS) || among(here.get(1), &NOT_AFTER_AS));
    let known = here.first().and_then(|word| CONNECTORS_BY_WORD.get(word));
    known
        .filter(|_| !other_as)
        .into_iter()
        .flatten()
        .filter(|(phrase, ..)| here.starts_with(phrase))
        .max_by_key(|(phrase, ..)| phrase.len())
        .map(|(phrase, relation, needs)| (comma + phrase.len(), *relation, *needs))
        .or((comma == 1).then_some((1, Together, Verb)))
}

/// Merges parts with the part on their left, with the connector between them, if they `belong` to it: to these
/// words on the left, with this connector and what it needs, do these words on the right?
fn rejoin(
    words: &[&str],
    pieces: Vec<Piece>,
    belong: impl Fn(&[&str], &[&str], Needs, &[&str]) -> bool,
) -> Vec<Piece> {
    let mut joined: Vec<Piece> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let right = &words[piece.at.clone()];
        if let Some(left) = joined.last_mut().map(|left| &mut left.at)
            && let connector = &words[left.end..piece.at.start]
            && belong(&words[left.clone()], connector, piece.needs, right)
        {
            left.end = piece.at.end;
        } else {
            joined.push(piece);
        }
    }
    joined
}

/// Rule 2: nothing here makes a sound ("a man").
fn is_bare(words: &[&str]) -> bool {
    !words.iter().any(|word| is_verb(word)) && !names_sound(words)
}

/// Rule 3, left side: may these words end before a connector that needs this?
fn ends_before(needs: Needs, words: &[&str]) -> bool {
    match needs {
        Nothing => true,
        Verb => has_verb(words),
        Sound | Source => has_verb(words) || begins_sounding(words) || names_sound(words),
    }
}

/// Rule 3, right side: may these words begin a clause after a connector that needs this?
fn begins_after(needs: Needs, words: &[&str]) -> bool {
    let Some(&first) = words.first() else {
        return false;
    };
    let (verb, sound) = (has_verb(words), names_sound(words));
    let enough = match needs {
        Nothing => true,
        Verb => verb,
        Sound => verb || begins_sounding(words) || sound && !is_verb(first),
        Source => (verb || sound) && !words.iter().any(|word| DEVICES.contains(word)),
    };
    enough && !PRONOUNS.contains(first)
}

/// The words as text, without what a cut leaves dangling at the ends.
fn tidy(mut words: &[&str]) -> String {
    while let [first, rest @ ..] = words
        && LOOSE_FIRST.contains(first)
    {
        words = rest;
    }
    while let [rest @ .., last] = words
        && LOOSE_LAST.contains(last)
    {
        words = rest;
    }
    words.join(" ").replace(" ,", ",")
}

#[cfg(test)]
mod tests;
