//! Functions of dates and times, and the names of their parts.

use sqlparser::ast::{BinaryOperator, Expr};

use crate::bind::value_type::ValueType;
use crate::error::TranslateError;
use crate::parse::date_parts::date_part_name;
use crate::parse::simple_expressions::literal;
use crate::rules::calls::{Call, is_cheap};
use crate::rules::construct::time_of_text;
use crate::rules::construct::{binary, call, cast, nested, number, text};
use crate::rules::zones;
use crate::types::Type;

/// The current time in UTC, as Redshift gives it: `second`, `microsecond`.
pub fn now(precision: &str) -> Expr {
    call("redshift_now", [text(precision)])
}

/// The current day in UTC.
pub fn today() -> Expr {
    cast(now("microsecond"), Type::Date)
}

/// What a date function is given: a time of day, or a TIMESTAMP made of anything else.
fn instant(value: Expr, kind: ValueType) -> Expr {
    match kind {
        ValueType::TIMESTAMP | ValueType::TIME => value,
        // It is kept in UTC.
        ValueType::TIMETZ => cast(value, Type::Time),
        ValueType::TIMESTAMPTZ => zones::local(value),
        ValueType::Unknown => call("redshift_instant", [value]),
        kind if kind.is_textual() => time_of_text(value, Type::Timestamp),
        _ => cast(value, Type::Timestamp),
    }
}

/// *EXTRACT* answers an integer.
pub fn extract(part: &str, date: Expr, kind: ValueType) -> Expr {
    let whole = call("system.main.trunc", [part_of(part, date, kind)]);
    cast(whole, if part == "epoch" { Type::BigInt } else { Type::Integer })
}

/// *Parts of a date*: DuckDB counts seconds into smaller units, and decades from zero.
fn part_of(part: &str, date: Expr, kind: ValueType) -> Expr {
    let date = match kind {
        ValueType::TIMESTAMPTZ if part == "epoch" => cast(date, Type::Timestamp),
        ValueType::TIMESTAMPTZ => zones::local(date),
        ValueType::Unknown if part == "epoch" => call("redshift_epochless", [date]),
        ValueType::TIMETZ => cast(date, Type::Time),
        ValueType::Unknown => call("redshift_zoneless", [date]),
        kind if kind.is_textual() => instant(date, kind),
        // Intervals have parts too.
        _ => date,
    };
    let found = call("date_part", [text(part), date]);
    match part {
        "millisecond" => binary(found, BinaryOperator::Modulo, number(1000)),
        "microsecond" => binary(found, BinaryOperator::Modulo, number(1_000_000)),
        "decade" => binary(found, BinaryOperator::Plus, number(1)),
        _ => found,
    }
}

/// *DATE_PART* answers a double, of seconds with their fraction.
pub fn date_part(given: &mut Call) -> Result<Expr, TranslateError> {
    let part = named_part(given)?;
    let (date, kind) = (given.take(1), given.kind(1));
    let found = match part {
        "second" => {
            let micros = call("date_part", [text("microsecond"), instant(date, kind)]);
            binary(micros, BinaryOperator::Divide, number("1000000.0"))
        }
        part => part_of(part, date, kind),
    };
    Ok(cast(found, Type::Double))
}

pub fn date_trunc(given: &mut Call) -> Result<Expr, TranslateError> {
    let part = named_part(given)?;
    let date = instant(given.take(1), given.kind(1));
    Ok(match part {
        "century" | "millennium" => call("redshift_trunc_by_hundreds", [text(part), date]),
        part => call("date_trunc", [text(part), date]),
    })
}

/// *DATEADD*: as many units after the date, which becomes a timestamp.
pub fn date_add(given: &mut Call) -> Result<Expr, TranslateError> {
    let part = named_part(given)?;
    let kind = given.kind(2);
    let (count, date) = (given.take(1), instant(given.take(2), kind));
    let (function, factor) = match part {
        "quarter" => ("to_months".to_owned(), 3),
        "dow" | "doy" | "epoch" => return Err(TranslateError::unsupported(&format!("DATEADD of {part}"))),
        "millennium" => ("to_millennia".to_owned(), 1),
        "century" => ("to_centuries".to_owned(), 1),
        "year" => {
            let adds = if is_cheap(&date) { "redshift_add_years" } else { "redshift_add_years_once" };
            return Ok(call(adds, [date, cast(count, Type::Integer)]));
        }
        part => (format!("to_{part}s"), 1),
    };
    let number_kind = match part {
        "millisecond" => Type::Double,
        "hour" | "minute" | "second" | "microsecond" => Type::BigInt,
        _ => Type::Integer,
    };
    let count = if factor == 1 { count } else { binary(count, BinaryOperator::Multiply, number(factor)) };
    let later = binary(date, BinaryOperator::Plus, call(&function, [cast(count, number_kind)]));
    Ok(if kind == ValueType::TIMETZ { cast(nested(later), Type::TimeTz) } else { nested(later) })
}

/// *DATEDIFF* counts boundaries.
pub fn date_diff(given: &mut Call) -> Result<Expr, TranslateError> {
    let part = named_part(given)?;
    let (from, to) = (instant(given.take(1), given.kind(1)), instant(given.take(2), given.kind(2)));
    Ok(match part {
        // A week begins on Monday.
        "week" => call("redshift_weeks", [from, to]),
        part => call("date_diff", [text(part), from, to]),
    })
}

/// A time at a zone: what has none is taken to be in it, and what has one is shown in it.
pub fn at_time_zone(value: Expr, kind: ValueType, zone: Expr) -> Expr {
    match kind {
        ValueType::TIMESTAMPTZ => call("redshift_zone", [text("UTC"), zone, cast(value, Type::Timestamp)]),
        ValueType::Unknown => call("timezone", [zone, value]),
        kind => {
            let there = call("redshift_zone", [zone, text("UTC"), instant(value, kind)]);
            cast(there, Type::TimestampTz)
        }
    }
}

/// The part that the first argument names, as a text or as a word.
fn named_part(given: &Call) -> Result<&'static str, TranslateError> {
    let first = given.arguments.first();
    let name = first.and_then(literal).map_or_else(|| first.map(ToString::to_string), |text| Some(text.to_owned()));
    date_part_name(&name.unwrap_or_default())
}
