//! Rules for apostrophes: what they split ('s, n't, y'all) and what they leave whole (o'clock, 'em, '80s).

use super::lexeme::{Form, Furthest, Match};
use super::text::{Text, letter, space};
use super::words;

/// The end of the apostrophe at `i`: ' or ’, or the entity.
fn apostrophe(text: Text, i: usize) -> Option<usize> {
    match text.at(i) {
        '\'' | '\u{92}' | '\u{2019}' => Some(i + 1),
        '&' => text.word(i, "&apos;"),
        _ => None,
    }
}

/// The end of what some people write for an apostrophe, too: ‘ and `.
pub(super) fn any_apostrophe(text: Text, i: usize) -> Option<usize> {
    let other = matches!(text.at(i), '`' | '\u{91}' | '\u{2018}' | '\u{201B}').then_some(i + 1);
    other.or_else(|| apostrophe(text, i))
}

/// The end of 's, 'd, 'm, 'll, 're or 've at `i`.
pub(super) fn end(text: Text, i: usize) -> Option<usize> {
    let after = apostrophe(text, i)?;
    let one = matches!(text.at(after), 's' | 'd' | 'm' | 'S' | 'D' | 'M').then_some(after + 1);
    one.or_else(|| {
        ["ll", "re", "ve"]
            .iter()
            .find_map(|rest| text.word(after, rest))
    })
}

/// The end of n't at `i`.
fn not(text: Text, i: usize) -> Option<usize> {
    let n = text.word(i, "n")?;
    text.word(any_apostrophe(text, n)?, "t")
}

/// Offers what begins at `at` and has an apostrophe in it or after it.
pub(super) fn offer(text: Text, at: usize, best: &mut Furthest) {
    if let Some(end) = end(text, at) {
        // A plain apostrophe before more letters opens a quotation.
        if text.at(at) != '\'' || !text.at(end).is_ascii_alphabetic() {
            best.offer(Some(Match::seeing(end, end + 1).form(Form::Clitic)));
        }
    }
    best.offer(not(text, at).map(|end| Match::to(end).form(Form::Clitic)));
    best.offer(before_not(text, at));
    if let Some(after) = apostrophe(text, at) {
        offer_leading(text, at, after, best);
    } else if letter(text.at(at)) {
        offer_inner(text, at, best);
    }
}

/// The "do" of don't.
fn before_not(text: Text, at: usize) -> Option<Match> {
    let letters = text.skip(at, |c| c.is_ascii_alphabetic() || c == '\u{AD}');
    let host = letters.checked_sub(1).filter(|&host| host > at)?;
    let negated = !matches!(text.at(host - 1), 'n' | 'N');
    not(text, host)
        .filter(|_| negated)
        .map(|seen| Match::seeing(host, seen))
}

/// Offers words that begin with the apostrophe at `at..after`.
fn offer_leading(text: Text, at: usize, after: usize, best: &mut Furthest) {
    for word in words::AFTER_APOSTROPHE {
        best.offer(text.word(after, word).map(Match::to));
    }
    let n = text.word(after, "n").and_then(|n| apostrophe(text, n));
    best.offer(n.map(Match::to)); // rock 'n' roll
    let year = text.at(after).is_ascii_digit() && text.at(after + 1).is_ascii_digit();
    if year && space(text.at(after + 2)) {
        best.offer(Some(Match::seeing(after + 2, after + 3))); // '95
    }
    if matches!(text.at(after), '2'..='9') {
        best.offer(text.word(after + 1, "0s").map(Match::to)); // '80s
    }
    if text.at(at) == '\'' {
        let it = ["is", "was"]
            .iter()
            .find_map(|verb| text.word(text.word(after, "t")?, verb));
        best.offer(it.map(|seen| Match::seeing(after + 1, seen))); // 't is
    }
}

/// Offers words that begin with the letter at `at` and have an apostrophe in them.
fn offer_inner(text: Text, at: usize, best: &mut Furthest) {
    for word in words::WITH_APOSTROPHE {
        best.offer(text.word(at, word).map(Match::to));
    }
    for word in words::BEFORE_APOSTROPHE {
        let whole = text.word(at, word).and_then(|end| apostrophe(text, end));
        best.offer(whole.map(Match::to));
    }
    let cap = text
        .word(at, "cap")
        .and_then(|i| text.word(apostrophe(text, i)?, "n"));
    best.offer(cap.map(Match::to));
    let article = matches!(text.at(at), 'd' | 'j' | 'l' | 'D' | 'J' | 'L');
    best.offer(apostrophe(text, at + 1).filter(|_| article).map(Match::to)); // l' eau
    if let Some(i) = text
        .word(at, "y")
        .and_then(|y| apostrophe(text, y))
        .filter(|&i| letter(text.at(i)))
    {
        best.offer(Some(Match::seeing(i, i + 1))); // y' all
    }
    if let Some(i) = any_apostrophe(text, at + 1) {
        let end = text.skip(i, letter);
        let name = matches!(text.at(at), 'A'..='H' | 'J'..='X' | 'Z' | 'n');
        let bird = text.word(at, "o").and(text.word(i, "o"));
        best.offer((name && end > i + 1).then(|| Match::to(end))); // D'Arcy
        best.offer(bird.map(Match::to)); // the bird o'o
    }
    best.offer(between_vowels(text, at).map(Match::to));
}

/// ma'am, Hawai'i: a vowel, an apostrophe, and a vowel or a capital.
fn between_vowels(text: Text, at: usize) -> Option<usize> {
    let i = text.skip(at, letter);
    let vowel = matches!(
        text.at(i - 1).to_ascii_lowercase(),
        'a' | 'e' | 'i' | 'o' | 'u' | 'y'
    );
    let after = any_apostrophe(text, i).filter(|_| vowel && i > at + 1)?;
    let goes_on = matches!(text.at(after), 'a' | 'e' | 'i' | 'o' | 'u' | 'A'..='Z');
    goes_on.then(|| text.skip(after, letter))
}
