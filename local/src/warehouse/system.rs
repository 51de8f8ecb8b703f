//! The system tables: what loads did and what they rejected. They are written outside the transaction of the
//! statement that they tell of, so that a COPY that fails leaves its reasons.

use std::sync::{Arc, Mutex};

use duckdb::{Connection, params};

use super::error::SqlError;
use crate::account::now_millis;
use crate::sync::locked;

/// A rejected row, as SYS_LOAD_ERROR_DETAIL and STL_LOAD_ERRORS show it (C17).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadError {
    pub file: String,
    pub line: u64,
    pub column: String,
    pub data_type: String,
    pub length: Option<u64>,
    pub code: i32,
    pub message: String,
    pub raw_line: String,
    pub raw_value: String,
}

/// One COPY, as SYS_LOAD_HISTORY shows it. Times are milliseconds since the epoch.
#[derive(Debug)]
pub struct LoadHistory {
    pub query: i64,
    pub table: String,
    pub source: String,
    pub started: i64,
    pub rows: u64,
    pub files: usize,
    pub errors: usize,
    pub completed: bool,
}

/// A connection of its own for the system tables.
#[derive(Clone)]
pub struct System(Arc<Mutex<Connection>>);

impl System {
    pub fn new(connection: Connection) -> Self {
        Self(Arc::new(Mutex::new(connection)))
    }

    fn with<T>(&self, act: impl FnOnce(&Connection) -> duckdb::Result<T>) -> Result<T, SqlError> {
        let connection = locked(&self.0);
        Ok(act(&connection)?)
    }

    /// Whether rows keep the order in which they were inserted: for the whole database, and whatever has become of the
    /// transaction of the session that asks.
    pub fn keep_order(&self, keep: bool) -> Result<(), SqlError> {
        self.with(|connection| connection.execute_batch(&format!("SET GLOBAL preserve_insertion_order = {keep}")))
    }

    pub fn record_errors(&self, query: i64, table: &str, errors: &[LoadError]) -> Result<(), SqlError> {
        self.with(|connection| {
            let sql = "INSERT INTO redshift_system.load_errors \
                       VALUES (?, ?, make_timestamp(? * 1000), ?, ?, ?, ?, ?, ?, ?, ?, ?)";
            let mut statement = connection.prepare(sql)?;
            for error in errors {
                let length = error.length.map(|length| length.to_string()).unwrap_or_default();
                statement.execute(params![
                    query,
                    table,
                    now_millis(),
                    error.file,
                    error.line,
                    error.column,
                    error.data_type,
                    length,
                    error.code,
                    error.message,
                    error.raw_line,
                    error.raw_value
                ])?;
            }
            Ok(())
        })
    }

    pub fn record_load(&self, load: &LoadHistory) -> Result<(), SqlError> {
        self.with(|connection| {
            let sql = "INSERT INTO redshift_system.sys_load_history VALUES (100, ?, ?, 0, current_database(), ?, ?, \
                       make_timestamp(? * 1000), make_timestamp(? * 1000), ?, ?, 'json', ?, 0, ?, ?)";
            let (now, status) = (now_millis(), if load.completed { "completed" } else { "aborted" });
            let duration = (now - load.started) * 1000;
            connection.execute(
                sql,
                params![
                    load.query,
                    load.query,
                    status,
                    load.table,
                    load.started,
                    now,
                    duration,
                    load.source,
                    load.rows,
                    load.files,
                    load.errors
                ],
            )
        })?;
        Ok(())
    }
}
