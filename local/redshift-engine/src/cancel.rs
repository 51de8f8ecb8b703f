//! Cancels what a session runs, from another thread.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use duckdb::{Connection, InterruptHandle};

use super::error::SqlError;
use crate::sync::locked;

/// Cancels one statement of a session.
#[derive(Clone)]
pub struct Cancel {
    asked: Arc<AtomicBool>,
    /// What the client is told in the place of the usual words.
    message: Arc<Mutex<Option<String>>>,
    /// Of the session's connection, which may become another one.
    interrupt: Arc<Mutex<Arc<InterruptHandle>>>,
}

impl Cancel {
    pub(super) fn new(connection: &Connection) -> Self {
        Self {
            asked: Arc::default(),
            message: Arc::default(),
            interrupt: Arc::new(Mutex::new(connection.interrupt_handle())),
        }
    }

    /// Means the statement that comes next, and none before it.
    pub(super) fn renew(&mut self) {
        (self.asked, self.message) = Default::default();
    }

    /// Interrupts this connection from now on.
    pub(super) fn follow(&self, connection: &Connection) {
        *locked(&self.interrupt) = connection.interrupt_handle();
    }

    /// Returns true if both are of the same statement.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.asked, &other.asked)
    }

    pub fn cancel(&self) {
        self.asked.store(true, Ordering::SeqCst);
        locked(&self.interrupt).interrupt();
    }

    /// An error once the statement is to end.
    pub fn check(&self) -> Result<(), SqlError> {
        match self.asked.load(Ordering::Relaxed) {
            true => Err(self.told(SqlError::new("57014", "Query cancelled on user's request"))),
            false => Ok(()),
        }
    }

    pub(super) fn set_message(&self, message: Option<String>) {
        *locked(&self.message) = message;
    }

    /// The error of a statement that was cancelled, in the words of who has cancelled it.
    pub(super) fn told(&self, error: SqlError) -> SqlError {
        match locked(&self.message).clone() {
            Some(message) => SqlError { message, ..error },
            None => error,
        }
    }
}
