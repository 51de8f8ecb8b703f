//! ANALYZE and VACUUM: nothing here needs them, and what they name must be there.

use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::error::TranslateError;
use crate::parse::is_word;
use crate::parse::token_reader::TokenReader;
use crate::statement::relation_name::Name;

#[derive(Debug)]
pub struct Maintenance {
    pub is_vacuum: bool,
    pub tables: Vec<Name>,
}

/// Words before the name of the table.
const MODES: &[&str] = &["VERBOSE", "TABLE", "FULL", "SORT", "DELETE", "ONLY", "REINDEX", "RECLUSTER"];
/// Words that follow it, or stand alone.
const OPTIONS: &[&str] = &["PREDICATE", "ALL", "TO", "BOOST"];

pub fn parse(tokens: &[TokenWithSpan]) -> Result<Maintenance, TranslateError> {
    let mut reader = TokenReader::new(&tokens[1..]);
    while MODES.iter().any(|mode| reader.take_word(mode)) {}
    let mut tables = Vec::new();
    let next = reader.tokens.as_slice().first();
    if next.is_some_and(|next| !OPTIONS.iter().any(|option| is_word(&next.token, option))) {
        tables.push(name(&mut reader)?);
        while reader.take(&Token::Comma) {
            tables.push(name(&mut reader)?);
        }
    }
    Ok(Maintenance { is_vacuum: is_word(&tokens[0].token, "VACUUM"), tables })
}

fn name(reader: &mut TokenReader<'_>) -> Result<Name, TranslateError> {
    reader.table().map(|(schema, table)| Name { schema, table })
}
