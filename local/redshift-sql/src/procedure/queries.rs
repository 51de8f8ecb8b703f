//! SELECT INTO, EXECUTE and cursors.

use sqlparser::tokenizer::Token;

use super::ast::{Reference, Slot, Statement, VariableType};
use super::reader::BodyReader;
use crate::error::TranslateError;

impl BodyReader {
    /// A query, whose INTO may stand almost anywhere in it. One that names a table makes the table, as in SQL.
    pub fn select(&mut self) -> Result<Statement, TranslateError> {
        let range = self.until_semicolon()?;
        let end = range.end;
        let into = self.find(range.clone(), "INTO");
        let Some(into) = into.filter(|into| self.scope.reference(&self.tokens[into + 1..end]).is_some()) else {
            return Ok(Statement::Sql(self.sql(range)?, None));
        };
        self.at = into + 1;
        let target = self.target()?;
        let behind = self.at;
        let tokens: Vec<_> = self.tokens[range.start..into].iter().chain(&self.tokens[behind..end]).cloned().collect();
        let (bound, references) = self.scope.bind(&tokens)?;
        self.at = end;
        Ok(Statement::Sql(super::sql::Sql::new(bound, references)?, Some(target)))
    }

    /// EXECUTE text [INTO target].
    pub fn execute(&mut self) -> Result<Statement, TranslateError> {
        self.word("EXECUTE")?;
        let range = self.until_semicolon()?;
        let end = range.end;
        let Some(into) = self.find(range.clone(), "INTO") else {
            return Ok(Statement::Execute(self.expression(range)?, None));
        };
        let text = self.expression(range.start..into)?;
        self.at = into + 1;
        let target = self.target()?;
        if self.at == end { Ok(Statement::Execute(text, Some(target))) } else { Err(self.near()) }
    }

    /// OPEN cursor FOR query, FOR EXECUTE text, or with the arguments of a bound cursor.
    pub fn open(&mut self) -> Result<Statement, TranslateError> {
        self.word("OPEN")?;
        let cursor = self.cursor()?;
        let bound = self.scope.variables[cursor].cursor.as_ref().map(|bound| bound.arguments.len());
        if let Some(wanted) = bound {
            let arguments = if self.take(&Token::LParen) { self.arguments()? } else { Vec::new() };
            let arguments = arguments.into_iter().map(|range| self.expression(range)).collect::<Result<Vec<_>, _>>()?;
            return match arguments.len() == wanted {
                true => Ok(Statement::OpenBound(cursor, arguments)),
                false => Err(TranslateError::syntax(format!(
                    "wrong number of arguments for cursor \"{}\"",
                    self.scope.variables[cursor].name
                ))),
            };
        }
        self.word("FOR")?;
        if self.take_word("EXECUTE") {
            let range = self.until_semicolon()?;
            return Ok(Statement::OpenExecute(cursor, self.expression(range)?));
        }
        let range = self.until_semicolon()?;
        Ok(Statement::OpenQuery(cursor, self.sql(range)?))
    }

    /// FETCH cursor INTO target.
    pub fn fetch(&mut self) -> Result<Statement, TranslateError> {
        self.word("FETCH")?;
        let cursor = self.cursor()?;
        self.word("INTO")?;
        Ok(Statement::Fetch(cursor, self.target()?))
    }

    /// The name of a variable that holds a cursor.
    pub fn cursor(&mut self) -> Result<Slot, TranslateError> {
        let refused = self.near();
        match self.reference()? {
            Reference::Variable(slot) if self.scope.variables[slot].data_type == VariableType::Cursor => Ok(slot),
            _ => Err(refused),
        }
    }
}
