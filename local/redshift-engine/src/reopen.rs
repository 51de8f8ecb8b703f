//! A database that a fatal error has ended is opened anew, and the sessions go over to it.

use super::database::is_fatal;
use super::error::SqlError;
use super::session::{Session, connect};
use super::transaction_state::Transaction;

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
        if self.zone().is_some() {
            self.tell_zone()?;
        }
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
