//! The families of CLAP checkpoints, recognised by the names of their tensors: names -> [`Family`].

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};
use wsac_tensors::weights::Weights;

/// The origin of a checkpoint, which decides its audio input, its tokenizer and the names of its weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// WavCaps' CNN14 and BERT, the paper's: 32 kHz, 1024 wide.
    WavCapsCnn14,
    /// WavCaps' HTSAT-tiny and BERT: 32 kHz, 1024 wide.
    WavCapsHtsat,
    /// LAION-CLAP as its own code saves it: HTSAT and RoBERTa, 48 kHz, 512 wide.
    Laion,
    /// LAION-CLAP as Hugging Face's `ClapModel` saves it.
    LaionHf,
    /// Microsoft's CLAP of 2022: CNN14 and BERT, 44.1 kHz, 1024 wide.
    MsClap2022,
    /// Microsoft's CLAP of 2023: HTSAT-tiny and GPT-2, 44.1 kHz, 1024 wide.
    MsClap2023,
    /// PANNs' CNN14 alone: 32 kHz, 2048 wide, no text tower.
    Panns,
}

impl Family {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::WavCapsCnn14,
        Self::WavCapsHtsat,
        Self::Laion,
        Self::LaionHf,
        Self::MsClap2022,
        Self::MsClap2023,
        Self::Panns,
    ];

    /// Its name, as `--family` and our own folders have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::WavCapsCnn14 => "wavcaps-cnn14",
            Self::WavCapsHtsat => "wavcaps-htsat",
            Self::Laion => "laion",
            Self::LaionHf => "laion-hf",
            Self::MsClap2022 => "msclap-2022",
            Self::MsClap2023 => "msclap-2023",
            Self::Panns => "panns",
        }
    }

    /// A tensor that this family has and no other.
    fn mark(self) -> &'static str {
        match self {
            Self::WavCapsCnn14 => "audio_encoder.audio_enc.conv_block1.conv1.weight",
            Self::WavCapsHtsat => "audio_encoder.audio_enc.patch_embed.proj.weight",
            Self::Laion => "audio_branch.patch_embed.proj.weight",
            Self::LaionHf => "audio_model.audio_encoder.patch_embed.proj.weight",
            Self::MsClap2022 => "audio_encoder.base.conv_block1.conv1.weight",
            Self::MsClap2023 => "audio_encoder.base.htsat.patch_embed.proj.weight",
            Self::Panns => "conv_block1.conv1.weight",
        }
    }

    /// The family of a checkpoint.
    ///
    /// # Errors
    /// Where it is of none; the message shows some of its names.
    pub fn of(weights: &dyn Weights) -> Result<Self> {
        let found = Self::ALL
            .into_iter()
            .find(|f| weights.shape(f.mark()).is_some());
        found.ok_or_else(|| {
            let mut names = weights.names();
            names.sort_unstable();
            let some = names[..names.len().min(3)].join(", ");
            let known = Self::ALL.map(Self::name).join(", ");
            Error::model(
                weights.path(),
                format!(
                    "is no CLAP checkpoint that wsac knows ({known}); its tensors begin with {some}"
                ),
            )
        })
    }

    /// Whether the family has no use for a tensor of this name: counters, index tables, classifiers, and what its
    /// front end makes itself.
    pub fn has_no_use_for(self, name: &str) -> bool {
        let ends = |endings: &[&str]| endings.iter().any(|e| name.ends_with(e));
        let has = |parts: &[&str]| parts.iter().any(|p| name.contains(p));
        ends(&[
            ".num_batches_tracked",
            ".position_ids",
            ".token_type_ids",
            ".relative_position_index",
            ".attn_mask",
            ".attn.bias",
            ".attn.masked_bias",
        ]) || has(&[
            ".stft.conv_",
            "tscam_conv.",
            ".head.",
            "fc_audioset.",
            "logit_scale",
            "audio_transform.",
            "text_transform.",
            "text_encoder.pooler.",
            "base.pooler.",
        ]) || name == "temp"
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Family {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|f| f.name() == name)
            .ok_or_else(|| {
                let known = Self::ALL.map(Self::name).join(", ");
                Error::Config(format!(
                    "there is no family {name:?} of CLAP checkpoints; known: {known}"
                ))
            })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::clap::audio_tower::ClapAudio;
    use crate::clap::text_tower::{ClapText, TextFiles};
    use crate::clap::windowing::Windows;
    use crate::golden;
    use wsac_tensors::weights::WeightLoader;

    #[test]
    #[cfg_attr(no_golden, ignore = "needs the shared golden values")]
    fn each_list_of_keys_tells_its_family() {
        let wanted = [
            Family::WavCapsCnn14,
            Family::WavCapsHtsat,
            Family::LaionHf,
            Family::LaionHf,
            Family::LaionHf,
            Family::MsClap2022,
            Family::MsClap2023,
        ];
        for (model, family) in golden::CLAPS.into_iter().zip(wanted) {
            let Some(weights) = golden::clap(model) else {
                return;
            };
            assert_eq!(Family::of(&weights).unwrap(), family);
            assert_eq!(family.name().parse::<Family>().unwrap(), family);
        }
    }

    #[test]
    #[cfg_attr(no_golden, ignore = "needs the shared golden values")]
    fn every_tensor_of_every_list_is_used_or_known_to_be_of_no_use() {
        for model in golden::CLAPS {
            let Some(weights) = golden::clap(model) else {
                return;
            };
            let family = Family::of(&weights).unwrap();
            let reading = WeightLoader::new(&weights);
            ClapAudio::load(family, &reading, Windows::default()).unwrap();
            ClapText::load(family, &reading, &TextFiles::default()).unwrap();
            let left = reading.finish(|name| family.has_no_use_for(name)).unwrap();
            assert_eq!(left.0, [""; 0], "{model}");
        }
    }

    #[test]
    fn other_models_are_no_clap() {
        let mut file = wsac_tensors::safetensors::TensorFile::new();
        file.f32("encoder.layer.0.weight", &[1], &[0.0]);
        let bytes = file.to_bytes().unwrap();
        let file = wsac_tensors::safetensors::Tensors::parse("m", &bytes).unwrap();
        let error = Family::of(&file).unwrap_err().to_string();
        assert!(error.contains("no CLAP checkpoint") && error.contains("encoder.layer.0.weight"));
        assert!("mini".parse::<Family>().is_err());
    }
}
