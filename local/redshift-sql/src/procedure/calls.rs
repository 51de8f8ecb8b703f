//! CALL, of a client and within a body.

use std::ops::Range;

use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::ast::{CallArgument, ProcedureCall};
use super::reader::BodyReader;
use crate::error::TranslateError;
use crate::statement::relation_name::Name;

/// CALL, as a client sends it.
///
/// # Errors
/// 42601 where it is not `CALL name ( [ argument ] [, ...] )`.
pub fn parse(tokens: Vec<TokenWithSpan>) -> Result<ProcedureCall, TranslateError> {
    let mut reader = BodyReader::new(tokens);
    let call = reader.call()?;
    if reader.peek().is_some() { Err(reader.near()) } else { Ok(call) }
}

impl BodyReader {
    pub fn call(&mut self) -> Result<ProcedureCall, TranslateError> {
        self.word("CALL")?;
        let name = self.procedure_name()?;
        self.expect(&Token::LParen)?;
        let ranges = self.arguments()?;
        let arguments = ranges.into_iter().map(|range| self.call_argument(range)).collect::<Result<_, _>>()?;
        Ok(ProcedureCall { name, arguments })
    }

    fn call_argument(&self, range: Range<usize>) -> Result<CallArgument, TranslateError> {
        if self.find_query(range.clone()) {
            return Err(TranslateError::new("0A000", "cannot use a query as an argument of CALL"));
        }
        let value = self.expression(range)?;
        Ok(CallArgument { target: value.as_reference().cloned(), is_untyped: value.is_untyped(), value })
    }

    fn find_query(&self, mut range: Range<usize>) -> bool {
        range.any(|at| crate::parse::is_word(&self.tokens[at].token, "SELECT"))
    }

    /// The name of a procedure, and its schema where one is given.
    pub fn procedure_name(&mut self) -> Result<Name, TranslateError> {
        let first = self.name()?;
        if !self.take(&Token::Period) {
            return Ok(Name { schema: None, table: first });
        }
        let second = self.name()?;
        match self.take(&Token::Period) {
            // database.schema.procedure
            true => Ok(Name { schema: Some(second), table: self.name()? }),
            false => Ok(Name { schema: Some(first), table: second }),
        }
    }

    /// The tokens of each argument, behind the opening parenthesis and past the closing one.
    pub fn arguments(&mut self) -> Result<Vec<Range<usize>>, TranslateError> {
        let mut arguments = Vec::new();
        if self.take(&Token::RParen) {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.until(|token| matches!(token, Token::Comma | Token::RParen))?);
            if !self.take(&Token::Comma) {
                self.expect(&Token::RParen)?;
                return Ok(arguments);
            }
        }
    }
}
