//! The types of what stands for itself: literals, words that are functions, names of types.

use sqlparser::ast::{DataType, Expr, Value};

use super::value_type::{MAX_PRECISION, ValueType};
use crate::parse::simple_expressions::literal as literal_text;
use crate::rules::casts::unlimited;
use crate::rules::functions::number_format_type;
use crate::types::Type;

/// The type that a cast names; that of VARCHAR without a length is as long as can be.
pub(super) fn type_named(data_type: &DataType) -> ValueType {
    if unlimited(data_type) {
        return ValueType::TEXT;
    }
    if matches!(data_type, DataType::Interval { fields: None, .. }) {
        return ValueType::Interval;
    }
    Type::of(data_type).map_or(ValueType::Unknown, ValueType::Of)
}

/// The type of TO_NUMBER by its format.
pub(super) fn number_by_format(format: Option<&Expr>) -> ValueType {
    let format = format.and_then(literal_text);
    format.map_or(ValueType::Unknown, |format| ValueType::Of(number_format_type(format)))
}

/// Words that are functions without parentheses.
pub(super) fn word(name: &str) -> Option<ValueType> {
    Some(match name {
        "sysdate" | "localtimestamp" => ValueType::TIMESTAMP,
        "current_date" => ValueType::DATE,
        "current_timestamp" => ValueType::TIMESTAMPTZ,
        "current_user" | "session_user" | "user" | "current_schema" | "current_database" => ValueType::TEXT,
        "current_time" | "localtime" | "default" => ValueType::Unknown,
        "current_user_id" => ValueType::Of(Type::Integer),
        _ => return None,
    })
}

/// Functions whose first argument is the name of a part of a date.
pub(super) const OF_DATE_PARTS: [&str; 8] =
    ["date_add", "date_diff", "date_part", "date_trunc", "dateadd", "datediff", "datepart", "pgdate_part"];

pub(super) fn literal(value: &Value) -> ValueType {
    match value {
        Value::Boolean(_) => ValueType::BOOLEAN,
        Value::Number(digits, _) => number(digits),
        Value::Null => ValueType::Null,
        _ => ValueType::Untyped,
    }
}

/// The type of a number by its digits, as DuckDB reads them.
pub(super) fn number(digits: &str) -> ValueType {
    if digits.contains(['e', 'E']) {
        return ValueType::DOUBLE;
    }
    match digits.find('.') {
        None if digits.parse::<i32>().is_ok() => ValueType::INTEGER,
        None if digits.parse::<i64>().is_ok() => ValueType::BIGINT,
        None => ValueType::Of(Type::Decimal(MAX_PRECISION, 0)),
        Some(point) => match (u8::try_from(digits.len() - 1), u8::try_from(digits.len() - 1 - point)) {
            (Ok(precision @ 1..=MAX_PRECISION), Ok(scale)) => ValueType::Of(Type::Decimal(precision, scale)),
            _ => ValueType::DOUBLE,
        },
    }
}

/// The number of `$1`.
pub(super) fn parameter_number(expr: &Expr) -> Option<usize> {
    let Expr::Value(value) = expr else { return None };
    let Value::Placeholder(name) = &value.value else { return None };
    name.strip_prefix('$')?.parse().ok()
}
