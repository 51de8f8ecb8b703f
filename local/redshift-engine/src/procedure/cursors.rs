//! OPEN, FETCH and CLOSE. A cursor is one of the session's, so that a client can fetch from it by the name in a `refcursor`.

use redshift_sql::procedure::{Reference, Slot, Sql, Target};

use super::execution::Execution;
use super::rows::FirstRow;
use super::sql::Source;
use super::values::{self, VariableValue};
use crate::error::SqlError;
use crate::transaction_state::Transaction;

impl Execution<'_, '_> {
    /// A session has one cursor at a time (the page "Stored procedure limitations").
    pub fn refuse_second_cursor(&self) -> Result<(), SqlError> {
        match self.context.loops > 0 || !self.context.session.cursors.is_empty() {
            true => Err(SqlError::new("0A000", "nested cursors are not supported")),
            false => Ok(()),
        }
    }

    pub fn open_bound(&mut self, cursor: Slot, arguments: &[Sql]) -> Result<(), SqlError> {
        let Some(bound) = &self.body.variables[cursor].cursor else {
            return Err(SqlError::new("XX000", "the cursor is not bound"));
        };
        for (slot, argument) in bound.arguments.iter().zip(arguments) {
            let value = self.evaluate(argument)?;
            self.assign(&Reference::Variable(*slot), value)?;
        }
        self.open(cursor, &Source::Sql(&bound.query))
    }

    pub fn open_query(&mut self, cursor: Slot, query: &Sql) -> Result<(), SqlError> {
        self.open(cursor, &Source::Sql(query))
    }

    pub fn open_execute(&mut self, cursor: Slot, text: &Sql) -> Result<(), SqlError> {
        let text = self.command_text(text)?;
        self.open(cursor, &Source::Text(text))
    }

    fn open(&mut self, cursor: Slot, query: &Source<'_>) -> Result<(), SqlError> {
        let name = match self.read(&Reference::Variable(cursor))?.text {
            Some(name) => name,
            None => "<unnamed portal 1>".to_owned(),
        };
        if self.context.session.cursors.columns(&name).is_some() {
            return Err(SqlError::new("42P03", format!("cursor \"{name}\" already in use")));
        }
        self.refuse_second_cursor()?;
        if self.context.session.transaction == Transaction::None {
            let message = "a cursor of a NONATOMIC procedure needs START TRANSACTION before it";
            return Err(SqlError::new("25P01", message));
        }
        let mut rows = self.context.session.system.stored_rows(u64::MAX);
        self.query(query, &mut rows)?;
        rows.close()?;
        self.context.session.cursors.open(name.clone(), rows);
        self.variables[cursor] = VariableValue::One(values::text(name));
        Ok(())
    }

    fn cursor_name(&self, cursor: Slot) -> Result<String, SqlError> {
        let null =
            || SqlError::new("22004", format!("cursor variable \"{}\" is NULL", self.body.variables[cursor].name));
        self.read(&Reference::Variable(cursor))?.text.ok_or_else(null)
    }

    pub fn fetch(&mut self, cursor: Slot, target: &Target) -> Result<(), SqlError> {
        let name = self.cursor_name(cursor)?;
        let mut first = FirstRow::default();
        self.context.session.cursors.fetch(&name, Some(1), &mut first)?;
        let FirstRow { columns, row, .. } = first;
        self.set_found(row.is_some());
        let row = row.map(|row| columns.iter().zip(row).map(|(column, value)| values::datum(column, value)).collect());
        self.take_row(target, &columns, row)
    }

    pub fn close(&mut self, cursor: Slot) -> Result<(), SqlError> {
        let name = self.cursor_name(cursor)?;
        self.context.session.cursors.close(&name).map(drop)
    }
}
