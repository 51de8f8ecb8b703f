//! CREATE EXTERNAL SCHEMA (r_CREATE_EXTERNAL_SCHEMA), and DROP SCHEMA with DROP EXTERNAL DATABASE (r_DROP_SCHEMA).

use sqlparser::tokenizer::TokenWithSpan;

use super::{ExternalCommand, finished};
use crate::error::TranslateError;
use crate::parse::is_word;
use crate::parse::token_reader::{TokenReader, near};

/// A schema whose tables are those of a database of the data catalog.
#[derive(Debug)]
pub struct NewExternalSchema {
    pub name: String,
    pub if_not_exists: bool,
    pub database: String,
    /// An ARN, or `default`.
    pub role: String,
    /// CATALOG_ROLE: as whom the catalog is read. Here it is part of the database.
    pub catalog_role: Option<String>,
    pub region: Option<String>,
    /// CREATE EXTERNAL DATABASE IF NOT EXISTS.
    pub creates_database: bool,
}

/// Sources that are no data catalog.
const REFUSED: [&str; 7] = ["HIVE", "POSTGRES", "MYSQL", "KINESIS", "KAFKA", "MSK", "REDSHIFT"];

/// CREATE EXTERNAL SCHEMA [IF NOT EXISTS] name FROM DATA CATALOG …
///
/// # Errors
/// 0A000 for other sources, 42601 where the database or the role is missing.
pub fn create(tokens: &[TokenWithSpan]) -> Result<NewExternalSchema, TranslateError> {
    let mut reader = TokenReader::new(&tokens[3..]);
    let if_not_exists = reader.if_not_exists()?;
    let name = reader.name()?;
    reader.word("FROM")?;
    if let Some(source) = REFUSED.iter().find(|source| reader.take_word(source)) {
        return Err(TranslateError::unsupported(&format!("CREATE EXTERNAL SCHEMA FROM {source}")));
    }
    if reader.take_word("DATA") {
        reader.word("CATALOG")?;
    }
    let (mut database, mut role, mut catalog_role, mut region, mut creates_database) = (None, None, None, None, false);
    while let Some(token) = reader.tokens.next() {
        let is = |word: &str| is_word(&token.token, word);
        match () {
            () if is("DATABASE") => database = Some(reader.string()?.to_lowercase()),
            () if is("REGION") => region = Some(reader.string()?),
            () if is("IAM_ROLE") => role = Some(reader.role()?),
            () if is("CATALOG_ROLE") => catalog_role = Some(reader.string()?),
            () if is("CREATE") => {
                ["EXTERNAL", "DATABASE", "IF", "NOT", "EXISTS"].into_iter().try_for_each(|word| reader.word(word))?;
                creates_database = true;
            }
            () if is("CATALOG_ID") => return Err(TranslateError::unsupported("CATALOG_ID")),
            () => return Err(near(token)),
        }
    }
    let missing = |what: &str| TranslateError::syntax(format!("CREATE EXTERNAL SCHEMA needs {what}"));
    let role = role.ok_or_else(|| missing("IAM_ROLE"))?;
    if role.eq_ignore_ascii_case("session") {
        return Err(TranslateError::unsupported("IAM_ROLE 'SESSION'"));
    }
    let database = database.ok_or_else(|| missing("DATABASE"))?;
    Ok(NewExternalSchema { name, if_not_exists, database, role, catalog_role, region, creates_database })
}

/// DROP SCHEMA … DROP EXTERNAL DATABASE; `None` for any other DROP SCHEMA.
pub fn drop_database(
    tokens: &[TokenWithSpan],
    drop: impl FnOnce(Vec<TokenWithSpan>) -> Result<crate::statement::ddl::Drop, TranslateError>,
) -> Option<Result<ExternalCommand, TranslateError>> {
    const CLAUSE: [&str; 3] = ["DROP", "EXTERNAL", "DATABASE"];
    let is_clause = |found: &[TokenWithSpan]| found.iter().zip(CLAUSE).all(|(token, word)| is_word(&token.token, word));
    let at = tokens.windows(CLAUSE.len()).position(is_clause)?;
    let rest = [&tokens[..at], &tokens[at + CLAUSE.len()..]].concat();
    Some(drop(rest).and_then(|drop| finished(ExternalCommand::DropDatabase(drop), None)))
}
