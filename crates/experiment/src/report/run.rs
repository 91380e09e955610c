//! The report of a single captioner: its run folder -> its loss, its settings, its memory, on a page.

use std::fs;
use std::path::Path;

use wsac::bridge::Augmentation;
use wsac::model::Model;
use wsac::rng::Stream;
use wsac::{Error, Result};
use wsac_report::curves::{Curves, Run};
use wsac_report::page::{Block, Page, Section};
use wsac_report::sheet::{Panel, Set, Sheet};
use wsac_report::tsne::Tsne;

use super::curves;
use super::draft::{Draft, drawn};

/// The most captions of the memory in the plot.
const DRAWN: usize = 400;

/// Writes the report of the run folder `run` to `folder`.
///
/// # Errors
/// If `run` is no run folder, or a file cannot be written.
pub fn write(run: &Path, seed: u64, command: &str, folder: &Path) -> Result<()> {
    let model = Model::load(run)?;
    fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
    let draft = Draft { folder, command };
    let card = &model.card;
    let decoder = &card.decoder;
    let mut blocks = vec![Block::List(vec![
        format!(
            "Encoder {}, embeddings of width {}.",
            card.clap, decoder.embedding
        ),
        format!(
            "Decoder of {} layers, {} wide, {} words, {:.1} M weights.",
            decoder.layers,
            decoder.width,
            decoder.vocab,
            model.decoder.weights().len() as f64 / 1e6
        ),
        format!(
            "Noise of variance {:.5}; {}.",
            card.noise_variance,
            if model.gap.is_some() {
                "embeddings shifted"
            } else {
                "no shift"
            }
        ),
        format!(
            "Memory of {} captions.",
            model.memory.as_ref().map_or(0, wsac::memory::Memory::len)
        ),
    ])];
    if run.join("log.jsonl").is_file() {
        let (training, validation) = curves::read(run)?;
        let losses = Curves {
            title: format!("{}: loss while training", card.name),
            runs: vec![Run {
                name: card.name.clone(),
                training: vec![training],
                validation: vec![validation],
            }],
            ..Curves::default()
        };
        blocks.push(draft.figure("loss", drawn(losses.draw())?, "Loss while training.")?);
    }
    if let Some(memory) = model.memory.as_ref().filter(|memory| memory.len() >= 12) {
        let order = Stream::new(&format!("seed{seed}/memory")).shuffle(memory.len());
        let text: Vec<Vec<f32>> = order
            .iter()
            .take(DRAWN)
            .map(|&i| memory.embedding(i))
            .collect();
        let stream = Stream::new(&format!("seed{seed}/sheet"));
        let perturb = Augmentation {
            noise_variance: card.noise_variance,
            shift: model.gap.clone(),
            ..Augmentation::default()
        };
        let moved = text.iter().enumerate().flat_map(|(i, row)| {
            let mut row = row.clone();
            let first = i * row.len();
            perturb.apply(&mut row, stream, first as u64);
            wsac::encoders::embedding::normalize(&mut row);
            row
        });
        let sheet = Sheet {
            title: "What the decoder learned from".into(),
            d: memory.dim(),
            sets: vec![
                Set {
                    name: "captions, as they are".into(),
                    rows: text.concat(),
                },
                Set {
                    name: "as the decoder was given them".into(),
                    rows: moved.collect(),
                },
            ],
            panels: vec![Panel {
                title: "noise and shift".into(),
                sets: [1, 0],
            }],
            tsne: Tsne {
                seed,
                ..Tsne::default()
            },
            columns: 1,
            ..Sheet::default()
        };
        let words = "t-SNE of captions of the memory, drawn at random, and of the same captions as they were given in training.";
        blocks.push(draft.figure("memory", drawn(sheet.draw())?.drawing, words)?);
    }
    let mut sections = vec![Section {
        title: "The captioner".into(),
        blocks,
    }];
    if let Ok(settings) = fs::read_to_string(run.join("train.toml")) {
        sections.push(Section {
            title: "Settings".into(),
            blocks: vec![Block::Command(settings)],
        });
    }
    let page = Page {
        title: card.name.clone(),
        lead: vec!["An audio captioner trained on captions alone (WSAC, arXiv 2309.12242).".into()],
        sections,
        clips: Vec::new(),
        made_by: concat!("wsac ", env!("CARGO_PKG_VERSION")).into(),
    };
    drawn(page.save(&folder.join("index.html")))
}
