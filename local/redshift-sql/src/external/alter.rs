//! ALTER TABLE of external tables (r_ALTER_TABLE: external tables).

use std::collections::BTreeMap;

use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::finished;
use super::format::FileFormat;
use crate::error::TranslateError;
use crate::parse::is_word;
use crate::parse::token_reader::{TokenReader, near};
use crate::statement::relation_name::Name;

#[derive(Debug)]
pub struct AlterExternal {
    pub table: Name,
    pub change: ExternalChange,
}

/// The values of partition keys.
pub type PartitionValues = BTreeMap<String, String>;

#[derive(Debug)]
pub enum ExternalChange {
    /// With the location of each.
    AddPartitions {
        if_not_exists: bool,
        partitions: Vec<(PartitionValues, String)>,
    },
    DropPartition(PartitionValues),
    SetLocation {
        partition: Option<PartitionValues>,
        location: String,
    },
    SetFormat(FileFormat),
    SetProperties(BTreeMap<String, String>),
}

/// ALTER TABLE in the forms that only external tables have; `None` for the others.
pub fn parse(tokens: &[TokenWithSpan]) -> Option<Result<AlterExternal, TranslateError>> {
    let mut reader = TokenReader::new(tokens.get(2..)?);
    let (schema, table) = reader.table().ok()?;
    let rest = reader.tokens.as_slice();
    let is = |at: usize, word: &str| rest.get(at).is_some_and(|token| is_word(&token.token, word));
    let is_list = |at: usize| rest.get(at).is_some_and(|token| token.token == Token::LParen);
    let is_external = is(0, "ADD") && (is(1, "PARTITION") || is(1, "IF") && is(4, "PARTITION"))
        || is(0, "DROP") && is(1, "PARTITION") && is_list(2)
        || is(0, "PARTITION") && is_list(1)
        || is(0, "SET") && ["LOCATION", "TABLE", "FILE"].iter().any(|word| is(1, word));
    is_external.then(|| {
        let change = change(&mut reader)?;
        finished(AlterExternal { table: Name { schema, table }, change }, reader.tokens.next())
    })
}

fn change(reader: &mut TokenReader<'_>) -> Result<ExternalChange, TranslateError> {
    if reader.take_word("ADD") {
        let if_not_exists = reader.if_not_exists()?;
        let mut partitions = Vec::new();
        while reader.take_word("PARTITION") {
            let values = partition(reader)?;
            reader.word("LOCATION")?;
            partitions.push((values, reader.location()?));
        }
        return Ok(ExternalChange::AddPartitions { if_not_exists, partitions });
    }
    if reader.take_word("DROP") {
        reader.word("PARTITION")?;
        return partition(reader).map(ExternalChange::DropPartition);
    }
    let partition = if reader.take_word("PARTITION") { Some(partition(reader)?) } else { None };
    reader.word("SET")?;
    if partition.is_none() && reader.take_word("TABLE") {
        reader.word("PROPERTIES")?;
        return reader.properties().map(ExternalChange::SetProperties);
    }
    if partition.is_none() && reader.take_word("FILE") {
        reader.word("FORMAT")?;
        return FileFormat::named(&reader.name()?).map(ExternalChange::SetFormat);
    }
    reader.word("LOCATION")?;
    Ok(ExternalChange::SetLocation { partition, location: reader.location()? })
}

/// `(key='value', …)`.
fn partition(reader: &mut TokenReader<'_>) -> Result<PartitionValues, TranslateError> {
    let mut values = BTreeMap::new();
    for part in reader.parts()? {
        let mut reader = TokenReader::new(&part);
        let key = reader.name()?;
        reader.sign(&Token::Eq)?;
        let value = match reader.tokens.next().map(|token| &token.token) {
            Some(Token::SingleQuotedString(text) | Token::Number(text, _)) => text.clone(),
            _ => return Err(part.last().map_or_else(|| TranslateError::syntax("syntax error"), near)),
        };
        values.insert(key, value);
        finished((), reader.tokens.next())?;
    }
    Ok(values)
}
