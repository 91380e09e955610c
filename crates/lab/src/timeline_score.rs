//! How well the timeline of a made-up recording describes what is in it, beside a fixed grid of 10 s, and beside
//! captions of its events between their true ends. A JSON line for each.

#[path = "../../wsac/tests/timeline/scene.rs"]
mod scene;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use scene::{RATE, Scene, Style};
use wsac::audio::{AudioStream, Waveform};
use wsac::captioner::{CaptionOptions, Captioner};
use wsac::timeline::{Segment, TimelineOptions};

use crate::wav;

/// Score the timeline of ten minutes made of ESC-10's clips
#[derive(clap::Args)]
pub struct Args {
    /// A folder with labels.csv, keywords.json and the clips
    esc10: PathBuf,
    seed: u64,
    /// How clips follow each other
    #[arg(default_value = "pauses", value_parser = ["pauses", "joined", "noisy"])]
    style: String,
    /// Where to write the recording, too; its events go to OUT.wav.csv
    #[arg(value_name = "OUT.wav")]
    out: Option<PathBuf>,
    /// Print the events and the segments, to standard error
    #[arg(long)]
    show: bool,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let style = match args.style.as_str() {
        "joined" => Style::JOINED,
        "noisy" => Style::NOISY,
        _ => Style::PAUSES,
    };
    let scene =
        Scene::make(&args.esc10, args.seed, 600.0, style).map_err(|e| anyhow::anyhow!("{e}"))?;
    if let Some(out) = &args.out {
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
    if args.show {
        for event in &scene.events {
            eprintln!("{:7.2} {:7.2}      {}", event.start, event.end, event.label);
        }
        for s in &segments {
            eprintln!("{:7.2} {:7.2}  {}", s.start, s.end, s.caption);
        }
    }
    report("timeline", &scene, &segments, took);
    let true_spans = scene.events.iter().map(|e| [e.start, e.end]).collect();
    for (what, spans) in [("grid", grid(&scene)), ("true ends", true_spans)] {
        let start = Instant::now();
        let segments = captions(&captioner, &scene, &words, spans)?;
        report(what, &scene, &segments, start.elapsed().as_secs_f64());
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
        let analysis =
            captioner.encode_stream(&mut AudioStream::from_waveform(&wave, captioner.rate())?)?;
        let caption = captioner.describe(&analysis, words)?;
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

fn report(what: &str, scene: &Scene, segments: &[Segment], took: f64) {
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

fn write(out: &Path, scene: &Scene) -> std::io::Result<()> {
    let bytes = 2 * scene.recording.samples.len() as u32;
    let mut file = wav::header(RATE, bytes);
    file.extend(scene.recording.samples.iter().flat_map(|&x| wav::level(x)));
    std::fs::write(out, file)?;
    let mut csv = String::from("start,end,label\n");
    for event in &scene.events {
        csv += &format!("{:.3},{:.3},{}\n", event.start, event.end, event.label);
    }
    std::fs::write(format!("{}.csv", out.display()), csv)
}
