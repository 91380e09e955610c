//! Words and punctuation to a line of text, spaced as people type.

/// What may follow an apostrophe without a space: "dog's", "don't", "rock'n".
const CONTRACTIONS: [&str; 9] = ["s", "t", "m", "d", "n", "re", "ve", "ll", "em"];

/// Words and punctuation to a line of text.
pub(super) fn join(words: &[String]) -> String {
    let mut text = String::new();
    let mut glue = true;
    let mut quote_is_open = false;
    for (i, word) in words.iter().enumerate() {
        let before = i.checked_sub(1).map_or("", |j| words[j].as_str());
        let (left, right) = match word.as_str() {
            "." | "," | ";" | ":" | "!" | "?" | ")" | "]" | "%" => (true, false),
            "(" | "[" | "$" | "#" => (false, true),
            "-" | "/" => (true, true),
            "'" | "’" => (
                true,
                words
                    .get(i + 1)
                    .is_some_and(|next| CONTRACTIONS.contains(&next.as_str())),
            ),
            "\"" => {
                quote_is_open = !quote_is_open;
                (!quote_is_open, quote_is_open)
            }
            w => {
                let decimals = w.bytes().all(|b| b.is_ascii_digit())
                    && matches!(before, "." | ",")
                    && words.get(i.wrapping_sub(2)).is_some_and(|n| {
                        n.bytes().all(|b| b.is_ascii_digit()) && (before == "." || w.len() == 3)
                    });
                (decimals, false)
            }
        };
        if !(glue || left) {
            text.push(' ');
        }
        text.push_str(word);
        glue = right;
    }
    text
}
