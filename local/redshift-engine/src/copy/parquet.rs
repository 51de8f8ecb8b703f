//! Parquet, read and written by a DuckDB of its own: the warehouse's must not reach files.

use std::io::{Read, Write};
use std::path::Path;

use duckdb::arrow::record_batch::RecordBatch;
use duckdb::{Config, Connection};

use super::columns::Column;
use super::source::Opener;
use crate::catalog::Table;
use crate::error::SqlError;
use crate::session::Session;
use crate::storage::Address;
use crate::super_value;
use redshift_sql::Type;
use redshift_sql::{Compression, CopyCommand};
use redshift_sql::{literal, quoted};

/// Bytes of rows that are held before they go on.
const HELD_BYTES: usize = 16 << 20;
/// Memory of the database that rows pass through on their way into a file; the rest of them is on disk.
const SCRATCH_MEMORY: &str = "256MB";

/// A failure with a temporary file, whose directory it names.
fn io(what: &str) -> impl Fn(std::io::Error) -> SqlError {
    move |error| SqlError::from_io(&format!("cannot {what} in"), &std::env::temp_dir(), &error)
}

/// Loads files whose columns are those of the table, by position; answers the rows.
pub fn load(
    session: &Session,
    opener: &Opener,
    table: &Table,
    columns: &[Column],
    objects: &[Address],
    copy: &CopyCommand,
) -> Result<u64, SqlError> {
    if !copy.serialize_to_json && columns.iter().any(|column| column.data_type == Type::Super) {
        return Err(SqlError::new("0A000", "SUPER column in COPY query requires SERIALIZETOJSON option"));
    }
    let scratch = Connection::open_in_memory()?;
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let mut appender = session.connection.appender_with_columns_to_catalog_and_db(
        &table.name,
        &table.catalog,
        &table.schema,
        &names,
    )?;
    let (mut rows, mut held) = (0, 0);
    for (number, address) in objects.iter().enumerate() {
        session.check_cancelled()?;
        // `_SUCCESS`, `dir/`: an empty object is passed over.
        if opener.progress.sizes.get(number) == Some(&0) {
            continue;
        }
        let file = fetch(opener, address)?;
        let unreadable = |error: duckdb::Error| {
            SqlError::new("XX000", format!("{address} is not a Parquet file that can be read: {error}"))
        };
        let path = literal(&file.path().display().to_string());
        let found = column_names(&scratch, &path).map_err(unreadable)?;
        let is_filled = copy.fill_record && found.len() < columns.len();
        if found.len() != columns.len() && !is_filled {
            let message = format!(
                "Unmatched number of columns between table and file. Table columns: {}, Data columns: {}, File name: {address}",
                columns.len(),
                found.len()
            );
            return Err(SqlError::new("XX000", message));
        }
        let values: Vec<String> =
            columns.iter().enumerate().map(|(at, column)| selected(found.get(at), column)).collect();
        let sql = format!("SELECT {} FROM read_parquet({path})", values.join(", "));
        let mut statement = scratch.prepare(&sql).map_err(unreadable)?;
        for batch in statement.stream_arrow([]).map_err(|error| incompatible(address, &error))? {
            session.check_cancelled()?;
            let batch = batch.map_err(|error| incompatible(address, &error))?;
            rows += batch.num_rows() as u64;
            opener.progress.add_rows(batch.num_rows());
            opener.progress.scanned(number, batch.num_rows());
            check_lengths(&batch, columns, address)?;
            held += batch.get_array_memory_size();
            appender.append_record_batch(batch)?;
            if held > HELD_BYTES {
                appender.flush()?;
                held = 0;
            }
        }
    }
    appender.flush()?;
    Ok(rows)
}

/// A column of the file as one of the table; NULL where the file has none. What becomes a SUPER is a value of its own
/// type: a text is a text, also where it looks like JSON.
fn selected(name: Option<&String>, column: &Column) -> String {
    match name.map(|name| quoted(name.as_str())) {
        None => format!("CAST(NULL AS {})", column.data_type.duck()),
        Some(name) if column.data_type == Type::Super => format!("to_json({name})"),
        Some(name) => format!("CAST({name} AS {})", column.data_type.duck()),
    }
}

fn incompatible(address: &Address, error: &duckdb::Error) -> SqlError {
    SqlError::new("XX000", format!("Spectrum Scan Error: {address} has an incompatible Parquet schema: {error}"))
}

fn column_names(scratch: &Connection, path: &str) -> duckdb::Result<Vec<String>> {
    let mut statement = scratch.prepare(&format!("DESCRIBE SELECT * FROM read_parquet({path})"))?;
    statement.query_map([], |row| row.get(0))?.collect()
}

/// COPY of Parquet cuts nothing: what is too long ends it.
fn check_lengths(batch: &RecordBatch, columns: &[Column], address: &Address) -> Result<(), SqlError> {
    use duckdb::arrow::array::AsArray;
    for (array, column) in batch.columns().iter().zip(columns) {
        if let (Some(values), Type::Varbyte(limit)) = (array.as_binary_opt::<i32>(), column.data_type)
            && let Some(long) = values.iter().flatten().find(|value| value.len() as u64 > limit)
        {
            return Err(too_long(column, limit, long.len(), address));
        }
        let Some(texts) = array.as_string_opt::<i32>() else { continue };
        if column.data_type == Type::Super {
            let checked = texts.iter().flatten().try_for_each(|text| super_value::parse(text).map(drop));
            let refused = |reason: String| SqlError::new("XX000", format!("{reason}, File name: {address}"));
            checked.map_err(refused)?;
        }
        let Some(limit) = column.data_type.limit() else { continue };
        if let Some(long) = texts.iter().flatten().find(|text| text.len() as u64 > limit) {
            return Err(too_long(column, limit, long.len(), address));
        }
    }
    Ok(())
}

fn too_long(column: &Column, limit: u64, found: usize, address: &Address) -> SqlError {
    let message = format!(
        "Spectrum Scan Error: the length of the data column {} is longer than the length defined in the table. \
         Table: {limit}, Data: {found}, File name: {address}",
        column.name
    );
    SqlError::new("XX000", message)
}

/// Keeps an object as a file, unpacked.
pub fn fetch(opener: &Opener, address: &Address) -> Result<tempfile::NamedTempFile, SqlError> {
    // The ending says how it is compressed (copy-usage_notes-copy-from-columnar).
    let compression = match address.key.rsplit('.').next() {
        Some("gz") => Compression::Gzip,
        Some("bz2") => Compression::Bzip2,
        _ => Compression::None,
    };
    let mut input = opener.open_as(address, compression)?;
    let mut file = tempfile::NamedTempFile::new().map_err(io("make a temporary file"))?;
    std::io::copy(&mut input as &mut dyn Read, &mut file).map_err(io("keep an object"))?;
    file.flush().map_err(io("write a temporary file"))?;
    Ok(file)
}

/// Writes the rows of a query into a Parquet file, and answers how many there were. They pass through a database on
/// disk, so that memory holds few of them.
pub fn write(session: &Session, query: &str, path: &Path) -> Result<u64, SqlError> {
    let connection = &session.connection;
    let directory = tempfile::tempdir().map_err(io("make a temporary directory"))?;
    let config = Config::default().max_memory(SCRATCH_MEMORY)?;
    let scratch = Connection::open_with_flags(directory.path().join("rows.duckdb"), config)?;
    let definition = {
        let mut statement = connection.prepare(&format!("DESCRIBE {query}"))?;
        let column = |row: &duckdb::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
        let columns = statement.query_map([], column)?.collect::<Result<Vec<_>, _>>()?;
        let define = |(name, kind): &(String, String)| {
            // What the interchange format has no type for goes as what it stands for.
            let kind = match kind.as_str() {
                "HUGEINT" => "DECIMAL(38,0)",
                "JSON" => "VARCHAR",
                kind => kind,
            };
            format!("{} {kind}", quoted(name))
        };
        columns.iter().map(define).collect::<Vec<_>>().join(", ")
    };
    scratch.execute_batch(&format!("BEGIN; CREATE TABLE rows ({definition})"))?;
    let (mut rows, mut held) = (0, 0);
    {
        let mut statement = connection.prepare(query)?;
        let mut appender = scratch.appender("rows")?;
        for batch in statement.stream_arrow([])? {
            session.check_cancelled()?;
            let batch = batch?;
            rows += batch.num_rows() as u64;
            held += batch.get_array_memory_size();
            appender.append_record_batch(batch)?;
            if held > HELD_BYTES {
                appender.flush()?;
                held = 0;
            }
        }
        appender.flush()?;
    }
    scratch.execute_batch("COMMIT")?;
    let path = literal(&path.display().to_string());
    scratch.execute_batch(&format!("COPY rows TO {path} (FORMAT parquet, COMPRESSION snappy)"))?;
    Ok(rows)
}
