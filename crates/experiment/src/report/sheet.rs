//! Figures 2 and 3 of the paper: the audio and text embeddings, and where each strategy moves them, with the gap in numbers.

use wsac::bridge::{Augmentation, Bridge, gap};
use wsac::encoders::embedding::Embeddings;
use wsac::model::Defaults;
use wsac::model::Model;
use wsac::rng::Stream;
use wsac::train::embed_cached;
use wsac::{Error, Result};
use wsac_report::Drawing;
use wsac_report::sheet::{Panel, Set, Sheet};
use wsac_report::tsne::Tsne;

use super::draft::drawn;
use crate::config::Config;
use crate::grid::{Outcome, Setup, Used};

/// The paper's noise, if no training of the grid had any.
const NOISE: f64 = 0.013;

/// The sheet of data set `data` and its description; `None` if there are too few clips for a map.
///
/// # Errors
/// If captions cannot be embedded or a captioner cannot be read.
pub fn draw(
    config: &Config,
    outcome: &Outcome,
    setup: &Setup,
    seed: u64,
    data: usize,
) -> Result<Option<(Drawing, String)>> {
    let used = &outcome.data[data];
    if used.items.len() < 12 {
        return Ok(None);
    }
    let space = setup.encoder.space();
    let texts: Vec<String> = used.items.iter().map(described).collect();
    let text = embed_cached(
        &texts,
        setup.text.as_ref(),
        &setup.encoder.made_in(),
        Some(setup.cache),
        &mut |_, _| {},
    )?;
    let mut audio = Embeddings::empty(text.dim());
    used.encoded
        .iter()
        .for_each(|one| audio.push(&one.embedding));
    let models = models(outcome, data)?;
    let Some(memory) = models.iter().find_map(|model| model.memory.as_ref()) else {
        return Ok(None);
    };
    let noise_variance = models
        .iter()
        .map(|m| m.card.noise_variance)
        .find(|&v| v > 0.0)
        .unwrap_or(NOISE);
    let moved = |perturb: &Augmentation| {
        let stream = Stream::new(&format!("seed{seed}/sheet"));
        let mut rows = text.as_slice().to_vec();
        for (i, row) in rows.chunks_exact_mut(text.dim()).enumerate() {
            perturb.apply(row, stream, (i * text.dim()) as u64);
            wsac::encoders::embedding::normalize(row);
        }
        rows
    };
    let shift = match &used.gap {
        Some(gap) => gap.clone(),
        None => gap(&audio, &text)?,
    };
    let across = |bridge: Bridge| -> Result<Vec<f32>> {
        let points = (0..audio.len()).map(|i| bridge.apply(&audio.get(i), Some(memory), true));
        Ok(points.collect::<Result<Vec<_>>>()?.concat())
    };
    let projection = match Defaults::of(space).bridge {
        bridge @ Bridge::Project { .. } => bridge,
        _ => Bridge::Project {
            tau: 0.01,
            top_k: None,
        },
    };
    let sets = [
        (sounds(used), audio.as_slice().to_vec()),
        ("text", text.as_slice().to_vec()),
        (
            "text + noise",
            moved(&Augmentation {
                noise_variance,
                ..Augmentation::default()
            }),
        ),
        (
            "text + shift",
            moved(&Augmentation {
                shift: Some(shift),
                ..Augmentation::default()
            }),
        ),
        ("nearest caption", across(Bridge::Nearest)?),
        ("projection", across(projection)?),
    ];
    let panel = |title: &str, sets| Panel {
        title: title.into(),
        sets,
    };
    let sheet = Sheet {
        title: format!(
            "{}: the modality gap before and after",
            config.data[data].name
        ),
        d: text.dim(),
        sets: sets
            .map(|(name, rows)| Set {
                name: name.into(),
                rows,
            })
            .into(),
        panels: vec![
            panel("2: paired audio and text", [0, 1]),
            panel("3a: noise injection", [0, 2]),
            panel("3b: embedding shift", [0, 3]),
            panel("3c: nearest captions", [4, 1]),
            panel("3d: projections", [5, 1]),
        ],
        tsne: Tsne {
            seed,
            ..Tsne::default()
        },
        ..Sheet::default()
    };
    let words = format!(
        "t-SNE of {} pairs. 2: {} and {}. 3a and 3b, the training side: captions with noise of variance \
         {noise_variance:.4}, and captions moved by the gap, against the same audio. 3c and 3d, the inference side: what takes the \
         audio's place, against captions. One map for all panels, so that they can be compared; the numbers are of all pairs.",
        audio.len(),
        if used.probe.is_some() {
            "a stand-in for each sound"
        } else {
            "each recording"
        },
        if used.items.iter().any(|item| item.references.is_empty()) {
            "the names of its classes"
        } else {
            "a caption of it"
        },
    );
    Ok(Some((drawn(sheet.draw())?.drawing, words)))
}

fn sounds(used: &Used) -> &'static str {
    if used.probe.is_some() {
        "stand-in"
    } else {
        "audio"
    }
}

/// The label of an item: its first reference, else its classes.
fn described(item: &crate::data::Item) -> String {
    item.references
        .first()
        .cloned()
        .unwrap_or_else(|| item.labels.join(" and "))
}

/// The captioners of a data set, one per training strategy.
fn models(outcome: &Outcome, data: usize) -> Result<Vec<Model>> {
    let mut seen = Vec::new();
    let mut models = Vec::new();
    for cell in outcome.cells.iter().filter(|c| c.data == data) {
        if !seen.contains(&cell.training) {
            seen.push(cell.training);
            models.push(match &cell.run {
                Some(folder) => Model::load(folder)?,
                None => Model::bundled()?,
            });
        }
    }
    if models.is_empty() {
        return Err(Error::Config("the grid has no captioner".into()));
    }
    Ok(models)
}
