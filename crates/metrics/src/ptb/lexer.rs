//! The lexer's loop: at each place of a caption, of all rules the one that sees furthest makes the token.
//!
//! Characters of one caption -> tokens, one at a time. The rules lie in the modules beside this one, by what they know:
//! [`web`], [`clitic`], [`word`], [`number`], [`mark`]. What a rule looked at after its token counts as seen; of rules
//! that see equally far, the one asked first wins.

use super::ahead::Ahead;
use super::lexeme::{Form, Furthest, Match};
use super::text::{Text, space};
use super::{clitic, mark, number, web, word};

/// A caption on its way to tokens.
pub(super) struct Lexer<'a> {
    text: Text<'a>,
    at: usize,
    end: usize,
    stop: bool,
    ahead: Ahead,
}

impl<'a> Lexer<'a> {
    /// At the beginning of a caption that ends with a line feed at `end` of `characters`; what follows it is seen, but not
    /// taken apart.
    pub fn new(characters: &'a [char], end: usize) -> Self {
        Self {
            text: Text(characters),
            at: 0,
            end,
            stop: false,
            ahead: Ahead::default(),
        }
    }

    /// Writes the next token into `token`, which must be empty; false after the last one.
    pub fn next(&mut self, token: &mut String) -> bool {
        if std::mem::take(&mut self.stop) {
            token.push('.');
        }
        while token.is_empty() && self.at < self.end {
            let start = self.at;
            if self.text.at(start) == ' ' {
                self.at = self.text.skip(start, blank);
            } else if let Some(end) = word::plain(self.text, start) {
                let word = self.text.of(start, end).iter();
                token.extend(word.map(char::to_ascii_lowercase));
                self.at = end;
            } else if let Some(found) = self.furthest() {
                write(token, self.text.of(start, found.end), found.form);
                self.stop = found.form == Form::ThenStop;
                self.at = found.end;
            } else {
                // Blanks, or a character that CoreNLP leaves out.
                self.at = self.text.skip(start, blank).max(start + 1);
            }
        }
        !token.is_empty()
    }

    /// The match of the rule that sees furthest from here.
    fn furthest(&mut self) -> Option<Match> {
        let (text, at) = (self.text, self.at);
        let mut best = Furthest::default();
        web::offer(text, at, &mut self.ahead, &mut best);
        word::offer(text, at, &mut self.ahead, &mut best);
        best.offer(web::file(text, at, &mut self.ahead));
        clitic::offer(text, at, &mut best);
        number::offer(text, at, &mut best);
        mark::offer(text, at, &mut best);
        best.found()
    }
}

/// Spaces; U+0085 is one only after an abbreviation.
fn blank(c: char) -> bool {
    space(c) && c != '\u{85}'
}

/// Appends `characters` to `token` in small letters, as `form` says.
fn write(token: &mut String, characters: &[char], form: Form) {
    if let Form::As(text) = form {
        return token.push_str(text);
    }
    let mut rest = characters;
    while let [c, after @ ..] = rest {
        rest = after;
        match c {
            ' ' => token.push('\u{A0}'),
            '(' if form == Form::Brackets => token.push_str("-lrb-"),
            ')' if form == Form::Brackets => token.push_str("-rrb-"),
            _ if form == Form::Quotes => match mark::written(*c) {
                Some(written) => token.push_str(written),
                None => token.push(*c),
            },
            '\u{AD}' => (),
            '&' if form == Form::Ampersand && rest.get(3) == Some(&';') => {
                token.push('&');
                rest = &rest[4..];
            }
            '&' if form == Form::Clitic && rest.starts_with(&['a', 'p', 'o', 's', ';']) => {
                token.push('\'');
                rest = &rest[5..];
            }
            '\u{92}' | '\u{2019}' if form == Form::Clitic => token.push('\''),
            '\u{91}' | '\u{2018}' | '\u{201B}' if form == Form::Clitic => token.push('`'),
            _ => token.push(*c),
        }
    }
    if token.is_empty() {
        token.push('-'); // soft hyphens alone
    } else if token.is_ascii() {
        token.make_ascii_lowercase();
    } else {
        *token = lowercase(token);
    }
}

/// Java's small letters: a capital sigma is a final one when letters of its token stand before it, but none after.
fn lowercase(token: &str) -> String {
    let mut small = String::with_capacity(token.len());
    let cased = |c: char| c.is_lowercase() || c.is_uppercase();
    for (i, c) in token.char_indices() {
        match c {
            'Σ' if token[..i].contains(cased) && !token[i + c.len_utf8()..].contains(cased) => {
                small.push('ς')
            }
            _ => small.extend(c.to_lowercase()),
        }
    }
    small
}
