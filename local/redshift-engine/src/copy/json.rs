//! Records of JSON: their values laid under the columns by name or by path. A number keeps the text it was written with.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::error::SqlError;
use redshift_sql::JsonFormat;

/// Which column each value goes to.
#[derive(Debug, Clone)]
pub struct Layout {
    /// The keys of a record that matter, each with where its value goes.
    keys: Vec<(String, Vec<Target>)>,
    by_name: HashMap<String, usize>,
    /// The elements that matter where a record is a list.
    elements: Vec<(usize, Target)>,
    ignore_case: bool,
    width: usize,
}

/// A column, and the way to its value from the value of the key.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Target {
    column: usize,
    rest: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

/// The values of one record by column, as raw JSON.
pub type Record<'a> = Vec<Option<&'a RawValue>>;

impl Layout {
    pub fn new(format: &JsonFormat, paths: Option<&str>, columns: &[String]) -> Result<Self, SqlError> {
        let ignore_case = *format == JsonFormat::AutoIgnoreCase;
        let names = columns.iter().map(|name| vec![Step::Key(name.clone())]).collect();
        let paths = paths.map(read_paths).transpose()?.flatten().unwrap_or(names);
        if paths.len() != columns.len() {
            let message = format!(
                "Number of jsonpaths and the number of columns should match. JSONPath size: {}, Number of columns in table or column list: {}",
                paths.len(),
                columns.len()
            );
            return Err(SqlError::new("XX000", message));
        }
        let mut layout =
            Self { keys: Vec::new(), by_name: HashMap::new(), elements: Vec::new(), ignore_case, width: columns.len() };
        for (column, path) in paths.into_iter().enumerate() {
            let mut steps = path.into_iter();
            let key = match steps.next() {
                Some(Step::Key(key)) => key,
                Some(Step::Index(index)) => {
                    layout.elements.push((index, Target { column, rest: steps.collect() }));
                    continue;
                }
                None => continue,
            };
            let target = Target { column, rest: steps.collect() };
            match layout.by_name.get(&key) {
                Some(&at) => layout.keys[at].1.push(target),
                None => {
                    layout.by_name.insert(key.clone(), layout.keys.len());
                    layout.keys.push((key, vec![target]));
                }
            }
        }
        Ok(layout)
    }

    /// Returns true if a record may begin so.
    pub fn takes(&self, json: &str) -> bool {
        json.starts_with('{') || json.starts_with('[') && !self.elements.is_empty()
    }

    /// Lays one object's values under the columns.
    pub fn record<'a>(&self, object: &'a RawValue) -> Result<Record<'a>, serde_json::Error> {
        let mut record = self.empty();
        self.read(&mut serde_json::Deserializer::from_str(object.get()), &mut record)?;
        Ok(record)
    }

    pub fn empty<'a>(&self) -> Record<'a> {
        vec![None; self.width]
    }

    /// Reads the next object, and lays its values under the columns.
    pub fn read<'a, R: serde_json::de::Read<'a>>(
        &self,
        deserializer: &mut serde_json::Deserializer<R>,
        record: &mut Record<'a>,
    ) -> Result<(), serde_json::Error> {
        record.fill(None);
        Fields { layout: self, record }.deserialize(deserializer)
    }

    /// The place of a key among those that matter. Records of one source have their keys in the same order, mostly:
    /// `expected` is tried first.
    fn find(&self, key: &str, expected: usize) -> Option<usize> {
        match self.keys.get(expected) {
            Some((name, _)) if name == key => Some(expected),
            _ if self.ignore_case => self.by_name.get(key.to_lowercase().as_str()).copied(),
            _ => self.by_name.get(key).copied(),
        }
    }
}

/// The paths of a jsonpaths file; nothing where its key is another than `jsonpaths`, which Redshift takes for
/// 'auto' without a word (C7).
fn read_paths(text: &str) -> Result<Option<Vec<Vec<Step>>>, SqlError> {
    #[derive(Deserialize)]
    struct File {
        jsonpaths: Option<Vec<String>>,
    }
    let invalid = |reason: String| SqlError::new("XX000", format!("Invalid JSONPath format: {reason}"));
    let file: File = serde_json::from_str(text).map_err(|error| invalid(error.to_string()))?;
    let Some(paths) = file.jsonpaths else { return Ok(None) };
    paths.iter().map(|path| parse_path(path).ok_or_else(|| invalid(path.clone()))).collect::<Result<_, _>>().map(Some)
}

/// `$['a']['b'][0]` or `$.a.b[0]`.
fn parse_path(path: &str) -> Option<Vec<Step>> {
    let mut rest = path.strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(dotted) = rest.strip_prefix('.') {
            let end = dotted.find(['.', '[']).unwrap_or(dotted.len());
            steps.push(Step::Key(dotted.get(..end).filter(|key| !key.is_empty())?.to_owned()));
            rest = &dotted[end..];
        } else {
            let inside = rest.strip_prefix('[')?;
            let end = inside.find(']')?;
            let (step, after) = (&inside[..end], &inside[end + 1..]);
            let quoted = step.strip_prefix(['\'', '"']).and_then(|key| key.strip_suffix(['\'', '"']));
            steps.push(match quoted {
                Some(key) => Step::Key(key.to_owned()),
                None => Step::Index(step.parse().ok()?),
            });
            rest = after;
        }
    }
    (!steps.is_empty()).then_some(steps)
}

fn follow<'a>(object: &'a RawValue, path: &[Step]) -> Result<Option<&'a RawValue>, serde_json::Error> {
    let mut here = object;
    for step in path {
        let next = match step {
            Step::Key(key) if here.get().starts_with('{') => {
                let fields: HashMap<Cow<'_, str>, &RawValue> = serde_json::from_str(here.get())?;
                fields.get(key.as_str()).copied()
            }
            Step::Index(index) if here.get().starts_with('[') => {
                let items: Vec<&RawValue> = serde_json::from_str(here.get())?;
                items.get(*index).copied()
            }
            _ => None,
        };
        match next {
            Some(value) => here = value,
            None => return Ok(None),
        }
    }
    Ok(Some(here))
}

/// Reads one object: each key that matters goes to its columns.
struct Fields<'l, 'r, 'de> {
    layout: &'l Layout,
    record: &'r mut Record<'de>,
}

impl<'de> DeserializeSeed<'de> for Fields<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.layout.elements.is_empty() {
            true => deserializer.deserialize_map(self),
            false => deserializer.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Fields<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut at = 0;
        while let Some(value) = list.next_element::<&'de RawValue>()? {
            for (_, target) in self.layout.elements.iter().filter(|(index, _)| *index == at) {
                self.record[target.column] = follow(value, &target.rest).map_err(serde::de::Error::custom)?;
            }
            at += 1;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut expected = 0;
        while let Some(key) = map.next_key::<Key<'de>>()? {
            let Some(at) = self.layout.find(&key.0, expected) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            expected = at + 1;
            let value: &RawValue = map.next_value()?;
            for target in &self.layout.keys[at].1 {
                self.record[target.column] = match target.rest.as_slice() {
                    [] => Some(value),
                    rest => follow(value, rest).map_err(serde::de::Error::custom)?,
                };
            }
        }
        Ok(())
    }
}

/// A key, borrowed where it holds no escapes.
#[derive(Deserialize)]
#[serde(transparent)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_both_notations() {
        let key = |name: &str| Step::Key(name.into());
        assert_eq!(parse_path("$['a b'][2]['c']"), Some(vec![key("a b"), Step::Index(2), key("c")]));
        assert_eq!(parse_path("$.a.b[0]"), Some(vec![key("a"), key("b"), Step::Index(0)]));
        assert_eq!(parse_path("a"), None);
        assert_eq!(parse_path("$"), None);
    }

    #[test]
    fn keys_find_their_columns() {
        let columns = ["firstname".to_owned(), "ts".to_owned()];
        let text = r#"{"firstName":"A","ts":4.6,"other":[1]}"#;
        let object: &RawValue = serde_json::from_str(text).expect("json");
        let auto = Layout::new(&JsonFormat::Auto, None, &columns).expect("layout").record(object).expect("record");
        assert_eq!(auto.iter().map(|value| value.map(RawValue::get)).collect::<Vec<_>>(), [None, Some("4.6")]);
        let ignoring = Layout::new(&JsonFormat::AutoIgnoreCase, None, &columns).expect("layout");
        let record = ignoring.record(object).expect("record");
        assert_eq!(record[0].map(RawValue::get), Some("\"A\""));
        let paths = r#"{"jsonpaths":["$['firstName']","$['other'][0]"]}"#;
        let pathed = Layout::new(&JsonFormat::Paths("s3://b/k".into()), Some(paths), &columns).expect("layout");
        assert_eq!(pathed.record(object).expect("record")[1].map(RawValue::get), Some("1"));
    }
}
