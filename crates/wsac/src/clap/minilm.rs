//! all-MiniLM-L6-v2, the text tower of `mini`: texts -> unit embeddings [N, 384].
//!
//! A BERT of 6 layers; the embedding is the mean of the last states.
// https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0)

use super::bert::{Bert, Kind};
use super::{TextTower, packing};
use crate::embedding::Embeddings;
use crate::error::{Error, Result};
use crate::rows::Rows;
use crate::tensors::{TensorFile, Tensors};
use crate::tokenizer::Tokenizer;

const WIDTH: usize = 384;
/// Longer texts are cut: `max_seq_length` of the published model.
const MAX_TOKENS: usize = 256;

/// The model. Word vectors stay int8 where the file has them so; the layers are f32.
#[derive(Debug)]
pub struct MiniLm {
    tokenizer: Tokenizer,
    bert: Bert,
}

impl MiniLm {
    /// Reads `model`, a safetensors file with the published names (f32, or int8 as [`MiniLm::quantise`] makes it), and
    /// the `tokenizer` of its whole vocabulary.
    ///
    /// # Errors
    /// Where a tensor is missing or of another shape, or the vocabulary has another size.
    pub fn new(tokenizer: Tokenizer, model: &Tensors) -> Result<Self> {
        let words = Rows::read(model, "embeddings.word_embeddings.weight")?;
        if (words.len(), words.width()) != (tokenizer.len(), WIDTH) {
            return Err(Error::Config(format!(
                "MiniLM's vocabulary has {} words of width {}; {} of width {WIDTH} are needed",
                words.len(),
                words.width(),
                tokenizer.len()
            )));
        }
        let bert = Bert::with_words(words, model, "", Kind::BERT)?;
        Ok(Self { tokenizer, bert })
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

    /// The embeddings, not yet of unit length, of packed texts: [texts, 384].
    fn forward(&self, texts: &[&[u32]]) -> Vec<f32> {
        let (x, starts) = self.bert.forward(texts);
        packing::mean(&x, &starts, WIDTH)
    }
}

impl TextTower for MiniLm {
    fn dim(&self) -> usize {
        WIDTH
    }

    fn embed(&self, texts: &[&str], on_progress: &mut dyn FnMut(usize)) -> Result<Embeddings> {
        let ids = self.tokenizer.encode_batch(texts, MAX_TOKENS, true);
        packing::embed(&ids, WIDTH, |block| self.forward(block), on_progress)
    }
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
            assert_eq!(embed(&model, &[text]).row(0), together.row(i), "{text:?}");
        }
        assert_eq!(together.row(0), together.row(4));
        assert_eq!(embed(&model, &[] as &[&str]).len(), 0);
    }
}
