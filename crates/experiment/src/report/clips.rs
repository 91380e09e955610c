//! The clips of a data set on the page: the worst, the best and some between, each with its plots and all its captions.

use std::path::{Path, PathBuf};

use wsac::audio::{AudioStream, Source, Waveform};
use wsac::encoders::towers::AudioTower;
use wsac::{Error, Result};
use wsac_report::clip::Sound as Detected;
use wsac_report::page::{Clip, StrategyCaption};

use super::draft::{drawn, named};
use super::picture::picture;
use super::tables;
use crate::config::Config;
use crate::data::Sound;
use crate::grid::{Cell, Outcome, Setup};
use crate::scoring::ranked;

/// The most sounds shown for a clip.
const SOUNDS: usize = 4;

/// At most `most` clips of data set `data`, ranked by how well the last cell captions them. Recordings are copied to
/// `folder/clips`, so that the page can play them.
///
/// # Errors
/// If the encoder cannot be opened or a file cannot be written. A recording that cannot be read has no plots.
pub fn of(
    config: &Config,
    outcome: &Outcome,
    setup: &Setup,
    most: usize,
    data: usize,
    folder: &Path,
) -> Result<Vec<Clip>> {
    let used = &outcome.data[data];
    // One caption per strategy, of the first seed.
    let mut cells: Vec<&Cell> = Vec::new();
    for cell in outcome.cells.iter().filter(|c| c.data == data) {
        if !cells
            .iter()
            .any(|c| (c.training, c.inference) == (cell.training, cell.inference))
        {
            cells.push(cell);
        }
    }
    let Some(last) = cells.last() else {
        return Ok(Vec::new());
    };
    let by = ranked(&last.measures).map(|(by, _)| by);
    let score = |cell: &Cell, i: usize| ranked(&cell.measures)?.1.per_item[i];
    let mut order: Vec<usize> = (0..used.items.len()).collect();
    order.sort_by(|&a, &b| {
        score(last, a)
            .unwrap_or(0.0)
            .total_cmp(&score(last, b).unwrap_or(0.0))
    });
    let tower = if used.probe.is_none() {
        Some(setup.encoder.audio_tower()?)
    } else {
        None
    };
    let shown = spread(&order, most);
    let clip = |&i: &usize| -> Result<Clip> {
        let item = &used.items[i];
        let caption = |cell: &&Cell| StrategyCaption {
            strategy: named(config, cell.training, cell.inference),
            caption: cell.captions[i].caption.clone(),
            scores: by
                .map(|by| (tables::head(by), score(cell, i).unwrap_or(f64::NAN)))
                .into_iter()
                .collect(),
        };
        let nearest = last.captions[i]
            .neighbours
            .iter()
            .map(|(text, x)| (text.clone(), f64::from(*x)));
        let mut references = item.references.clone();
        if let Sound::Caption(text) = &item.sound {
            references.insert(0, format!("(stands in for the sound) {text}"));
        }
        references.extend(item.labels.iter().map(|label| format!("(class) {label}")));
        let wave = tower
            .as_ref()
            .and_then(|tower| waveform(&item.sound, tower.rate()));
        let picture = match (&tower, &wave) {
            (Some(tower), Some(wave)) => Some(drawn(
                picture(
                    &item.name,
                    wave,
                    detected(wave, tower.as_ref(), &used.encoded[i]),
                )
                .draw(),
            )?),
            _ => None,
        };
        Ok(Clip {
            name: item.name.clone(),
            picture,
            audio: copied(&item.sound, folder)?,
            references,
            captions: cells.iter().map(caption).collect(),
            nearest: nearest.collect(),
            sounds: Vec::new(),
        })
    };
    shown.iter().map(clip).collect()
}

/// Selects `most` of `order`, its ends first of all: a third from each end, a third between.
fn spread(order: &[usize], most: usize) -> Vec<usize> {
    let (n, most) = (order.len(), most.min(order.len()));
    let third = most / 3;
    let between = most - 2 * third;
    let inner = n - 2 * third;
    let step = |k: usize| third + (k * inner + inner / 2) / between.max(1);
    let places = (0..third).chain((0..between).map(step)).chain(n - third..n);
    places.map(|place| order[place.min(n - 1)]).collect()
}

fn waveform(sound: &Sound, rate: u32) -> Option<Waveform> {
    match sound {
        Sound::File(path) => Waveform::load(&Source::Path(path.clone()), rate).ok(),
        Sound::Mixture(mixture) => mixture.sum(rate).ok(),
        Sound::Caption(_) => None,
    }
}

/// A copy of the recording beside the page, if there is one.
fn copied(sound: &Sound, folder: &Path) -> Result<Option<String>> {
    let Sound::File(path) = sound else {
        return Ok(None);
    };
    let name = path.file_name().unwrap_or_default();
    let to: PathBuf = folder.join("clips");
    std::fs::create_dir_all(&to).map_err(|e| Error::io(&to, e))?;
    std::fs::copy(path, to.join(name)).map_err(|e| Error::io(path, e))?;
    Ok(Some(format!("clips/{}", name.to_string_lossy())))
}

/// The most likely sounds, over time if the tower tells.
fn detected(
    wave: &Waveform,
    tower: &dyn AudioTower,
    encoded: &wsac::encoders::analysis::AudioAnalysis,
) -> Vec<Detected> {
    let activations = AudioStream::from_waveform(wave, wave.rate)
        .ok()
        .and_then(|mut stream| tower.activations(&mut stream).ok());
    let activations = activations
        .flatten()
        .map(|activations| activations.likeliest(SOUNDS));
    match activations {
        Some(activations) => activations
            .sounds
            .into_iter()
            .map(|sound| Detected {
                name: sound.name,
                score: f64::from(sound.scores.iter().copied().fold(0.0, f32::max)),
                course: sound.scores,
            })
            .collect(),
        None => encoded
            .sounds
            .iter()
            .take(SOUNDS)
            .map(|sound| Detected {
                name: sound.name.clone(),
                score: f64::from(sound.score),
                course: Vec::new(),
            })
            .collect(),
    }
}
