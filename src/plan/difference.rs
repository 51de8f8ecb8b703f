//! Fields of a resource, with their old and new values.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::resource::Tags;
use crate::resource::tags::RUN;

/// A field that changes. `None` is absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub field: String,
    pub from: Option<String>,
    pub to: Option<String>,
}

impl Change {
    pub fn between(field: &str, from: Option<impl ToString>, to: Option<impl ToString>) -> Self {
        Self { field: field.to_owned(), from: from.map(|v| v.to_string()), to: to.map(|v| v.to_string()) }
    }

    pub fn to(field: &str, to: impl ToString) -> Self {
        Self::between(field, None::<&str>, Some(to))
    }
}

/// The fields of something that is about to be made.
pub fn created(tags: &Tags, fields: &[(&str, String)]) -> Vec<Change> {
    let fields = fields.iter().map(|(name, value)| Change::to(name, value));
    // The run's own mark is another for every run: it says nothing about what is made.
    let tags = tags.iter().filter(|(key, _)| *key != RUN);
    fields.chain(tags.map(|(key, value)| Change::to(key, value))).collect()
}

/// The places in which two policy documents differ: `policy.Statement[0].Action`.
pub fn of_documents(name: &str, from: Option<&Value>, to: Option<&Value>) -> Vec<Change> {
    let flat = |document: Option<&Value>| {
        let mut leaves = BTreeMap::new();
        document.into_iter().for_each(|document| flatten(document, name.to_owned(), &mut leaves));
        leaves
    };
    let (from, to) = (flat(from), flat(to));
    let places: std::collections::BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    let differs = places.into_iter().filter(|place| from.get(*place) != to.get(*place));
    differs.map(|place| Change::between(place, from.get(place), to.get(place))).collect()
}

fn flatten(value: &Value, place: String, leaves: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(key, value)| flatten(value, format!("{place}.{key}"), leaves));
        }
        Value::Array(members) => {
            members.iter().enumerate().for_each(|(n, value)| flatten(value, format!("{place}[{n}]"), leaves));
        }
        Value::String(text) => drop(leaves.insert(place, text.clone())),
        other => drop(leaves.insert(place, other.to_string())),
    }
}
