//! How a transaction begins, and what may run in one that is READ ONLY.

use super::error::SqlError;
use super::session::{Session, Transaction};
use redshift_sql::Command;

/// The setting of SET SESSION CHARACTERISTICS, as PostgreSQL names it.
const DEFAULT_READ_ONLY: &str = "default_transaction_read_only";

impl Session {
    /// BEGIN. Within a transaction it only warns, and sets the mode that it names.
    pub(super) fn begin(&mut self, read_only: Option<bool>) -> Result<i64, SqlError> {
        if self.transaction == Transaction::None {
            self.connection.execute_batch("BEGIN")?;
            self.read_only = self.is_on(DEFAULT_READ_ONLY);
            self.transaction = Transaction::Open;
            self.before = self.settings.clone();
        } else {
            self.notices.push("there is already a transaction in progress".to_owned());
        }
        self.read_only = read_only.unwrap_or(self.read_only);
        Ok(0)
    }

    /// SET TRANSACTION and SET SESSION CHARACTERISTICS. Outside a transaction the first has no effect, as in PostgreSQL.
    pub(super) fn set_transaction(&mut self, read_only: Option<bool>, of_session: bool) -> Result<i64, SqlError> {
        match read_only {
            Some(read_only) if of_session => {
                let value = if read_only { "on" } else { "off" };
                self.settings.insert(DEFAULT_READ_ONLY.to_owned(), value.to_owned());
            }
            Some(read_only) if self.transaction != Transaction::None => self.read_only = read_only,
            _ => {}
        }
        Ok(0)
    }

    /// Whether nothing may be written now: by the transaction that is open, else by the default of the session.
    pub(super) fn is_read_only(&self) -> bool {
        match self.transaction {
            Transaction::None => self.is_on(DEFAULT_READ_ONLY),
            _ => self.read_only,
        }
    }

    pub(super) fn refuse_write(&self, command: &Command) -> Result<(), SqlError> {
        match command.writes() && self.is_read_only() {
            true => Err(SqlError::new("25006", "transaction is read-only")),
            false => Ok(()),
        }
    }

    /// Whether a setting is switched on.
    pub(super) fn is_on(&self, setting: &str) -> bool {
        self.settings.get(setting).is_some_and(|flag| is_true(flag))
    }
}

/// Whether a flag is one of the words that switch it on.
pub(super) fn is_true(flag: &str) -> bool {
    matches!(flag.to_lowercase().as_str(), "true" | "on" | "yes" | "1")
}
