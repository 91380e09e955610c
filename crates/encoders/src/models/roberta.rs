//! RoBERTa with its pooler: packed ids of texts -> [texts, width], tanh of a dense layer over the first token.
//!
//! A BERT whose positions start at 2. Reference: Hugging Face `RobertaModel` and `ClapTextModel`.

use wsac_nn::activation::tanh;

use crate::error::Result;
use crate::models::bert::{Bert, Kind};
use crate::models::layers::Linear;
use crate::models::packing;
use wsac_tensors::weights::Weights;

/// The encoder and its pooler.
#[derive(Debug)]
pub struct Roberta {
    bert: Bert,
    pooler: Linear,
}

impl Roberta {
    /// Reads the tensors `<prefix>embeddings.*`, `<prefix>encoder.layer.*` and `<prefix>pooler.dense`. `eps` is 1e-5 as
    /// published, 1e-12 in Hugging Face's `ClapTextModel`.
    ///
    /// # Errors
    /// As [`Bert::read`].
    pub fn read(w: &dyn Weights, prefix: &str, heads: usize, eps: f32) -> Result<Self> {
        let first_position = 2;
        let kind = Kind {
            heads,
            eps,
            first_position,
        };
        let bert = Bert::read(w, prefix, kind)?;
        let width = bert.width();
        let pooler = Linear::read(w, &format!("{prefix}pooler.dense"), [width, width])?;
        Ok(Self { bert, pooler })
    }

    /// The stack under the pooler.
    pub fn bert(&self) -> &Bert {
        &self.bert
    }

    /// Packed `texts` -> [texts, width].
    ///
    /// # Panics
    /// As [`Bert::forward`].
    pub fn forward(&self, texts: &[&[u32]]) -> Vec<f32> {
        let (x, starts) = self.bert.forward(texts);
        let first = packing::pick(&x, &starts, self.bert.width(), |_| 0);
        let mut pooled = self.pooler.forward(&first);
        tanh(&mut pooled);
        pooled
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::golden;
    use wsac_tensors::safetensors::Tensors;

    #[test]
    #[cfg_attr(no_golden, ignore = "needs the shared golden values")]
    fn pooled_states_equal_the_golden_ones() {
        let model = "hf_clap_htsat_unfused";
        let (Some(weights), Some(golden), Some(path)) = (
            golden::clap(model),
            golden::json(&format!("golden/clap/dev/{model}.json")),
            golden::shared(&format!("golden/clap/dev/{model}.safetensors")),
        ) else {
            return;
        };
        let bytes = std::fs::read(&path).unwrap();
        let wanted = Tensors::parse(&path, &bytes).unwrap();
        let roberta = Roberta::read(&weights, "text_model.", 12, 1e-12).unwrap();
        let ids: Vec<Vec<u32>> = (golden["text"].as_array().unwrap().iter())
            .map(|item| serde_json::from_value(item["ids"].clone()).unwrap())
            .collect();
        let texts: Vec<&[u32]> = ids.iter().map(Vec::as_slice).collect();
        for (k, row) in roberta.forward(&texts).chunks_exact(768).enumerate() {
            let wanted = wanted.get(&format!("t{k}.pool"), &[768]).unwrap();
            golden::assert_close(&format!("text {k}"), row, &wanted, 1e-5);
        }
    }
}
