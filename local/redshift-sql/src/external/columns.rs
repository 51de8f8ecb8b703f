//! The columns of external tables, with their types in Redshift and in the data catalog.

use serde::{Deserialize, Serialize};
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::finished;
use crate::error::TranslateError;
use crate::parse::is_word;
use crate::parse::parser;
use crate::parse::token_reader::TokenReader;
use crate::types::Type;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalColumn {
    pub name: String,
    /// The name of Redshift's type.
    pub data_type: String,
    /// The name of the type in the data catalog, which are Hive's.
    pub external_type: String,
}

impl ExternalColumn {
    /// # Errors
    /// XX000 where what was kept is no type.
    pub fn value_type(&self) -> Result<Type, TranslateError> {
        let unknown = || TranslateError::new("XX000", format!("\"{}\" is no type", self.data_type));
        Type::from_name(&self.data_type).ok_or_else(unknown)
    }
}

/// Types that only external tables have.
const NESTED: [&str; 4] = ["STRUCT", "ARRAY", "MAP", "VARBYTE"];

/// `(name type, …)`.
///
/// # Errors
/// 0A000 for types that are not held here.
pub fn read(reader: &mut TokenReader<'_>) -> Result<Vec<ExternalColumn>, TranslateError> {
    reader.parts()?.iter().map(|part| column(part)).collect()
}

fn column(tokens: &[TokenWithSpan]) -> Result<ExternalColumn, TranslateError> {
    let mut reader = TokenReader::new(tokens);
    let name = reader.name()?;
    let rest = reader.tokens.as_slice();
    if let Some(nested) = NESTED.iter().find(|nested| rest.first().is_some_and(|token| is_word(&token.token, nested))) {
        return Err(TranslateError::unsupported(&format!("the type {nested} of an external table")));
    }
    let mut parser = parser(rest.to_vec());
    let data_type = Type::of(&parser.parse_data_type().map_err(TranslateError::from_parser)?)?;
    let next = parser.peek_token();
    let column =
        ExternalColumn { name, data_type: data_type.name(), external_type: external_name(data_type)?.to_lowercase() };
    finished(column, Some(&next).filter(|next| next.token != Token::EOF))
}

/// The name of the type in the data catalog (r_CREATE_EXTERNAL_TABLE has those that there are).
fn external_name(data_type: Type) -> Result<String, TranslateError> {
    Ok(match data_type {
        Type::SmallInt => "smallint".into(),
        Type::Integer => "int".into(),
        Type::BigInt => "bigint".into(),
        Type::Decimal(precision, scale) => format!("decimal({precision},{scale})"),
        Type::Real => "float".into(),
        Type::Double => "double".into(),
        Type::Boolean => "boolean".into(),
        Type::Char(length) => format!("char({length})"),
        Type::Varchar(length) => format!("varchar({length})"),
        Type::Date => "date".into(),
        Type::Timestamp => "timestamp".into(),
        Type::Time | Type::TimeTz | Type::TimestampTz | Type::Interval(_) | Type::Varbyte(_) | Type::Super => {
            let name = data_type.bare_name();
            return Err(TranslateError::unsupported(&format!("the type {name} of an external table")));
        }
    })
}
