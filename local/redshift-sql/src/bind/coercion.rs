//! Literals and parameters, which take the types of what they stand beside.

use sqlparser::ast::Expr;

use super::literals::parameter_number;
use super::value_type::ValueType;
use super::{Typer, place};
use crate::parse::simple_expressions::literal as literal_text;
use crate::time::loose_time::is_loose_time;
use crate::types::Type;

impl Typer<'_> {
    /// Literals among these become values of this type.
    pub(super) fn coerce<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>, kind: Type) {
        let literals = exprs.into_iter().filter(|expr| literal_text(expr).is_some());
        self.types.coerced.extend(literals.map(|expr| (place(expr), kind)));
    }

    /// Times among these that DuckDB does not read by itself, where the values beside them are times. Other types read
    /// every literal.
    pub(super) fn coerce_literals<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>, common: ValueType) {
        if let ValueType::Of(kind) = common
            && (kind.reads_literals() || kind == Type::TimestampTz)
        {
            return self.coerce(exprs, kind);
        }
        if let ValueType::Of(kind @ (Type::Date | Type::Timestamp)) = common {
            self.coerce(exprs.into_iter().filter(|expr| literal_text(expr).is_some_and(is_loose_time)), kind);
        }
    }

    /// A parameter is of this type, unless something was said of it before.
    pub(super) fn learn(&mut self, parameter: &Expr, value_type: ValueType) {
        if let (Some(number), ValueType::Of(data_type)) = (parameter_number(parameter), value_type) {
            self.types.parameters.entry(number).or_insert(data_type);
        }
    }
}
