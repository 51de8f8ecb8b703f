//! The open database of an engine. DuckDB refuses every statement after a fatal error, though all that was committed lies in
//! the files: they can be opened anew.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use duckdb::Connection;

use super::activity::Activity;
use super::error::SqlError;
use super::instance::Instance;
use super::log_mark::LogMark;
use crate::sync::locked;

type Open = Box<dyn Fn() -> Result<Connection, SqlError> + Send + Sync>;

/// The open database of an engine.
pub struct Database {
    open: Open,
    /// Its name, where it is attached to an instance that has no database of its own.
    attached: Option<String>,
    base: Mutex<Connection>,
    /// The one that writes the system tables.
    system: Mutex<Connection>,
    /// How often it was opened.
    openings: AtomicU64,
    /// Held by statements that may write: the files have one writer at a time.
    writers: RwLock<()>,
    log: LogMark,
    /// As the functions of the instance show it.
    pub activity: Arc<Activity>,
}

impl Database {
    /// `open` makes the instance with the database, and its functions show `activity`.
    pub fn open(
        log: LogMark,
        activity: Arc<Activity>,
        open: impl Fn() -> Result<Connection, SqlError> + Send + Sync + 'static,
    ) -> Result<Self, SqlError> {
        Self::over(Instance { connection: open()?, activity }, None, log, Box::new(open))
    }

    /// A database that is attached to an instance. `open` makes another instance with it.
    pub fn attached(
        instance: Instance,
        name: &str,
        log: LogMark,
        open: impl Fn() -> Result<Connection, SqlError> + Send + Sync + 'static,
    ) -> Result<Self, SqlError> {
        Self::over(instance, Some(name.to_owned()), log, Box::new(open))
    }

    fn over(instance: Instance, attached: Option<String>, log: LogMark, open: Open) -> Result<Self, SqlError> {
        let Instance { connection: base, activity } = instance;
        let system = Mutex::new(using(base.try_clone()?, attached.as_deref())?);
        let (openings, writers) = (AtomicU64::new(1), RwLock::default());
        Ok(Self { open, attached, base: Mutex::new(base), system, openings, writers, log, activity })
    }

    /// Another connection.
    pub fn connection(&self) -> Result<Connection, SqlError> {
        using(locked(&self.base).try_clone()?, self.attached.as_deref())
    }

    pub fn is_attached(&self) -> bool {
        self.attached.is_some()
    }

    /// The instance without the database, where it can serve another one.
    pub fn into_instance(self) -> Option<Instance> {
        let name = self.attached?;
        drop(self.system);
        let connection = self.base.into_inner().unwrap_or_else(PoisonError::into_inner);
        connection.execute_batch(&format!("DETACH \"{name}\"")).ok()?;
        self.activity.clear();
        Some(Instance { connection, activity: self.activity })
    }

    pub fn openings(&self) -> u64 {
        self.openings.load(Ordering::SeqCst)
    }

    pub fn with_system<T>(&self, act: impl FnOnce(&Connection) -> duckdb::Result<T>) -> Result<T, SqlError> {
        Ok(act(&locked(&self.system))?)
    }

    /// Keeps the database from being opened anew.
    pub fn writing(&self) -> RwLockReadGuard<'_, ()> {
        self.writers.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what was committed, before it is answered: a log that loses it is missed when the database is opened.
    pub fn note_commits(&self) {
        self.log.note();
    }

    /// Opens it anew, unless that was done since the opening of this number. Statements that write have ended by then.
    pub fn reopen(&self, opening: u64) -> Result<(), SqlError> {
        let _alone = self.writers.write().unwrap_or_else(PoisonError::into_inner);
        let (mut system, mut base) = (locked(&self.system), locked(&self.base));
        if self.openings() != opening {
            return Ok(());
        }
        let fresh = (self.open)()?;
        *system = using(fresh.try_clone()?, self.attached.as_deref())?;
        *base = fresh;
        // The transactions that held them are gone.
        self.activity.locks.clear();
        self.openings.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

/// A connection to the database of this name among those of its instance.
fn using(connection: Connection, name: Option<&str>) -> Result<Connection, SqlError> {
    if let Some(name) = name {
        connection.execute_batch(&format!("USE \"{name}\""))?;
    }
    Ok(connection)
}

/// True for an error that has ended the database: the one of an instance, or one that is attached to it.
pub fn is_fatal(error: &SqlError) -> bool {
    let said = error.message.strip_prefix("IO Error: ").unwrap_or(&error.message);
    let is_of_attached = ["Checkpoint failed for database ", "Database "].iter().any(|begin| said.starts_with(begin));
    said.starts_with("FATAL Error: ") || is_of_attached && said.contains(" has been invalidated")
}
