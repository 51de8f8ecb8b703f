//! Materialized views: a table with what the query answered, and the query, for REFRESH.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::TokenWithSpan;

use super::ddl::{Name, literal};
use super::{Command, Reading, is_word, parser, translate_tokens};
use crate::warehouse::error::SqlError;

const KEPT: &str = "redshift_system.redshift_materialized_views";

/// CREATE MATERIALIZED VIEW name … AS query. How it is distributed and when it refreshes itself has no meaning here.
pub fn create(mut tokens: Vec<TokenWithSpan>, reading: Reading<'_>) -> Result<Command, SqlError> {
    let begin = tokens.iter().position(|token| is_word(&token.token, "AS"));
    let begin = begin.ok_or_else(|| SqlError::syntax("syntax error at end of input"))?;
    let mut query = tokens.split_off(begin);
    query.remove(0);
    let name = name(tokens, &[Keyword::CREATE, Keyword::MATERIALIZED, Keyword::VIEW])?;
    let written = parser(query.clone()).parse_query();
    let definition = format!("{};", written.map_err(SqlError::from_parser)?);
    let Command::Query(query) = translate_tokens(query, reading)? else {
        return Err(SqlError::syntax("a materialized view is made of a query"));
    };
    Ok(Command::Define(vec![
        format!("CREATE TABLE {name} AS {query}"),
        // One of that name may have gone by DROP TABLE.
        forget(&name),
        format!("INSERT INTO {KEPT} VALUES ({}, {}, {})", literal(&name.key()), literal(&query), literal(&definition)),
    ]))
}

/// REFRESH MATERIALIZED VIEW name: which one, and how it is told from others.
pub fn refresh(tokens: Vec<TokenWithSpan>) -> Result<Command, SqlError> {
    let name = name(tokens, &[Keyword::REFRESH, Keyword::MATERIALIZED, Keyword::VIEW])?;
    Ok(Command::Refresh { key: name.key(), table: name.to_string() })
}

/// DROP MATERIALIZED VIEW name.
pub fn drop(tokens: Vec<TokenWithSpan>) -> Result<Command, SqlError> {
    let if_exists = tokens.iter().any(|token| is_word(&token.token, "EXISTS"));
    let name = name(tokens, &[Keyword::DROP, Keyword::MATERIALIZED, Keyword::VIEW])?;
    let exists = if if_exists { "IF EXISTS " } else { "" };
    Ok(Command::Define(vec![format!("DROP TABLE {exists}{name}"), forget(&name)]))
}

fn forget(name: &Name) -> String {
    format!("DELETE FROM {KEPT} WHERE name = {}", literal(&name.key()))
}

fn name(tokens: Vec<TokenWithSpan>, before: &[Keyword]) -> Result<Name, SqlError> {
    let mut parser = parser(tokens);
    let mut read = || {
        parser.expect_keywords(before)?;
        let _ = parser.parse_keywords(&[Keyword::IF, Keyword::EXISTS]);
        parser.parse_object_name(false)
    };
    let Name { schema, table } = Name::of(&read().map_err(SqlError::from_parser)?);
    Ok(Name { schema: schema.map(|schema| schema.to_lowercase()), table: table.to_lowercase() })
}
