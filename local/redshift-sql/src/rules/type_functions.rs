//! *Types as functions*, as PostgreSQL has them: `float8(x)` is a cast.

use sqlparser::ast::{DataType, TimezoneInfo};

/// The type by whose name a function casts.
pub fn named(function: &str) -> Option<DataType> {
    Some(match function {
        "bool" => DataType::Boolean,
        "float4" => DataType::Real,
        "float8" => DataType::DoublePrecision,
        "int2" => DataType::SmallInt(None),
        "int4" => DataType::Integer(None),
        "int8" => DataType::BigInt(None),
        "text" | "varchar" => DataType::Text,
        "timestamptz" => DataType::Timestamp(None, TimezoneInfo::WithTimeZone),
        _ => return None,
    })
}
