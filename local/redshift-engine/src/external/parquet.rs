//! Files of Parquet. Their columns are found by their names, and must be of the types of the table.

use duckdb::Connection;

use super::files::{Files, Target, scan_error};
use super::source::Object;
use crate::copy::{Cell, Column, fetch};
use crate::error::SqlError;
use redshift_sql::{Type, civil, literal, quoted};

/// Bytes of rows that are held before they go on.
const HELD_BYTES: usize = 16 << 20;

pub fn load(files: &Files<'_>, target: &mut Target<'_>) -> Result<(), SqlError> {
    let scratch = Connection::open_in_memory()?;
    let (own, others) = files.columns.split_at(files.table.columns.len());
    let mut held = 0;
    for object in files.objects.iter().filter(|object| object.size > 0) {
        files.session.check_cancelled()?;
        let file = fetch(&files.opener, &object.address)?;
        let path = literal(&file.path().display().to_string());
        let unreadable = |error: duckdb::Error| scan_error(object, &format!("is not valid Parquet: {error}"));
        let found = described(&scratch, &path).map_err(unreadable)?;
        let mut values = own.iter().map(|column| selected(&found, column, object)).collect::<Result<Vec<_>, _>>()?;
        values.extend(files.constants(object).iter().zip(others).map(|(cell, column)| constant(cell, column)));
        let sql = format!("SELECT {} FROM read_parquet({path})", values.join(", "));
        let mut statement = scratch.prepare(&sql).map_err(unreadable)?;
        for batch in statement.stream_arrow([]).map_err(unreadable)? {
            files.session.check_cancelled()?;
            let batch = batch.map_err(unreadable)?;
            held += batch.get_array_memory_size();
            target.appender.append_record_batch(batch)?;
            if held > HELD_BYTES {
                target.appender.flush()?;
                held = 0;
            }
        }
    }
    Ok(())
}

/// The columns of a file, with DuckDB's types.
fn described(scratch: &Connection, path: &str) -> duckdb::Result<Vec<(String, String)>> {
    let mut statement = scratch.prepare(&format!("DESCRIBE SELECT * FROM read_parquet({path})"))?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// A column of the table; NULL where the file has none of its name.
fn selected(found: &[(String, String)], column: &Column, object: &Object) -> Result<String, SqlError> {
    let duck = column.data_type.duck();
    let Some((name, kind)) = found.iter().find(|(name, _)| name.eq_ignore_ascii_case(&column.name)) else {
        return Ok(format!("CAST(NULL AS {duck})"));
    };
    let name = quoted(name);
    let value = match (column.data_type, kind.as_str()) {
        (Type::Varchar(limit) | Type::Char(limit), "VARCHAR") => fitting(&name, limit),
        (Type::Varchar(limit) | Type::Char(limit), "BLOB") => fitting(&format!("decode({name})"), limit),
        // Those with a time zone are of UTC, whatever the time zone of the machine is.
        (Type::Timestamp, "TIMESTAMP WITH TIME ZONE") => format!("make_timestamp(epoch_us({name}))"),
        (Type::Timestamp, "TIMESTAMP_NS" | "TIMESTAMP_MS" | "TIMESTAMP_S") => name,
        (Type::SmallInt, "TINYINT") => name,
        (_, kind) if kind == duck => name,
        _ => {
            let wanted = column.data_type.name().to_uppercase();
            let reason = format!(
                "has an incompatible Parquet schema for column '{}'. Column type: {wanted}, Parquet schema: {kind}",
                column.name
            );
            return Err(scan_error(object, &reason));
        }
    };
    Ok(format!("CAST({value} AS {duck})"))
}

/// A text that is too long for its column is NULL (r_CREATE_EXTERNAL_TABLE: `surplus_char_handling`).
fn fitting(text: &str, limit: u64) -> String {
    format!("CASE WHEN strlen({text}) <= {limit} THEN {text} END")
}

/// A value that all rows of a file have.
fn constant(cell: &Cell<'_>, column: &Column) -> String {
    let value = match cell {
        Cell::Null => "NULL".to_owned(),
        Cell::Text(text) => literal(text),
        Cell::Integer(number) => number.to_string(),
        Cell::Float(number) => format!("'{number}'"),
        Cell::Boolean(flag) => flag.to_string(),
        Cell::Decimal(unscaled) => {
            let scale = if let Type::Decimal(_, scale) = column.data_type { usize::from(scale) } else { 0 };
            let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = scale + 1);
            let (whole, fraction) = digits.split_at(digits.len() - scale);
            format!("'{}{whole}.{fraction}'", if *unscaled < 0 { "-" } else { "" })
        }
        Cell::Days(days) => literal(&civil::duck_date(*days)),
        Cell::Micros(micros) => format!("make_timestamp({micros})"),
    };
    format!("CAST({value} AS {})", column.data_type.duck())
}
