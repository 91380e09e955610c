//! Texts packed without padding: ids of several texts one after the other, a text in rows `starts[s]..starts[s + 1]`.
//!
//! A text's neighbours do not change its embedding, so texts are sorted by length, equal ones computed once, and as
//! many taken together as fill a block: lists of ids -> unit embeddings [N, d].

use rayon::prelude::*;

use crate::embedding::Embeddings;
use crate::error::Result;

/// Tokens computed together: enough for full speed, and the states still fit the cache.
const TOKENS_PER_BLOCK: usize = 1024;

/// Where each text starts among the packed rows, and the end of the last: [texts + 1].
pub fn starts(texts: &[&[u32]]) -> Vec<usize> {
    let ends = texts.iter().scan(0, |end, ids| {
        *end += ids.len();
        Some(*end)
    });
    [0].into_iter().chain(ends).collect()
}

/// Row `at(text)` of each text, counted from its first: [tokens, width] -> [texts, width].
pub fn pick(x: &[f32], starts: &[usize], width: usize, at: impl Fn(usize) -> usize) -> Vec<f32> {
    let texts = starts[..starts.len() - 1].iter().enumerate();
    texts
        .flat_map(|(text, start)| &x[(start + at(text)) * width..][..width])
        .copied()
        .collect()
}

/// The mean over each text's tokens: [tokens, width] -> [texts, width].
pub fn mean(x: &[f32], starts: &[usize], width: usize) -> Vec<f32> {
    let mut means = vec![0.0; (starts.len() - 1) * width];
    for (mean, range) in means.chunks_exact_mut(width).zip(starts.windows(2)) {
        for row in x[range[0] * width..range[1] * width].chunks_exact(width) {
            mean.iter_mut().zip(row).for_each(|(m, x)| *m += x);
        }
        let n = (range[1] - range[0]) as f32;
        mean.iter_mut().for_each(|m| *m /= n);
    }
    means
}

/// Unit embeddings [N, dim] of texts given as `ids`, in their order; `forward` gives those of a block, not yet unit.
/// `on_progress` gets the number of finished texts after each block.
///
/// # Errors
/// Where an embedding has no direction.
pub fn embed(
    ids: &[Vec<u32>],
    dim: usize,
    forward: impl Fn(&[&[u32]]) -> Vec<f32>,
    on_progress: &mut dyn FnMut(usize),
) -> Result<Embeddings> {
    Embeddings::new(dim, rows(ids, dim, forward, on_progress))
}

/// As [`embed`], the rows as `forward` gives them.
pub fn rows(
    ids: &[Vec<u32>],
    dim: usize,
    forward: impl Fn(&[&[u32]]) -> Vec<f32>,
    on_progress: &mut dyn FnMut(usize),
) -> Vec<f32> {
    let mut order: Vec<usize> = (0..ids.len()).collect();
    order.par_sort_unstable_by_key(|&i| (ids[i].len(), &ids[i]));
    let mut rows = vec![0.0; ids.len() * dim];
    let mut done = 0;
    while done < order.len() {
        // Equal texts are neighbours now: each distinct one is computed once.
        let mut block: Vec<&[u32]> = Vec::new();
        let mut tokens = 0;
        let mut places: Vec<(usize, usize)> = Vec::new();
        for &i in &order[done..] {
            if block.last() != Some(&ids[i].as_slice()) {
                tokens += ids[i].len();
                if tokens > TOKENS_PER_BLOCK && !block.is_empty() {
                    break;
                }
                block.push(&ids[i]);
            }
            places.push((i, block.len() - 1));
        }
        let embedded = forward(&block);
        for &(text, row) in &places {
            rows[text * dim..][..dim].copy_from_slice(&embedded[row * dim..][..dim]);
        }
        done += places.len();
        on_progress(done);
    }
    rows
}
