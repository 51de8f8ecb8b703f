//! Redshift's types, what they are called, and what holds them in DuckDB.

use sqlparser::ast::{BinaryLength, CharacterLength, DataType, ExactNumberInfo, TimezoneInfo};

use crate::error::TranslateError;
use crate::interval_type::IntervalType;
use crate::type_names;

/// Bytes of VARCHAR(MAX).
pub const VARCHAR_MAX: u64 = 65_535;
/// Bytes of a VARCHAR without a length.
const VARCHAR_DEFAULT: u64 = 256;
/// Bytes of the longest VARBYTE, and of one without a length (r_VARBYTE_type).
pub const VARBYTE_MAX: u64 = 16_777_216;
pub const VARBYTE_DEFAULT: u64 = 64_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    SmallInt,
    Integer,
    BigInt,
    Decimal(u8, u8),
    Real,
    Double,
    Boolean,
    /// Length in bytes.
    Char(u64),
    /// Length in bytes.
    Varchar(u64),
    /// Length in bytes.
    Varbyte(u64),
    Date,
    Time,
    TimeTz,
    Timestamp,
    TimestampTz,
    Interval(IntervalType),
    Super,
}

impl Type {
    pub fn of(data_type: &DataType) -> Result<Self, TranslateError> {
        Ok(match data_type {
            DataType::SmallInt(None) | DataType::Int2(None) => Self::SmallInt,
            DataType::Int(None) | DataType::Integer(None) | DataType::Int4(None) => Self::Integer,
            DataType::BigInt(None) | DataType::Int8(None) => Self::BigInt,
            DataType::Decimal(info) | DataType::Numeric(info) | DataType::Dec(info) => decimal(*info)?,
            DataType::Real | DataType::Float4 => Self::Real,
            DataType::DoublePrecision | DataType::Double(_) | DataType::Float8 => Self::Double,
            DataType::Float(ExactNumberInfo::Precision(precision)) if *precision <= 24 => Self::Real,
            DataType::Float(_) => Self::Double,
            DataType::Boolean | DataType::Bool => Self::Boolean,
            DataType::Char(length) | DataType::Character(length) => Self::Char(bytes(length.as_ref(), 1, 4096)?),
            DataType::Varchar(length)
            | DataType::CharacterVarying(length)
            | DataType::Nvarchar(length)
            | DataType::CharVarying(length) => Self::Varchar(bytes(length.as_ref(), VARCHAR_DEFAULT, VARCHAR_MAX)?),
            DataType::Text => Self::Varchar(VARCHAR_DEFAULT),
            DataType::Datetime(None) => Self::Timestamp,
            DataType::Date => Self::Date,
            DataType::Time(None, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => Self::Time,
            DataType::Time(None, TimezoneInfo::WithTimeZone | TimezoneInfo::Tz) => Self::TimeTz,
            DataType::Timestamp(None, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => Self::Timestamp,
            DataType::Timestamp(None, TimezoneInfo::WithTimeZone | TimezoneInfo::Tz) => Self::TimestampTz,
            DataType::Varbinary(length) => Self::Varbyte(binary_bytes(length.as_ref())?),
            DataType::Interval { fields, precision } => match IntervalType::of(fields.as_ref(), *precision)? {
                Some(kind) => Self::Interval(kind),
                None => return Err(unknown("interval")),
            },
            DataType::Custom(name, modifiers) => return type_names::find(name, modifiers),
            other => return Err(unknown(&other.to_string())),
        })
    }

    /// The encoding that Redshift gives to a column of this type.
    pub fn usual_encoding(self) -> &'static str {
        match self {
            Self::Real | Self::Double | Self::Boolean | Self::Super => "raw",
            Self::Char(_) | Self::Varchar(_) | Self::Varbyte(_) => "lzo",
            _ => "az64",
        }
    }

    /// The name of the type in DuckDB.
    pub fn duck(self) -> String {
        match self {
            Self::SmallInt => "SMALLINT".into(),
            Self::Integer => "INTEGER".into(),
            Self::BigInt => "BIGINT".into(),
            Self::Decimal(precision, scale) => format!("DECIMAL({precision},{scale})"),
            Self::Real => "FLOAT".into(),
            Self::Double => "DOUBLE".into(),
            Self::Boolean => "BOOLEAN".into(),
            Self::Char(_) | Self::Varchar(_) => "VARCHAR".into(),
            Self::Varbyte(_) => "BLOB".into(),
            Self::Date => "DATE".into(),
            Self::Time => "TIME".into(),
            Self::TimeTz => "TIMETZ".into(),
            Self::Timestamp => "TIMESTAMP".into(),
            Self::TimestampTz => "TIMESTAMPTZ".into(),
            Self::Interval(_) => "INTERVAL".into(),
            Self::Super => "JSON".into(),
        }
    }

    /// Redshift's own name, as its catalog shows it.
    pub fn name(self) -> String {
        match self {
            Self::SmallInt => "smallint".into(),
            Self::Integer => "integer".into(),
            Self::BigInt => "bigint".into(),
            Self::Decimal(precision, scale) => format!("numeric({precision},{scale})"),
            Self::Real => "real".into(),
            Self::Double => "double precision".into(),
            Self::Boolean => "boolean".into(),
            Self::Char(length) => format!("character({length})"),
            Self::Varchar(length) => format!("character varying({length})"),
            Self::Varbyte(length) => format!("binary varying({length})"),
            Self::Date => "date".into(),
            Self::Time => "time without time zone".into(),
            Self::TimeTz => "time with time zone".into(),
            Self::Timestamp => "timestamp without time zone".into(),
            Self::TimestampTz => "timestamp with time zone".into(),
            Self::Interval(kind) => kind.name(),
            Self::Super => "super".into(),
        }
    }

    /// Redshift's own name, without length or precision.
    pub fn bare_name(self) -> String {
        self.name().split('(').next().unwrap_or_default().to_owned()
    }

    /// Returns true if a column of the other type takes a value of this one without a cast.
    pub fn becomes(self, other: Self) -> bool {
        let (from, to) = (self.family(), other.family());
        from == to
            || to == Family::Super
            || to == Family::Text && from != Family::Boolean
            || from == Family::Super
            || (from, to) == (Family::Number, Family::Boolean)
            || (self, other) == (Self::Timestamp, Self::Time)
    }

    /// Returns true if there is a type that holds values of both: what UNION, CASE and COALESCE want.
    pub fn has_common_type(self, other: Self) -> bool {
        let (one, two) = (self.family(), other.family());
        one == two || one == Family::Super || two == Family::Super
    }

    fn family(self) -> Family {
        match self {
            Self::SmallInt | Self::Integer | Self::BigInt | Self::Decimal(..) | Self::Real | Self::Double => {
                Family::Number
            }
            Self::Boolean => Family::Boolean,
            Self::Char(_) | Self::Varchar(_) => Family::Text,
            Self::Varbyte(_) => Family::Binary,
            Self::Date | Self::Timestamp | Self::TimestampTz => Family::Date,
            Self::Time | Self::TimeTz => Family::Time,
            Self::Interval(kind) if kind.is_year_to_month() => Family::YearToMonth,
            Self::Interval(_) => Family::DayToSecond,
            Self::Super => Family::Super,
        }
    }

    /// The name that results and columns without a name go by: `int4`, `varchar`.
    pub fn short_name(self) -> &'static str {
        match self {
            Self::SmallInt => "int2",
            Self::Integer => "int4",
            Self::BigInt => "int8",
            Self::Decimal(..) => "numeric",
            Self::Real => "float4",
            Self::Double => "float8",
            Self::Boolean => "bool",
            Self::Char(_) => "bpchar",
            Self::Varchar(_) => "varchar",
            Self::Varbyte(_) => "varbyte",
            Self::Date => "date",
            Self::Time => "time",
            Self::TimeTz => "timetz",
            Self::Timestamp => "timestamp",
            Self::TimestampTz => "timestamptz",
            Self::Interval(kind) => kind.short_name(),
            Self::Super => "super",
        }
    }

    /// The name in SYS_LOAD_ERROR_DETAIL and STL_LOAD_ERRORS, a CHAR(10) there: `timestamptz` was seen cut off (C17).
    pub fn load_error_name(self) -> String {
        match self {
            Self::Char(_) => "char".into(),
            other => other.short_name().chars().take(10).collect(),
        }
    }

    /// The length of a column in the same views: 0 where its type has none (C17).
    pub fn load_error_length(self) -> String {
        match self {
            Self::Char(length) | Self::Varchar(length) | Self::Varbyte(length) => length.to_string(),
            Self::Decimal(precision, scale) => format!("{precision}, {scale}"),
            _ => "0".into(),
        }
    }

    /// The type with this name: the inverse of `name`, for columns read from the catalog.
    pub fn from_name(name: &str) -> Option<Self> {
        let (base, arguments) = match name.split_once('(') {
            Some((base, rest)) => (base, rest.trim_end_matches(')')),
            None => (name, ""),
        };
        Some(match base {
            "smallint" => Self::SmallInt,
            "integer" => Self::Integer,
            "bigint" => Self::BigInt,
            "numeric" => {
                let (precision, scale) = arguments.split_once(',')?;
                Self::Decimal(precision.parse().ok()?, scale.parse().ok()?)
            }
            "real" => Self::Real,
            "double precision" => Self::Double,
            "boolean" => Self::Boolean,
            "character" => Self::Char(arguments.parse().ok()?),
            "character varying" => Self::Varchar(arguments.parse().ok()?),
            "binary varying" => Self::Varbyte(arguments.parse().ok()?),
            "date" => Self::Date,
            "time without time zone" => Self::Time,
            "time with time zone" => Self::TimeTz,
            "timestamp without time zone" => Self::Timestamp,
            "timestamp with time zone" => Self::TimestampTz,
            "intervaly2m" | "intervald2s" => Self::Interval(IntervalType::from_name(base, arguments)?),
            "super" => Self::Super,
            _ => return None,
        })
    }

    /// The type that holds a DuckDB column which no DDL of Redshift's made (CREATE TABLE AS).
    pub fn from_duck(name: &str) -> Option<Self> {
        Some(match name {
            "SMALLINT" | "TINYINT" => Self::SmallInt,
            "INTEGER" => Self::Integer,
            "BIGINT" | "HUGEINT" | "UBIGINT" | "UINTEGER" => Self::BigInt,
            "\"NULL\"" => Self::Varchar(1),
            "FLOAT" => Self::Real,
            "DOUBLE" => Self::Double,
            "BOOLEAN" => Self::Boolean,
            "VARCHAR" => Self::Varchar(VARCHAR_MAX),
            "BLOB" => Self::Varbyte(VARBYTE_MAX),
            "DATE" => Self::Date,
            "TIME" => Self::Time,
            "TIME WITH TIME ZONE" | "TIMETZ" => Self::TimeTz,
            "TIMESTAMP" => Self::Timestamp,
            "TIMESTAMP WITH TIME ZONE" | "TIMESTAMPTZ" => Self::TimestampTz,
            "JSON" => Self::Super,
            other => {
                let (precision, scale) = other.strip_prefix("DECIMAL(")?.trim_end_matches(')').split_once(',')?;
                Self::Decimal(precision.trim().parse().ok()?, scale.trim().parse().ok()?)
            }
        })
    }

    /// True where a literal beside values of this type is read as Redshift reads it, and not by DuckDB.
    pub fn reads_literals(self) -> bool {
        matches!(self, Self::Varbyte(_) | Self::Time | Self::TimeTz | Self::Interval(_))
    }

    /// The length in bytes that values may have, where the type has one.
    pub fn limit(self) -> Option<u64> {
        match self {
            Self::Char(length) | Self::Varchar(length) | Self::Varbyte(length) => Some(length),
            _ => None,
        }
    }
}

/// Types that are converted into each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Number,
    Boolean,
    Text,
    Binary,
    Date,
    Time,
    YearToMonth,
    DayToSecond,
    Super,
}

pub fn decimal(info: ExactNumberInfo) -> Result<Type, TranslateError> {
    let (precision, scale) = match info {
        ExactNumberInfo::None => (18, 0),
        ExactNumberInfo::Precision(precision) => (precision, 0),
        ExactNumberInfo::PrecisionAndScale(precision, scale) => (precision, u64::try_from(scale).unwrap_or(u64::MAX)),
    };
    match (u8::try_from(precision), u8::try_from(scale)) {
        (Ok(precision @ 1..=38), Ok(scale)) if scale <= precision => Ok(Type::Decimal(precision, scale)),
        _ => Err(TranslateError::new("22023", format!("DECIMAL precision {precision} must be between 1 and 38"))),
    }
}

fn bytes(length: Option<&CharacterLength>, default: u64, most: u64) -> Result<u64, TranslateError> {
    let length = match length {
        None => default,
        Some(CharacterLength::Max) => most,
        Some(CharacterLength::IntegerLength { length, .. }) => *length,
    };
    checked(length, most, "varchar")
}

fn binary_bytes(length: Option<&BinaryLength>) -> Result<u64, TranslateError> {
    let length = match length {
        None => VARBYTE_DEFAULT,
        Some(BinaryLength::Max) => VARBYTE_MAX,
        Some(BinaryLength::IntegerLength { length }) => *length,
    };
    checked(length, VARBYTE_MAX, "varbyte")
}

/// A length, which a type has at most so many bytes of.
pub fn checked(length: u64, most: u64, name: &str) -> Result<u64, TranslateError> {
    match (1..=most).contains(&length) {
        true => Ok(length),
        false => Err(TranslateError::new(
            "22023",
            format!("length for type {name} must be between 1 and {most}, found {length}"),
        )),
    }
}

/// That a type is not built here.
pub fn unknown(name: &str) -> TranslateError {
    TranslateError::new("0A000", format!("type \"{}\" is not supported by the local Redshift", name.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn load_errors_name_types_by_ten_characters_and_a_length() {
        for (kind, name, length) in [
            (Type::Varchar(65_535), "varchar", "65535"),
            (Type::Char(2), "char", "2"),
            (Type::Decimal(18, 0), "numeric", "18, 0"),
            (Type::Integer, "int4", "0"),
            (Type::Timestamp, "timestamp", "0"),
            (Type::TimestampTz, "timestampt", "0"),
        ] {
            assert_eq!((kind.load_error_name().as_str(), kind.load_error_length().as_str()), (name, length));
        }
    }
}
