//! The keys of records, and the columns that they become.

use std::collections::{HashMap, HashSet};

use super::infer::Seen;
use super::update::comparison::{Comparison, Position};
use super::words::{self, COLUMN_NAME_BYTES};

/// Properties of files that need an option of COPY, or gathering.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quirks {
    /// A list of JSON objects.
    pub is_list: bool,
    /// JSON behind a byte-order mark.
    pub has_mark: bool,
    /// Rows of CSV with fewer fields than columns.
    pub has_short_rows: bool,
    /// Rows of CSV with one field more than the first line has names: R's row names.
    pub has_row_names: bool,
    /// A first line of CSV that has no names, and no row either.
    pub has_title_line: bool,
    pub has_invalid_utf8: bool,
    /// Lines of the names of CSV: a name in quotes may go over several.
    pub header_lines: u64,
}

/// Statistics of the records of one table.
#[derive(Debug, Default)]
pub struct Columns {
    /// Columns by their original keys, in the order in which they were first seen.
    all: Vec<SeenKey>,
    places: HashMap<String, usize>,
    /// Columns by their keys as Redshift folds them.
    folds: HashMap<String, Fold>,
    pub records: u64,
    pub quirks: Quirks,
    /// A key that came twice in one object.
    pub twice: Option<String>,
    /// The comparison of their values with columns that a table has already.
    pub comparison: Option<Comparison>,
}

#[derive(Debug)]
struct SeenKey {
    key: String,
    folded: String,
    seen: Seen,
    /// The last record that has it.
    record: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Fold {
    /// The last record that has one of its keys, and the place of that key.
    record: u64,
    place: usize,
    /// One record has two of them, which differ in case only.
    is_crowded: bool,
}

/// A column of a table.
#[derive(Debug, Clone)]
pub struct Column {
    pub name: String,
    /// The original key, for JSON.
    pub key: String,
    pub seen: Seen,
}

/// The columns of a table, and how JSON finds them.
#[derive(Debug, Default)]
pub struct Named {
    pub columns: Vec<Column>,
    /// COPY finds a column only where it ignores case.
    pub ignores_case: bool,
    /// A column has another name than its key: jsonpaths name the keys.
    pub needs_paths: bool,
}

impl Columns {
    /// Statistics for a table that has columns already.
    pub fn compared(comparison: Comparison) -> Self {
        Self { comparison: Some(comparison), ..Self::default() }
    }

    /// The statistics of a key of the current record.
    pub fn entry(&mut self, key: &str) -> &mut Seen {
        let place = self.place(key);
        let (records, column) = (self.records, &mut self.all[place]);
        if column.record == records && records > 0 && self.twice.is_none() {
            self.twice = Some(key.to_owned());
        }
        column.record = records;
        if let Some(fold) = self.folds.get_mut(&column.folded) {
            fold.is_crowded |= fold.record == records && fold.place != place && records > 0;
            (fold.record, fold.place) = (records, place);
        }
        &mut column.seen
    }

    /// A value of JSON of the record at hand.
    pub fn json(&mut self, key: &str, raw: &str, position: Position) {
        self.entry(key).json(raw);
        if let Some(comparison) = &mut self.comparison {
            comparison.json(key, raw, position);
        }
    }

    /// A field of CSV of the record at hand.
    pub fn field(&mut self, key: &str, text: &str, position: Position) {
        self.entry(key).field(text);
        if let Some(comparison) = &mut self.comparison {
            comparison.field(key, text, position);
        }
    }

    /// The place of a key, which is added where it is new.
    pub fn place(&mut self, key: &str) -> usize {
        if let Some(place) = self.places.get(key) {
            return *place;
        }
        let place = self.all.len();
        let (key, folded) = (key.to_owned(), key.to_lowercase());
        self.places.insert(key.clone(), place);
        self.folds.entry(folded.clone()).or_default();
        self.all.push(SeenKey { key, folded, seen: Seen::default(), record: 0 });
        place
    }

    /// Adds to what was seen of a column outside of the records.
    pub fn add(&mut self, key: &str, seen: &Seen) {
        let place = self.place(key);
        self.all[place].seen.merge(seen);
    }

    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// The keys as Redshift folds them.
    pub fn folded(&self) -> HashSet<&str> {
        self.all.iter().map(|column| column.folded.as_str()).collect()
    }

    pub fn has(&self, key: &str) -> bool {
        self.all.iter().any(|column| column.folded == key.to_lowercase())
    }

    /// Returns true if each has objects and lists only.
    pub fn are_nested(&self) -> bool {
        self.all.iter().all(|column| column.seen.is_nested())
    }

    pub fn merge(&mut self, other: Self) {
        for column in other.all {
            let place = self.place(&column.key);
            self.all[place].seen.merge(&column.seen);
        }
        for (key, fold) in other.folds {
            self.folds.entry(key).or_default().is_crowded |= fold.is_crowded;
        }
        self.records += other.records;
        self.twice = self.twice.take().or(other.twice);
        let (one, two) = (self.quirks, other.quirks);
        self.quirks = Quirks {
            is_list: one.is_list || two.is_list,
            has_mark: one.has_mark || two.has_mark,
            has_short_rows: one.has_short_rows || two.has_short_rows,
            has_row_names: one.has_row_names || two.has_row_names,
            has_title_line: one.has_title_line || two.has_title_line,
            has_invalid_utf8: one.has_invalid_utf8 || two.has_invalid_utf8,
            header_lines: one.header_lines.max(two.header_lines),
        };
    }

    /// Keys as they are written, in the order in which they came.
    pub fn into_keys(self) -> Vec<(String, Seen)> {
        self.all.into_iter().map(|column| (column.key, column.seen)).collect()
    }

    /// Keys, in lower case, of which one object has two that differ in case only.
    pub fn crowded(&self) -> Vec<String> {
        let crowded = self.folds.iter().filter(|(_, fold)| fold.is_crowded);
        let mut keys: Vec<String> = crowded.map(|(key, _)| key.clone()).collect();
        keys.sort();
        keys
    }

    /// The columns of CSV, which COPY fills by their place: their names are free.
    pub fn by_place(self, snake_case: bool) -> Named {
        let columns = self.all.into_iter().map(|column| (column.key, column.seen));
        Named { columns: unique(columns.collect(), snake_case), ..Named::default() }
    }

    /// The columns of JSON. Keys that differ in case only are one column, unless an object has two of them.
    pub fn by_key(self, snake_case: bool) -> Named {
        let is_crowded = self.folds.values().any(|fold| fold.is_crowded);
        let (mut merged, mut places): (Vec<(String, Seen)>, HashMap<String, usize>) = (Vec::new(), HashMap::new());
        for column in self.all {
            let fold = if is_crowded { column.key.clone() } else { column.folded };
            match places.get(&fold) {
                Some(place) => merged[*place].1.merge(&column.seen),
                None => {
                    places.insert(fold, merged.len());
                    merged.push((column.key, column.seen));
                }
            }
        }
        let has_variants = merged.len() < self.places.len();
        // Paths name one key each: where keys have variants, columns keep their names.
        let columns = unique(merged, snake_case && !has_variants);
        let needs_paths = columns.iter().any(|column| column.name != column.key.to_lowercase());
        let ignores_case = has_variants || columns.iter().any(|column| column.key != column.key.to_lowercase());
        Named { columns, ignores_case: ignores_case && !needs_paths, needs_paths }
    }
}

/// Columns with names that Redshift takes, each once.
fn unique(keys: Vec<(String, Seen)>, snake_case: bool) -> Vec<Column> {
    let mut taken = HashSet::new();
    let column = |(at, (key, seen)): (usize, (String, Seen))| {
        let name = free_name(&key, at, snake_case, &taken);
        taken.insert(name.clone());
        Column { name, key, seen }
    };
    keys.into_iter().enumerate().map(column).collect()
}

/// The name of the column for a key at a place, from 0: one that Redshift takes, and that no other has.
pub fn free_name(key: &str, at: usize, snake_case: bool, taken: &HashSet<String>) -> String {
    let mut name = if snake_case { words::snake_case(key) } else { key.to_lowercase() };
    if name.is_empty() {
        name = format!("column_{}", at + 1);
    }
    if words::is_system_column(&name) {
        name.push('_');
    }
    name.truncate(name.floor_char_boundary(COLUMN_NAME_BYTES));
    let stem = &name[..name.floor_char_boundary(COLUMN_NAME_BYTES - 5)];
    let mut free = std::iter::once(name.clone()).chain((2..).map(|number| format!("{stem}_{number}")));
    free.find(|name| !taken.contains(name)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(records: &[&[&str]]) -> Columns {
        let mut columns = Columns::default();
        for keys in records {
            columns.records += 1;
            keys.iter().for_each(|key| columns.entry(key).json("1"));
        }
        columns
    }

    fn names(named: &Named) -> Vec<&str> {
        named.columns.iter().map(|column| column.name.as_str()).collect()
    }

    #[test]
    fn keys_that_differ_in_case_are_one_column_unless_an_object_has_both() {
        let apart = columns(&[&["userId", "b"], &["userid"]]).by_key(false);
        assert_eq!((names(&apart), apart.ignores_case, apart.needs_paths), (vec!["userid", "b"], true, false));
        let both = columns(&[&["userId", "userid"], &["b"]]).by_key(false);
        assert_eq!((names(&both), both.ignores_case, both.needs_paths), (vec!["userid", "userid_2", "b"], false, true));
        assert_eq!(columns(&[&["a", "a"]]).twice.as_deref(), Some("a"));
        let plain = columns(&[&["a"], &["a", "b"]]).by_key(false);
        assert!(!plain.ignores_case && !plain.needs_paths);
    }

    #[test]
    fn names_that_redshift_keeps_are_changed() {
        let system = columns(&[&["oid", "a"]]);
        let system = system.by_key(false);
        assert_eq!((names(&system), system.needs_paths), (vec!["oid_", "a"], true));
        let snake = columns(&[&["orderId", "Placed At", "b"]]).by_key(true);
        assert_eq!((names(&snake), snake.needs_paths), (vec!["order_id", "placed_at", "b"], true));
        let long = "é".repeat(100);
        let named = columns(&[&[&long, &format!("{long}x")]]).by_place(false);
        assert!(named.columns.iter().all(|column| column.name.len() <= COLUMN_NAME_BYTES));
        assert_ne!(named.columns[0].name, named.columns[1].name);
    }
}
