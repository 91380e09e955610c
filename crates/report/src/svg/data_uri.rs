//! Pixels -> a PNG inside a drawing, as a `data:` address.

/// `rgb`, `[rows, columns]` of three bytes and at most 256 colours, as a `data:` address. Further colours are the last.
pub(crate) fn png(columns: usize, rgb: &[u8]) -> String {
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
    let mut encoder = ::png::Encoder::new(&mut file, columns as u32, rows as u32);
    encoder.set_color(::png::ColorType::Indexed);
    encoder.set_depth(::png::BitDepth::Eight);
    encoder.set_palette(palette);
    encoder.set_compression(::png::Compression::High);
    encoder.set_filter(::png::Filter::NoFilter);
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
    use super::*;

    #[test]
    fn no_pixels_are_no_picture() {
        assert_eq!(png(0, &[]), "data:image/png;base64,");
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
