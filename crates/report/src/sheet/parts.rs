//! What a sheet is made of.

use crate::tsne::Tsne;

/// What is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// Its title; none where empty.
    pub title: String,
    /// Length of a row.
    pub d: usize,
    /// The kinds of embeddings. Colour and shape are by their order.
    pub sets: Vec<Set>,
    /// The panels, in reading order.
    pub panels: Vec<Panel>,
    /// One map for all, or a map a panel.
    pub layout: Layout,
    /// How the maps are made; its seed also chooses which pairs are drawn and joined.
    pub tsne: Tsne,
    /// Pairs drawn at most (the numbers are of all). More are slower, and hide each other from about 600 on.
    pub drawn: usize,
    /// So many pairs have a line that joins them.
    pub joined: usize,
    /// Panels side by side.
    pub columns: usize,
}

impl Default for Sheet {
    /// Together, 400 pairs, none joined, three panels a row.
    fn default() -> Self {
        Self {
            title: String::new(),
            d: 0,
            sets: Vec::new(),
            panels: Vec::new(),
            layout: Layout::Together,
            tsne: Tsne::default(),
            drawn: 400,
            joined: 0,
            columns: 3,
        }
    }
}

/// A kind of embeddings.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Set {
    /// Its name in legends, e.g. `audio` or `text + noise`.
    pub name: String,
    /// `[N, d]`; row i belongs to row i of the set it is compared with.
    pub rows: Vec<f32>,
}

/// Two sets against each other.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Panel {
    /// E.g. `Figure 3a: noise injection`.
    pub title: String,
    /// Numbers of the two sets in [`Sheet::sets`].
    pub sets: [usize; 2],
}

/// How panels share maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    /// One map of all sets: right for comparing panels.
    #[default]
    Together,
    /// A map a panel: as the paper's figures have it.
    Alone,
}

/// Where a set's rows lie.
pub(super) type Points = Vec<[f32; 2]>;
