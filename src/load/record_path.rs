//! Records that lie within the one JSON value of a file, as GeoJSON has its features: as objects one after the other, which
//! COPY reads. Every line stays where it is, for the way back to it.

use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::fault::{Fault, fault, malformed};
use super::plain_json::BYTE_ORDER_MARK;
use super::source::hex;
use crate::config::RecordPath;

/// The field of a record that is no object.
pub const VALUE_FIELD: &str = "value";

/// A record as it is written, and its key where an object has it.
pub struct Element<'a> {
    pub key: Option<String>,
    pub raw: &'a str,
}

impl Element<'_> {
    pub fn is_object(&self) -> bool {
        self.raw.starts_with('{')
    }
}

/// The fields of a JSON object in their order.
pub struct ObjectFields<V>(pub Vec<(String, V)>);

/// Each value as it is written.
pub type RawFields<'a> = ObjectFields<&'a RawValue>;

impl<'de, V: Deserialize<'de>> Deserialize<'de> for ObjectFields<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor<V>(PhantomData<V>);

        impl<'de, V: Deserialize<'de>> Visitor<'de> for FieldsVisitor<V> {
            type Value = ObjectFields<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ObjectFields<V>, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(ObjectFields(fields))
            }
        }

        deserializer.deserialize_map(FieldsVisitor(PhantomData))
    }
}

/// The records at a path of a JSON value, in their order.
///
/// # Errors
/// Where the text is not one JSON value, or has no list, or no object, at the path.
pub fn elements<'a>(bytes: &'a [u8], path: &RecordPath) -> Result<Vec<Element<'a>>, Fault> {
    let broken = |error: serde_json::Error| malformed(&error, "the JSON is cut off");
    let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let mut value: &'a RawValue = serde_json::from_slice(text).map_err(broken)?;
    let wrong = |value: &RawValue, wanted: &str| {
        let place = if path.keys.is_empty() { String::new() } else { format!(" at record_path {:?}", path.keys) };
        fault(bytes, offset(bytes, value.get()), &format!("{wanted} was expected{place}"))
    };
    for key in &path.keys {
        let fields = serde_json::from_str::<RawFields<'a>>(value.get()).map_err(|_| wrong(value, "a JSON object"))?;
        let found = fields.0.into_iter().find(|(name, _)| name == key);
        value = found.ok_or_else(|| wrong(value, &format!("the key {key:?}")))?.1;
    }
    if path.key_field.is_some() {
        let fields = serde_json::from_str::<RawFields<'a>>(value.get()).map_err(|_| wrong(value, "a JSON object"))?;
        return Ok(fields.0.into_iter().map(|(key, raw)| Element { key: Some(key), raw: raw.get() }).collect());
    }
    let list = serde_json::from_str::<Vec<&'a RawValue>>(value.get()).map_err(|_| wrong(value, "a list"))?;
    Ok(list.into_iter().map(|raw| Element { key: None, raw: raw.get() }).collect())
}

/// Where a piece of the text begins in it.
pub fn offset(bytes: &[u8], piece: &str) -> usize {
    piece.as_ptr().addr().saturating_sub(bytes.as_ptr().addr())
}

/// A tag of the path for the keys of gathered parts: other records make other parts.
pub fn tag(path: &RecordPath) -> String {
    let hash = Sha256::new().chain_update(serde_json::json!([path.keys, path.key_field]).to_string());
    format!("-{}", &hex(hash)[..8])
}

/// The records at a path as JSON objects one after the other, on the lines on which they were.
///
/// # Errors
/// As `elements`.
pub fn opened(bytes: &[u8], path: &RecordPath) -> Result<Bytes, Fault> {
    let (mut opened, mut at) = (Vec::with_capacity(bytes.len() + bytes.len() / 8), 0);
    let add_lines = |between: &[u8], opened: &mut Vec<u8>| {
        opened.extend(between.iter().filter(|byte| **byte == b'\n'));
    };
    for element in elements(bytes, path)? {
        let start = offset(bytes, element.raw);
        add_lines(&bytes[at..start], &mut opened);
        add_record(&element, path, &mut opened);
        opened.push(b' ');
        at = start + element.raw.len();
    }
    add_lines(&bytes[at..], &mut opened);
    Ok(opened.into())
}

/// Writes a record: its key and then its own fields, or the field that it is the value of.
fn add_record(element: &Element<'_>, path: &RecordPath, opened: &mut Vec<u8>) {
    let key = element.key.as_ref().zip(path.key_field.as_ref());
    let key = key.map(|(key, field)| format!("{}:{}", serde_json::json!(field), serde_json::json!(key)));
    if element.is_object() {
        let Some(key) = key else { return opened.extend_from_slice(element.raw.as_bytes()) };
        let rest = &element.raw[1..];
        let comma = if rest.trim_start().starts_with('}') { "" } else { "," };
        return opened.extend_from_slice(format!("{{{key}{comma}{rest}").as_bytes());
    }
    let key = key.map(|key| key + ",").unwrap_or_default();
    opened.extend_from_slice(format!("{{{key}\"{VALUE_FIELD}\":{}}}", element.raw).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(text: &str, keys: &[&str], key_field: Option<&str>) -> Result<String, (u64, String)> {
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        let path = RecordPath { keys, key_field: key_field.map(str::to_owned) };
        let read = super::opened(text.as_bytes(), &path);
        read.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).map_err(|fault| (fault.line, fault.reason))
    }

    #[test]
    fn records_stay_on_their_lines() {
        let text = "{\"type\": \"x\",\n\"a\": {\"features\": [\n{\"id\": 1,\n\"b\": [{}]}, {\"id\": 2}\n]}}\n";
        assert_eq!(opened(text, &["a", "features"], None), Ok("\n\n{\"id\": 1,\n\"b\": [{}]} {\"id\": 2} \n\n".into()));
        assert_eq!(opened("{\"rows\": []}", &["rows"], None), Ok(String::new()));
    }

    #[test]
    fn keys_of_records_are_a_field() {
        let text = "{\"a\\n\": {\"x\": 1},\n\"b\": { }, \"c\": [1]}";
        let records = "{\"k\":\"a\\n\",\"x\": 1} \n{\"k\":\"b\" } {\"k\":\"c\",\"value\":[1]} ";
        assert_eq!(opened(text, &[], Some("k")), Ok(records.into()));
    }

    #[test]
    fn what_is_no_object_is_a_field() {
        let records = "{\"value\":\"x\"} {\"value\":[1, 2]} {\"a\": 1} {\"value\":null} ";
        assert_eq!(opened("[\"x\", [1, 2], {\"a\": 1}, null]", &[], None), Ok(records.into()));
    }

    #[test]
    fn a_path_that_is_not_there_is_named_with_its_line() {
        let says = |line, reason: &str| Err((line, reason.to_owned()));
        assert_eq!(opened("\n{\"a\": 1}", &["b"], None), says(2, "the key \"b\" was expected at record_path [\"b\"]"));
        assert_eq!(opened("{\"a\":\n1}", &["a"], None), says(2, "a list was expected at record_path [\"a\"]"));
        assert_eq!(opened("[1]", &[], Some("key")), says(1, "a JSON object was expected"));
        assert_eq!(opened("{\"a\": [", &["a"], None), says(1, "the JSON is cut off"));
        assert!(opened("{}\n{}", &["a"], None).is_err_and(|(line, _)| line == 2));
    }
}
