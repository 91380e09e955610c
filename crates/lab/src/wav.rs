//! The header of a WAV file of 16 bits and one channel, and a sample in it.

/// The 44 bytes before so many `bytes` of samples.
pub fn header(rate: u32, bytes: u32) -> Vec<u8> {
    let (pcm, channels, width) = (1u16, 1u16, 2u16);
    let mut header = Vec::new();
    header.extend(b"RIFF");
    header.extend(bytes.saturating_add(36).to_le_bytes());
    header.extend(b"WAVEfmt ");
    header.extend(16u32.to_le_bytes());
    header.extend(pcm.to_le_bytes());
    header.extend(channels.to_le_bytes());
    header.extend(rate.to_le_bytes());
    header.extend((rate * u32::from(width)).to_le_bytes());
    header.extend(width.to_le_bytes());
    header.extend((8 * width).to_le_bytes());
    header.extend(b"data");
    header.extend(bytes.to_le_bytes());
    header
}

/// The two bytes of a sample in [-1, 1]; what lies beyond is clipped.
pub fn level(sample: f32) -> [u8; 2] {
    ((sample.clamp(-1.0, 1.0) * 32_767.0).round() as i16).to_le_bytes()
}
