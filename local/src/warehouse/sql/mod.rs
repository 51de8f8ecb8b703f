//! Redshift's SQL → DuckDB's. A statement is parsed, rewritten by rules that each have a name, and written out
//! again; what has no meaning in DuckDB is refused with the name of the construct, never run as something else.

mod attributes;
mod ddl;
mod expression;
mod functions;
pub mod types;

use sqlparser::ast::{Statement, VisitMut};
use sqlparser::dialect::RedshiftSqlDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use super::copy::CopyCommand;
use super::error::SqlError;

pub use attributes::{ColumnAttributes, Identity, TableAttributes};

/// What a statement asks the engine to do. Texts are DuckDB's SQL.
#[derive(Debug)]
pub enum Command {
    Begin,
    Commit,
    Rollback,
    Copy(Box<CopyCommand>),
    /// A statement that answers rows.
    Query(String),
    /// A statement that changes rows and answers how many.
    Change(String),
    CreateTable(ddl::CreateTable),
    /// Statements that change the catalog, in one transaction.
    Define(Vec<String>),
    /// As Redshift's TRUNCATE: it commits the transaction that it runs in.
    Truncate(String),
    /// Has no meaning here: ANALYZE, VACUUM, GRANT, REVOKE.
    Accepted,
}

/// Reads one statement.
pub fn translate(text: &str) -> Result<Command, SqlError> {
    let dialect = RedshiftSqlDialect {};
    let tokens = Tokenizer::new(&dialect, text).tokenize_with_location();
    let tokens = tokens.map_err(|error| SqlError::syntax(error.message))?;
    let tokens = one_statement(tokens)?;
    let first = words(&tokens);
    match first.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => return Err(SqlError::syntax("syntax error at end of input")),
        ["COPY", ..] => return super::copy::parse(&tokens).map(Box::new).map(Command::Copy),
        ["UNLOAD", ..] => return Err(SqlError::unsupported("UNLOAD")),
        ["ANALYZE" | "VACUUM" | "GRANT" | "REVOKE", ..] => return Ok(Command::Accepted),
        ["BEGIN", ..] | ["START", "TRANSACTION", ..] => return Ok(Command::Begin),
        ["COMMIT" | "END", ..] => return Ok(Command::Commit),
        ["ROLLBACK" | "ABORT", ..] => return Ok(Command::Rollback),
        _ => {}
    }
    let (statement, attributes) = parse(tokens)?;
    command(statement, attributes)
}

/// Reads one statement without running it: a CREATE TABLE with what Redshift adds to it.
pub fn parse_table(text: &str) -> Result<(Statement, TableAttributes), SqlError> {
    let tokens = Tokenizer::new(&RedshiftSqlDialect {}, text).tokenize_with_location();
    parse(one_statement(tokens.map_err(|error| SqlError::syntax(error.message))?)?)
}

fn parse(mut tokens: Vec<TokenWithSpan>) -> Result<(Statement, TableAttributes), SqlError> {
    functions::spell_out_extracts(&mut tokens);
    let (tokens, attributes) = match is_create_table(&words(&tokens)) {
        true => attributes::take(tokens)?,
        false => (tokens, TableAttributes::default()),
    };
    let mut parser = Parser::new(&RedshiftSqlDialect {}).with_tokens_with_locations(tokens);
    let mut statement = parser.parse_statement().map_err(SqlError::from_parser)?;
    match parser.peek_token().token {
        Token::EOF => {}
        rest => return Err(SqlError::syntax(format!("syntax error at or near \"{rest}\""))),
    }
    match statement.visit(&mut expression::Rewrite) {
        std::ops::ControlFlow::Break(refused) => Err(refused),
        std::ops::ControlFlow::Continue(()) => Ok((statement, attributes)),
    }
}

fn command(statement: Statement, attributes: TableAttributes) -> Result<Command, SqlError> {
    match statement {
        Statement::Query(query) => Ok(Command::Query(query.to_string())),
        Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_) => {
            Ok(Command::Change(statement.to_string()))
        }
        Statement::CreateTable(create) => ddl::create_table(create, attributes).map(Command::CreateTable),
        Statement::CreateView(_) | Statement::CreateSchema { .. } => Ok(Command::Define(vec![statement.to_string()])),
        Statement::Drop { .. } => ddl::drop(&statement).map(Command::Define),
        Statement::Truncate(truncate) => match &truncate.table_names[..] {
            [table] => Ok(Command::Truncate(format!("DELETE FROM {}", table.name))),
            _ => Err(SqlError::unsupported("TRUNCATE of several tables")),
        },
        Statement::Explain { .. } | Statement::ExplainTable { .. } => Err(SqlError::unsupported("EXPLAIN")),
        other => {
            let text = other.to_string();
            let name: Vec<&str> = text.split_whitespace().take(2).collect();
            Err(SqlError::unsupported(&name.join(" ")))
        }
    }
}

/// The tokens that mean something, of the only statement there is (R21: one a call).
fn one_statement(tokens: Vec<TokenWithSpan>) -> Result<Vec<TokenWithSpan>, SqlError> {
    let mut kept: Vec<TokenWithSpan> =
        tokens.into_iter().filter(|token| !matches!(token.token, Token::Whitespace(_) | Token::EOF)).collect();
    while kept.last().is_some_and(|token| token.token == Token::SemiColon) {
        kept.pop();
    }
    match kept.iter().any(|token| token.token == Token::SemiColon) {
        true => Err(SqlError::new("42601", "cannot insert multiple commands into a prepared statement")),
        false => Ok(kept),
    }
}

/// The leading words of a statement, in upper case.
fn words(tokens: &[TokenWithSpan]) -> Vec<String> {
    let word = |token: &TokenWithSpan| match &token.token {
        Token::Word(word) => Some(word.value.to_uppercase()),
        _ => None,
    };
    tokens.iter().map_while(word).take(8).collect()
}

fn is_create_table(words: &[String]) -> bool {
    words.first().is_some_and(|word| word == "CREATE") && words.iter().skip(1).take(3).any(|word| word == "TABLE")
}

/// Whether a token is this keyword, unquoted.
pub fn is_word(token: &Token, keyword: &str) -> bool {
    matches!(token, Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(keyword))
}
