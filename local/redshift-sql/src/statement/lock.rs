//! `LOCK [TABLE] table, …` (r_LOCK). As in PostgreSQL the one mode that there is can be named.

use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::error::TranslateError;
use crate::parse::token_reader::{TokenReader, near};
use crate::statement::relation_name::Name;

/// The tables that it locks.
pub fn parse(tokens: &[TokenWithSpan]) -> Result<Vec<Name>, TranslateError> {
    let mut reader = TokenReader::new(&tokens[1..]);
    reader.take_word("TABLE");
    let mut tables = vec![name(&mut reader)?];
    while reader.take(&Token::Comma) {
        tables.push(name(&mut reader)?);
    }
    if reader.take_word("IN") {
        ["ACCESS", "EXCLUSIVE", "MODE"].iter().try_for_each(|word| reader.word(word))?;
    }
    reader.tokens.next().map_or(Ok(tables), |rest| Err(near(rest)))
}

fn name(reader: &mut TokenReader<'_>) -> Result<Name, TranslateError> {
    reader.table().map(|(schema, table)| Name { schema, table })
}
