//! Which files of a model are wanted: the list of its files -> those to have, the weights last.
//!
//! The weights come last so that a folder that has them has everything.

use super::name::{Name, is_plain};
use crate::error::{Error, Result};

/// Small files with the settings of a model's towers and tokenizer; those that exist.
const CONFIGS: [&str; 6] = [
    "config.json",
    "preprocessor_config.json",
    "processor_config.json",
    "special_tokens_map.json",
    "tokenizer_config.json",
    "added_tokens.json",
];

/// The vocabulary: the first of these that is whole.
const VOCABULARIES: [&[&str]; 3] = [
    &["tokenizer.json"],
    &["vocab.json", "merges.txt"],
    &["vocab.txt"],
];

/// What the weights of a model are called: the first of these that there is.
pub const WEIGHTS: [&str; 2] = ["model.safetensors", "pytorch_model.bin"];

/// The endings of weights that lie about loose, for the message.
const LOOSE: [&str; 5] = [".pt", ".pth", ".ckpt", ".bin", ".safetensors"];

/// The files of `listing` that `name` stands for.
///
/// # Errors
/// Where the named file is not among them, or there are no weights by any usual name.
pub fn choose(name: &Name, listing: &[String]) -> Result<Vec<String>> {
    let has = |file: &str| listing.iter().any(|listed| listed == file);
    let loose = || {
        let loose: Vec<&str> = (listing.iter().map(String::as_str))
            .filter(|file| is_plain(file) && LOOSE.iter().any(|end| file.ends_with(end)))
            .collect();
        match loose[..] {
            [] => "it has none".to_owned(),
            _ => format!("it has {}", loose[..loose.len().min(12)].join(", ")),
        }
    };
    if let Some(file) = name.file() {
        if !has(file) {
            let reason = format!("there is no file {file} in it; of weights, {}", loose());
            return Err(Error::hub(name, reason));
        }
        return Ok(vec![file.to_owned()]);
    }
    let Some(weights) = WEIGHTS.into_iter().find(|file| has(file)) else {
        let reason = format!(
            "it has no {}; name one of its files of weights as {}/FILE: {}",
            WEIGHTS.join(" or "),
            name.repository(),
            loose()
        );
        return Err(Error::hub(name, reason));
    };
    let vocabulary = VOCABULARIES
        .into_iter()
        .find(|files| files.iter().all(|file| has(file)));
    Ok(CONFIGS
        .into_iter()
        .filter(|file| has(file))
        .chain(vocabulary.unwrap_or_default().iter().copied())
        .chain([weights])
        .map(str::to_owned)
        .collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn chosen(name: &str, listing: &[&str]) -> Result<Vec<String>> {
        let listing: Vec<String> = listing.iter().map(|file| (*file).to_owned()).collect();
        choose(&name.parse()?, &listing)
    }

    #[test]
    fn one_vocabulary_and_one_file_of_weights() {
        let all = [
            "README.md",
            "pytorch_model.bin",
            "model.safetensors",
            "merges.txt",
            "vocab.json",
            "config.json",
        ];
        assert_eq!(
            chosen("a/b", &all).unwrap(),
            [
                "config.json",
                "vocab.json",
                "merges.txt",
                "model.safetensors"
            ]
        );
        let with = [
            "vocab.txt",
            "tokenizer.json",
            "pytorch_model.bin",
            "merges.txt",
        ];
        assert_eq!(
            chosen("a/b", &with).unwrap(),
            ["tokenizer.json", "pytorch_model.bin"]
        );
    }

    #[test]
    fn loose_files_are_named() {
        let loose = [
            "README.md",
            "CLAP_weights_2022.pth",
            "CLAP_weights_2023.pth",
        ];
        let name = "microsoft/msclap/CLAP_weights_2023.pth";
        assert_eq!(chosen(name, &loose).unwrap(), ["CLAP_weights_2023.pth"]);
        let error = chosen("microsoft/msclap", &loose).unwrap_err().to_string();
        assert!(
            error.contains("microsoft/msclap/FILE: it has CLAP_weights_2022.pth, CLAP"),
            "{error}"
        );
        let error = chosen("microsoft/msclap/x.pth", &loose)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("no file x.pth") && error.contains("CLAP_weights_2022.pth"),
            "{error}"
        );
    }
}
