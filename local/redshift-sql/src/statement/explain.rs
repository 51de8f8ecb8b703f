//! EXPLAIN: the statement as it was written, from which its plan is made, and what DuckDB would run for it.

use sqlparser::ast::Statement;
use sqlparser::tokenizer::TokenWithSpan;

use crate::command::{Command, QueryCommand};
use crate::error::TranslateError;
use crate::parse::is_word;
use crate::statement::ddl::Shape;
use crate::statement::dml::DmlStatement;

#[derive(Debug)]
pub struct Explain {
    pub verbose: bool,
    /// In Redshift's words, its names folded.
    pub statement: Statement,
    pub translated: Translated,
}

/// The statement for DuckDB.
#[derive(Debug)]
pub enum Translated {
    /// Of CREATE TABLE AS the query.
    Sql(String),
    /// One that depends on the columns of the table.
    Write(Box<DmlStatement>),
}

/// Reads EXPLAIN with what translates a statement, and what only folds its names.
///
/// # Errors
/// 0A000 for what has no plan (r_EXPLAIN: SELECT, SELECT INTO, CREATE TABLE AS, INSERT, UPDATE and DELETE have one).
pub fn parse(
    mut tokens: Vec<TokenWithSpan>,
    translate: impl FnOnce(Vec<TokenWithSpan>) -> Result<Command, TranslateError>,
    normalize: impl FnOnce(Vec<TokenWithSpan>) -> Result<Statement, TranslateError>,
) -> Result<Command, TranslateError> {
    let verbose = tokens.get(1).is_some_and(|token| is_word(&token.token, "VERBOSE"));
    let explained = tokens.split_off(1 + usize::from(verbose));
    let is = |word: &str| explained.first().is_some_and(|first| is_word(&first.token, word));
    if is("EXPLAIN") {
        return Err(TranslateError::syntax("syntax error at or near \"EXPLAIN\""));
    }
    let is_merge = is("MERGE");
    let refused = || TranslateError::unsupported("EXPLAIN of anything but queries and changes of rows");
    let translated = match translate(explained.clone())? {
        Command::Query(QueryCommand { sql, .. }) => Translated::Sql(sql),
        Command::Change { sql, .. } if !is_merge => Translated::Sql(sql),
        Command::Write(write) => Translated::Write(write),
        Command::CreateTable(create) => match create.shape {
            Shape::Query { query, .. } => Translated::Sql(query),
            _ => return Err(refused()),
        },
        _ => return Err(refused()),
    };
    Ok(Command::Explain(Box::new(Explain { verbose, statement: normalize(explained)?, translated })))
}
