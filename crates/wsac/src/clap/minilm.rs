//! all-MiniLM-L6-v2, the text tower of `mini`: texts -> unit embeddings [N, 384].
//!
//! A BERT of 6 layers with normalisation after each sublayer; the embedding is the mean of the last states. Texts are
//! sorted by length and packed one after the other without padding, so a text's neighbours do not change its embedding.
// https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0)

use rayon::prelude::*;
use wsac_nn::activation::gelu_erf;
use wsac_nn::attention::{self, attention};
use wsac_nn::dropout::Dropout;
use wsac_nn::matmul::{Mat, linear};
use wsac_nn::norm::layer_norm;

use super::TextTower;
use crate::embedding::Embeddings;
use crate::error::Result;
use crate::rows::Rows;
use crate::tensors::{TensorFile, Tensors};
use crate::tokenizer::Tokenizer;

const LAYERS: usize = 6;
const HEADS: usize = 12;
const WIDTH: usize = 384;
const INNER: usize = 1536;
const EPS: f32 = 1e-12;
/// Longer texts are cut: `max_seq_length` of the published model.
const MAX_TOKENS: usize = 256;
const POSITIONS: usize = 512;
/// Tokens computed together: enough for full speed, and the states still fit the cache.
const TOKENS_PER_BLOCK: usize = 1024;

/// The model. Word vectors stay int8 where the file has them so; the layers are f32.
#[derive(Debug)]
pub struct MiniLm {
    tokenizer: Tokenizer,
    words: Rows,
    /// Position vectors plus the one token type that is used, [512, 384].
    positions: Vec<f32>,
    norm: Norm,
    layers: Vec<Layer>,
}

#[derive(Debug)]
struct Layer {
    /// Query, key and value in one: [3 * 384, 384].
    qkv: Linear,
    attention_out: Linear,
    attention_norm: Norm,
    intermediate: Linear,
    out: Linear,
    out_norm: Norm,
}

/// `y = x W^T + b`, W stored [out, in].
#[derive(Debug)]
struct Linear {
    weight: Vec<f32>,
    bias: Vec<f32>,
}

#[derive(Debug)]
struct Norm {
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl MiniLm {
    /// Reads `model`, a safetensors file with the published names (f32, or int8 as [`MiniLm::quantise`] makes it), and
    /// the `tokenizer` of its whole vocabulary.
    ///
    /// # Errors
    /// Where a tensor is missing or of another shape, or the vocabulary has another size.
    pub fn new(tokenizer: Tokenizer, model: &Tensors) -> Result<Self> {
        let mut positions =
            model.get("embeddings.position_embeddings.weight", &[POSITIONS, WIDTH])?;
        let kind = model.get("embeddings.token_type_embeddings.weight", &[2, WIDTH])?;
        for row in positions.chunks_exact_mut(WIDTH) {
            row.iter_mut().zip(&kind).for_each(|(p, k)| *p += k);
        }
        let words = Rows::read(model, "embeddings.word_embeddings.weight")?;
        if (words.len(), words.width()) != (tokenizer.len(), WIDTH) {
            return Err(crate::Error::Config(format!(
                "MiniLM's vocabulary has {} words of width {}; {} of width {WIDTH} are needed",
                words.len(),
                words.width(),
                tokenizer.len()
            )));
        }
        Ok(Self {
            tokenizer,
            words,
            positions,
            norm: Norm::read(model, "embeddings.LayerNorm")?,
            layers: (0..LAYERS)
                .into_par_iter()
                .map(|i| Layer::read(model, &format!("encoder.layer.{i}")))
                .collect::<Result<_>>()?,
        })
    }

    /// The published f32 `model` as the file that ships: every matrix int8 with a scale a row, all else f32.
    ///
    /// # Errors
    /// Where a tensor is missing or of another shape.
    pub fn quantise(model: &Tensors) -> Result<Vec<u8>> {
        let mut file = TensorFile::new();
        file.describe("all-MiniLM-L6-v2 (sentence-transformers, Apache-2.0), matrices int8 by row");
        let used = |name: &&str| !name.starts_with("pooler") && !name.ends_with("position_ids");
        for name in model.names().into_iter().filter(used) {
            let shape = model.shape(name).unwrap_or_default();
            let values = model.get(name, &shape)?;
            match shape.len() {
                2 => file.int8_rows(name, &shape, &values),
                _ => file.f32(name, &shape, &values),
            }
        }
        file.to_bytes()
    }

    /// The embeddings, not yet of unit length, of texts as ids packed one after the other: [texts, 384].
    fn forward(&self, texts: &[&[u32]]) -> Vec<f32> {
        let mut starts = vec![0];
        starts.extend(texts.iter().scan(0, |end, ids| {
            *end += ids.len();
            Some(*end)
        }));
        let mut x = self.embed_tokens(texts);
        for layer in &self.layers {
            x = layer.forward(x, &starts);
        }
        mean_by_text(&x, &starts)
    }

    /// Word + position + token type, normalised: [tokens, 384].
    fn embed_tokens(&self, texts: &[&[u32]]) -> Vec<f32> {
        let tokens = texts.iter().flat_map(|ids| ids.iter().enumerate());
        let mut sum = vec![0.0; tokens.clone().count() * WIDTH];
        for (row, (position, &id)) in sum.chunks_exact_mut(WIDTH).zip(tokens) {
            self.words.copy_to(id as usize..id as usize + 1, row);
            let position = &self.positions[position * WIDTH..][..WIDTH];
            row.iter_mut().zip(position).for_each(|(x, p)| *x += p);
        }
        self.norm.forward(&sum)
    }
}

impl TextTower for MiniLm {
    fn dim(&self) -> usize {
        WIDTH
    }

    fn embed(&self, texts: &[&str], on_progress: &mut dyn FnMut(usize)) -> Result<Embeddings> {
        let ids = self.tokenizer.encode_batch(texts, MAX_TOKENS, true);
        let mut order: Vec<usize> = (0..ids.len()).collect();
        order.par_sort_unstable_by_key(|&i| (ids[i].len(), &ids[i]));
        let mut rows = vec![0.0; texts.len() * WIDTH];
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
            let means = self.forward(&block);
            for &(text, row) in &places {
                rows[text * WIDTH..][..WIDTH].copy_from_slice(&means[row * WIDTH..][..WIDTH]);
            }
            done += places.len();
            on_progress(done);
        }
        Embeddings::new(WIDTH, rows)
    }
}

impl Layer {
    fn read(model: &Tensors, name: &str) -> Result<Self> {
        let linear = |part: &str, shape| Linear::read(model, &format!("{name}.{part}"), shape);
        let norm = |part: &str| Norm::read(model, &format!("{name}.{part}"));
        let parts = ["query", "key", "value"]
            .map(|part| linear(&format!("attention.self.{part}"), [WIDTH, WIDTH]));
        let mut qkv = Linear {
            weight: Vec::with_capacity(3 * WIDTH * WIDTH),
            bias: Vec::with_capacity(3 * WIDTH),
        };
        for part in parts {
            let part = part?;
            qkv.weight.extend(part.weight);
            qkv.bias.extend(part.bias);
        }
        Ok(Self {
            qkv,
            attention_out: linear("attention.output.dense", [WIDTH, WIDTH])?,
            attention_norm: norm("attention.output.LayerNorm")?,
            intermediate: linear("intermediate.dense", [INNER, WIDTH])?,
            out: linear("output.dense", [WIDTH, INNER])?,
            out_norm: norm("output.LayerNorm")?,
        })
    }

    /// `x` [tokens, 384], text `s` in rows `starts[s]..starts[s + 1]`, to the same shape.
    fn forward(&self, x: Vec<f32>, starts: &[usize]) -> Vec<f32> {
        let shape = attention::Shape {
            starts,
            heads: HEADS,
            width: WIDTH,
            causal: false,
        };
        let qkv = self.qkv.forward(&x);
        let mut weights = vec![0.0; shape.weights_len()];
        let mut attended = vec![0.0; x.len()];
        attention(&mut attended, &mut weights, &qkv, shape, Dropout::NONE);
        let x = self
            .attention_norm
            .forward(&add(self.attention_out.forward(&attended), &x));
        let mut inner = self.intermediate.forward(&x);
        gelu_erf(&mut inner);
        self.out_norm.forward(&add(self.out.forward(&inner), &x))
    }
}

impl Linear {
    fn read(model: &Tensors, name: &str, shape: [usize; 2]) -> Result<Self> {
        Ok(Self {
            weight: model.get(&format!("{name}.weight"), &shape)?,
            bias: model.get(&format!("{name}.bias"), &shape[..1])?,
        })
    }

    fn forward(&self, x: &[f32]) -> Vec<f32> {
        let outputs = self.bias.len();
        let inputs = self.weight.len() / outputs;
        let rows = x.len() / inputs;
        let mut y = vec![0.0; rows * outputs];
        let weight = Mat::new(&self.weight, outputs, inputs).t();
        linear(&mut y, Mat::new(x, rows, inputs), weight, Some(&self.bias));
        y
    }
}

impl Norm {
    fn read(model: &Tensors, name: &str) -> Result<Self> {
        Ok(Self {
            weight: model.get(&format!("{name}.weight"), &[WIDTH])?,
            bias: model.get(&format!("{name}.bias"), &[WIDTH])?,
        })
    }

    fn forward(&self, x: &[f32]) -> Vec<f32> {
        let mut y = vec![0.0; x.len()];
        layer_norm(&mut y, &mut [], x, &self.weight, &self.bias, EPS);
        y
    }
}

fn add(mut a: Vec<f32>, b: &[f32]) -> Vec<f32> {
    a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
    a
}

/// The mean over each text's tokens: [tokens, 384] -> [texts, 384].
fn mean_by_text(x: &[f32], starts: &[usize]) -> Vec<f32> {
    let mut means = vec![0.0; (starts.len() - 1) * WIDTH];
    for (mean, range) in means.chunks_exact_mut(WIDTH).zip(starts.windows(2)) {
        for row in x[range[0] * WIDTH..range[1] * WIDTH].chunks_exact(WIDTH) {
            mean.iter_mut().zip(row).for_each(|(m, x)| *m += x);
        }
        let n = (range[1] - range[0]) as f32;
        mean.iter_mut().for_each(|m| *m /= n);
    }
    means
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::embedding::dot;
    use crate::golden;

    const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/mini/minilm");

    fn load(model: &[u8]) -> MiniLm {
        let vocab = std::fs::read_to_string(format!("{FOLDER}/vocab.txt")).unwrap();
        let tokenizer = Tokenizer::from_vocab_txt(&vocab).unwrap();
        MiniLm::new(tokenizer, &Tensors::parse("model", model).unwrap()).unwrap()
    }

    fn shipped() -> MiniLm {
        load(&std::fs::read(format!("{FOLDER}/model.safetensors")).unwrap())
    }

    /// The f32 weights, which are not in the repository: reference/make_minilm.py unpacks them.
    fn published() -> Option<Vec<u8>> {
        let path = std::env::var_os("WSAC_MINILM_F32");
        if path.is_none() {
            eprintln!("skipped: set WSAC_MINILM_F32 to the published model.safetensors");
        }
        Some(std::fs::read(path?).unwrap())
    }

    fn embed(model: &MiniLm, texts: &[impl AsRef<str>]) -> Embeddings {
        let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
        model.embed(&texts, &mut |_| {}).unwrap()
    }

    fn golden_50() -> Option<(Vec<String>, Vec<Vec<f32>>)> {
        let golden = golden::json("golden/metrics/dev/minilm_embeddings_50.json")?;
        let items = golden.as_array().unwrap();
        let text = |item: &serde_json::Value| item["text"].as_str().unwrap().to_owned();
        Some(
            items
                .iter()
                .map(|i| (text(i), golden::numbers(&i["embedding"])))
                .unzip(),
        )
    }

    #[test]
    fn f32_embeddings_equal_the_golden_ones() {
        let (Some((texts, wanted)), Some(model)) = (golden_50(), published()) else {
            return;
        };
        let ours = embed(&load(&model), &texts);
        for (i, wanted) in wanted.iter().enumerate() {
            golden::assert_close(&texts[i], ours.row(i), wanted, 1e-4);
        }
    }

    #[test]
    fn the_shipped_int8_model_is_near_the_golden_embeddings() {
        let Some((texts, wanted)) = golden_50() else {
            return;
        };
        let ours = embed(&shipped(), &texts);
        for (i, wanted) in wanted.iter().enumerate() {
            let cosine = dot(ours.row(i), wanted);
            assert!(cosine >= 0.999, "{}: {cosine}", texts[i]);
        }
    }

    #[test]
    fn the_shipped_file_is_the_published_one_quantised() {
        let Some(published) = published() else {
            return;
        };
        let made = MiniLm::quantise(&Tensors::parse("published", &published).unwrap()).unwrap();
        assert!(made.len() < 25_000_000 - 231_508);
        assert!(made == std::fs::read(format!("{FOLDER}/model.safetensors")).unwrap());
    }

    #[test]
    fn a_text_has_the_same_embedding_in_any_company() {
        let model = shipped();
        let long = "rain falls on a tin roof while a dog barks ".repeat(40);
        let texts = [
            "a dog barks",
            "",
            "rain",
            &long,
            "a dog barks",
            "two cats fight",
        ];
        let mut seen = Vec::new();
        let texts: Vec<&str> = texts.to_vec();
        let together = model.embed(&texts, &mut |n| seen.push(n)).unwrap();
        assert_eq!(seen.last(), Some(&6));
        for (i, text) in texts.iter().enumerate() {
            golden::assert_close(text, embed(&model, &[text]).row(0), together.row(i), 1e-6);
        }
        assert_eq!(together.row(0), together.row(4));
        assert_eq!(embed(&model, &[] as &[&str]).len(), 0);
    }
}
