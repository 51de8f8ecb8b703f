//! CREATE, ALTER and DROP DATABASE.

use sqlparser::tokenizer::TokenWithSpan;

use crate::command::Command;
use crate::error::TranslateError;
use crate::parse::token_reader::{TokenReader, near};

/// How the transactions of a database are kept apart (c_serial_isolation).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IsolationLevel {
    Snapshot,
    Serializable,
}

/// `CREATE DATABASE name [WITH] …`: limits have no meaning here, what would make another database is refused.
pub fn create(tokens: &[TokenWithSpan]) -> Result<Command, TranslateError> {
    let mut reader = TokenReader::new(&tokens[2..]);
    let name = reader.name()?;
    let mut isolation = None;
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
                isolation = Some(level(&mut reader)?);
            }
            "COLLATE" if reader.take_word("CASE_SENSITIVE") || reader.take_word("CS") => {}
            word @ ("COLLATE" | "FROM" | "IAM_ROLE" | "OWNER" | "PERMISSIONS") => {
                return Err(TranslateError::unsupported(&format!("CREATE DATABASE … {word}")));
            }
            _ => return Err(near(option)),
        }
    }
    Ok(Command::CreateDatabase { name, isolation })
}

/// `ALTER DATABASE name ISOLATION LEVEL …`; its other forms are refused.
pub fn alter(tokens: &[TokenWithSpan]) -> Result<Command, TranslateError> {
    let mut reader = TokenReader::new(&tokens[2..]);
    let name = reader.name()?;
    if !reader.take_word("ISOLATION") {
        let word = reader.tokens.next().map(|token| token.token.to_string().to_uppercase()).unwrap_or_default();
        return Err(TranslateError::unsupported(&format!("ALTER DATABASE … {word}")));
    }
    let isolation = level(&mut reader)?;
    match reader.tokens.next() {
        Some(more) => Err(near(more)),
        None => Ok(Command::AlterDatabase { name, isolation }),
    }
}

/// Behind ISOLATION.
fn level(reader: &mut TokenReader<'_>) -> Result<IsolationLevel, TranslateError> {
    reader.word("LEVEL")?;
    if reader.take_word("SNAPSHOT") {
        return Ok(IsolationLevel::Snapshot);
    }
    reader.word("SERIALIZABLE").map(|()| IsolationLevel::Serializable)
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
