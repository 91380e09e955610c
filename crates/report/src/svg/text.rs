//! Text: how wide it is in the bundled font, where it breaks, and how it is written.

use super::Colour;
use crate::font::advance;

/// The fonts asked for; PNGs always have the first, which is bundled.
pub(crate) const FAMILY: &str = "Roboto, 'Helvetica Neue', Arial, sans-serif";

/// Which point of a text is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Anchor {
    /// Its left end.
    #[default]
    Start,
    /// Its middle.
    Middle,
    /// Its right end.
    End,
}

/// How a text looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Text {
    /// Height of the font in pixels.
    pub size: f64,
    /// Bold or not.
    pub bold: bool,
    /// Its colour.
    pub colour: Colour,
    /// Which point is given.
    pub anchor: Anchor,
    /// Turned to be read from below.
    pub upright: bool,
}

impl Default for Text {
    /// 13 pixels, ink.
    fn default() -> Self {
        Self {
            size: 13.0,
            bold: false,
            colour: Colour::Ink,
            anchor: Anchor::Start,
            upright: false,
        }
    }
}

/// The width of `text` in pixels in the bundled font, without kerning.
pub fn width(text: &str, size: f64, bold: bool) -> f64 {
    text.chars().map(|c| advance(c, bold)).sum::<f64>() * size
}

/// Breaks `text` at spaces into lines of at most `wide` pixels; a longer word has a line of its own, cut with "…".
pub fn wrap(text: &str, wide: f64, size: f64, bold: bool) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let word = shorten(word, wide, size, bold);
        match lines.last_mut() {
            Some(line)
                if width(line, size, bold) + width(" ", size, bold) + width(&word, size, bold)
                    <= wide =>
            {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

/// Cuts `text` with "…" where it is wider than `wide`.
pub(crate) fn shorten(text: &str, wide: f64, size: f64, bold: bool) -> String {
    if width(text, size, bold) <= wide {
        return text.to_owned();
    }
    let mut short = text.to_owned();
    while short.pop().is_some() {
        let shown = format!("{}…", short.trim_end());
        if width(&shown, size, bold) <= wide {
            return shown;
        }
    }
    "…".to_owned()
}

/// Text for XML and HTML; what XML cannot hold (control characters) is left out.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' | '\r' => out.push(' '),
            c if c.is_control() || c == '\u{fffe}' || c == '\u{ffff}' => {}
            c => out.push(c),
        }
    }
    out
}

/// A length for SVG: two decimals at most, no trailing zeros, nothing that is not a number.
pub fn number(x: f64) -> String {
    let x = if x.is_finite() { x } else { 0.0 };
    let text = format!("{x:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    match text {
        "-0" | "" => "0".to_owned(),
        text => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_escaped_or_left_out() {
        assert_eq!(
            escape("a<b> & \"c\" 'd'"),
            "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;"
        );
        assert_eq!(escape("x\u{0}\u{1b}y\nz"), "xy z");
    }

    #[test]
    fn numbers_are_short() {
        let shown = [1.0, -0.001, 2.345678, 100.0, f64::NAN, -3.5].map(number);
        assert_eq!(shown, ["1", "0", "2.35", "100", "0", "-3.5"]);
    }

    #[test]
    fn lines_fit() {
        let text = "a dog barks while acarpassesbythatnobodyhears in the rain";
        let lines = wrap(text, 90.0, 13.0, false);
        assert!(
            lines.len() > 3 && lines.iter().all(|line| width(line, 13.0, false) <= 90.0),
            "{lines:?}"
        );
        assert!(lines.iter().any(|line| line.ends_with('…')));
        assert!(wrap("", 90.0, 13.0, false).is_empty());
        assert_eq!(shorten("anything", 1.0, 13.0, false), "…");
    }
}
