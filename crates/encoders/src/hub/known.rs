//! Checkpoints of CLAP that people use, for lists: name, what it is, size, licence, width.

use super::Name;

/// A checkpoint that is worth knowing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// What `wsac models pull` takes.
    pub name: &'static str,
    /// Its towers and what it is for, as text.
    pub what: &'static str,
    /// About how many MB its weights are: of f32, from the number of its parameters. `None` where the file holds more.
    pub megabytes: Option<u32>,
    /// The licence of the weights, where we know it.
    pub licence: Option<&'static str>,
    /// The width `d` of an embedding.
    pub width: usize,
}

impl Known {
    /// Its name, parsed.
    pub fn name(&self) -> crate::Result<Name> {
        self.name.parse()
    }
}

const fn known(
    name: &'static str,
    what: &'static str,
    megabytes: Option<u32>,
    licence: Option<&'static str>,
    width: usize,
) -> Known {
    Known {
        name,
        what,
        megabytes,
        licence,
        width,
    }
}

/// All of them.
pub const KNOWN: [Known; 12] = [
    known(
        "laion/clap-htsat-unfused",
        "LAION, HTSAT-tiny and RoBERTa",
        Some(614),
        Some("Apache-2.0"),
        512,
    ),
    known(
        "laion/clap-htsat-fused",
        "the same with fusion, for long clips",
        Some(614),
        Some("Apache-2.0"),
        512,
    ),
    known(
        "laion/larger_clap_general",
        "LAION, HTSAT-base and RoBERTa",
        Some(776),
        Some("Apache-2.0"),
        512,
    ),
    known(
        "laion/larger_clap_music",
        "the same, for music",
        Some(776),
        None,
        512,
    ),
    known(
        "laion/larger_clap_music_and_speech",
        "the same, for music and speech",
        Some(776),
        None,
        512,
    ),
    known(
        "microsoft/msclap/CLAP_weights_2022.pth",
        "Microsoft 2022, CNN14 and BERT",
        Some(785),
        None,
        1024,
    ),
    known(
        "microsoft/msclap/CLAP_weights_2023.pth",
        "Microsoft 2023, HTSAT-tiny and GPT-2",
        Some(639),
        None,
        1024,
    ),
    known(
        "microsoft/msclap/clapcap_weights_2023.pth",
        "Microsoft's captioner on the latter",
        None,
        None,
        1024,
    ),
    known(
        "lukewys/laion_clap/630k-audioset-best.pt",
        "LAION's own file: HTSAT-tiny",
        Some(1864),
        None,
        512,
    ),
    known(
        "lukewys/laion_clap/music_speech_audioset_epoch_15_esc_89.98.pt",
        "HTSAT-base, general",
        None,
        None,
        512,
    ),
    known(
        "lukewys/laion_clap/music_audioset_epoch_15_esc_90.14.pt",
        "HTSAT-base, music",
        None,
        None,
        512,
    ),
    known(
        "lukewys/laion_clap/music_speech_epoch_15_esc_89.25.pt",
        "HTSAT-base, music and speech",
        None,
        None,
        512,
    ),
];

/// Where the checkpoints of the paper are to be had, which lie on no hub.
pub const ELSEWHERE: &str = "The paper's own CLAPs (WavCaps CNN14-BERT and HTSAT-BERT, 1024 wide) are on Google Drive \
    only: follow the links of https://github.com/XinhaoMei/WavCaps/tree/master/retrieval and give the file \
    (CNN14-BERT-PT.pt, HTSAT-BERT-PT.pt; those with -FT- have heard AudioCaps or Clotho). For academic uses only.";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn all_are_names() {
        for known in KNOWN {
            assert_eq!(known.name().unwrap().to_string(), known.name);
        }
    }
}
