//! The scoring stage: captions -> scores, by the metrics of the field against references, or by keywords against labels.

use std::collections::BTreeMap;

use regex::Regex;
use serde::{Deserialize, Serialize};
use wsac::{Error, Result};
use wsac_metrics::{Comparison, Interval, Items, Sampling, Scores, compare, interval};

use crate::data::{Item, Keywords};

/// The scorer of the metrics; it may need tables, jars and models, which the caller has.
pub trait Scorer {
    /// What distinguishes its scores from another scorer's: the metrics, and the tools that compute them.
    fn identity(&self) -> String;

    /// The metrics of `items` (not yet tokenised), in the order of the table, each with its value or the reason for none.
    fn measure(&self, items: &Items) -> Result<Vec<(String, std::result::Result<Scores, String>)>>;
}

/// One metric of one cell, as stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// Its name, e.g. `cider_d`.
    pub name: String,
    /// Its value, or the reason why there is none.
    pub value: std::result::Result<Value, String>,
}

/// The metrics that rank cells and clips; the first available one is used.
const RANKED_BY: [&str; 3] = ["spider", "cider_d", "strict"];

/// The one of these `names` that ranks cells and clips.
pub fn ranked_by<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Option<&'static str> {
    let is_there = |by: &&str| names.clone().any(|name| name == *by);
    RANKED_BY.into_iter().find(is_there)
}

/// The metric that ranks a cell and its clips, the first that has a value.
pub fn ranked(measures: &[Measure]) -> Option<(&'static str, &Value)> {
    let values = || {
        measures
            .iter()
            .filter_map(|m| Some((m.name.as_str(), m.value.as_ref().ok()?)))
    };
    let by = ranked_by(
        values()
            .map(|(name, _)| name)
            .collect::<Vec<_>>()
            .into_iter(),
    )?;
    values()
        .find(|(name, _)| *name == by)
        .map(|(_, value)| (by, value))
}

/// The score of all items and of each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Value {
    /// The score of all.
    pub corpus: f64,
    /// The ends of its 95 % bootstrap interval over the items.
    pub interval: (f64, f64),
    /// The score of each item; `None` where it has none.
    pub per_item: Vec<Option<f64>>,
    /// Whether `corpus` is the mean of `per_item`, so that two cells can be compared item by item.
    pub mean: bool,
}

impl Value {
    fn of(scores: &Scores) -> Self {
        let Interval { low, high } = interval(scores, Sampling::default());
        let mean = Scores::mean_of(scores.per_item.clone()).corpus;
        Self {
            corpus: scores.corpus,
            interval: (low, high),
            per_item: scores
                .per_item
                .iter()
                .map(|&x| x.is_finite().then_some(x))
                .collect(),
            mean: (mean - scores.corpus).abs() <= 1e-12 * scores.corpus.abs(),
        }
    }

    fn scores(&self) -> Scores {
        Scores::mean_of(
            self.per_item
                .iter()
                .map(|x| x.unwrap_or(f64::NAN))
                .collect(),
        )
    }
}

/// The mean over seeds of scores of the same items: item by item, so that an interval shows the variation of the items,
/// not of the seeds. `None` if there are none.
pub fn over_seeds(values: &[&Value]) -> Option<Value> {
    let first = values.first()?;
    let n = values.len() as f64;
    let mean = |of: &dyn Fn(&Value) -> f64| values.iter().map(|v| of(v)).sum::<f64>() / n;
    let per_item: Vec<Option<f64>> = (0..first.per_item.len())
        .map(|i| {
            let sum: Option<f64> = values
                .iter()
                .map(|v| v.per_item.get(i).copied().flatten())
                .sum();
            sum.map(|sum| sum / n)
        })
        .collect();
    let mut value = Value {
        corpus: mean(&|v| v.corpus),
        interval: (mean(&|v| v.interval.0), mean(&|v| v.interval.1)),
        per_item,
        mean: values.iter().all(|v| v.mean),
    };
    if value.mean && values.len() > 1 {
        let Interval { low, high } = interval(&value.scores(), Sampling::default());
        value.interval = (low, high);
    }
    Some(value)
}

/// How much better `ours` is than `theirs` on the same items; `None` if the metric is not a mean over items.
///
/// # Errors
/// If the two do not have the same number of items.
pub fn difference(ours: &Value, theirs: &Value) -> Result<Option<Comparison>> {
    if !(ours.mean && theirs.mean) {
        return Ok(None);
    }
    let compared = compare(&ours.scores(), &theirs.scores(), Sampling::default());
    compared.map(Some).map_err(|e| Error::Config(e.to_string()))
}

/// Scores `captions` of `items`, by keywords if there are any, else by `scorer`.
///
/// # Errors
/// If a pattern is no regular expression, or the metrics cannot be computed.
pub fn score(
    items: &[&Item],
    captions: &[&str],
    keywords: Option<&Keywords>,
    scorer: &dyn Scorer,
) -> Result<Vec<Measure>> {
    if let Some(keywords) = keywords {
        return by_keywords(items, captions, keywords);
    }
    let candidates = captions.iter().map(|&c| c.to_owned()).collect();
    let references = items.iter().map(|item| item.references.clone()).collect();
    let items = Items::new(candidates, references).map_err(|e| Error::Config(e.to_string()))?;
    let measures = scorer.measure(&items)?;
    let kept = measures.into_iter().map(|(name, scores)| Measure {
        name,
        value: scores.map(|s| Value::of(&s)),
    });
    Ok(kept.collect())
}

/// Hits: the share of captions that name every class of their item; `either`: at least one of several; `invented`: the
/// share that names, by strict keywords, a class that does not occur.
fn by_keywords(items: &[&Item], captions: &[&str], keywords: &Keywords) -> Result<Vec<Measure>> {
    let compile = |patterns: &BTreeMap<String, String>| -> Result<BTreeMap<String, Regex>> {
        let one = |(label, pattern): (&String, &String)| {
            let wrong = |e| {
                Error::Config(format!(
                    "the keywords of {label:?} are no regular expression: {e}"
                ))
            };
            Ok((
                label.clone(),
                Regex::new(&format!("(?i){pattern}")).map_err(wrong)?,
            ))
        };
        patterns.iter().map(one).collect()
    };
    let (strict, lenient) = (compile(&keywords.strict)?, compile(&keywords.lenient)?);
    let says = |words: &BTreeMap<String, Regex>, label: &String, caption: &str| {
        words
            .get(label)
            .is_some_and(|pattern| pattern.is_match(caption))
    };
    let score = |name: &str, hit: &dyn Fn(&Item, &str) -> bool| {
        let hits = items
            .iter()
            .zip(captions)
            .map(|(item, caption)| f64::from(u8::from(hit(item, caption))));
        Measure {
            name: name.to_owned(),
            value: Ok(Value::of(&Scores::mean_of(hits.collect()))),
        }
    };
    let all = |words: &BTreeMap<String, Regex>, item: &Item, caption: &str| {
        item.labels.iter().all(|label| says(words, label, caption))
    };
    let mut measures = vec![score("strict", &|item, caption| {
        all(&strict, item, caption)
    })];
    if !lenient.is_empty() {
        measures.push(score("lenient", &|item, caption| {
            all(&lenient, item, caption)
        }));
    }
    if items.iter().any(|item| item.labels.len() > 1) {
        measures.push(score("either", &|item, caption| {
            item.labels.iter().any(|l| says(&strict, l, caption))
        }));
    }
    measures.push(score("invented", &|item, caption| {
        strict
            .keys()
            .any(|label| !item.labels.contains(label) && says(&strict, label, caption))
    }));
    Ok(measures)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Sound;

    #[test]
    fn keywords_count_what_is_named_and_what_is_invented() {
        let words =
            |list: [(&str, &str); 2]| list.map(|(l, p)| (l.to_owned(), p.to_owned())).into();
        let keywords = Keywords {
            strict: words([("Dog", r"\bdogs?\b"), ("Rain", r"\brain")]),
            lenient: words([("Dog", r"\b(dog|animal)"), ("Rain", r"\b(rain|water)")]),
        };
        let item = |labels: &[&str]| Item {
            name: String::new(),
            references: Vec::new(),
            labels: labels.iter().map(|&l| l.to_owned()).collect(),
            sound: Sound::Caption(String::new()),
        };
        let items = [
            item(&["Dog"]),
            item(&["Rain"]),
            item(&["Dog", "Rain"]),
            item(&["Dog", "Rain"]),
        ];
        let captions = [
            "An animal barks.",
            "A DOG in the rain",
            "Dogs in the rain.",
            "Water.",
        ];
        let items: Vec<&Item> = items.iter().collect();
        let scores: Vec<(String, f64)> = by_keywords(&items, &captions, &keywords)
            .expect("scores")
            .into_iter()
            .map(|m| (m.name, m.value.expect("a value").corpus))
            .collect();
        let want = [
            ("strict", 0.5),
            ("lenient", 0.75),
            ("either", 0.5),
            ("invented", 0.25),
        ];
        assert_eq!(scores, want.map(|(n, s)| (n.to_owned(), s)));
    }

    #[test]
    fn seeds_are_averaged_item_by_item() {
        let value = |items: &[f64]| Value::of(&Scores::mean_of(items.to_vec()));
        let (a, b) = (value(&[0.0, 1.0, 0.5]), value(&[1.0, 1.0, 0.0]));
        let both = over_seeds(&[&a, &b]).expect("two");
        assert_eq!(both.per_item, [Some(0.5), Some(1.0), Some(0.25)]);
        assert!((both.corpus - 3.5 / 6.0).abs() < 1e-12 && both.mean);
        let found = difference(&both, &a).expect("same items").expect("means");
        assert!((found.difference - (3.5 / 6.0 - 0.5)).abs() < 1e-12);
    }
}
