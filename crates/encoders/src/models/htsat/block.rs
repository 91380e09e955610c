//! Swin's stages: tokens [side * side, C] -> attention within windows of 8x8 -> [side * side / 4, 2 C].
//!
//! Every second block shifts its windows by four tokens, so that neighbours meet; the last stage has a single window.

use wsac_nn::activation::gelu_erf;
use wsac_nn::windows::{Windows, window_attention};

use crate::error::{Error, Result};
use crate::models::hook::ForwardHook;
use crate::models::layers::{Linear, Norm, add};
use wsac_tensors::weights::Weights;

/// What is added to a variance in the layer norms.
pub(super) const EPS: f32 = 1e-5;

/// Who named the weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    Original,
    HuggingFace,
}

/// Tokens along a side of a window.
const WINDOW: usize = 8;

/// Tokens of a window.
const TOKENS: usize = WINDOW * WINDOW;

/// What is added to a product of tokens that do not belong together.
const APART: f32 = -100.0;

/// Blocks over one grid of tokens, and how it is merged into the next one.
pub struct Stage {
    blocks: Vec<Block>,
    /// Windows as they lie, and shifted.
    places: [Places; 2],
    merge: Option<Merge>,
}

struct Block {
    norm1: Norm,
    qkv: Linear,
    /// [heads, 64, 64].
    bias: Vec<f32>,
    heads: usize,
    proj: Linear,
    norm2: Norm,
    fc1: Linear,
    fc2: Linear,
}

/// Four neighbouring tokens become one: [side * side, C] -> [side * side / 4, 2 C].
struct Merge {
    side: usize,
    norm: Norm,
    reduction: Linear,
}

/// Which token of a grid stands where in its windows.
struct Places {
    /// The token at each place, window by window: [side * side].
    tokens: Vec<usize>,
    /// [windows, 64, 64] where windows hold tokens that do not belong together.
    mask: Option<Vec<f32>>,
}

impl Stage {
    /// Reads `<name>.blocks.0, 1, ..` as many as there are, and `<name>.downsample` unless the grid is one window.
    pub fn read(
        w: &dyn Weights,
        name: &str,
        names: Names,
        width: usize,
        side: usize,
    ) -> Result<Self> {
        let mut blocks = Vec::new();
        while blocks.is_empty()
            || Block::is_in(w, &format!("{name}.blocks.{}", blocks.len()), names)
        {
            let block = format!("{name}.blocks.{}", blocks.len());
            blocks.push(Block::read(w, &block, names, width)?);
        }
        let merges = side > WINDOW;
        let shift = if merges { WINDOW / 2 } else { 0 };
        Ok(Self {
            blocks,
            places: [Places::new(side, 0), Places::new(side, shift)],
            merge: (merges.then(|| Merge::read(w, &format!("{name}.downsample"), width, side)))
                .transpose()?,
        })
    }

    /// `x` [side * side, C] -> [side * side / 4, 2 C], or [64, C] in the last stage. `name` is for the `tap`.
    pub fn forward(&self, mut x: Vec<f32>, name: &str, tap: &mut ForwardHook) -> Vec<f32> {
        for (j, block) in self.blocks.iter().enumerate() {
            x = block.forward(x, &self.places[j % 2]);
            tap.show(&format!("{name}.blocks.{j}"), || x.clone());
        }
        if let Some(merge) = &self.merge {
            x = merge.forward(&x);
            tap.show(&format!("{name}.downsample"), || x.clone());
        }
        x
    }
}

impl Block {
    /// The name of the table of biases, of which there are [225, heads].
    fn table(name: &str, names: Names) -> String {
        let attention = match names {
            Names::Original => "attn",
            Names::HuggingFace => "attention.self",
        };
        format!("{name}.{attention}.relative_position_bias_table")
    }

    fn is_in(w: &dyn Weights, name: &str, names: Names) -> bool {
        w.shape(&Self::table(name, names)).is_some()
    }

    fn read(w: &dyn Weights, name: &str, names: Names, c: usize) -> Result<Self> {
        let [norm1, proj, norm2, fc1, fc2] = match names {
            Names::Original => ["norm1", "attn.proj", "norm2", "mlp.fc1", "mlp.fc2"],
            Names::HuggingFace => [
                "layernorm_before",
                "attention.output.dense",
                "layernorm_after",
                "intermediate.dense",
                "output.dense",
            ],
        };
        let linear = |part: &str, shape| Linear::read(w, &format!("{name}.{part}"), shape);
        let norm = |part: &str| Norm::read(w, &format!("{name}.{part}"), c, EPS);
        let qkv = match names {
            Names::Original => linear("attn.qkv", [3 * c, c])?,
            Names::HuggingFace => {
                let part = |part| linear(&format!("attention.self.{part}"), [c, c]);
                Linear::join([part("query")?, part("key")?, part("value")?])
            }
        };
        let (bias, heads) = biases(w, &Self::table(name, names), c)?;
        Ok(Self {
            norm1: norm(norm1)?,
            qkv,
            bias,
            heads,
            proj: linear(proj, [c, c])?,
            norm2: norm(norm2)?,
            fc1: linear(fc1, [4 * c, c])?,
            fc2: linear(fc2, [c, 4 * c])?,
        })
    }

    /// `x + attention(norm1(x))`, then `x + mlp(norm2(x))`: [n, C] -> [n, C].
    fn forward(&self, mut x: Vec<f32>, places: &Places) -> Vec<f32> {
        let width = self.proj.outputs();
        let qkv = self
            .qkv
            .forward(&places.to_windows(&self.norm1.forward(&x), width));
        let mut attended = vec![0.0; x.len()];
        let windows = Windows {
            width,
            heads: self.heads,
            bias: &self.bias,
            mask: places.mask.as_deref(),
        };
        window_attention::<TOKENS>(&mut attended, &qkv, windows);
        places.add_back(&mut x, &self.proj.forward(&attended), width);
        let mut hidden = self.fc1.forward(&self.norm2.forward(&x));
        gelu_erf(&mut hidden);
        add(x, &self.fc2.forward(&hidden))
    }
}

/// What each head adds by how far two tokens of a window lie apart: the table [225, heads] in full, [heads, 64, 64].
fn biases(w: &dyn Weights, name: &str, width: usize) -> Result<(Vec<f32>, usize)> {
    const SPAN: usize = 2 * WINDOW - 1;
    let heads = match w.shape(name).as_deref() {
        Some(&[rows, heads]) if rows == SPAN * SPAN && heads > 0 && width.is_multiple_of(heads) => {
            heads
        }
        Some(shape) => {
            let reason = format!("tensor {name} has shape {shape:?}, not [225, heads]");
            return Err(Error::model(w.path(), reason));
        }
        None => return Err(Error::model(w.path(), format!("tensor {name} is missing"))),
    };
    let table = w.get(name, &[SPAN * SPAN, heads])?;
    let at = |k: usize| {
        let (head, i, j) = (k / TOKENS / TOKENS, k / TOKENS % TOKENS, k % TOKENS);
        let down = i / WINDOW + WINDOW - 1 - j / WINDOW;
        let across = i % WINDOW + WINDOW - 1 - j % WINDOW;
        table[(down * SPAN + across) * heads + head]
    };
    Ok(((0..heads * TOKENS * TOKENS).map(at).collect(), heads))
}

impl Places {
    /// The windows of a grid of `side * side` tokens, shifted down and to the right by `shift`. What is shifted out
    /// comes in on the other side, where it stands apart.
    fn new(side: usize, shift: usize) -> Self {
        let across = side / WINDOW;
        let place = |k: usize| {
            let (window, i) = (k / TOKENS, k % TOKENS);
            let y = window / across * WINDOW + i / WINDOW;
            let x = window % across * WINDOW + i % WINDOW;
            (y, x)
        };
        let token = |k: usize| {
            let (y, x) = place(k);
            (y + shift) % side * side + (x + shift) % side
        };
        let wrapped = |at: usize| at + shift >= side;
        let group = |k: usize| {
            let (y, x) = place(k);
            (wrapped(y), wrapped(x))
        };
        let mask = |k: usize| {
            let (window, i, j) = (k / TOKENS / TOKENS, k / TOKENS % TOKENS, k % TOKENS);
            let same = group(window * TOKENS + i) == group(window * TOKENS + j);
            if same { 0.0 } else { APART }
        };
        Self {
            tokens: (0..side * side).map(token).collect(),
            mask: (shift > 0).then(|| (0..side * side * TOKENS).map(mask).collect()),
        }
    }

    /// `x` [n, width] in the order of the windows.
    fn to_windows(&self, x: &[f32], width: usize) -> Vec<f32> {
        let mut out = Vec::with_capacity(x.len());
        for token in &self.tokens {
            out.extend_from_slice(&x[token * width..][..width]);
        }
        out
    }

    /// Adds `y` [n, width], which is in the order of the windows, to `x`, which is not.
    fn add_back(&self, x: &mut [f32], y: &[f32], width: usize) {
        for (token, y) in self.tokens.iter().zip(y.chunks_exact(width)) {
            let x = &mut x[token * width..][..width];
            x.iter_mut().zip(y).for_each(|(x, y)| *x += y);
        }
    }
}

impl Merge {
    fn read(w: &dyn Weights, name: &str, c: usize, side: usize) -> Result<Self> {
        let reduction = format!("{name}.reduction");
        Ok(Self {
            side,
            norm: Norm::read(w, &format!("{name}.norm"), 4 * c, EPS)?,
            reduction: Linear::without_bias(w, &reduction, [2 * c, 4 * c])?,
        })
    }

    fn forward(&self, x: &[f32]) -> Vec<f32> {
        let c = self.reduction.outputs() / 2;
        let half = self.side / 2;
        let mut four = Vec::with_capacity(x.len());
        for (y, column) in (0..half * half).map(|k| (2 * (k / half), 2 * (k % half))) {
            for (down, right) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                let token = (y + down) * self.side + column + right;
                four.extend_from_slice(&x[token * c..][..c]);
            }
        }
        self.reduction.forward(&self.norm.forward(&four))
    }
}
