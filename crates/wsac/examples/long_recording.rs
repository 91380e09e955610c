//! Makes a long recording of short ones: `cargo run --release -p wsac --example long_recording -- OUT.wav SECONDS CLIP..`.
//!
//! The clips are repeated in turn until the recording is SECONDS long: 16 bits, one channel, 44.1 kHz.

use std::fs::File;
use std::io::{BufWriter, Write};

use wsac::audio::{Source, Waveform};

/// Samples a second.
const RATE: u32 = 44_100;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [out, seconds, clips @ ..] = args.as_slice() else {
        return Err("give OUT.wav SECONDS CLIP..".into());
    };
    let count = (seconds.parse::<f64>()? * f64::from(RATE)).round() as usize;
    let bytes = u32::try_from(2 * count).map_err(|_| "a WAV file ends at 4 GB")?;
    let mut samples = Vec::new();
    for clip in clips {
        samples.extend(Waveform::load(&Source::from(clip), RATE)?.samples);
    }
    if samples.is_empty() {
        return Err("give at least one clip with sound in it".into());
    }
    let mut file = BufWriter::new(File::create(out)?);
    file.write_all(&header(bytes))?;
    for sample in samples.iter().cycle().take(count) {
        let level = (sample * 32_767.0).round() as i16;
        file.write_all(&level.to_le_bytes())?;
    }
    Ok(file.flush()?)
}

/// The 44 bytes before so many `bytes` of samples.
fn header(bytes: u32) -> Vec<u8> {
    let (pcm, channels, width) = (1u16, 1u16, 2u16);
    let mut header = Vec::new();
    header.extend(b"RIFF");
    header.extend(bytes.saturating_add(36).to_le_bytes());
    header.extend(b"WAVEfmt ");
    header.extend(16u32.to_le_bytes());
    header.extend(pcm.to_le_bytes());
    header.extend(channels.to_le_bytes());
    header.extend(RATE.to_le_bytes());
    header.extend((RATE * u32::from(width)).to_le_bytes());
    header.extend(width.to_le_bytes());
    header.extend((8 * width).to_le_bytes());
    header.extend(b"data");
    header.extend(bytes.to_le_bytes());
    header
}
