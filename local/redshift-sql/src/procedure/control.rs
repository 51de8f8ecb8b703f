//! IF and CASE.

use super::ast::Statement;

use super::reader::BodyReader;
use crate::error::TranslateError;
use crate::types::{Type, VARCHAR_MAX};

impl BodyReader {
    /// IF … THEN … [ELSIF … THEN …] [ELSE …] END IF.
    pub fn if_statement(&mut self) -> Result<Statement, TranslateError> {
        let (mut branches, mut otherwise) = (Vec::new(), Vec::new());
        self.word("IF")?;
        loop {
            let range = self.until_word("THEN")?;
            let condition = self.expression(range)?;
            self.word("THEN")?;
            branches.push((condition, self.statements(&["ELSIF", "ELSEIF", "ELSE", "END"])?));
            if !self.take_word("ELSIF") && !self.take_word("ELSEIF") {
                break;
            }
        }
        if self.take_word("ELSE") {
            otherwise = self.statements(&["END"])?;
        }
        self.word("END")?;
        self.word("IF")?;
        Ok(Statement::Choose { branches, otherwise: Some(otherwise) })
    }

    /// `CASE [operand] WHEN … THEN … [ELSE …] END CASE`.
    pub fn case_statement(&mut self) -> Result<Statement, TranslateError> {
        self.word("CASE")?;
        let operand = match self.is_at(&["WHEN"]) {
            true => None,
            false => {
                let range = self.until_word("WHEN")?;
                let value = self.expression(range)?;
                // It is computed once; its type is that of its value.
                Some((self.scope.declare_hidden(Type::Varchar(VARCHAR_MAX))?, value))
            }
        };
        let mut branches = Vec::new();
        while self.take_word("WHEN") {
            let range = self.until_word("THEN")?;
            let condition = match operand {
                Some((slot, _)) => self.is_one_of(slot, &self.tokens[range])?,
                None => self.expression(range)?,
            };
            self.word("THEN")?;
            branches.push((condition, self.statements(&["WHEN", "ELSE", "END"])?));
        }
        let otherwise = match self.take_word("ELSE") {
            true => Some(self.statements(&["END"])?),
            false => None,
        };
        self.word("END")?;
        self.word("CASE")?;
        let choose = Statement::Choose { branches, otherwise };
        Ok(match operand {
            Some((slot, value)) => Statement::CaseOf(slot, value, Box::new(choose)),
            None => choose,
        })
    }
}
