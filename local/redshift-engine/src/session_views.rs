//! What a session creates when a statement reads it: the system views, and the tables of the catalog that many of them read.
//! A database that only loads never has them.

use super::error::SqlError;
use super::session::Session;
use super::system_views;
use super::transaction_state::Transaction;
use redshift_sql::external::relation::of_rows_table;

/// The SQLSTATE of a query that reads one that is not there; the message is its name.
pub const NOT_CREATED: &str = "55000";

impl Session {
    /// Runs what may read system views, once more for each that has to be created: what cannot be bound has changed nothing.
    pub(super) fn with_system_views<T>(
        &mut self,
        mut run: impl FnMut(&mut Self) -> Result<T, SqlError>,
    ) -> Result<T, SqlError> {
        let mut created = None;
        loop {
            match run(self) {
                Err(error) if error.sqlstate == NOT_CREATED && created.as_ref() != Some(&error.message) => {
                    self.create_system_view(&error.message)?;
                    created = Some(error.message);
                }
                done => return done,
            }
        }
    }

    /// Creates a system view, or a table of the catalog with what the session sees, of its own transaction too; what it reads
    /// is created first.
    pub(super) fn create_system_view(&self, name: &str) -> Result<(), SqlError> {
        if of_rows_table(name).is_some() {
            let statements = self.define_external_rows(name)?;
            return self.at_once(&statements.join("; "));
        }
        let missing = || SqlError::new("42P01", format!("relation \"{name}\" does not exist"));
        let definition = system_views::definition(name).ok_or_else(missing)?;
        if system_views::catalog_tables().any(|table| table == name) {
            self.has_catalog_tables.set(true);
        }
        loop {
            match self.at_once(definition) {
                Err(error) if error.sqlstate == NOT_CREATED && error.message != name => {
                    self.create_system_view(&error.message)?;
                }
                done => return done,
            }
        }
    }

    /// Drops the tables of the catalog, which has changed, so that whoever reads them next has them filled anew.
    pub(super) fn drop_catalog_tables(&self) -> Result<(), SqlError> {
        if !self.has_catalog_tables.get() {
            return Ok(());
        }
        let drops = system_views::catalog_tables().map(|table| format!("DROP TABLE IF EXISTS temp.main.{table}"));
        self.at_once(&drops.collect::<Vec<_>>().join("; "))?;
        // A rollback brings them back.
        self.has_catalog_tables.set(self.transaction != Transaction::None);
        Ok(())
    }

    /// Runs statements in the transaction that is open, else in one of their own.
    fn at_once(&self, statements: &str) -> Result<(), SqlError> {
        if self.transaction != Transaction::None {
            return Ok(self.connection.execute_batch(statements)?);
        }
        let done = self.connection.execute_batch(&format!("BEGIN; {statements}; COMMIT"));
        if done.is_err() {
            // A cancel must not leave it open: it would become that of the next statement.
            let _ = self.insist(|session| Ok(session.connection.execute_batch("ROLLBACK")?));
        }
        Ok(done?)
    }
}
