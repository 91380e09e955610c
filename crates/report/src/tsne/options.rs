//! The settings of t-SNE.

/// How the map is made. The defaults are those of scikit-learn, with a start from the principal components.
#[derive(Debug, Clone, PartialEq)]
pub struct Tsne {
    /// How many neighbours a row has, softly; 5 to 50. Lowered to `(N - 1) / 3` where there are few rows.
    pub perplexity: f64,
    /// Steps, with the exaggerated ones. Fewer are faster and less settled; look at [`Map::divergence`](super::Map::divergence).
    pub iterations: usize,
    /// Steps at the beginning in which neighbours attract `exaggeration` times as much, which forms the clusters.
    pub exaggerated: usize,
    /// How much more they attract.
    pub exaggeration: f64,
    /// Equal seeds give equal bits. It moves the start by a hundredth of its spread, no more.
    pub seed: u64,
}

impl Default for Tsne {
    fn default() -> Self {
        Self {
            perplexity: 30.0,
            iterations: 750,
            exaggerated: 250,
            exaggeration: 12.0,
            seed: 0,
        }
    }
}
