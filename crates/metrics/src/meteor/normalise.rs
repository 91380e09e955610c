//! METEOR's normaliser (`-norm`): a caption -> its words, lower-case, with punctuation split off.
//!
//! After the tokeniser of the Moses translation system. Every step is a pass from left to right over the whole text;
//! what a pattern has matched, its neighbours included, is not looked at again in the same pass. The order of steps
//! matters, and so do their oddities: `a-b-c` becomes `a b-c`.

use std::collections::HashMap;

/// Abbreviations after which a full stop is no end of a sentence -> whether only in front of a number.
#[derive(Debug, Clone)]
pub(super) struct Prefixes(HashMap<String, bool>);

impl Prefixes {
    /// One prefix a line, `#NUMERIC_ONLY#` behind those that only count in front of a number; `#` begins a comment.
    pub fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let prefix = |line: &str| {
            let mut words = line.split_whitespace();
            Some((
                words.next()?.to_owned(),
                words.next() == Some("#NUMERIC_ONLY#"),
            ))
        };
        Self(lines.filter_map(prefix).collect())
    }

    /// The words of `caption`.
    pub fn words(&self, caption: &str) -> Vec<String> {
        let words = split_periods(caption)
            .into_iter()
            .flat_map(|piece| match piece {
                Piece::Text(text) => split(&space_punctuation(text)).map(Word::Plain).collect(),
                Piece::Periods(count) => vec![Word::Periods(count)],
            });
        let words: Vec<Word> = words.collect();
        let mut text = String::new();
        for (place, word) in words.iter().enumerate() {
            let spaced = self.end_of_sentence(word, words.get(place + 1));
            text.extend([&spaced, " "]);
        }
        let text: String = text
            .chars()
            .map(|c| if is_wide_space(c) { ' ' } else { c })
            .collect();
        let text = trim(&text).to_lowercase();
        split(&text).collect()
    }

    /// `word`, its last full stop split off where that ends a sentence.
    fn end_of_sentence(&self, word: &Word, next: Option<&Word>) -> String {
        let word = match word {
            Word::Periods(count) => return ".".repeat(*count),
            Word::Plain(word) => word,
        };
        let Some(before) = word.strip_suffix('.').filter(|before| !before.is_empty()) else {
            return word.clone();
        };
        if before.contains('.') && before.contains(is_alpha) {
            return word.replace('.', "");
        }
        let next = match next {
            Some(Word::Plain(next)) => next.chars().next(),
            _ => None,
        };
        let numeric_only = self.0.get(before).copied();
        let stays = numeric_only == Some(false)
            || next.is_some_and(|c| c.is_ascii_lowercase())
            || numeric_only == Some(true) && next.is_some_and(|c| c.is_ascii_digit());
        if stays {
            word.clone()
        } else {
            format!("{before} .")
        }
    }
}

/// A part of a caption.
enum Piece {
    /// Text without two full stops in a row; punctuation has spaces around it.
    Text(Vec<char>),
    /// Two full stops or more.
    Periods(usize),
}

enum Word {
    Plain(String),
    Periods(usize),
}

/// Spaces around every sign that is neither a letter, a digit, white space nor one of `. ' , -` and their kin; then the
/// text parted at runs of full stops.
fn split_periods(caption: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut text = vec![' '];
    let mut signs = trim(caption).chars().peekable();
    while let Some(sign) = signs.next() {
        if sign == '.' && signs.peek() == Some(&'.') {
            let mut count = 1;
            while signs.next_if_eq(&'.').is_some() {
                count += 1;
            }
            text.push(' ');
            pieces.push(Piece::Text(std::mem::replace(&mut text, vec![' '])));
            pieces.push(Piece::Periods(count));
        } else if is_alnum(sign)
            || is_space(sign)
            || matches!(sign, '.' | '\'' | '`' | ',' | '-' | '‘' | '’')
        {
            text.push(sign);
        } else {
            text.extend([' ', sign, ' ']);
        }
    }
    text.push(' ');
    pieces.push(Piece::Text(text));
    pieces
}

/// Spaces around commas, quotes and apostrophes, and in the place of hyphens, as far as they part words.
fn space_punctuation(text: Vec<char>) -> String {
    let not = |is: fn(char) -> bool| move |c| !is(c);
    let text = between(text, not(is_digit), ',', not(is_digit), " , ");
    let text = between(text, is_digit, ',', not(is_digit), " , ");
    let text = between(text, not(is_digit), ',', is_digit, " , ");
    let text: String = text.into_iter().collect();
    let text = text.replace(['`', '‘', '’'], "'");
    let text = text.replace(['“', '”'], " \" ").replace("''", " \" ");
    let text = text.replace('–', "-").replace("--", "-");
    let text = text.chars().collect();
    let text = between(text, |c| is_alnum(c) || c == '.', '-', is_alnum, " ");
    let text = between(text, not(is_alpha), '\'', not(is_alpha), " ' ");
    let text = between(text, not(is_alnum), '\'', is_alpha, " ' ");
    let text = between(text, is_alpha, '\'', not(is_alpha), " ' ");
    let text = between(text, is_alpha, '\'', is_alpha, " '");
    let text = between(text, is_digit, '\'', |c| c == 's', " '");
    text.into_iter().collect()
}

/// `text` with `instead` for every `sign` that stands between a `left` and a `right`.
fn between(
    text: Vec<char>,
    left: impl Fn(char) -> bool,
    sign: char,
    right: impl Fn(char) -> bool,
    instead: &str,
) -> Vec<char> {
    let mut out = Vec::with_capacity(text.len() + 8);
    let mut rest = &text[..];
    while let Some((&first, behind)) = rest.split_first() {
        out.push(first);
        rest = behind;
        if let [s, next, behind @ ..] = rest
            && *s == sign
            && left(first)
            && right(*next)
        {
            out.extend(instead.chars());
            out.push(*next);
            rest = behind;
        }
    }
    out
}

/// The words between white space, but a vertical tab is none.
fn split(text: &str) -> impl Iterator<Item = String> {
    (text.split([' ', '\t', '\n', '\r', '\x0c']))
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
}

/// `text` without control characters and spaces at its ends.
fn trim(text: &str) -> &str {
    text.trim_matches(|c| c <= ' ')
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\x0b' | '\x0c' | '\r')
}

fn is_wide_space(c: char) -> bool {
    matches!(
        c,
        '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' | '\u{a0}'
    )
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

fn is_alnum(c: char) -> bool {
    is_digit(c) || is_alpha(c)
}

/// The letters that the normaliser knows: Latin, Cyrillic and phonetic ones.
fn is_alpha(c: char) -> bool {
    matches!(c, 'A'..='Z' | 'a'..='z'
        | 'Š' | 'Ž' | 'š' | 'ž' | 'Ÿ'
        | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{17e}'
        | '\u{400}'..='\u{527}' | '\u{a640}'..='\u{a66e}' | '\u{a67e}'..='\u{a697}'
        | '\u{1d00}'..='\u{1d7f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_original() {
        let prefixes = Prefixes::parse("# a comment\nMr\ne.g\n\nNo #NUMERIC_ONLY# \n");
        for (caption, words) in [
            ("  A Dog barks.", "a dog barks ."),
            ("a...b", "a ... b"),
            ("wait.. .x", "wait .. .x"),
            ("the U.S. army", "the us army"),
            ("e.g. this", "eg this"),
            ("Mr. Smith", "mr. smith"),
            ("meters. then", "meters. then"),
            ("meters. Then", "meters . then"),
            ("No. 5", "no. 5"),
            ("No. Five", "no . five"),
            ("wait. ...", "wait . ..."),
            ("3,000 dogs, cats,birds", "3,000 dogs , cats , birds"),
            (",,", ", ,"),
            ("a-b-c high-pitched -x", "a b-c high pitched -x"),
            (
                "dog's dogs' 'tis 1980's 5's 'n' x''y",
                "dog 's dogs ' ' tis 1980 's 5 's ' n ' x \" y",
            ),
            ("“a” – b---c", "\" a \" - b--c"),
            ("a_b/c (d) É!", "a _ b / c ( d ) é !"),
            ("a\u{a0}b\u{3000}", "a b"),
            ("a\u{b}b", "a\u{b}b"),
            ("", ""),
        ] {
            assert_eq!(prefixes.words(caption).join(" "), words, "{caption}");
        }
    }
}
