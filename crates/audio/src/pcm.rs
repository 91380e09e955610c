//! Sound as it arrives: raw PCM or a WAV stream from a reader -> mono blocks, as soon as there are samples.
//!
//! Unlike a file, such a stream has no known end, and waiting for a whole block would add latency.

use std::io::{ErrorKind, Read};

use symphonia::core::codecs::audio::well_known::{
    CODEC_ID_PCM_F32LE, CODEC_ID_PCM_S16LE, CODEC_ID_PCM_S32LE,
};

use crate::header;
use crate::layout::{Coding, Family};
use crate::prefix::Prefix;

/// How numbers are written, little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// 16-bit whole numbers.
    S16,
    /// 32-bit whole numbers.
    S32,
    /// 32-bit floating point, full scale at 1.
    F32,
}

impl Encoding {
    fn bytes(self) -> usize {
        match self {
            Self::S16 => 2,
            Self::S32 | Self::F32 => 4,
        }
    }
}

/// What a stream of raw samples consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PcmFormat {
    /// Samples a second.
    pub rate: u32,
    /// The number of channels, interleaved.
    pub channels: usize,
    /// How each is written.
    pub encoding: Encoding,
}

/// A stream of samples.
pub(super) struct Pcm {
    reader: Box<dyn Read + Send>,
    pub format: PcmFormat,
    /// Bytes of an incomplete frame (one sample per channel).
    rest: Vec<u8>,
}

/// Blocks per second, where samples arrive in real time.
const BLOCKS: usize = 20;

impl Pcm {
    /// The samples of `reader`: as its header says where that is one of WAV, else in `format`.
    ///
    /// # Errors
    /// Where the reader fails, there is neither header nor format, or the header is of a kind that is not known here.
    pub fn open(reader: Box<dyn Read + Send>, format: Option<PcmFormat>) -> Result<Self, String> {
        let (reader, format) = match format {
            Some(format) => (reader, format),
            None => wav(reader)?,
        };
        if format.channels == 0 {
            return Err("has no channels".into());
        }
        let rest = Vec::with_capacity(1 << 12);
        Ok(Self {
            reader,
            format,
            rest,
        })
    }

    /// The next mono samples, at least one; `None` at the end.
    ///
    /// # Errors
    /// Where the reader fails.
    pub fn next(&mut self) -> Result<Option<Vec<f32>>, String> {
        let PcmFormat {
            rate,
            channels,
            encoding,
        } = self.format;
        let frame = channels * encoding.bytes();
        let most = (rate as usize / BLOCKS).max(1) * frame;
        while self.rest.len() < frame {
            let mut bytes = vec![0; most];
            match self.reader.read(&mut bytes) {
                Ok(0) => return Ok(None),
                Ok(n) => self.rest.extend_from_slice(&bytes[..n]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.to_string()),
            }
        }
        let whole = self.rest.len() / frame * frame;
        let bytes: Vec<u8> = self.rest.drain(..whole).collect();
        let numbers: Vec<f32> = match encoding {
            Encoding::S16 => {
                let words = bytes.as_chunks().0.iter();
                words
                    .map(|w| f32::from(i16::from_le_bytes(*w)) / 32_768.0)
                    .collect()
            }
            Encoding::S32 => {
                let words = bytes.as_chunks().0.iter();
                words
                    .map(|w| (f64::from(i32::from_le_bytes(*w)) / 2_147_483_648.0) as f32)
                    .collect()
            }
            Encoding::F32 => {
                let words = bytes.as_chunks().0.iter();
                words.map(|w| f32::from_le_bytes(*w)).collect()
            }
        };
        let activations = numbers.chunks_exact(channels);
        Ok(Some(
            activations
                .map(|m| m.iter().sum::<f32>() / channels as f32)
                .collect(),
        ))
    }
}

/// The samples of a WAV stream, and how they are written. Their size is not believed: who writes while recording cannot know it.
fn wav(reader: Box<dyn Read + Send>) -> Result<(Box<dyn Read + Send>, PcmFormat), String> {
    let mut prefix = Prefix::new(reader);
    let start = prefix.at(0, 12).map_err(|e| e.to_string())?;
    let start = start.ok_or("ends within its header")?;
    if !start.starts_with(b"RIFF") || !start.ends_with(b"WAVE") {
        return Err(
            "is no WAV stream; raw samples need their rate, channels and encoding told".into(),
        );
    }
    let layout = header::read(Family::Riff, &mut prefix)?;
    let encoding = match layout.coding {
        Coding::Blocks { codec, .. } if codec == CODEC_ID_PCM_S16LE => Encoding::S16,
        Coding::Blocks { codec, .. } if codec == CODEC_ID_PCM_S32LE => Encoding::S32,
        Coding::Blocks { codec, .. } if codec == CODEC_ID_PCM_F32LE => Encoding::F32,
        _ => {
            let said = "has samples of a kind that cannot arrive here; 16 or 32 bits, or 32-bit floats, are possible";
            return Err(said.into());
        }
    };
    let format = PcmFormat {
        rate: layout.rate,
        channels: layout.channels.into(),
        encoding,
    };
    Ok((Box::new(prefix.into_stream(layout.start)), format))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Gives a few bytes at a time, as a pipe does.
    struct Slow(std::io::Cursor<Vec<u8>>);

    impl Read for Slow {
        fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
            let few = to.len().min(7);
            self.0.read(&mut to[..few])
        }
    }

    fn analysis(
        bytes: Vec<u8>,
        format: Option<PcmFormat>,
    ) -> Result<(PcmFormat, Vec<f32>), String> {
        let reader = Box::new(Slow(std::io::Cursor::new(bytes)));
        let mut pcm = Pcm::open(reader, format)?;
        let mut all = Vec::new();
        while let Some(block) = pcm.next()? {
            assert!(!block.is_empty());
            all.extend(block);
        }
        Ok((pcm.format, all))
    }

    fn wav(kind: u16, bits: u16, channels: u16, samples: &[u8]) -> Vec<u8> {
        let mut bytes = b"RIFF\xff\xff\xff\xffWAVELIST\x03\0\0\0abc\0fmt \x10\0\0\0".to_vec();
        bytes.extend([kind, channels].iter().flat_map(|w| w.to_le_bytes()));
        bytes.extend(48_000u32.to_le_bytes());
        bytes.extend([0; 6]);
        bytes.extend(bits.to_le_bytes());
        bytes.extend(b"data\xff\xff\xff\xff");
        bytes.extend(samples);
        bytes
    }

    #[test]
    fn wav_streams_and_raw_samples_are_heard() {
        let stereo: Vec<u8> = [16_384i16, 0, -16_384, -16_384]
            .iter()
            .flat_map(|x| x.to_le_bytes())
            .collect();
        let (format, samples) = analysis(wav(1, 16, 2, &stereo), None).unwrap();
        assert_eq!((format.rate, format.channels), (48_000, 2));
        assert_eq!(samples, [0.25, -0.5]);
        // What is no whole sample at the end is left.
        let float: Vec<u8> = [0.5f32, -1.0]
            .iter()
            .flat_map(|x| x.to_le_bytes())
            .chain([1, 2])
            .collect();
        assert_eq!(
            analysis(wav(3, 32, 1, &float), None).unwrap().1,
            [0.5, -1.0]
        );
        let raw = PcmFormat {
            rate: 8000,
            channels: 1,
            encoding: Encoding::S32,
        };
        let whole: Vec<u8> = [i32::MIN, 1 << 30]
            .iter()
            .flat_map(|x| x.to_le_bytes())
            .collect();
        assert_eq!(analysis(whole, Some(raw)).unwrap().1, [-1.0, 0.5]);
    }

    #[test]
    fn what_is_no_stream_is_told() {
        for (bytes, why) in [
            (b"RIFF".to_vec(), "ends within its header"),
            (b"some text that is no sound".to_vec(), "is no WAV stream"),
            (wav(1, 24, 1, &[]), "of a kind that cannot arrive"),
            (wav(1, 16, 0, &[]), "no channels"),
            (
                b"RIFF\0\0\0\0WAVEdata\0\0\0\0".to_vec(),
                "does not say what",
            ),
            (
                b"RIFF\0\0\0\0WAVEjunk\xff\xff\xff\xff".to_vec(),
                "does not say what",
            ),
        ] {
            let error = analysis(bytes, None).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
