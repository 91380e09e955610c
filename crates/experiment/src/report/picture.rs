//! A recording as a picture: mono samples and the sounds heard in them -> waveform, log-mel spectrogram and sounds on one axis.

use wsac::audio::mel::YamnetFrontEnd;
use wsac::audio::{AudioStream, Waveform};
use wsac_report::clip::{ClipPicture, Sound};

/// The picture of `wave`, called `name`. The spectrogram is only for display: YAMNet's 64 bands.
pub fn picture(name: &str, wave: &Waveform, sounds: Vec<Sound>) -> ClipPicture {
    let at_rate = if wave.rate == YamnetFrontEnd::RATE {
        Some(wave.samples.clone())
    } else {
        AudioStream::from_waveform(wave, YamnetFrontEnd::RATE)
            .ok()
            .map(|mut stream| {
                let mut samples = Vec::new();
                while let Ok(Some(block)) = stream.next_block() {
                    samples.extend(block);
                }
                samples
            })
    };
    ClipPicture {
        name: name.to_owned(),
        seconds: wave.duration(),
        samples: wave.samples.clone(),
        log_mel: YamnetFrontEnd::new().mel(&at_rate.unwrap_or_default()),
        bands: YamnetFrontEnd::MELS,
        hertz: (125.0, 7500.0),
        sounds,
    }
}
