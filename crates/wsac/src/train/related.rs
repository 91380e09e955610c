//! Related captions, found once before training: similar captions of other clips, and projections on them.
//!
//! Captions' embeddings [n, d] -> lists of captions; or, for each caption, the unit projection [d] on all captions but its
//! own clip's: where a recording of that clip would be projected. Similarities are the memory's, so they are measured from the
//! same centre as at test time.

use rayon::prelude::*;

use super::lists::RaggedLists;
use crate::memory::Memory;
use wsac_encoders::embedding::{Embeddings, normalize};

/// Captions whose similarities are computed at once.
const QUERIES: usize = 128;
/// Weights below this share of the largest are left out of a projection.
const NOTHING: f32 = 1e-6;
/// The clip of queries that are not in the memory.
pub(super) const NO_CLIP: u32 = u32::MAX;

/// Captions with the clip of each.
pub(super) struct Clips<'a> {
    /// The captions; their rows are those of `rows`.
    pub memory: &'a Memory,
    /// [n, d].
    pub rows: &'a Embeddings,
    /// The clip of each.
    pub clips: &'a [u32],
}

impl Clips<'_> {
    /// For each of `queries` (of the clips `of`) the `most` nearest captions of other clips with a similarity in
    /// `low..=high`, the nearest first.
    pub fn near(
        &self,
        (queries, of): (&Embeddings, &[u32]),
        (low, high): (f32, f32),
        most: usize,
    ) -> RaggedLists {
        let mut lists = RaggedLists::default();
        self.each((queries, of), |clip, sims| {
            let mut found: Vec<(f32, u32)> = (sims.iter().zip(self.clips).zip(0..))
                .filter(|((sim, other), _)| **other != clip && (low..=high).contains(*sim))
                .map(|((sim, _), i)| (*sim, i))
                .collect();
            found.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            found.truncate(most);
            found
        })
        .for_each(|found| lists.push(found.into_iter().map(|(_, i)| i)));
        lists
    }

    /// The projection of each caption on those of other clips, of unit length: [n, d].
    pub fn projections(&self, tau: f32) -> Vec<f32> {
        let d = self.rows.dim();
        let made = self.each((self.rows, self.clips), |clip, sims| {
            let others = || (sims.iter().zip(self.clips)).filter(|(_, other)| **other != clip);
            let largest = others().fold(f32::NEG_INFINITY, |m, (sim, _)| m.max(*sim));
            let mut sum = vec![0.0; d];
            for (i, (sim, other)) in sims.iter().zip(self.clips).enumerate() {
                let weight = ((sim - largest) / tau).exp();
                if *other != clip && weight > NOTHING {
                    let row = self.rows.row(i);
                    sum.iter_mut().zip(row).for_each(|(s, x)| *s += weight * x);
                }
            }
            normalize(&mut sum);
            sum
        });
        made.flatten().collect()
    }

    /// `make(clip, similarities to all captions)` of each query, in order.
    fn each<'a, T: Send + 'a>(
        &'a self,
        (queries, of): (&'a Embeddings, &'a [u32]),
        make: impl Fn(u32, &[f32]) -> T + Sync + 'a,
    ) -> impl Iterator<Item = T> + 'a {
        (0..queries.len()).step_by(QUERIES).flat_map(move |first| {
            let range = first..(first + QUERIES).min(queries.len());
            let sims = self.memory.similarities(&queries.slice(range.clone()));
            let each = of[range]
                .par_iter()
                .zip(sims.par_chunks_exact(self.memory.len()));
            each.map(|(&clip, sims)| make(clip, sims))
                .collect::<Vec<T>>()
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use wsac_encoders::embedding::dot;

    fn four() -> (Memory, Embeddings) {
        let rows = vec![1.0, 0.0, 0.9, 0.1, 0.7, 0.7, 0.0, 1.0];
        let rows = Embeddings::new(2, rows).unwrap();
        (
            Memory::new(&["a", "b", "c", "d"], rows.clone()).unwrap(),
            rows,
        )
    }

    #[test]
    fn neighbours_are_in_the_band_and_of_other_clips_nearest_first() {
        let (memory, rows) = four();
        let clips = Clips {
            memory: &memory,
            rows: &rows,
            clips: &[0, 0, 1, 2],
        };
        let near = clips.near((&rows, clips.clips), (0.1, 0.99), 8);
        assert_eq!(near.of(0), [2]);
        assert_eq!(near.of(1), [2, 3]);
        assert_eq!(near.of(2), [1, 0, 3]);
        assert_eq!(near.of(3), [2, 1]);
        assert_eq!(near.of(4), [0u32; 0]);
        let (ends, items) = near.parts();
        let again = RaggedLists::from_parts(ends.to_vec(), items.to_vec(), 4);
        assert_eq!(again.unwrap(), near);
        let one = clips.near((&rows, clips.clips), (0.1, 0.99), 1);
        assert_eq!(one.of(2), [1]);
    }

    #[test]
    fn a_projection_leaves_out_the_captions_own_clip() {
        let (memory, rows) = four();
        let clips = Clips {
            memory: &memory,
            rows: &rows,
            clips: &[0, 0, 1, 2],
        };
        let made = clips.projections(0.01);
        // Of "a" the nearest of another clip is "c", at 45 degrees.
        assert!(
            (dot(&made[..2], rows.row(2)) - 1.0).abs() < 1e-4,
            "{made:?}"
        );
        assert!((dot(&made[..2], &made[..2]) - 1.0).abs() < 1e-5);
    }
}
