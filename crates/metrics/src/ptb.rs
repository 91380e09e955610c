//! The tokeniser that all metrics of this field share: Stanford CoreNLP 3.4.1's `PTBTokenizer -preserveLines -lowerCase`,
//! then coco-caption's list of punctuation to leave out.
//!
//! caption -> tokens joined by single spaces. Each rule was checked against the original's answers, without opening its
//! source; where it is known to differ, docs/metrics-parity.md says so.
//!
//! The original reads a file of captions, a line each. A character that breaks lines (line feed, carriage return, vertical
//! tab, form feed, U+2028, U+2029) inside a caption is a space here, where the original would take the caption for two and
//! shift all that follow.

mod ahead;
mod clitic;
mod lexeme;
mod lexer;
mod mark;
mod number;
#[cfg(test)]
mod tests;
mod text;
mod unicode;
mod web;
mod word;
mod words;

use rayon::prelude::*;

use crate::Items;

/// What coco-caption leaves out of the tokens (`PUNCTUATIONS` of pycocoevalcap 1.2). Its names of brackets are in capitals
/// and never met, so -lrb- and the others stay.
const PUNCTUATION: [&str; 13] = [
    "''", "'", "``", "`", ".", "?", "!", ",", ":", "-", "--", "...", ";",
];

/// The tokens of `caption` without punctuation, in small letters, joined by single spaces: what BLEU, METEOR, ROUGE-L,
/// CIDEr and SPICE are given. A token may hold a no-break space (`3\u{A0}1/2`), but is never empty.
///
/// ```
/// use wsac_metrics::ptb;
/// assert_eq!(ptb::tokenise("A dog's bark, then \"Hi!\" (twice)."), "a dog 's bark then hi -lrb- twice -rrb-");
/// ```
pub fn tokenise(caption: &str) -> String {
    join(caption, std::iter::empty(), is_kept)
}

/// [`tokenise`] for a file of captions, in its order and on all threads, exactly as the original reads it: after a single
/// letter or "no." at a caption's end it looks at how the next caption begins. ("in the key of A.", "The piano" gives
/// "in the key of a"; alone, it gives "in the key of a.")
///
/// ```
/// let captions = ["Piano in A.", "The rain.", "Piano in A.", "Rain."];
/// let tokens = wsac_metrics::ptb::tokenise_all(&captions);
/// assert_eq!(tokens, ["piano in a", "the rain", "piano in a.", "rain"]);
/// ```
pub fn tokenise_all<S: AsRef<str> + Sync>(captions: &[S]) -> Vec<String> {
    let tokens = |i: usize| {
        let following = captions[i + 1..].iter().map(S::as_ref);
        join(captions[i].as_ref(), following, is_kept)
    };
    (0..captions.len()).into_par_iter().map(tokens).collect()
}

/// All tokens of `caption`, punctuation too, joined by single spaces: a line of the original's own output.
///
/// ```
/// assert_eq!(wsac_metrics::ptb::with_punctuation("Rain, wind..."), "rain , wind ...");
/// ```
pub fn with_punctuation(caption: &str) -> String {
    join(caption, std::iter::empty(), |_| true)
}

/// Whether coco-caption keeps the token.
fn is_kept(token: &str) -> bool {
    !PUNCTUATION.contains(&token)
}

/// How many empty captions are looked over for one that is not.
const EMPTY_CAPTIONS: usize = 100;

/// How much of the next caption is looked at.
const SEEN_OF_NEXT: usize = 64;

/// The tokens of `caption`, which stands before those `following`, that are `wanted`; joined by single spaces.
fn join<'a>(
    caption: &str,
    following: impl Iterator<Item = &'a str>,
    wanted: impl Fn(&str) -> bool,
) -> String {
    let breaks = |c| matches!(c, '\n' | '\r' | '\u{B}' | '\u{C}' | '\u{2028}' | '\u{2029}');
    let mut characters: Vec<char> = caption
        .chars()
        .map(|c| if breaks(c) { ' ' } else { c })
        .collect();
    let end = characters.len();
    for next in following.take(EMPTY_CAPTIONS) {
        characters.push('\n');
        characters.extend(next.chars().take(SEEN_OF_NEXT));
        if !next.trim_ascii().is_empty() {
            break;
        }
    }
    characters.push('\n');
    let mut lexer = lexer::Lexer::new(&characters, end);
    let mut joined = String::with_capacity(caption.len() + caption.len() / 8);
    let mut token = String::new();
    while lexer.next(&mut token) {
        if wanted(&token) {
            if !joined.is_empty() {
                joined.push(' ');
            }
            joined.push_str(&token);
        }
        token.clear();
    }
    joined
}

impl Items {
    /// The same items with every caption tokenised: the candidates as one file, the references as another, as
    /// coco-caption does ([`tokenise_all`]).
    pub fn tokenised(&self) -> Self {
        self.map_all(|captions| tokenise_all(captions))
    }
}
