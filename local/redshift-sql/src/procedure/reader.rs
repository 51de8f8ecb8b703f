//! The tokens of a body, one after the other.

use std::ops::Range;

use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::ast::{Reference, Target};
use super::scope::{VariableScope, folded};
use super::sql::Sql;
use crate::error::TranslateError;
use crate::parse::is_word;

/// Blocks, loops and conditions in one another.
const MOST_NESTED: usize = 200;

pub struct BodyReader {
    pub tokens: Vec<TokenWithSpan>,
    pub at: usize,
    pub scope: VariableScope,
    /// True in a handler: RAISE alone has an error to raise.
    pub in_handler: bool,
    depth: usize,
}

impl BodyReader {
    pub fn new(tokens: Vec<TokenWithSpan>) -> Self {
        Self { tokens, at: 0, scope: VariableScope::default(), in_handler: false, depth: 0 }
    }

    pub fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|token| &token.token)
    }

    /// Returns true if the tokens from here on are these words.
    pub fn is_at(&self, words: &[&str]) -> bool {
        let rest = &self.tokens[self.at.min(self.tokens.len())..];
        rest.len() >= words.len() && words.iter().zip(rest).all(|(word, token)| is_word(&token.token, word))
    }

    pub fn take_word(&mut self, word: &str) -> bool {
        let is_at = self.is_at(&[word]);
        self.at += usize::from(is_at);
        is_at
    }

    pub fn take(&mut self, token: &Token) -> bool {
        let is_at = self.peek() == Some(token);
        self.at += usize::from(is_at);
        is_at
    }

    pub fn word(&mut self, word: &str) -> Result<(), TranslateError> {
        if self.take_word(word) { Ok(()) } else { Err(self.near()) }
    }

    pub fn expect(&mut self, token: &Token) -> Result<(), TranslateError> {
        if self.take(token) { Ok(()) } else { Err(self.near()) }
    }

    pub fn semicolon(&mut self) -> Result<(), TranslateError> {
        self.expect(&Token::SemiColon)
    }

    /// A name, in lower case unless it is quoted.
    pub fn name(&mut self) -> Result<String, TranslateError> {
        match self.peek() {
            Some(Token::Word(word)) => {
                let name = folded(word);
                self.at += 1;
                Ok(name)
            }
            _ => Err(self.near()),
        }
    }

    pub fn near(&self) -> TranslateError {
        match self.peek() {
            Some(token) => TranslateError::syntax(format!("syntax error at or near \"{token}\"")),
            None => TranslateError::syntax("syntax error at end of input"),
        }
    }

    /// Reads what may hold itself.
    pub fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, TranslateError>,
    ) -> Result<T, TranslateError> {
        self.depth += 1;
        if self.depth > MOST_NESTED {
            return Err(TranslateError::new("54001", "the procedure is nested too deeply"));
        }
        let done = read(self);
        self.depth -= 1;
        done
    }

    /// The tokens up to one that ends them, outside parentheses and the CASE of an expression. The end stays unread.
    pub fn until(&mut self, is_end: impl Fn(&Token) -> bool) -> Result<Range<usize>, TranslateError> {
        let (begin, mut depth, mut cases) = (self.at, 0_usize, 0_usize);
        while let Some(token) = self.peek() {
            if depth == 0 && cases == 0 && is_end(token) {
                return Ok(begin..self.at);
            }
            match token {
                Token::LParen | Token::LBracket => depth += 1,
                Token::RParen | Token::RBracket => depth = depth.saturating_sub(1),
                Token::SemiColon => return Err(self.near()),
                token if is_word(token, "CASE") => cases += 1,
                token if is_word(token, "END") => cases = cases.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
        }
        Err(self.near())
    }

    pub fn until_word(&mut self, word: &str) -> Result<Range<usize>, TranslateError> {
        self.until(|token| is_word(token, word))
    }

    pub fn until_semicolon(&mut self) -> Result<Range<usize>, TranslateError> {
        self.until(|token| *token == Token::SemiColon)
    }

    /// The first such word of some tokens, outside parentheses.
    pub fn find(&self, range: Range<usize>, word: &str) -> Option<usize> {
        let mut depth = 0_usize;
        range.into_iter().find(|at| {
            match self.tokens[*at].token {
                Token::LParen | Token::LBracket => depth += 1,
                Token::RParen | Token::RBracket => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && is_word(&self.tokens[*at].token, word)
        })
    }

    pub fn expression(&self, range: Range<usize>) -> Result<Sql, TranslateError> {
        if range.is_empty() {
            return Err(self.near());
        }
        let (tokens, references) = self.scope.bind(&self.tokens[range])?;
        Sql::expression(tokens, references)
    }

    pub fn sql(&self, range: Range<usize>) -> Result<Sql, TranslateError> {
        if range.is_empty() {
            return Err(self.near());
        }
        let (tokens, references) = self.scope.bind(&self.tokens[range])?;
        Sql::new(tokens, references)
    }

    /// A variable, or a field of a record.
    pub fn reference(&mut self) -> Result<Reference, TranslateError> {
        if let Some(Token::Placeholder(name)) = self.peek() {
            let slot = self.scope.argument(name)?;
            self.at += 1;
            return Ok(Reference::Variable(slot));
        }
        match self.scope.reference(&self.tokens[self.at.min(self.tokens.len())..]) {
            Some((reference, count)) => {
                self.at += count;
                Ok(reference)
            }
            None => Err(self.near()),
        }
    }

    /// A record, or variables with commas between them.
    pub fn target(&mut self) -> Result<Target, TranslateError> {
        let first = self.reference()?;
        if let Reference::Variable(slot) = first
            && self.scope.is_record(slot)
        {
            return Ok(Target::Record(slot));
        }
        let mut all = vec![first];
        while self.take(&Token::Comma) {
            all.push(self.reference()?);
        }
        Ok(Target::Each(all))
    }
}
