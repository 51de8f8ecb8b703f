//! LOOP, WHILE, FOR, EXIT and CONTINUE.

use std::ops::Range;

use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::ast::{LoopKind, Statement, VariableType};
use super::reader::BodyReader;
use super::sql::{Sql, plain};
use crate::error::TranslateError;
use crate::parse::is_word;
use crate::types::Type;

impl BodyReader {
    /// A loop up to its END LOOP and the label behind it.
    pub fn loop_statement(&mut self, label: Option<String>) -> Result<Statement, TranslateError> {
        self.scope.enter(label.clone(), true);
        let kind = if self.take_word("WHILE") {
            let range = self.until_word("LOOP")?;
            LoopKind::While(self.expression(range)?)
        } else if self.take_word("FOR") {
            self.for_loop()?
        } else {
            LoopKind::Forever
        };
        self.word("LOOP")?;
        let statements = self.statements(&["END"])?;
        self.word("END")?;
        self.word("LOOP")?;
        self.end_label(label.as_ref())?;
        self.scope.leave();
        Ok(Statement::Loop { label, kind, statements })
    }

    /// The part between FOR and LOOP.
    fn for_loop(&mut self) -> Result<LoopKind, TranslateError> {
        let begin = self.at;
        let targets = self.until_word("IN")?;
        self.word("IN")?;
        let reverse = self.take_word("REVERSE");
        let range = self.until_word("LOOP")?;
        let end = self.at;
        if let Some((from, to)) = self.bounds(range.clone()) {
            return self.range(targets, &from, &to, reverse);
        }
        if reverse {
            return Err(self.near());
        }
        self.at = begin;
        let target = self.target()?;
        self.word("IN")?;
        let kind = match self.take_word("EXECUTE") {
            true => LoopKind::Execute(target, self.expression(self.at..end)?),
            false => LoopKind::Query(target, self.sql(range)?),
        };
        self.at = end;
        Ok(kind)
    }

    /// A loop over integers, whose variable is seen within it alone.
    fn range(
        &mut self,
        name: Range<usize>,
        from: &[TokenWithSpan],
        to: &[TokenWithSpan],
        reverse: bool,
    ) -> Result<LoopKind, TranslateError> {
        let expression = |tokens: &[TokenWithSpan]| {
            let (bound, references) = self.scope.bind(tokens)?;
            Sql::expression(bound, references)
        };
        let (from, to) = (expression(from)?, expression(to)?);
        let end = std::mem::replace(&mut self.at, name.start);
        let variable = self.name()?;
        if self.at != name.end {
            return Err(self.near());
        }
        self.at = end;
        let variable = self.scope.declare(&variable, VariableType::Value(Type::Integer))?;
        Ok(LoopKind::Range { variable, from, to, reverse })
    }

    /// The tokens before and behind `..`, which the tokenizer takes for parts of numbers: `1..10` is `1.` and `.10` to it.
    fn bounds(&self, range: Range<usize>) -> Option<(Vec<TokenWithSpan>, Vec<TokenWithSpan>)> {
        let mut depth = 0_usize;
        for at in range.clone() {
            match self.tokens[at].token {
                Token::LParen | Token::LBracket => depth += 1,
                Token::RParen | Token::RBracket => depth = depth.saturating_sub(1),
                _ => {}
            }
            let next = self.tokens.get(at + 1).filter(|_| depth == 0 && at + 1 < range.end);
            let Some((before, behind)) = next.and_then(|next| divided(&self.tokens[at].token, &next.token)) else {
                continue;
            };
            let mut from = self.tokens[range.start..at].to_vec();
            from.extend(before.map(plain));
            let mut to: Vec<TokenWithSpan> = behind.map(plain).into_iter().collect();
            to.extend_from_slice(&self.tokens[at + 2..range.end]);
            return Some((from, to));
        }
        None
    }

    /// EXIT or CONTINUE.
    pub fn jump(&mut self) -> Result<Statement, TranslateError> {
        let exits = self.take_word("EXIT");
        if !exits {
            self.word("CONTINUE")?;
        }
        let label = match self.peek() {
            Some(token @ Token::Word(_)) if !is_word(token, "WHEN") => Some(self.name()?),
            _ => None,
        };
        if !self.scope.has_label(label.as_deref(), !exits) {
            let verb = if exits { "EXIT" } else { "CONTINUE" };
            return Err(match label {
                Some(label) => TranslateError::syntax(format!("no such label: \"{label}\" at {verb}")),
                None => TranslateError::syntax(format!("{verb} cannot be used outside a loop")),
            });
        }
        let condition = match self.take_word("WHEN") {
            true => {
                let range = self.until_semicolon()?;
                Some(self.expression(range)?)
            }
            false => None,
        };
        Ok(match exits {
            true => Statement::Exit { label, condition },
            false => Statement::Continue { label, condition },
        })
    }
}

/// The rests of two tokens that are `..` together: before and behind it.
fn divided(first: &Token, second: &Token) -> Option<(Option<Token>, Option<Token>)> {
    let before = match first {
        Token::Period => None,
        Token::Number(digits, is_long) => Some(Token::Number(digits.strip_suffix('.')?.to_owned(), *is_long)),
        _ => return None,
    };
    let behind = match second {
        Token::Period => None,
        Token::Number(digits, is_long) => Some(Token::Number(digits.strip_prefix('.')?.to_owned(), *is_long)),
        _ => return None,
    };
    Some((before, behind))
}
