//! *VARBYTE* (r_VARBYTE_type): bytes, which become texts and integers by casts alone.

use sqlparser::ast::{BinaryOperator, Expr, Function, UnaryOperator, Value};

use crate::bind::function_types;
use crate::bind::value_type::ValueType;
use crate::error::TranslateError;
use crate::parse::simple_expressions::literal;
use crate::rules::calls::{Call, arguments};
use crate::rules::casts::no_cast;
use crate::rules::construct::{binary, call, cast, nested, number, replace, take, text};
use crate::types::{Type, VARBYTE_MAX, VARCHAR_MAX};

/// Functions that take a VARBYTE as they take any value.
const OF_ANY_VALUE: &[&str] = &[
    "any_value",
    "coalesce",
    "count",
    "decode",
    "first_value",
    "getbit",
    "greatest",
    "ifnull",
    "lag",
    "last_value",
    "lead",
    "least",
    "max",
    "min",
    "nth_value",
    "nullif",
    "nvl",
    "nvl2",
];

/// A value as the bytes that it is cast to. A CHAR has its blanks, a number as many bytes as its type.
///
/// # Errors
/// 42846 for values of types that have no bytes.
pub fn cast_to_bytes(value: Expr, from: ValueType, limit: Option<u64>) -> Result<Expr, TranslateError> {
    let bytes = match from {
        ValueType::Null | ValueType::Of(Type::Varbyte(_)) => cast(value, Type::Varbyte(VARBYTE_MAX)),
        ValueType::Of(Type::Char(length)) => {
            call("encode", [call("system.main.rpad", [value, number(length), text(" ")])])
        }
        ValueType::Untyped | ValueType::Of(Type::Varchar(_)) => call("encode", [value]),
        ValueType::Of(Type::SmallInt) => number_to_bytes(value, 2),
        ValueType::Of(Type::Integer) => number_to_bytes(value, 4),
        ValueType::Of(Type::BigInt) => number_to_bytes(value, 8),
        ValueType::Unknown => call("redshift_varbyte", [value]),
        other => return Err(no_cast(&name_of(other), "binary varying")),
    };
    Ok(match limit {
        Some(limit) => call("redshift_varbyte_within", [bytes, number(limit)]),
        None => bytes,
    })
}

fn number_to_bytes(value: Expr, bytes: u8) -> Expr {
    call("redshift_varbyte_of_number", [value, number(bytes)])
}

/// Bytes as what they are cast to.
///
/// # Errors
/// 42846 for types that have no bytes.
pub fn cast_from_bytes(value: Expr, wanted: Type) -> Result<Expr, TranslateError> {
    let size = match wanted {
        Type::SmallInt => 2,
        Type::Integer => 4,
        Type::BigInt => 8,
        Type::Char(_) | Type::Varchar(_) => return Ok(call("decode", [value])),
        other => return Err(no_cast("binary varying", &other.bare_name())),
    };
    let digits = call("redshift_varbyte_number", [call("hex", [value]), text(&size.to_string())]);
    Ok(cast(digits, wanted))
}

/// What errors call a type.
pub fn name_of(kind: ValueType) -> String {
    match kind {
        ValueType::Of(known) => known.bare_name(),
        ValueType::Interval => "interval".into(),
        _ => "unknown".into(),
    }
}

/// A value beside bytes: a text is one in UTF-8.
pub fn beside_bytes(value: &mut Expr, kind: ValueType) {
    let is_null = matches!(value, Expr::Value(value) if value.value == Value::Null);
    if !is_null && matches!(kind, ValueType::Untyped | ValueType::Of(Type::Varchar(_) | Type::Char(_))) {
        replace(value, |text| call("encode", [text]));
    }
}

/// Operators of VARBYTE (r_VARBYTE_OPERATORS); `None` where neither side is one, or it is compared.
pub fn rewrite_operator(
    (left, one): (&mut Expr, ValueType),
    op: &BinaryOperator,
    (right, two): (&mut Expr, ValueType),
) -> Option<Expr> {
    if !one.is_bytes() && !two.is_bytes() {
        return None;
    }
    match op {
        BinaryOperator::StringConcat | BinaryOperator::Plus => {
            beside_bytes(left, one);
            beside_bytes(right, two);
            Some(binary(take(left), BinaryOperator::StringConcat, take(right)))
        }
        BinaryOperator::BitwiseAnd | BinaryOperator::BitwiseOr | BinaryOperator::PGBitwiseXor => {
            beside_bytes(left, one);
            beside_bytes(right, two);
            let bits = [text(&op.to_string()), call("hex", [take(left)]), call("hex", [take(right)])];
            Some(call("unhex", [call("redshift_varbyte_bits", bits)]))
        }
        _ => None,
    }
}

/// `~value`, of bytes.
pub fn rewrite_negation(op: UnaryOperator, value: &mut Expr) -> Option<Expr> {
    let bits = |value| call("redshift_varbyte_bits", [text("~"), call("hex", [take(value)]), text("")]);
    (op == UnaryOperator::BitwiseNot).then(|| call("unhex", [bits(value)]))
}

/// Functions that make bytes, or take them.
///
/// # Errors
/// 22023 for an unknown format, 42883 for functions that do not take bytes.
pub fn rewrite_call(function: &Function, name: &str, kinds: &[ValueType]) -> Result<Option<Expr>, TranslateError> {
    let given = || Ok::<_, TranslateError>(Call { arguments: arguments(function)?, types: kinds.to_vec() });
    match (name, kinds.len()) {
        ("from_hex", 1) => return Ok(Some(call("unhex", [given()?.take(0)]))),
        ("to_varbyte", 2) => return to_varbyte(given()?).map(Some),
        ("from_varbyte", 2) => return from_varbyte(given()?).map(Some),
        ("getbit", 2) => {
            let mut given = given()?;
            beside_bytes(&mut given.arguments[0], kinds[0]);
            let [value, at] = [given.take(0), given.take(1)];
            let at = cast(at, Type::Varchar(VARCHAR_MAX));
            return Ok(Some(cast(call("redshift_varbyte_bit", [call("hex", [value]), at]), Type::Integer)));
        }
        _ => {}
    }
    if !kinds.iter().any(|kind| kind.is_bytes()) || OF_ANY_VALUE.contains(&name) {
        return Ok(None);
    }
    match (name, kinds.len()) {
        ("to_hex", 1) => Ok(Some(lower_hex(given()?.take(0)))),
        ("len" | "length" | "octet_length", 1) => {
            Ok(Some(cast(call("system.main.octet_length", [given()?.take(0)]), Type::Integer)))
        }
        ("concat", 2) => {
            let mut given = given()?;
            let (mut left, mut right) = (given.take(0), given.take(1));
            let joined = rewrite_operator((&mut left, kinds[0]), &BinaryOperator::StringConcat, (&mut right, kinds[1]));
            Ok(joined.map(nested))
        }
        ("substring" | "substr", 2 | 3) => {
            let mut given = given()?;
            let (value, start) = (given.take(0), given.take(1));
            let length = (kinds.len() == 3).then(|| given.take(2));
            Ok(Some(substring(value, start, length)))
        }
        (name, _) if function_types::is_known(name) => {
            let types: Vec<String> = kinds.iter().map(|kind| name_of(*kind)).collect();
            Err(TranslateError::new("42883", format!("function {name}({}) does not exist", types.join(", "))))
        }
        _ => Ok(None),
    }
}

/// So many bytes of a value, from the one of this number on.
pub fn substring(value: Expr, start: Expr, length: Option<Expr>) -> Expr {
    let mut all = vec![value, start];
    all.extend(length);
    crate::rules::construct::call_with("redshift_varbyte_part", all)
}

fn lower_hex(value: Expr) -> Expr {
    call("system.main.lower", [call("hex", [value])])
}

/// The format that a literal names, in lower case.
fn format_of(given: &Call) -> Result<String, TranslateError> {
    let format = given.arguments.get(1).and_then(literal);
    let format = format.ok_or_else(|| TranslateError::new("22023", "the format must be a literal"))?;
    Ok(format.to_lowercase())
}

fn unknown_format(format: &str) -> TranslateError {
    TranslateError::new("22023", format!("invalid format \"{format}\": it must be hex, binary, utf-8 or utf8"))
}

fn to_varbyte(mut given: Call) -> Result<Expr, TranslateError> {
    let format = format_of(&given)?;
    let written = cast(given.take(0), Type::Varchar(VARCHAR_MAX));
    match format.as_str() {
        "hex" => Ok(call("unhex", [written])),
        "binary" => Ok(call("unbin", [written])),
        "utf8" | "utf-8" => Ok(call("encode", [written])),
        other => Err(unknown_format(other)),
    }
}

fn from_varbyte(mut given: Call) -> Result<Expr, TranslateError> {
    let format = format_of(&given)?;
    let kind = given.kind(0);
    let mut value = given.take(0);
    beside_bytes(&mut value, kind);
    match format.as_str() {
        "hex" => Ok(lower_hex(value)),
        "binary" => Ok(call("redshift_varbyte_digits", [call("hex", [value])])),
        "utf8" | "utf-8" => Ok(call("decode", [value])),
        other => Err(unknown_format(other)),
    }
}
