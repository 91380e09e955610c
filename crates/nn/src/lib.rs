//! The CPU engine of `wsac`: forward and backward ops over plain row-major slices.
//!
//! No model, no file, no printing. Each op's backward stands beside its forward and is checked by
//! finite differences. Work is split so that results do not depend on the number of threads; the
//! number of threads is that of the current rayon pool.
//!
//! | module | what |
//! |---|---|
//! | [`matmul`] | `Mat` views, products in f32, bf16 and int8, the linear layer and its gradients |
//! | [`norm`] | layer normalisation |
//! | [`activation`] | GELU (tanh and erf forms), tanh |
//! | [`attention`] | multi-head attention over packed sequences, and one step over a KV cache |
//! | [`windows`] | attention within windows of tokens, forward only |
//! | [`conv`] | 3x3 convolutions, per channel and full, forward only |
//! | [`image`] | images with a border of zeros; 3x3 convolutions as matrix products (f32: Winograd's), forward only |
//! | [`loss`] | softmax cross-entropy fused with the output head; log-softmax |
//! | [`dropout`] | counter-based dropout: the mask is a function of seed and position |
//! | [`search`] | inner products with many rows, softmax weights, weighted sums |
//! | [`optim`] | Adam, AdamW and the reference code's older AdamW |

pub mod activation;
pub mod attention;
pub mod conv;
pub mod dropout;
pub mod image;
pub mod loss;
pub mod matmul;
pub mod norm;
pub mod optim;
pub mod rng;
mod rows;
mod scratch;
pub mod search;
mod simd;
#[cfg(test)]
mod testing;
pub mod windows;
mod winograd;
