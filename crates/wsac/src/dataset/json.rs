//! Captions in JSON: a list of captions or objects, one such a line, or an object of columns as pandas writes it.

use std::io::Read;

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::{Map, Value};

use super::columns::{ACCEPTED, Columns, NameColumn, Role};
use super::kind::decode;
use super::reader::Reader;
use super::table::joined;
use crate::error::{Error, Result};

/// What is wrong with a value; who calls knows the line.
type Said<T> = std::result::Result<T, String>;

/// Keys under which an object has its list: WavCaps', COCO's.
const LISTS: [&str; 2] = ["data", "annotations"];

impl Reader {
    /// Reads one line of JSON.
    pub fn json_line(&mut self, number: u64, line: String) -> Result<()> {
        if line.is_empty() {
            return Ok(());
        }
        let value = serde_json::from_str(&line)
            .map_err(|e| self.wrong(Some(number), format!("is no JSON ({e})")))?;
        self.json_item(value)
            .map_err(|why| self.wrong(Some(number), why))
    }

    /// Reads a list of captions or objects, an object that has such a list as `data` or `annotations`, or an object whose
    /// values are columns.
    pub fn json(&mut self, mut reader: impl Read) -> Result<()> {
        let mut bytes = Vec::new();
        let read = reader.read_to_end(&mut bytes);
        read.map_err(|e| Error::io(&self.path, e))?;
        if bytes.trim_ascii().is_empty() {
            return Ok(());
        }
        let (text, latin1) = decode(&bytes);
        drop(bytes);
        self.set.latin1 += usize::from(latin1);
        let mut json = serde_json::Deserializer::from_str(&text);
        let done = JsonItems {
            file: self,
            list: false,
        }
        .deserialize(&mut json)
        .and_then(|()| json.end());
        done.map_err(|e| self.wrong(Some(e.line() as u64), format!("cannot be used ({e})")))
    }

    /// A caption, or an object with captions and the name of their clip.
    fn json_item(&mut self, value: Value) -> Said<()> {
        match value {
            Value::String(caption) => self
                .record([caption.as_str()], [])
                .map_err(|e| e.to_string()),
            Value::Object(object) => {
                let keys: Vec<&str> = object.keys().map(String::as_str).collect();
                let columns = columns(&keys)?;
                let names = NameColumn::all(&keys);
                self.json_record(&columns, &names, |i| &object[keys[i]])
            }
            other => Err(format!(
                "{other} is neither a caption nor an object with captions"
            )),
        }
    }

    /// The record whose value in column `i` is `value(i)`.
    fn json_record<'v>(
        &mut self,
        columns: &Columns,
        names: &[NameColumn],
        value: impl Fn(usize) -> &'v Value,
    ) -> Said<()> {
        let mut captions = Vec::new();
        for &i in &columns.captions {
            texts_of(value(i), &mut captions)?;
        }
        let names = names.iter().map(|column| {
            let parts = column.places.iter().map(|&i| name_of(value(i)));
            (column.kind, joined(parts))
        });
        self.record(captions, names).map_err(|e| e.to_string())
    }

    /// An object of columns, each a list or an object from row to value, as pandas' `to_json` writes it by default.
    fn json_columns(&mut self, object: &Map<String, Value>) -> Said<()> {
        const NONE: &Value = &Value::Null;
        let keys: Vec<&str> = object.keys().map(String::as_str).collect();
        let (columns, names) = (columns(&keys)?, NameColumn::all(&keys));
        let first = &object[keys[columns.captions[0]]];
        if let Value::Array(list) = first {
            for row in 0..list.len() {
                self.json_record(&columns, &names, |i| {
                    object[keys[i]].get(row).unwrap_or(NONE)
                })?;
            }
            return Ok(());
        }
        let rows = first.as_object().into_iter().flat_map(Map::keys);
        let mut rows: Vec<&String> = rows.collect();
        // Keys are sorted as text: "10" before "2".
        if rows.iter().all(|row| row.parse::<u64>().is_ok()) {
            rows.sort_by_key(|row| row.parse::<u64>().unwrap_or(0));
        }
        for row in rows {
            self.json_record(&columns, &names, |i| {
                object[keys[i]].get(row).unwrap_or(NONE)
            })?;
        }
        Ok(())
    }
}

fn columns(keys: &[&str]) -> Said<Columns> {
    Columns::find(keys, Role::Training).ok_or_else(|| {
        let found = keys.join(", ");
        format!("no captions in an object; found: {found}; it needs one of: {ACCEPTED}")
    })
}

/// Whether the values of `object` are columns: captions by row, or as many names as captions.
fn has_columns(object: &Map<String, Value>) -> bool {
    let keys: Vec<&str> = object.keys().map(String::as_str).collect();
    let Some(found) = Columns::find(&keys, Role::Training) else {
        return false;
    };
    let value = |i: &usize| &object[keys[*i]];
    let captions = found.captions.first().map(value);
    match captions {
        Some(Value::Object(rows)) => {
            let keys: Vec<&str> = rows.keys().map(String::as_str).collect();
            !rows.is_empty() && Columns::find(&keys, Role::Training).is_none()
        }
        Some(Value::Array(list)) => {
            let names = found.clip.first().map(value).and_then(Value::as_array);
            names.is_some_and(|names| names.len() == list.len())
        }
        _ => false,
    }
}

/// The captions in a string, a list, or an object that holds one; what is null is an empty one.
fn texts_of<'v>(value: &'v Value, texts: &mut Vec<&'v str>) -> Said<()> {
    match value {
        Value::String(text) => texts.push(text),
        Value::Null => texts.push(""),
        Value::Array(list) => list.iter().try_for_each(|item| texts_of(item, texts))?,
        Value::Object(object) => {
            let keys: Vec<&str> = object.keys().map(String::as_str).collect();
            for i in columns(&keys)?.captions {
                texts_of(&object[keys[i]], texts)?;
            }
        }
        other => return Err(format!("{other} is no caption")),
    }
    Ok(())
}

/// What a value names; nothing where it is null. Hugging Face's audio column is an object with a path.
fn name_of(value: &Value) -> String {
    match value {
        Value::String(name) => name.clone(),
        Value::Number(number) => number.to_string(),
        Value::Object(object) => object.get("path").map(name_of).unwrap_or_default(),
        _ => String::new(),
    }
}

/// Puts the items of a JSON file in the set one by one, without a tree of the whole.
struct JsonItems<'a> {
    file: &'a mut Reader,
    /// Inside `data`, where only a list is right.
    list: bool,
}

impl<'de> DeserializeSeed<'de> for JsonItems<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> std::result::Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for JsonItems<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("a list of captions, or of objects with captions, or an object with such a list as \"data\"")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> std::result::Result<(), A::Error> {
        while let Some(value) = list.next_element()? {
            self.file.json_item(value).map_err(A::Error::custom)?;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<(), A::Error> {
        let mut object = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            if LISTS.contains(&key.as_str()) && !self.list {
                let file = &mut *self.file;
                map.next_value_seed(JsonItems { file, list: true })?;
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                return Ok(());
            }
            object.insert(key, map.next_value()?);
        }
        let done = match has_columns(&object) {
            true => self.file.json_columns(&object),
            false => self.file.json_item(Value::Object(object)),
        };
        done.map_err(A::Error::custom)
    }
}
