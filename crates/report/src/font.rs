//! The bundled font, regular and bold: a character -> its advance and its outline.

use std::sync::OnceLock;

use ttf_parser::Face;

pub(crate) const REGULAR: &[u8] = include_bytes!("../fonts/Roboto-Regular.ttf");
pub(crate) const BOLD: &[u8] = include_bytes!("../fonts/Roboto-Bold.ttf");

/// The font as its file has it; `None` only where the bundled file is damaged, which a test excludes.
pub(crate) fn face(bold: bool) -> Option<&'static Face<'static>> {
    static FACES: OnceLock<[Option<Face>; 2]> = OnceLock::new();
    let parse = || [REGULAR, BOLD].map(|file| Face::parse(file, 0).ok());
    FACES.get_or_init(parse)[usize::from(bold)].as_ref()
}

/// How far the pen moves after `character`, in sizes of the font. Characters that the font lacks are taken for as wide as
/// most fonts have them: Chinese and Japanese ones a square.
pub(crate) fn advance(character: char, bold: bool) -> f64 {
    let known = face(bold).and_then(|face| {
        let glyph = face.glyph_index(character)?;
        let units = face.glyph_hor_advance(glyph)?;
        Some(f64::from(units) / f64::from(face.units_per_em()))
    });
    known.unwrap_or(match ('\u{2e80}'..'\u{fe00}').contains(&character) {
        true => 1.0,
        false => 0.6,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_weights_are_whole_and_bold_is_wider() {
        let of = |bold| "Handgloves".chars().map(|c| advance(c, bold)).sum::<f64>();
        assert!(face(false).is_some() && face(true).is_some());
        assert!(of(true) > of(false) && of(false) > 4.0);
        assert_eq!(advance('雨', false), 1.0);
    }
}
