//! Materialized views: a table with what the query answered, and the query, for REFRESH.

use sqlparser::ast::{ObjectType, Query, Statement};
use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::error::TranslateError;
use crate::parse::is_word;
use crate::parse::parser;
use crate::parse::token_reader::{TokenReader, near};
use crate::statement::attributes::{self, TableAttributes};
use crate::statement::ddl::Drop;
use crate::statement::relation_name::Name;
use crate::statement::view_definition::definition;

/// A materialized view that is to be made.
#[derive(Debug)]
pub struct NewMaterialized {
    pub name: Name,
    pub attributes: TableAttributes,
    /// Kept and shown: nothing here refreshes by itself.
    pub auto_refresh: bool,
    /// In DuckDB's words.
    pub query: Box<Query>,
    /// The statement as the catalog shows it.
    pub definition: String,
}

/// CREATE MATERIALIZED VIEW name [table attributes] [AUTO REFRESH YES|NO] AS query.
pub fn create(
    mut tokens: Vec<TokenWithSpan>,
    parse_statement: impl FnOnce(Vec<TokenWithSpan>) -> Result<Statement, TranslateError>,
) -> Result<NewMaterialized, TranslateError> {
    let begin = tokens.iter().position(|token| is_word(&token.token, "AS"));
    let begin = begin.ok_or_else(|| TranslateError::syntax("syntax error at end of input"))?;
    let mut query = tokens.split_off(begin);
    query.remove(0);
    let (kept, attributes) = attributes::take(tokens)?;
    if !attributes.names.is_empty() {
        return Err(TranslateError::syntax("syntax error at or near \"(\""));
    }
    let mut reader = TokenReader::new(&kept[3..]);
    let name = name(&mut reader)?;
    let mut auto_refresh = false;
    if reader.take_word("AUTO") {
        reader.word("REFRESH")?;
        auto_refresh = yes_or_no(&mut reader)?;
    }
    if let Some(rest) = reader.tokens.next() {
        return Err(near(rest));
    }
    let written = parser(query.clone()).parse_query().map_err(TranslateError::from_parser)?;
    let title: String = kept[3..].iter().take_while(|token| !is_word(&token.token, "AUTO")).map(text).collect();
    // In small letters, as dbt-redshift looks for it in PG_VIEWS.
    let definition = format!("create materialized view {title} as {};", definition(&written));
    let Statement::Query(query) = parse_statement(query)? else {
        return Err(TranslateError::syntax("a materialized view is made of a query"));
    };
    Ok(NewMaterialized { name, attributes, auto_refresh, query, definition })
}

fn text(token: &TokenWithSpan) -> String {
    token.token.to_string()
}

/// REFRESH MATERIALIZED VIEW name.
pub fn refresh(tokens: &[TokenWithSpan]) -> Result<Name, TranslateError> {
    let mut reader = TokenReader::new(&tokens[3..]);
    let name = name(&mut reader)?;
    if reader.take_word("CASCADE") {
        return Err(TranslateError::unsupported("REFRESH MATERIALIZED VIEW … CASCADE"));
    }
    let _ = reader.take_word("RESTRICT");
    reader.tokens.next().map_or(Ok(name), |rest| Err(near(rest)))
}

/// ALTER MATERIALIZED VIEW name AUTO REFRESH YES|NO: the view, and true for YES.
pub fn alter(tokens: &[TokenWithSpan]) -> Result<(Name, bool), TranslateError> {
    let mut reader = TokenReader::new(&tokens[3..]);
    let view = name(&mut reader)?;
    if !reader.take_word("AUTO") {
        let rest: Vec<String> = reader.tokens.map(text).collect();
        return Err(TranslateError::unsupported(&format!("ALTER MATERIALIZED VIEW … {}", rest.join(" "))));
    }
    reader.word("REFRESH")?;
    let on = yes_or_no(&mut reader)?;
    reader.tokens.next().map_or(Ok((view, on)), |rest| Err(near(rest)))
}

/// DROP MATERIALIZED VIEW [IF EXISTS] name, … [CASCADE|RESTRICT].
pub fn drop(tokens: &[TokenWithSpan]) -> Result<Drop, TranslateError> {
    let mut reader = TokenReader::new(&tokens[3..]);
    let if_exists = reader.take_word("IF");
    if if_exists {
        reader.word("EXISTS")?;
    }
    let mut names = vec![name(&mut reader)?];
    while reader.take(&Token::Comma) {
        names.push(name(&mut reader)?);
    }
    let cascade = reader.take_word("CASCADE");
    let _ = reader.take_word("RESTRICT");
    let drop = Drop { kind: ObjectType::MaterializedView, names, if_exists, cascade };
    reader.tokens.next().map_or(Ok(drop), |rest| Err(near(rest)))
}

fn name(reader: &mut TokenReader<'_>) -> Result<Name, TranslateError> {
    reader.table().map(|(schema, table)| Name { schema, table })
}

fn yes_or_no(reader: &mut TokenReader<'_>) -> Result<bool, TranslateError> {
    let yes = reader.take_word("YES");
    if yes { Ok(true) } else { reader.word("NO").map(|()| false) }
}
