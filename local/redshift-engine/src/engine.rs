//! The engine of one database: a DuckDB file that holds the data, set up to mean what Redshift means.

use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};

use duckdb::{Config, Connection};
use sha2::{Digest, Sha256};

use super::activity::{self, Activity};
use super::blank;
use super::copy;
use super::database::Database;
use super::error::SqlError;
use super::function;
use super::log_mark::{self, LOG, LogMark};
use super::memory::{Memory, MemoryLimit};
use super::session::Session;
use super::setting_defaults::settings_view;
use super::stored_rows::StoredRows;
use super::system::System;
use super::system_views;
use crate::clock::now_millis;

/// What DuckDB keeps of the data in memory while it has nothing to do, and while it has.
const IDLE_BYTES: u64 = 16 << 20;
const BUSY_BYTES: u64 = 192 << 20;

/// How a cluster divides its work (C5).
#[derive(Debug, Clone, Copy)]
pub struct Slices {
    pub nodes: i64,
    pub per_node: i64,
}

impl Slices {
    pub fn count(self) -> usize {
        usize::try_from(self.nodes * self.per_node).unwrap_or(1)
    }
}

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
        let next_query = AtomicI64::new(now_millis());
        Self { system, next_query, released: AtomicI64::default(), looked: AtomicI64::default(), template: None }
    }

    pub(super) fn system(&self) -> &System {
        &self.system
    }

    /// Whether no session is left that could run a statement.
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

/// How the names of a database's files end. The mark is the last: with it the database is there.
const FILES: [&str; 3] = ["duckdb", LOG, "mark"];

/// Refuses a name that is no file's.
pub fn check_name(name: &str) -> Result<(), SqlError> {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || b"_$".contains(&byte);
    match (1..=64).contains(&name.len()) && name.bytes().all(is_good) {
        true => Ok(()),
        false => Err(SqlError::new("42602", format!("invalid database name \"{name}\""))),
    }
}

/// Removes the files of a database that nobody uses any more, and what was spilled.
///
/// # Errors
/// Where one cannot be removed.
pub fn remove_files(directory: &Path, name: &str) -> Result<(), SqlError> {
    StoredRows::remove_left(directory, name);
    let _ = std::fs::remove_dir_all(directory.join(format!("{name}.duckdb.tmp")));
    // The mark first: a database whose file is gone is missing with it, and was never there without.
    FILES.iter().rev().try_for_each(|ending| {
        let path = directory.join(format!("{name}.{ending}"));
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(SqlError::from_io("cannot remove", &path, &error))
            }
            _ => Ok(()),
        }
    })
}

/// An instance of DuckDB that has what Redshift has.
pub struct Instance {
    pub connection: Connection,
    pub activity: Arc<Activity>,
}

impl Instance {
    /// Has no database yet. Those that are attached to it lie in `directory`.
    pub fn new(directory: &Path, memory: MemoryLimit) -> Result<Self, SqlError> {
        let activity = Arc::default();
        Ok(Self { connection: new_connection(directory, memory, &activity)?, activity })
    }
}

fn new_connection(directory: &Path, memory: MemoryLimit, activity: &Arc<Activity>) -> Result<Connection, SqlError> {
    // For a name that no other instance of this process has; what an earlier process left under it is removed.
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let spilled = directory.join(format!("instance-{}.tmp", NUMBER.fetch_add(1, Ordering::Relaxed)));
    let _ = std::fs::remove_dir_all(&spilled);
    let base = Connection::open_in_memory_with_flags(config(&spilled, memory)?)?;
    register(&base, activity)?;
    let directory = redshift_sql::literal(&directory.to_string_lossy());
    // A copy that is closed late must not write to files that another one has by then.
    base.execute_batch(&format!(
        "SET GLOBAL allowed_directories = [{directory}]; SET GLOBAL enable_external_access = false; \
         PRAGMA disable_checkpoint_on_shutdown"
    ))?;
    Ok(base)
}

fn attach(instance: &Connection, directory: &Path, name: &str) -> Result<(), SqlError> {
    let path = directory.join(format!("{name}.duckdb"));
    Ok(instance.execute_batch(&format!("ATTACH {} AS \"{name}\"", redshift_sql::literal(&path.to_string_lossy())))?)
}

/// Opens the file, and gives DuckDB what Redshift has.
fn open_file(
    path: &Path,
    spilled: &Path,
    slices: Slices,
    memory: MemoryLimit,
    activity: &Arc<Activity>,
) -> Result<Connection, SqlError> {
    // Nothing outside the file is reachable from SQL.
    let base = Connection::open_with_flags(path, config(spilled, memory)?.enable_external_access(false)?)?;
    register(&base, activity)?;
    make_catalog(&base)?;
    fill_slices(&base, slices)?;
    Ok(base)
}

/// The functions that DuckDB calls us by, and the time zone that they count in.
fn register(base: &Connection, activity: &Arc<Activity>) -> Result<(), SqlError> {
    set_time_zone(base)?;
    function::register(base)?;
    activity::register(base, activity)?;
    Ok(base.register_table_function::<copy::CopyRows>(copy::FUNCTION)?)
}

/// What DuckDB is set to. Redshift divides integers into integers and takes NULL for the largest value.
fn config(spilled: &Path, memory: MemoryLimit) -> duckdb::Result<Config> {
    Config::default()
        .max_memory(&format!("{}B", memory.for_each_of(1)))?
        .with("temp_directory", spilled.to_string_lossy())?
        .enable_autoload_extension(false)?
        .with("autoinstall_known_extensions", "false")?
        .with("integer_division", "true")?
        // What cannot be bound is read a second time, and must not have ended the transaction by then.
        .with("default_transaction_invalidation_policy", "SYNTACTIC_ERRORS_DO_NOT_INVALIDATE")?
        .with("default_null_order", "nulls_last_on_asc_first_on_desc")
}

/// Sets the time zone to UTC, Redshift's default, where a prebuilt libduckdb has ICU: that takes the machine's. Without ICU
/// it is UTC. <https://docs.aws.amazon.com/redshift/latest/dg/r_timezone_config.html>
fn set_time_zone(connection: &Connection) -> Result<(), SqlError> {
    if cfg!(feature = "bundled") {
        return Ok(());
    }
    let sql = "SELECT count(*) FROM duckdb_settings() WHERE name = 'TimeZone'";
    let settings: i64 = connection.query_row(sql, [], |row| row.get(0))?;
    if settings > 0 {
        connection.execute_batch("SET GLOBAL TimeZone = 'UTC'")?;
    }
    Ok(())
}

/// The system tables, views and macros. They are kept in the file: made once, and again where they have changed.
fn make_catalog(connection: &Connection) -> Result<(), SqlError> {
    let texts = [system_views::DEFINITIONS, &settings_view(), redshift_sql::MACROS].concat();
    let mark = format!("{:x}", Sha256::digest(&texts));
    let sql = "SELECT count(*) FROM duckdb_views() WHERE view_name = 'redshift_made' AND contains(sql, ?)";
    let made: i64 = connection.query_row(sql, [&mark], |row| row.get(0))?;
    if made > 0 {
        return Ok(());
    }
    // As one: each transaction would wait for the disk.
    let mark = format!("CREATE OR REPLACE VIEW redshift_system.redshift_made AS SELECT '{mark}' AS mark");
    Ok(connection.execute_batch(&format!("BEGIN; {texts}; {mark}; COMMIT"))?)
}

/// STV_SLICES tells how many slices the cluster has, and so how many files COPY loads at once (C5).
fn fill_slices(connection: &Connection, slices: Slices) -> Result<(), SqlError> {
    let Slices { nodes, per_node } = slices;
    // Nothing is written where nothing changes: a database can be opened on a full disk.
    let sql = "SELECT count(*) = ? AND max(localslice) = ? FROM redshift_system.stv_slices";
    let filled: Option<bool> = connection.query_row(sql, [nodes * per_node, per_node - 1], |row| row.get(0))?;
    if filled == Some(true) {
        return Ok(());
    }
    connection.execute_batch("DELETE FROM redshift_system.stv_slices")?;
    let sql = "INSERT INTO redshift_system.stv_slices \
               SELECT range // ?, range, range % ?, 'D' FROM range(?)";
    connection.execute(sql, [per_node, per_node, nodes * per_node])?;
    Ok(())
}

#[cfg(test)]
mod tests {
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
