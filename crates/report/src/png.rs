//! A drawing -> PNG, with the bundled font alone; pixels -> a PNG inside a drawing.

use std::sync::{Arc, OnceLock};

use resvg::tiny_skia::{IntSize, Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

use crate::error::{Error, Result};
use crate::svg::Drawing;

pub(crate) const REGULAR: &[u8] = include_bytes!("../fonts/Roboto-Regular.ttf");
pub(crate) const BOLD: &[u8] = include_bytes!("../fonts/Roboto-Bold.ttf");

fn fonts() -> Arc<fontdb::Database> {
    static FONTS: OnceLock<Arc<fontdb::Database>> = OnceLock::new();
    let load = || {
        let mut fonts = fontdb::Database::new();
        fonts.load_font_data(REGULAR.to_vec());
        fonts.load_font_data(BOLD.to_vec());
        fonts.set_sans_serif_family("Roboto");
        Arc::new(fonts)
    };
    FONTS.get_or_init(load).clone()
}

/// Renders `drawing` with `scale` pixels a unit.
pub(crate) fn render(drawing: &Drawing, scale: f64) -> Result<Vec<u8>> {
    let failed = |why: String| Error::Png {
        title: drawing.title().to_owned(),
        why,
    };
    let options = Options {
        font_family: "Roboto".to_owned(),
        fontdb: fonts(),
        ..Options::default()
    };
    let tree = Tree::from_str(&drawing.svg(), &options).map_err(|e| failed(e.to_string()))?;
    let (w, h) = drawing.size();
    let (wide, high) = ((w * scale).round(), (h * scale).round());
    let mut pixels = Pixmap::new(wide as u32, high as u32)
        .ok_or_else(|| failed(format!("{wide} x {high} pixels are too few or too many")))?;
    let (sx, sy) = ((wide / w) as f32, (high / h) as f32);
    resvg::render(&tree, Transform::from_scale(sx, sy), &mut pixels.as_mut());
    pixels.encode_png().map_err(|e| failed(e.to_string()))
}

/// `rgb`, `[rows, columns]` of three bytes, as a `data:` address. Nothing where there are no pixels.
pub(crate) fn data_uri(columns: usize, rgb: &[u8]) -> String {
    let rows = rgb.len() / 3 / columns.max(1);
    let rgba = rgb[..rows * columns * 3].chunks_exact(3);
    let rgba = rgba.flat_map(|p| [p[0], p[1], p[2], 255]).collect();
    let pixels = IntSize::from_wh(columns as u32, rows as u32)
        .and_then(|size| Pixmap::from_vec(rgba, size))
        .and_then(|pixels| pixels.encode_png().ok());
    format!(
        "data:image/png;base64,{}",
        base64(&pixels.unwrap_or_default())
    )
}

/// RFC 4648, with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits = (0..3).fold(0u32, |bits, i| {
            bits << 8 | u32::from(*three.get(i).unwrap_or(&0))
        });
        for i in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * i)) as usize & 63] as char;
            out.push(if i <= three.len() { digit } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn base64_of_the_rfc() {
        let of = |text: &str| base64(text.as_bytes());
        let told = [
            of(""),
            of("f"),
            of("fo"),
            of("foo"),
            of("foob"),
            of("fooba"),
            of("foobar"),
        ];
        let known = [
            "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy",
        ];
        assert_eq!(told, known);
    }
}
