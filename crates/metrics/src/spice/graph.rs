//! Raw tuples of one caption or of many -> one scene graph, merged as SPICE merges.

use std::collections::{BTreeSet, HashMap};

use super::{Concept, Tuple};
use crate::wordnet::WordNet;

/// The scene graph of a candidate, or of all references of an item together.
///
/// A name that comes belongs to the concept in its place that has it already, else joins the most similar one there (see
/// [`Concept::similarity`]), else is a new concept. What is in the graph stays apart, even where names that came later make two concepts similar.
/// So the order of the captions matters and, rarely, the order of the tuples in one.
///
/// Where two are equally similar, or two attributes similar at all, SPICE 1.0 takes now this one, now that: two of its
/// runs can differ. Here it is the most similar, the earliest of equals.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    concepts: Vec<(Place, Concept)>,
    /// Which concept has a name in a place.
    named: HashMap<(Place, String), usize>,
    /// Which concepts have a synset in a place.
    meaning: HashMap<(Place, u32), Vec<usize>>,
}

/// Where a concept stands in a graph. Objects are meant by their index in [`Graph::concepts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Place {
    Object,
    AttributeOf(usize),
    Between(usize, usize),
}

impl Graph {
    /// The graph of captions, each with its raw tuples in the parser's order.
    pub fn of<'a>(captions: impl IntoIterator<Item = &'a [Tuple]>, wordnet: &WordNet) -> Self {
        let mut graph = Self::default();
        for tuple in captions.into_iter().flatten() {
            graph.add(tuple, wordnet);
        }
        graph
    }

    /// Merges one raw tuple into the graph.
    pub fn add(&mut self, tuple: &Tuple, wordnet: &WordNet) {
        visit(tuple, |place, name| self.join(place, name, wordnet));
    }

    /// Where the names of `tuple`, which was added before, stand in the graph.
    pub(super) fn places<'t>(&self, tuple: &'t Tuple) -> Vec<(Place, &'t str)> {
        let mut places = Vec::new();
        visit(tuple, |place, name| {
            places.push((place, name));
            let known = self.named.get(&(place, name.to_owned()));
            known.copied().unwrap_or(usize::MAX)
        });
        places
    }

    /// Adds `name` in `place`: the index of its concept.
    fn join(&mut self, place: Place, name: &str, wordnet: &WordNet) -> usize {
        let key = (place, name.to_owned());
        if let Some(&known) = self.named.get(&key) {
            return known;
        }
        let concept = Concept::new(name, wordnet);
        let synsets = concept.synsets().iter().map(|&synset| (place, synset));
        let kin: BTreeSet<usize> = (synsets.clone())
            .filter_map(|key| self.meaning.get(&key))
            .flatten()
            .copied()
            .collect();
        let similarity = |&index: &usize| self.concepts[index].1.similarity(&concept);
        // The last of equals, from behind: the earliest.
        let most = (kin.into_iter().rev()).max_by(|a, b| similarity(a).total_cmp(&similarity(b)));
        let index = most.unwrap_or(self.concepts.len());
        self.named.insert(key, index);
        for key in synsets {
            self.meaning.entry(key).or_default().push(index);
        }
        match self.concepts.get_mut(index) {
            Some((_, known)) => known.merge(&concept),
            None => self.concepts.push((place, concept)),
        }
        index
    }

    /// The merged tuples, in the order in which they came to the graph.
    pub fn tuples(&self) -> Vec<Tuple<Concept>> {
        let concept = |index: usize| self.concepts[index].1.clone();
        let tuple = |(place, own): &(Place, Concept)| match *place {
            Place::Object => Tuple::Object(own.clone()),
            Place::AttributeOf(object) => Tuple::Attribute {
                object: concept(object),
                attribute: own.clone(),
            },
            Place::Between(subject, object) => Tuple::Relation {
                subject: concept(subject),
                relation: own.clone(),
                object: concept(object),
            },
        };
        self.concepts.iter().map(tuple).collect()
    }
}

/// Shows `at` each name of a tuple with its place; `at` answers the index of the concept that it belongs to.
fn visit<'t>(tuple: &'t Tuple, mut at: impl FnMut(Place, &'t str) -> usize) {
    match tuple {
        Tuple::Object(object) => {
            at(Place::Object, object);
        }
        Tuple::Attribute { object, attribute } => {
            let object = at(Place::Object, object);
            at(Place::AttributeOf(object), attribute);
        }
        Tuple::Relation {
            subject,
            relation,
            object,
        } => {
            let subject = at(Place::Object, subject);
            let object = at(Place::Object, object);
            // "A dog is behind the tree" says no more than "a dog behind the tree".
            let relation = relation.strip_prefix("be ").unwrap_or(relation);
            at(Place::Between(subject, object), relation);
        }
    }
}
