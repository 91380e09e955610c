//! Predictions and references -> the measures asked for, each computed once, or a sentence why it could not be.

use std::cell::OnceCell;

use wsac_metrics::spice::SpiceScores;
use wsac_metrics::{
    Items, Scores, bleu, cider, cider_d, diversity, rouge_l, spider, spider_max, vocab,
};

use super::learned::Learned;
use super::measure::{Found, Measure, Measured};
use super::metrics::Metric;
use super::tools::Tools;

/// One file of predictions with its references.
pub struct Scorer<'a> {
    /// Every clip's k-th candidate with the references: tokenised, `ranks[k]`.
    ranks: Vec<Rank>,
    learned: Learned<'a>,
    tools: &'a Tools,
}

/// Items with shared intermediate results of several metrics.
struct Rank {
    items: Items,
    cider_d: OnceCell<Scores>,
    spice: OnceCell<Found<SpiceScores>>,
}

impl<'a> Scorer<'a> {
    /// Nothing computed yet of `ranks`: every clip's k-th candidate with its references, tokenised.
    pub fn new(ranks: Vec<Items>, tools: &'a Tools) -> Self {
        let rank = |items| Rank {
            items,
            cider_d: OnceCell::new(),
            spice: OnceCell::new(),
        };
        Self {
            ranks: ranks.into_iter().map(rank).collect(),
            learned: Learned::new(&tools.models),
            tools,
        }
    }

    /// All measures of `metric`.
    pub fn measure(&self, metric: Metric) -> Vec<Measure> {
        let items = &self.ranks[0].items;
        let found = match metric {
            Metric::Bleu => (bleu(items).into_iter().zip(1..))
                .map(|(scores, n)| named(format!("bleu_{n}"), Ok(scores)))
                .collect(),
            Metric::Meteor => one("meteor", self.meteor()),
            Metric::RougeL => one("rouge_l", Ok(rouge_l(items))),
            Metric::CiderD => one("cider_d", Ok(self.cider_d(&self.ranks[0]).clone())),
            Metric::Cider => one("cider", Ok(cider(items))),
            Metric::Spice => parts("spice", self.spice(&self.ranks[0])),
            Metric::Spider => one("spider", self.spider(&self.ranks[0])),
            Metric::SpiderMax => one("spider_max", self.spider_max()),
            Metric::SbertSim => learned(self.learned.sbert_sim(items)),
            Metric::Fer => learned(self.learned.fer(items)),
            Metric::Fense => learned(self.learned.fense(items)),
            Metric::SpiderFl => {
                let spider = self.spider(&self.ranks[0]);
                learned(
                    self.learned
                        .spider_fl(items, spider.as_ref().map_err(String::clone)),
                )
            }
            Metric::ClapSim => learned(self.learned.clap_sim(items)),
            Metric::Vocab => {
                let v = vocab(items);
                numbers(&[
                    ("vocab.cands", v.candidates),
                    ("vocab.mrefs_full", v.references),
                    ("vocab.ratio_full", v.ratio),
                    ("vocab.mrefs_avg", v.references_one),
                    ("vocab.ratio_avg", v.ratio_one),
                    ("vocab.precision", v.precision),
                    ("vocab.recall", v.recall),
                    ("vocab.f1", v.f1),
                    ("vocab.jaccard", v.jaccard),
                ])
            }
            Metric::Diversity => {
                let d = diversity(items.candidates());
                numbers(&[
                    ("diversity.distinct_1", d.distinct_1),
                    ("diversity.distinct_2", d.distinct_2),
                    ("diversity.unique", d.unique),
                    ("diversity.mean_length", d.mean_length),
                ])
            }
        };
        let measure = |(name, value)| Measure {
            metric,
            name,
            value,
        };
        found.into_iter().map(measure).collect()
    }

    fn meteor(&self) -> Found<Scores> {
        let meteor = self.tools.meteor.as_ref().map_err(String::clone)?;
        meteor
            .score(&self.ranks[0].items)
            .map_err(|e| e.to_string())
    }

    fn cider_d<'r>(&self, rank: &'r Rank) -> &'r Scores {
        rank.cider_d.get_or_init(|| cider_d(&rank.items))
    }

    fn spice<'r>(&self, rank: &'r Rank) -> Found<&'r SpiceScores> {
        let found = rank.spice.get_or_init(|| self.tools.spice(&rank.items));
        found.as_ref().map_err(String::clone)
    }

    fn spider(&self, rank: &Rank) -> Found<Scores> {
        let spice = self
            .spice(rank)
            .map_err(|why| format!("needs spice, which {why}"))?;
        spider(self.cider_d(rank), &spice.all).map_err(|e| e.to_string())
    }

    fn spider_max(&self) -> Found<Scores> {
        if self.ranks.len() == 1 {
            return Err("needs several candidates a clip: columns caption_predicted_1, caption_predicted_2, ..".into());
        }
        let of_ranks = self.ranks.iter().map(|rank| self.spider(rank));
        spider_max(&of_ranks.collect::<Found<Vec<_>>>()?).map_err(|e| e.to_string())
    }
}

type Named = (String, Found<Measured>);

fn named(name: String, scores: Found<Scores>) -> Named {
    (name, scores.map(Measured::Scores))
}

fn one(name: &str, scores: Found<Scores>) -> Vec<Named> {
    vec![named(name.to_owned(), scores)]
}

fn learned((name, scores): (String, Found<Scores>)) -> Vec<Named> {
    vec![named(name, scores)]
}

/// SPICE and its scores for tuples of one kind.
fn parts(name: &str, scores: Found<&SpiceScores>) -> Vec<Named> {
    let scores = match scores {
        Ok(scores) => scores,
        Err(why) => return one(name, Err(why)),
    };
    let parts = [
        ("", &scores.all),
        (".object", &scores.object),
        (".attribute", &scores.attribute),
        (".relation", &scores.relation),
        (".color", &scores.color),
        (".size", &scores.size),
        (".cardinality", &scores.cardinality),
    ];
    let part = |(part, scores): (&str, &Scores)| named(format!("{name}{part}"), Ok(scores.clone()));
    parts.map(part).into()
}

fn numbers(all: &[(&str, f64)]) -> Vec<Named> {
    let number = |&(name, number): &(&str, f64)| (name.to_owned(), Ok(Measured::Number(number)));
    all.iter().map(number).collect()
}
