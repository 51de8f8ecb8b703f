//! Types by the names of PG_TYPE, as they stand in quotes: `1::"int4"`. Other names of SQL are no names there: `"int"` is no
//! type, as in PostgreSQL.

use sqlparser::ast::{ExactNumberInfo, ObjectName};

use crate::error::TranslateError;
use crate::interval_type::IntervalType;
use crate::types::{Type, VARBYTE_DEFAULT, VARBYTE_MAX, VARCHAR_MAX, checked, decimal, unknown};

/// Types that Redshift has and this does not (c_Supported_data_types).
const REFUSED: [&str; 4] = ["geography", "geometry", "hllsketch", "interval"];

/// The type of this name, with its length or precision.
///
/// # Errors
/// 42704 where there is none, 0A000 where only Redshift has it, 22023 for a length that it cannot have.
pub fn find(name: &ObjectName, modifiers: &[String]) -> Result<Type, TranslateError> {
    let written = name.to_string().replace('"', "").to_lowercase();
    let bare = written.strip_prefix("pg_catalog.").unwrap_or(&written);
    let length = |most, kind| match modifiers {
        [] => Ok(None),
        [length] => checked(length.parse().unwrap_or_default(), most, kind).map(Some),
        _ => Err(TranslateError::syntax("syntax error at or near \",\"")),
    };
    Ok(match bare {
        "bool" => Type::Boolean,
        // PostgreSQL's type of one byte.
        "char" => Type::Char(1),
        "int2" => Type::SmallInt,
        "int4" => Type::Integer,
        "int8" | "oid" => Type::BigInt,
        "float4" => Type::Real,
        "float8" => Type::Double,
        "numeric" => decimal(digits(modifiers)?)?,
        "bpchar" => Type::Char(length(4096, "char")?.unwrap_or(256)),
        "name" | "text" => Type::Varchar(VARCHAR_MAX),
        "varchar" => Type::Varchar(length(VARCHAR_MAX, "varchar")?.unwrap_or(VARCHAR_MAX)),
        "varbyte" => Type::Varbyte(length(VARBYTE_MAX, "varbyte")?.unwrap_or(VARBYTE_DEFAULT)),
        "date" => Type::Date,
        "time" => Type::Time,
        "timetz" => Type::TimeTz,
        "timestamp" => Type::Timestamp,
        "timestamptz" => Type::TimestampTz,
        "intervaly2m" => Type::Interval(IntervalType::YEAR_TO_MONTH),
        "intervald2s" => Type::Interval(IntervalType::DAY_TO_SECOND),
        "super" => Type::Super,
        refused if REFUSED.contains(&refused) => return Err(unknown(refused)),
        missing => return Err(TranslateError::new("42704", format!("type \"{missing}\" does not exist"))),
    })
}

fn digits(modifiers: &[String]) -> Result<ExactNumberInfo, TranslateError> {
    let wrong = || TranslateError::syntax("syntax error in the precision of a type");
    Ok(match modifiers {
        [] => ExactNumberInfo::None,
        [precision] => ExactNumberInfo::Precision(precision.parse().map_err(|_| wrong())?),
        [precision, scale] => ExactNumberInfo::PrecisionAndScale(
            precision.parse().map_err(|_| wrong())?,
            scale.parse().map_err(|_| wrong())?,
        ),
        _ => return Err(wrong()),
    })
}

#[cfg(test)]
mod tests {
    use sqlparser::ast::Ident;

    use super::*;

    fn find_quoted(name: &str, modifiers: &[&str]) -> Result<Type, &'static str> {
        let modifiers: Vec<String> = modifiers.iter().map(|&modifier| modifier.to_owned()).collect();
        find(&ObjectName::from(vec![Ident::with_quote('"', name)]), &modifiers).map_err(|error| error.sqlstate)
    }

    #[test]
    fn types_have_the_names_of_the_catalog() {
        assert_eq!(find_quoted("int4", &[]), Ok(Type::Integer));
        assert_eq!(find_quoted("varchar", &["3"]), Ok(Type::Varchar(3)));
        assert_eq!(find_quoted("numeric", &["8", "2"]), Ok(Type::Decimal(8, 2)));
        assert_eq!(find_quoted("int", &[]), Err("42704"));
        assert_eq!(find_quoted("geometry", &[]), Err("0A000"));
        assert_eq!(find_quoted("varchar", &["0"]), Err("22023"));
    }
}
