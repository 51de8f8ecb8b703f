//! Values of some keys of JSON: which type holds all of them, and how long the longest is.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::init::convention::Convention;
use crate::init::infer::{Seen, unquoted};

/// A TIMESTAMP as text, with its offset.
const TIME_AS_TEXT: &str = "varchar(64)";

/// The values of the keys that columns of these names take.
#[derive(Debug, Default)]
pub struct Values {
    columns: BTreeMap<String, (Seen, usize)>,
    ignore_case: bool,
}

impl Values {
    pub fn new(columns: impl IntoIterator<Item = String>, ignore_case: bool) -> Self {
        let columns = columns.into_iter().map(|column| (column, <(Seen, usize)>::default())).collect();
        Self { columns, ignore_case }
    }

    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// Adds the values of JSON objects that stand one behind the other, up to the first fault.
    pub fn add(&mut self, text: &[u8]) {
        let objects = serde_json::Deserializer::from_slice(text).into_iter::<BTreeMap<String, &RawValue>>();
        for (key, value) in objects.map_while(Result::ok).flatten() {
            let column = if self.ignore_case { key.to_lowercase() } else { key };
            if let Some((seen, longest)) = self.columns.get_mut(&column) {
                seen.json(value.get());
                *longest = (*longest).max(bytes(value.get()));
            }
        }
    }

    /// Columns and types. Without TIMEFORMAT 'auto', COPY reads one form of a time only
    /// (<https://docs.aws.amazon.com/redshift/latest/dg/r_DATEFORMAT_and_TIMEFORMAT_strings.html>).
    pub fn types(&self, takes_times: bool) -> Vec<(String, String)> {
        let data_type = |(column, (seen, _)): (&String, &(Seen, usize))| {
            let data_type = match seen.data_type(&Convention::default()) {
                time if time.starts_with("timestamp") && !takes_times => TIME_AS_TEXT.to_owned(),
                other => other,
            };
            (column.clone(), data_type)
        };
        self.columns.iter().map(data_type).collect()
    }

    /// Bytes of the longest value of a column, as COPY puts it into a VARCHAR.
    pub fn longest(&self, column: &str) -> usize {
        self.columns.get(column).map_or(0, |(_, longest)| *longest)
    }
}

fn bytes(raw: &str) -> usize {
    if raw.starts_with('"') { unquoted(raw).len() } else { raw.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_lengths_of_some_keys() {
        let text = br#"{"a": 1, "Mood": "\u00e9", "at": "2018-11-30T10:20:30"} {"a": 2.5, "mood": [1], "b": 1} {"a": "#;
        let columns = ["a", "at", "mood"].map(str::to_owned);
        let mut values = Values::new(columns.clone(), true);
        values.add(text);
        let of = |values: &Values, takes_times| {
            values.types(takes_times).into_iter().map(|(_, kind)| kind).collect::<Vec<_>>()
        };
        assert_eq!(of(&values, true), ["double precision", "timestamp", "super"]);
        assert_eq!(of(&values, false)[1], "varchar(64)");
        assert_eq!((values.longest("mood"), values.longest("at"), values.longest("b")), (3, 19, 0));
        let mut values = Values::new(columns, false);
        values.add(text);
        assert_eq!(of(&values, true)[2], "super");
        assert_eq!(values.longest("a"), 3);
    }
}
