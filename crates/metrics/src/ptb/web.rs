//! Rules for what comes from the web: addresses, tags, entities, @names and #tags.

use super::ahead::Ahead;
use super::lexeme::{Form, Furthest, Match};
use super::text::{Text, alphanumeric, in_word, space};
use super::words;

/// Offers addresses, tags, entities and names that begin at `at`.
pub(super) fn offer(text: Text, at: usize, ahead: &mut Ahead, best: &mut Furthest) {
    best.offer(mail(text, at, ahead).map(Match::to));
    best.offer(link(text, at).map(Match::to));
    best.offer(www(text, at, ahead).map(Match::to));
    best.offer(domain(text, at, ahead).map(Match::to));
    match text.at(at) {
        '<' => best.offer(tag(text, at, ahead).map(Match::to)),
        '&' => best.offer(entity(text, at)),
        '@' => best.offer(name(text, at).map(Match::to)),
        '#' => best.offer(
            Some(text.skip(at + 1, in_word))
                .filter(|&end| end > at + 1)
                .map(Match::to),
        ),
        _ => (),
    }
}

/// What cannot be in a link.
fn outside(c: char) -> bool {
    matches!(
        c,
        ' ' | '\t' | '\n' | '"' | '<' | '>' | '(' | ')' | '{' | '}' | '|'
    )
}

/// What cannot be at a link's end.
fn outside_end(c: char) -> bool {
    outside(c) || matches!(c, '.' | '!' | '?' | ',' | '-')
}

/// user@example.com, with angle brackets or without.
fn mail(text: Text, at: usize, ahead: &mut Ahead) -> Option<usize> {
    let start = text
        .word(at, "<")
        .or_else(|| text.word(at, "&lt;"))
        .unwrap_or(at);
    if !text.at(start).is_ascii_alphanumeric() {
        return None;
    }
    let inside = |c| !outside(c) && c != '\u{A0}';
    let label = |i| inside(text.at(i)) && text.at(i) != '.';
    let sign = ahead.mail.find(start, || {
        let end = text.skip(start, inside);
        (
            end,
            (start..end)
                .rev()
                .find(|&i| text.at(i) == '@' && label(i + 1)),
        )
    });
    let mut end = sign.filter(|&sign| sign > start)? + 1;
    while label(end) || text.at(end) == '.' && label(end + 1) {
        end += 1;
    }
    Some(if text.at(end) == '>' { end + 1 } else { end })
}

/// http://example.com/path: at least three characters after the slashes.
fn link(text: Text, at: usize) -> Option<usize> {
    let scheme = text.word(at, "http")?;
    let start = text.word(scheme, "s").unwrap_or(scheme);
    let start = text.word(start, "://")?;
    let end = text.skip(start, |c| !outside(c));
    (start + 2..end)
        .rev()
        .find(|&i| !outside_end(text.at(i)))
        .map(|i| i + 1)
}

/// The path after a domain, at least two characters and a slash; or just the domain.
fn with_path(text: Text, domain: usize) -> usize {
    if text.at(domain) != '/' {
        return domain;
    }
    let end = text.skip(domain, |c| matches!(c, '{' | '}') || !outside(c));
    let last = (domain + 2..end).rev().find(|&i| !outside_end(text.at(i)));
    last.map_or(domain, |i| i + 1)
}

/// The run of labels (characters that are `inside`, and single dots) from `at`, and the last dot in it for which
/// `known` holds.
fn last_dot(
    text: Text,
    at: usize,
    inside: impl Fn(char) -> bool,
    known: impl Fn(usize) -> bool,
) -> (usize, Option<usize>) {
    let (mut end, mut found) = (at, None);
    while inside(text.at(end)) || text.at(end) == '.' && inside(text.at(end + 1)) {
        if text.at(end) == '.' && known(end) {
            found = Some(end);
        }
        end += 1;
    }
    (end, found)
}

/// www.example.de/path
fn www(text: Text, at: usize, ahead: &mut Ahead) -> Option<usize> {
    let start = text.word(at, "www.")?;
    let inside = |c| !outside(c) && !matches!(c, '.' | '!' | '?' | ',');
    let top = |dot: usize| text.skip_most(dot + 1, 4, |c| c.is_ascii_alphabetic());
    let dot = ahead.www.find(start, || {
        last_dot(text, start, inside, |dot| top(dot) >= dot + 3)
    });
    let dot = dot.filter(|&dot| dot > start)?;
    Some(with_path(text, top(dot)))
}

/// example.com/path
fn domain(text: Text, at: usize, ahead: &mut Ahead) -> Option<usize> {
    let inside = |c: char| {
        !outside(c)
            && !c.is_ascii_digit()
            && !c.is_ascii_uppercase()
            && !".!?,$'-/:;=[]\\^_`@".contains(c)
    };
    if !inside(text.at(at)) {
        return None;
    }
    let top = |dot: usize| {
        words::TOP_LEVEL_DOMAINS
            .iter()
            .find_map(|top| text.word(dot + 1, top))
    };
    let dot = ahead
        .domain
        .find(at, || last_dot(text, at, inside, |dot| top(dot).is_some()));
    let dot = dot.filter(|&dot| dot > at)?;
    top(dot).map(|end| with_path(text, end))
}

/// song.mp3: letters and digits joined by dots, up to a known extension and what may follow it.
pub(super) fn file(text: Text, at: usize, ahead: &mut Ahead) -> Option<Match> {
    if !alphanumeric(text.at(at)) {
        return None;
    }
    let end = |dot: usize| text.skip(dot + 1, alphanumeric);
    let known = |dot: usize| {
        let after = text.at(end(dot));
        let ended = space(after) || matches!(after, '.' | ',' | '!' | '?');
        ended && text.is_one_of(dot + 1, end(dot), words::EXTENSIONS)
    };
    let dot = ahead
        .file
        .find(at, || last_dot(text, at, alphanumeric, known));
    let end = end(dot.filter(|&dot| dot > at)?);
    Some(Match::seeing(end, end + 1))
}

/// A tag: <b>, </b>, <br/>, <a href="x">, <!-- a comment -->, <?xml?>.
pub(super) fn tag(text: Text, at: usize, ahead: &mut Ahead) -> Option<usize> {
    if text.at(at) != '<' {
        return None;
    }
    if matches!(text.at(at + 1), '!' | '?') {
        let begins = text.at(at + 2).is_ascii_alphabetic() || text.at(at + 2) == '-';
        let close = ahead.angle.find(at, || {
            let close = text.skip(at, |c| !matches!(c, '>' | '\n'));
            (close, (text.at(close) == '>').then_some(close))
        });
        return close.filter(|_| begins).map(|close| close + 1);
    }
    let gap = |i| text.skip(i, |c| c == ' ');
    let name = |i| {
        let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '_' | '-');
        text.at(i)
            .is_ascii_alphabetic()
            .then(|| text.skip(i, inner))
    };
    if text.at(at + 1) == '/' {
        let end = gap(name(at + 2)?);
        return (text.at(end) == '>').then_some(end + 1);
    }
    let mut end = name(at + 1)?;
    while let Some(attribute) = name(gap(end)).filter(|_| gap(end) > end) {
        end = value(text, gap(attribute), gap).unwrap_or(attribute);
    }
    let slash = gap(end);
    let close = if text.at(slash) == '/' {
        gap(slash + 1)
    } else {
        slash
    };
    (text.at(close) == '>').then_some(close + 1)
}

/// The = and the quoted value of a tag's attribute.
fn value(text: Text, equals: usize, gap: impl Fn(usize) -> usize) -> Option<usize> {
    let open = gap(equals + 1);
    let quote = text.at(open);
    if text.at(equals) != '=' || !matches!(quote, '"' | '\'') {
        return None;
    }
    let close = text.skip(open + 1, |c| c != quote && c != '\n');
    (text.at(close) == quote).then_some(close + 1)
}

/// &lt; and its like.
fn entity(text: Text, at: usize) -> Option<Match> {
    let start = at + 1;
    if text.at(start) == '#' {
        let end = text.skip(start + 1, |c| c.is_ascii_digit());
        return (end > start + 1 && text.at(end) == ';').then(|| Match::to(end + 1));
    }
    let end = text.skip_most(start, 6, |c| c.is_ascii_alphabetic());
    if text.at(end) != ';' {
        return None;
    }
    let named = words::ENTITIES
        .iter()
        .find(|(name, _)| text.word(start, name) == Some(end));
    let vowel = matches!(
        text.at(start).to_ascii_lowercase(),
        'a' | 'e' | 'i' | 'o' | 'u'
    );
    match named {
        Some((_, Some(written))) => Some(Match::to(end + 1).form(Form::As(written))),
        Some((_, None)) => Some(Match::to(end + 1)),
        None if vowel && text.is_one_of(start + 1, end, words::VOWEL_ENTITIES) => {
            Some(Match::to(end + 1))
        }
        None => None,
    }
}

/// @name
fn name(text: Text, at: usize) -> Option<usize> {
    let begins = text.at(at + 1).is_ascii_alphabetic() || text.at(at + 1) == '_';
    begins.then(|| text.skip(at + 1, |c| c.is_ascii_alphanumeric() || c == '_'))
}
