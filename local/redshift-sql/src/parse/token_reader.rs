//! The tokens of COPY, UNLOAD, GRANT, and of users and groups, one after the other.

use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::error::TranslateError;
use crate::parse::is_word;

pub struct TokenReader<'a> {
    pub tokens: std::slice::Iter<'a, TokenWithSpan>,
}

impl<'a> TokenReader<'a> {
    pub fn new(tokens: &'a [TokenWithSpan]) -> Self {
        Self { tokens: tokens.iter() }
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.as_slice().first().map(|next| &next.token)
    }

    pub fn take(&mut self, wanted: &Token) -> bool {
        let next = self.peek() == Some(wanted);
        if next {
            self.tokens.next();
        }
        next
    }

    /// The schema, where one is named, and the table.
    pub fn table(&mut self) -> Result<(Option<String>, String), TranslateError> {
        let first = self.name()?;
        if self.take(&Token::Period) {
            let second = self.name()?;
            // database.schema.table
            if self.take(&Token::Period) {
                return Ok((Some(second), self.name()?));
            }
            return Ok((Some(first), second));
        }
        Ok((None, first))
    }

    /// Names in parentheses; none where there are no parentheses.
    pub fn columns(&mut self) -> Result<Vec<String>, TranslateError> {
        if !self.take(&Token::LParen) {
            return Ok(Vec::new());
        }
        let mut columns = vec![self.name()?];
        loop {
            match self.tokens.next() {
                Some(token) if token.token == Token::Comma => columns.push(self.name()?),
                Some(token) if token.token == Token::RParen => return Ok(columns),
                found => return Err(unexpected(found)),
            }
        }
    }

    pub fn name(&mut self) -> Result<String, TranslateError> {
        match self.tokens.next() {
            Some(TokenWithSpan { token: Token::Word(word), .. }) => Ok(word.value.to_lowercase()),
            found => Err(unexpected(found)),
        }
    }

    /// Names with commas between them.
    pub fn names(&mut self) -> Result<Vec<String>, TranslateError> {
        let mut names = vec![self.name()?];
        while self.take(&Token::Comma) {
            names.push(self.name()?);
        }
        Ok(names)
    }

    pub fn string(&mut self) -> Result<String, TranslateError> {
        match self.tokens.next() {
            Some(TokenWithSpan { token: Token::SingleQuotedString(text), .. }) => Ok(text.clone()),
            Some(TokenWithSpan { token: Token::DollarQuotedString(text), .. }) => Ok(text.value.clone()),
            found => Err(unexpected(found)),
        }
    }

    pub fn next_is_string(&self) -> bool {
        matches!(self.peek(), Some(Token::SingleQuotedString(_)))
    }

    pub fn word_or_string(&mut self) -> Result<String, TranslateError> {
        if self.next_is_string() { self.string() } else { self.name() }
    }

    pub fn number(&mut self) -> Result<u64, TranslateError> {
        match self.tokens.next() {
            Some(token @ TokenWithSpan { token: Token::Number(digits, _), .. }) => {
                digits.parse().map_err(|_| near(token))
            }
            Some(token @ TokenWithSpan { token: Token::SingleQuotedString(digits), .. }) => {
                digits.parse().map_err(|_| near(token))
            }
            found => Err(unexpected(found)),
        }
    }

    pub fn word(&mut self, keyword: &str) -> Result<(), TranslateError> {
        match self.tokens.next() {
            Some(token) if is_word(&token.token, keyword) => Ok(()),
            found => Err(unexpected(found)),
        }
    }

    pub fn take_word(&mut self, keyword: &str) -> bool {
        let next = self.peek().is_some_and(|token| is_word(token, keyword));
        if next {
            self.tokens.next();
        }
        next
    }

    /// The quote of a CSV, where QUOTE follows directly.
    pub fn quote(&mut self) -> Result<u8, TranslateError> {
        if !self.take_word("QUOTE") {
            return Ok(b'"');
        }
        self.take_word("AS");
        match self.string()?.as_bytes() {
            [quote] => Ok(*quote),
            _ => Err(TranslateError::syntax("QUOTE must be a single character")),
        }
    }

    /// The widths of the fields in `label:width,label:width`.
    pub fn widths(&mut self, example: &str) -> Result<Vec<usize>, TranslateError> {
        let spec = self.string()?;
        let width = |field: &str| field.rsplit(':').next().and_then(|width| width.trim().parse().ok());
        let widths: Option<Vec<usize>> = spec.split(',').map(width).collect();
        widths.ok_or_else(|| TranslateError::syntax(format!("FIXEDWIDTH '{spec}' must be like '{example}'")))
    }

    /// The role behind IAM_ROLE.
    pub fn role(&mut self) -> Result<String, TranslateError> {
        match self.take_word("DEFAULT") {
            true => Ok("default".into()),
            false => self.string(),
        }
    }
}

pub fn near(token: &TokenWithSpan) -> TranslateError {
    TranslateError::syntax(format!("syntax error at or near \"{}\"", token.token))
}

fn unexpected(token: Option<&TokenWithSpan>) -> TranslateError {
    token.map_or_else(|| TranslateError::syntax("syntax error at end of input"), near)
}
