//! Rows that COPY rejected, each led back to the file and line it came from.

use std::collections::BTreeMap;

use tokio::time::Instant;

use super::Load;
use super::gatherer::Gatherer;
use super::index::Index;
use super::staging::Staging;
use crate::config::Source;
use crate::error::{Error, Result};
use crate::retry::Backoff;
use crate::statement_process::StatementProcess;
use crate::warehouse::{StatementError, Warehouse};

/// Rows shown; the rest is counted.
pub const SHOWN: usize = 10;
/// Characters of a value that are shown.
const VALUE: usize = 60;
/// STL_LOAD_ERRORS: a string is longer than its column.
const TOO_LONG: &str = "1204";
/// An input line that is not valid.
const MALFORMED: &str = "1216";
/// Bytes of the widest column.
const WIDEST: &str = "65535";

#[derive(Debug, Clone, Default)]
pub struct Rejected {
    pub count: u64,
    /// `file:line: column: reason: value`, with the original file and line.
    pub shown: Vec<String>,
    /// Texts are longer than their columns.
    pub is_too_long: bool,
    /// Texts are longer than any column.
    pub is_beyond_any_column: bool,
}

/// A row of a result.
type Row = Vec<Option<String>>;

/// A rejected row, as SYS_LOAD_ERROR_DETAIL shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ErrorRow {
    /// The file that COPY read: a part, or an object of the source.
    pub file: String,
    pub line: u64,
    /// Empty where no column is at fault.
    pub column: String,
    /// With its length, where it has one.
    pub data_type: String,
    pub code: String,
    pub reason: String,
}

impl ErrorRow {
    /// The rows that the COPYs of a process rejected, in the order of files and lines: the first of them, or all. With them,
    /// how many there are in all (C17).
    ///
    /// # Errors
    /// Where the view cannot be read.
    pub async fn read_all(
        warehouse: &Warehouse,
        process: StatementProcess,
        limit: Option<usize>,
    ) -> Result<(Vec<Self>, u64)> {
        let Some(of_process) = process.condition("session_id", "start_time") else { return Ok((Vec::new(), 0)) };
        let limit = limit.map(|limit| format!(" limit {limit}")).unwrap_or_default();
        let sql = format!(
            "select trim(file_name), line_number, trim(column_name), trim(column_type), trim(column_length), error_code, \
             trim(error_message), count(*) over () from sys_load_error_detail where {of_process} \
             order by file_name, line_number{limit}"
        );
        let rows = warehouse.query(&sql).await?;
        let rows = rows.map_err(|error| Error::failed("cannot read what COPY rejected").because(error))?.rows;
        let count = rows.first().map_or(0, |first| text(first, 7).parse().unwrap_or(rows.len() as u64));
        Ok((rows.iter().map(Self::read).collect(), count))
    }

    fn read(row: &Row) -> Self {
        Self {
            file: text(row, 0),
            line: text(row, 1).parse().unwrap_or_default(),
            column: text(row, 2),
            data_type: with_length(text(row, 3), &text(row, 4)),
            code: text(row, 5),
            reason: text(row, 6),
        }
    }

    /// True if a text is longer than its column, and a column may be wider.
    pub fn is_too_long(&self) -> bool {
        self.code == TOO_LONG && !self.data_type.contains(WIDEST)
    }

    /// True if COPY cannot read the record itself, and not just a value of it.
    pub fn is_malformed(&self) -> bool {
        self.code == MALFORMED || self.column.is_empty()
    }

    /// True if a text is longer than any column.
    fn is_beyond_any_column(&self) -> bool {
        self.code == TOO_LONG && self.data_type.contains(WIDEST)
    }
}

impl Rejected {
    /// Reads the errors of a process from SYS_LOAD_ERROR_DETAIL, and their values from STL_LOAD_ERRORS (C17).
    pub async fn for_process(
        warehouse: &Warehouse,
        process: StatementProcess,
        gatherer: &Gatherer<'_>,
        source: &Source,
    ) -> Result<Self> {
        let (rows, count) = ErrorRow::read_all(warehouse, process, Some(SHOWN)).await?;
        let mut origins = Origins::new(gatherer, source);
        Ok(Self::from_rows(warehouse, process, &rows, count, &mut origins).await)
    }

    /// Describes the first of these rows, of `count` in all.
    pub async fn from_rows(
        warehouse: &Warehouse,
        process: StatementProcess,
        rows: &[ErrorRow],
        count: u64,
        origins: &mut Origins<'_>,
    ) -> Self {
        if rows.is_empty() {
            return Self::default();
        }
        let values = values(warehouse, process).await;
        let mut shown = Vec::new();
        for row in rows.iter().take(SHOWN) {
            let (file, line) = origins.find(&row.file, row.line).await;
            let (column, data_type) = (&row.column, &row.data_type);
            let place = if column.is_empty() { String::new() } else { format!("{column} {data_type}: ") };
            let value = values.get(&(row.file.clone(), row.line.to_string(), column.clone()));
            let value = value.map(|value| format!(": {}", clipped(value))).unwrap_or_default();
            shown.push(format!("{file}:{line}: {place}{}{value}", row.reason));
        }
        let is_too_long = rows.iter().any(ErrorRow::is_too_long);
        Self { count, shown, is_too_long, is_beyond_any_column: rows.iter().any(ErrorRow::is_beyond_any_column) }
    }

    /// As `for_process`. The system views may show late what was rejected (C17): as long as they show fewer rows than are missing,
    /// they are asked again.
    pub async fn at_least(
        missing: u64,
        load: &Load<'_>,
        stage: &str,
        process: StatementProcess,
        gatherer: &Gatherer<'_>,
        source: &Source,
    ) -> Result<Self> {
        let mut backoff = Backoff::until(Instant::now() + load.stack.config.timeouts.settle);
        loop {
            let rejected = Self::for_process(&load.warehouse, process, gatherer, source).await?;
            if rejected.count >= missing
                || !backoff.next(&load.stack.events, stage, "the system views to show what was rejected").await?
            {
                return Ok(rejected);
            }
        }
    }

    /// Hints for an error: the first rows, and how to fix them.
    pub fn hints(&self, table: &str, process: StatementProcess) -> Vec<String> {
        let mut hints = self.shown.clone();
        if self.is_too_long {
            hints.push(format!(
                "Widen the column in sql/schema, then run `load --recreate`, or add `truncatecolumns` to sql/copy/{table}.sql."
            ));
        }
        if self.is_beyond_any_column {
            hints.push(format!(
                "No column is wider: shorten the text, or add `truncatecolumns` to sql/copy/{table}.sql, which cuts it off."
            ));
        }
        if self.count > 0
            && let Some(of_process) = process.condition("session_id", "start_time")
        {
            hints.push(format!("{} in all: select * from sys_load_error_detail where {of_process}", self.count));
        }
        hints
    }
}

impl Staging<'_> {
    /// A COPY that failed, with the rows it failed on by their own file and line.
    pub(super) async fn explain(&self, error: StatementError, gatherer: &Gatherer<'_>) -> Error {
        let (process, table) = (error.process, &self.file.name);
        if error.is_division_by_zero() {
            return Error::failed(format!("another load has changed {table} since this one began; nothing was copied"))
                .hint("A COPY of a load that was stopped may have gone on. Run load again: it begins with what is there now.");
        }
        let (is_elsewhere, is_denied) = (error.to_string().contains("PermanentRedirect"), error.is_denied());
        let objects = self.objects_behind(&error.to_string(), gatherer).await;
        let mut failure = Error::failed(format!("cannot copy into {table}; it is as it was before")).because(error);
        if is_elsewhere {
            let (bucket, source) = (&self.source.location.bucket, &self.source.name);
            failure =
                failure.hint(format!("The bucket {bucket} is in another region: set `region` of [sources.{source}]."));
        }
        if is_denied {
            failure = failure.hint(self.load.advice_on_denial().await);
        }
        if let Some(objects) = objects {
            failure = failure.hint(objects);
        }
        match Rejected::for_process(&self.load.warehouse, process, gatherer, self.source).await {
            Ok(rejected) => rejected.hints(table, process).into_iter().fold(failure, Error::hint),
            Err(_) => failure,
        }
    }
}

/// A type with the length of its column, which AWS shows beside it, and cuts off behind ten characters of the type.
fn with_length(data_type: String, length: &str) -> String {
    let is_whole = data_type.ends_with(')') || matches!(length, "" | "0");
    let name = data_type.split('(').next().unwrap_or_default();
    if is_whole { data_type } else { format!("{name}({length})") }
}

fn text(row: &Row, at: usize) -> String {
    row.get(at).cloned().flatten().unwrap_or_default()
}

/// The values that were rejected, by file, line and column; empty for workgroups, which have no STL views.
async fn values(warehouse: &Warehouse, process: StatementProcess) -> BTreeMap<(String, String, String), String> {
    let Some(of_process) = process.condition("session", "starttime") else { return BTreeMap::new() };
    let sql = format!(
        "select trim(filename), line_number, trim(colname), trim(raw_field_value) from stl_load_errors \
         where {of_process} order by filename, line_number limit {SHOWN}"
    );
    let rows = warehouse.query(&sql).await.ok().and_then(std::result::Result::ok).unwrap_or_default().rows;
    let told = rows.iter().filter(|row| !text(row, 3).is_empty());
    told.map(|row| ((text(row, 0), text(row, 1), text(row, 2)), text(row, 3))).collect()
}

/// Finds the origins of lines, with the indices of parts that were needed so far.
pub struct Origins<'a> {
    gatherer: &'a Gatherer<'a>,
    source: &'a Source,
    indices: BTreeMap<String, Option<Index>>,
}

impl<'a> Origins<'a> {
    pub fn new(gatherer: &'a Gatherer<'a>, source: &'a Source) -> Self {
        Self { gatherer, source, indices: BTreeMap::new() }
    }

    /// The original of a line in a part; a file that is no part is its own original.
    pub async fn find(&mut self, file: &str, line: u64) -> (String, u64) {
        let home = format!("s3://{}/", self.gatherer.bucket);
        let Some(key) = file.strip_prefix(&home) else { return (file.to_owned(), line) };
        if !self.indices.contains_key(key) {
            let index = self.gatherer.index(key).await.ok();
            self.indices.insert(key.to_owned(), index);
        }
        let index = self.indices.get(key).and_then(Option::as_ref);
        match index.and_then(|index| index.origin(line)) {
            Some((key, line)) => (self.source.location.with_key(key).to_string(), line),
            None => (file.to_owned(), line),
        }
    }
}

fn clipped(value: &str) -> String {
    match value.chars().count() > VALUE {
        true => format!("'{}…'", value.chars().take(VALUE).collect::<String>()),
        false => format!("'{value}'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The error row of a text that is too long for a column of this type and length, as a view shows them.
    fn too_long(data_type: &str, length: Option<&str>) -> ErrorRow {
        let values = ["s3://b/a", "1", "title", data_type].map(|value| Some(value.to_owned()));
        let others = ["1204", "String length exceeds DDL length", "1"].map(|value| Some(value.to_owned()));
        ErrorRow::read(&[&values[..], &[length.map(str::to_owned)][..], &others[..]].concat())
    }

    #[test]
    fn the_length_of_a_column_stands_beside_its_type_or_in_it() {
        for (data_type, length, shown, is_widest) in [
            ("varchar", Some("65535"), "varchar(65535)", true),
            ("varchar", Some("16"), "varchar(16)", false),
            ("varchar(655", Some("65535"), "varchar(65535)", true),
            ("character varying(65535)", Some("65535"), "character varying(65535)", true),
            ("character varying(16)", None, "character varying(16)", false),
        ] {
            let row = too_long(data_type, length);
            assert_eq!(row.data_type, shown);
            assert_eq!((row.is_too_long(), row.is_beyond_any_column()), (!is_widest, is_widest), "{shown}");
        }
        assert_eq!(too_long("integer", Some("0")).data_type, "integer");
        assert_eq!(too_long("integer", Some("")).data_type, "integer");
        assert_eq!(too_long("numeric(12,2)", Some("12")).data_type, "numeric(12,2)");
        assert_eq!(too_long("integer", None).reason, "String length exceeds DDL length");
    }
}
