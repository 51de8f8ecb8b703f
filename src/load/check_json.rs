//! Whether an object is JSON objects and nothing else, before it is joined with others: what COPY would only say of
//! the part it was gathered into.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::copy_format::CopyKind;
use super::keys::KeyCounter;
use crate::config::Source;
use crate::error::Error;
use crate::location::Location;

/// Faulty objects that are named.
const SHOWN: usize = 10;
/// C9: the largest JSON object that COPY takes.
const MAX_OBJECT_BYTES: usize = 4 << 20;

/// A mistake in an object's content, and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub line: u64,
    pub column: u64,
    pub reason: String,
}

/// The number of JSON objects in `bytes`, whose top-level keys are counted; and of lists, where they are rows too.
pub fn count_objects(bytes: &[u8], lists_are_rows: bool, keys: &mut KeyCounter) -> Result<u64, Fault> {
    let mut objects = serde_json::Deserializer::from_slice(bytes).into_iter::<ObjectKeys<'_>>();
    let mut count = 0;
    loop {
        let start = objects.byte_offset();
        let Some(object) = objects.next() else { return Ok(count) };
        let blank = bytes[start..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let at = start + blank;
        let is_row = bytes.get(at).is_some_and(|first| *first == b'{' || lists_are_rows && *first == b'[');
        if !is_row {
            return Err(fault(bytes, at, "a JSON object was expected"));
        }
        let ObjectKeys(found) = object.map_err(|error| malformed(&error, "the JSON object is cut off"))?;
        if objects.byte_offset() - at > MAX_OBJECT_BYTES {
            return Err(fault(bytes, at, "the JSON object is larger than 4 MB, the most that COPY takes"));
        }
        keys.add(&found, || line_of(bytes, at));
        count += 1;
    }
}

/// Converts an error of the JSON parser; text that ends early is reported as `cut_off`.
pub fn malformed(error: &serde_json::Error, cut_off: &str) -> Fault {
    let text = error.to_string();
    let reason = match error.is_eof() {
        true => cut_off,
        false => text.split(" at line ").next().unwrap_or(&text),
    };
    Fault { line: error.line() as u64, column: error.column() as u64, reason: reason.to_owned() }
}

/// The top-level keys of a JSON object; a list has none. Whether they are Unicode is for COPY to say.
struct ObjectKeys<'de>(Vec<Cow<'de, [u8]>>);

impl<'de> Deserialize<'de> for ObjectKeys<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor;

        impl<'de> Visitor<'de> for ObjectVisitor {
            type Value = ObjectKeys<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut keys = Vec::with_capacity(16);
                while let Some(Key(key)) = map.next_key::<Key<'de>>()? {
                    map.next_value::<IgnoredAny>()?;
                    keys.push(key);
                }
                Ok(ObjectKeys(keys))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(ObjectKeys(Vec::new()))
            }
        }

        deserializer.deserialize_any(ObjectVisitor)
    }
}

struct Key<'de>(Cow<'de, [u8]>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_bytes<E: serde::de::Error>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(bytes)))
            }

            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(bytes.to_vec())))
            }
        }

        deserializer.deserialize_bytes(KeyVisitor)
    }
}

/// A fault at a byte.
pub fn fault(bytes: &[u8], at: usize, reason: &str) -> Fault {
    let (line, before) = (line_of(bytes, at), &bytes[..at]);
    let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
    Fault { line, column: (at - line_start) as u64 + 1, reason: reason.to_owned() }
}

/// The line of a byte, from 1.
fn line_of(bytes: &[u8], at: usize) -> u64 {
    bytes[..at].iter().filter(|&&byte| byte == b'\n').count() as u64 + 1
}

/// Objects whose content is not what it should be.
#[derive(Default)]
pub struct Faults {
    count: usize,
    first: Vec<(Location, Fault)>,
    /// Some name other columns than the first object.
    has_other_columns: bool,
}

impl Faults {
    pub fn add(&mut self, fault: (Location, Fault)) {
        self.count += 1;
        if self.first.len() < SHOWN {
            self.first.push(fault);
        }
    }

    /// As `add`, of a header with other columns.
    pub fn add_header(&mut self, fault: (Location, Fault)) {
        self.has_other_columns = true;
        self.add(fault);
    }

    /// # Errors
    /// Where there is any.
    pub fn none(self, source: &Source, kind: CopyKind) -> crate::error::Result<()> {
        if self.count == 0 {
            return Ok(());
        }
        let line = |(location, fault): &(Location, Fault)| {
            format!("\n  {location}:{}:{}: {}", fault.line, fault.column, fault.reason)
        };
        let shown: String = self.first.iter().map(line).collect();
        let more = match self.count - self.first.len() {
            0 => String::new(),
            more => format!("\n  and {more} more"),
        };
        if let CopyKind::Text(_) | CopyKind::Parquet = kind {
            let objects = if self.count == 1 { "an object".to_owned() } else { format!("{} objects", self.count) };
            let name = &source.name;
            let columns = " COPY fills columns by position: give objects with other columns a source of their own, by `prefix` \
                           or `files`.";
            let columns = if self.has_other_columns { columns } else { "" };
            return Err(Error::failed(format!("cannot join {objects} with the others of {name}:{shown}{more}"))
                .hint(format!("Nothing was loaded.{columns}"))
                .hint(format!(
                    "Where COPY may read them as they are, `gather = \"never\"` in [sources.{name}] leaves them where they lie."
                )));
        }
        let objects = if self.count == 1 { "object is".to_owned() } else { format!("{} objects are", self.count) };
        Err(Error::failed(format!("{objects} not made of JSON objects:{shown}{more}"))
            .hint("Nothing was loaded. Mend or remove them, or narrow the source with `prefix`.")
            .hint(format!(
                "Gathering takes JSON objects, one after the other or in a list, packed by gzip or zstd too. What COPY reads \
                 in another way it reads from where it lies: `gather = \"never\"` in [sources.{}].",
                source.name
            )))
    }
}

#[cfg(test)]
mod tests {
    use super::super::keys::Keys;
    use super::*;

    fn count_objects(bytes: &[u8]) -> Result<u64, Fault> {
        super::count_objects(bytes, false, &mut KeyCounter::default())
    }

    #[test]
    fn top_level_keys_are_counted() {
        let mut counter = KeyCounter::default();
        let text = b"{\"a\":{\"b\":[{\"c\":1}]},\"\\u0064\":\"}\"}\n{\"a\":null,\"\xff\":1} {}";
        counter.begin_file("a.json");
        assert_eq!(super::count_objects(text, false, &mut counter), Ok(3));
        let keys = Keys::from_counters(vec![counter]);
        let first = |key: &str| keys.first[key].clone();
        assert_eq!((first("a"), first("\u{fffd}")), (("a.json".to_owned(), 1), ("a.json".to_owned(), 2)));
        let keys = keys.objects;
        let keys: Vec<_> = keys.iter().map(|(key, count)| (key.as_str(), *count)).collect();
        assert_eq!(keys, [("a", 2), ("d", 1), ("\u{fffd}", 1)]);
    }

    #[test]
    fn objects_are_counted_however_they_are_joined() {
        assert_eq!(count_objects(b"{\"a\":1}"), Ok(1));
        assert_eq!(count_objects(b"{\"a\":1}{\"b\":{}}\n\n {\n}\n"), Ok(3));
        assert_eq!(count_objects(b" \n"), Ok(0));
        assert_eq!(super::count_objects(b"[1, {}]\n[2]{}", true, &mut KeyCounter::default()), Ok(3));
    }

    #[test]
    fn anything_else_is_told_with_its_place() {
        let place = |bytes: &[u8]| count_objects(bytes).map_err(|fault| (fault.line, fault.reason));
        assert_eq!(place(b"{\"a\":1}\n[1]"), Err((2, "a JSON object was expected".into())));
        assert_eq!(place(b"{\"a\":1},\n{\"a\":2}").map_err(|(line, _)| line), Err(1));
        assert_eq!(place(b"{\"a\":1}\n{\"a\":"), Err((2, "the JSON object is cut off".into())));
        let large = format!("{{\"a\":1}}\n{{\"a\":\"{}\"}}", "x".repeat(MAX_OBJECT_BYTES));
        let says = "the JSON object is larger than 4 MB, the most that COPY takes";
        assert_eq!(place(large.as_bytes()), Err((2, says.into())));
    }
}
