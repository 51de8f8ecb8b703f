//! What the statements of external tables have in common.

use std::collections::BTreeMap;

use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::error::TranslateError;
use crate::parse::token_reader::{TokenReader, near};
use crate::statement::relation_name::Name;

impl TokenReader<'_> {
    /// IF NOT EXISTS; false where it is not there.
    pub fn if_not_exists(&mut self) -> Result<bool, TranslateError> {
        let found = self.take_word("IF");
        if found {
            self.word("NOT")?;
            self.word("EXISTS")?;
        }
        Ok(found)
    }

    /// The name of an external table, which always has its schema.
    pub fn external_table(&mut self) -> Result<Name, TranslateError> {
        match self.table()? {
            (Some(schema), table) => Ok(Name { schema: Some(schema), table }),
            (None, table) => {
                let message = format!("the external table \"{table}\" must be qualified by an external schema");
                Err(TranslateError::syntax(message))
            }
        }
    }

    /// Requires a sign.
    pub fn sign(&mut self, wanted: &Token) -> Result<(), TranslateError> {
        match self.tokens.next() {
            Some(token) if token.token == *wanted => Ok(()),
            Some(token) => Err(near(token)),
            None => Err(TranslateError::syntax("syntax error at end of input")),
        }
    }

    /// `('key'='value', …)`.
    pub fn properties(&mut self) -> Result<BTreeMap<String, String>, TranslateError> {
        let mut properties = BTreeMap::new();
        self.sign(&Token::LParen)?;
        loop {
            let key = self.string()?;
            self.sign(&Token::Eq)?;
            properties.insert(key, self.string()?);
            if !self.take(&Token::Comma) {
                self.sign(&Token::RParen)?;
                return Ok(properties);
            }
        }
    }

    /// What stands between parentheses, with commas between its parts.
    pub fn parts(&mut self) -> Result<Vec<Vec<TokenWithSpan>>, TranslateError> {
        self.sign(&Token::LParen)?;
        let (mut parts, mut depth) = (vec![Vec::new()], 0);
        for token in self.tokens.by_ref() {
            match token.token {
                Token::Comma if depth == 0 => {
                    parts.push(Vec::new());
                    continue;
                }
                Token::RParen if depth == 0 => return Ok(parts),
                Token::LParen | Token::Lt => depth += 1,
                Token::RParen | Token::Gt => depth -= 1,
                Token::ShiftRight => depth -= 2,
                _ => {}
            }
            if let Some(part) = parts.last_mut() {
                part.push(token.clone());
            }
        }
        Err(TranslateError::syntax("syntax error at end of input"))
    }

    /// The address behind LOCATION.
    pub fn location(&mut self) -> Result<String, TranslateError> {
        let location = self.string()?;
        match location.strip_prefix("s3://") {
            Some(rest) if !rest.is_empty() => Ok(location),
            _ => Err(TranslateError::new("XX000", format!("Invalid S3 address: {location}"))),
        }
    }
}
