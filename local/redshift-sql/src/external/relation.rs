//! The temporary tables of a session that hold the rows of external tables while a statement runs.

use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::statement::relation_name::Name;

/// The columns that `*` does not mean: the address of the object that a row was read from, and its size in bytes
/// (c-spectrum-external-tables: Pseudocolumns).
pub const PSEUDO_COLUMNS: [&str; 2] = ["$path", "$size"];

/// What the names of the temporary tables begin with.
pub const ROWS: &str = "external:";

/// The name of the temporary table that has the rows of an external table.
pub fn rows_table(table: &Name) -> String {
    format!("{ROWS}{}:{}", table.schema.as_deref().unwrap_or_default(), table.table)
}

/// The external table whose rows a temporary table has; `None` for other names.
pub fn of_rows_table(name: &str) -> Option<Name> {
    let (schema, table) = name.strip_prefix(ROWS)?.split_once(':')?;
    Some(Name { schema: Some(schema.to_owned()), table: table.to_owned() })
}

/// True where a statement names a pseudocolumn.
pub fn names_pseudo_columns(tokens: &[TokenWithSpan]) -> bool {
    let is_pseudo = |name: &str| PSEUDO_COLUMNS.iter().any(|column| column.eq_ignore_ascii_case(name));
    tokens.iter().any(|token| matches!(&token.token, Token::Word(word) if is_pseudo(&word.value)))
}
