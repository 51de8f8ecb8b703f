//! Casts to Redshift's types, in each of their forms.

use sqlparser::ast::{BinaryOperator, DataType, Expr, Ident, ObjectName, Value};

use super::comparison::literal;
use super::function_names::NUMERIC;
use super::functions;
use super::types::{self, Type};
use crate::error::TranslateError;

/// *Types by Redshift's meaning*: FLOAT is eight bytes wide, DECIMAL has no places, a text is cut to its length.
pub fn cast(expr: &mut Box<Expr>, data_type: &mut DataType) -> Result<Option<Expr>, TranslateError> {
    // `::regclass` and the like are of the catalog's own queries.
    let name = data_type.to_string().to_lowercase();
    if let kind @ ("regclass" | "regtype") = name.strip_prefix("pg_catalog.").unwrap_or(&name) {
        return functions::written(&format!("redshift_{kind}({expr})"));
    }
    if matches!(data_type, DataType::Interval { .. }) {
        *data_type = DataType::Interval { fields: None, precision: None };
        return Ok(None);
    }
    let wanted = match unlimited(data_type) {
        true => Type::Varchar(types::VARCHAR_MAX),
        false => Type::of(data_type)?,
    };
    if let Some(limit) = wanted.limit().filter(|limit| *limit < types::VARCHAR_MAX) {
        return functions::written(&format!("redshift_cut(redshift_text({expr}), {limit})"));
    }
    match wanted {
        Type::Date => return functions::written(&format!("redshift_date({expr})")),
        Type::Timestamp => return functions::written(&format!("redshift_timestamp({expr})")),
        Type::TimestampTz => return functions::written(&format!("redshift_timestamptz({expr})")),
        Type::Varchar(_) => return functions::written(&format!("redshift_text({expr})")),
        Type::SmallInt | Type::Integer | Type::BigInt => whole(expr, wanted, "")?,
        // What a SUPER does not hold is NULL (cast_super_null_on_error).
        Type::Decimal(..) | Type::Real | Type::Double | Type::Boolean if is_path(expr) => {
            let kind = wanted.duck();
            return functions::written(&format!(
                "CASE WHEN typeof({expr}) = 'JSON' THEN TRY_CAST({expr} AS {kind}) ELSE CAST({expr} AS {kind}) END"
            ));
        }
        _ => {}
    }
    *data_type = DataType::Custom(ObjectName::from(vec![Ident::new(wanted.duck())]), Vec::new());
    Ok(None)
}

/// *TRY_CAST* answers NULL where a cast fails, also for a text that is no time in any order of day and month.
pub fn try_cast(expr: &mut Box<Expr>, data_type: &mut DataType) -> Result<Option<Expr>, TranslateError> {
    let wanted = if unlimited(data_type) { None } else { Some(Type::of(data_type)?) };
    match wanted {
        Some(kind @ (Type::Date | Type::Timestamp | Type::TimestampTz)) => {
            let reads = if kind == Type::TimestampTz { "redshift_normal_zoned_time" } else { "redshift_normal_time" };
            functions::written(&format!("TRY_CAST({reads}(CAST({expr} AS VARCHAR)) AS {})", kind.duck()))
        }
        Some(
            kind @ (Type::SmallInt
            | Type::Integer
            | Type::BigInt
            | Type::Decimal(..)
            | Type::Real
            | Type::Double
            | Type::Boolean),
        ) => {
            if matches!(kind, Type::SmallInt | Type::Integer | Type::BigInt) {
                whole(expr, kind, "TRY ")?;
            }
            *data_type = DataType::Custom(ObjectName::from(vec![Ident::new(kind.duck())]), Vec::new());
            Ok(None)
        }
        _ => cast(expr, data_type),
    }
}

/// Whether it leads into a SUPER, by its looks: a column with its table looks so, too.
pub fn is_path(expr: &Expr) -> bool {
    matches!(expr, Expr::CompoundIdentifier(_) | Expr::CompoundFieldAccess { .. } | Expr::JsonAccess { .. })
}

/// The longest expression whose type is asked beside its value.
const MOST_BYTES: usize = 300;

/// *Digits only are an integer*: DuckDB rounds `'2.87'`, and knows exponents, underscores and hexadecimal digits.
fn whole(expr: &mut Box<Expr>, wanted: Type, attempt: &str) -> Result<(), TranslateError> {
    if is_number(expr) || literal(expr).is_some_and(|text| text.parse::<i64>().is_ok()) {
        return Ok(());
    }
    let name = match wanted {
        Type::SmallInt => "Short",
        Type::Integer => "Integer",
        _ => "Long",
    };
    let value = expr.to_string();
    let kind = match &**expr {
        Expr::Value(_) | Expr::Case { .. } | Expr::Subquery(_) => format!("'{attempt}VARCHAR'"),
        _ if value.len() > MOST_BYTES => format!("'{attempt}VARCHAR'"),
        _ if attempt.is_empty() => format!("typeof({value})"),
        _ => format!("'{attempt}' || typeof({value})"),
    };
    **expr = functions::parse(&format!("redshift_whole({value}, {kind}, '{name}')"))?;
    Ok(())
}

/// A text as an integer column takes it.
pub fn integer(text: &Expr, wanted: Type) -> Result<Expr, TranslateError> {
    let mut digits = Box::new(text.clone());
    whole(&mut digits, wanted, "")?;
    functions::parse(&format!("CAST({digits} AS {})", wanted.duck()))
}

/// Whether an expression is no text, by its looks.
fn is_number(expr: &Expr) -> bool {
    match expr {
        Expr::Value(value) => !matches!(value.value, Value::SingleQuotedString(_) | Value::DollarQuotedString(_)),
        Expr::Nested(inner) => is_number(inner),
        Expr::UnaryOp { .. } | Expr::Extract { .. } => true,
        Expr::Cast { data_type, .. } => !matches!(data_type.to_string().as_str(), "JSON" | "VARCHAR"),
        Expr::BinaryOp { op, .. } => !matches!(op, BinaryOperator::StringConcat),
        Expr::Function(function) => NUMERIC.binary_search(&function.name.to_string().to_lowercase().as_str()).is_ok(),
        _ => false,
    }
}

/// A cast to TEXT or to VARCHAR without a length does not cut at 256.
pub fn unlimited(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Text | DataType::Varchar(None) | DataType::CharacterVarying(None) | DataType::Nvarchar(None)
    )
}

/// *CONVERT(type, value)* is a cast.
pub fn convert(expr: &mut Box<Expr>, data_type: &mut DataType) -> Result<Option<Expr>, TranslateError> {
    match cast(expr, data_type)? {
        Some(rewritten) => Ok(Some(rewritten)),
        None => functions::written(&format!("CAST({expr} AS {data_type})")),
    }
}

/// `DATE '20081215'`: a cast of the text.
pub fn typed_text(data_type: &DataType, value: &Value) -> Result<Option<Expr>, TranslateError> {
    let kind = Type::of(data_type)?;
    let is_time = matches!(kind, Type::Date | Type::Timestamp | Type::TimestampTz);
    if !is_time || !matches!(value, Value::SingleQuotedString(_)) {
        return Ok(None);
    }
    cast(&mut Box::new(Expr::value(value.clone())), &mut data_type.clone())
}
