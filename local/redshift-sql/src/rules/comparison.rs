//! *Comparisons as Redshift means them*: blanks behind a text do not count, a text beside a date is read in all of
//! Redshift's orders of day and month, and a text in a SUPER is compared without its quotes.

use sqlparser::ast::{BinaryOperator, Expr, Value};

use crate::bind::Types;
use crate::bind::value_type::ValueType;
use crate::parse::simple_expressions::{is_simple, literal};
use crate::rules::casts::coerced;
use crate::rules::construct::time_of_text;
use crate::rules::construct::{call, cast, nested, replace, take, text};
use crate::rules::super_values;
use crate::rules::table_factors::wrap_column;
use crate::rules::varbyte;
use crate::rules::zones;
use crate::time::loose_time::is_loose_time;
use crate::types::{Type, VARCHAR_MAX};

/// Rewrites what a comparison compares.
pub fn rewrite(expr: &mut Expr, types: &Types) {
    match expr {
        Expr::BinaryOp { left, op, right } if compares(op) => {
            let (one, two) = (types.of(left), types.of(right));
            if *op == BinaryOperator::Eq
                && let Some(equal) = equals_literal((left, one), (right, two))
            {
                *expr = equal;
                return;
            }
            if let Some(compared) = super_values::compared((left, one), op, (right, two)) {
                *expr = nested(compared);
                return;
            }
            match (left.as_mut(), right.as_mut()) {
                (Expr::Tuple(left), Expr::Tuple(right)) => {
                    for (left, right) in left.iter_mut().zip(right) {
                        let (one, two) = (types.of(left), types.of(right));
                        sides((left, one), (right, two));
                    }
                }
                (left, right) => sides((left, one), (right, two)),
            }
        }
        Expr::InSubquery { .. } | Expr::AnyOp { .. } | Expr::AllOp { .. } => beside_subquery(expr, types),
        Expr::InList { expr, list, .. } if matches!(**expr, Expr::Tuple(_)) => {
            if let Expr::Tuple(parts) = expr.as_mut() {
                beside_tuples(parts, list, types);
            }
        }
        Expr::InList { expr, list, .. } => {
            let others = list.iter_mut().map(|other| (types.of(other), other)).collect();
            among((types.of(expr), expr), others);
        }
        Expr::Between { expr, low, high, .. } => {
            let others = [low, high].map(|other| (types.of(other), other.as_mut())).into();
            beside((types.of(expr), expr), others);
        }
        Expr::Case { operand: Some(operand), conditions, .. } => {
            let others = conditions.iter_mut().map(|when| (types.of(&when.condition), &mut when.condition)).collect();
            among((types.of(operand), operand), others);
        }
        Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) => {
            let (one, two) = (types.of(left), types.of(right));
            sides((left, one), (right, two));
        }
        _ => {}
    }
}

/// Rewrites both sides of a comparison.
pub fn sides((left, one): (&mut Expr, ValueType), (right, two): (&mut Expr, ValueType)) {
    side(left, one, two);
    side(right, two, one);
}

/// `(a, b) IN ((1, 'x'), (2, 'y'))`: part by part.
fn beside_tuples(parts: &mut [Expr], list: &mut [Expr], types: &Types) {
    for (at, part) in parts.iter_mut().enumerate() {
        let others = list.iter_mut().filter_map(|other| match other {
            Expr::Tuple(others) => others.get_mut(at),
            _ => None,
        });
        beside((types.of(part), part), others.map(|other| (types.of(other), other)).collect());
    }
}

/// `value IN (SELECT …)`, and ANY and ALL: texts without the blanks behind them on both sides.
fn beside_subquery(expr: &mut Expr, types: &Types) {
    let column = types.compared(expr);
    let (value, query) = match expr {
        Expr::InSubquery { expr: value, subquery, .. } => (value, subquery),
        Expr::AnyOp { left, right, .. } | Expr::AllOp { left, right, .. } => match right.as_mut() {
            Expr::Subquery(query) => (left, query),
            _ => return,
        },
        _ => return,
    };
    let kind = types.of(value);
    let is_text = |kind: ValueType| kind.is_text() || kind == ValueType::Untyped;
    match (kind, column) {
        (kind, column) if is_text(kind) && is_text(column) => {
            side(value, kind, ValueType::TEXT);
            wrap_column(query, "redshift_trimmed");
        }
        (kind, ValueType::TIMESTAMPTZ) if zones::is_without_zone(kind) => replace(value, zones::zoned),
        (ValueType::TIMESTAMPTZ, column) if zones::is_without_zone(column) => wrap_column(query, "redshift_zoned"),
        (ValueType::Of(Type::Date), ValueType::Untyped) => wrap_column(query, "redshift_date_of_text"),
        (ValueType::Of(Type::Timestamp), ValueType::Untyped) => wrap_column(query, "redshift_timestamp_of_text"),
        (ValueType::Of(Type::TimestampTz), ValueType::Untyped) => wrap_column(query, "redshift_timestamptz_of_text"),
        _ => {}
    }
}

pub fn compares(op: &BinaryOperator) -> bool {
    use BinaryOperator::{Eq, Gt, GtEq, Lt, LtEq, NotEq};
    matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq)
}

/// `value = 'literal'`, which most conditions are.
fn equals_literal((left, one): (&mut Expr, ValueType), (right, two): (&mut Expr, ValueType)) -> Option<Expr> {
    let (value, kind, wanted) = match (is_plain(left), is_plain(right)) {
        (false, true) => (left, one, right),
        (true, false) => (right, two, left),
        _ => return None,
    };
    match kind {
        // Such texts lie between the literal, and it and the sign after a blank: DuckDB looks for them where they can be.
        ValueType::Of(Type::Varchar(_) | Type::Char(_)) if is_simple(value) => {
            trim_literal(wanted);
            let past = changed(wanted, |text| text.push('!'));
            Some(nested(call("redshift_is_text", [take(value), take(wanted), past])))
        }
        ValueType::SUPER => {
            trim_literal(wanted);
            Some(nested(call("redshift_is_super", [take(value), take(wanted)])))
        }
        ValueType::Unknown if is_simple(value) => {
            trim_literal(wanted);
            let past = changed(wanted, |text| text.push('!'));
            let kind = call("typeof", [value.clone()]);
            Some(nested(call("redshift_is", [take(value), take(wanted), past, kind])))
        }
        _ => None,
    }
}

/// One value, and those that it may equal.
fn among((one, value): (ValueType, &mut Expr), others: Vec<(ValueType, &mut Expr)>) {
    if !one.is_super() || others.iter().any(|(kind, _)| kind.is_date()) {
        return beside((one, value), others);
    }
    replace(value, |value| super_values::key(value, one));
    others.into_iter().for_each(|(kind, other)| replace(other, |other| super_values::key(other, kind)));
}

/// One value, and those that it is compared with.
fn beside((one, value): (ValueType, &mut Expr), others: Vec<(ValueType, &mut Expr)>) {
    let all = others.iter().map(|(kind, _)| *kind);
    let common = all.reduce(ValueType::common).unwrap_or(ValueType::Unknown);
    for (kind, other) in others {
        side(other, kind, one);
    }
    side(value, one, common);
}

/// Rewrites one side of a comparison by its own type and that of what it is compared with.
fn side(expr: &mut Expr, own: ValueType, beside: ValueType) {
    let time = match beside {
        ValueType::Of(kind @ (Type::Date | Type::Timestamp | Type::TimestampTz)) => Some(kind),
        _ => None,
    };
    match (own, time) {
        _ if beside.is_bytes() => varbyte::beside_bytes(expr, own),
        (ValueType::Untyped | ValueType::Of(Type::Varchar(_) | Type::Char(_)), None)
            if beside.known().is_some_and(Type::reads_literals) =>
        {
            if let Some(kind) = beside.known() {
                replace(expr, |text| coerced(text, kind));
            }
        }
        (own, Some(Type::TimestampTz)) if zones::is_without_zone(own) => replace(expr, zones::zoned),
        (ValueType::Untyped, Some(kind @ Type::TimestampTz)) if literal(expr).is_some() => {
            replace(expr, |text| time_of_text(text, kind));
        }
        (ValueType::Untyped, Some(kind)) if literal(expr).is_some_and(is_loose_time) => {
            replace(expr, |text| time_of_text(text, kind));
        }
        (ValueType::Untyped, _) if literal(expr).is_some() => trim_literal(expr),
        // What is made of literals is a text.
        (ValueType::Untyped, _) => side(expr, ValueType::TEXT, beside),
        (ValueType::Of(Type::Varchar(_) | Type::Char(_)), Some(kind)) => replace(expr, |text| time_of_text(text, kind)),
        (ValueType::Of(Type::Varchar(_) | Type::Char(_)), None) if !beside.is_number() => replace(expr, trimmed),
        (ValueType::SUPER, Some(kind)) => replace(expr, |value| time_of_text(text_in_super(value), kind)),
        // In a SUPER only a number is one.
        (ValueType::SUPER, None) if beside.is_number() => {
            replace(expr, |value| call("redshift_number_in_super", [value]))
        }
        (ValueType::SUPER, None) if beside.is_super() => replace(expr, |value| super_values::key(value, own)),
        (ValueType::SUPER, None) if beside.is_textual() => {
            replace(expr, |value| call("redshift_text_in_super", [value]));
        }
        (ValueType::SUPER, None) if beside == ValueType::BOOLEAN => {
            replace(expr, |value| call("redshift_boolean_in_super", [value]));
        }
        (ValueType::Unknown, _) if is_simple(expr) && !beside.is_number() => {
            let other = match time {
                Some(kind) => cast(Expr::value(Value::Null), kind),
                None => cast(Expr::value(Value::Null), Type::Varchar(VARCHAR_MAX)),
            };
            replace(expr, |value| {
                let kind = call("typeof", [value.clone()]);
                call("redshift_side", [value, other, kind])
            });
        }
        _ => {}
    }
}

/// The text in a SUPER, without its quotes.
fn text_in_super(value: Expr) -> Expr {
    call("json_extract_string", [value, text("$")])
}

/// A text without the blanks behind it. Few texts end with one, and looking is cheaper than cutting.
pub fn trimmed(value: Expr) -> Expr {
    match is_simple(&value) {
        true => call("redshift_trimmed", [value]),
        false => call("system.main.rtrim", [value, text(" ")]),
    }
}

/// A text that is no time.
fn is_plain(expr: &Expr) -> bool {
    literal(expr).is_some_and(|text| !is_loose_time(text))
}

/// A literal that stays one, so that DuckDB takes it for whatever is beside it.
fn trim_literal(expr: &mut Expr) {
    if literal(expr).is_some_and(|text| text.ends_with(' ')) {
        *expr = changed(expr, |text| text.truncate(text.trim_end_matches(' ').len()));
    }
}

/// The same literal with another text.
pub fn changed(literal: &Expr, change: impl FnOnce(&mut String)) -> Expr {
    let mut literal = literal.clone();
    if let Expr::Value(value) = &mut literal {
        match &mut value.value {
            Value::SingleQuotedString(text) => change(text),
            Value::DollarQuotedString(text) => change(&mut text.value),
            _ => {}
        }
    }
    literal
}
