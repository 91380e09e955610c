//! Loading one model from a file of weights: missing, wrong and unused tensors are gathered and reported together.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::{Buffer, Weights};
use crate::error::{Error, Result};
use wsac_nn::matmul::ProductDtype;

/// At most so many names stand in a message.
const NAMED: usize = 8;

/// A file of weights while a model is read from it.
///
/// A missing tensor is noted and stood in for by zeros, so that one message can name all that is missing;
/// [`WeightLoader::finish`] gives it. The model must not be used before.
pub struct WeightLoader<'a> {
    weights: &'a dyn Weights,
    precision: ProductDtype,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    used: BTreeSet<String>,
    missing: Vec<String>,
    wrong: Vec<String>,
}

/// The tensors of the file that no part of the model asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnusedKeys(pub Vec<String>);

impl<'a> WeightLoader<'a> {
    /// Begins to read from `weights`.
    pub fn new(weights: &'a dyn Weights) -> Self {
        Self {
            weights,
            precision: weights.precision(),
            seen: Mutex::default(),
        }
    }

    /// The same reading, for a network that multiplies in `precision`.
    pub fn in_precision(self, precision: ProductDtype) -> Self {
        Self { precision, ..self }
    }

    /// Ends the reading: the names that nobody asked for, but for those that `expected` knows to be of no use.
    ///
    /// # Errors
    /// Where tensors were missing, had another shape or held what is no number; the message names them.
    pub fn finish(self, expected: impl Fn(&str) -> bool) -> Result<UnusedKeys> {
        let seen = (self.seen.into_inner()).unwrap_or_else(PoisonError::into_inner);
        let mut reasons = Vec::new();
        if !seen.missing.is_empty() {
            let tensors = tensors(seen.missing.len());
            reasons.push(format!("{tensors} missing: {}", list(&seen.missing)));
        }
        if !seen.wrong.is_empty() {
            reasons.push(list(&seen.wrong));
        }
        if !reasons.is_empty() {
            return Err(Error::model(self.weights.path(), reasons.join("; ")));
        }
        let mut left: Vec<String> = (self.weights.names().into_iter())
            .filter(|name| !seen.used.contains(*name) && !expected(name))
            .map(str::to_owned)
            .collect();
        left.sort_unstable();
        Ok(UnusedKeys(left))
    }

    fn note(&self, add: impl FnOnce(&mut Seen)) {
        add(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Weights for WeightLoader<'_> {
    fn path(&self) -> &Path {
        self.weights.path()
    }

    fn precision(&self) -> ProductDtype {
        self.precision
    }

    fn names(&self) -> Vec<&str> {
        self.weights.names()
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.weights.shape(name)
    }

    fn get(&self, name: &str, shape: &[usize]) -> Result<Buffer> {
        let nothing = || Ok(vec![0.0; shape.iter().product()].into());
        match self.weights.shape(name) {
            None => {
                self.note(|seen| seen.missing.push(name.to_owned()));
                return nothing();
            }
            Some(found) if found != shape => {
                let reason = format!("tensor {name} has shape {found:?}, not {shape:?}");
                self.note(|seen| seen.wrong.push(reason));
                return nothing();
            }
            Some(_) => self.note(|seen| seen.used.extend([name.to_owned()])),
        }
        let numbers = self.weights.get(name, shape)?;
        if !numbers.iter().all(|x| x.is_finite()) {
            let reason = format!("tensor {name} holds NaN or infinity; the file is damaged");
            self.note(|seen| seen.wrong.push(reason));
        }
        Ok(numbers)
    }
}

fn tensors(n: usize) -> String {
    match n {
        1 => "1 tensor is".to_owned(),
        n => format!("{n} tensors are"),
    }
}

/// The first few of `names`, and how many more there are.
fn list(names: &[String]) -> String {
    let shown = names[..names.len().min(NAMED)].join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

impl std::fmt::Display for UnusedKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&list(&self.0))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::safetensors::{TensorFile, Tensors};

    fn bytes() -> Vec<u8> {
        let mut file = TensorFile::new();
        file.f32("a", &[2], &[1.0, 2.0]);
        file.f32("nan", &[2], &[1.0, f32::NAN]);
        file.f32("spare", &[1], &[0.0]);
        file.f32("position_ids", &[1], &[0.0]);
        file.to_bytes().unwrap()
    }

    #[test]
    fn what_nobody_asked_for_is_listed() {
        let bytes = bytes();
        let file = Tensors::parse("m", &bytes).unwrap();
        let reading = WeightLoader::new(&file);
        assert_eq!(*reading.get("a", &[2]).unwrap(), [1.0, 2.0]);
        let left = reading.finish(|name| name == "position_ids").unwrap();
        assert_eq!(left.0, ["nan", "spare"]);
        assert_eq!(left.to_string(), "nan, spare");
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let bytes = bytes();
        let file = Tensors::parse("m", &bytes).unwrap();
        let reading = WeightLoader::new(&file);
        for name in ["x", "y"] {
            assert_eq!(reading.get(name, &[3]).unwrap().len(), 3);
        }
        reading.get("a", &[1]).unwrap();
        reading.get("nan", &[2]).unwrap();
        let error = reading.finish(|_| false).unwrap_err().to_string();
        let wanted = "m: 2 tensors are missing: x, y; tensor a has shape [2], not [1], \
                      tensor nan holds NaN or infinity; the file is damaged";
        assert_eq!(error, wanted);
    }
}
