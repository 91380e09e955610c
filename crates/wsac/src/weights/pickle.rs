//! A pickle, read as data: bytes -> values in one list. Nothing in it is ever imported, called or executed.
//!
//! Written here because nothing else refuses foreign names, bounds its memory and keeps what is shared shared: the
//! crate `pytorch-reader` copies whatever the pickle refers to twice, and reads a tensor into bytes before it makes
//! numbers of them. Values lie in a flat list and refer to each other by place, so a pickle may be nested, shared or
//! circular as it likes: nothing here recurses. Work and memory are bounded by the length of the pickle.

mod names;

use std::collections::HashMap;
use std::io::{BufRead, Read};

use safetensors::Dtype;

use names::Name;

/// At most so many instructions, and so many values copied by them; the largest checkpoints take 100,000.
const MAX_STEPS: usize = 1 << 22;
/// At most so many bytes a line of text may have.
const MAX_LINE: u64 = 1 << 16;
/// At most so many axes a tensor may have.
const MAX_RANK: usize = 64;

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

/// Numbers that lie outside of the pickle, in a piece of their own.
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
        let mut machine = Machine {
            reader,
            values: Vec::new(),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
            steps: 0,
        };
        let root = machine.run()?;
        let values = machine.values;
        Ok(Self { values, root })
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

/// The stack machine that pickles are programs of.
struct Machine<'a, R> {
    reader: &'a mut R,
    values: Vec<Value>,
    stack: Vec<Id>,
    marks: Vec<usize>,
    memo: HashMap<u64, Id>,
    steps: usize,
}

impl<R: BufRead> Machine<'_, R> {
    /// Instruction by instruction until the end. Names and meanings are those of Python's `pickletools`.
    fn run(&mut self) -> Result<Id> {
        loop {
            self.spend(1)?;
            match self.byte()? {
                // PROTO, FRAME
                0x80 => match self.byte()? {
                    0..=5 => {}
                    version => return Err(format!("is a pickle of unknown protocol {version}")),
                },
                0x95 => drop(self.take::<8>()?),
                b'.' => return self.pop(),
                // MARK, POP, POP_MARK, DUP
                b'(' => self.marks.push(self.stack.len()),
                b'0' if self.marks.last() == Some(&self.stack.len()) => drop(self.marks.pop()),
                b'0' => drop(self.pop()?),
                b'1' => drop(self.pop_mark()?),
                b'2' => {
                    let top = self.top()?;
                    self.stack.push(top);
                }
                // NONE, NEWTRUE, NEWFALSE
                b'N' => self.push(Value::None)?,
                0x88 => self.push(Value::Bool(true))?,
                0x89 => self.push(Value::Bool(false))?,
                // INT, LONG, BININT, BININT1, BININT2, LONG1, LONG4
                b'I' => {
                    let line = self.line()?;
                    self.push(match line.as_str() {
                        "00" => Value::Bool(false),
                        "01" => Value::Bool(true),
                        number => number.parse().map_or(Value::Opaque, Value::Int),
                    })?;
                }
                b'L' => {
                    let line = self.line()?;
                    let number = line.trim_end_matches('L').parse();
                    self.push(number.map_or(Value::Opaque, Value::Int))?;
                }
                b'J' => {
                    let number = i32::from_le_bytes(self.take()?);
                    self.push(Value::Int(number.into()))?;
                }
                b'K' => {
                    let number = self.byte()?;
                    self.push(Value::Int(number.into()))?;
                }
                b'M' => {
                    let number = u16::from_le_bytes(self.take()?);
                    self.push(Value::Int(number.into()))?;
                }
                0x8a => {
                    let size = self.byte()?;
                    self.long(size.into())?;
                }
                0x8b => {
                    let size = u32::from_le_bytes(self.take()?);
                    self.long(size.into())?;
                }
                // FLOAT, BINFLOAT
                b'F' => {
                    self.line()?;
                    self.push(Value::Opaque)?;
                }
                b'G' => {
                    self.take::<8>()?;
                    self.push(Value::Opaque)?;
                }
                // STRING, UNICODE, BINSTRING, SHORT_BINSTRING, BINUNICODE, SHORT_BINUNICODE, BINUNICODE8
                b'S' => {
                    let line = self.line()?;
                    let text = line.trim_matches(['\'', '"']).to_owned();
                    self.push(Value::Text(text))?;
                }
                b'V' => {
                    let line = self.line()?;
                    self.push(Value::Text(line))?;
                }
                b'U' | 0x8c => {
                    let size = self.byte()?;
                    self.text(size.into())?;
                }
                b'T' | b'X' => {
                    let size = u32::from_le_bytes(self.take()?);
                    self.text(size.into())?;
                }
                0x8d => {
                    let size = u64::from_le_bytes(self.take()?);
                    self.text(size)?;
                }
                // SHORT_BINBYTES, BINBYTES, BINBYTES8, BYTEARRAY8
                b'C' => {
                    let size = self.byte()?;
                    self.skip(size.into())?;
                }
                b'B' => {
                    let size = u32::from_le_bytes(self.take()?);
                    self.skip(size.into())?;
                }
                0x8e | 0x96 => {
                    let size = u64::from_le_bytes(self.take()?);
                    self.skip(size)?;
                }
                // EMPTY_LIST, LIST, APPEND, APPENDS
                b']' => self.push(Value::List(Vec::new()))?,
                b'l' => {
                    let items = self.pop_mark()?;
                    self.push(Value::List(items))?;
                }
                b'a' => {
                    let item = self.pop()?;
                    self.append(vec![item])?;
                }
                b'e' => {
                    let items = self.pop_mark()?;
                    self.append(items)?;
                }
                // EMPTY_TUPLE, TUPLE, TUPLE1, TUPLE2, TUPLE3
                b')' => self.push(Value::Tuple(Vec::new()))?,
                b't' => {
                    let items = self.pop_mark()?;
                    self.push(Value::Tuple(items))?;
                }
                size @ 0x85..=0x87 => {
                    let from = self.stack.len().checked_sub(usize::from(size - 0x84));
                    let from = from.filter(|&n| n >= self.bottom()).ok_or_else(damaged)?;
                    let items = self.stack.split_off(from);
                    self.push(Value::Tuple(items))?;
                }
                // EMPTY_DICT, DICT, SETITEM, SETITEMS
                b'}' => self.push(Value::Dict(Vec::new()))?,
                b'd' => {
                    let items = self.pop_mark()?;
                    self.push(Value::Dict(Vec::new()))?;
                    self.set(&items)?;
                }
                b's' => {
                    let value = self.pop()?;
                    let key = self.pop()?;
                    self.set(&[key, value])?;
                }
                b'u' => {
                    let items = self.pop_mark()?;
                    self.set(&items)?;
                }
                // EMPTY_SET, ADDITEMS, FROZENSET
                0x8f => self.push(Value::Opaque)?,
                0x90 => drop(self.pop_mark()?),
                0x91 => {
                    self.pop_mark()?;
                    self.push(Value::Opaque)?;
                }
                // GLOBAL, STACK_GLOBAL
                b'c' => {
                    let (module, name) = (self.line()?, self.line()?);
                    self.push(Value::Name(names::known(&module, &name)?))?;
                }
                0x93 => {
                    let (name, module) = (self.pop()?, self.pop()?);
                    let (Value::Text(module), Value::Text(name)) =
                        (self.value(module), self.value(name))
                    else {
                        return Err(damaged());
                    };
                    let name = names::known(module, name)?;
                    self.push(Value::Name(name))?;
                }
                // REDUCE, NEWOBJ, NEWOBJ_EX, OBJ, INST, BUILD
                b'R' | 0x81 => {
                    let (arguments, name) = (self.pop()?, self.pop()?);
                    let made = self.make(name, arguments)?;
                    self.push(made)?;
                }
                0x92 => {
                    let (_, arguments, name) = (self.pop()?, self.pop()?, self.pop()?);
                    let made = self.make(name, arguments)?;
                    self.push(made)?;
                }
                b'o' => {
                    self.pop_mark()?;
                    self.push(Value::Opaque)?;
                }
                b'i' => {
                    let (module, name) = (self.line()?, self.line()?);
                    names::known(&module, &name)?;
                    self.pop_mark()?;
                    self.push(Value::Opaque)?;
                }
                // The attributes of an object, such as `_metadata` of a state dict.
                b'b' => drop(self.pop()?),
                // BINPERSID
                b'Q' => {
                    let id = self.pop()?;
                    let storage = self.storage(id)?;
                    self.push(Value::Storage(storage))?;
                }
                // GET, BINGET, LONG_BINGET
                b'g' => {
                    let line = self.line()?;
                    self.recall(line.parse().map_err(|_| damaged())?)?;
                }
                b'h' => {
                    let place = self.byte()?;
                    self.recall(place.into())?;
                }
                b'j' => {
                    let place = u32::from_le_bytes(self.take()?);
                    self.recall(place.into())?;
                }
                // PUT, BINPUT, LONG_BINPUT, MEMOIZE
                b'p' => {
                    let line = self.line()?;
                    self.remember(line.parse().map_err(|_| damaged())?)?;
                }
                b'q' => {
                    let place = self.byte()?;
                    self.remember(place.into())?;
                }
                b'r' => {
                    let place = u32::from_le_bytes(self.take()?);
                    self.remember(place.into())?;
                }
                0x94 => self.remember(self.memo.len() as u64)?,
                other => {
                    return Err(format!(
                        "holds a pickle that is damaged (instruction {other:#04x})"
                    ));
                }
            }
        }
    }

    /// Accounts for `n` more steps.
    fn spend(&mut self, n: usize) -> Result<()> {
        self.steps = self.steps.saturating_add(n);
        match self.steps > MAX_STEPS {
            true => Err(format!(
                "holds a pickle of more than {MAX_STEPS} steps, which is no model's"
            )),
            false => Ok(()),
        }
    }

    fn byte(&mut self) -> Result<u8> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.reader.read_exact(&mut bytes).map_err(|_| short())?;
        Ok(bytes)
    }

    /// The next `size` bytes. The buffer grows with what is there, not with what was promised.
    fn bytes(&mut self, size: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let read = self.reader.by_ref().take(size).read_to_end(&mut bytes);
        match read {
            Ok(n) if n as u64 == size => Ok(bytes),
            _ => Err(short()),
        }
    }

    fn line(&mut self) -> Result<String> {
        let mut line = Vec::new();
        let read = self
            .reader
            .by_ref()
            .take(MAX_LINE)
            .read_until(b'\n', &mut line);
        read.map_err(|_| short())?;
        match line.pop() {
            Some(b'\n') => String::from_utf8(line).map_err(|_| damaged()),
            _ => Err(damaged()),
        }
    }

    fn text(&mut self, size: u64) -> Result<()> {
        let text = String::from_utf8(self.bytes(size)?);
        self.push(text.map_or(Value::Opaque, Value::Text))
    }

    fn skip(&mut self, size: u64) -> Result<()> {
        let skipped = std::io::copy(&mut self.reader.by_ref().take(size), &mut std::io::sink());
        match skipped {
            Ok(n) if n == size => self.push(Value::Opaque),
            _ => Err(short()),
        }
    }

    /// A little-endian two's complement number of `size` bytes.
    fn long(&mut self, size: u64) -> Result<()> {
        if size > 8 {
            return self.skip(size);
        }
        let bytes = self.bytes(size)?;
        let sign = bytes.last().map_or(0, |&b| if b < 0x80 { 0 } else { 0xff });
        let mut whole = [sign; 8];
        whole[..bytes.len()].copy_from_slice(&bytes);
        self.push(Value::Int(i64::from_le_bytes(whole)))
    }

    fn value(&self, id: Id) -> &Value {
        &self.values[id.0 as usize]
    }

    fn push(&mut self, value: Value) -> Result<()> {
        let id = u32::try_from(self.values.len()).map_err(|_| damaged())?;
        self.values.push(value);
        self.stack.push(Id(id));
        Ok(())
    }

    /// How high the stack was at the last mark; nothing is popped beyond it.
    fn bottom(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn top(&self) -> Result<Id> {
        let top = self.stack[self.bottom().min(self.stack.len())..].last();
        top.copied().ok_or_else(damaged)
    }

    fn pop(&mut self) -> Result<Id> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    fn pop_mark(&mut self) -> Result<Vec<Id>> {
        let mark = self.marks.pop().ok_or_else(damaged)?;
        Ok(self.stack.split_off(mark.min(self.stack.len())))
    }

    fn append(&mut self, more: Vec<Id>) -> Result<()> {
        let list = self.top()?;
        match &mut self.values[list.0 as usize] {
            Value::List(items) => items.extend(more),
            Value::Opaque => {}
            _ => return Err(damaged()),
        }
        Ok(())
    }

    fn set(&mut self, items: &[Id]) -> Result<()> {
        let (pairs, []) = items.as_chunks::<2>() else {
            return Err(damaged());
        };
        let dict = self.top()?;
        match &mut self.values[dict.0 as usize] {
            Value::Dict(entries) => entries.extend(pairs.iter().map(|&[key, value]| (key, value))),
            Value::Opaque => {}
            _ => return Err(damaged()),
        }
        Ok(())
    }

    fn remember(&mut self, place: u64) -> Result<()> {
        let top = self.top()?;
        self.memo.insert(place, top);
        Ok(())
    }

    fn recall(&mut self, place: u64) -> Result<()> {
        let id = self.memo.get(&place).copied().ok_or_else(damaged)?;
        self.stack.push(id);
        Ok(())
    }

    /// The value that `name` would make of `arguments`, where weights need it.
    fn make(&mut self, name: Id, arguments: Id) -> Result<Value> {
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

    /// `torch._utils._rebuild_tensor_v2` and its kin.
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
    fn storage(&self, id: Id) -> Result<Storage> {
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

fn damaged() -> Fault {
    "holds a pickle that is damaged".into()
}

fn short() -> Fault {
    "is cut short: it ends within its pickle; download it again".into()
}
