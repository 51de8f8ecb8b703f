//! The system tables: what loads did and what they rejected. They are written outside the transaction of the
//! statement that they tell of, so that a COPY that fails leaves its reasons.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, RwLock, Weak};

use duckdb::{Connection, params};

use super::activity::{Activity, Copying};
use super::cluster_principals::Stamp;
use super::copy::Progress;
use super::database::Database;
use super::error::SqlError;
use super::history;
use super::history::QueryRecord;
use super::memory::Memory;
use super::stored_rows::StoredRows;
use crate::clock::now_millis;

/// A rejected row, as SYS_LOAD_ERROR_DETAIL and STL_LOAD_ERRORS show it (C17).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadError {
    pub file: String,
    pub line: u64,
    pub column: String,
    pub data_type: String,
    pub length: String,
    pub code: i32,
    pub message: String,
    pub raw_line: String,
    pub raw_value: String,
}

/// A row in which ACCEPTINVCHARS replaced something, as STL_REPLACEMENTS shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    pub file: String,
    pub line: u64,
    pub column: String,
    pub raw_line: String,
}

/// The open databases of all warehouses, as one of them reaches them.
pub trait Siblings: Send + Sync {
    /// Closes a database of a warehouse, without `force` only where nobody is connected to it. True if it is closed.
    fn close(&self, warehouse: &str, database: &str, force: bool) -> bool;
}

/// The system tables, which have a connection of their own.
#[derive(Clone)]
pub struct System {
    /// Where the databases of the warehouse lie.
    directory: Arc<Path>,
    name: Arc<str>,
    pub memory: Memory,
    /// Held shared by each statement that runs.
    pub running: Arc<RwLock<()>>,
    pub database: Arc<Database>,
    activity: Arc<Activity>,
    /// The state of the cluster's users, groups and roles that the database has; `None` where it has not looked.
    pub principals_seen: Arc<Mutex<Option<Stamp>>>,
    /// Rises when tables come, go or change.
    catalog: Arc<AtomicU64>,
    /// Whether the database was dropped, or is another one since: sessions that are left do nothing more.
    ended: Arc<AtomicBool>,
    /// Whether the disk had no room for what does not fit into memory.
    is_full: Arc<AtomicBool>,
    /// The open databases of all warehouses, where it is one of them.
    siblings: Arc<OnceLock<Weak<dyn Siblings>>>,
}

impl System {
    pub fn new(database: Arc<Database>, directory: &Path, name: &str, memory: Memory) -> Self {
        let directory: Arc<Path> = directory.into();
        database.activity.databases.set_directory(directory.clone());
        Self {
            directory,
            name: name.into(),
            memory,
            running: Arc::default(),
            activity: database.activity.clone(),
            database,
            principals_seen: Arc::default(),
            catalog: Arc::default(),
            ended: Arc::default(),
            is_full: Arc::default(),
            siblings: Arc::default(),
        }
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Notes among which databases this one is open.
    pub fn join(&self, all: Weak<dyn Siblings>) {
        let _ = self.siblings.set(all);
    }

    /// The open databases of all warehouses.
    pub fn siblings(&self) -> Option<Arc<dyn Siblings>> {
        self.siblings.get().and_then(Weak::upgrade)
    }

    /// The database is gone: no session does anything more, and its files are left as they are.
    pub fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
        // What closes late must not write to files that another database has by then.
        let _ = self.with(|connection| connection.execute_batch("PRAGMA disable_checkpoint_on_shutdown"));
    }

    /// # Errors
    /// Where the database was dropped or reset, or a snapshot was restored.
    pub fn check_there(&self) -> Result<(), SqlError> {
        match self.ended.load(Ordering::SeqCst) {
            true => Err(SqlError::new(
                "57P01",
                "terminating connection: the database was dropped or reset, or a snapshot was restored. Connect anew",
            )),
            false => Ok(()),
        }
    }

    /// A result without rows yet, which keeps them beside the data.
    pub fn stored_rows(&self, most_bytes: u64) -> StoredRows {
        StoredRows::new(self.directory.clone(), self.name.clone(), most_bytes)
    }

    pub fn catalog_changed(&self) {
        self.catalog.fetch_add(1, Ordering::SeqCst);
    }

    /// How often the catalog has changed.
    pub fn catalog_changes(&self) -> u64 {
        self.catalog.load(Ordering::SeqCst)
    }

    fn with<T>(&self, act: impl FnOnce(&Connection) -> duckdb::Result<T>) -> Result<T, SqlError> {
        self.database.with_system(act)
    }

    /// That a statement spills more than the disk takes.
    pub fn no_room_to_spill(&self) -> SqlError {
        self.is_full.store(true, Ordering::Relaxed);
        SqlError::from_io("cannot write to", &self.directory, &io::ErrorKind::StorageFull.into())
    }

    /// Has DuckDB look again at how much is free, where that was too little: it remembers what there was.
    pub fn look_for_room_to_spill(&self) {
        if self.is_full.swap(false, Ordering::Relaxed) {
            let _ = self.with(|connection| connection.execute_batch("RESET GLOBAL max_temp_directory_size"));
        }
    }

    pub fn record_errors(&self, copy: &Progress, errors: &[LoadError]) -> Result<(), SqlError> {
        if errors.is_empty() {
            return Ok(());
        }
        let started = duckdb::types::Value::Timestamp(duckdb::types::TimeUnit::Millisecond, copy.started);
        self.with(|connection| {
            // As one: each transaction would wait for the disk.
            let mut appender = connection.appender_to_db("redshift_load_errors", "redshift_system")?;
            for error in errors {
                appender.append_row(params![
                    copy.query,
                    copy.table,
                    started,
                    error.file,
                    error.line,
                    error.column,
                    error.data_type,
                    error.length,
                    error.code,
                    error.message,
                    error.raw_line,
                    error.raw_value,
                    copy.session
                ])?;
            }
            appender.flush()
        })
    }

    pub fn record_replacements(&self, copy: &Progress, replacements: &[Replacement]) -> Result<(), SqlError> {
        if replacements.is_empty() {
            return Ok(());
        }
        let started = duckdb::types::Value::Timestamp(duckdb::types::TimeUnit::Millisecond, copy.started);
        self.with(|connection| {
            let mut appender = connection.appender_to_db("redshift_replacements", "redshift_system")?;
            for Replacement { file, line, column, raw_line } in replacements {
                appender.append_row(params![copy.query, started, file, line, column, raw_line, copy.session])?;
            }
            appender.flush()
        })
    }

    /// Which objects a COPY loaded.
    pub fn record_files(&self, copied: &Progress, files: &[String]) -> Result<(), SqlError> {
        self.with(|connection| {
            let mut appender = connection.appender_to_db("redshift_load_files", "redshift_system")?;
            for ((file, bytes), lines) in files.iter().zip(&copied.sizes).zip(copied.lines()) {
                appender.append_row(params![
                    copied.query,
                    file,
                    bytes,
                    duckdb::types::Value::Timestamp(duckdb::types::TimeUnit::Millisecond, now_millis()),
                    lines
                ])?;
            }
            appender.flush()
        })
    }

    pub fn activity(&self) -> &Activity {
        &self.activity
    }

    /// A COPY begins.
    pub fn copying(&self, progress: &Arc<Progress>) -> Copying {
        self.activity.copying(progress)
    }

    /// Notes a statement. That the history cannot be written is no failure of the statement.
    pub fn note_query(&self, query: QueryRecord) {
        if self.activity.queries.note(query)
            && self.check_there().is_ok()
            && let Err(error) = self.write_queries()
        {
            tracing::warn!(%error, "the history of statements is not written");
        }
    }

    fn write_queries(&self) -> Result<(), SqlError> {
        let log = &self.activity.queries;
        self.with(|connection| {
            let unwritten = log.unwritten();
            let written = history::write(connection, &unwritten);
            log.settle(if written.is_ok() { unwritten.len() } else { 0 });
            written
        })
    }

    /// A COPY has ended; with `rows`, if it loaded them.
    pub fn record_load(&self, copied: &Progress, rows: Option<u64>, errors: u64) -> Result<(), SqlError> {
        let status = if rows.is_some() { "completed" } else { "aborted" };
        let sql = "INSERT INTO redshift_system.redshift_loads VALUES \
                   (?, ?, ?, make_timestamp(? * 1000), make_timestamp(? * 1000), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let (now, seen) = (now_millis(), copied.seen());
        self.with(|connection| {
            connection.execute(
                sql,
                params![
                    copied.query,
                    status,
                    copied.table,
                    copied.started,
                    now,
                    (now - copied.started) * 1000,
                    copied.source,
                    copied.format,
                    rows.unwrap_or(0),
                    seen.read,
                    seen.files,
                    seen.bytes,
                    seen.files_scanned,
                    seen.bytes_scanned,
                    errors,
                    copied.session
                ],
            )
        })?;
        Ok(())
    }
}
