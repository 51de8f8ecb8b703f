//! The transaction of a session: how it begins and ends, and what may run in it.

use super::error::SqlError;
use super::session::Session;
use super::transaction_state::{Transaction, TransactionScope};
use redshift_sql::Command;

/// The setting of SET SESSION CHARACTERISTICS, as PostgreSQL names it.
const DEFAULT_READ_ONLY: &str = "default_transaction_read_only";

impl Session {
    /// `I` outside a transaction, `T` in one, `E` in one that failed: as the wire protocol has it.
    pub fn transaction_status(&self) -> u8 {
        match self.transaction {
            Transaction::None => b'I',
            Transaction::Open => b'T',
            Transaction::Failed => b'E',
        }
    }

    /// BEGIN. Within a transaction it only warns, and sets the mode that it names.
    pub(super) fn begin(&mut self, read_only: Option<bool>) -> Result<i64, SqlError> {
        if self.transaction == Transaction::None {
            self.transaction = Transaction::Open;
            self.scope = TransactionScope {
                read_only: self.settings.is_on(DEFAULT_READ_ONLY),
                settings_before: self.settings.clone(),
                ..TransactionScope::default()
            };
        } else {
            self.inform("there is already a transaction in progress".to_owned());
        }
        self.scope.read_only = read_only.unwrap_or(self.scope.read_only);
        Ok(0)
    }

    /// Opens the transaction in DuckDB, with the first command that looks at data. The locks of the command are held by then:
    /// it sees what those have committed whom it waited for.
    pub(super) fn take_snapshot(&mut self, command: &Command) -> Result<(), SqlError> {
        if self.transaction == Transaction::Open && !self.scope.has_snapshot && command.needs_snapshot() {
            self.connection.execute_batch("BEGIN")?;
            self.scope.has_snapshot = true;
        }
        Ok(())
    }

    /// Rolls back what is open, and lets others have the tables.
    pub(super) fn abandon(&mut self) {
        let _ = self.roll_back();
        self.scope.has_snapshot = false;
        self.backend.end_transaction(false);
    }

    /// SET TRANSACTION and SET SESSION CHARACTERISTICS. Outside a transaction the first has no effect, as in PostgreSQL.
    pub(super) fn set_transaction(&mut self, read_only: Option<bool>, of_session: bool) -> Result<i64, SqlError> {
        match read_only {
            Some(read_only) if of_session => {
                let value = if read_only { "on" } else { "off" };
                self.settings.change(DEFAULT_READ_ONLY, Some(value.to_owned()));
            }
            Some(read_only) if self.transaction != Transaction::None => self.scope.read_only = read_only,
            _ => {}
        }
        Ok(0)
    }

    /// Returns true if nothing may be written now: by the transaction that is open, else by the default of the session.
    pub(super) fn is_read_only(&self) -> bool {
        match self.transaction {
            Transaction::None => self.settings.is_on(DEFAULT_READ_ONLY),
            _ => self.scope.read_only,
        }
    }

    /// Refuses what may not run now.
    pub(super) fn admit(&self, command: &Command) -> Result<(), SqlError> {
        // What was cancelled is still rolled back.
        if !matches!(command, Command::Rollback) {
            self.check_cancelled()?;
        }
        if self.transaction == Transaction::Failed && !matches!(command, Command::Commit | Command::Rollback) {
            let message = "current transaction is aborted, commands ignored until end of transaction block";
            return Err(SqlError::new("25P02", message));
        }
        match command.writes() && self.is_read_only() {
            true => Err(SqlError::new("25006", "transaction is read-only")),
            false => Ok(()),
        }
    }

    pub(super) fn refuse_in_transaction(&self, what: &str) -> Result<(), SqlError> {
        match self.transaction {
            Transaction::None => Ok(()),
            _ => Err(SqlError::new("25001", format!("{what} cannot run inside a transaction block"))),
        }
    }

    /// Changes the catalog, and answers no rows.
    pub(super) fn defined(&mut self, act: impl FnOnce(&Self) -> Result<(), SqlError>) -> Result<i64, SqlError> {
        let done = self.all_or_nothing(|session| act(session).map(|()| 0));
        // What failed has changed nothing, and may be about to run again with a system view that was missing.
        if done.is_ok() {
            self.system.catalog_changed();
        }
        self.scope.has_defined |= self.transaction != Transaction::None;
        done
    }

    /// Several steps as one: in the transaction that is open, else in one of their own.
    pub(super) fn all_or_nothing(
        &mut self,
        act: impl FnOnce(&mut Self) -> Result<i64, SqlError>,
    ) -> Result<i64, SqlError> {
        if self.transaction != Transaction::None {
            return act(self);
        }
        self.connection.execute_batch("BEGIN")?;
        let done = act(self).and_then(|outcome| self.commit().map(|()| outcome));
        if done.is_err() {
            // The error that led here says more than one of this.
            let _ = self.roll_back();
        }
        done
    }

    fn commit(&self) -> Result<(), SqlError> {
        Ok(self.connection.execute_batch("COMMIT")?)
    }

    /// Rolls back what DuckDB has open, if anything, and sets back what a COPY that failed has set.
    fn roll_back(&self) -> Result<(), SqlError> {
        match self.insist(|session| Ok(session.connection.execute_batch("ROLLBACK")?)) {
            Err(error) if error.message.contains("no transaction is active") => {}
            done => done?,
        }
        self.insist(|session| session.keep_order(true))
    }

    /// Does what a cancel must not prevent, which interrupts until the statement has ended: a transaction that stays open
    /// would become that of the next statement.
    pub(super) fn insist(&self, act: impl Fn(&Self) -> Result<(), SqlError>) -> Result<(), SqlError> {
        loop {
            match act(self) {
                Err(error) if error.sqlstate == "57014" => {}
                done => return done,
            }
        }
    }

    /// Whether the rows that a statement inserts keep their order, for which DuckDB inserts them on a single thread. It is a
    /// setting of the connection, which outlives a transaction.
    pub(super) fn keep_order(&self, keep: bool) -> Result<(), SqlError> {
        Ok(self.connection.execute_batch(&format!("SET SESSION preserve_insertion_order = {keep}"))?)
    }

    /// Ends the transaction. A COMMIT of one that failed rolls back.
    pub(super) fn end(&mut self, commit: bool) -> Result<i64, SqlError> {
        let was = std::mem::replace(&mut self.transaction, Transaction::None);
        let scope = std::mem::take(&mut self.scope);
        self.cursors.clear();
        let commits = was == Transaction::Open && commit;
        let ended = match was {
            Transaction::None => {
                self.inform("there is no transaction in progress".to_owned());
                return Ok(0);
            }
            _ if commits && !scope.has_snapshot => Ok(()),
            _ if commits => self.commit(),
            _ => self.roll_back(),
        };
        if ended.is_err() {
            let _ = self.roll_back();
        }
        self.backend.end_transaction(commits && ended.is_ok());
        // What it saw of the catalog was of its own time.
        self.catalog = u64::MAX;
        // What it defined is there for all, or for nobody.
        if scope.has_defined {
            self.system.catalog_changed();
        }
        let has_committed = commits && ended.is_ok();
        let settings = match has_committed {
            true => self.settings.clone().without_local(&scope.settings_before, &scope.local_settings),
            false => scope.settings_before,
        };
        self.restore_settings(settings)?;
        if has_committed && scope.has_principals {
            self.principals_changed()?;
        }
        ended.map(|()| 0)
    }

    /// The connection is another one: the transaction is gone with the old one, and fails until the client has ended it,
    /// for a COMMIT must not seem to have been one.
    pub(super) fn lose_transaction(&mut self) {
        if self.transaction == Transaction::Open {
            self.transaction = Transaction::Failed;
        }
        self.scope.has_defined = false;
        self.scope.has_snapshot = false;
        self.backend.end_transaction(false);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Engine, MemoryLimit, Slices};
    use super::*;

    #[test]
    fn inserted_rows_lose_their_order_in_one_session_and_until_it_rolls_back() {
        let directory = tempfile::tempdir().expect("directory");
        let slices = Slices { nodes: 1, per_node: 1 };
        let engine = Engine::open(directory.path(), "dwh", slices, MemoryLimit::new(0)).expect("engine");
        let [one, other] = [(); 2].map(|()| engine.session("admin").expect("session"));
        let keeps_order = |session: &Session| -> bool {
            let sql = "SELECT CAST(system.main.current_setting('preserve_insertion_order') AS BOOLEAN)";
            session.connection.query_row(sql, [], |row| row.get(0)).expect("setting")
        };
        one.connection.execute_batch("BEGIN").expect("begun");
        one.keep_order(false).expect("set");
        assert_eq!((keeps_order(&one), keeps_order(&other)), (false, true));
        one.connection.execute_batch("SELECT CAST('x' AS INTEGER)").expect_err("no number");
        one.roll_back().expect("rolled back");
        assert_eq!((keeps_order(&one), keeps_order(&other)), (true, true));
    }
}
