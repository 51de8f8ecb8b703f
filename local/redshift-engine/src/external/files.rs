//! The files of an external table on their way into the temporary table that holds its rows.

use duckdb::Appender;

use super::rows::columns;
use super::source::{self, Object};
use super::{catalog, parquet, text};
use crate::clock::now_millis;
use crate::copy::{Access, Batch, Cell, Column, Opener, Progress, Rules, TimeFormat, append, is_full};
use crate::error::SqlError;
use crate::session::Session;
use redshift_sql::external::relation::of_rows_table;
use redshift_sql::external::table::ExternalTable;
use redshift_sql::{Compression, Credential, Format};

/// What is read, and how its values are.
pub struct Files<'a> {
    pub session: &'a Session,
    pub opener: Opener,
    pub table: &'a ExternalTable,
    pub objects: &'a [Object],
    pub rules: Rules,
    /// Those of the files, the partition keys, and the pseudocolumns.
    pub columns: Vec<Column>,
}

/// Rows on their way into the temporary table.
pub struct Target<'a> {
    pub appender: Appender<'a>,
    batch: Batch,
}

/// Reads the objects of an external table into the temporary table of its rows.
///
/// # Errors
/// Where the role may not read them, or they are not of the format of the table.
pub fn load(session: &Session, access: &Access, rows_table: &str) -> Result<(), SqlError> {
    let name = of_rows_table(rows_table).unwrap_or_default();
    let found = catalog::table(&session.connection, &name)?;
    let format = found.table.format()?;
    let storage = access.storage(Some(&Credential::Role(found.role.clone())))?;
    let objects = source::objects(session, &*storage, &found, &name.table)?;
    let sizes = objects.iter().map(|object| object.size).collect();
    let progress =
        Progress::new(-1, session.pid(), &name.table, &found.table.location, now_millis(), "external", sizes);
    let opener = Opener { storage, compression: Compression::None, progress, cancel: session.canceller() };
    let column = |(name, data_type)| Column { name, data_type, not_null: false };
    let columns: Vec<Column> = columns(&found.table)?.into_iter().map(column).collect();
    let files = Files { session, opener, table: &found.table, objects: &objects, rules: rules(&format), columns };
    let names: Vec<&str> = files.columns.iter().map(|column| column.name.as_str()).collect();
    let appender = session.connection.appender_with_columns_to_catalog_and_db(rows_table, "temp", "main", &names)?;
    let mut target = Target { appender, batch: Batch::new(&files.columns) };
    match &format {
        Format::Parquet => parquet::load(&files, &mut target),
        Format::Text(format) => text::load_lines(&files, format, &mut target),
        Format::Json(format) => text::load_json(&files, format, &mut target),
    }?;
    target.finish()
}

/// Values that do not fit their columns are NULL, and nothing is cut. Dates have any order of day and month, times that of
/// ISO 8601: in JSON as it is, in text with a blank (r_CREATE_EXTERNAL_TABLE).
fn rules(format: &Format) -> Rules {
    let is_json = matches!(format, Format::Json(_));
    Rules {
        truncate: false,
        empty_as_null: false,
        blanks_as_null: false,
        times: if is_json { TimeFormat::Auto } else { TimeFormat::Default },
        dates: TimeFormat::Auto,
        any_date: false,
        round: false,
        trim_blanks: false,
    }
}

impl Files<'_> {
    /// The values that all rows of an object have: of the partition keys, and of the pseudocolumns.
    pub fn constants<'o>(&self, object: &'o Object) -> Vec<Cell<'o>> {
        let keys = &self.columns[self.table.columns.len()..];
        let key = |(value, column): (&'o String, &Column)| match value.as_str() {
            // Hive's name for NULL.
            "__HIVE_DEFAULT_PARTITION__" => Cell::Null,
            value => self.rules.convert_text(value.into(), column.data_type).unwrap_or(Cell::Null),
        };
        let mut cells: Vec<Cell<'o>> = object.partition.iter().zip(keys).map(key).collect();
        cells.push(Cell::Text(object.address.to_string().into()));
        cells.push(Cell::Integer(i64::try_from(object.size).unwrap_or(i64::MAX)));
        cells
    }
}

impl Target<'_> {
    /// Adds a row: the values of the file, then those of its object.
    pub fn push(&mut self, values: &[Cell<'_>], constants: &[Cell<'_>]) -> Result<(), SqlError> {
        for (at, cell) in values.iter().chain(constants).enumerate() {
            self.batch.push_cell(at, cell);
        }
        self.batch.rows += 1;
        if is_full(&self.batch) { append(&mut self.appender, &mut self.batch) } else { Ok(()) }
    }

    fn finish(mut self) -> Result<(), SqlError> {
        if self.batch.rows > 0 {
            append(&mut self.appender, &mut self.batch)?;
        }
        Ok(self.appender.flush()?)
    }
}

/// A failure to read an object, in Spectrum's words.
pub fn scan_error(object: &Object, reason: &str) -> SqlError {
    SqlError::new("XX000", format!("Spectrum Scan Error: File '{}' {reason}", object.address))
}
