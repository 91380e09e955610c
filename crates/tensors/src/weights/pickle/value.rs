//! The values of a pickle, as far as they matter to weights.

use safetensors::Dtype;

use super::names::Name;

/// The place of a value in its [`Pickle`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in super::super) struct Id(pub(super) u32);

/// A value, as far as it matters to weights.
#[derive(Debug)]
pub(in super::super) enum Value {
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

/// Numbers that lie outside of the pickle, in a piece of their own.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Storage {
    /// `None` where the storage is of bytes, and each tensor says what they are.
    pub dtype: Option<Dtype>,
    /// The text that the piece is called.
    pub key: Id,
    /// Where it begins in its piece: 0, but for very old files.
    pub first: usize,
}

/// A view of a storage.
#[derive(Debug, Clone)]
pub(in super::super) struct Tensor {
    pub storage: Storage,
    pub dtype: Dtype,
    /// Counted, as the strides, in numbers.
    pub offset: usize,
    pub shape: Vec<usize>,
    pub strides: Vec<usize>,
}
