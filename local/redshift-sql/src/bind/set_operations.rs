//! UNION, INTERSECT and EXCEPT: the columns that they answer.

use sqlparser::ast::{SelectItem, SetExpr, SetOperator, SetQuantifier};

use super::catalog::RelationColumn;
use super::scope::{Columns, Scope};
use super::value_type::ValueType;
use super::{Typer, place};
use crate::error::TranslateError;

impl Typer<'_> {
    pub(super) fn set_operation(&mut self, body: &SetExpr, outer: &Scope<'_>) -> Columns {
        let SetExpr::SetOperation { op, set_quantifier, left, right } = body else { return None };
        let bodies = (left, right);
        let (left, right) = (self.set_expr(left, None, outer)?, self.set_expr(right, None, outer)?);
        self.match_types(*op, &left, &right);
        if !matches!(set_quantifier, SetQuantifier::All) {
            self.compare_rows(body, &left, &right);
        }
        for (at, (left, right)) in left.iter().zip(right.iter()).enumerate() {
            self.coerce_item(bodies.0, at, left.value_type, right.value_type);
            self.coerce_item(bodies.1, at, right.value_type, left.value_type);
        }
        let both = left.iter().zip(right.iter()).map(|(left, right)| {
            let value_type = common_column(left.value_type, right.value_type);
            self.types.mixes_zones |= value_type.adds_zone_to(left.value_type, right.value_type);
            RelationColumn { name: left.name.clone(), value_type }
        });
        Some(both.collect())
    }

    /// The columns that tell rows apart, where there are texts among them.
    fn compare_rows(&mut self, body: &SetExpr, left: &[RelationColumn], right: &[RelationColumn]) {
        let is_text = |kind: ValueType| kind.is_text();
        let both = left.iter().zip(right);
        let columns: Vec<(String, bool)> = both
            .map(|(left, right)| (left.name.clone(), is_text(left.value_type) || is_text(right.value_type)))
            .collect();
        if left.len() == right.len() && columns.iter().any(|(_, is_text)| *is_text) {
            self.types.set_operations.insert(place(body), columns);
        }
    }

    /// *Both sides have types that fit* (Type compatibility and conversion).
    fn match_types(&mut self, op: SetOperator, left: &[RelationColumn], right: &[RelationColumn]) {
        for (left, right) in left.iter().zip(right) {
            if let (ValueType::Of(left), ValueType::Of(right)) = (left.value_type, right.value_type)
                && !left.has_common_type(right)
            {
                let (left, right) = (left.bare_name(), right.bare_name());
                self.refuse(TranslateError::new("42804", format!("{op} types {left} and {right} cannot be matched")));
            }
        }
    }

    /// A literal in one part of a UNION takes the type that the column has in the other.
    fn coerce_item(&mut self, body: &SetExpr, at: usize, own: ValueType, other: ValueType) {
        let (ValueType::Untyped, ValueType::Of(kind)) = (own, other) else { return };
        match body {
            SetExpr::Select(select) => {
                if let Some(SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) =
                    select.projection.get(at)
                {
                    self.coerce([expr], kind);
                }
            }
            SetExpr::Query(query) => self.coerce_item(&query.body, at, own, other),
            SetExpr::SetOperation { left, right, .. } => {
                self.coerce_item(left, at, own, other);
                self.coerce_item(right, at, own, other);
            }
            _ => {}
        }
    }
}

/// The type of a column of a UNION. DuckDB knows no SUPER beside other types there.
fn common_column(left: ValueType, right: ValueType) -> ValueType {
    match left.is_super() == right.is_super() {
        true => left.common(right),
        false => ValueType::Unknown,
    }
}
