//! Casts to Redshift's types, in each of their forms.

use sqlparser::ast::{CastKind, DataType, Expr, Value};

use crate::bind::value_type::ValueType;
use crate::error::TranslateError;
use crate::parse::simple_expressions::{is_simple, literal};
use crate::rules::construct::{self, call, case, cast, take, text, time_of_text, try_cast};
use crate::rules::super_values;
use crate::rules::varbyte;
use crate::rules::zones;
use crate::types::{self, Type};

/// *Types by Redshift's meaning*: FLOAT is eight bytes wide, DECIMAL has no places, a text is cut to its length.
pub fn rewrite_cast(expr: &mut Expr, from: ValueType, data_type: &DataType) -> Result<Expr, TranslateError> {
    // `::regclass` and the like are of the catalog's own queries.
    let name = data_type.to_string().to_lowercase();
    if let kind @ ("regclass" | "regtype" | "regproc" | "regprocedure") =
        name.strip_prefix("pg_catalog.").unwrap_or(&name)
    {
        return Ok(call(&format!("redshift_{kind}"), [take(expr)]));
    }
    if matches!(data_type, DataType::Interval { fields: None, .. }) {
        return Ok(construct::cast_as(CastKind::Cast, take(expr), "INTERVAL"));
    }
    let wanted = match unlimited(data_type) {
        true => Type::Varchar(types::VARCHAR_MAX),
        false => Type::of(data_type)?,
    };
    if from == ValueType::BOOLEAN && matches!(wanted, Type::Varchar(_) | Type::Char(_)) {
        let message = format!("cannot cast type boolean to {}", wanted.bare_name());
        return Err(TranslateError::new("42846", message));
    }
    let value = take(expr);
    if from == ValueType::TIMETZ
        && !matches!(wanted, Type::Varchar(_) | Type::Char(_) | Type::Time | Type::TimeTz | Type::Super)
    {
        return Err(no_cast("time with time zone", &wanted.bare_name()));
    }
    if from.is_bytes() && !matches!(wanted, Type::Varchar(_) | Type::Char(_) | Type::Varbyte(_)) {
        return varbyte::cast_from_bytes(value, wanted);
    }
    if from.is_interval() && !matches!(wanted, Type::Varchar(_) | Type::Char(_) | Type::Interval(_) | Type::Time) {
        return Err(no_cast(&varbyte::name_of(from), &wanted.bare_name()));
    }
    Ok(match wanted {
        Type::Interval(_) => match from {
            from if from.is_interval() || from.is_textual() && !from.is_super() => interval_of(value, wanted),
            ValueType::Null | ValueType::Unknown => interval_of(value, wanted),
            other => return Err(no_cast(&varbyte::name_of(other), &wanted.bare_name())),
        },
        Type::Varbyte(limit) => {
            let is_limited = !matches!(data_type, DataType::Varbinary(None)) && data_type.to_string().contains('(');
            varbyte::cast_to_bytes(value, from, is_limited.then_some(limit))?
        }
        Type::Varchar(limit) | Type::Char(limit) if limit < types::VARCHAR_MAX => {
            let text = text_value(value, from);
            match is_simple(&text) || literal(&text).is_some() {
                true => call("redshift_cut", [text, construct::number(limit)]),
                // The macro mentions it three times, and so would each cast around it.
                false => call("redshift_truncate", [text, construct::text(&limit.to_string())]),
            }
        }
        Type::Varchar(_) | Type::Char(_) => text_value(value, from),
        Type::Date | Type::Timestamp | Type::TimestampTz if from.is_super() => time_in_super(value, wanted),
        Type::Date | Type::Timestamp | Type::TimestampTz => time(value, from, wanted),
        Type::Boolean => boolean(value, from)?,
        Type::SmallInt | Type::Integer | Type::BigInt => cast(whole(value, from, wanted, ""), wanted),
        // What a SUPER does not hold is NULL (cast_super_null_on_error).
        Type::Decimal(..) | Type::Real | Type::Double => match from {
            ValueType::SUPER => try_cast(value, wanted),
            ValueType::Unknown if is_path(&value) => {
                let kind = call("typeof", [value.clone()]);
                let is_super = construct::binary(kind, sqlparser::ast::BinaryOperator::Eq, text("JSON"));
                case(vec![(is_super, try_cast(value.clone(), wanted))], Some(cast(value, wanted)))
            }
            _ => cast(value, wanted),
        },
        Type::Super => super_values::cast_to_super(value, from)?,
        Type::Time | Type::TimeTz => time_of_day(value, from, wanted)?,
    })
}

/// A value as a TIME or a TIMETZ, which is kept in UTC.
fn time_of_day(value: Expr, from: ValueType, wanted: Type) -> Result<Expr, TranslateError> {
    match from {
        ValueType::SUPER => Ok(try_cast(call("redshift_text_in_super", [value]), wanted)),
        from if from.is_textual() => Ok(time_of_text(value, wanted)),
        ValueType::TIME | ValueType::TIMETZ | ValueType::TIMESTAMPTZ | ValueType::Null => {
            let is_instant = from == ValueType::TIMESTAMPTZ;
            // A TIMETZ is kept in UTC.
            let value = match (is_instant, wanted) {
                (true, Type::TimeTz) => cast(cast(value, Type::Timestamp), Type::Time),
                (true, _) => zones::local(value),
                _ => value,
            };
            Ok(cast(value, wanted))
        }
        ValueType::TIMESTAMP if wanted == Type::Time => Ok(cast(value, wanted)),
        ValueType::Unknown if wanted == Type::TimeTz => Ok(call("redshift_timetz", [value])),
        ValueType::Unknown => Ok(call("redshift_time", [value])),
        ValueType::Interval if wanted == Type::Time => Ok(cast(value, wanted)),
        other => Err(no_cast(&varbyte::name_of(other), &wanted.bare_name())),
    }
}

/// A text or an interval as one with a qualifier.
pub fn interval_of(value: Expr, kind: Type) -> Expr {
    call("redshift_interval", [value, text(&kind.name())])
}

/// That there is no cast between two types.
pub fn no_cast(from: &str, to: &str) -> TranslateError {
    TranslateError::new("42846", format!("cannot cast type {from} to {to}"))
}

/// *TRY_CAST* answers NULL where a cast fails, also for a text that is no time in any order of day and month.
pub fn rewrite_try_cast(expr: &mut Expr, from: ValueType, data_type: &DataType) -> Result<Expr, TranslateError> {
    if unlimited(data_type) {
        return rewrite_cast(expr, from, data_type);
    }
    let wanted = Type::of(data_type)?;
    if from.is_bytes() || from == ValueType::TIMETZ {
        return rewrite_cast(expr, from, data_type);
    }
    Ok(match wanted {
        Type::Date | Type::Timestamp | Type::TimestampTz => {
            let reads = if wanted == Type::TimestampTz { "redshift_zoned_time_text" } else { "redshift_time_text" };
            try_cast(call(reads, [cast(take(expr), Type::Varchar(types::VARCHAR_MAX))]), wanted)
        }
        Type::Time | Type::TimeTz if from.is_textual() => {
            let reads = if wanted == Type::TimeTz { "redshift_normal_timetz" } else { "redshift_normal_time_of_day" };
            try_cast(call(reads, [cast(take(expr), Type::Varchar(types::VARCHAR_MAX))]), wanted)
        }
        Type::SmallInt | Type::Integer | Type::BigInt => try_cast(whole(take(expr), from, wanted, "TRY "), wanted),
        Type::Decimal(..) | Type::Real | Type::Double | Type::Boolean => try_cast(take(expr), wanted),
        _ => return rewrite_cast(expr, from, data_type),
    })
}

/// The text that Redshift writes of a value.
pub fn text_value(value: Expr, from: ValueType) -> Expr {
    match from {
        ValueType::Of(Type::Varchar(_) | Type::Char(_)) => value,
        ValueType::SUPER => call("redshift_scalar", [cast(value, Type::Varchar(types::VARCHAR_MAX))]),
        ValueType::DOUBLE => call("redshift_float_text", [value, text("{:.15g}")]),
        ValueType::Of(Type::Real) => call("redshift_float_text", [cast(value, Type::Double), text("{:.6g}")]),
        ValueType::Of(Type::Varbyte(_)) => call("decode", [value]),
        ValueType::TIMESTAMPTZ => call("redshift_zoned_text", [value]),
        ValueType::Interval | ValueType::Of(Type::Interval(_)) => call("redshift_interval_text", [value]),
        ValueType::Unknown => call("redshift_text", [value]),
        _ => cast(value, Type::Varchar(types::VARCHAR_MAX)),
    }
}

/// The time in a SUPER; NULL for what is none.
fn time_in_super(value: Expr, wanted: Type) -> Expr {
    let reads = if wanted == Type::TimestampTz { "redshift_zoned_time_text" } else { "redshift_time_text" };
    try_cast(call(reads, [call("redshift_text_in_super", [value])]), wanted)
}

/// A truth value; numbers with places have none.
fn boolean(value: Expr, from: ValueType) -> Result<Expr, TranslateError> {
    match from {
        ValueType::SUPER => Ok(call("redshift_super_to_boolean", [value])),
        ValueType::Of(kind @ (Type::Decimal(..) | Type::Real | Type::Double)) => {
            Err(TranslateError::new("42846", format!("cannot cast type {} to boolean", kind.bare_name())))
        }
        _ => Ok(cast(value, Type::Boolean)),
    }
}

/// True where DuckDB writes another text of a value than Redshift does, or may do so.
pub fn differs_as_text(value: &Expr, kind: ValueType) -> bool {
    kind.is_super()
        || kind.is_bytes()
        || kind.is_interval()
        || kind == ValueType::TIMESTAMPTZ
        || matches!(kind, ValueType::Of(Type::Real | Type::Double))
        || kind == ValueType::Unknown && is_simple(value)
}

/// A value as a DATE, a TIMESTAMP or a TIMESTAMPTZ.
pub fn time(value: Expr, from: ValueType, wanted: Type) -> Expr {
    match (from, wanted) {
        (ValueType::Of(known), _) if known == wanted => value,
        (from, _) if from.is_textual() => time_of_text(value, wanted),
        (ValueType::Unknown, Type::Date) => call("redshift_date", [value]),
        (ValueType::Unknown, Type::Timestamp) => call("redshift_timestamp", [value]),
        (ValueType::Unknown, _) => call("redshift_timestamptz", [value]),
        (ValueType::TIMESTAMPTZ, Type::Date) => cast(zones::local(value), Type::Date),
        (ValueType::TIMESTAMPTZ, _) => zones::local(value),
        (ValueType::DATE | ValueType::TIMESTAMP, Type::TimestampTz) => zones::zoned(value),
        (_, Type::Date) => cast(cast(value, Type::Timestamp), Type::Date),
        _ => cast(value, wanted),
    }
}

/// *Digits only are an integer*: DuckDB rounds `'2.87'`, and knows exponents, underscores and hexadecimal digits.
fn whole(value: Expr, from: ValueType, wanted: Type, attempt: &str) -> Expr {
    let name = match wanted {
        Type::SmallInt => "Short",
        Type::Integer => "Integer",
        _ => "Long",
    };
    let digits = |value: Expr, kind: &str| {
        let digits = cast(value, Type::Varchar(types::VARCHAR_MAX));
        call("redshift_digits", [digits, text(&format!("{attempt}{kind}")), text(name)])
    };
    match from {
        ValueType::SUPER => digits(value, "JSON"),
        ValueType::Of(Type::Varchar(_) | Type::Char(_)) => digits(value, "VARCHAR"),
        ValueType::Untyped if literal(&value).is_some_and(|text| text.parse::<i64>().is_err()) => {
            digits(value, "VARCHAR")
        }
        // Its type is asked of DuckDB, beside the value.
        ValueType::Unknown => {
            let kind = match is_simple(&value) || value.to_string().len() <= MOST_BYTES {
                true if attempt.is_empty() => call("typeof", [value.clone()]),
                true => call("concat", [text(attempt), call("typeof", [value.clone()])]),
                false => text(&format!("{attempt}VARCHAR")),
            };
            call("redshift_whole", [value, kind, text(name)])
        }
        _ => value,
    }
}

/// The longest expression whose type is asked beside its value.
const MOST_BYTES: usize = 300;

/// A text as an integer column takes it.
pub fn integer(text: Expr, wanted: Type) -> Expr {
    cast(whole(text, ValueType::Untyped, wanted, ""), wanted)
}

/// A literal as a value of a type.
pub fn coerced(literal: Expr, kind: Type) -> Expr {
    match kind {
        Type::Date | Type::Timestamp | Type::TimestampTz | Type::Time | Type::TimeTz => time_of_text(literal, kind),
        Type::SmallInt | Type::Integer | Type::BigInt => integer(literal, kind),
        Type::Varchar(_) | Type::Char(_) | Type::Super => literal,
        Type::Varbyte(_) => call("encode", [literal]),
        Type::Interval(_) => interval_of(literal, kind),
        _ => cast(literal, kind),
    }
}

/// Returns true if it leads into a SUPER, by its looks: a column with its table looks so, too.
fn is_path(expr: &Expr) -> bool {
    matches!(expr, Expr::CompoundIdentifier(_) | Expr::CompoundFieldAccess { .. } | Expr::JsonAccess { .. })
}

/// A cast to TEXT or to VARCHAR without a length does not cut at 256.
pub fn unlimited(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Text | DataType::Varchar(None) | DataType::CharacterVarying(None) | DataType::Nvarchar(None)
    )
}

/// `DATE '20081215'`: a cast of the text.
pub fn typed_text(data_type: &DataType, value: &Value) -> Result<Option<Expr>, TranslateError> {
    let kind = Type::of(data_type)?;
    let is_text = matches!(value, Value::SingleQuotedString(_) | Value::DollarQuotedString(_));
    match kind {
        Type::Date | Type::Timestamp | Type::TimestampTz | Type::Time | Type::TimeTz if is_text => {
            Ok(Some(time_of_text(Expr::value(value.clone()), kind)))
        }
        _ => Ok(None),
    }
}
