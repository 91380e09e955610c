//! Raw tuples of one caption or of many -> one scene graph, merged as SPICE merges.

use super::{Concept, Tuple};
use crate::wordnet::WordNet;

/// The scene graph of a candidate, or of all references of an item together.
///
/// A name that comes joins the most similar concept that is already in its place (see [`Concept::similarity`]), or is new
/// there if none is similar. What is in the graph stays apart, even where names that came later make two concepts similar.
/// So the order of the captions matters and, rarely, the order of the tuples in one.
///
/// Where two are equally similar, or two attributes similar at all, SPICE 1.0 takes now this one, now that: two of its
/// runs can differ. Here it is the most similar, the earliest of equals.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    concepts: Vec<(Place, Concept)>,
}

/// Where a concept stands in a graph. Objects are meant by their index in [`Graph::concepts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
        visit(tuple, |place, name| {
            self.join(place, Concept::new(name, wordnet))
        });
    }

    /// Where the names of `tuple`, which was added before, stand in the graph.
    pub(super) fn places<'t>(&self, tuple: &'t Tuple) -> Vec<(Place, &'t str)> {
        let mut places = Vec::new();
        visit(tuple, |place, name| {
            places.push((place, name));
            let here = |(p, concept): &(Place, Concept)| {
                *p == place && concept.names().iter().any(|known| known == name)
            };
            self.concepts.iter().position(here).unwrap_or(usize::MAX)
        });
        places
    }

    /// Joins `concept` to the most similar one in `place`: its index.
    fn join(&mut self, place: Place, concept: Concept) -> usize {
        let mut best = (0.0, None);
        for (index, (known_place, known)) in self.concepts.iter().enumerate() {
            if *known_place == place {
                let similarity = known.similarity(&concept);
                if similarity > best.0 {
                    best = (similarity, Some(index));
                }
            }
        }
        match best {
            (_, Some(index)) => {
                self.concepts[index].1.merge(&concept);
                index
            }
            (_, None) => {
                self.concepts.push((place, concept));
                self.concepts.len() - 1
            }
        }
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
