//! Rules for words: plain and joined ones, initials and abbreviations with their full stops, "cannot".

use super::ahead::Ahead;
use super::lexeme::{Form, Furthest, Match};
use super::text::{Text, alphanumeric, digit, in_word, letter, space};
use super::{clitic, web, words};

/// The end of a word that only the simplest rule can be about: ASCII letters and a space, perhaps with a comma or, when
/// they are too many for an abbreviation, a full stop between. (A short way: most words.)
pub(super) fn plain(text: Text, at: usize) -> Option<usize> {
    let end = text.skip(at, |c| c.is_ascii_alphabetic());
    let ends = |i| matches!(text.at(i), ' ' | '\n');
    let ended = match text.at(end) {
        ',' => ends(end + 1),
        '.' => ends(end + 1) && end - at > LONGEST_ABBREVIATION,
        _ => ends(end),
    };
    (ended && end > at && two_in_one(text, at, end).is_none()).then_some(end)
}

/// The letters of "messrs".
const LONGEST_ABBREVIATION: usize = 6;

/// Offers the words that begin at `at`.
pub(super) fn offer(text: Text, at: usize, ahead: &mut Ahead, best: &mut Furthest) {
    let word = word(text, at);
    let dotted = dotted(text, at);
    for end in [word, dotted].into_iter().flatten() {
        best.offer(clitic::end(text, end).map(|seen| Match::seeing(end, seen)));
    }
    best.offer(word.and_then(|end| two_in_one(text, at, end)));
    if word.is_none() && !alphanumeric(text.at(at)) {
        return;
    }
    offer_with_dot(text, word, Form::AsIs, best);
    offer_with_dot(text, joined(text, at), Form::AsIs, best);
    offer_with_dot(text, dotted, Form::AsIs, best);
    offer_abbreviation(text, at, ahead, best);
    offer_initials(text, at, ahead, best);
    offer_with_dot(text, dots_then_joined(text, at, ahead), Form::AsIs, best);
    offer_with_dot(text, capitals_with_and(text, at), Form::Ampersand, best);
    best.offer(with_slashes(text, at).map(Match::to));
    best.offer(language(text, at).map(Match::to));
}

/// Offers the word that ends at `end`, and the same with a full stop when a comma, colon or semicolon follows it.
fn offer_with_dot(text: Text, end: Option<usize>, form: Form, best: &mut Furthest) {
    let Some(end) = end else { return };
    best.offer(Some(Match::to(end).form(form)));
    if text.at(end) == '.' && matches!(text.at(end + 1), ',' | ':' | ';' | '、') {
        best.offer(Some(Match::seeing(end + 1, end + 2).form(form)));
    }
}

/// Letters and accents, digits after the first.
fn word(text: Text, at: usize) -> Option<usize> {
    in_word(text.at(at)).then(|| text.skip(at, |c| in_word(c) || digit(c)))
}

/// "cannot" and its like: the first of the two words.
fn two_in_one(text: Text, at: usize, end: usize) -> Option<Match> {
    if !(5..=6).contains(&(end - at))
        || !matches!(text.at(at), 'c' | 'g' | 'l' | 'w' | 'C' | 'G' | 'L' | 'W')
    {
        return None;
    }
    let found = words::TWO_IN_ONE
        .iter()
        .find(|(whole, _)| text.word(at, whole) == Some(end))?;
    Some(Match::seeing(at + found.1, end))
}

/// The end of at least one character that is `inside`.
fn run(text: Text, at: usize, inside: impl Fn(char) -> bool) -> Option<usize> {
    Some(text.skip(at, inside)).filter(|&end| end > at)
}

/// Letters and digits, with d', l' or o' before them or without: o'clock. `soft`: soft hyphens among them, too.
fn run_with_article(text: Text, at: usize, soft: bool) -> Option<usize> {
    let article = matches!(text.at(at), 'd' | 'D' | 'l' | 'L' | 'o' | 'O');
    let apostrophe = clitic::any_apostrophe(text, at + 1).filter(|_| article);
    let long = apostrophe.and_then(|i| run(text, i, alphanumeric).filter(|&end| end > i + 1));
    long.or_else(|| run(text, at, |c| alphanumeric(c) || soft && c == '\u{AD}'))
}

/// Runs joined by hyphens and underscores, or one alone: state-of-the-art, file_01, 3rd.
fn joined(text: Text, at: usize) -> Option<usize> {
    let one = run_with_article(text, at, true)?;
    let mut end = one;
    while matches!(
        text.at(end),
        '-' | '_' | '\u{58A}' | '\u{2010}' | '\u{2011}'
    ) {
        match run_with_article(text, end + 1, true) {
            Some(next) => end = next,
            None => break,
        }
    }
    if end > one {
        Some(end)
    } else {
        run_with_article(text, at, false)
    }
}

/// Words joined by dots: file.wav, end.Start, what?no.
fn dotted(text: Text, at: usize) -> Option<usize> {
    let mut end = word(text, at)?;
    let one = end;
    while matches!(text.at(end), '.' | '!' | '?') {
        match word(text, end + 1) {
            Some(next) => end = next,
            None => break,
        }
    }
    (end > one).then_some(end)
}

/// What has dots or commas in it before a hyphen: U.S.-based, 1,000-mile; it may end in initials: non-U.S.
fn dots_then_joined(text: Text, at: usize, ahead: &mut Ahead) -> Option<usize> {
    let dotted = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ',');
    let mut end = ahead.dots.find(at, || {
        let end = text.skip(at, dotted);
        (end, Some(end))
    })?;
    let mut found = None;
    while text.at(end) == '-' {
        let letters = initials(text, end + 1).filter(|&letters| letters > end + 3);
        match letters.or_else(|| run(text, end + 1, |c| c.is_ascii_alphanumeric())) {
            Some(next) => end = next,
            None => break,
        }
        found = Some(end);
    }
    found
}

/// A&B, AT&T, A+B: capitals only.
fn capitals_with_and(text: Text, at: usize) -> Option<usize> {
    let capitals = |i| run(text, i, |c| c.is_ascii_uppercase());
    let mut end = capitals(at)?;
    let one = end;
    loop {
        let and = match text.at(end) {
            '+' => Some(end + 1),
            '&' => text.word(end, "&amp;").or(Some(end + 1)),
            _ => None,
        };
        match and.and_then(capitals) {
            Some(next) => end = next,
            None => return (end > one).then_some(end),
        }
    }
}

/// Two or three parts with slashes between them: and/or, km/h, A\/C.
fn with_slashes(text: Text, at: usize) -> Option<usize> {
    let part = |at| {
        let mut end = run(text, at, |c| c.is_ascii_alphanumeric())?;
        for _ in 0..2 {
            let letters = text.skip(end + 1, |c| c.is_ascii_alphabetic());
            if text.at(end) == '-' && letters > end + 1 {
                end = letters;
            }
        }
        Some(end)
    };
    let mut end = part(at)?;
    let one = end;
    for _ in 0..2 {
        let slash = if text.at(end) == '\\' { end + 1 } else { end };
        match part(slash + 1) {
            Some(next) if text.at(slash) == '/' => end = next,
            _ => break,
        }
    }
    (end > one).then_some(end)
}

/// C++, C#, F#: languages, or keys.
fn language(text: Text, at: usize) -> Option<usize> {
    let c = text.word(at, "c").and_then(|i| text.word(i, "++"));
    c.or_else(|| text.word(at, "c#"))
        .or_else(|| text.word(at, "f#"))
}

/// Single letters with a dot after each: U.S., e.g., J.
fn initials(text: Text, at: usize) -> Option<usize> {
    let mut end = at;
    while text.at(end).is_ascii_alphabetic() && text.at(end + 1) == '.' {
        end += 2;
    }
    (end > at).then_some(end)
}

/// Offers initials; before a word that begins sentences "U.S." is followed by a stop of its own, "A." is a word and a stop.
fn offer_initials(text: Text, at: usize, ahead: &mut Ahead, best: &mut Furthest) {
    let Some(end) = initials(text, at) else {
        return;
    };
    best.offer(Some(Match::to(end)));
    let after = text.skip(end, space);
    let tag = web::tag(text, after, ahead);
    let word = text.skip(after, |c| c.is_ascii_alphabetic());
    let start = tag.unwrap_or(if text.at(word) == '.' { word + 1 } else { word });
    let known = || {
        text.at(after).is_ascii_uppercase() && text.is_one_of(after, start, words::SENTENCE_STARTS)
    };
    if after > end && (tag.is_some() || known()) && space(text.at(start)) {
        best.offer(Some(match end - at {
            2 => Match::seeing(end - 1, start + 1),
            _ => Match::seeing(end, start + 1).form(Form::ThenStop),
        }));
    }
}

/// Offers an abbreviation with its full stop.
fn offer_abbreviation(text: Text, at: usize, ahead: &mut Ahead, best: &mut Furthest) {
    let end = ["ph.d", "ed.d"]
        .iter()
        .find_map(|degree| text.word(at, degree));
    let end = end
        .unwrap_or_else(|| text.skip_most(at, LONGEST_ABBREVIATION, |c| c.is_ascii_alphabetic()));
    if text.at(end) != '.' || end < at + 2 {
        return;
    }
    let is = |list| text.is_one_of(at, end, list);
    let capitalised = text.at(at).is_ascii_uppercase();
    let small = text.of(at + 1, end).iter().all(char::is_ascii_lowercase);
    let number = if space(text.at(end + 1)) {
        end + 2
    } else {
        end + 1
    };
    if is(words::MAY_END_SENTENCE)
        || text.at(end - 2) == '.'
        || capitalised && is(words::CAPITAL_MAY_END_SENTENCE)
        || small && is(words::SMALL_MAY_END_SENTENCE)
    {
        best.offer(Some(Match::seeing(end + 1, end + 3)));
        let after = text.skip(end + 1, space);
        let spaces = after - end - 1;
        let begins =
            spaces > 1 || capital(text.at(after)) || web::tag(text, after, ahead).is_some();
        if after > end + 1 && begins {
            best.offer(Some(Match::seeing(end + 1, after + 2).form(Form::ThenStop)));
        }
    } else if is(words::BEFORE_A_NAME) || small && is(words::SMALL_BEFORE_A_NAME) {
        best.offer(Some(Match::to(end + 1)));
    } else if is(words::BEFORE_A_NUMBER) && digit(text.at(number)) {
        best.offer(Some(Match::seeing(end + 1, number + 1)));
    }
}

/// Capital letters of an older Unicode, in which Cherokee had but one case.
fn capital(c: char) -> bool {
    let known =
        letter(c) && !matches!(c, '\u{13A0}'..='\u{13F5}') || matches!(c, 'Ⅰ'..='Ⅿ' | 'Ⓐ'..='Ⓩ');
    known && c.is_uppercase()
}
