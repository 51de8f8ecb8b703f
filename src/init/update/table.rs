//! Compares a table of the project with the files of its source: what the table and its COPY lack for the data.

mod by_key;
mod by_place;

use std::collections::{HashMap, HashSet};

use super::column_type::ColumnType;
use super::comparison::{Comparison, Misfit, Origin, Position};
use super::copy_text::{ColumnLookup, CopyChange, CopyText};
use super::paths_text::PathsText;
use super::schema_text::{ColumnText, SchemaText};
use crate::config::{Gather, OnUnknown, Source};
use crate::error::{Error, Result};
use crate::init::columns::{Columns, Quirks};
use crate::init::convention::Convention;
use crate::init::draft::add_partitions;
use crate::init::infer::Seen;
use crate::init::records::{self, COLUMNS_MAX};
use crate::init::sample::read_into;
use crate::init::walk::{DataFile, FileKind};
use crate::init::{file_sample, nested, words};
use crate::interrupt;

/// A time as text, where the COPY reads no times of this form.
const TIME_AS_TEXT: &str = "varchar(64)";
/// Names that a note has.
const SHOWN: usize = 5;

/// A table, as the files of `sql/` say.
pub struct ProjectTable<'a> {
    pub name: &'a str,
    pub source: &'a Source,
    pub schema: SchemaText,
    pub copy: CopyText,
    /// Where its COPY names keys by paths.
    pub paths: Option<PathsText>,
    /// All files of the source, whatever they are.
    pub files: Vec<DataFile>,
    pub snake_case: bool,
}

/// A change of the data.
#[derive(Debug)]
pub struct DataChange {
    pub table: String,
    /// Or `COPY`, where its statement changes.
    pub column: String,
    /// Empty where there was nothing.
    pub was: String,
    pub becomes: String,
    pub why: String,
}

/// The changes of a table.
#[derive(Debug, Default)]
pub struct TableUpdate {
    pub changes: Vec<DataChange>,
    pub notes: Vec<String>,
    /// Columns with their wider types.
    pub types: Vec<(String, String)>,
    /// Further columns, with their types.
    pub added: Vec<(String, String)>,
    pub copy: CopyChange,
    /// Further paths.
    pub paths: Vec<String>,
}

/// The result of reading the files.
struct ReadData {
    keys: Vec<(String, Seen)>,
    comparison: Comparison,
    /// True if all of the data was read.
    is_whole: bool,
    records: u64,
    crowded: Vec<String>,
    quirks: Quirks,
}

impl ProjectTable<'_> {
    /// Which kind of files its COPY reads, as `FileKind::name`.
    pub fn kind(&self) -> &'static str {
        match self.copy.lookup {
            ColumnLookup::Key { .. } | ColumnLookup::Paths => "json",
            ColumnLookup::Field => "csv",
            ColumnLookup::Parquet => "parquet",
        }
    }

    /// Reads the files, and compares them with the table.
    ///
    /// # Errors
    /// Where a file cannot be read, or the table would have too many columns.
    pub fn compare(&self) -> Result<TableUpdate> {
        let mut update = TableUpdate::default();
        let files = self.own_files(&mut update);
        if files.is_empty() {
            update.notes.push(format!("{}: no file of its source is here", self.name));
            return Ok(update);
        }
        match self.copy.lookup {
            ColumnLookup::Key { ignore_case } => self.compare_keys(&files, ignore_case, &mut update)?,
            ColumnLookup::Paths => self.compare_paths(&files, &mut update)?,
            ColumnLookup::Field => self.compare_fields(&files, &mut update)?,
            ColumnLookup::Parquet => self.compare_parquet(&files, &mut update)?,
        }
        self.read_times(&mut update);
        let columns = self.schema.columns.len() + update.added.len();
        if !update.added.is_empty() && columns > COLUMNS_MAX {
            let message = format!("{} would have {columns} columns, and a table has at most {COLUMNS_MAX}", self.name);
            return Err(Error::usage(message).hint("Keys that are data belong below one key, which becomes a SUPER."));
        }
        Ok(update)
    }

    /// The files that are what the COPY reads; a note names the others.
    fn own_files(&self, update: &mut TableUpdate) -> Vec<DataFile> {
        let packed = ["gzip", "zstd"].into_iter().find(|word| self.copy.has(word));
        let is_own = |file: &&DataFile| match self.copy.lookup {
            ColumnLookup::Key { .. } | ColumnLookup::Paths => file.kind == FileKind::Json,
            ColumnLookup::Field => matches!(file.kind, FileKind::Csv(_)) && file.packed.option() == packed,
            ColumnLookup::Parquet => file.kind == FileKind::Parquet,
        };
        let (own, others): (Vec<_>, Vec<_>) = self.files.iter().partition(is_own);
        if let Some(first) = others.first() {
            let more = if others.len() > 1 { format!(" and {} more", others.len() - 1) } else { String::new() };
            update.notes.push(format!(
                "{}: {}{more} is of another kind than its COPY reads: move it, or leave it out by `files` of [sources.{}]",
                self.name,
                first.path.display(),
                self.source.name
            ));
        }
        own.into_iter().cloned().collect()
    }

    fn read(&self, files: &[DataFile], columns: HashMap<String, ColumnType>, ignore_case: bool) -> Result<ReadData> {
        let all: u64 = files.iter().map(|file| file.size).sum();
        let mut columns = Columns::compared(Comparison::new(columns, ignore_case, self.copy.reading.clone()));
        let mut left = 0;
        for (at, file) in files.iter().enumerate() {
            interrupt::safe_point()?;
            if let Some(comparison) = &mut columns.comparison {
                comparison.begin_file(at);
            }
            match self.source.record_path.as_ref().filter(|_| file.kind == FileKind::Json) {
                Some(path) => nested::read_records(&file.path, file.packed, path, &mut columns)?,
                None => left += read_into(&mut columns, file, file_sample::share(file, all))?.0,
            }
        }
        if self.source.hive_partitions {
            add_partitions(files, &mut columns);
        }
        Ok(ReadData {
            comparison: columns.comparison.take().unwrap_or_default(),
            is_whole: left == 0,
            records: columns.records,
            crowded: columns.crowded(),
            quirks: columns.quirks,
            keys: columns.into_keys(),
        })
    }

    /// Returns true if there is nothing to compare, which a note says.
    fn is_empty(&self, data: &ReadData, update: &mut TableUpdate) -> bool {
        if data.records == 0 {
            update.notes.push(format!("{}: there is no record in its files", self.name));
        }
        data.records == 0
    }

    /// The columns that the COPY fills, in their order.
    fn filled(&self) -> impl Iterator<Item = &ColumnText> {
        let listed = self.copy.list.iter().flatten().filter_map(move |name| self.schema.column(name));
        let all = self.schema.columns.iter().filter(move |_| self.copy.list.is_none());
        listed.chain(all)
    }

    fn fills(&self, name: &str) -> bool {
        self.copy.list.as_ref().is_none_or(|list| list.iter().any(|listed| listed == name))
    }

    /// Returns true if keys without a column get one: not where somebody has chosen.
    fn is_wanted(&self) -> bool {
        let is_chosen = self.copy.list.is_some() && self.copy.lookup != ColumnLookup::Paths;
        self.source.on_unknown != OnUnknown::Ignore && !is_chosen
    }

    /// The types that columns of these values have.
    fn inferred(&self, seen: &Seen) -> String {
        let reading = &self.copy.reading;
        let null_word = reading.null_as.as_deref().filter(|_| self.copy.lookup == ColumnLookup::Field);
        let convention = Convention::new(null_word.unwrap_or("\\N"), reading.date_format.clone()).unwrap_or_default();
        let data_type = seen.data_type(&convention);
        let is_other_time = reading.time_format.is_some() && data_type.starts_with("timestamp");
        if is_other_time { TIME_AS_TEXT.to_owned() } else { data_type }
    }

    /// Widens a column that does not take all values of its key.
    fn check(
        &self,
        column: &ColumnText,
        key: &str,
        seen: &Seen,
        data: &ReadData,
        files: &[DataFile],
        update: &mut TableUpdate,
    ) {
        let inferred = self.inferred(seen);
        let misfit = data.comparison.misfit(key);
        let why = match misfit {
            Some(Misfit { first, example, .. }) => format!("'{example}' in {}", place(*first, files)),
            None if self.is_declared(key, seen, files)
                && !column.column_type.holds(ColumnType::parse(&inferred), seen.longest) =>
            {
                format!("{inferred} in the files")
            }
            None => return,
        };
        if column.is_kept {
            let name = format!("{}.{}", self.name, column.name);
            update.notes.push(format!("{name}: its type stays, as `-- keep` says, and it does not hold {why}"));
            return;
        }
        let has_nested = misfit.is_some_and(|misfit| misfit.has_nested);
        let wider = column.column_type.widened(&inferred, seen.longest, has_nested);
        let table = self.name;
        if ColumnType::parse(&wider) == column.column_type {
            update.notes.push(format!("{table}.{}: no wider type takes {why}", column.name));
            return;
        }
        if column.has_encoding && ColumnType::parse(&wider).is_text() != column.column_type.is_text() {
            update.notes.push(format!("{table}.{}: look whether its ENCODE is one for {wider}", column.name));
        }
        update.changes.push(DataChange {
            table: table.to_owned(),
            column: column.name.clone(),
            was: column.data_type.clone(),
            becomes: wider.clone(),
            why,
        });
        update.types.push((column.name.clone(), wider));
    }

    /// Returns true if only the types of a key are known, and not each of its values.
    fn is_declared(&self, key: &str, seen: &Seen, files: &[DataFile]) -> bool {
        let is_folder = || files.iter().any(|file| file.partitions().iter().any(|(name, _)| *name == key));
        self.copy.lookup == ColumnLookup::Parquet || self.source.hive_partitions && seen.longest > 0 && is_folder()
    }

    fn add(&self, name: String, seen: &Seen, why: &str, update: &mut TableUpdate) {
        let data_type = self.inferred(seen);
        update.changes.push(DataChange {
            table: self.name.to_owned(),
            column: name.clone(),
            was: String::new(),
            becomes: data_type.clone(),
            why: why.to_owned(),
        });
        update.added.push((name, data_type));
    }

    /// The list of a COPY that has one, with the added columns.
    fn extend_list(&self, update: &mut TableUpdate) {
        if let Some(list) = self.copy.list.as_ref().filter(|_| !update.added.is_empty()) {
            let added = update.added.iter().map(|(name, _)| name.clone());
            update.copy.list = Some(list.iter().cloned().chain(added).collect());
        }
    }

    /// Without TIMEFORMAT and DATEFORMAT, COPY reads one form of days and times only.
    fn read_times(&self, update: &mut TableUpdate) {
        let mut changed = update.types.iter().chain(&update.added);
        let is_read = self.copy.lookup == ColumnLookup::Parquet || self.copy.has("timeformat");
        if is_read || !changed.any(|(_, data_type)| ColumnType::parse(data_type).is_time()) {
            return;
        }
        let option =
            if self.copy.has("dateformat") { "timeformat 'auto'" } else { "timeformat 'auto' dateformat 'auto'" };
        update.copy.options.push(option.to_owned());
        update.changes.push(self.copy_change("", option, "days and times".into()));
    }

    /// Adds an option to the COPY that needs it.
    fn option(&self, option: &str, is_needed: bool, why: &str, update: &mut TableUpdate) {
        if is_needed && !self.copy.has(option) {
            update.copy.options.push(option.to_owned());
            update.changes.push(self.copy_change("", option, why.to_owned()));
        }
    }

    fn copy_change(&self, was: &str, becomes: &str, why: String) -> DataChange {
        let (was, becomes) = (was.to_owned(), becomes.to_owned());
        DataChange { table: self.name.to_owned(), column: "COPY".into(), was, becomes, why }
    }

    /// JSON that COPY reads only where it is gathered.
    fn note_form(&self, files: &[DataFile], data: &ReadData, update: &mut TableUpdate) {
        let is_packed_apart = files.iter().any(|file| file.packed != files[0].packed);
        let forms = [
            (data.quirks.is_list, "lists"),
            (data.quirks.has_mark, "byte-order marks"),
            (is_packed_apart, "packed files beside others"),
        ];
        let forms: Vec<&str> = forms.iter().filter(|(is_there, _)| *is_there).map(|(_, form)| *form).collect();
        if self.source.gather != Gather::Always && !forms.is_empty() {
            update.notes.push(format!(
                "{}: its files have {}, which COPY reads only where they are gathered: `gather = \"always\"` of [sources.{}]",
                self.name,
                forms.join(" and "),
                self.source.name
            ));
        }
    }

    fn note_lost(&self, lost: &[String], update: &mut TableUpdate) {
        if lost.is_empty() {
            return;
        }
        let why = match (self.source.on_unknown, self.is_wanted()) {
            (OnUnknown::Ignore, _) => "as `on_unknown = \"ignore\"` says",
            (_, false) => "for its COPY lists its columns",
            _ => "for a column cannot have their names",
        };
        update.notes.push(format!("{}: keys without a column, {why}: {}", self.name, shown(lost)));
    }

    /// Names the columns that nothing fills any more.
    fn note_unseen(&self, seen: &HashSet<&str>, data: &ReadData, update: &mut TableUpdate) {
        let why = if data.is_whole { "no longer seen" } else { "not seen in what was read of the files" };
        let unseen = self.filled().filter(|column| !seen.contains(column.name.as_str()) && !column.is_generated);
        let stays = |column: &ColumnText| DataChange {
            table: self.name.to_owned(),
            column: column.name.clone(),
            was: column.data_type.clone(),
            becomes: "stays".into(),
            why: why.into(),
        };
        update.changes.extend(unseen.map(stays));
    }
}

/// Returns true if columns have the names of their keys in snake_case.
fn is_snake_case<'a>(mut columns: impl Iterator<Item = (&'a str, &'a str)>) -> bool {
    columns.any(|(key, name)| name != key.to_lowercase() && name == words::snake_case(key))
}

fn why_new(what: &str, first: Option<Origin>, files: &[DataFile]) -> String {
    match first {
        Some(first) => format!("new {what}, first in {}", place(first, files)),
        None => format!("new {what}"),
    }
}

/// File and line.
fn place(origin: Origin, files: &[DataFile]) -> String {
    let Some(file) = files.get(origin.file) else { return String::new() };
    let path = file.path.display();
    let line = match origin.position {
        Position::Line(line) => Some(line),
        Position::Byte(bytes) => records::line(&file.path, file.packed, bytes).ok(),
    };
    line.map_or_else(|| path.to_string(), |line| format!("{path}:{line}"))
}

fn shown(names: &[String]) -> String {
    let first: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
    let left = names.len().saturating_sub(SHOWN);
    if left > 0 { format!("{} and {left} more", first.join(", ")) } else { first.join(", ") }
}
