//! SHOW.

use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::error::TranslateError;
use crate::procedure::definition::{self, ProcedureName};
use crate::statement::relation_name::Name;

/// Which grants to show.
#[derive(Debug)]
pub enum Grants {
    /// Of a `TABLE`, `SCHEMA` or `DATABASE`.
    On(&'static str, Name),
    For(String),
}

#[derive(Debug)]
pub enum Show {
    Setting(String),
    All,
    Databases,
    /// Whose names are like this.
    Schemas(Option<String>),
    /// Of one schema, else of all.
    Tables {
        schema: Option<String>,
        pattern: Option<String>,
    },
    Columns(Name),
    PrimaryKeys(Name),
    Grants(Grants),
    /// Those of the table, or those of others that refer to it.
    ForeignKeys {
        table: Name,
        exported: bool,
    },
    /// Of what there is none here: the names of the columns that the answer would have.
    Nothing(&'static [&'static str]),
    /// The statement that makes a table or a view.
    Definition(Name),
    /// Of a schema, whose names are like this.
    Procedures {
        schema: String,
        pattern: Option<String>,
    },
    /// The statement that makes a procedure.
    Procedure(ProcedureName),
}

/// The words and names of a statement behind its first word.
pub(super) fn words(tokens: &[TokenWithSpan]) -> Vec<String> {
    let word = |token: &TokenWithSpan| match &token.token {
        Token::Word(word) => Some(word.value.to_lowercase()),
        Token::SingleQuotedString(text) => Some(text.clone()),
        Token::Number(digits, _) => Some(digits.clone()),
        Token::Eq => Some("=".into()),
        _ => None,
    };
    tokens.iter().skip(1).filter_map(word).collect()
}

/// What stands behind LIKE.
fn pattern(words: &[&str]) -> Option<String> {
    let at = words.iter().position(|word| *word == "like")?;
    words.get(at + 1).map(|pattern| (*pattern).to_owned())
}

/// The last of the parts of a name, and the one before.
fn name(parts: &[String]) -> Option<Name> {
    let (table, rest) = parts.split_last()?;
    Some(Name { schema: rest.last().cloned(), table: table.clone() })
}

pub fn parse(tokens: &[TokenWithSpan]) -> Result<Show, TranslateError> {
    let words = words(tokens);
    let texts: Vec<&str> = words.iter().map(String::as_str).collect();
    let missing = || TranslateError::syntax("syntax error at end of input");
    Ok(match texts[..] {
        [] => return Err(missing()),
        ["all"] => Show::All,
        ["databases", ..] => Show::Databases,
        ["schemas", ..] => Show::Schemas(pattern(&texts)),
        ["tables", "from", "schema", ..] => {
            let end = texts.iter().position(|word| *word == "like").unwrap_or(texts.len());
            Show::Tables { schema: words[3..end].last().cloned(), pattern: pattern(&texts) }
        }
        ["tables", ..] => Show::Tables { schema: None, pattern: pattern(&texts) },
        ["columns", "from", "table", ..] => {
            let end = texts.iter().position(|word| *word == "like").unwrap_or(texts.len());
            Show::Columns(name(&words[3..end]).ok_or_else(missing)?)
        }
        ["table", ..] | ["view", ..] => Show::Definition(name(&words[1..]).ok_or_else(missing)?),
        ["constraints", "primary", "keys", "from", "table", ..] => {
            Show::PrimaryKeys(name(&words[5..]).ok_or_else(missing)?)
        }
        ["constraints", "foreign", "keys", "exported", "from", "table", ..] => {
            Show::ForeignKeys { table: name(&words[6..]).ok_or_else(missing)?, exported: true }
        }
        ["constraints", "foreign", "keys", "from", "table", ..] => {
            Show::ForeignKeys { table: name(&words[5..]).ok_or_else(missing)?, exported: false }
        }
        ["procedures", "from", "schema", ..] => {
            let end = texts.iter().position(|word| matches!(*word, "like" | "limit")).unwrap_or(texts.len());
            let schema = words[3..end].last().cloned().ok_or_else(missing)?;
            Show::Procedures { schema, pattern: pattern(&texts) }
        }
        ["functions", ..] => {
            Show::Nothing(&["database_name", "schema_name", "function_name", "return_type", "argument_list"])
        }
        ["parameters", ..] => Show::Nothing(&[
            "database_name",
            "schema_name",
            "parameter_name",
            "ordinal_position",
            "parameter_type",
            "data_type",
            "character_maximum_length",
            "numeric_precision",
            "numeric_scale",
        ]),
        ["grants", "on", "table", ..] => Show::Grants(Grants::On("TABLE", name(&words[3..]).ok_or_else(missing)?)),
        ["grants", "on", "schema", ..] => Show::Grants(Grants::On("SCHEMA", name(&words[3..]).ok_or_else(missing)?)),
        ["grants", "on", "database", ..] => {
            Show::Grants(Grants::On("DATABASE", name(&words[3..]).ok_or_else(missing)?))
        }
        ["grants", "for", "user" | "role" | "group", who, ..] | ["grants", "for", who, ..] => {
            Show::Grants(Grants::For((*who).to_owned()))
        }
        ["column", "grants", ..] => Show::Nothing(&[
            "database_name",
            "schema_name",
            "object_name",
            "object_type",
            "table_name",
            "column_name",
            "grantor_name",
            "identity_name",
            "identity_type",
            "privilege_type",
            "admin_option",
        ]),
        ["procedure", ..] => Show::Procedure(definition::only_named(tokens)?),
        ["external" | "model" | "datashares", ..] => {
            return Err(TranslateError::unsupported(&format!("SHOW {}", texts[0].to_uppercase())));
        }
        ["time", "zone"] => Show::Setting("timezone".into()),
        ["transaction", "isolation", "level"] => Show::Setting("transaction_isolation".into()),
        [first, ..] => Show::Setting(first.to_owned()),
    })
}
