//! Expressions and statements of SQL.

use redshift_sql::procedure::{Datum, ProcedureCall, Sql, Target};
use redshift_sql::{Command, Parameters, Type};

use super::context::Ran;
use super::execution::Execution;
use super::rows::{Discarded, FirstRow};
use super::values;
use crate::error::SqlError;
use crate::result::Rows;

/// A query of the body, or one that it has composed.
pub enum Source<'s> {
    Sql(&'s Sql),
    Text(String),
}

impl Execution<'_, '_> {
    /// The value of an expression.
    pub fn evaluate(&mut self, expression: &Sql) -> Result<Datum, SqlError> {
        if let Some(simple) = &expression.simple
            && let Some(value) = self.compute(simple)?
        {
            return Ok(value);
        }
        let mut first = FirstRow::default();
        self.query(&Source::Sql(expression), &mut first)?;
        match (&first.columns[..], first.count) {
            ([column], 0 | 1) => {
                let null = Datum::new(values::type_of(column), None);
                let value = first.row.and_then(|row| row.into_iter().next());
                Ok(value.map_or(null, |value| values::datum(column, value)))
            }
            ([_], _) => Err(SqlError::new("21000", "query returned more than one row")),
            (columns, _) => Err(SqlError::new("42601", format!("query returned {} columns", columns.len()))),
        }
    }

    pub fn is_true(&mut self, condition: &Sql) -> Result<bool, SqlError> {
        let value = self.evaluate(condition)?;
        Ok(self.converted(value, Type::Boolean)?.is_true())
    }

    pub fn cast(&mut self, value: &Datum, to: Type) -> Result<Datum, SqlError> {
        let mut first = FirstRow::default();
        let translate = |session: &crate::Session| Ok(redshift_sql::translate_cast(value, to, session.reading())?);
        let _ = self.context.run(translate, &mut first)?;
        let value = first.row.and_then(|row| row.into_iter().next());
        let text = value.zip(first.columns.first()).and_then(|(value, column)| values::datum(column, value).text);
        Ok(Datum::new(to, text))
    }

    /// Runs a query, and hands on its rows.
    pub fn query(&mut self, source: &Source<'_>, to: &mut dyn Rows) -> Result<i64, SqlError> {
        let command = |command| match command {
            Command::Query(query) => Ok(Command::Query(query)),
            other @ (Command::Show(_) | Command::Explain(_)) => Ok(other),
            _ => Err(SqlError::new("42601", "the statement is no query")),
        };
        let ran = match source {
            Source::Sql(sql) => {
                let values = self.read_all(&sql.references)?;
                let translate =
                    |session: &crate::Session| command(redshift_sql::translate_sql(sql, &values, session.reading())?);
                self.context.run(translate, to)?
            }
            Source::Text(text) => {
                let translate = |session: &crate::Session| {
                    command(redshift_sql::translate(text, &Parameters::default(), session.reading())?)
                };
                self.context.run(translate, to)?
            }
        };
        Ok(ran.map_or(0, |ran| ran.count))
    }

    /// PERFORM: runs a query for what it does.
    pub fn perform(&mut self, sql: &Sql) -> Result<(), SqlError> {
        let count = self.query(&Source::Sql(sql), &mut Discarded)?;
        self.row_count = count;
        self.set_found(count > 0);
        Ok(())
    }

    /// A statement of the body. A query needs somewhere to put its first row.
    pub fn run_sql(&mut self, sql: &Sql, target: Option<&Target>) -> Result<(), SqlError> {
        if let Some(target) = target {
            let mut first = FirstRow::default();
            self.query(&Source::Sql(sql), &mut first)?;
            let found = first.row.is_some();
            self.take_first(target, first)?;
            self.row_count = i64::from(found);
            self.set_found(found);
            return Ok(());
        }
        let values = self.read_all(&sql.references)?;
        let translate = |session: &crate::Session| match redshift_sql::translate_sql(sql, &values, session.reading())? {
            Command::Query(_) => Err(SqlError::new("42601", "query has no destination for result data")),
            command => Ok(command),
        };
        let ran = self.context.run(translate, &mut Discarded)?;
        self.note(ran, true)
    }

    /// Notes the effect of a statement for GET DIAGNOSTICS and, where it sets it, FOUND.
    fn note(&mut self, ran: Result<Ran, Box<ProcedureCall>>, sets_found: bool) -> Result<(), SqlError> {
        match ran {
            Ok(Ran { count, changes_rows }) => {
                self.row_count = count.max(0);
                if changes_rows && sets_found {
                    self.set_found(count > 0);
                }
                Ok(())
            }
            Err(call) => self.call(&call).map(drop),
        }
    }

    fn take_first(&mut self, target: &Target, first: FirstRow) -> Result<(), SqlError> {
        let datum =
            |row: Vec<_>| first.columns.iter().zip(row).map(|(column, value)| values::datum(column, value)).collect();
        let row = first.row.map(datum);
        self.take_row(target, &first.columns, row)
    }

    /// The text of a statement that the body has composed.
    pub fn command_text(&mut self, text: &Sql) -> Result<String, SqlError> {
        let missing = || SqlError::new("22004", "cannot EXECUTE a null querystring");
        self.evaluate(text)?.text.ok_or_else(missing)
    }

    /// EXECUTE: no variable is seen in its text.
    pub fn execute(&mut self, text: &Sql, target: Option<&Target>) -> Result<(), SqlError> {
        let text = self.command_text(text)?;
        let mut first = FirstRow::default();
        for statement in redshift_sql::split(&text)? {
            first = FirstRow::default();
            let translate = |session: &crate::Session| {
                Ok(redshift_sql::translate(&statement, &Parameters::default(), session.reading())?)
            };
            let ran = self.context.run(translate, &mut first)?;
            self.note(ran, false)?;
        }
        match target {
            Some(target) => self.take_first(target, first),
            None => Ok(()),
        }
    }
}
