//! What the built-in model hears: `cargo run --release -p wsac --example listen RECORDING...`.
//!
//! Prints the likeliest sounds of each recording, then its parts with their times.

use wsac::audio::{AudioStream, Source};
use wsac::encoders::analysis::Sound;
use wsac::encoders::mini::audio_tower::Mini;
use wsac::encoders::towers::AudioTower;

fn main() -> wsac::Result<()> {
    let mini = Mini::bundled()?;
    for recording in std::env::args().skip(1) {
        let source = Source::from(&recording);
        let heard = mini.listen(&mut AudioStream::open(&source, mini.rate())?)?;
        let duration = heard.duration;
        println!("{recording} ({duration:.1} s): {}", named(&heard.sounds));
        for part in &heard.parts {
            let (start, end) = (part.start, part.end);
            println!("  {start:5.1} - {end:5.1} s: {}", named(&part.sounds));
        }
        if heard.ordered {
            println!("  one after the other");
        }
    }
    Ok(())
}

fn named(sounds: &[Sound]) -> String {
    let named = sounds.iter();
    let named = named.map(|s| format!("{} {:.0} %", s.name, 100.0 * s.score));
    named.collect::<Vec<_>>().join(", ")
}
