//! The values of variables, and their conversion to the types that were declared.

use crate::error::SqlError;
use crate::result::{ResultColumn, Value, double_text};
use redshift_sql::procedure::Datum;
use redshift_sql::{IntervalType, Type, VARBYTE_MAX, VARCHAR_MAX};

#[derive(Debug, Clone)]
pub enum VariableValue {
    One(Datum),
    /// The fields of a row by their names; `None` until a row was assigned.
    Record(Option<Vec<(String, Datum)>>),
}

pub fn null() -> Datum {
    Datum::new(Type::Varchar(VARCHAR_MAX), None)
}

pub fn boolean(is_true: bool) -> Datum {
    Datum::new(Type::Boolean, Some(if is_true { "t" } else { "f" }.to_owned()))
}

pub fn text(text: impl Into<String>) -> Datum {
    Datum::new(Type::Varchar(VARCHAR_MAX), Some(text.into()))
}

/// The type of a column of a result.
pub fn type_of(column: &ResultColumn) -> Type {
    match column.type_name {
        "bool" => Type::Boolean,
        "int2" => Type::SmallInt,
        "int4" => Type::Integer,
        "int8" => Type::BigInt,
        "float4" => Type::Real,
        "float8" => Type::Double,
        "numeric" => {
            Type::Decimal(u8::try_from(column.precision).unwrap_or(38), u8::try_from(column.scale).unwrap_or(0))
        }
        "bpchar" => Type::Char(column.precision.into()),
        "date" => Type::Date,
        "time" => Type::Time,
        "timetz" => Type::TimeTz,
        "intervaly2m" => Type::Interval(IntervalType::YEAR_TO_MONTH),
        "intervald2s" => Type::Interval(IntervalType::DAY_TO_SECOND),
        "varbyte" if column.precision > 0 => Type::Varbyte(column.precision.into()),
        "varbyte" => Type::Varbyte(VARBYTE_MAX),
        "timestamp" => Type::Timestamp,
        "timestamptz" => Type::TimestampTz,
        "super" => Type::Super,
        _ if column.precision > 0 => Type::Varchar(column.precision.into()),
        _ => Type::Varchar(VARCHAR_MAX),
    }
}

/// A value of a result.
pub fn datum(column: &ResultColumn, value: Value) -> Datum {
    let text = match value {
        Value::Null => None,
        Value::Boolean(is_true) => return boolean(is_true),
        Value::Long(number) => Some(number.to_string()),
        Value::Double(number) => Some(double_text(number)),
        Value::Text(text) => Some(text),
    };
    Datum::new(type_of(column), text)
}

/// A value as a result has it.
pub fn value(datum: Datum) -> Value {
    let Some(text) = datum.text else { return Value::Null };
    match datum.data_type {
        Type::Boolean => Value::Boolean(text == "t"),
        Type::SmallInt | Type::Integer | Type::BigInt => text.parse().map_or(Value::Text(text), Value::Long),
        Type::Real | Type::Double => text.parse().map_or(Value::Text(text), Value::Double),
        _ => Value::Text(text),
    }
}

/// The column of a value in a result.
pub fn column(name: String, data_type: Type) -> ResultColumn {
    let (precision, scale) = match data_type {
        Type::Decimal(precision, scale) => (precision.into(), i8::try_from(scale).unwrap_or(0)),
        Type::Char(length) => (u32::try_from(length).unwrap_or(0), 0),
        Type::Varchar(length) if length < VARCHAR_MAX => (u32::try_from(length).unwrap_or(0), 0),
        Type::Boolean => (1, 0),
        Type::SmallInt => (5, 0),
        Type::Integer => (10, 0),
        Type::BigInt => (19, 0),
        Type::Real => (8, 8),
        Type::Double => (17, 17),
        Type::Date => (13, 0),
        Type::Time => (15, 6),
        Type::Timestamp => (29, 6),
        Type::TimestampTz => (35, 6),
        Type::TimeTz => (21, 6),
        Type::Varbyte(length) if length < VARBYTE_MAX => (u32::try_from(length).unwrap_or(0), 0),
        Type::Varchar(_) | Type::Varbyte(_) | Type::Interval(_) | Type::Super => (0, 0),
    };
    ResultColumn { name, type_name: data_type.short_name(), precision, scale }
}

/// A value as another type, where that needs no query: PL/pgSQL converts what is assigned by its text. `None` where it does.
pub fn converted(value: &Datum, to: Type) -> Result<Option<Datum>, SqlError> {
    let Some(text) = &value.text else { return Ok(Some(Datum::new(to, None))) };
    let fits = |text: &str| Some(Datum::new(to, Some(text.to_owned())));
    Ok(match (value.data_type, to) {
        // Their text is of hexadecimal digits.
        (Type::Varbyte(_), Type::Varbyte(_)) if value.data_type == to => fits(text),
        (Type::Varbyte(_), _) | (_, Type::Varbyte(_)) => None,
        (_, Type::Varchar(length)) => fits(limited(text, length, "character varying")?),
        (_, Type::Char(length)) => {
            let mut text = limited(text, length, "character")?.to_owned();
            let missing = usize::try_from(length).unwrap_or(0).saturating_sub(text.len());
            text.extend(std::iter::repeat_n(' ', missing));
            fits(&text)
        }
        (from, to) if from == to => fits(text),
        (Type::SmallInt | Type::Integer | Type::BigInt, Type::SmallInt | Type::Integer | Type::BigInt) => {
            let number: Option<i64> = text.parse().ok();
            let is_in_range = number.is_some_and(|number| match to {
                Type::SmallInt => i16::try_from(number).is_ok(),
                Type::Integer => i32::try_from(number).is_ok(),
                _ => true,
            });
            match is_in_range {
                true => fits(text),
                false => {
                    let message = format!("value \"{text}\" is out of range for type {}", to.name());
                    return Err(SqlError::new("22003", message));
                }
            }
        }
        _ => None,
    })
}

/// A text without the blanks that are too many.
fn limited<'t>(text: &'t str, length: u64, type_name: &str) -> Result<&'t str, SqlError> {
    let most = usize::try_from(length).unwrap_or(usize::MAX);
    if text.len() <= most {
        return Ok(text);
    }
    let trimmed = text.trim_end_matches(' ');
    match trimmed.len() <= most {
        true => Ok(&text[..most]),
        false => Err(SqlError::new("22001", format!("value too long for type {type_name}({length})"))),
    }
}
