//! A session: one connection to the engine, its transaction, and the statements that run on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use duckdb::{Connection, InterruptHandle};

use super::catalog;
use super::copy::{self, Access};
use super::error::SqlError;
use super::result::ResultSet;
use super::sql::{self, Command};
use super::system::System;

pub struct Session {
    pub connection: Connection,
    pub system: System,
    cancel: Cancel,
    transaction: Transaction,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transaction {
    None,
    Open,
    /// A statement in it failed: nothing runs until it is rolled back.
    Failed,
}

/// Stops what a session is running, from another thread.
#[derive(Clone)]
pub struct Cancel {
    asked: Arc<AtomicBool>,
    interrupt: Arc<InterruptHandle>,
}

impl Cancel {
    pub fn cancel(&self) {
        self.asked.store(true, Ordering::SeqCst);
        self.interrupt.interrupt();
    }
}

/// What a statement left: rows to read, or how many it changed.
#[derive(Debug, Default)]
pub struct Outcome {
    pub rows: Option<ResultSet>,
    /// Rows returned, or changed; -1 where neither is meant.
    pub count: i64,
}

impl Outcome {
    fn none() -> Self {
        Self { rows: None, count: 0 }
    }
}

impl Session {
    pub fn new(connection: Connection, system: System) -> Result<Self, SqlError> {
        connection.execute_batch("SET search_path = 'public,redshift_system'")?;
        let cancel = Cancel { asked: Arc::default(), interrupt: connection.interrupt_handle() };
        Ok(Self { connection, system, cancel, transaction: Transaction::None })
    }

    /// What cancels the statement that comes next, and none before it.
    pub fn new_canceller(&mut self) -> Cancel {
        self.cancel.asked = Arc::default();
        self.cancel.clone()
    }

    pub fn check_cancelled(&self) -> Result<(), SqlError> {
        match self.cancel.asked.load(Ordering::Relaxed) {
            true => Err(SqlError::new("57014", "Query cancelled on user's request")),
            false => Ok(()),
        }
    }

    /// Runs one statement. Outside a transaction it is one of its own.
    pub fn run(&mut self, text: &str, access: &Access, query: i64) -> Result<Outcome, SqlError> {
        let command = sql::translate(text)?;
        // What was cancelled is still rolled back.
        if !matches!(command, Command::Rollback) {
            self.check_cancelled()?;
        }
        if self.transaction == Transaction::Failed && !matches!(command, Command::Commit | Command::Rollback) {
            let message = "current transaction is aborted, commands ignored until end of transaction block";
            return Err(SqlError::new("25P02", message));
        }
        let outcome = self.dispatch(command, access, query);
        if outcome.is_err() && self.transaction == Transaction::Open {
            self.transaction = Transaction::Failed;
        }
        outcome
    }

    fn dispatch(&mut self, command: Command, access: &Access, query: i64) -> Result<Outcome, SqlError> {
        match command {
            Command::Begin => {
                if self.transaction == Transaction::None {
                    self.connection.execute_batch("BEGIN")?;
                    self.transaction = Transaction::Open;
                }
                Ok(Outcome::none())
            }
            Command::Commit | Command::Rollback => self.end(matches!(command, Command::Commit)),
            Command::Query(sql) => {
                let rows = ResultSet::query(&self.connection, &sql)?;
                Ok(Outcome { count: i64::try_from(rows.rows.len()).unwrap_or(i64::MAX), rows: Some(rows) })
            }
            Command::Change(sql) => {
                let changed = self.connection.execute(&sql, [])?;
                Ok(Outcome { rows: None, count: i64::try_from(changed).unwrap_or(i64::MAX) })
            }
            Command::CreateTable(create) => {
                let (schema, name) = match create.table.split_once('.') {
                    Some((schema, name)) => (Some(schema), name),
                    None => (None, create.table.as_str()),
                };
                if create.if_not_exists && catalog::exists(&self.connection, schema, name.trim_matches('"'))? {
                    return Ok(Outcome::none());
                }
                self.all_or_nothing(|session| session.each(&create.statements))
            }
            Command::Define(statements) => self.all_or_nothing(|session| session.each(&statements)),
            Command::Truncate(sql) => {
                self.connection.execute_batch(&sql)?;
                match self.transaction {
                    Transaction::Open => self.end(true),
                    _ => Ok(Outcome::none()),
                }
            }
            Command::Copy(command) => self.all_or_nothing(|session| {
                let rows = copy::run(session, &command, access, query)?;
                Ok(Outcome { rows: None, count: i64::try_from(rows).unwrap_or(i64::MAX) })
            }),
            Command::Accepted => Ok(Outcome::none()),
        }
    }

    fn each(&mut self, statements: &[String]) -> Result<Outcome, SqlError> {
        statements.iter().try_for_each(|sql| self.connection.execute_batch(sql))?;
        Ok(Outcome::none())
    }

    /// Several steps as one: in the transaction that is open, else in one of their own.
    fn all_or_nothing(
        &mut self,
        act: impl FnOnce(&mut Self) -> Result<Outcome, SqlError>,
    ) -> Result<Outcome, SqlError> {
        if self.transaction != Transaction::None {
            return act(self);
        }
        self.connection.execute_batch("BEGIN")?;
        match act(self) {
            Ok(outcome) => {
                self.connection.execute_batch("COMMIT")?;
                Ok(outcome)
            }
            Err(error) => {
                self.connection.execute_batch("ROLLBACK")?;
                Err(error)
            }
        }
    }

    /// Ends the transaction. A COMMIT of one that failed rolls back.
    fn end(&mut self, commit: bool) -> Result<Outcome, SqlError> {
        let was = std::mem::replace(&mut self.transaction, Transaction::None);
        let word = match (was, commit) {
            (Transaction::None, _) => return Ok(Outcome::none()),
            (Transaction::Open, true) => "COMMIT",
            _ => "ROLLBACK",
        };
        self.connection.execute_batch(word)?;
        Ok(Outcome::none())
    }
}
