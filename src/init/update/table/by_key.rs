//! JSON, whose keys find their columns: by their names, or by the paths of a file.

use std::collections::{HashMap, HashSet};

use super::super::schema_text::ColumnText;
use super::{ProjectTable, TableUpdate, is_snake_case, shown, why_new};
use crate::error::Result;
use crate::init::columns::free_name;
use crate::init::draft::path;
use crate::init::infer::Seen;
use crate::init::walk::DataFile;
use crate::init::words;

impl ProjectTable<'_> {
    /// JSON of which COPY finds the columns by their names.
    pub(super) fn compare_keys(&self, files: &[DataFile], ignore_case: bool, update: &mut TableUpdate) -> Result<()> {
        let types = self.filled().map(|column| (column.name.clone(), column.column_type)).collect();
        let mut data = self.read(files, types, true)?;
        if self.is_empty(&data, update) {
            return Ok(());
        }
        self.note_form(files, &data, update);
        let by_column = folded(std::mem::take(&mut data.keys));
        if !data.crowded.is_empty() {
            let keys = shown(&data.crowded);
            update.notes.push(format!(
                "{}: an object has keys that differ in case only, and a column takes one of them: {keys}",
                self.name
            ));
        }
        let (mut lost, mut has_capitals) = (Vec::new(), false);
        for FoldedKey { name, seen, is_capital } in &by_column {
            match self.schema.column(name).filter(|column| self.fills(&column.name)) {
                Some(column) => self.check(column, name, seen, &data, files, update),
                None if self.is_wanted() && is_column(name) => {
                    let origin = data.comparison.first(name);
                    self.add(name.clone(), seen, &why_new("key", origin, files), update);
                }
                None => {
                    lost.push(name.clone());
                    continue;
                }
            }
            has_capitals |= is_capital;
        }
        self.note_lost(&lost, update);
        let names: HashSet<&str> = by_column.iter().map(|key| key.name.as_str()).collect();
        self.note_unseen(&names, &data, update);
        if has_capitals && !ignore_case {
            update.copy.ignore_case = true;
            update.changes.push(self.copy_change("'auto'", "'auto ignorecase'", "keys have capitals".into()));
        }
        Ok(())
    }

    /// JSON of which a file names the keys.
    pub(super) fn compare_paths(&self, files: &[DataFile], update: &mut TableUpdate) -> Result<()> {
        let Some(paths) = &self.paths else {
            update.notes.push(format!("{}: its jsonpaths file is not here, so that it is not compared", self.name));
            return Ok(());
        };
        let filled: Vec<&ColumnText> = self.filled().collect();
        let named = paths.keys.iter().zip(&filled);
        let keys: HashMap<&str, &ColumnText> =
            named.filter_map(|(key, column)| Some((key.as_deref()?, *column))).collect();
        let types = keys.iter().map(|(key, column)| ((*key).to_owned(), column.column_type)).collect();
        let data = self.read(files, types, false)?;
        if self.is_empty(&data, update) {
            return Ok(());
        }
        self.note_form(files, &data, update);
        // One that picks what it wants is not told of what else there is.
        let may_add = paths.names_keys() && self.source.jsonpaths_file.is_some() && self.is_wanted();
        let snake_case =
            self.snake_case || is_snake_case(keys.iter().map(|(key, column)| (*key, column.name.as_str())));
        let mut taken: HashSet<String> = self.schema.columns.iter().map(|column| column.name.clone()).collect();
        let (mut names, mut lost) = (HashSet::new(), Vec::new());
        for (at, (key, seen)) in data.keys.iter().enumerate() {
            if let Some(column) = keys.get(key.as_str()) {
                names.insert(column.name.as_str());
                self.check(column, key, seen, &data, files, update);
                continue;
            }
            match path(key).filter(|_| may_add) {
                Some(path) => {
                    let name = free_name(key, at, snake_case, &taken);
                    taken.insert(name.clone());
                    let origin = data.comparison.first(key);
                    self.add(name, seen, &why_new("key", origin, files), update);
                    update.paths.push(path);
                }
                None if may_add => lost.push(key.clone()),
                None => {}
            }
        }
        self.note_lost(&lost, update);
        let others = paths.keys.iter().zip(&filled).filter(|(key, _)| key.is_none());
        names.extend(others.map(|(_, column)| column.name.as_str()));
        self.note_unseen(&names, &data, update);
        self.extend_list(update);
        Ok(())
    }
}

/// The keys of JSON that differ in case only.
struct FoldedKey {
    /// In lower case.
    name: String,
    seen: Seen,
    /// One of them has capitals.
    is_capital: bool,
}

fn folded(keys: Vec<(String, Seen)>) -> Vec<FoldedKey> {
    let (mut all, mut places): (Vec<FoldedKey>, HashMap<String, usize>) = (Vec::new(), HashMap::new());
    for (key, seen) in keys {
        let name = key.to_lowercase();
        let is_capital = name != key;
        match places.get(&name) {
            Some(place) => {
                all[*place].seen.merge(&seen);
                all[*place].is_capital |= is_capital;
            }
            None => {
                places.insert(name.clone(), all.len());
                all.push(FoldedKey { name, seen, is_capital });
            }
        }
    }
    all
}

/// Returns true if COPY finds a column of this name by a key.
fn is_column(name: &str) -> bool {
    (1..=words::COLUMN_NAME_BYTES).contains(&name.len()) && !words::is_system_column(name)
}
