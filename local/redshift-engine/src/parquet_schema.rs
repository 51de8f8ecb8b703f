//! What a file of Parquet says of its columns, for whoever makes a table for it.

use std::path::Path;

use duckdb::Connection;

use redshift_sql::{literal, quoted};

/// A column of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParquetColumn {
    pub name: String,
    /// DuckDB's name of the type.
    pub data_type: String,
    /// Bytes of the longest text; 0 for other types.
    pub longest: u64,
}

/// Reads the columns of a file, and the number of its rows.
///
/// # Errors
/// Where it is no Parquet that can be read, in DuckDB's words.
pub fn parquet_columns(path: &Path) -> Result<(Vec<ParquetColumn>, u64), String> {
    read(path).map_err(|error| error.to_string())
}

fn read(path: &Path) -> duckdb::Result<(Vec<ParquetColumn>, u64)> {
    let connection = Connection::open_in_memory()?;
    let file = format!("read_parquet({})", literal(&path.display().to_string()));
    let described: Vec<(String, String)> = {
        let mut statement = connection.prepare(&format!("DESCRIBE SELECT * FROM {file}"))?;
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<duckdb::Result<_>>()?
    };
    let longest = |(name, data_type): &(String, String)| match data_type.as_str() {
        "VARCHAR" => format!("coalesce(max(strlen({})), 0)", quoted(name)),
        _ => "0::BIGINT".to_owned(),
    };
    let longest: Vec<String> = described.iter().map(longest).collect();
    let counts = |row: &duckdb::Row<'_>| {
        (0..=described.len()).map(|at| row.get::<_, i64>(at)).collect::<duckdb::Result<Vec<_>>>()
    };
    let sql = format!("SELECT count(*), {} FROM {file}", longest.join(", "));
    let counts = connection.query_row(&sql, [], counts)?;
    let mut counts = counts.into_iter().map(|count| u64::try_from(count).unwrap_or(0));
    let rows = counts.next().unwrap_or(0);
    let column = |((name, data_type), longest)| ParquetColumn { name, data_type, longest };
    Ok((described.into_iter().zip(counts).map(column).collect(), rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_types_and_lengths() {
        let directory = tempfile::tempdir().expect("directory");
        let path = directory.path().join("it's.parquet");
        let rows = "SELECT 1::INTEGER AS \"a b\", 'é' AS t, [1] AS l, 1.5::DECIMAL(5, 2) AS d UNION ALL SELECT 2, NULL, NULL, NULL";
        let sql = format!("COPY ({rows}) TO {} (FORMAT parquet)", literal(&path.display().to_string()));
        Connection::open_in_memory().expect("database").execute_batch(&sql).expect("file");
        let (columns, rows) = parquet_columns(&path).expect("columns");
        let found: Vec<_> = columns.iter().map(|c| (c.name.as_str(), c.data_type.as_str(), c.longest)).collect();
        assert_eq!(rows, 2);
        assert_eq!(
            found,
            [("a b", "INTEGER", 0), ("t", "VARCHAR", 2), ("l", "INTEGER[]", 0), ("d", "DECIMAL(5,2)", 0)]
        );
        std::fs::write(&path, "no Parquet").expect("file");
        assert!(parquet_columns(&path).is_err());
    }
}
