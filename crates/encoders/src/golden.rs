//! The models of the golden values, at full size, with weights by formula.

pub(crate) use wsac_golden::*;

use wsac_tensors::safetensors::Tensors;
use wsac_tensors::weights::synthetic::SyntheticWeights;

/// A model of golden/clap with its weights by formula, and its filter bank as its library makes it.
pub(crate) fn clap(model: &str) -> Option<SyntheticWeights> {
    let keys = std::fs::read(shared(&format!("golden/clap/keys/{model}.json"))?).expect("keys");
    let formula = SyntheticWeights::parse(model, &keys).expect("keys");
    let file = match model {
        "msclap_2022" => "golden/clap/frontend_msclap2022.safetensors",
        _ => "golden/clap/frontend_torchlibrosa.safetensors",
    };
    let bytes = std::fs::read(shared(file)?).expect("a filter bank");
    let file = Tensors::parse(file, &bytes).expect("a filter bank");
    let bank = file
        .names()
        .into_iter()
        .find(|n| n.ends_with("melW") || n.contains("melW"));
    let bank = bank.expect("a filter bank").to_owned();
    let bank = file.get(&bank, &[513, 64]).expect("a filter bank");
    Some(formula.with(".melW", &bank))
}
