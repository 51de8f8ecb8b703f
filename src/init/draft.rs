//! A table before its files are written: its columns, how COPY reads them, and what there is to say of it.

use super::address::Address;
use super::columns::{Column, Columns, Named};
use super::convention::Convention;
use super::first_line::ROW_NAME;
use super::infer::{Seen, VARCHAR_MAX};
use super::input::Packed;
use super::records::Form;
use super::sample::Sample;
use super::walk::DataFile;
use crate::config::RecordPath;
use crate::error::{Error, Result};
use crate::load::plain_json::NO_VALUE;
use crate::zip;

/// A column, and the key of JSON that it takes.
#[derive(Debug, Clone)]
pub struct DraftColumn {
    pub name: String,
    pub key: String,
    pub data_type: String,
    pub is_time: bool,
}

/// A table.
#[derive(Debug)]
pub struct TableDraft {
    /// Its place among the tables, from 1.
    pub number: usize,
    pub name: String,
    pub address: Address,
    pub form: Form,
    /// How COPY unpacks its files; gathering does it by itself.
    pub packed: Packed,
    pub files: usize,
    /// `None` where not all was read.
    pub rows: Option<u64>,
    pub columns: Vec<DraftColumn>,
    pub convention: Convention,
    /// COPY finds columns only where it ignores case.
    pub ignores_case: bool,
    /// Keys are named by jsonpaths.
    pub needs_paths: bool,
    /// Only gathering turns it into something that COPY reads.
    pub is_gathered: bool,
    pub hive_partitions: bool,
    /// Where in its files the records lie.
    pub record_path: Option<RecordPath>,
    pub has_short_rows: bool,
    pub has_invalid_utf8: bool,
    /// Lines of each file that have the names.
    pub header_lines: u64,
    /// Texts are longer than any column: COPY cuts them off.
    pub has_long_texts: bool,
    /// Values that the table does not hold, or may not.
    pub notes: Vec<String>,
}

impl TableDraft {
    /// # Errors
    /// Where a key can be no column and no jsonpath names it.
    pub fn new(number: usize, name: String, address: Address, sample: Sample, snake_case: bool) -> Result<Self> {
        let Sample { files, mut columns, layout, left, nesting } = sample;
        let (form, quirks, rows) = (layout.map_or(Form::Json, |(form, _)| form), columns.quirks, columns.records);
        let mut notes = losses(&name, &files, &columns, left);
        notes.extend(nesting.as_ref().map(|nesting| nesting.note(&name)));
        let hive_partitions = form == Form::Json && add_partitions(&files, &mut columns);
        let Named { columns, ignores_case, needs_paths } = match form {
            Form::Json => columns.by_key(snake_case),
            Form::Csv(..) | Form::Parquet => columns.by_place(snake_case),
        };
        if let Some(bad) = columns.iter().find(|column| column.key.is_empty() && form == Form::Json) {
            let place = files[0].path.display();
            return Err(Error::usage(format!("{place} has a key that no column can have: '{}'", bad.key))
                .hint("A column's name has 1 to 127 bytes."));
        }
        if needs_paths && let Some(bad) = columns.iter().find(|column| path(&column.key).is_none()) {
            let place = files[0].path.display();
            return Err(Error::usage(format!("{place} has a key that no jsonpath can name: '{}'", bad.key)));
        }
        let convention = match form {
            Form::Csv(..) => Convention::for_columns(columns.iter().map(|column| &column.seen)),
            Form::Json | Form::Parquet => Convention::for_json(columns.iter().map(|column| &column.seen)),
        };
        for column in &columns {
            notes.extend(doubts(&name, &form, column, &convention));
        }
        let is_long = |column: &Column| is_cut_off(&form, column, &convention);
        let has_long_texts = columns.iter().any(is_long);
        let is_packed_apart = files.iter().any(|file| file.packed != files[0].packed);
        let packed = files[0].packed;
        let is_in_archive = files.iter().any(|file| file.archive().is_some());
        let draft = |column: Column| DraftColumn {
            data_type: column.seen.data_type(&convention),
            is_time: column.seen.is_time(&convention),
            name: column.name,
            key: column.key,
        };
        let columns = columns.into_iter().map(draft).collect();
        Ok(Self {
            number,
            name,
            address,
            form,
            packed,
            files: files.len(),
            rows: (left == 0).then_some(rows),
            columns,
            ignores_case,
            needs_paths,
            is_gathered: is_in_archive
                || form == Form::Json
                    && (quirks.is_list || quirks.has_mark || is_packed_apart || hive_partitions || nesting.is_some()),
            hive_partitions,
            record_path: nesting.map(|nesting| nesting.path),
            has_short_rows: quirks.has_short_rows,
            has_invalid_utf8: quirks.has_invalid_utf8,
            header_lines: quirks.header_lines,
            has_long_texts,
            notes,
            convention,
        })
    }
}

/// Notes on data that was not read, and data that COPY loses.
fn losses(name: &str, files: &[DataFile], columns: &Columns, left: u64) -> Vec<String> {
    let mut notes = Vec::new();
    if left > 0 {
        let all: u64 = files.iter().map(|file| file.size).sum();
        notes.push(format!(
            "{name}: {} of {} were not read, some of each file: keys and longer values may come there that have no column",
            indicatif::HumanBytes(left),
            indicatif::HumanBytes(all)
        ));
    }
    let unpacked: u64 = files.iter().filter(|file| file.archive().is_some()).map(|file| file.size).sum();
    if unpacked > zip::UNPACKED_MAX {
        notes.push(format!(
            "{name}: {} of it are in archives, and `load` unpacks {} of an archive at most: unpack it where it is larger",
            indicatif::HumanBytes(unpacked),
            indicatif::HumanBytes(zip::UNPACKED_MAX)
        ));
    }
    if let Some(key) = &columns.twice {
        notes.push(format!(
            "{name}: an object has the key '{key}' twice, and a column takes one value: the other is lost"
        ));
    }
    if columns.quirks.has_row_names {
        notes.push(format!(
            "{name}: the first line has one name fewer than the rows have fields, as R writes it: the first column is {ROW_NAME}"
        ));
    }
    if columns.quirks.has_title_line {
        notes.push(format!(
            "{name}: the first line has fewer fields than all others: it is passed over, and the columns have numbers"
        ));
    }
    let lines = columns.quirks.header_lines;
    if lines > 1 {
        notes.push(format!("{name}: its names go over {lines} lines, as `ignoreheader {lines}` of its COPY says"));
    }
    if columns.quirks.has_invalid_utf8 {
        notes
            .push(format!("{name}: it has bytes that are no UTF-8, which are loaded as '?', as `acceptinvchars` says"));
    }
    let partitions = files.first().map(DataFile::partitions).unwrap_or_default();
    let names: Vec<&str> = partitions.iter().map(|(name, _)| *name).collect();
    let in_names = names.iter().any(|partition| !columns.has(partition));
    if in_names && files.iter().any(|file| file.kind != super::walk::FileKind::Json) {
        notes.push(format!(
            "{name}: {} is in the names of folders only, and COPY reads what is in the files: no column has it",
            names.join(", ")
        ));
    }
    notes
}

/// Adds the columns of Hive's folders behind the others, where all files have them and no record does.
pub fn add_partitions(files: &[DataFile], columns: &mut Columns) -> bool {
    let names = |file: &DataFile| file.partitions().iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>();
    let first = files.first().map(names).unwrap_or_default();
    let is_new = !first.is_empty() && first.iter().all(|name| !columns.has(name));
    if !is_new || files.iter().any(|file| names(file) != first) {
        return false;
    }
    for file in files {
        for (name, value) in file.partitions() {
            let value = percent_encoding::percent_decode_str(value).decode_utf8_lossy();
            let mut seen = Seen::default();
            if value != NO_VALUE {
                seen.field(&value);
            }
            columns.add(name, &seen);
        }
    }
    true
}

/// Returns true if COPY has to cut off texts of a column, and can.
fn is_cut_off(form: &Form, column: &Column, convention: &Convention) -> bool {
    let is_text = *form != Form::Parquet && column.seen.data_type(convention).starts_with("varchar");
    is_text && column.seen.too_long().is_some()
}

/// Doubts about a column.
fn doubts(table: &str, form: &Form, column: &Column, convention: &Convention) -> Vec<String> {
    let name = format!("{table}.{}", column.name);
    let mut notes: Vec<String> =
        convention.doubts(&column.seen).into_iter().map(|doubt| format!("{name}: {doubt}")).collect();
    if let Some(bytes) = column.seen.too_long() {
        // C11: only texts of CHAR and VARCHAR are cut off.
        let outcome = match is_cut_off(form, column, convention) {
            true => format!("it is cut off there, as `truncatecolumns` of sql/copy/{table}.sql says"),
            false => "its row is rejected, and nothing cuts off a text within a SUPER".to_owned(),
        };
        notes.push(format!(
            "{name}: a text of {bytes} bytes, and the longest that COPY takes has {VARCHAR_MAX}: {outcome}"
        ));
    }
    notes
}

/// The jsonpath of a key; `None` where its quotes would end early.
pub fn path(key: &str) -> Option<String> {
    let is_plain = !key.is_empty() && !key.contains(['\'', ']', '[', '\\', '"']);
    is_plain.then(|| format!("$['{key}']"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jsonpaths_of_keys() {
        assert_eq!(path("a b").as_deref(), Some("$['a b']"));
        assert_eq!(path("it's"), None);
    }
}
