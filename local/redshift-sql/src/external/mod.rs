//! External schemas and tables (Redshift Spectrum): the statements that define them, and the names that queries read
//! them by.

pub mod alter;
pub mod columns;
pub mod format;
pub mod reader;
pub mod relation;
pub mod schema;
pub mod table;

use crate::error::TranslateError;
use crate::parse::is_word;
use crate::parse::token_reader::near;
use crate::statement::ddl::Drop;
use alter::AlterExternal;
use schema::NewExternalSchema;
use sqlparser::tokenizer::TokenWithSpan;
use table::NewExternalTable;

/// A statement that changes the external catalog.
#[derive(Debug)]
pub enum ExternalCommand {
    CreateSchema(NewExternalSchema),
    CreateTable(NewExternalTable),
    AlterTable(AlterExternal),
    /// DROP SCHEMA … DROP EXTERNAL DATABASE.
    DropDatabase(Drop),
}

/// True for CREATE TABLE … USING ICEBERG: no name of a column is followed by such a word.
pub fn is_iceberg(tokens: &[TokenWithSpan]) -> bool {
    tokens.windows(2).any(|two| is_word(&two[0].token, "USING") && is_word(&two[1].token, "ICEBERG"))
}

/// Refuses what stands behind the end of a statement.
fn finished<T>(done: T, rest: Option<&TokenWithSpan>) -> Result<T, TranslateError> {
    rest.map_or(Ok(done), |rest| Err(near(rest)))
}
