//! Values held against the columns that a table has, while they are read: the first that does not fit, and the first place of
//! each key that has no column.

use std::borrow::Cow;
use std::collections::HashMap;

use super::column_type::{ColumnType, Reading};
use crate::init::infer::unquoted;

/// Characters of a value that are shown.
const SHOWN: usize = 40;

/// Where something stands in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    Line(u64),
    /// Bytes of the unpacked file in front of its record.
    Byte(u64),
}

/// A place in the files of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The number of the file, in the order of reading.
    pub file: usize,
    pub position: Position,
}

/// The first value that a column does not take.
#[derive(Debug)]
pub struct Misfit {
    pub first: Origin,
    /// As it is written, cut off where it is long.
    pub example: String,
    /// An object or a list is among the values that do not fit.
    pub has_nested: bool,
}

/// Compares values with the columns that their keys fill, and keeps those that do not fit.
#[derive(Debug, Default)]
pub struct Comparison {
    columns: HashMap<String, ColumnType>,
    ignore_case: bool,
    reading: Reading,
    file: usize,
    misfits: HashMap<String, Misfit>,
    unknown: HashMap<String, Origin>,
}

impl Comparison {
    /// With `ignore_case` the keys of `columns` are in lower case.
    pub fn new(columns: HashMap<String, ColumnType>, ignore_case: bool, reading: Reading) -> Self {
        Self { columns, ignore_case, reading, ..Self::default() }
    }

    /// Begins with a file of this number.
    pub fn begin_file(&mut self, file: usize) {
        self.file = file;
    }

    /// The first value that the column of a key does not take.
    pub fn misfit(&self, key: &str) -> Option<&Misfit> {
        self.misfits.get(&*self.folded(key))
    }

    /// The first place of a key without a column.
    pub fn first(&self, key: &str) -> Option<Origin> {
        self.unknown.get(&*self.folded(key)).copied()
    }

    /// A value of JSON, as it is written.
    pub fn json(&mut self, key: &str, raw: &str, position: Position) {
        let is_nested = raw.starts_with(['{', '[']);
        match raw.as_bytes().first() {
            Some(b'n') | None => self.value(key, "", is_nested, position),
            Some(b'"') => self.value(key, &unquoted(raw), is_nested, position),
            Some(_) => self.value(key, raw, is_nested, position),
        }
    }

    /// A field of CSV.
    pub fn field(&mut self, key: &str, text: &str, position: Position) {
        let is_null = self.reading.null_as.as_deref().unwrap_or("\\N") == text;
        self.value(key, if is_null { "" } else { text }, false, position);
    }

    /// A value that is NULL is an empty text.
    fn value(&mut self, key: &str, text: &str, is_nested: bool, position: Position) {
        let key = self.folded(key);
        let origin = Origin { file: self.file, position };
        let Some(column) = self.columns.get(&*key).copied() else {
            if !self.unknown.contains_key(&*key) {
                self.unknown.insert(key.into_owned(), origin);
            }
            return;
        };
        let fits = match is_nested {
            // As text.
            true => {
                matches!(column, ColumnType::Super | ColumnType::Other)
                    || column.is_text() && column.takes(text, &self.reading)
            }
            false => column.takes(text, &self.reading),
        };
        if fits {
            return;
        }
        let first = || Misfit { first: origin, example: text.chars().take(SHOWN).collect(), has_nested: false };
        let misfit = self.misfits.entry(key.into_owned()).or_insert_with(first);
        misfit.has_nested |= is_nested;
    }

    fn folded<'k>(&self, key: &'k str) -> Cow<'k, str> {
        match self.ignore_case && key.chars().any(char::is_uppercase) {
            true => key.to_lowercase().into(),
            false => key.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_that_does_not_fit_is_kept() {
        let columns =
            HashMap::from([("id".to_owned(), ColumnType::Whole(32)), ("t".to_owned(), ColumnType::Varchar(3))]);
        let mut comparison = Comparison::new(columns, true, Reading::default());
        comparison.begin_file(1);
        for (at, raw) in (0..).zip(["1", "null", "\"2\"", "\"x\"", "\"y\""]) {
            comparison.json("ID", raw, Position::Byte(at));
        }
        comparison.json("new", "1", Position::Byte(7));
        comparison.json("new", "1", Position::Byte(8));
        comparison.json("t", "[1]", Position::Byte(7));
        assert!(comparison.misfit("t").is_none() && comparison.first("id").is_none());
        comparison.json("t", "[1, 2]", Position::Byte(8));
        let misfit = comparison.misfit("id").expect("misfit");
        assert_eq!(
            (misfit.first.position, misfit.example.as_str(), misfit.has_nested),
            (Position::Byte(3), "x", false)
        );
        assert!(comparison.misfit("t").is_some_and(|misfit| misfit.has_nested));
        assert_eq!(comparison.first("new"), Some(Origin { file: 1, position: Position::Byte(7) }));
        // What COPY takes for NULL.
        comparison.field("id", "\\N", Position::Line(1));
        comparison.field("id", "", Position::Line(1));
        assert_eq!(comparison.misfit("id").map(|misfit| misfit.first.position), Some(Position::Byte(3)));
    }
}
