//! CREATE SCHEMA and ALTER SCHEMA.

use sqlparser::ast::{SchemaName, Statement};
use sqlparser::tokenizer::TokenWithSpan;

use crate::error::TranslateError;
use crate::parse::is_word;
use crate::parse::token_reader::{TokenReader, near};
use crate::statement::relation_name::Name;

#[derive(Debug)]
pub struct NewSchema {
    pub name: String,
    pub if_not_exists: bool,
    /// AUTHORIZATION.
    pub owner: Option<String>,
}

#[derive(Debug)]
pub struct AlterSchema {
    pub name: String,
    pub change: SchemaChange,
}

#[derive(Debug)]
pub enum SchemaChange {
    Rename(String),
    Owner(String),
}

/// A quota is refused wherever it is set: nothing here would hold to it.
pub fn refuse_quota(tokens: &[TokenWithSpan]) -> Result<(), TranslateError> {
    match tokens.iter().any(|token| is_word(&token.token, "QUOTA")) {
        true => Err(TranslateError::unsupported("QUOTA of a schema")),
        false => Ok(()),
    }
}

pub fn create(statement: Statement) -> Result<NewSchema, TranslateError> {
    let Statement::CreateSchema {
        schema_name,
        if_not_exists,
        or_replace: false,
        with: None,
        options: None,
        default_collate_spec: None,
        clone: None,
    } = statement
    else {
        return Err(TranslateError::unsupported("CREATE SCHEMA with such options"));
    };
    let (name, owner) = match schema_name {
        SchemaName::Simple(name) => (Name::of(&name).table, None),
        SchemaName::NamedAuthorization(name, owner) => (Name::of(&name).table, Some(owner.value)),
        SchemaName::UnnamedAuthorization(owner) => (owner.value.clone(), Some(owner.value)),
    };
    Ok(NewSchema { name, if_not_exists, owner })
}

/// ALTER SCHEMA name RENAME TO name, or OWNER TO user.
pub fn alter(tokens: &[TokenWithSpan]) -> Result<AlterSchema, TranslateError> {
    refuse_quota(tokens)?;
    let mut reader = TokenReader::new(&tokens[2..]);
    let name = reader.name()?;
    let renames = reader.take_word("RENAME");
    if !renames {
        reader.word("OWNER")?;
    }
    reader.word("TO")?;
    let to = reader.name()?;
    let change = if renames { SchemaChange::Rename(to) } else { SchemaChange::Owner(to) };
    let altered = AlterSchema { name, change };
    reader.tokens.next().map_or(Ok(altered), |rest| Err(near(rest)))
}
