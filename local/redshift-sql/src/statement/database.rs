//! CREATE DATABASE and DROP DATABASE.

use sqlparser::tokenizer::TokenWithSpan;

use crate::command::Command;
use crate::error::TranslateError;
use crate::parse::token_reader::{TokenReader, near};

/// `CREATE DATABASE name [WITH] …`: limits and isolation have no meaning here, what would make another database is refused.
pub fn create(tokens: &[TokenWithSpan]) -> Result<Command, TranslateError> {
    let mut reader = TokenReader::new(&tokens[2..]);
    let name = reader.name()?;
    let _ = reader.take_word("WITH");
    while let Some(option) = reader.tokens.next() {
        match option.token.to_string().to_uppercase().as_str() {
            "CONNECTION" => {
                reader.word("LIMIT")?;
                if !reader.take_word("UNLIMITED") {
                    reader.number()?;
                }
            }
            "ISOLATION" => {
                reader.word("LEVEL")?;
                if !reader.take_word("SNAPSHOT") {
                    reader.word("SERIALIZABLE")?;
                }
            }
            "COLLATE" if reader.take_word("CASE_SENSITIVE") || reader.take_word("CS") => {}
            word @ ("COLLATE" | "FROM" | "OWNER") => {
                return Err(TranslateError::unsupported(&format!("CREATE DATABASE … {word}")));
            }
            _ => return Err(near(option)),
        }
    }
    Ok(Command::CreateDatabase(name))
}

/// `DROP DATABASE name [FORCE]`.
pub fn drop(tokens: &[TokenWithSpan]) -> Result<Command, TranslateError> {
    let mut reader = TokenReader::new(&tokens[2..]);
    let name = reader.name()?;
    let force = reader.take_word("FORCE");
    match reader.tokens.next() {
        Some(more) => Err(near(more)),
        None => Ok(Command::DropDatabase { name, force }),
    }
}
