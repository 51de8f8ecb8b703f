//! Names of relations.

use sqlparser::ast::{Expr, Ident, ObjectName};

use crate::error::TranslateError;

/// A table's name, and the schema where one is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name {
    pub schema: Option<String>,
    pub table: String,
}

impl Name {
    pub fn of(name: &ObjectName) -> Self {
        let mut parts = name
            .0
            .iter()
            .rev()
            .map(|part| part.as_ident().map_or_else(|| part.to_string(), |ident| ident.value.clone()));
        let table = parts.next().unwrap_or_default();
        Self { schema: parts.next(), table }
    }

    /// How a relation is kept in the tables that tell of others: its name has a schema.
    pub fn key(&self) -> String {
        format!("{}.{}", self.schema.as_deref().unwrap_or_default(), self.table)
    }

    /// The name that `key` was made of.
    pub fn from_key(key: &str) -> Self {
        match key.split_once('.') {
            Some((schema, table)) => Self { schema: Some(schema.to_owned()), table: table.to_owned() },
            None => Self { schema: None, table: key.to_owned() },
        }
    }

    /// In lower case.
    pub(crate) fn folded(&self) -> Self {
        Self { schema: self.schema.as_ref().map(|schema| schema.to_lowercase()), table: self.table.to_lowercase() }
    }

    /// Returns true if both name the same relation, as it is found without quotes.
    pub fn is(&self, other: &Self) -> bool {
        self.key().eq_ignore_ascii_case(&other.key())
    }

    /// With quotes, as the parser has it.
    pub fn to_object_name(&self) -> ObjectName {
        let parts = self.schema.iter().chain([&self.table]).map(|part| Ident::with_quote('"', part));
        ObjectName::from(parts.collect::<Vec<_>>())
    }

    /// The name of a table where an expression can stand: SELECT INTO.
    pub fn of_expression(expr: Option<&Expr>) -> Result<Self, TranslateError> {
        match expr {
            Some(Expr::Identifier(ident)) => Ok(Self { schema: None, table: ident.value.clone() }),
            Some(Expr::CompoundIdentifier(parts)) => Ok(Self::of(&ObjectName::from(parts.clone()))),
            _ => Err(TranslateError::syntax("SELECT INTO needs the name of a table")),
        }
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(schema) = &self.schema {
            write!(f, "{}.", quoted(schema))?;
        }
        f.write_str(&quoted(&self.table))
    }
}

/// A name as DuckDB reads it.
pub fn quoted(name: &str) -> String {
    Ident::with_quote('"', name).to_string()
}
