//! A pickle, read as data: bytes -> values in one list. Nothing in it is ever imported, called or executed.
//!
//! Written here rather than taken from the crate `pytorch-reader`, which also unpacks compressed archives, copies what
//! a pickle refers to twice, and hands a tensor out as bytes, so that it is in memory twice while it becomes f32. Here
//! values lie in a flat list and refer to each other by place, so a pickle may be nested, shared or circular as it
//! likes: nothing recurses. Work and memory are bounded by the length of the pickle.

mod fault;
mod machine;
mod make;
mod names;
mod value;

use std::io::BufRead;

use fault::Result;
use machine::Machine;
pub(super) use value::{Id, Tensor, Value};

/// What a pickle holds.
pub(super) struct Pickle {
    values: Vec<Value>,
    root: Id,
}

impl Pickle {
    /// Reads one pickle, protocols 0 to 5, as far as `torch.save` writes them; stops right behind it.
    pub fn read(reader: &mut impl BufRead) -> Result<Self> {
        let mut machine = Machine::new(reader);
        let root = machine.run()?;
        Ok(Self {
            values: machine.values,
            root,
        })
    }

    /// The value that the pickle is of.
    pub fn root(&self) -> Id {
        self.root
    }

    /// The value at `id`.
    pub fn value(&self, id: Id) -> &Value {
        &self.values[id.0 as usize]
    }

    /// All values, in the order they were made.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The text at `id`, where it is one.
    pub fn text(&self, id: Id) -> Option<&str> {
        match self.value(id) {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}
