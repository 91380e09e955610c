//! Which sounds are in a recording, and when: scores [6, T, 521] -> the whole as one embedding [d], and its parts.
//!
//! ```text
//! first part:   the class with the highest weighted score; its related classes (similarity >= 0.5) are taken
//! next parts:   q = scores where the found parts are not loud;  e = q * prior;  the first specific class that is not
//!               taken and passes its threshold; speech and music have rules of their own
//! gathering:    every class goes to the part it is most similar to;  z = unit(sum of the 8 heaviest weights * v)
//! ```
//!
//! The reference in numpy is reference/scene.py. Its constants were chosen on 400 recordings of single sounds and 200
//! mixtures of them (ESC-10), none held out.

mod options;
mod part;
mod pooling;
mod sources;

use crate::embedding::Embedding;
use crate::mini::audioset::Classes;
use crate::mini::augment::VIEWS;
use crate::mini::class_scores::ClassScores;
pub use options::SceneOptions;
pub use part::ScenePart;
use pooling::{embed, specific};
use sources::Search;

/// The weight of each view in the scores of the whole: the last view, without low sounds, would bias them.
const WHOLE: [f32; VIEWS] = [1.0, 1.0, 1.0, 1.0, 1.0, 0.0];

/// The number of classes in the embedding of the whole: the rest is noise.
const KEEP_WHOLE: usize = 10;

/// The sounds of a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// The embedding of the whole recording.
    pub whole: Embedding,
    /// The classes behind [`Scene::whole`], the heaviest first.
    pub whole_classes: Vec<usize>,
    /// The pooled score of each class, [521], each in [0, 1].
    pub evidence: Vec<f32>,
    /// Its sounds, most prominent first; at least one.
    pub parts: Vec<ScenePart>,
}

impl Scene {
    /// The indices of the parts in temporal order, if there are several and none overlaps another.
    pub fn order(&self) -> Option<Vec<usize>> {
        let mut order: Vec<usize> = (0..self.parts.len()).collect();
        order.sort_by_key(|&j| self.parts[j].windows.0);
        let in_turn = |pair: &[usize]| self.parts[pair[0]].is_before(&self.parts[pair[1]]);
        (order.len() > 1 && order.windows(2).all(in_turn)).then_some(order)
    }
}

/// The scene behind class scores; `None` where there is none (silence).
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

#[cfg(test)]
mod tests;
