//! Rules for numbers: signs, decimals, times; fractions, dates, telephone numbers; money.

use super::lexeme::{Form, Furthest, Match};
use super::text::{Text, digit};

/// Offers the numbers that begin at `at`.
pub(super) fn offer(text: Text, at: usize, best: &mut Furthest) {
    best.offer(number(text, at).map(Match::to));
    best.offer(currency(text, at).map(Match::to));
    if digit(text.at(at)) {
        best.offer(fraction(text, at).map(Match::to));
        best.offer(date(text, at).map(Match::to));
    }
    if digit(text.at(at)) || matches!(text.at(at), '+' | '(') {
        best.offer(telephone(text, at).map(|end| Match::to(end).form(Form::Brackets)));
        best.offer(telephone_with_dots(text, at).map(Match::to));
    }
}

/// The end of at least `least` and at most `most` digits.
fn digits(text: Text, at: usize, least: usize, most: usize) -> Option<usize> {
    let end = text.skip_most(at, most, digit);
    (end >= at + least).then_some(end)
}

/// 5, -3.5, 1,000.5, 10:30:45, .22
fn number(text: Text, at: usize) -> Option<usize> {
    let start = if matches!(text.at(at), '+' | '-' | '\u{AD}') {
        at + 1
    } else {
        at
    };
    let mut end = text.skip(start, digit);
    while matches!(
        text.at(end),
        '.' | ',' | ':' | '\u{66B}' | '\u{66C}' | '\u{AD}'
    ) && digit(text.at(end + 1))
    {
        end = text.skip(end + 1, digit);
    }
    (end > start).then_some(end)
}

/// US$
fn currency(text: Text, at: usize) -> Option<usize> {
    let end = text.skip(at, |c| c.is_ascii_uppercase());
    (end > at && text.at(end) == '$').then_some(end + 1)
}

/// 1/2, 3 1/2, 3-1/2, 1\/2, with at most four digits above and below.
fn fraction(text: Text, at: usize) -> Option<usize> {
    let simple = |at| {
        let above = digits(text, at, 1, 4)?;
        let slash = if text.at(above) == '\\' {
            above + 1
        } else {
            above
        };
        let stroke = text.at(slash) == '/' || slash == above && text.at(slash) == '\u{2044}';
        digits(text, slash + 1, 1, 4).filter(|_| stroke)
    };
    let whole = text.skip_most(at, 4, digit);
    let mixed = matches!(text.at(whole), ' ' | '\u{A0}' | '-')
        .then(|| simple(whole + 1))
        .flatten();
    mixed.or_else(|| simple(at))
}

/// 1/2/2003, 01-02-03
fn date(text: Text, at: usize) -> Option<usize> {
    let line = |i| matches!(text.at(i), '/' | '-').then_some(i + 1);
    let day = digits(text, line(digits(text, at, 1, 2)?)?, 1, 2)?;
    digits(text, line(day)?, 2, 4)
}

/// (412) 555-1234, 412 555 1234, +44 20 7946 0958: an area, then two groups of three to four and three to five digits.
fn telephone(text: Text, at: usize) -> Option<usize> {
    let gap = |i| matches!(text.at(i), ' ' | '\u{A0}' | '-').then_some(i + 1);
    let last = |i| {
        // Both groups take as many digits as they can, but leave enough for the other.
        (3..=4).rev().find_map(|first| {
            let i = digits(text, i, first, first)?;
            digits(text, gap(i).unwrap_or(i), 3, 5)
        })
    };
    if text.at(at) == '(' {
        let closed = digits(text, at + 1, 2, 3).filter(|&i| text.at(i) == ')')? + 1;
        return last(if matches!(text.at(closed), ' ' | '\u{A0}') {
            closed + 1
        } else {
            closed
        });
    }
    let area = gap(digits(text, text.skip_most(at, 2, |c| c == '+'), 2, 4)?)?;
    let second = digits(text, area, 2, 4).and_then(gap);
    second.and_then(last).max(last(area))
}

/// 412.555.1234 with a sign or a country before it.
fn telephone_with_dots(text: Text, at: usize) -> Option<usize> {
    let dot = |i| (text.at(i) == '.').then_some(i + 1);
    let group = |at, least, most| dot(digits(text, at, least, most)?);
    let last = |i| digits(text, group(i, 3, 4)?, 3, 5);
    let area = group(text.skip_most(at, 1, |c| c == '+'), 2, 4)?;
    let second = group(area, 2, 4);
    second.and_then(last).max(last(area))
}
