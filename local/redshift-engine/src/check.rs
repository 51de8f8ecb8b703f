//! Whether the databases of the warehouses can be read whole. DuckDB checks the checksum of each block that it reads.

use std::path::{Path, PathBuf};

use duckdb::{AccessMode, Config, Connection};

use super::log_mark;

/// The findings, a line each.
#[derive(Debug, Default)]
pub struct Check {
    /// What can be read.
    pub sound: Vec<String>,
    pub damaged: Vec<String>,
}

impl Check {
    pub fn damage(&mut self, what: impl Into<String>) {
        self.damaged.push(what.into());
    }
}

/// Reads every table of every database under `warehouses/`, and changes none.
pub fn check(warehouses: &Path, check: &mut Check) {
    for path in databases(warehouses) {
        match check_database(&path) {
            Ok((tables, rows)) => check.sound.push(format!("{}: {rows} rows in {tables} tables", path.display())),
            Err(reason) => check.damage(format!("{}: {reason}", path.display())),
        }
    }
}

/// Databases, also those of which only the log or the mark is left.
fn databases(warehouses: &Path) -> Vec<PathBuf> {
    let list =
        |directory: &Path| std::fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<PathBuf> = list(warehouses)
        .flat_map(|warehouse| list(&warehouse).collect::<Vec<_>>())
        .filter_map(|path| match path.extension()?.to_str()? {
            "duckdb" => Some(path),
            "wal" => Some(path.with_extension("")),
            "mark" => Some(path.with_extension("duckdb")),
            _ => None,
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

/// The number of tables and of rows in them.
fn check_database(path: &Path) -> Result<(usize, u64), String> {
    if !path.is_file() {
        return Err("it is missing, and it was there".into());
    }
    if let Err(reason) = log_mark::check(path) {
        let left = read_whole(path).map_or_else(first_line, |(tables, rows)| format!("{rows} rows in {tables} tables"));
        return Err(format!("{reason}. What is left: {left}"));
    }
    read_whole(path).map_err(first_line)
}

fn first_line(error: duckdb::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

fn read_whole(path: &Path) -> duckdb::Result<(usize, u64)> {
    let config = Config::default().access_mode(AccessMode::ReadOnly)?.enable_external_access(false)?;
    let connection = Connection::open_with_flags(path, config)?;
    let sql = "SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal";
    let mut statement = connection.prepare(sql)?;
    let tables = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    let tables = tables.collect::<duckdb::Result<Vec<_>>>()?;
    let mut rows = 0;
    for (schema, table) in &tables {
        let [schema, table] = [schema, table].map(|name| format!("\"{}\"", name.replace('"', "\"\"")));
        // A hash of whole rows reads every block of every column.
        let sql = format!("SELECT count(*), max(hash(checked_row)) FROM {schema}.{table} AS checked_row");
        rows += connection.query_row(&sql, [], |row| row.get::<_, u64>(0))?;
    }
    Ok((tables.len(), rows))
}
