//! *Rewriting of expressions*, from the innermost out, by the types that they had before.

use std::collections::HashMap;
use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, CastKind, Expr, Ident, Query, Select, SelectItem, TrimWhereField, UnaryOperator, Value, VisitorMut,
};

use crate::bind::blanks::Blanks;
use crate::bind::value_type::ValueType;
use crate::bind::{Types, place};
use crate::error::TranslateError;
use crate::interval_type::IntervalType;
use crate::options::TranslateOptions;
use crate::parse::simple_expressions::literal;
use crate::rules::arithmetic;
use crate::rules::casts::{
    coerced, differs_as_text, interval_of, rewrite_cast, rewrite_try_cast, text_value, typed_text,
};
use crate::rules::comparison;
use crate::rules::construct::{call, call_with, cast, nested, number, replace, take, text};
use crate::rules::date_functions;
use crate::rules::functions;
use crate::rules::normalize::CATALOG_SCHEMAS;
use crate::rules::rows_apart;
use crate::rules::super_ordering;
use crate::rules::super_values;
use crate::rules::table_factors::unnest_super;
use crate::rules::varbyte;
use crate::rules::zones;
use crate::types::{Type, VARCHAR_MAX};

pub struct Rewrite<'s> {
    types: &'s Types,
    keeps_case: bool,
    /// What aliases of a SELECT name, by the place of it, where DuckDB does not know them.
    named: HashMap<usize, Expr>,
}

impl<'s> Rewrite<'s> {
    pub fn new(types: &'s Types, reading: TranslateOptions<'_>) -> Self {
        Self { types, keeps_case: reading.keeps_case, named: HashMap::new() }
    }

    /// *Texts that rows are told apart by* have no blanks behind them there.
    fn mark_distinct_texts(&self, expr: &mut Expr) {
        match self.types.distinct_texts(expr) {
            Some(Blanks::Trimmed) => replace(expr, comparison::trimmed),
            Some(Blanks::OfGroup) => replace(expr, |text| call("min", [text])),
            None => {}
        }
    }

    fn rewrite(&self, expr: &mut Expr) -> Result<Option<Expr>, TranslateError> {
        comparison::rewrite(expr, self.types);
        Ok(match expr {
            Expr::Function(function) => return functions::rewrite(function, self.types),
            Expr::Cast { kind: CastKind::TryCast | CastKind::SafeCast, data_type, expr, .. } => {
                Some(rewrite_try_cast(expr, self.types.of(expr), data_type)?)
            }
            Expr::Cast { data_type, expr, .. } | Expr::Convert { expr, data_type: Some(data_type), .. } => {
                Some(rewrite_cast(expr, self.types.of(expr), data_type)?)
            }
            Expr::TypedString(typed) => return typed_text(&typed.data_type, &typed.value.value),
            Expr::CompoundIdentifier(parts)
                if parts.len() == 3 && CATALOG_SCHEMAS.contains(&parts[0].value.as_str()) =>
            {
                parts.remove(0);
                None
            }
            Expr::Identifier(ident) if ident.quote_style.is_none() => word(&ident.value),
            Expr::Trim { trim_where, expr, trim_what, .. } => {
                let function = match trim_where {
                    Some(TrimWhereField::Leading) => "ltrim",
                    Some(TrimWhereField::Trailing) => "rtrim",
                    _ => "btrim",
                };
                let signs = trim_what.as_mut().map(|signs| take(signs));
                Some(call_with(function, std::iter::once(take(expr)).chain(signs).collect()))
            }
            Expr::Substring { expr: value, substring_from, substring_for, .. } if self.types.of(value).is_bytes() => {
                let start = substring_from.as_mut().map_or_else(|| number(1), |start| take(start));
                Some(varbyte::substring(take(value), start, substring_for.as_mut().map(|length| take(length))))
            }
            Expr::Substring { expr: value, .. } => {
                let kind = self.types.of(value);
                if differs_as_text(value, kind) {
                    replace(value, |value| text_value(value, kind));
                }
                None
            }
            Expr::Floor { expr, .. } if self.types.of(expr).is_super() => {
                Some(super_values::rounded("floor", take(expr)))
            }
            Expr::Ceil { expr, .. } if self.types.of(expr).is_super() => {
                Some(super_values::rounded("ceil", take(expr)))
            }
            Expr::Position { expr, r#in } => Some(call("strpos", [take(r#in), take(expr)])),
            Expr::Like { expr, .. } | Expr::ILike { expr, .. } | Expr::SimilarTo { expr, .. }
                if self.types.of(expr).is_bytes() =>
            {
                let message = "operator does not exist: binary varying ~~ character varying";
                return Err(TranslateError::new("42883", message));
            }
            Expr::Like { escape_char: escape, pattern, expr, .. }
            | Expr::ILike { escape_char: escape, pattern, expr, .. } => {
                if escape.is_none() {
                    *escape = default_escape(pattern);
                }
                // What is no text can be like a pattern, too.
                let kind = self.types.of(expr);
                replace(expr, |value| as_text(value, kind));
                None
            }
            Expr::SimilarTo { negated, expr, pattern, escape_char } => {
                let escape = escape_char.as_mut().map_or_else(|| text("\\"), |escape| take(escape));
                let written = cast(take(expr), Type::Varchar(VARCHAR_MAX));
                let similar = cast(call("redshift_similar", [written, take(pattern), escape]), Type::Boolean);
                Some(match negated {
                    true => nested(Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(similar) }),
                    false => similar,
                })
            }
            Expr::AtTimeZone { timestamp, time_zone } => {
                let kind = self.types.of(timestamp);
                Some(date_functions::at_time_zone(take(timestamp), kind, take(time_zone)))
            }
            Expr::BinaryOp { left, op, right }
                if !comparison::compares(op) && (self.types.of(left).is_bytes() || self.types.of(right).is_bytes()) =>
            {
                let (one, two) = (self.types.of(left), self.types.of(right));
                varbyte::rewrite_operator((left, one), op, (right, two))
            }
            Expr::UnaryOp { op, expr } if self.types.of(expr).is_bytes() => varbyte::rewrite_negation(*op, expr),
            Expr::BinaryOp { left, op: BinaryOperator::StringConcat, right } => {
                for side in [left, right] {
                    let kind = self.types.of(side);
                    if differs_as_text(side, kind) {
                        replace(side, |value| text_value(value, kind));
                    }
                }
                None
            }
            Expr::BinaryOp { left, op, right } => {
                let (one, two) = (self.types.of(left), self.types.of(right));
                match is_arithmetic(op).then(|| super_values::computed((left, one), op, (right, two))).flatten() {
                    Some(computed) => Some(computed),
                    None => arithmetic::rewrite((left, one), op, (right, two)),
                }
            }
            Expr::Interval(interval) => match (IntervalType::of_literal(interval)?, literal(&interval.value)) {
                (Some(kind), Some(written)) => Some(interval_of(text(written), Type::Interval(kind))),
                _ => None,
            },
            Expr::UnaryOp { op: UnaryOperator::Minus, expr } if self.types.of(expr).is_super() => {
                Some(super_values::negative(take(expr)))
            }
            Expr::IsNull(inner) if self.types.of(inner).is_super() => {
                Some(nested(call("redshift_is_null_super", [take(inner)])))
            }
            Expr::IsNotNull(inner) if self.types.of(inner).is_super() => {
                let is_null = nested(call("redshift_is_null_super", [take(inner)]));
                Some(nested(Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(is_null) }))
            }
            Expr::Case { .. } if self.types.of(expr) == ValueType::TIMESTAMPTZ => {
                zones::rewrite_case(expr, self.types);
                None
            }
            Expr::Case { .. } if self.types.of(expr).is_super() => {
                self.results_to_super(expr);
                None
            }
            Expr::IsUnknown(inner) => Some(Expr::IsNull(Box::new(take(inner)))),
            Expr::IsNotUnknown(inner) => Some(Expr::IsNotNull(Box::new(take(inner)))),
            Expr::Extract { expr, field, .. } => {
                let kind = self.types.of(expr);
                Some(date_functions::extract(&field.to_string().to_lowercase(), take(expr), kind))
            }
            _ => None,
        })
    }
}

impl Rewrite<'_> {
    /// The results of a CASE of which one is a SUPER.
    fn results_to_super(&self, case: &mut Expr) {
        let Expr::Case { conditions, else_result, .. } = case else { return };
        for result in conditions.iter_mut().map(|when| &mut when.result).chain(else_result.as_deref_mut()) {
            let kind = self.types.of(result);
            replace(result, |value| super_values::as_super(value, kind));
        }
    }
}

impl VisitorMut for Rewrite<'_> {
    type Break = TranslateError;

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<Self::Break> {
        rows_apart::set_operations(&mut query.body, self.types);
        super_ordering::rewrite(query, self.types);
        match unnest_super(&mut query.body, self.types, self.keeps_case) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        }
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Self::Break> {
        // *Lateral aliases beside GROUP BY*: what an alias names stands in its place.
        if let Some(named) = self.types.lateral(expr).and_then(|place| self.named.get(&place)) {
            *expr = nested(named.clone());
            self.mark_distinct_texts(expr);
            return ControlFlow::Continue(());
        }
        if let Some(kind) = self.types.coerced(expr) {
            replace(expr, |literal| coerced(literal, kind));
            return ControlFlow::Continue(());
        }
        match self.rewrite(expr) {
            Ok(Some(new)) => *expr = new,
            Ok(None) => {}
            Err(error) => return ControlFlow::Break(error),
        }
        if self.types.is_named_by_lateral(expr) {
            self.named.insert(place(expr), expr.clone());
        }
        self.mark_distinct_texts(expr);
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, select: &mut Select) -> ControlFlow<Self::Break> {
        for item in &mut select.projection {
            if let SelectItem::UnnamedExpr(expr) = item
                && let Some(name) = self.types.lost_name(expr)
            {
                *item = SelectItem::ExprWithAlias { expr: take(expr), alias: Ident::with_quote('"', name) };
            }
        }
        rows_apart::distinct(select, self.types);
        ControlFlow::Continue(())
    }
}

fn is_arithmetic(op: &BinaryOperator) -> bool {
    use BinaryOperator::{Divide, Minus, Modulo, Multiply, Plus};
    matches!(op, Plus | Minus | Multiply | Divide | Modulo)
}

fn as_text(value: Expr, kind: ValueType) -> Expr {
    match differs_as_text(&value, kind) || kind.is_text() {
        true => text_value(value, kind),
        false => cast(value, Type::Varchar(VARCHAR_MAX)),
    }
}

/// Words that are functions without parentheses.
fn word(name: &str) -> Option<Expr> {
    match name {
        "sysdate" => Some(date_functions::now("microsecond")),
        "current_date" => Some(date_functions::today()),
        "current_user" | "session_user" | "user" => Some(call("redshift_user", [])),
        "current_user_id" => Some(call("current_user_id", [])),
        _ => None,
    }
}

/// *LIKE escapes with a backslash* where no other sign is named.
fn default_escape(pattern: &Expr) -> Option<Box<Expr>> {
    let has_backslash = match pattern {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => text.contains('\\'),
            Value::DollarQuotedString(text) => text.value.contains('\\'),
            _ => false,
        },
        _ => true,
    };
    has_backslash.then(|| Box::new(Expr::value(Value::SingleQuotedString("\\".into()))))
}
