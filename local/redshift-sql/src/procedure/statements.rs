//! The statements of a block.

use sqlparser::tokenizer::Token;

use super::ast::{Level, Raise, Reference, Statement};
use super::reader::BodyReader;
use crate::error::TranslateError;

impl BodyReader {
    /// Statements up to one of these words.
    pub fn statements(&mut self, ends: &[&str]) -> Result<Vec<Statement>, TranslateError> {
        let mut statements = Vec::new();
        while !ends.iter().any(|end| self.is_at(&[end])) {
            statements.push(self.statement()?);
        }
        Ok(statements)
    }

    fn statement(&mut self) -> Result<Statement, TranslateError> {
        if let Some(assignment) = self.assignment()? {
            return Ok(assignment);
        }
        let label = self.label()?;
        for (word, is_loop) in [("LOOP", true), ("WHILE", true), ("FOR", true), ("DECLARE", false), ("BEGIN", false)] {
            if !self.is_at(&[word]) {
                continue;
            }
            let statement = match is_loop {
                true => self.nested(|reader| reader.loop_statement(label))?,
                false => Statement::Block(self.block(label)?),
            };
            self.semicolon()?;
            return Ok(statement);
        }
        if label.is_some() {
            return Err(self.near());
        }
        let Some(Token::Word(first)) = self.peek() else { return Err(self.near()) };
        let statement = match (first.quote_style, first.value.to_uppercase().as_str()) {
            (None, "IF") => self.nested(Self::if_statement)?,
            (None, "CASE") => self.nested(Self::case_statement)?,
            (None, "EXIT" | "CONTINUE") => self.jump()?,
            (None, "RETURN") => {
                self.at += 1;
                Statement::Return
            }
            (None, "RAISE") => self.raise()?,
            (None, "NULL") => {
                self.at += 1;
                Statement::Null
            }
            (None, "COMMIT" | "ROLLBACK") => self.end_of_transaction()?,
            (None, "START") if self.is_at(&["START", "TRANSACTION"]) => {
                self.at += 2;
                Statement::StartTransaction
            }
            (None, "GET") if self.is_at(&["GET", "DIAGNOSTICS"]) => self.row_count()?,
            (None, "EXECUTE") => self.execute()?,
            (None, "PERFORM") => {
                self.at += 1;
                let range = self.until_semicolon()?;
                Statement::Perform(self.expression(range)?)
            }
            (None, "OPEN") => self.open()?,
            (None, "FETCH") => self.fetch()?,
            (None, "CLOSE") => {
                self.at += 1;
                Statement::Close(self.cursor()?)
            }
            (None, "CALL") => Statement::Call(self.call()?),
            (None, "SELECT" | "WITH") => self.select()?,
            _ => {
                let range = self.until_semicolon()?;
                Statement::Sql(self.sql(range)?, None)
            }
        };
        self.semicolon()?;
        Ok(statement)
    }

    /// `variable := expression;` or with `=`.
    fn assignment(&mut self) -> Result<Option<Statement>, TranslateError> {
        let begin = self.at;
        let Ok(target) = self.reference() else { return Ok(None) };
        if !self.take(&Token::Assignment) && !self.take(&Token::Eq) {
            self.at = begin;
            return Ok(None);
        }
        if let Reference::Variable(slot) = target
            && self.scope.variables[slot].is_constant
        {
            let message = format!("\"{}\" is declared CONSTANT", self.scope.variables[slot].name);
            return Err(TranslateError::new("22005", message));
        }
        let range = self.until_semicolon()?;
        let value = self.expression(range)?;
        self.semicolon()?;
        Ok(Some(Statement::Assign(target, value)))
    }

    /// COMMIT or ROLLBACK.
    fn end_of_transaction(&mut self) -> Result<Statement, TranslateError> {
        let commits = self.take_word("COMMIT");
        if !commits {
            self.word("ROLLBACK")?;
        }
        let _ = self.take_word("WORK") || self.take_word("TRANSACTION");
        Ok(if commits { Statement::Commit } else { Statement::Rollback })
    }

    /// RAISE: the arguments are variables, not expressions, and the format is a literal (the page "Supported PL/pgSQL
    /// statements").
    fn raise(&mut self) -> Result<Statement, TranslateError> {
        self.word("RAISE")?;
        if self.peek() == Some(&Token::SemiColon) && self.in_handler {
            return Ok(Statement::Rethrow);
        }
        let levels = [
            ("DEBUG", Level::Log),
            ("LOG", Level::Log),
            ("INFO", Level::Info),
            ("NOTICE", Level::Notice),
            ("WARNING", Level::Warning),
            ("EXCEPTION", Level::Exception),
        ];
        let found = levels.into_iter().find(|(word, _)| self.is_at(&[word]));
        let Some((_, level)) = found else { return Err(self.near()) };
        self.at += 1;
        let format = match self.peek() {
            Some(Token::SingleQuotedString(text)) => text.clone(),
            _ => return Err(self.near()),
        };
        self.at += 1;
        let mut arguments = Vec::new();
        while self.take(&Token::Comma) {
            arguments.push(self.reference()?);
        }
        Ok(Statement::Raise(Raise { level, format, arguments }))
    }

    /// GET DIAGNOSTICS variable := ROW_COUNT.
    fn row_count(&mut self) -> Result<Statement, TranslateError> {
        self.at += 2;
        let target = self.reference()?;
        if !self.take(&Token::Assignment) {
            self.expect(&Token::Eq)?;
        }
        self.word("ROW_COUNT")?;
        Ok(Statement::RowCount(target))
    }
}
