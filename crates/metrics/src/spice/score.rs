//! Merged tuples of a candidate and of its references -> how many match -> precision, recall, F1 of each subset.

use super::{Concept, Subset, Tuple};
use crate::Scores;

/// How the tuples of one item compare.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ItemScore {
    /// The candidate's merged tuples, each with whether the references say the same. Names of a concept are joined by
    /// "/", as SPICE prints them.
    pub candidate: Vec<(Tuple, bool)>,
    /// The merged tuples of all references.
    pub references: Vec<Tuple>,
    /// The counts of each subset, in the order of [`Subset::EACH`].
    pub counts: [Counts; 7],
}

impl ItemScore {
    /// Compares the merged tuples of a candidate with those of its references.
    pub fn new(candidate: &[Tuple<Concept>], references: &[Tuple<Concept>]) -> Self {
        let print = |tuple: &Tuple<Concept>| tuple.map(Concept::to_string);
        Self {
            candidate: (candidate.iter())
                .map(|tuple| (print(tuple), is_said(tuple, references)))
                .collect(),
            references: references.iter().map(print).collect(),
            counts: Subset::EACH.map(|subset| {
                let part = |tuples: &[Tuple<Concept>]| -> Vec<_> {
                    (tuples
                        .iter()
                        .filter(|tuple| subset.contains(tuple))
                        .cloned())
                    .collect()
                };
                Counts::new(&part(candidate), &part(references))
            }),
        }
    }

    /// The F1 of `subset`; NaN where the references have no tuple of it. Of all tuples: 0 there.
    pub fn f1(&self, subset: Subset) -> f64 {
        let f1 = self.counts[subset as usize].f1();
        match subset {
            Subset::All if f1.is_nan() => 0.0,
            _ => f1,
        }
    }
}

/// Whether one of `references` has as many slots as `tuple` and shares a name or a synset with it in every one.
fn is_said(tuple: &Tuple<Concept>, references: &[Tuple<Concept>]) -> bool {
    references.iter().any(|reference| {
        reference.slots().len() == tuple.slots().len()
            && (reference.slots().zip(tuple.slots())).all(|(reference, own)| reference.matches(own))
    })
}

/// How many tuples there are and how many of them match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Tuples of the candidate.
    pub candidate: usize,
    /// Tuples of the references.
    pub references: usize,
    /// Tuples of the candidate that the references have too. One of theirs may match several, so `matched` can exceed
    /// `references`: recall and F1 then exceed 1, in the original too.
    pub matched: usize,
}

impl Counts {
    fn new(candidate: &[Tuple<Concept>], references: &[Tuple<Concept>]) -> Self {
        let said = candidate.iter().filter(|tuple| is_said(tuple, references));
        Self {
            candidate: candidate.len(),
            references: references.len(),
            matched: said.count(),
        }
    }

    /// matched / candidate: 0 where the candidate has no tuple, NaN where the references have none.
    pub fn precision(&self) -> f64 {
        match (self.candidate, self.references) {
            (_, 0) => f64::NAN,
            (0, _) => 0.0,
            (candidate, _) => self.matched as f64 / candidate as f64,
        }
    }

    /// matched / references: NaN where the references have no tuple.
    pub fn recall(&self) -> f64 {
        self.matched as f64 / self.references as f64
    }

    /// 2 P R / (P + R): 0 where nothing matches, NaN where the references have no tuple.
    pub fn f1(&self) -> f64 {
        let (precision, recall) = (self.precision(), self.recall());
        match self.matched {
            0 if self.references > 0 => 0.0,
            _ => 2.0 * precision * recall / (precision + recall),
        }
    }
}

/// SPICE (Anderson et al. 2016) and the scores of its subsets.
///
/// Each is the F1 of an item's tuples; the corpus score is the mean of the items. In a subset, an item whose references
/// have no such tuple has no score: NaN, and left out of the mean, as in the summary that SPICE 1.0 prints (NaN where no
/// item is left).
#[derive(Debug, Clone)]
pub struct SpiceScores {
    /// SPICE. Never NaN: an item whose references have no tuple at all scores 0.
    pub all: Scores,
    /// Objects alone.
    pub object: Scores,
    /// Attributes alone.
    pub attribute: Scores,
    /// Relations alone.
    pub relation: Scores,
    /// Attributes that are colours.
    pub color: Scores,
    /// Attributes that are sizes.
    pub size: Scores,
    /// Attributes that are numbers.
    pub cardinality: Scores,
    /// What was compared, for each item.
    pub items: Vec<ItemScore>,
}

impl SpiceScores {
    /// The scores of `items`.
    pub fn new(items: Vec<ItemScore>) -> Self {
        let scores = |subset| Scores::mean_of(items.iter().map(|item| item.f1(subset)).collect());
        Self {
            all: scores(Subset::All),
            object: scores(Subset::Object),
            attribute: scores(Subset::Attribute),
            relation: scores(Subset::Relation),
            color: scores(Subset::Color),
            size: scores(Subset::Size),
            cardinality: scores(Subset::Cardinality),
            items,
        }
    }
}
