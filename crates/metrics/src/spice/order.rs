//! Whether the order of the tuples within a caption, where it is not known, could change the merged graph.

use std::collections::BTreeMap;

use super::graph::{Graph, Place};
use super::{Concept, Tuple};
use crate::wordnet::WordNet;

/// Whether `captions` (in order), whose raw tuples lie in any order, could make another [`Graph`] in another order.
///
/// Names in one place that are all similar to each other become one concept in any order. Where similarity is not shared
/// by all (a rail is a track or a train, but a track is no train), it matters which name comes first; that is known if
/// each caption brings no more than one of them.
pub(super) fn matters(captions: &[&[Tuple]], wordnet: &WordNet) -> bool {
    let graph = Graph::of(captions.iter().copied(), wordnet);
    // Place -> name -> the captions that bring it.
    let mut places: BTreeMap<Place, BTreeMap<&str, Vec<usize>>> = BTreeMap::new();
    for (caption, tuples) in captions.iter().enumerate() {
        for (place, name) in tuples.iter().flat_map(|tuple| graph.places(tuple)) {
            let captions = places.entry(place).or_default().entry(name).or_default();
            if captions.last() != Some(&caption) {
                captions.push(caption);
            }
        }
    }
    places.values().any(|names| {
        let names: Vec<(Concept, &[usize])> = (names.iter())
            .map(|(name, captions)| (Concept::new(name, wordnet), captions.as_slice()))
            .collect();
        kin(&names).iter().any(|kin| {
            let each_to_each = kin
                .iter()
                .all(|&a| kin.iter().all(|&b| names[a].0.matches(&names[b].0)));
            let mut captions: Vec<usize> = (kin.iter())
                .flat_map(|&name| names[name].1)
                .copied()
                .collect();
            captions.sort_unstable();
            !each_to_each && captions.windows(2).any(|two| two[0] == two[1])
        })
    })
}

/// The names (their indices), parted where nothing on one side is similar to anything on the other.
fn kin(names: &[(Concept, &[usize])]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for name in 0..names.len() {
        let (mut own, others): (Vec<_>, Vec<_>) = (groups.into_iter()).partition(|group| {
            group
                .iter()
                .any(|&other| names[other].0.matches(&names[name].0))
        });
        let mut joined: Vec<usize> = own.drain(..).flatten().collect();
        joined.push(name);
        groups = others;
        groups.push(joined);
    }
    groups
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Words with one to three of six synsets each.
    const SYNSETS: &str = "a\n1\nb\n1 2\nc\n2 3\nd\n3\ne\n4\nf\n4 5\ng\n5\nh\n6\ni\n6\nj\n1 4 6\n";

    /// Numbers below `n`, the same in every run.
    struct Draw(u64);

    impl Draw {
        fn below(&mut self, n: usize) -> usize {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (self.0 >> 33) as usize % n
        }

        fn word(&mut self) -> String {
            "abcdefghij"[self.below(10)..][..1].into()
        }

        fn tuple(&mut self) -> Tuple {
            let slots = (0..=self.below(3)).map(|_| self.word()).collect();
            Tuple::from_slots(slots).unwrap()
        }

        fn shuffle(&mut self, tuples: &mut [Tuple]) {
            for last in (1..tuples.len()).rev() {
                tuples.swap(last, self.below(last + 1));
            }
        }
    }

    fn merged(captions: &[Vec<Tuple>], wordnet: &WordNet) -> Vec<Tuple> {
        let graph = Graph::of(captions.iter().map(Vec::as_slice), wordnet);
        let mut tuples: Vec<Tuple> = (graph.tuples().iter())
            .map(|tuple| tuple.map(Concept::to_string))
            .collect();
        tuples.sort();
        tuples
    }

    #[test]
    fn where_order_is_said_not_to_matter_it_does_not() {
        let (wordnet, mut draw) = (WordNet::from_text(SYNSETS, "").unwrap(), Draw(1));
        let (mut sure, mut changed) = (0, 0);
        for _ in 0..2000 {
            let mut captions: Vec<Vec<Tuple>> = (0..=draw.below(4))
                .map(|_| (0..=draw.below(4)).map(|_| draw.tuple()).collect())
                .collect();
            let slices: Vec<&[Tuple]> = captions.iter().map(Vec::as_slice).collect();
            let matters = matters(&slices, &wordnet);
            let first = merged(&captions, &wordnet);
            for _ in 0..10 {
                captions.iter_mut().for_each(|tuples| draw.shuffle(tuples));
                let same = merged(&captions, &wordnet) == first;
                assert!(same || matters, "{captions:?}");
                changed += usize::from(!same);
            }
            sure += usize::from(!matters);
        }
        assert!(
            sure > 500 && changed > 500,
            "{sure} sure, {changed} changed"
        );
    }
}
