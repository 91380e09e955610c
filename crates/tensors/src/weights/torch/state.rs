//! Where in a checkpoint the state dict is: a pickle -> its tensors by name, and what lies beside them.

use std::collections::{BTreeMap, HashSet};

use super::storage::Fault;
use crate::weights::pickle::{Id, Pickle, Tensor, Value};

/// Under which keys training scripts put the weights, the likeliest first.
const KEYS: [&str; 8] = [
    "model",
    "state_dict",
    "model_state_dict",
    "module",
    "generator",
    "net",
    "network",
    "weights",
];
/// Weights lie at most so deep.
const DEPTH: usize = 4;
/// Names longer than this are no parameter's.
const MAX_NAME: usize = 1024;

/// The weights of a checkpoint.
pub(super) struct Found<'a> {
    pub tensors: BTreeMap<String, &'a Tensor>,
    /// The keys beside the weights, wherever the search passed.
    pub skipped: Vec<String>,
    /// Those of them that are plain text.
    pub settings: BTreeMap<String, String>,
}

/// Finds the state dict: the object itself, or what it holds under one of [`KEYS`]. Where all names begin with
/// `module.`, as those of a model trained on several devices, that is left out.
pub(super) fn find(pickle: &Pickle) -> Result<Found<'_>, Fault> {
    let mut skipped = Vec::new();
    let at = search(
        pickle,
        pickle.root(),
        DEPTH,
        &mut HashSet::new(),
        &mut skipped,
    );
    let Some(at) = at else {
        let found: Vec<&str> = texts(pickle, pickle.root()).into_keys().take(8).collect();
        return Err(match found.join(", ").escape_debug().to_string() {
            none if none.is_empty() => "holds no state dict".to_owned(),
            found => format!("holds no state dict, but: {found}"),
        });
    };
    let tensors = texts(pickle, at).into_iter();
    let tensors = tensors.filter_map(|(name, id)| Some((name, tensor(pickle, id)?)));
    let tensors = without_prefix(tensors.collect());
    let settings = skipped.iter().filter_map(|&(key, id)| {
        let text = pickle.text(id)?;
        Some((key.to_owned(), text.to_owned()))
    });
    Ok(Found {
        tensors,
        settings: settings.collect(),
        skipped: skipped.into_iter().map(|(key, _)| key.to_owned()).collect(),
    })
}

/// The dict of tensors nearest to `at`; the entries passed by are added to `skipped`.
fn search<'a>(
    pickle: &'a Pickle,
    at: Id,
    depth: usize,
    seen: &mut HashSet<Id>,
    skipped: &mut Vec<(&'a str, Id)>,
) -> Option<Id> {
    if depth == 0 || !seen.insert(at) {
        return None;
    }
    let entries = texts(pickle, at);
    for key in KEYS {
        let inner = entries.get(key).copied();
        let found = inner.and_then(|inner| search(pickle, inner, depth - 1, seen, skipped));
        if found.is_some() {
            skipped.extend(entries.into_iter().filter(|(k, _)| *k != key));
            return found;
        }
    }
    let has_tensors = entries.values().any(|&id| tensor(pickle, id).is_some());
    has_tensors.then_some(at)
}

/// The entries of the dict at `id` that are called by a text.
fn texts(pickle: &Pickle, id: Id) -> BTreeMap<&str, Id> {
    let Value::Dict(entries) = pickle.value(id) else {
        return BTreeMap::new();
    };
    let named = entries.iter().filter_map(|&(key, value)| {
        let key = pickle.text(key).filter(|key| key.len() <= MAX_NAME)?;
        Some((key, value))
    });
    named.collect()
}

fn tensor(pickle: &Pickle, id: Id) -> Option<&Tensor> {
    match pickle.value(id) {
        Value::Tensor(tensor) => Some(tensor),
        _ => None,
    }
}

fn without_prefix<'a>(tensors: BTreeMap<&str, &'a Tensor>) -> BTreeMap<String, &'a Tensor> {
    let prefix = "module.";
    let all = tensors.keys().all(|name| name.starts_with(prefix));
    let named = tensors.into_iter().map(|(name, tensor)| {
        let name = if all { &name[prefix.len()..] } else { name };
        (name.to_owned(), tensor)
    });
    named.collect()
}
