//! JSON files that are one value: where in it the records lie.

use std::collections::HashSet;
use std::io::Read;
use std::path::Path;

use serde_json::value::RawValue;

use super::columns::Columns;
use super::input::{self, Packed};
use super::records::fit_a_table;
use super::update::comparison::Position;
use super::words;
use crate::config::RecordPath;
use crate::error::{Error, Result};
use crate::load::record_path::{Element, ObjectFields, RawFields, VALUE_FIELD, elements, offset};

/// Bytes of the largest file, unpacked, that is read as one value.
const VALUE_BYTES: u64 = 256 << 20;
/// Objects within objects that are looked into.
const DEPTH: usize = 3;
/// Lists of records in one file that become a table each, at most.
const LISTS: usize = 8;
/// An object with fewer fields is a record whatever they are, unless each is an object of the same keys; with more it is one
/// unless its keys are codes, or there are `RECORD_KEYS`.
const MAP_KEYS: usize = 16;
/// Objects of the same keys that may be parts of one record, at most.
const MAP_OBJECTS: usize = 3;
/// So many fields of objects that are alike may be keys all the same, where each has a record.
const RECORD_KEYS: usize = 100;
/// Fields that a record of GeoJSON's has its features in (RFC 7946).
const FEATURES: (&str, &str) = ("\"FeatureCollection\"", "features");

/// Words that keys of texts beside the records of an answer begin with. Other texts belong to a record.
const ENVELOPE: &str = "api context copyright count cursor description documentation encoding error format generated generator \
                        href kind license link message name next page prev previous published publisher query request result \
                        schema source status success title total type updated url version";

/// Where in a file the records of a table lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nesting {
    pub path: RecordPath,
    /// The table's title beside the others of the file; `None` where it is the only one.
    pub title: Option<String>,
    /// Keys of the file whose values no record has.
    left_out: Vec<String>,
}

impl Nesting {
    /// Notes on a table.
    pub fn note(&self, table: &str) -> String {
        let rows = match (&self.path.key_field, self.path.keys.as_slice()) {
            (Some(field), _) => format!("each key of the file is a row, and the column {field} has it"),
            (None, []) => format!("its values are no objects, and the column {VALUE_FIELD} has them"),
            (None, keys) => format!("its rows are what '{}' has", keys.join(".")),
        };
        let left_out = match self.left_out.as_slice() {
            [] => String::new(),
            keys => format!("; no table has what is beside it: {}", keys.join(", ")),
        };
        format!("{table}: {rows}{left_out}")
    }
}

/// The files that lie beside one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beside {
    /// Some are objects with the same keys, as one file a record is.
    pub is_alike: bool,
    /// Some have records that share a key with it, or none at all: its keys are columns.
    pub shares_keys: bool,
}

/// Returns true if objects that are alike may have records all the same, by their keys.
pub fn may_have_records(columns: &Columns) -> bool {
    columns.has(FEATURES.1) || columns.len() >= RECORD_KEYS || columns.are_nested()
}

/// The records within a file that is one value; none where that value is itself a record, or it is uncertain.
pub fn nested(path: &Path, packed: Packed, beside: Beside) -> Vec<(Nesting, Columns)> {
    let Some(bytes) = content(path, packed) else { return Vec::new() };
    let paths = record_paths(&bytes, beside);
    let named: Vec<&[String]> = paths.iter().map(|path| path.keys.as_slice()).collect();
    let left_out = left_out(&bytes, &named);
    let is_several = paths.len() > 1;
    let nested = |path: RecordPath| {
        let found = elements(&bytes, &path).ok()?;
        let mut columns = Columns::default();
        count(&bytes, &found, path.key_field.as_deref(), &mut columns);
        let title = path.keys.last().filter(|_| is_several).cloned();
        Some((Nesting { path, title, left_out: left_out.clone() }, columns))
    };
    paths.into_iter().filter_map(nested).collect()
}

/// Reads the records that a file has at a path, as `load` does where the source has one.
///
/// # Errors
/// Where the file cannot be read as one value, has no records at the path, or its records have too many keys.
pub fn read_records(path: &Path, packed: Packed, records: &RecordPath, columns: &mut Columns) -> Result<()> {
    let too_large = || {
        Error::usage(format!("cannot read {} as one JSON value", path.display()))
            .hint(format!("It must be readable, and unpacked have at most {}.", indicatif::HumanBytes(VALUE_BYTES)))
    };
    let bytes = content(path, packed).ok_or_else(too_large)?;
    let found = elements(&bytes, records).map_err(|fault| {
        Error::usage(format!("{}:{}:{}: {}", path.display(), fault.line, fault.column, fault.reason))
            .hint("`record_path` and `record_key` of the source say where its records lie.")
    })?;
    count(&bytes, &found, records.key_field.as_deref(), columns);
    fit_a_table(columns, path)
}

fn content(path: &Path, packed: Packed) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    input::reader(path, packed).ok()?.take(VALUE_BYTES + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= VALUE_BYTES).then_some(bytes)
}

/// Where the records of a value lie.
fn record_paths(bytes: &[u8], beside: Beside) -> Vec<RecordPath> {
    let list = RecordPath { keys: Vec::new(), key_field: None };
    let is_list = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    if is_list && elements(bytes, &list).is_ok_and(|values| !values.is_empty()) {
        return vec![list];
    }
    let Ok(ObjectFields(fields)) = serde_json::from_slice::<RawFields<'_>>(bytes) else { return Vec::new() };
    let is_features = fields.iter().any(|(key, value)| key == "type" && value.get() == FEATURES.0);
    if is_features && fields.iter().any(|(key, value)| key == FEATURES.1 && is_list_of_objects(value)) {
        return vec![RecordPath { keys: vec![FEATURES.1.to_owned()], key_field: None }];
    }
    if is_map(&fields, beside) {
        return vec![RecordPath { keys: Vec::new(), key_field: Some(key_field(&fields)) }];
    }
    let mut lists = Vec::new();
    if !beside.is_alike || fields.len() == 1 {
        find_lists(&fields, &mut Vec::new(), &mut lists);
    }
    let inside: usize = lists.iter().map(|(_, length)| length).sum();
    // What is small beside the rest belongs to the record.
    let are_records = !lists.is_empty() && lists.len() <= LISTS && 2 * inside > bytes.len();
    let paths = lists.into_iter().map(|(keys, _)| RecordPath { keys, key_field: None });
    if are_records { paths.collect() } else { Vec::new() }
}

/// Lists of objects, with their bytes; none of an object that is a record itself.
fn find_lists(fields: &[(String, &RawValue)], above: &mut Vec<String>, lists: &mut Vec<(Vec<String>, usize)>) {
    if fields.iter().any(|(key, value)| is_of_record(key, value)) {
        return;
    }
    for (key, value) in fields {
        above.push(key.clone());
        if is_list_of_objects(value) {
            lists.push((above.clone(), value.get().len()));
        } else if above.len() < DEPTH
            && let Ok(ObjectFields(fields)) = serde_json::from_str::<RawFields<'_>>(value.get())
        {
            find_lists(&fields, above, lists);
        }
        above.pop();
    }
}

/// Returns true if a field beside a list says that the object is a record: an identifier, or a text that is not one
/// about the file.
fn is_of_record(key: &str, value: &RawValue) -> bool {
    let is_identifier = key.eq_ignore_ascii_case("id") || key.ends_with("_id") || key.ends_with("Id");
    let is_about_file = || {
        let name = words::snake_case(key);
        let first = name.split('_').next().unwrap_or_default();
        ENVELOPE.split(' ').any(|word| word == first)
    };
    match kind(value) {
        Some(b'"') => is_identifier || !is_about_file(),
        Some(b'0') => is_identifier,
        _ => false,
    }
}

fn is_list_of_objects(value: &RawValue) -> bool {
    let values: Vec<&RawValue> = serde_json::from_str(value.get()).unwrap_or_default();
    !values.is_empty() && values.iter().all(|value| value.get().starts_with('{'))
}

/// Returns true if the keys of an object are data, each with a record: objects that have their keys in common, or many
/// values of one kind.
fn is_map(fields: &[(String, &RawValue)], beside: Beside) -> bool {
    let mut kinds: Vec<u8> = fields.iter().filter_map(|(_, value)| kind(value)).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let of_objects = if beside.is_alike { RECORD_KEYS } else { MAP_OBJECTS };
    let of_values = if beside.is_alike || !are_codes(fields) { RECORD_KEYS } else { MAP_KEYS };
    match kinds[..] {
        [b'{'] => fields.len() >= of_objects && share_keys(fields),
        [_] => !beside.shares_keys && fields.len() >= of_values,
        _ => false,
    }
}

/// Returns true if half of the keys have a digit or are in capitals: `1.10`, `DE`.
fn are_codes(fields: &[(String, &RawValue)]) -> bool {
    let is_code = |key: &str| {
        key.contains(|sign: char| sign.is_ascii_digit())
            || key.contains(char::is_uppercase) && !key.contains(char::is_lowercase)
    };
    2 * fields.iter().filter(|(key, _)| is_code(key)).count() >= fields.len()
}

/// The first sign of a value, one for all of its kind; `None` for null.
fn kind(value: &RawValue) -> Option<u8> {
    match value.get().bytes().next() {
        Some(b'n') | None => None,
        Some(b't' | b'f') => Some(b't'),
        Some(sign @ (b'"' | b'{' | b'[')) => Some(sign),
        Some(_) => Some(b'0'),
    }
}

fn share_keys(fields: &[(String, &RawValue)]) -> bool {
    let (mut all, mut total, mut filled) = (HashSet::new(), 0, 0);
    for (_, value) in fields {
        let Ok(ObjectFields(inner)) = serde_json::from_str::<RawFields<'_>>(value.get()) else { continue };
        total += inner.len();
        filled += usize::from(!inner.is_empty());
        all.extend(inner.into_iter().map(|(key, _)| key));
    }
    // Each has half of the keys, or of many each key comes several times.
    let have_half = 2 * total >= all.len() * filled;
    let come_again = fields.len() >= MAP_KEYS && total >= 4 * all.len();
    filled > 0 && (have_half || come_again)
}

/// A name for the keys that no record has.
fn key_field(fields: &[(String, &RawValue)]) -> String {
    let mut taken = HashSet::from([VALUE_FIELD.to_owned()]);
    for (_, value) in fields {
        let Ok(ObjectFields(inner)) = serde_json::from_str::<RawFields<'_>>(value.get()) else { continue };
        taken.extend(inner.into_iter().map(|(key, _)| key.to_lowercase()));
    }
    let mut names = std::iter::successors(Some("key".to_owned()), |name| Some(format!("{name}_")));
    names.find(|name| !taken.contains(name)).unwrap_or_default()
}

/// Counts records into columns, with the key of each as its first field.
fn count(bytes: &[u8], found: &[Element<'_>], key_field: Option<&str>, columns: &mut Columns) {
    for element in found {
        columns.records += 1;
        let position = Position::Byte(offset(bytes, element.raw) as u64);
        if let Some((field, key)) = key_field.zip(element.key.as_ref()) {
            // A text, as JSON has it: versions and codes look like numbers.
            columns.json(field, &serde_json::json!(key).to_string(), position);
        }
        match serde_json::from_str::<RawFields<'_>>(element.raw) {
            Ok(ObjectFields(fields)) => {
                fields.iter().for_each(|(name, value)| columns.json(name, value.get(), position));
            }
            Err(_) => columns.json(VALUE_FIELD, element.raw, position),
        }
    }
}

/// Keys of the outermost object that lead to no record.
fn left_out(bytes: &[u8], paths: &[&[String]]) -> Vec<String> {
    let firsts: HashSet<&String> = paths.iter().filter_map(|keys| keys.first()).collect();
    let Ok(ObjectFields(fields)) = serde_json::from_slice::<RawFields<'_>>(bytes) else { return Vec::new() };
    let left = fields.into_iter().map(|(key, _)| key).filter(|key| !firsts.contains(key));
    if firsts.is_empty() { Vec::new() } else { left.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Paths and key fields.
    fn paths(text: &str, is_alike: bool) -> Vec<String> {
        let found = record_paths(text.as_bytes(), Beside { is_alike, shares_keys: false });
        found
            .into_iter()
            .map(|path| format!("{} {}", path.keys.join("."), path.key_field.unwrap_or_default()))
            .collect()
    }

    fn map(keys: usize, value: &str) -> String {
        let fields: Vec<String> = (0..keys).map(|key| format!("\"k{key}\": {value}")).collect();
        format!("{{{}}}", fields.join(", "))
    }

    #[test]
    fn where_records_lie() {
        let features = "{\"type\": \"FeatureCollection\", \"features\": [{\"id\": 1}]}";
        assert_eq!(
            (paths(features, false), paths(features, true)),
            (vec!["features ".into()], vec!["features ".into()])
        );
        let rows = "[{\"id\": 1, \"name\": \"a\"}, {\"id\": 2, \"name\": \"b\"}]";
        assert_eq!(paths(&format!("{{\"3166-1\": {rows}}}"), false), ["3166-1 "]);
        assert_eq!(paths(&format!("{{\"data\": {{\"rows\": {rows}}}, \"page\": 1}}"), false), ["data.rows "]);
        assert_eq!(paths(&format!("{{\"nodes\": {rows}, \"links\": {rows}}}"), false), ["nodes ", "links "]);
        assert_eq!(paths(&format!("{{\"rows\": {rows}}}"), true), ["rows "]);
        for about in ["\"status\": \"ok\"", "\"nextPageToken\": \"x\"", "\"$schema\": \"y\"", "\"count\": 2"] {
            assert_eq!(paths(&format!("{{{about}, \"rows\": {rows}}}"), false), ["rows "]);
        }
        assert_eq!(paths("[\"a\", [1], null]", false), [" "]);
        assert_eq!(paths(&map(3, "{\"a\": 1, \"key\": 2}"), false), [" key_"]);
        assert_eq!(paths(&map(16, "\"x\""), false), [" key"]);
        assert_eq!(paths(&map(100, "\"x\""), true), [" key"]);
        assert_eq!(paths(&map(100, "{\"a\": 1}"), true), [" key"]);
        let lands = (0..16).map(|at| format!("\"A{}\": \"x\"", char::from(b'A' + at))).collect::<Vec<_>>();
        assert_eq!(paths(&format!("{{{}}}", lands.join(", ")), false), [" key"]);
    }

    #[test]
    fn records_are_left_whole() {
        let whole = |text: &str, has_siblings| assert_eq!(paths(text, has_siblings), Vec::<String>::new(), "{text}");
        let order = "{\"id\": 1, \"items\": [{\"sku\": \"x\"}]}";
        whole(order, true);
        whole("{\"id\": 1, \"customer\": \"Ann Smith\", \"items\": [{\"sku\": \"x\"}]}", false);
        let lines = "\"lines\": [{\"sku\": \"x\", \"price\": 1.5}, {\"sku\": \"y\", \"price\": 2.5}]";
        for beside in ["\"id\": 1", "\"customer\": \"Ann\"", "\"orderId\": 7", "\"shop_id\": \"a\""] {
            whole(&format!("{{{beside}, {lines}}}"), false);
        }
        whole("{\"train\": {\"rows\": 1}, \"test\": {\"rows\": 2}}", false);
        whole("{\"a\": {\"x\": 1}, \"b\": {\"y\": 1}, \"c\": {\"z\": 1}}", false);
        whole(&map(15, "1"), false);
        let person = map(18, "\"x\"").replace('k', "name_").replace(|sign: char| sign.is_ascii_digit(), "i");
        whole(&person, false);
        let sections = "{\"home\": {\"x\": 1}, \"work\": {\"x\": 1}, \"billing\": {\"x\": 1}}";
        whole(sections, true);
        whole(&map(99, "1"), true);
        whole("{\"type\": \"Topology\", \"arcs\": [[[1, 2]]]}", false);
        let columns = record_paths(map(1_700, "1").as_bytes(), Beside { is_alike: false, shares_keys: true });
        assert_eq!(columns, []);
        whole("{} {}", false);
        whole("[]", false);
    }

    #[test]
    fn records_have_their_keys_and_what_is_left_out_is_known() {
        let directory = tempfile::tempdir().expect("directory");
        let path = directory.path().join("a.json");
        let read = |text: &str| {
            std::fs::write(&path, text).expect("file");
            let mut found = nested(&path, Packed::No, Beside::default());
            let (nesting, columns) = found.remove(0);
            let named = columns.by_key(false).columns.into_iter().map(|column| column.name).collect::<Vec<_>>();
            (named.join(" "), nesting.note("t"))
        };
        let is = |columns: &str, note: &str| (columns.to_owned(), note.to_owned());
        let rows = "t: its rows are what 'rows' has; no table has what is beside it: v";
        assert_eq!(read("\u{feff}{\"v\": 1, \"rows\": [{\"id\": 1}, {\"b\": 2}]}"), is("id b", rows));
        let keys = "t: each key of the file is a row, and the column key has it";
        assert_eq!(read(&map(3, "{\"a\": 1}")), is("key a", keys));
        let values = "t: its values are no objects, and the column value has them";
        assert_eq!(read("[1, 2]"), is("value", values));
    }
}
