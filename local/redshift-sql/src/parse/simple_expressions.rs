//! What an expression is at first sight, without types.

use sqlparser::ast::{Expr, Value};

/// True for what may be mentioned several times: it costs nothing, and is the same each time.
pub fn is_simple(expr: &Expr) -> bool {
    match expr {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => true,
        Expr::CompoundFieldAccess { .. } | Expr::JsonAccess { .. } => true,
        Expr::Nested(inner) => is_simple(inner),
        _ => false,
    }
}

/// What stands in parentheses, however many there are.
pub fn without_parentheses(expr: &Expr) -> &Expr {
    match expr {
        Expr::Nested(inner) => without_parentheses(inner),
        _ => expr,
    }
}

/// Returns the text of a literal that is one.
pub fn literal(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Some(text),
            Value::DollarQuotedString(text) => Some(&text.value),
            _ => None,
        },
        _ => None,
    }
}

/// Returns the name of the column that an expression is.
pub fn named_like(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(ident) => Some(ident.value.to_lowercase()),
        Expr::CompoundIdentifier(parts) => parts.last().map(|ident| ident.value.to_lowercase()),
        _ => None,
    }
}
