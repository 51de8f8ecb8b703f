//! CSV and Parquet, whose fields find their columns by their place.

use std::collections::{HashMap, HashSet};

use super::super::comparison::{Origin, Position};
use super::{ProjectTable, TableUpdate, is_snake_case, why_new};
use crate::error::Result;
use crate::init::columns::free_name;
use crate::init::records::{self, Form};
use crate::init::walk::DataFile;
use crate::init::words;

impl ProjectTable<'_> {
    /// CSV, of which COPY fills the columns by their place.
    pub(super) fn compare_fields(&self, files: &[DataFile], update: &mut TableUpdate) -> Result<()> {
        let Some((FieldLayout { names: fields, .. }, is_ragged)) = self.layout(files, update)? else { return Ok(()) };
        let list: Vec<String> = self.filled().map(|column| column.name.clone()).collect();
        let places = place_fields(&fields, &list);
        let column = |place: &Option<usize>| place.and_then(|at| self.schema.column(&list[at]));
        let types =
            fields.iter().zip(&places).filter_map(|(field, place)| Some((field.clone(), column(place)?.column_type)));
        let data = self.read(files, types.collect(), false)?;
        if self.is_empty(&data, update) {
            return Ok(());
        }
        let known =
            fields.iter().zip(&places).filter_map(|(field, place)| Some((field.as_str(), list[(*place)?].as_str())));
        let snake_case = self.snake_case || is_snake_case(known);
        let mut taken: HashSet<String> = self.schema.columns.iter().map(|column| column.name.clone()).collect();
        let mut names = Vec::new();
        for (at, (field, place)) in fields.iter().zip(&places).enumerate() {
            let Some((_, seen)) = data.keys.iter().find(|(key, _)| key == field) else { continue };
            match column(place) {
                Some(column) => {
                    names.push(column.name.clone());
                    self.check(column, field, seen, &data, files, update);
                }
                None => {
                    let name = free_name(field, at, snake_case, &taken);
                    taken.insert(name.clone());
                    names.push(name.clone());
                    let origin = first_field(field, files)?;
                    self.add(name, seen, &why_new("field", origin, files), update);
                }
            }
        }
        let seen: HashSet<&str> = names.iter().map(String::as_str).collect();
        self.note_unseen(&seen, &data, update);
        let is_beginning = list.starts_with(&names);
        // A list of the table's own columns in their order says nothing.
        let is_of_table = self.copy.list.is_none() && names.starts_with(&list);
        if !is_beginning && !is_of_table {
            let (was, becomes) = (list.join(", "), names.join(", "));
            if !names.starts_with(&list) {
                update.changes.push(self.copy_change(&was, &becomes, "the order of the fields".into()));
            }
            update.copy.list = Some(names.clone());
        }
        let is_short = is_ragged || data.quirks.has_short_rows || is_beginning && names.len() < list.len();
        self.option("fillrecord", is_short, "rows with fewer fields than columns", update);
        self.option("acceptinvchars", data.quirks.has_invalid_utf8, "bytes that are no UTF-8 become '?'", update);
        Ok(())
    }

    /// The fields of the longest file, and whether others have fewer; `None`, with a note, where one COPY cannot read all.
    fn layout(&self, files: &[DataFile], update: &mut TableUpdate) -> Result<Option<(FieldLayout, bool)>> {
        let mut longest: Option<(FieldLayout, &DataFile)> = None;
        let mut is_ragged = false;
        for file in files {
            let Some((Form::Csv(delimiter, has_header), names)) = records::csv_layout(&file.path, file.packed)? else {
                continue;
            };
            if has_header != self.copy.has_header {
                update.notes.push(format!(
                    "{}: whether the first line of {} has names is not certain, so that it is not compared",
                    self.name,
                    file.path.display()
                ));
                return Ok(None);
            }
            let layout = FieldLayout { delimiter, names };
            let Some((known, first)) = &longest else {
                longest = Some((layout, file));
                continue;
            };
            let (short, long) =
                if known.names.len() <= layout.names.len() { (known, &layout) } else { (&layout, known) };
            if short.delimiter != long.delimiter || !long.names.starts_with(&short.names) {
                update.notes.push(format!(
                    "{}: {} and {} have other fields or other delimiters, and one COPY reads one order of them: give them \
                     sources of their own",
                    self.name,
                    first.path.display(),
                    file.path.display()
                ));
                return Ok(None);
            }
            is_ragged |= short.names.len() < long.names.len();
            if known.names.len() < layout.names.len() {
                longest = Some((layout, file));
            }
        }
        Ok(longest.map(|(layout, _)| (layout, is_ragged)))
    }

    /// Parquet, of which COPY takes the columns in the order of the file.
    pub(super) fn compare_parquet(&self, files: &[DataFile], update: &mut TableUpdate) -> Result<()> {
        let data = self.read(files, HashMap::new(), false)?;
        let list: Vec<String> = self.filled().map(|column| column.name.clone()).collect();
        let fields: Vec<String> = data.keys.iter().map(|(name, _)| name.clone()).collect();
        let places = place_fields(&fields, &list);
        let is_in_order = places.iter().enumerate().all(|(at, place)| place.is_none_or(|place| place == at))
            && places.iter().skip(list.len()).all(Option::is_none)
            && places.len() >= list.len();
        if !is_in_order {
            update.notes.push(format!(
                "{}: the columns of its files are {}, and COPY puts them into the table in this order: change sql/schema by \
                 hand",
                self.name,
                fields.join(", ")
            ));
            return Ok(());
        }
        let mut taken: HashSet<String> = self.schema.columns.iter().map(|column| column.name.clone()).collect();
        for (at, ((field, seen), place)) in data.keys.iter().zip(&places).enumerate() {
            match place.and_then(|at| self.schema.column(&list[at])) {
                Some(column) => self.check(column, field, seen, &data, files, update),
                None => {
                    let name = free_name(field, at, self.snake_case, &taken);
                    taken.insert(name.clone());
                    self.add(name, seen, "new column", update);
                }
            }
        }
        self.extend_list(update);
        Ok(())
    }
}

/// The fields of a CSV file.
struct FieldLayout {
    delimiter: u8,
    names: Vec<String>,
}

/// Which column of a list each field fills: that of its name, else the one at its place, where no other field has its name.
fn place_fields(fields: &[String], list: &[String]) -> Vec<Option<usize>> {
    let mut taken = HashSet::new();
    let mut places: Vec<Option<usize>> = Vec::new();
    for field in fields {
        let (lower, snake) = (field.to_lowercase(), words::snake_case(field));
        let is_of = |name: &String| {
            let plain = name.strip_suffix('_').filter(|plain| words::is_system_column(plain)).unwrap_or(name.as_str());
            plain == lower || plain == snake
        };
        let place = list.iter().position(is_of).filter(|place| taken.insert(*place));
        places.push(place);
    }
    for (at, place) in places.iter_mut().enumerate() {
        if place.is_none() && at < list.len() && taken.insert(at) {
            *place = Some(at);
        }
    }
    places
}

/// The first file that has a field.
fn first_field(field: &str, files: &[DataFile]) -> Result<Option<Origin>> {
    for (file, data) in files.iter().enumerate() {
        let layout = records::csv_layout(&data.path, data.packed)?;
        if layout.is_some_and(|(_, names)| names.iter().any(|name| name == field)) {
            return Ok(Some(Origin { file, position: Position::Line(1) }));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_fill_columns_by_name_and_then_by_place() {
        let of = |fields: &[&str], list: &[&str]| {
            let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
            place_fields(&owned(fields), &owned(list))
        };
        assert_eq!(of(&["Order ID", "n"], &["order_id", "n"]), [Some(0), Some(1)]);
        assert_eq!(of(&["a", "x", "b"], &["a", "b"]), [Some(0), None, Some(1)]);
        assert_eq!(of(&["a", "c"], &["a", "renamed"]), [Some(0), Some(1)]);
        assert_eq!(of(&["b", "a"], &["a", "b"]), [Some(1), Some(0)]);
        assert_eq!(of(&["xmin", "a", "new"], &["xmin_", "a"]), [Some(0), Some(1), None]);
    }
}
