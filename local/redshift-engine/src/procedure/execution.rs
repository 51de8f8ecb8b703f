//! One procedure while it runs: its variables, and its statements one after the other.

use redshift_sql::Type;
use redshift_sql::procedure::{Block, Body, Datum, Sql, Statement};

use super::context::CallContext;
use super::values::{self, VariableValue};
use crate::error::SqlError;

pub struct Execution<'e, 'c> {
    pub context: &'e mut CallContext<'c>,
    pub body: &'e Body,
    /// By the numbers of the variables.
    pub variables: Vec<VariableValue>,
    /// Rows of the last statement of SQL.
    pub row_count: i64,
    /// The error that is being handled.
    pub handled: Option<SqlError>,
}

/// The way in which control leaves a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flow {
    Next,
    Exit(Option<String>),
    Continue(Option<String>),
    Return,
}

impl<'e, 'c> Execution<'e, 'c> {
    pub fn new(context: &'e mut CallContext<'c>, body: &'e Body) -> Self {
        let variables = vec![VariableValue::One(values::null()); body.variables.len()];
        Self { context, body, variables, row_count: 0, handled: None }
    }

    pub fn block(&mut self, block: &'e Block) -> Result<Flow, SqlError> {
        for slot in &block.declared {
            self.initialize(*slot)?;
        }
        let mut first = 0;
        let flow = loop {
            let (at, error) = match self.statements_from(&block.statements, first) {
                Ok(flow) => break flow,
                Err(failed) => failed,
            };
            // OTHERS is every error but that of a statement that was cancelled.
            let Some(handler) = block.handler.as_ref().filter(|_| error.sqlstate != "57014") else {
                return Err(error);
            };
            let flow = self.handle(handler, error)?;
            if !handler.continues || flow != Flow::Next {
                break flow;
            }
            first = at + 1;
        };
        match flow {
            Flow::Exit(Some(label)) if block.label.as_ref() == Some(&label) => Ok(Flow::Next),
            flow => Ok(flow),
        }
    }

    pub fn statements(&mut self, statements: &'e [Statement]) -> Result<Flow, SqlError> {
        self.statements_from(statements, 0).map_err(|(_, error)| error)
    }

    /// Runs statements from the one of this number on; answers which one failed.
    fn statements_from(&mut self, statements: &'e [Statement], first: usize) -> Result<Flow, (usize, SqlError)> {
        for (at, statement) in statements.iter().enumerate().skip(first) {
            match self.statement(statement).map_err(|error| (at, error))? {
                Flow::Next => {}
                flow => return Ok(flow),
            }
        }
        Ok(Flow::Next)
    }

    fn statement(&mut self, statement: &'e Statement) -> Result<Flow, SqlError> {
        match statement {
            Statement::Block(block) => return self.block(block),
            Statement::Choose { branches, otherwise } => return self.choose(branches, otherwise.as_deref()),
            Statement::CaseOf(slot, value, choose) => {
                self.variables[*slot] = VariableValue::One(self.evaluate(value)?);
                return self.statement(choose);
            }
            Statement::Loop { label, kind, statements } => return self.run_loop(label.as_ref(), kind, statements),
            Statement::Exit { label, condition } if self.holds(condition.as_ref())? => {
                return Ok(Flow::Exit(label.clone()));
            }
            Statement::Continue { label, condition } if self.holds(condition.as_ref())? => {
                return Ok(Flow::Continue(label.clone()));
            }
            Statement::Return => return Ok(Flow::Return),
            Statement::Exit { .. } | Statement::Continue { .. } | Statement::Null => {}
            Statement::Assign(target, value) => {
                let value = self.evaluate(value)?;
                self.assign(target, value)?;
            }
            Statement::Raise(raise) => self.raise(raise)?,
            Statement::Rethrow => {
                return Err(self.handled.clone().unwrap_or_else(|| SqlError::new("0Z002", "RAISE without an error")));
            }
            Statement::Sql(sql, target) => self.run_sql(sql, target.as_ref())?,
            Statement::Perform(sql) => self.perform(sql)?,
            Statement::Execute(text, target) => self.execute(text, target.as_ref())?,
            Statement::RowCount(target) => {
                let count = Datum::new(Type::BigInt, Some(self.row_count.to_string()));
                self.assign(target, count)?;
            }
            Statement::OpenBound(cursor, arguments) => self.open_bound(*cursor, arguments)?,
            Statement::OpenQuery(cursor, query) => self.open_query(*cursor, query)?,
            Statement::OpenExecute(cursor, text) => self.open_execute(*cursor, text)?,
            Statement::Fetch(cursor, target) => self.fetch(*cursor, target)?,
            Statement::Close(cursor) => self.close(*cursor)?,
            Statement::Commit => self.context.end_transaction(true)?,
            Statement::Rollback => self.context.end_transaction(false)?,
            Statement::StartTransaction => self.context.start_transaction()?,
            Statement::Call(call) => self.nested_call(call)?,
        }
        Ok(Flow::Next)
    }

    /// The statements of the first branch whose condition is true.
    fn choose(
        &mut self,
        branches: &'e [(Sql, Vec<Statement>)],
        otherwise: Option<&'e [Statement]>,
    ) -> Result<Flow, SqlError> {
        for (condition, statements) in branches {
            if self.is_true(condition)? {
                return self.statements(statements);
            }
        }
        match otherwise {
            Some(statements) => self.statements(statements),
            None => Err(SqlError::new("20000", "case not found")),
        }
    }

    /// True where there is no condition.
    fn holds(&mut self, condition: Option<&Sql>) -> Result<bool, SqlError> {
        condition.map_or(Ok(true), |condition| self.is_true(condition))
    }
}
