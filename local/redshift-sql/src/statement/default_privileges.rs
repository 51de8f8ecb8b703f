//! ALTER DEFAULT PRIVILEGES (r_ALTER_DEFAULT_PRIVILEGES).

use sqlparser::tokenizer::TokenWithSpan;

use crate::error::TranslateError;
use crate::parse::token_reader::TokenReader;
use crate::statement::grant::{Grant, parse_default};

/// What is granted on objects that come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefaultPrivileges {
    /// The users who will create them; none for the one who asks.
    pub users: Vec<String>,
    /// The schemas that they will be in; none for all of the database.
    pub schemas: Vec<String>,
    pub grant: Grant,
}

/// `ALTER DEFAULT PRIVILEGES [FOR USER user, …] [IN SCHEMA schema, …] GRANT … or REVOKE …`.
pub fn parse(tokens: &[TokenWithSpan]) -> Result<DefaultPrivileges, TranslateError> {
    let mut reader = TokenReader::new(&tokens[3..]);
    let mut users = Vec::new();
    if reader.take_word("FOR") {
        reader.word("USER")?;
        users = reader.names()?;
    }
    let mut schemas = Vec::new();
    if reader.take_word("IN") {
        reader.word("SCHEMA")?;
        schemas = reader.names()?;
    }
    Ok(DefaultPrivileges { users, schemas, grant: parse_default(&mut reader)? })
}
