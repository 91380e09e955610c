//! HE-AAC: the configuration of a track -> that of its core, which is plain AAC with the lower half of the frequencies.

/// The configuration (ISO 14496-3, AudioSpecificConfig) of the core of the HE-AAC that `config` describes, and the core's
/// rate in Hz; `None` where it describes anything else.
pub(super) fn core(config: &[u8]) -> Option<(Box<[u8]>, u32)> {
    const RATES: [u32; 13] = [
        96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025,
        8_000, 7_350,
    ];
    const LOW_COMPLEXITY: u32 = 2;
    const WITH_SBR: [u32; 2] = [5, 29];
    let bits = u32::from_be_bytes([*config.first()?, *config.get(1)?, *config.get(2)?, 0]);
    let (kind, rate, channels) = (bits >> 27, bits >> 23 & 15, bits >> 19 & 15);
    if !WITH_SBR.contains(&kind) {
        return None;
    }
    let hertz = *RATES.get(rate as usize)?;
    let core = (LOW_COMPLEXITY << 11 | rate << 7 | channels << 3) as u16;
    Some((Box::from(core.to_be_bytes()), hertz))
}
