//! Rows that COPY rejected, each led back to the file and line it came from.

use super::index::Index;
use crate::config::Source;
use crate::error::{Error, Result};
use crate::warehouse::Warehouse;

/// Rows shown; the rest is counted.
const SHOWN: usize = 10;
/// STL_LOAD_ERRORS: a string is longer than its column.
const TOO_LONG: &str = "1204";

#[derive(Debug, Clone, Default)]
pub struct Rejected {
    pub count: u64,
    /// `file:line: column: reason`, with the original file and line.
    pub shown: Vec<String>,
    pub is_too_long: bool,
}

impl Rejected {
    /// What SYS_LOAD_ERROR_DETAIL tells of a COPY (C17).
    pub async fn of(warehouse: &Warehouse, query: i64, index: Option<&Index>, source: &Source) -> Result<Self> {
        let sql = format!(
            "select trim(file_name), line_number, trim(column_name), trim(column_type), error_code, trim(error_message) \
             from sys_load_error_detail where query_id = {query} order by file_name, line_number"
        );
        let rows = warehouse.query(&sql).await?;
        let rows = rows.map_err(|error| Error::failed("cannot read what COPY rejected").because(error))?.rows;
        let text = |row: &[Option<String>], at: usize| row.get(at).cloned().flatten().unwrap_or_default();
        let line = |row: &Vec<Option<String>>| {
            let (file, line) = origin(&text(row, 0), &text(row, 1), index, source);
            let (column, data_type) = (text(row, 2), text(row, 3));
            let place = if column.is_empty() { String::new() } else { format!("{column} {data_type}: ") };
            format!("{file}:{line}: {place}{}", text(row, 5))
        };
        Ok(Self {
            count: rows.len() as u64,
            shown: rows.iter().take(SHOWN).map(line).collect(),
            is_too_long: rows.iter().any(|row| text(row, 4) == TOO_LONG),
        })
    }
}

/// The original of a line in a part; a file that is no part is its own original.
fn origin(file: &str, line: &str, index: Option<&Index>, source: &Source) -> (String, String) {
    let key = file.strip_prefix("s3://").and_then(|rest| rest.split_once('/')).map_or(file, |(_, key)| key);
    let found = index.and_then(|index| index.origin(key, line.parse().ok()?));
    match found {
        Some((key, line)) => (source.location.with_key(key).to_string(), line.to_string()),
        None => (file.to_owned(), line.to_owned()),
    }
}
