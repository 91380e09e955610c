//! What a pickle has its names make, as far as weights need it: storages, tensors, dicts and sizes.

use std::io::BufRead;

use super::fault::{Result, damaged};
use super::machine::Machine;
use super::names::Name;
use super::value::{Id, Storage, Tensor, Value};

/// At most so many axes a tensor may have.
const MAX_RANK: usize = 64;

impl<R: BufRead> Machine<'_, R> {
    /// The value that `name` would make of `arguments`, where weights need it.
    pub(super) fn make(&mut self, name: Id, arguments: Id) -> Result<Value> {
        let (mut name, mut arguments) = (self.known(name), self.items(arguments)?);
        if let (Name::FromType, &[inner, _, of, ..]) = (name, arguments) {
            (name, arguments) = (self.known(inner), self.items(of)?);
        }
        match (name, arguments) {
            (Name::Tensor, &[storage, offset, shape, strides, ..]) => {
                self.tensor(storage, offset, shape, strides, None)
            }
            (Name::TensorOfKind, &[storage, offset, shape, strides, _, _, dtype, ..]) => {
                self.tensor(storage, offset, shape, strides, Some(dtype))
            }
            (Name::Parameter, &[tensor, ..]) => Ok(match self.value(tensor) {
                Value::Tensor(tensor) => Value::Tensor(tensor.clone()),
                _ => Value::Opaque,
            }),
            (Name::Tensor | Name::TensorOfKind | Name::Parameter | Name::FromType, _) => {
                Err(damaged())
            }
            (Name::Dict, arguments) => {
                let pairs = arguments.first().map(|&id| self.items(id));
                let pairs = pairs.and_then(Result::ok).unwrap_or_default().to_vec();
                self.spend(pairs.len())?;
                let pairs = pairs.into_iter().filter_map(|pair| match self.items(pair) {
                    Ok(&[key, value]) => Some((key, value)),
                    _ => None,
                });
                Ok(Value::Dict(pairs.collect()))
            }
            (Name::Tuple, &[items]) => {
                let items = self.items(items)?.to_vec();
                self.spend(items.len())?;
                Ok(Value::Tuple(items))
            }
            (Name::Tuple | Name::Storage(_) | Name::Kind(_) | Name::Data, _) => Ok(Value::Opaque),
        }
    }

    fn known(&self, id: Id) -> Name {
        match self.value(id) {
            Value::Name(name) => *name,
            _ => Name::Data,
        }
    }

    fn items(&self, id: Id) -> Result<&[Id]> {
        match self.value(id) {
            Value::Tuple(items) | Value::List(items) => Ok(items),
            _ => Err(damaged()),
        }
    }

    /// `torch._utils._rebuild_tensor_v2` and its variants.
    fn tensor(
        &mut self,
        storage: Id,
        offset: Id,
        shape: Id,
        strides: Id,
        dtype: Option<Id>,
    ) -> Result<Value> {
        let &Value::Storage(storage) = self.value(storage) else {
            return Ok(Value::Opaque);
        };
        let dtype = match dtype.map(|id| self.known(id)) {
            Some(Name::Kind(dtype)) => Some(dtype),
            Some(_) => None,
            None => storage.dtype,
        };
        let (shape, strides) = (self.sizes(shape)?, self.sizes(strides)?);
        self.spend(shape.len())?;
        let (Some(dtype), true) = (dtype, shape.len() == strides.len()) else {
            return Ok(Value::Opaque);
        };
        let offset = self.size(offset)?;
        Ok(Value::Tensor(Box::new(Tensor {
            storage,
            dtype,
            offset,
            shape,
            strides,
        })))
    }

    fn sizes(&self, id: Id) -> Result<Vec<usize>> {
        match self.items(id)? {
            sizes if sizes.len() > MAX_RANK => Err(damaged()),
            sizes => sizes.iter().map(|&id| self.size(id)).collect(),
        }
    }

    fn size(&self, id: Id) -> Result<usize> {
        match self.value(id) {
            Value::Int(size) => usize::try_from(*size).map_err(|_| damaged()),
            _ => Err(damaged()),
        }
    }

    /// `("storage", class, key, device, size[, (key of the view, first, size)])`.
    pub(super) fn storage(&self, id: Id) -> Result<Storage> {
        let &[kind, class, key, _, _, ref view @ ..] = self.items(id)? else {
            return Err(damaged());
        };
        let is_storage = matches!(self.value(kind), Value::Text(kind) if kind == "storage");
        let Name::Storage(dtype) = self.known(class) else {
            return Err("holds numbers of a kind that wsac does not know".into());
        };
        if !is_storage || !matches!(self.value(key), Value::Text(_)) {
            return Err(damaged());
        }
        let first = match view.first().map(|&view| self.items(view)) {
            Some(Ok(&[_, first, _])) => self.size(first)?,
            _ => 0,
        };
        Ok(Storage { dtype, key, first })
    }
}
