//! The stack machine that pickles are programs of: bytes -> values, one instruction after the other.

use std::collections::HashMap;
use std::io::{BufRead, Read};

use super::fault::{Result, damaged, short};
use super::names;
use super::value::{Id, Value};

/// At most so many instructions, and so many values copied by them; the largest checkpoints take 100,000.
const MAX_STEPS: usize = 1 << 22;
/// At most so many bytes a line of text may have.
const MAX_LINE: u64 = 1 << 16;

/// The stack machine that pickles are programs of.
pub(super) struct Machine<'a, R> {
    reader: &'a mut R,
    pub(super) values: Vec<Value>,
    stack: Vec<Id>,
    marks: Vec<usize>,
    memo: HashMap<u64, Id>,
    steps: usize,
}

impl<'a, R: BufRead> Machine<'a, R> {
    /// A machine that has done nothing yet.
    pub(super) fn new(reader: &'a mut R) -> Self {
        Self {
            reader,
            values: Vec::new(),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
            steps: 0,
        }
    }

    /// Instruction by instruction until the end. Names and meanings are those of Python's `pickletools`.
    pub(super) fn run(&mut self) -> Result<Id> {
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
    pub(super) fn spend(&mut self, n: usize) -> Result<()> {
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

    pub(super) fn value(&self, id: Id) -> &Value {
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
}
