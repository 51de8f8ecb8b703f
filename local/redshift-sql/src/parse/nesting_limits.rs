//! How deep a statement is, before anything that walks it does: a chain of operators is a tree as deep as it is long,
//! and a tree that is deeper than the stack ends the process.

use sqlparser::ast::{BinaryOperator, Expr, Value};
use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::error::TranslateError;
use crate::parse::is_word;

/// Tokens between two that part: a chain of half as many operators.
const MOST_TOKENS: usize = 100_000;
/// ANDs and ORs that are told as they are written.
const LONG_CHAIN: usize = 100;
/// A statement as deep as these are many fits on any thread twice.
const SHORT_BYTES: usize = 1_000;
/// For a statement of that depth, in parsing, rewriting and DuckDB. What is not touched costs nothing.
const STACK_BYTES: usize = 256 * 1024 * 1024;

/// One pair of parentheses, or one CASE.
#[derive(Default)]
struct Level {
    /// Since something parted.
    depth: usize,
    deepest: usize,
    /// UNION and JOIN chain what SELECT and ON part.
    chained: usize,
}

impl Level {
    fn total(&self) -> usize {
        self.deepest.max(self.depth) + self.chained
    }

    fn part(&mut self) {
        self.deepest = self.deepest.max(self.depth);
        self.depth = 0;
    }
}

/// Refuses what is too deep.
pub fn check(tokens: &[TokenWithSpan]) -> Result<(), TranslateError> {
    let (mut level, mut outer) = (Level::default(), Vec::new());
    for TokenWithSpan { token, .. } in tokens {
        let is = |words: &[&str]| words.iter().any(|word| is_word(token, word));
        match token {
            Token::Whitespace(_) => {}
            Token::Comma | Token::SemiColon => level.part(),
            Token::LParen | Token::LBracket => outer.push(std::mem::take(&mut level)),
            Token::RParen | Token::RBracket => level = closed(&level, outer.pop()),
            Token::Word(_) if is(&["CASE"]) => outer.push(std::mem::take(&mut level)),
            Token::Word(_) if is(&["END"]) => level = closed(&level, outer.pop()),
            Token::Word(_) if is(&["WHEN", "THEN", "ELSE", "SELECT", "FROM", "WHERE", "ON", "VALUES"]) => level.part(),
            Token::Word(_) if is(&["UNION", "INTERSECT", "EXCEPT", "MINUS", "JOIN"]) => level.chained += 1,
            _ => level.depth += 1,
        }
        if level.depth.max(level.chained) > MOST_TOKENS {
            return Err(TranslateError::new(
                "54001",
                "stack depth limit exceeded: the statement is a chain of too many operators",
            ));
        }
    }
    Ok(())
}

fn closed(inner: &Level, outer: Option<Level>) -> Level {
    let mut outer = outer.unwrap_or_default();
    outer.depth = outer.depth.max(inner.total()) + 1;
    outer
}

/// Makes a long chain of ANDs or ORs a tree of few levels, since DuckDB refuses what is deeper than a thousand.
pub fn balance(expr: &mut Expr) {
    let Expr::BinaryOp { op: op @ (BinaryOperator::And | BinaryOperator::Or), .. } = &*expr else { return };
    let op = op.clone();
    let (mut links, mut at) = (0, &*expr);
    while let Expr::BinaryOp { left, op: found, .. } = at
        && *found == op
    {
        links += 1;
        at = left;
    }
    if links < LONG_CHAIN {
        return;
    }
    let mut rest = std::mem::replace(expr, Expr::value(Value::Null));
    let mut operands = Vec::with_capacity(links);
    for _ in 0..links {
        if let Expr::BinaryOp { left, right, .. } = rest {
            operands.push(*right);
            rest = *left;
        }
    }
    let mut operands = std::iter::once(rest).chain(operands.into_iter().rev());
    *expr = joined(&mut operands, links + 1, &op);
}

/// So many of the operands, in two halves.
fn joined(operands: &mut impl Iterator<Item = Expr>, count: usize, op: &BinaryOperator) -> Expr {
    let mut half = |count: usize| match count {
        0 | 1 => operands.next().unwrap_or_else(|| Expr::value(Value::Null)),
        _ => Expr::Nested(Box::new(joined(operands, count, op))),
    };
    let (left, right) = (half(count / 2), half(count - count / 2));
    Expr::BinaryOp { left: Box::new(left), op: op.clone(), right: Box::new(right) }
}

/// Runs what reads or runs a statement where there is room for the deepest. What is short is not deep, and a stack of its
/// own would cost it a twentieth of its time; but what it executes may be longer than itself.
pub fn with_large_stack<T>(text: &str, run: impl FnOnce() -> T) -> T {
    let runs_others = || {
        let text = text.to_ascii_lowercase();
        text.contains("execute") || text.contains("call")
    };
    match text.len() < SHORT_BYTES && !runs_others() {
        true => run(),
        false => stacker::grow(STACK_BYTES, run),
    }
}
