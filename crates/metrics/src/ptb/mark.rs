//! Rules for punctuation: brackets, quotes, dashes, dots; symbols; faces.

use super::lexeme::{Form, Furthest, Match};
use super::text::Text;
use super::unicode::{Class, class};

/// Offers the punctuation that begins at `at`.
pub(super) fn offer(text: Text, at: usize, best: &mut Furthest) {
    let c = text.at(at);
    if c.is_ascii_alphanumeric() && c != 'x' {
        return;
    }
    best.offer(face(text, at));
    best.offer(flat_face(text, at).map(|end| Match::to(end).form(Form::Brackets)));
    best.offer(bracket_name(text, at).map(Match::to));
    best.offer(quote(text, at));
    best.offer(repeated(text, at));
    best.offer(written(c).map(|written| Match::to(at + 1).form(Form::As(written))));
    let single = c.is_ascii_punctuation() || class(c) == Class::Symbol;
    best.offer(single.then(|| Match::to(at + 1)));
}

/// Characters that are written otherwise.
pub(super) fn written(c: char) -> Option<&'static str> {
    Some(match c {
        '(' => "-lrb-",
        ')' => "-rrb-",
        '[' => "-lsb-",
        ']' => "-rsb-",
        '{' => "-lcb-",
        '}' => "-rcb-",
        '\u{85}' | '…' => "...",
        '\u{96}' | '\u{97}' | '–' | '—' | '―' => "--",
        '\u{AD}' => "-",
        '\u{80}' | '¤' | '₠' | '€' => "$",
        '£' => "#",
        '¢' => "cents",
        '¼' => "1/4",
        '½' => "1/2",
        '¾' => "3/4",
        '⅓' => "1/3",
        '⅔' => "2/3",
        '\u{91}' | '‘' | '‛' | '‹' => "`",
        '\u{92}' | '’' | '›' => "'",
        '\u{93}' | '“' | '«' => "``",
        '\u{94}' | '”' | '»' => "''",
        _ => return None,
    })
}

/// Straight quotes, which open or close by what follows, and doubled single ones.
fn quote(text: Text, at: usize) -> Option<Match> {
    let double = |end| {
        let opens = text.at(end).is_ascii_alphanumeric() || text.at(end) == '$';
        let (written, seen) = if opens { ("``", end + 1) } else { ("''", end) };
        Some(Match::seeing(end, seen).form(Form::As(written)))
    };
    match text.at(at) {
        '"' => double(at + 1),
        '&' => {
            let end = (text.word(at, "&quot;")).or_else(|| text.word(at, "&apos;"))?;
            match text.of(at, end) {
                ['&', 'q', 'u', 'o', 't', ';'] => double(end),
                ['&', 'a', 'p', 'o', 's', ';'] => Some(Match::to(end).form(Form::As("'"))),
                _ => Some(Match::to(end)), // the original knows them in small letters only
            }
        }
        '\'' if text.at(at + 1) == '\'' => Some(Match::to(at + 2)),
        c if curly(c) && curly(text.at(at + 1)) => Some(Match::to(at + 2).form(Form::Quotes)),
        '\'' if text.at(at + 1).is_ascii_alphabetic()
            && !matches!(text.at(at + 2), ' ' | '\t' | '\n' | '\u{A0}') =>
        {
            Some(Match::seeing(at + 1, at + 3).form(Form::As("`")))
        }
        _ => None,
    }
}

/// Quotes other than the straight ones.
fn curly(c: char) -> bool {
    matches!(c, '`' | '\u{91}'..='\u{94}' | '‘'..='‟' | '‹' | '›' | '«' | '»')
}

/// Signs that are one token when repeated.
fn repeated(text: Text, at: usize) -> Option<Match> {
    let run = |of: fn(char) -> bool| text.skip(at, of);
    let as_is = |end: usize| Some(Match::to(end));
    match text.at(at) {
        '!' | '?' => as_is(run(|c| matches!(c, '!' | '?'))),
        '*' => as_is(run(|c| c == '*')),
        '@' => as_is(run(|c| c == '@')),
        '#' => as_is(run(|c| c == '#')),
        '_' => as_is(run(|c| c == '_')),
        '<' => as_is(text.skip_most(at, 2, |c| c == '<')),
        '>' => as_is(text.skip_most(at, 2, |c| c == '>')),
        '₀'..='₉' => as_is(run(|c| matches!(c, '₀'..='₉'))),
        c if superscript(c) => as_is(run(superscript)),
        '\\' => {
            let mut end = at;
            while text.at(end) == '\\' && text.at(end + 1) == '*' {
                end += 2;
            }
            (end > at).then(|| Match::to(end))
        }
        '-' => Some(match run(|c| c == '-') {
            end if end - at < 2 || end - at > 4 => Match::to(end),
            end => Match::to(end).form(Form::As("--")),
        }),
        '.' => ellipsis(text, at),
        _ => None,
    }
}

fn superscript(c: char) -> bool {
    matches!(c, '²' | '³' | '¹' | '⁰' | '⁴'..='⁹')
}

/// Three to five dots, or three or four with a space between them.
fn ellipsis(text: Text, at: usize) -> Option<Match> {
    let close = text.skip_most(at, 5, |c| c == '.');
    let mut wide = at + 1;
    while wide < at + 9 && matches!(text.at(wide), ' ' | '\u{A0}') && text.at(wide + 1) == '.' {
        wide += 2;
    }
    let end = [close, wide]
        .into_iter()
        .filter(|end| end - at >= 3)
        .max()?;
    (end == close || end - at >= 5).then(|| Match::to(end).form(Form::As("...")))
}

/// -LRB- and its like, as another tokeniser left them.
fn bracket_name(text: Text, at: usize) -> Option<usize> {
    let side = matches!(text.at(at + 1), 'L' | 'R' | 'l' | 'r');
    let kind = matches!(text.at(at + 2), 'R' | 'C' | 'S' | 'r' | 'c' | 's');
    text.word(at + 3, "b-")
        .filter(|_| text.at(at) == '-' && side && kind)
}

/// :-) and its like, when no letter or digit follows.
fn face(text: Text, at: usize) -> Option<Match> {
    let eyes = if matches!(text.at(at), '<' | '>') {
        at + 1
    } else {
        at
    };
    if !matches!(text.at(eyes), ':' | ';' | '=') {
        return None;
    }
    let nose = matches!(text.at(eyes + 1), '-' | '\'' | '*' | 'o');
    let mouth = if nose { eyes + 2 } else { eyes + 1 };
    let mouths = [
        '(', ')', '@', '[', '\\', ']', '{', '|', 'O', 'D', 'd', 'p', 'P',
    ];
    let ends = !text.at(mouth + 1).is_ascii_alphanumeric();
    (mouths.contains(&text.at(mouth)) && ends)
        .then(|| Match::seeing(mouth + 1, mouth + 2).form(Form::Brackets))
}

/// ^_^ and (^.^)
fn flat_face(text: Text, at: usize) -> Option<usize> {
    let eye = |i| matches!(text.at(i), '-' | '\'' | '<' | '=' | '>' | '^' | '~' | 'x');
    if text.at(at) == '(' {
        let dash = text.at(at + 2) == '-' && text.at(at + 1) != '-' && text.at(at + 3) != '-';
        let mouth = usize::from((dash || matches!(text.at(at + 2), '.' | '_')) && eye(at + 3));
        let closed = eye(at + 1) && eye(at + 2 + mouth) && text.at(at + 3 + mouth) == ')';
        return closed.then_some(at + 4 + mouth);
    }
    (eye(at) && text.at(at + 1) == '_' && eye(at + 2)).then_some(at + 3)
}
