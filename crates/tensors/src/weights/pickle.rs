//! A pickle, read as data: bytes -> values in one list. Nothing in it is ever imported, called or executed.
//!
//! Written here rather than taken from the crate `pytorch-reader`, which also unpacks compressed archives, copies what
//! a pickle refers to twice, and hands a tensor out as bytes, so that it is in memory twice while it becomes f32. Here
//! values lie in a flat list and refer to each other by place, so a pickle may be nested, shared or circular as it
//! likes: nothing recurses. Work and memory are bounded by the length of the pickle.

mod machine;
mod make;
mod names;

use std::io::BufRead;

use safetensors::Dtype;

use machine::Machine;
use names::Name;

/// Why a pickle cannot be read.
pub(super) type Fault = String;
type Result<T> = std::result::Result<T, Fault>;

/// The place of a value in its [`Pickle`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Id(u32);

/// A value, as far as it matters to weights.
#[derive(Debug)]
pub(super) enum Value {
    None,
    Bool(bool),
    Int(i64),
    Text(String),
    List(Vec<Id>),
    Tuple(Vec<Id>),
    /// Later entries win.
    Dict(Vec<(Id, Id)>),
    /// A class or function that is known to be harmless.
    Name(Name),
    Storage(Storage),
    Tensor(Box<Tensor>),
    /// Anything else: a float, an optimiser's setting, an object of some harmless class.
    Opaque,
}

/// Buffer that lie outside of the pickle, in a piece of their own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Storage {
    /// `None` where the storage is of bytes, and each tensor tells what they are.
    pub dtype: Option<Dtype>,
    /// The text that the piece is called.
    pub key: Id,
    /// Where it begins in its piece: 0, but for very old files.
    pub first: usize,
}

/// A view of a storage.
#[derive(Debug, Clone)]
pub(super) struct Tensor {
    pub storage: Storage,
    pub dtype: Dtype,
    /// Counted, as the strides, in numbers.
    pub offset: usize,
    pub shape: Vec<usize>,
    pub strides: Vec<usize>,
}

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

fn damaged() -> Fault {
    "holds a pickle that is damaged".into()
}

fn short() -> Fault {
    "is cut short: it ends within its pickle; download it again".into()
}
