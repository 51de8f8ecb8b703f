//! Whether an object is JSON objects and nothing else, before it is joined with others: what COPY would only say of
//! the part it was gathered into.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::fault::{Fault, fault, line_of, malformed};
use super::keys::KeyCounter;

/// C9: the largest JSON object that COPY takes.
const MAX_OBJECT_BYTES: usize = 4 << 20;

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
