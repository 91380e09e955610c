//! Which sounds are in a recording, and when: scores [6, T, 521] -> the whole as one point [d], and its parts.
//!
//! ```text
//! first part:   the class with the most specific evidence; its kin (similarity >= 0.5) are taken
//! next parts:   q = evidence where the found parts are not loud;  e = q * prior;  the first specific class that is not
//!               taken and has what it needs; speech and music by rules of their own
//! gathering:    every class goes to the part it is most like;  z = unit(sum of the 8 heaviest weights * v)
//! ```
//!
//! The reference in numpy is reference/scene.py. Its constants were chosen on 400 recordings of single sounds and 200
//! mixtures of them (ESC-10), none held out.

mod sources;

use crate::embedding::Embedding;
use crate::mini::audioset::Classes;
use crate::mini::augment::VIEWS;
use crate::mini::class_scores::ClassScores;
use sources::Search;
use wsac_audio::mel::YamnetFrontEnd;

/// What each listening weighs in the evidence of the whole: the last one, without low sounds, would colour it.
const WHOLE: [f32; VIEWS] = [1.0, 1.0, 1.0, 1.0, 1.0, 0.0];

/// Classes that make the embedding of the whole: beyond them is noise.
const KEEP_WHOLE: usize = 10;

/// When a further sound is believed. All are scores in [0, 1].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SceneOptions {
    /// The most parts that are looked for; 1 hears every recording as a whole.
    pub most_parts: usize,
    /// The evidence that a further part needs. Lower finds more second sounds, true and false.
    pub second: f32,
    /// What it needs where a found part is of its kind: a second animal is mostly the first one, misheard.
    pub second_same_kind: f32,
    /// What it needs beside nothing but speech and music, which are seldom taken for other sounds.
    pub second_beside_clear: f32,
    /// From this similarity to speech or music a class is not believed beside them.
    pub kin_of_clear: f32,
    /// How far scores count less in windows where the found parts are loud.
    pub discount: f32,
    /// How far they do so beside nothing but speech and music.
    pub discount_beside_clear: f32,
    /// From here on there is speech.
    pub speech: f32,
    /// From here on there is speech beside another sound of a voice.
    pub speech_beside_voice: f32,
    /// From here on there is music.
    pub music: f32,
}

impl Default for SceneOptions {
    fn default() -> Self {
        Self {
            most_parts: 3,
            second: 0.12,
            second_same_kind: 0.7,
            second_beside_clear: 0.05,
            kin_of_clear: 0.35,
            discount: 0.7,
            discount_beside_clear: 0.2,
            speech: 0.7,
            speech_beside_voice: 0.8,
            music: 0.6,
        }
    }
}

/// The sounds of a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// All of it as one point.
    pub whole: Embedding,
    /// The classes that make [`Scene::whole`], the most telling first.
    pub whole_classes: Vec<usize>,
    /// The evidence for each class, [521], each in [0, 1].
    pub evidence: Vec<f32>,
    /// Its sounds, most prominent first; at least one.
    pub parts: Vec<ScenePart>,
}

/// One sound of a scene.
#[derive(Debug, Clone, PartialEq)]
pub struct ScenePart {
    /// The class it was found by.
    pub seed: usize,
    /// It alone as a point.
    pub embedding: Embedding,
    /// The classes that make [`ScenePart::embedding`], the heaviest first.
    pub classes: Vec<usize>,
    /// What each of them weighs.
    pub weights: Vec<f32>,
    /// The evidence for its seed, in [0, 1].
    pub strength: f32,
    /// The first window that hears it, and the last.
    pub windows: (usize, usize),
}

impl ScenePart {
    /// When it begins, in seconds.
    pub fn start(&self) -> f64 {
        self.windows.0 as f64 * YamnetFrontEnd::HOP_SECONDS
    }

    /// When its last window ends, in seconds; that may be after the recording's end.
    pub fn end(&self) -> f64 {
        self.windows.1 as f64 * YamnetFrontEnd::HOP_SECONDS + YamnetFrontEnd::PATCH_SECONDS
    }

    /// Whether no window hears a bit of both; a window reaches into the next one.
    fn is_before(&self, other: &Self) -> bool {
        self.windows.1 + 2 <= other.windows.0
    }
}

impl Scene {
    /// The places of the parts in the order they sound, where there are several and none sounds together with another.
    pub fn order(&self) -> Option<Vec<usize>> {
        let mut order: Vec<usize> = (0..self.parts.len()).collect();
        order.sort_by_key(|&j| self.parts[j].windows.0);
        let in_turn = |pair: &[usize]| self.parts[pair[0]].is_before(&self.parts[pair[1]]);
        (order.len() > 1 && order.windows(2).all(in_turn)).then_some(order)
    }
}

/// The sounds that `heard` tells of; `None` where it tells of none (silence).
pub fn scene(analysis: &ClassScores, classes: &Classes, options: &SceneOptions) -> Option<Scene> {
    let evidence = analysis.pooled(&WHOLE, |_, _| 1.0);
    let weights = specific(&evidence, classes);
    let (whole, whole_classes) = embed(&weights, |_| true, KEEP_WHOLE, classes)?;
    let parts = Search::new(analysis, classes, options, &evidence, &weights).parts();
    Some(Scene {
        whole,
        whole_classes,
        parts,
        evidence,
    })
}

/// ClassScores weighed by how much each class says: [521] -> [521].
fn specific(evidence: &[f32], classes: &Classes) -> Vec<f32> {
    let weighed = evidence.iter().zip(classes.iter());
    weighed.map(|(p, class)| p * class.weight()).collect()
}

/// unit(sum of weight * v) over the `keep` heaviest classes `among` all that weigh anything, and these classes, the
/// heaviest first; `None` where there is none.
fn embed(
    weights: &[f32],
    among: impl Fn(usize) -> bool,
    keep: usize,
    classes: &Classes,
) -> Option<(Embedding, Vec<usize>)> {
    let mut kept: Vec<usize> = (0..weights.len())
        .filter(|&c| weights[c] > 0.0 && among(c))
        .collect();
    kept.sort_by(|&a, &b| weights[b].total_cmp(&weights[a]));
    kept.truncate(keep);
    let mut sum = vec![0.0; classes.dim()];
    for &c in &kept {
        let vector = classes.vector(c);
        (sum.iter_mut().zip(vector)).for_each(|(s, v)| *s += weights[c] * v);
    }
    Some((Embedding::new(sum)?, kept))
}

/// The place of the highest number, the first of equals.
fn highest(numbers: &[f32]) -> usize {
    let higher = |best, i| if numbers[i] > numbers[best] { i } else { best };
    (0..numbers.len()).fold(0, higher)
}

#[cfg(test)]
mod tests;
