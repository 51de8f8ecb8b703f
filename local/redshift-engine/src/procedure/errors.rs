//! EXCEPTION WHEN OTHERS (the page "Trapping errors").

use redshift_sql::procedure::Handler;

use super::context::TransactionMode;
use super::execution::{Execution, Flow};
use super::values::{self, VariableValue};
use crate::error::SqlError;
use crate::transaction_state::Transaction;

impl<'e> Execution<'e, '_> {
    /// Rolls back, and runs the statements of a handler in a new transaction, which is committed. Then the error is raised
    /// again, unless the procedure is NONATOMIC.
    pub fn handle(&mut self, handler: &'e Handler, error: SqlError) -> Result<Flow, SqlError> {
        match self.context.mode {
            // The transaction is the client's, who has to roll it back.
            TransactionMode::Bound => self.context.session.transaction = Transaction::Failed,
            TransactionMode::Atomic | TransactionMode::Nonatomic => {
                self.context.end_open(false)?;
                self.context.begin_next()?;
            }
        }
        self.variables[handler.sqlstate] = VariableValue::One(values::text(error.sqlstate));
        self.variables[handler.message] = VariableValue::One(values::text(error.message.as_str()));
        let outer = self.handled.replace(error.clone());
        let flow = self.statements(&handler.statements)?;
        self.handled = outer;
        match self.context.mode {
            TransactionMode::Nonatomic => Ok(flow),
            TransactionMode::Atomic => self.context.end_open(true).and(Err(error)),
            TransactionMode::Bound => Err(error),
        }
    }
}
