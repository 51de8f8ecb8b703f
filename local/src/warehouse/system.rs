//! The system tables: what loads did and what they rejected. They are written outside the transaction of the
//! statement that they tell of, so that a COPY that fails leaves its reasons.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use duckdb::{Connection, params};

use super::engine::{Engine, Slices};
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
    /// `json`, `text` or `parquet`.
    pub format: &'static str,
}

/// One statement, as SYS_QUERY_HISTORY shows it. Times are microseconds.
#[derive(Debug)]
pub struct QueryRecord {
    pub id: i64,
    pub user: String,
    pub kind: &'static str,
    pub started: i64,
    pub elapsed: i64,
    pub rows: i64,
    pub error: Option<String>,
    pub text: String,
}

/// Statements of the history that wait to be written.
const MOST_QUERIES: usize = 10_000;

/// A connection of its own for the system tables.
#[derive(Clone)]
pub struct System {
    /// Where the databases of the warehouse lie.
    directory: PathBuf,
    connection: Arc<Mutex<Connection>>,
    queries: Arc<Mutex<Vec<QueryRecord>>>,
}

impl System {
    pub fn new(connection: Connection, directory: PathBuf) -> Self {
        Self { directory, connection: Arc::new(Mutex::new(connection)), queries: Arc::default() }
    }

    fn with<T>(&self, act: impl FnOnce(&Connection) -> duckdb::Result<T>) -> Result<T, SqlError> {
        let connection = locked(&self.connection);
        Ok(act(&connection)?)
    }

    /// Makes a database beside this one.
    pub fn create_database(&self, name: &str) -> Result<(), SqlError> {
        let is_good = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !is_good || name.len() > 64 {
            return Err(SqlError::new("42602", format!("invalid database name \"{name}\"")));
        }
        if self.directory.join(format!("{name}.duckdb")).exists() {
            return Err(SqlError::new("42P04", format!("database \"{name}\" already exists")));
        }
        Engine::open(&self.directory, name, Slices { nodes: 1, per_node: 1 }).map(drop)
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

    /// Which objects a COPY loaded.
    pub fn record_files(&self, query: i64, files: &[String]) -> Result<(), SqlError> {
        self.with(|connection| {
            let mut appender = connection.appender_to_db("load_files", "redshift_system")?;
            for file in files {
                appender.append_row(params![
                    query,
                    file,
                    duckdb::types::Value::Timestamp(duckdb::types::TimeUnit::Millisecond, now_millis())
                ])?;
            }
            appender.flush()
        })
    }

    /// Notes a statement, to be written when somebody asks for the history.
    pub fn note_query(&self, query: QueryRecord) {
        let mut noted = locked(&self.queries);
        noted.push(query);
        // Nobody asks for what is so long ago.
        if noted.len() > MOST_QUERIES {
            noted.drain(..MOST_QUERIES / 2);
        }
    }

    /// Writes what was noted into the table behind the history views, where a statement may ask for them.
    pub fn write_queries_for(&self, text: &str) -> Result<(), SqlError> {
        let names = |four: &[u8]| four.eq_ignore_ascii_case(b"quer") || four.eq_ignore_ascii_case(b"qlog");
        if locked(&self.queries).is_empty() || !text.as_bytes().windows(4).any(names) {
            return Ok(());
        }
        let noted = std::mem::take(&mut *locked(&self.queries));
        self.with(|connection| {
            let sql = "INSERT INTO redshift_system.queries VALUES \
                       (?, ?, ?, ?, make_timestamp(?), make_timestamp(?), ?, ?, ?, ?)";
            let mut statement = connection.prepare(sql)?;
            for query in noted {
                let status = if query.error.is_some() { "failed" } else { "success" };
                statement.execute(params![
                    query.id,
                    query.user,
                    query.kind,
                    status,
                    query.started,
                    query.started + query.elapsed,
                    query.elapsed,
                    query.rows,
                    query.error,
                    query.text
                ])?;
            }
            Ok(())
        })
    }

    pub fn record_load(&self, load: &LoadHistory) -> Result<(), SqlError> {
        self.with(|connection| {
            let sql = "INSERT INTO redshift_system.sys_load_history VALUES (100, ?, ?, 0, current_database(), ?, ?, \
                       make_timestamp(? * 1000), make_timestamp(? * 1000), ?, ?, ?, ?, 0, ?, ?)";
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
                    load.format,
                    load.rows,
                    load.files,
                    load.errors
                ],
            )
        })?;
        Ok(())
    }
}
