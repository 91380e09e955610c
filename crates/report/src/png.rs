//! A drawing -> PNG, with the bundled font alone; pixels -> a PNG inside a drawing.

use std::sync::{Arc, OnceLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

use crate::error::{Error, Result};

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

/// Renders the drawing `title`, whose file is `svg`, with `scale` pixels a unit of its `size`.
pub(crate) fn render(svg: &str, title: &str, size: (f64, f64), scale: f64) -> Result<Vec<u8>> {
    let failed = |why: String| Error::Png {
        title: title.to_owned(),
        why,
    };
    let options = Options {
        font_family: "Roboto".to_owned(),
        fontdb: fonts(),
        ..Options::default()
    };
    let tree = Tree::from_str(svg, &options).map_err(|e| failed(e.to_string()))?;
    let (w, h) = size;
    let (wide, high) = ((w * scale).round(), (h * scale).round());
    let mut pixels = Pixmap::new(wide as u32, high as u32)
        .ok_or_else(|| failed(format!("{wide} x {high} pixels are too few or too many")))?;
    let (sx, sy) = ((wide / w) as f32, (high / h) as f32);
    resvg::render(&tree, Transform::from_scale(sx, sy), &mut pixels.as_mut());
    pixels.encode_png().map_err(|e| failed(e.to_string()))
}

/// `rgb`, `[rows, columns]` of three bytes and at most 256 colours, as a `data:` address. Further colours are the last.
pub(crate) fn data_uri(columns: usize, rgb: &[u8]) -> String {
    let rows = rgb.len() / 3 / columns.max(1);
    let mut palette: Vec<u8> = Vec::new();
    let mut pixels = Vec::with_capacity(rows * columns);
    for pixel in rgb[..rows * columns * 3].chunks_exact(3) {
        let known = palette.chunks_exact(3).position(|colour| colour == pixel);
        if known.is_none() && palette.len() < 3 * 256 {
            palette.extend_from_slice(pixel);
        }
        pixels.push(known.unwrap_or(palette.len() / 3 - 1) as u8);
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, columns as u32, rows as u32);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(palette);
    encoder.set_compression(png::Compression::High);
    encoder.set_filter(png::Filter::NoFilter);
    // Writing to memory fails only where there are no pixels; then there is no picture.
    let written = encoder
        .write_header()
        .and_then(|mut writer| writer.write_image_data(&pixels));
    if written.is_err() {
        file.clear();
    }
    format!("data:image/png;base64,{}", base64(&file))
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
    use crate::svg::Drawing;

    #[test]
    fn texts_are_as_wide_as_measured() {
        for (text, bold) in [
            ("Handgloves & 1,234.5 %", false),
            ("WAVE (x = 0.3) joyful", true),
        ] {
            let mut drawing = Drawing::new("", 2000.0, 200.0);
            let look = crate::svg::Text {
                size: 100.0,
                bold,
                ..crate::svg::Text::default()
            };
            drawing.text((100.0, 100.0), text, look);
            let options = Options {
                font_family: "Roboto".into(),
                fontdb: fonts(),
                ..Options::default()
            };
            let tree = Tree::from_str(
                &drawing
                    .inline()
                    .replace("<svg ", "<svg xmlns=\"http://www.w3.org/2000/svg\" "),
                &options,
            )
            .unwrap();
            let (drawn, told) = (
                f64::from(tree.root().abs_bounding_box().width()),
                crate::svg::width(text, 100.0, bold),
            );
            assert!(
                drawn > 0.93 * told && drawn < 1.01 * told,
                "{text}: {drawn} drawn, {told} measured"
            );
        }
    }

    #[test]
    fn pixels_come_back() {
        let rgb = [
            [255u8, 0, 0],
            [0, 255, 0],
            [0, 0, 255],
            [255, 0, 0],
            [0, 0, 0],
            [9, 9, 9],
        ]
        .concat();
        let mut drawing = Drawing::new("", 3.0, 2.0);
        drawing.image((0.0, 0.0), (3.0, 2.0), 3, &rgb);
        let pixels = Pixmap::decode_png(&drawing.png(1.0).unwrap()).unwrap();
        let shown: Vec<u8> = pixels
            .pixels()
            .iter()
            .flat_map(|p| [p.red(), p.green(), p.blue()])
            .collect();
        assert_eq!(shown, rgb);
        assert_eq!(data_uri(0, &[]), "data:image/png;base64,");
    }

    #[test]
    fn a_drawing_without_pixels_is_told() {
        assert!(
            Drawing::new("Nothing", 10.0, 10.0)
                .png(0.0)
                .unwrap_err()
                .to_string()
                .contains("\"Nothing\"")
        );
    }

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
