//! Media whose first bytes keep symphonia from reading them, mended on the way: head -> what to write over it.

use std::io::{Read, Result, Seek, SeekFrom};

use symphonia::core::io::MediaSource;

/// A medium, some bytes of which are read as others.
pub(super) struct Mended<M> {
    media: M,
    /// Where the others stand, and what they are.
    at: u64,
    bytes: Vec<u8>,
    place: u64,
}

impl<M> Mended<M> {
    /// `media`, which begins with `head` and is at its beginning.
    pub(super) fn new(media: M, head: &[u8]) -> Self {
        let (at, bytes) = mended(head).unwrap_or_default();
        let place = 0;
        Self {
            media,
            at,
            bytes,
            place,
        }
    }
}

/// What of a file that begins with `head` is to be read as something else: the place and the bytes.
fn mended(head: &[u8]) -> Option<(u64, Vec<u8>)> {
    let size = u32::from_be_bytes(*head.first_chunk()?);
    match (head.get(..4)?, head.get(4..8)?) {
        // Old QuickTime files have the box that says what they are under another name.
        (_, b"wide" | b"skip") if size >= 16 => Some((4, b"ftyp".to_vec())),
        // Some encoders of FLAC leave the least and the greatest size of a block open.
        (b"fLaC", [0, 0, 0, 34]) => {
            let (least, most) = (head.get(8..10)?, head.get(10..12)?);
            let open = |size: &[u8]| size < [0, 16].as_slice();
            match (open(least), open(most)) {
                (true, false) => Some((8, most.to_vec())),
                (_, true) => Some((8, vec![0, 16, 0xff, 0xff])),
                (false, false) => None,
            }
        }
        _ => None,
    }
}

impl<M: Read> Read for Mended<M> {
    fn read(&mut self, to: &mut [u8]) -> Result<usize> {
        let count = self.media.read(to)?;
        for (at, &byte) in (self.at..).zip(&self.bytes) {
            let offset = at
                .checked_sub(self.place)
                .and_then(|offset| usize::try_from(offset).ok());
            if let Some(place) = offset.and_then(|offset| to[..count].get_mut(offset)) {
                *place = byte;
            }
        }
        self.place += count as u64;
        Ok(count)
    }
}

impl<M: Seek> Seek for Mended<M> {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        self.place = self.media.seek(to)?;
        Ok(self.place)
    }
}

impl<M: MediaSource> MediaSource for Mended<M> {
    fn is_seekable(&self) -> bool {
        self.media.is_seekable()
    }

    fn byte_len(&self) -> Option<u64> {
        self.media.byte_len()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_what_is_wrong_is_read_as_something_else() {
        let flac = |sizes: [u8; 4]| {
            let mut head = b"fLaC\0\0\0\x22".to_vec();
            head.extend(sizes);
            head.extend([7; 20]);
            let mut read = Vec::new();
            Mended::new(head.as_slice(), &head)
                .read_to_end(&mut read)
                .unwrap();
            assert_eq!((&read[..8], &read[12..]), (&head[..8], &head[12..]));
            <[u8; 4]>::try_from(&read[8..12]).unwrap()
        };
        assert_eq!(flac([0x12, 0, 0x12, 0]), [0x12, 0, 0x12, 0]);
        assert_eq!(flac([0, 0, 0x12, 0]), [0x12, 0, 0x12, 0]);
        assert_eq!(flac([0, 0, 0, 0]), [0, 16, 0xff, 0xff]);
        let mov = b"\0\0\0\x14wideqt  ".to_vec();
        let mut read = [0; 6];
        let mut media = Mended::new(mov.as_slice(), &mov);
        media.read_exact(&mut read).unwrap();
        assert_eq!(&read, b"\0\0\0\x14ft");
        media.read_exact(&mut read).unwrap();
        assert_eq!(&read, b"ypqt  ");
    }
}
