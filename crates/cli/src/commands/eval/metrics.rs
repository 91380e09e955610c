//! The names of the metrics and their sets: what `--metrics` accepts.

use anyhow::{Result, bail};

/// A group of measures that are computed together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// bleu_1 .. bleu_4
    Bleu,
    /// METEOR 1.5
    Meteor,
    /// ROUGE-L
    RougeL,
    /// CIDEr-D
    CiderD,
    /// Plain CIDEr
    Cider,
    /// SPICE by its own jars, with its parts
    Spice,
    /// (CIDEr-D + SPICE) / 2
    Spider,
    /// The best SPIDEr of several candidates
    SpiderMax,
    /// Cosine of sentence embeddings
    SbertSim,
    /// Fluency error rate
    Fer,
    /// sbert_sim with the fluency penalty
    Fense,
    /// SPIDEr with the fluency penalty
    SpiderFl,
    /// Cosine of recording and caption
    ClapSim,
    /// vocab.cands and the like
    Vocab,
    /// Distinct words and captions
    Diversity,
}

use Metric::*;

const NAMES: [(&str, Metric); 15] = [
    ("bleu", Bleu),
    ("meteor", Meteor),
    ("rouge_l", RougeL),
    ("cider_d", CiderD),
    ("cider", Cider),
    ("spice", Spice),
    ("spider", Spider),
    ("spider_max", SpiderMax),
    ("sbert_sim", SbertSim),
    ("fer", Fer),
    ("fense", Fense),
    ("spider_fl", SpiderFl),
    ("clap_sim", ClapSim),
    ("vocab", Vocab),
    ("diversity", Diversity),
];

/// The sets, as papers and challenges report them.
const SETS: [(&str, &[Metric]); 4] = [
    ("coco", &[Bleu, Meteor, RougeL, CiderD, Spice, Spider]),
    ("dcase2023", &[Meteor, CiderD, Spice, Spider, Fer, SpiderFl]),
    (
        "dcase2024",
        &[
            Meteor, CiderD, Spice, Spider, Fer, SpiderFl, SbertSim, Fense, Vocab,
        ],
    ),
    (
        "all",
        &[
            Bleu, Meteor, RougeL, CiderD, Cider, Spice, Spider, SpiderMax, SbertSim, Fer, Fense,
            SpiderFl, ClapSim, Vocab, Diversity,
        ],
    ),
];

/// Which measures to compute, and whether each was asked for by its own name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The groups, in the order asked for.
    pub metrics: Vec<Metric>,
    /// Those not asked for as part of a set: if one cannot be computed, the command has partly failed.
    pub by_name: Vec<Metric>,
}

impl Wanted {
    /// Reads a list of sets and names separated by commas.
    pub fn parse(list: &str) -> Result<Self> {
        let mut wanted = Self {
            metrics: Vec::new(),
            by_name: Vec::new(),
        };
        for name in list
            .split(',')
            .map(|n| n.trim().to_lowercase().replace('-', "_"))
        {
            let of_set = SETS.iter().find(|(set, _)| *set == name);
            let group = match name.strip_prefix("bleu_") {
                Some("1" | "2" | "3" | "4") => "bleu",
                _ => &name,
            };
            match (of_set, NAMES.iter().find(|(n, _)| *n == group)) {
                (Some((_, metrics)), _) => wanted.metrics.extend(*metrics),
                (None, Some((_, metric))) => {
                    wanted.metrics.push(*metric);
                    wanted.by_name.push(*metric);
                }
                (None, None) => {
                    let names =
                        |list: &mut dyn Iterator<Item = &str>| list.collect::<Vec<_>>().join(", ");
                    bail!(
                        "{name:?} is no metric; the sets are {}, the metrics {}",
                        names(&mut SETS.iter().map(|(n, _)| *n)),
                        names(&mut NAMES.iter().map(|(n, _)| *n)),
                    );
                }
            }
        }
        let mut seen = Vec::new();
        wanted.metrics.retain(|m| {
            !seen.contains(m) && {
                seen.push(*m);
                true
            }
        });
        Ok(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_and_names_mix_and_nothing_comes_twice() {
        let wanted = Wanted::parse("dcase2023, BLEU-4,meteor,bleu_1").expect("names");
        assert_eq!(
            wanted.metrics,
            [Meteor, CiderD, Spice, Spider, Fer, SpiderFl, Bleu]
        );
        assert_eq!(wanted.by_name, [Bleu, Meteor, Bleu]);
        let all = Wanted::parse("all").expect("a set");
        assert_eq!(all.metrics.len(), NAMES.len());
        assert!(all.by_name.is_empty());
        let unknown = Wanted::parse("coco,bleurt")
            .expect_err("unknown")
            .to_string();
        assert!(
            unknown.contains("\"bleurt\"") && unknown.contains("dcase2024"),
            "{unknown}"
        );
    }
}
