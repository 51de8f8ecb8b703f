//! The state that all procedures of a CALL share: the session, and the limits of the call.

use redshift_sql::procedure::ProcedureCall;
use redshift_sql::{Change, Command};

use crate::copy::Access;
use crate::error::SqlError;
use crate::execute::Done;
use crate::result::Rows;
use crate::session::Session;
use crate::transaction_state::Transaction;

/// The part that a procedure has in transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionMode {
    /// One transaction; the client's own, or one that must not end within it.
    Bound,
    /// Transactions of its own, which it may end.
    Atomic,
    /// NONATOMIC: every statement commits.
    Nonatomic,
}

pub struct CallContext<'c> {
    pub session: &'c mut Session,
    pub access: &'c Access,
    pub query: i64,
    /// Procedures that have begun and not ended.
    pub depth: usize,
    pub mode: TransactionMode,
    /// FOR loops over queries that are under way: each one has a cursor.
    pub loops: usize,
}

/// The effect of a statement.
pub struct Ran {
    /// Rows that it returned or changed.
    pub count: i64,
    pub changes_rows: bool,
}

impl CallContext<'_> {
    /// Runs a statement within the procedure. A CALL is handed back: it needs the variables of who calls.
    pub fn run(
        &mut self,
        translate: impl Fn(&Session) -> Result<Command, SqlError>,
        to: &mut dyn Rows,
    ) -> Result<Result<Ran, Box<ProcedureCall>>, SqlError> {
        let (access, query, mode) = (self.access, self.query, self.mode);
        let (mut changes_rows, mut truncates) = (false, false);
        let done = self.session.carry_out(
            "",
            |session| {
                let command = translate(session)?;
                refuse(mode, &command)?;
                Ok(command)
            },
            |session, command| {
                changes_rows = matches!(command, Command::Change { .. } | Command::Changes { .. } | Command::Write(_));
                truncates = matches!(command, Command::Truncate { .. });
                session.run_command(command, access, query, to)
            },
        )?;
        match done {
            Done::Calls(Command::Call(call)) => Ok(Err(call)),
            Done::Calls(_) => Ok(Ok(Ran { count: 0, changes_rows })),
            Done::Ran(count) => {
                if truncates {
                    self.begin_next()?;
                }
                Ok(Ok(Ran { count, changes_rows }))
            }
        }
    }

    /// COMMIT or ROLLBACK: a new transaction begins.
    pub fn end_transaction(&mut self, commits: bool) -> Result<(), SqlError> {
        may_end(self.mode, if commits { "COMMIT" } else { "ROLLBACK" })?;
        self.end_open(commits)?;
        self.begin_next()
    }

    /// Ends the transaction, if there is one.
    pub fn end_open(&mut self, commits: bool) -> Result<(), SqlError> {
        if self.session.transaction == Transaction::None {
            return Ok(());
        }
        self.session.end(commits)?;
        self.session.system.database.note_commits();
        Ok(())
    }

    /// Begins the transaction that follows one that has ended.
    pub fn begin_next(&mut self) -> Result<(), SqlError> {
        match (self.mode, self.session.transaction) {
            (TransactionMode::Atomic, Transaction::None) => self.session.begin(None).map(drop),
            _ => Ok(()),
        }
    }

    /// START TRANSACTION does nothing where a transaction is open (the page "Managing transactions").
    pub fn start_transaction(&mut self) -> Result<(), SqlError> {
        match self.session.transaction {
            Transaction::None => self.session.begin(None).map(drop),
            _ => Ok(()),
        }
    }
}

/// Refuses what Redshift does not run in a procedure (the pages "Stored procedure limitations" and "Managing
/// transactions").
fn refuse(mode: TransactionMode, command: &Command) -> Result<(), SqlError> {
    let what = match command {
        Command::Truncate { .. } => return may_end(mode, "TRUNCATE"),
        Command::Begin { .. } | Command::Commit | Command::Rollback => "a transaction statement in dynamic SQL",
        Command::Prepare { .. } => "PREPARE",
        Command::CreateDatabase { .. } => "CREATE DATABASE",
        Command::DropDatabase { .. } => "DROP DATABASE",
        Command::Set { local: true, .. } => "SET LOCAL",
        Command::Maintenance(what) if what.is_vacuum => "VACUUM",
        Command::Alter(alter) if matches!(alter.change, Change::Append { .. }) => "ALTER TABLE APPEND",
        _ => return Ok(()),
    };
    Err(SqlError::new("0A000", format!("{what} is not supported inside a stored procedure")))
}

/// Refuses the end of a transaction that is not the procedure's own.
fn may_end(mode: TransactionMode, statement: &str) -> Result<(), SqlError> {
    match mode {
        TransactionMode::Bound => {
            let message =
                format!("{statement} cannot be invoked from a procedure that is executing in an atomic context.");
            Err(SqlError::new("2D000", message))
        }
        _ => Ok(()),
    }
}
