//! Streams of frames without any header of the whole (MP3, MP2, AAC with ADTS headers), told by their rhythm:
//! head -> [`Frames`]. The stream may begin in the middle of a frame, or behind some bytes of something else.

/// What the frames are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frames {
    /// MPEG audio of this layer, 1 to 3.
    Mpeg { layer: u8 },
    /// AAC.
    Adts,
}

/// How many frames must follow each other; less where the head ends with the last one.
const IN_A_ROW: usize = 3;

/// The frames that `head` is a stream of, if it is one.
pub(super) fn frames(head: &[u8]) -> Option<Frames> {
    let syncs = head.windows(2).enumerate();
    let mut starts = syncs.filter(|(_, w)| w[0] == 0xff && w[1] & 0xe0 == 0xe0);
    starts.find_map(|(start, _)| chain(&head[start..], start == 0))
}

/// The kind of the frames that follow each other from the beginning of `bytes`, if they do.
fn chain(bytes: &[u8], from_first_byte: bool) -> Option<Frames> {
    let (first, _) = frame(bytes)?;
    let (mut place, mut count) = (0, 0);
    while count < IN_A_ROW {
        match frame(bytes.get(place..)?) {
            Some((kind, length)) if kind == first => {
                place += length;
                count += 1;
            }
            // A file that ends after a frame or two.
            None if from_first_byte && count > 0 && bytes.len() <= place + 4 => break,
            _ => return None,
        }
        if place >= bytes.len() {
            return (from_first_byte || count > 1).then_some(first);
        }
    }
    Some(first)
}

/// The kind and the length in bytes of the frame that `bytes` begin with.
fn frame(bytes: &[u8]) -> Option<(Frames, usize)> {
    let &[0xff, b1, b2, b3, ..] = bytes else {
        return None;
    };
    if b1 & 0xf6 == 0xf0 {
        let (rate, b4, b5) = (b2 >> 2 & 15, *bytes.get(4)?, *bytes.get(5)?);
        let length = usize::from(b3 & 3) << 11 | usize::from(b4) << 3 | usize::from(b5 >> 5);
        return (rate < 13 && length > 7).then_some((Frames::Adts, length));
    }
    mpeg(b1, b2)
}

/// As [`frame`], for MPEG audio, whose second and third byte these are.
fn mpeg(b1: u8, b2: u8) -> Option<(Frames, usize)> {
    /// kbit/s by table (MPEG-1 layers 1 to 3, then MPEG-2 layer 1, then its layers 2 and 3) and index.
    const RATES: [[usize; 14]; 5] = [
        [
            32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448,
        ],
        [
            32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384,
        ],
        [
            32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320,
        ],
        [
            32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256,
        ],
        [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ];
    let (version, layer, index) = (b1 >> 3 & 3, 4 - (b1 >> 1 & 3), usize::from(b2 >> 4));
    let (frequency, padding) = (usize::from(b2 >> 2 & 3), usize::from(b2 >> 1 & 1));
    if b1 & 0xe0 != 0xe0
        || version == 1
        || layer == 4
        || !(1..15).contains(&index)
        || frequency == 3
    {
        return None;
    }
    let first = version == 3;
    let table = match (first, layer) {
        (true, layer) => usize::from(layer) - 1,
        (false, 1) => 3,
        (false, _) => 4,
    };
    let bits = RATES[table][index - 1] * 1000;
    let hertz = [44_100, 48_000, 32_000][frequency] >> [2, 0, 1, 0][usize::from(version)];
    let length = match layer {
        1 => (12 * bits / hertz + padding) * 4,
        3 if !first => 72 * bits / hertz + padding,
        _ => 144 * bits / hertz + padding,
    };
    Some((Frames::Mpeg { layer }, length))
}
