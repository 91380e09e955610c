//! The search for the parts of a scene: scores [6, T, 521] and the pooled scores of the whole [521] -> parts.

use super::options::SceneOptions;
use super::part::ScenePart;
use super::pooling::{embed, highest, specific};
use crate::mini::audioset::{Class, Classes};
use crate::mini::augment::VIEWS;
use crate::mini::class_scores::ClassScores;
use crate::models::yamnet::CLASSES;

/// The weight of each view in the scores of a further part: the last view, without low sounds, finds what is masked.
const PARTS: [f32; VIEWS] = [1.0; VIEWS];

/// The number of classes in the embedding of a part.
const KEEP_PART: usize = 8;

/// From this similarity on, two classes are the same sound.
const SAME_SOUND: f32 = 0.5;
/// Classes are gathered by similarity; one of the same kind is this much nearer, and below [`LOOSE`] it belongs nowhere.
const SAME_KIND: f32 = 0.6;
const LOOSE: f32 = 0.2;

/// Music that is doubtful is seldom what a recording is about: its share as a first and as a further part.
const DOUBTFUL_MUSIC: f32 = 0.3;
const FURTHER_MUSIC: f32 = 0.5;

/// How many classes are tried for a further part, and the score below which none is tried.
const TRIES: usize = 6;
const FAINT: f32 = 0.005;

/// A part sounds where its first classes reach this share of their highest score.
const SOUNDS: f32 = 0.15;
const TELLING: usize = 4;

/// A part that was found: its seed class, and the scores of all classes, [521], at that step.
struct Find {
    seed: usize,
    evidence: Vec<f32>,
    strength: f32,
}

/// The search for parts.
pub struct Search<'a> {
    analysis: &'a ClassScores,
    classes: &'a Classes,
    options: &'a SceneOptions,
    /// The scores of speech and of music.
    speech: f32,
    music: f32,
    finds: Vec<Find>,
    /// The classes that are the same sound as one that was found, [521].
    taken: Vec<bool>,
}

impl<'a> Search<'a> {
    /// With the first part: the class with the most weight, unless it is speech or music and there is too little of it.
    pub fn new(
        analysis: &'a ClassScores,
        classes: &'a Classes,
        options: &'a SceneOptions,
        evidence: &[f32],
        weights: &[f32],
    ) -> Self {
        let mut search = Self {
            speech: analysis.twice(classes.speech()),
            music: analysis.twice(classes.music()),
            analysis,
            classes,
            options,
            finds: Vec::new(),
            taken: vec![false; CLASSES],
        };
        let mut rank = weights.to_vec();
        for (rank, class) in rank.iter_mut().zip(classes.iter()) {
            if class.is_speech() && search.speech < options.speech {
                *rank = 0.0;
            }
            if class.is_music() && search.music < options.music {
                *rank *= DOUBTFUL_MUSIC;
            }
        }
        let seed = highest(&rank);
        search.take(Find {
            seed,
            evidence: evidence.to_vec(),
            strength: evidence[seed],
        });
        search
    }

    /// Finds all parts.
    pub fn parts(mut self) -> Vec<ScenePart> {
        while self.finds.len() < self.options.most_parts
            && let Some(find) = self.next()
        {
            self.take(find);
        }
        self.gather()
    }

    fn take(&mut self, find: Find) {
        let similar = self.classes.similar(find.seed);
        for (taken, similar) in self.taken.iter_mut().zip(similar) {
            *taken |= *similar >= SAME_SOUND;
        }
        self.taken[find.seed] = true;
        self.finds.push(find);
    }

    /// A further part, if one is accepted.
    fn next(&self) -> Option<Find> {
        let (classes, options) = (self.classes, self.options);
        let clear = self.beside_clear();
        let scores = self.beside_found(clear);
        let likely = self.as_captions_say(&scores, clear);
        let (speech, music) = (classes.speech(), classes.music());
        let voice = self.seeds().any(|seed| classes.class(seed).is_voice());
        let enough = if voice {
            options.speech_beside_voice
        } else {
            options.speech
        };
        let seed = if !self.taken[speech] && self.speech >= enough {
            speech
        } else if !self.taken[music] && self.music >= options.music {
            music
        } else {
            self.believed(&likely, clear)?
        };
        Some(Find {
            seed,
            strength: scores[seed],
            evidence: if seed == speech { scores } else { likely },
        })
    }

    fn seeds(&self) -> impl Iterator<Item = usize> {
        self.finds.iter().map(|find| find.seed)
    }

    /// Whether nothing but speech and music was found.
    fn beside_clear(&self) -> bool {
        let clear = |class: &Class| class.is_speech() || class.is_music();
        self.seeds().all(|seed| clear(self.classes.class(seed)))
    }

    /// The scores q [521] where the found parts are not loud: scores times `1 - discount * loudest taken score`.
    fn beside_found(&self, clear: bool) -> Vec<f32> {
        let discount = if clear {
            self.options.discount_beside_clear
        } else {
            self.options.discount
        };
        self.analysis.pooled(&PARTS, |l, t| {
            let taken = self.analysis.row(l, t).iter().zip(&self.taken);
            let loudest = taken.filter(|(_, taken)| **taken).map(|(score, _)| *score);
            1.0 - discount * loudest.fold(0.0, f32::max)
        })
    }

    /// The scores by how likely captions name the class: q * prior, [521]. Beside speech and music, rarity is no
    /// reason for doubt, but similarity with them is.
    fn as_captions_say(&self, scores: &[f32], clear: bool) -> Vec<f32> {
        let related = |c: usize| {
            self.seeds()
                .any(|seed| self.classes.similar(seed)[c] >= self.options.kin_of_clear)
        };
        let likely = |(c, q): (usize, &f32)| {
            let prior = self.classes.class(c).prior();
            match clear {
                true if related(c) => 0.0,
                true => q * prior.max(1.0),
                false => q * prior,
            }
        };
        scores.iter().enumerate().map(likely).collect()
    }

    /// The most specific class of `likely` that is not taken and has the score it needs; one that has not takes its
    /// related classes with it.
    fn believed(&self, likely: &[f32], clear: bool) -> Option<usize> {
        let mut rank = specific(likely, self.classes);
        for (c, class) in self.classes.iter().enumerate() {
            if self.taken[c] || class.is_speech() {
                rank[c] = 0.0;
            } else if class.is_music() {
                rank[c] *= FURTHER_MUSIC;
            }
        }
        for _ in 0..TRIES {
            let seed = highest(&rank);
            if rank[seed] <= FAINT {
                return None;
            }
            if likely[seed] >= self.needed(seed, clear) {
                return Some(seed);
            }
            let similar = self.classes.similar(seed).iter();
            for (rank, similar) in rank.iter_mut().zip(similar) {
                if *similar >= SAME_SOUND {
                    *rank = 0.0;
                }
            }
            rank[seed] = 0.0;
        }
        None
    }

    /// The score that class `c` needs to be accepted.
    fn needed(&self, c: usize, clear: bool) -> f32 {
        let class = self.classes.class(c);
        let kind = |seed: usize| &self.classes.class(seed).kind;
        let needed = if clear {
            self.options.second_beside_clear
        } else if !self.seeds().any(|seed| *kind(seed) == class.kind) {
            self.options.second
        } else if class.descendants == 0 || class.is_voice() {
            self.options.second_same_kind
        } else {
            f32::INFINITY // a more general class of one already found
        };
        if class.is_music() {
            needed.max(self.options.music)
        } else {
            needed
        }
    }

    /// The parts of what was found.
    fn gather(&self) -> Vec<ScenePart> {
        let owners: Vec<Option<usize>> = (0..CLASSES).map(|c| self.owner(c)).collect();
        let part = |(j, find): (usize, &Find)| {
            let weights = self.weights(find);
            let mine = |c: usize| c == find.seed || owners[c] == Some(j);
            let (embedding, classes) = embed(&weights, mine, KEEP_PART, self.classes)
                // None of its classes scores: then the part is its seed alone.
                .or_else(|| Some((self.classes.embedding(find.seed), vec![find.seed])))?;
            Some(ScenePart {
                seed: find.seed,
                embedding,
                weights: classes.iter().map(|&c| weights[c]).collect(),
                strength: find.strength,
                windows: self.span(&classes[..classes.len().min(TELLING)]),
                classes,
            })
        };
        self.finds.iter().enumerate().filter_map(part).collect()
    }

    /// The part that class `c` is most like, if it is like one.
    fn owner(&self, c: usize) -> Option<usize> {
        let near = |seed: usize| {
            let kind = self.classes.class(seed).kind == self.classes.class(c).kind;
            self.classes.similar(seed)[c] + if kind { SAME_KIND } else { 0.0 }
        };
        let near: Vec<f32> = self.seeds().map(near).collect();
        let owner = highest(&near);
        (near[owner] >= LOOSE).then_some(owner)
    }

    /// The weight of each class in a part, [521]: speech goes with speech alone, and nothing else includes speech or, by
    /// itself, music.
    fn weights(&self, find: &Find) -> Vec<f32> {
        let seed = self.classes.class(find.seed);
        let mut weights = specific(&find.evidence, self.classes);
        for (weight, class) in weights.iter_mut().zip(self.classes.iter()) {
            let foreign = class.is_music() && !seed.is_music();
            if foreign || class.is_speech() != seed.is_speech() {
                *weight = 0.0;
            }
        }
        if seed.is_speech() {
            let speech = &mut weights[self.classes.speech()];
            *speech = speech.max(1e-3);
        }
        weights
    }

    /// The first and the last window where one of `classes` is active, on the mean of the views.
    fn span(&self, classes: &[usize]) -> (usize, usize) {
        let loudest = |row: &[f32]| classes.iter().map(|&c| row[c]).fold(0.0, f32::max);
        let activity = |t: usize| {
            let scores = (0..VIEWS).map(|l| loudest(self.analysis.row(l, t)));
            scores.sum::<f32>() / VIEWS as f32
        };
        let activity: Vec<f32> = (0..self.analysis.len()).map(activity).collect();
        let least = SOUNDS * activity.iter().copied().fold(0.0, f32::max);
        let sounds = |score: &f32| *score >= least;
        let first = activity.iter().position(sounds).unwrap_or(0);
        let last = activity.iter().rposition(sounds).unwrap_or(0);
        (
            self.analysis.windows(first).0,
            self.analysis.windows(last).1,
        )
    }
}
