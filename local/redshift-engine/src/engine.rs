//! The engine of one database: a DuckDB file that holds the data, set up to mean what Redshift means.

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError};

use duckdb::Connection;

use super::activity::Activity;
use super::blank;
use super::database::Database;
use super::database_files::FILES;
use super::error::SqlError;
use super::instance::{Instance, attach, new_connection, open_file};
use super::isolation;
use super::log_mark::{self, LOG, LogMark};
use super::memory::Memory;
use super::place::Slices;
use super::session::Session;
use super::stored_rows::StoredRows;
use super::system::System;
use crate::clock::now_millis;

/// What DuckDB keeps of the data in memory while it has nothing to do, and while it has.
const IDLE_BYTES: u64 = 16 << 20;
const BUSY_BYTES: u64 = 192 << 20;

pub struct Engine {
    system: System,
    next_query: AtomicI64,
    /// The next query when memory was last released, and when it was last looked at.
    released: AtomicI64,
    looked: AtomicI64,
    /// The database that this one was copied from.
    pub(super) template: Option<String>,
}

impl Engine {
    /// Opens the database of a name in a directory; creates both where they are missing.
    ///
    /// # Errors
    /// Where the directory cannot be used, or the database is damaged or in use.
    pub fn open(directory: &Path, database: &str, slices: Slices, memory: impl Into<Memory>) -> Result<Self, SqlError> {
        let memory = memory.into();
        let limit = memory.limit;
        let unusable = |error: std::io::Error| SqlError::from_io("cannot use", directory, &error);
        std::fs::create_dir_all(directory).map_err(unusable)?;
        // What was spilled by a process that was killed. The file's lock keeps any other process out that would use it.
        let spilled = directory.join(format!("{database}.duckdb.tmp"));
        let _ = std::fs::remove_dir_all(&spilled);
        StoredRows::remove_left(directory, database);
        let path = directory.join(format!("{database}.duckdb"));
        // Says that the database was there: one whose file is gone is not an empty one.
        let mark = directory.join(format!("{database}.mark"));
        let is_marked = mark.try_exists().map_err(unusable)?;
        if is_marked && !path.try_exists().map_err(unusable)? {
            let (path, mark) = (path.display(), mark.display());
            let message = format!(
                "{path} is missing, and with it the database \"{database}\". Bring it back, or remove {mark} \
                                   to begin with an empty one"
            );
            return Err(SqlError::new("58030", message));
        }
        if !is_marked && !path.try_exists().map_err(unusable)? {
            blank::write(&path).map_err(unusable)?;
        }
        log_mark::check(&path).map_err(|reason| {
            let (path, mark) = (path.display(), mark.display());
            let message = format!(
                "{path} is damaged: {reason}. `sparkify-infra local check` shows what is left. Bring back what is \
                 missing, or remove {mark} to go on without it"
            );
            SqlError::new("58030", message)
        })?;
        let log = LogMark::new(directory, database);
        let activity = Arc::<Activity>::default();
        let shown = activity.clone();
        let opened = Database::open(log, activity, move || open_file(&path, &spilled, slices, limit, &shown))?;
        if !is_marked {
            std::fs::write(&mark, "").map_err(unusable)?;
        }
        Ok(Self::over(opened, directory, database, memory))
    }

    /// Opens a copy of another database, whose files are there, in an instance that has nothing attached.
    pub(super) fn open_copy(
        directory: &Path,
        database: &str,
        memory: &Memory,
        instance: Instance,
        template: &str,
    ) -> Result<Self, SqlError> {
        attach(&instance.connection, directory, database)?;
        let (again, name, limit) = (directory.to_owned(), database.to_owned(), memory.limit);
        let activity = instance.activity.clone();
        let open = move || -> Result<Connection, SqlError> {
            let connection = new_connection(&again, limit, &activity)?;
            attach(&connection, &again, &name)?;
            Ok(connection)
        };
        let log = LogMark::new(directory, database);
        let opened = Database::attached(instance, database, log, open)?;
        let opened = Self::over(opened, directory, database, memory.clone());
        Ok(Self { template: Some(template.to_owned()), ..opened })
    }

    fn over(opened: Database, directory: &Path, database: &str, memory: Memory) -> Self {
        let system = System::new(Arc::new(opened), directory, database, memory);
        isolation::follow(&system);
        let next_query = AtomicI64::new(now_millis());
        Self { system, next_query, released: AtomicI64::default(), looked: AtomicI64::default(), template: None }
    }

    pub(super) fn system(&self) -> &System {
        &self.system
    }

    /// Returns true if no session is left that could run a statement.
    pub(super) fn is_unused(&self) -> bool {
        Arc::strong_count(&self.system.database) == 1
    }

    /// The instance of a copy, which can serve another one.
    pub(super) fn into_instance(self) -> Option<Instance> {
        Arc::into_inner(self.system.database)?.into_instance()
    }

    /// Copies the files of the database, with everything that was committed, into `directory` under a name. Statements that
    /// run are waited for.
    pub(super) fn copy_files(&self, directory: &Path, name: &str) -> Result<(), SqlError> {
        let from = |ending: &str| self.system.directory().join(format!("{}.{ending}", self.system.name()));
        let _idle = self.system.running.write().unwrap_or_else(PoisonError::into_inner);
        let log = from(LOG);
        if log.metadata().is_ok_and(|log| log.len() > 0) {
            // It fails where a transaction is open: the copy has the log then.
            let _ = self.system.database.with_system(|connection| connection.execute_batch("CHECKPOINT"));
        }
        let copied = FILES.iter().try_for_each(|ending| {
            match std::fs::copy(from(ending), directory.join(format!("{name}.{ending}"))) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            }
        });
        copied.map_err(|error| {
            let what = format!("cannot copy the database \"{}\" to", self.system.name());
            SqlError::from_io(&what, directory, &error)
        })
    }

    /// A new session of a database user.
    pub fn session(&self, user: &str) -> Result<Session, SqlError> {
        Session::new(self.system.clone(), user)
    }

    /// Lets DuckDB use its share of the memory where so many databases are open.
    pub(super) fn share_memory(&self, databases: usize) {
        let bytes = self.system.memory.limit.for_each_of(databases);
        if let Err(error) = self.set_memory(bytes) {
            // It holds more than that: the limit that it has stays.
            tracing::debug!(%error, "the memory of a database stays as it is");
        }
    }

    /// Gives back what DuckDB keeps of the data in memory: all of it where nobody has run a statement since it was asked
    /// last, and what is too much at an instant where nobody runs one. Answers whether there is nothing left to do.
    /// `is_again`: what is asked again a moment later says nothing of whether anybody runs statements.
    pub(super) fn release_memory(&self, databases: usize, is_again: bool) -> bool {
        let next = self.next_query.load(Ordering::Relaxed);
        if self.released.load(Ordering::Relaxed) == next {
            return true;
        }
        let is_idle = !is_again && self.looked.swap(next, Ordering::Relaxed) == next;
        if !is_idle && self.cached_bytes() < BUSY_BYTES {
            return true;
        }
        let Ok(_idle) = self.system.running.try_write() else { return false };
        self.released.store(next, Ordering::Relaxed);
        // Blocks that nobody uses go when the limit sinks below what they take.
        let _ = self.set_memory(IDLE_BYTES);
        self.share_memory(databases);
        true
    }

    /// What DuckDB counts as used, most of it blocks of the files; 0 where it does not say.
    fn cached_bytes(&self) -> u64 {
        let sql = "SELECT coalesce(sum(memory_usage_bytes), 0)::UBIGINT FROM duckdb_memory()";
        self.system.database.with_system(|connection| connection.query_row(sql, [], |row| row.get(0))).unwrap_or(0)
    }

    fn set_memory(&self, bytes: u64) -> Result<(), SqlError> {
        let sql = format!("SET GLOBAL memory_limit = '{bytes}B'");
        self.system.database.with_system(|connection| connection.execute_batch(&sql))
    }

    /// A result without rows yet, which keeps them beside the data.
    pub fn stored_rows(&self, most_bytes: u64) -> StoredRows {
        self.system.stored_rows(most_bytes)
    }

    /// A query id, as Redshift numbers its queries.
    pub fn next_query(&self) -> i64 {
        self.next_query.fetch_add(1, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::super::MemoryLimit;
    use super::*;

    #[test]
    fn a_database_whose_file_is_gone_is_no_empty_one() {
        let directory = tempfile::tempdir().expect("directory");
        let open = || Engine::open(directory.path(), "dwh", Slices { nodes: 1, per_node: 1 }, MemoryLimit::new(0));
        drop(open().expect("new"));
        drop(open().expect("again"));
        std::fs::remove_file(directory.path().join("dwh.duckdb")).expect("removed");
        let error = open().map(drop).expect_err("missing");
        assert!(error.sqlstate == "58030" && error.message.contains("dwh.mark"), "{error}");
        std::fs::remove_file(directory.path().join("dwh.mark")).expect("removed");
        drop(open().expect("empty"));
    }
}
