//! How well the timeline of a made-up recording tells what is in it, beside a fixed grid of 10 s, and beside
//! captions of its events between their true ends.
//!
//! `cargo run --release -p wsac --example timeline_score -- ESC10 SEED [pauses|joined|noisy] [OUT.wav]`: ESC10 is a folder
//! with `labels.csv`, `keywords.json` and the clips. Prints a JSON line for each; with OUT.wav the recording is written too, and its events
//! as OUT.wav.csv.

mod scene;

use std::ops::ControlFlow;
use std::time::Instant;

use scene::{RATE, Scene, Style};
use wsac::audio::{AudioStream, Waveform};
use wsac::captioner::{CaptionOptions, Captioner};
use wsac::timeline::{Segment, TimelineOptions};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (Some(folder), Some(seed)) = (args.first(), args.get(1)) else {
        return Err("give ESC10 SEED [pauses|joined|noisy] [OUT.wav]".into());
    };
    let style = match args.get(2).map(String::as_str) {
        None | Some("pauses") => Style::PAUSES,
        Some("joined") => Style::JOINED,
        Some("noisy") => Style::NOISY,
        Some(other) => return Err(format!("no style {other}: pauses, joined or noisy").into()),
    };
    let scene = Scene::make(folder.as_ref(), seed.parse()?, 600.0, style)?;
    if let Some(out) = args.get(3) {
        write(out, &scene)?;
    }
    let captioner = Captioner::bundled()?;
    let words = CaptionOptions::default();
    let start = Instant::now();
    let mut stream = AudioStream::from_waveform(&scene.recording, captioner.rate())?;
    let mut segments = Vec::new();
    captioner.timeline(
        &mut stream,
        &TimelineOptions::default(),
        &words,
        &mut |segment| {
            segments.push(segment);
            ControlFlow::Continue(())
        },
    )?;
    let took = start.elapsed().as_secs_f64();
    if std::env::var_os("TOLD").is_some() {
        for event in &scene.events {
            eprintln!("{:7.2} {:7.2}      {}", event.start, event.end, event.label);
        }
        for s in &segments {
            eprintln!("{:7.2} {:7.2}  {}", s.start, s.end, s.caption);
        }
    }
    tell("timeline", &scene, &segments, took);
    let true_spans = scene.events.iter().map(|e| [e.start, e.end]).collect();
    for (what, spans) in [("grid", grid(&scene)), ("true ends", true_spans)] {
        let start = Instant::now();
        let segments = captions(&captioner, &scene, &words, spans)?;
        tell(what, &scene, &segments, start.elapsed().as_secs_f64());
    }
    Ok(())
}

/// Every 10 s.
fn grid(scene: &Scene) -> Vec<[f64; 2]> {
    let end = scene.recording.duration();
    let steps = (0..)
        .map(|i| 10.0 * f64::from(i))
        .take_while(|start| *start < end);
    steps
        .map(|start| [start, (start + 10.0).min(end)])
        .collect()
}

/// Each of `spans` (seconds) as if it were a recording of its own.
fn captions(
    captioner: &Captioner,
    scene: &Scene,
    words: &CaptionOptions,
    spans: Vec<[f64; 2]>,
) -> wsac::Result<Vec<Segment>> {
    let segment = |[start, end]: [f64; 2]| {
        let at = |time: f64| (time * f64::from(RATE)) as usize;
        let samples = scene.recording.samples[at(start)..at(end)].to_vec();
        let rate = RATE;
        let wave = Waveform { samples, rate };
        let heard =
            captioner.listen_to(&mut AudioStream::from_waveform(&wave, captioner.rate())?)?;
        let caption = captioner.describe(&heard, words)?;
        Ok(Segment {
            start,
            end,
            caption: caption.text,
            sounds: caption.sounds,
            logprob: caption.logprob,
            confidence: caption.confidence,
            weak: caption.weak,
        })
    };
    spans.into_iter().map(segment).collect()
}

fn tell(what: &str, scene: &Scene, segments: &[Segment], took: f64) {
    let score = scene.score(segments);
    println!(
        "{{\"piece\": \"{what}\", \"events\": {}, \"segments\": {}, \"recall\": {:.3}, \"precision\": {:.3}, \
         \"boundary_error\": {:.3}, \"event_recall\": {:.3}, \"event_precision\": {:.3}, \"seconds\": {took:.1}}}",
        scene.events.len(),
        score.segments,
        score.recall,
        score.precision,
        score.boundary_error,
        score.of_events[0],
        score.of_events[1],
    );
}

fn write(out: &str, scene: &Scene) -> std::io::Result<()> {
    let bytes = 2 * scene.recording.samples.len() as u32;
    let mut wav = Vec::new();
    wav.extend(b"RIFF");
    wav.extend((bytes + 36).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend(RATE.to_le_bytes());
    wav.extend((2 * RATE).to_le_bytes());
    wav.extend(b"\x02\0\x10\0data");
    wav.extend(bytes.to_le_bytes());
    let level = |x: &f32| (x.clamp(-1.0, 1.0) * 32_767.0).round() as i16;
    wav.extend(
        scene
            .recording
            .samples
            .iter()
            .flat_map(|x| level(x).to_le_bytes()),
    );
    std::fs::write(out, wav)?;
    let mut csv = String::from("start,end,label\n");
    for event in &scene.events {
        csv += &format!("{:.3},{:.3},{}\n", event.start, event.end, event.label);
    }
    std::fs::write(format!("{out}.csv"), csv)
}
