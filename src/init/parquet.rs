//! Files of Parquet: their own schema, in Redshift's types.

use std::path::Path;

use super::columns::Columns;
use super::records::Layout;
use crate::error::Result;

/// Reads the columns of a file; its layout.
///
/// # Errors
/// Where it is no Parquet that can be read.
#[cfg(feature = "local")]
pub fn parquet(path: &Path, columns: &mut Columns) -> Result<Layout> {
    use super::infer::Seen;
    use super::records::{self, Form};
    use crate::error::Error;

    let unreadable = |error: String| Error::usage(format!("{} is not Parquet", path.display())).because(error);
    let (found, rows) = sparkify_local::parquet_columns(path).map_err(unreadable)?;
    let mut layout = Vec::new();
    for column in found {
        // COPY is strict about numbers, and texts may differ in length.
        layout.push(format!("{} {}", column.name, column.data_type));
        let longest = usize::try_from(column.longest).unwrap_or(usize::MAX);
        columns.add(&column.name, &Seen::declared(data_type(&column.data_type, longest), longest));
    }
    columns.records += rows;
    records::fit_a_table(columns, path)?;
    Ok((Form::Parquet, layout))
}

/// # Errors
/// Always: DuckDB reads Parquet, and it is not in here.
#[cfg(not(feature = "local"))]
pub fn parquet(path: &Path, _: &mut Columns) -> Result<Layout> {
    Err(crate::error::Error::usage(format!("{} is Parquet, which this build does not read", path.display()))
        .hint("Build it with the feature `local`."))
}

/// DuckDB's type as Redshift's. COPY puts what is nested into a SUPER (copy-usage_notes-copy-from-columnar).
#[cfg(feature = "local")]
fn data_type(duck: &str, longest: usize) -> String {
    use super::infer::varchar;

    let plain = match duck {
        "BOOLEAN" => "boolean",
        "TINYINT" | "UTINYINT" | "SMALLINT" => "smallint",
        "USMALLINT" | "INTEGER" => "integer",
        "UINTEGER" | "BIGINT" => "bigint",
        "UBIGINT" => "numeric(20, 0)",
        "HUGEINT" | "UHUGEINT" => "numeric(38, 0)",
        "FLOAT" => "real",
        "DOUBLE" => "double precision",
        "DATE" => "date",
        "TIME" => "time",
        "UUID" => "varchar(36)",
        "VARCHAR" => return varchar(longest),
        // In UTC: Parquet keeps no zone.
        _ if duck.starts_with("TIMESTAMP") => "timestamp",
        _ if duck.ends_with(']') || duck.starts_with("STRUCT") || duck.starts_with("MAP") => "super",
        _ => match duck.strip_prefix("DECIMAL") {
            Some(digits) if digits.starts_with('(') => return format!("numeric{digits}"),
            _ => "varchar(65535)",
        },
    };
    plain.to_owned()
}

#[cfg(all(test, feature = "local"))]
mod tests {
    use super::*;

    #[test]
    fn types_of_parquet() {
        for (duck, redshift) in [
            ("DECIMAL(5,2)", "numeric(5,2)"),
            ("INTEGER[]", "super"),
            ("STRUCT(a INTEGER)", "super"),
            ("TIMESTAMP WITH TIME ZONE", "timestamp"),
            ("TIMESTAMP_NS", "timestamp"),
            ("BLOB", "varchar(65535)"),
            ("VARCHAR", "varchar(64)"),
        ] {
            assert_eq!(data_type(duck, 40), redshift, "{duck}");
        }
    }
}
