//! A database that a fatal error has ended: DuckDB refuses every statement from then on, though all that was committed
//! lies in the files. It is opened anew, and the sessions go over to it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use duckdb::Connection;

use super::activity::Activity;
use super::engine::Instance;
use super::error::SqlError;
use super::log_mark::LogMark;
use super::session::{SYSTEM_SCHEMA, Session};
use super::system::System;
use super::transaction::Transaction;
use crate::sync::locked;

/// Bytes of a result that DuckDB computes ahead of who reads it.
const STREAMED_BYTES: u64 = 128 << 10;

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
    fn connection(&self) -> Result<Connection, SqlError> {
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
    fn reopen(&self, opening: u64) -> Result<(), SqlError> {
        let _alone = self.writers.write().unwrap_or_else(PoisonError::into_inner);
        let (mut system, mut base) = (locked(&self.system), locked(&self.base));
        if self.openings() != opening {
            return Ok(());
        }
        let fresh = (self.open)()?;
        *system = using(fresh.try_clone()?, self.attached.as_deref())?;
        *base = fresh;
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

/// A connection set up for a user and a process id, and the number of the opening that it is of.
pub fn connect(system: &System, user: &str, pid: i32) -> Result<(Connection, u64), SqlError> {
    let set_up = || -> Result<_, SqlError> {
        // First: a number that is too low is put right by the next statement.
        let opening = system.database.openings();
        let connection = system.database.connection()?;
        connection.execute_batch(&format!(
            "SET errors_as_json = true; SET streaming_buffer_size = '{STREAMED_BYTES}B'; \
             SET search_path = 'public,{SYSTEM_SCHEMA}'; SET VARIABLE redshift_user = {}; SET VARIABLE redshift_pid = {pid}",
            redshift_sql::literal(user)
        ))?;
        Ok((connection, opening))
    };
    let opening = system.database.openings();
    match set_up() {
        Err(error) if is_fatal(&error) => {
            system.database.reopen(opening)?;
            set_up()
        }
        done => done,
    }
}

/// Whether an error has ended the database: the one of an instance, or one that is attached to it.
fn is_fatal(error: &SqlError) -> bool {
    let said = error.message.strip_prefix("IO Error: ").unwrap_or(&error.message);
    let is_of_attached = ["Checkpoint failed for database ", "Database "].iter().any(|begin| said.starts_with(begin));
    said.starts_with("FATAL Error: ") || is_of_attached && said.contains(" has been invalidated")
}

impl Session {
    /// Goes over to the database where it was opened anew. A transaction that was open is gone with the old one.
    pub(super) fn follow_database(&mut self) -> Result<(), SqlError> {
        self.system.check_there()?;
        if self.system.database.openings() == self.opening {
            return Ok(());
        }
        let was = self.transaction;
        self.go_over()?;
        match was {
            Transaction::Open => {
                let message =
                    "the transaction was rolled back: a fatal error ended the database, which was opened anew";
                Err(SqlError::new("40001", message))
            }
            _ => Ok(()),
        }
    }

    fn go_over(&mut self) -> Result<(), SqlError> {
        let (connection, opening) = connect(&self.system, self.user(), self.pid())?;
        (self.connection, self.opening) = (connection, opening);
        self.reset();
        match self.settings.search_path() {
            Some(path) => self.set_search_path(&path),
            None => Ok(()),
        }
    }

    /// What a statement tells of an error. One that has ended the database has it opened anew.
    pub(super) fn recovered(&mut self, error: SqlError) -> SqlError {
        let probe = || self.connection.execute_batch("SELECT 1").map_err(SqlError::from);
        // An internal error of DuckDB's is one of these, or is not.
        let may_be = error.message.starts_with("INTERNAL Error: ");
        let has_ended = is_fatal(&error) || may_be && probe().is_err_and(|error| is_fatal(&error));
        if !has_ended {
            return error;
        }
        let opened = self.system.database.reopen(self.opening).and_then(|()| self.go_over());
        let after = match opened {
            Ok(()) => {
                "The database was opened anew, and what was committed is there: look whether this was before you \
                       run it again"
                    .to_owned()
            }
            Err(again) => format!("The database could not be opened anew: {}", again.message),
        };
        // A lack of room is still one.
        let sqlstate = if error.sqlstate == "53100" { "53100" } else { "XX000" };
        SqlError::new(sqlstate, format!("{}. {after}", error.message.trim_end_matches('.')))
    }
}
