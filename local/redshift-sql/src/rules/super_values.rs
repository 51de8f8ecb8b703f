//! *Dynamic typing* of SUPER values (query-super): what they equal, how they are computed with, and what they become beside
//! other values.

use sqlparser::ast::{BinaryOperator, Expr, Function, Value};

use crate::bind::value_type::ValueType;
use crate::error::TranslateError;
use crate::parse::simple_expressions::literal;
use crate::parse::super_syntax::{KEEP, SET};
use crate::rules::calls::{Call, arguments, for_each_argument};
use crate::rules::construct::{binary, call, call_with, cast, function_call, number, replace, take, text};
use crate::types::{Type, VARCHAR_MAX};

/// A value as a SUPER: what is one already stays as it is.
pub fn as_super(value: Expr, kind: ValueType) -> Expr {
    match kind {
        ValueType::SUPER | ValueType::Null => value,
        ValueType::Unknown | ValueType::Of(Type::Real | Type::Double) => call("redshift_super", [value]),
        ValueType::Of(Type::Decimal(..)) => cast(cast(value, Type::Varchar(VARCHAR_MAX)), Type::Super),
        _ => call("to_json", [value]),
    }
}

/// A comparison with a SUPER on one side at least; `None` where the other rules say it.
pub fn compared(
    (left, one): (&mut Expr, ValueType),
    op: &BinaryOperator,
    (right, two): (&mut Expr, ValueType),
) -> Option<Expr> {
    if !one.is_super() && !two.is_super() || !is_comparable(one) || !is_comparable(two) {
        return None;
    }
    let both = one.is_super() && two.is_super();
    match op {
        // Values of different types are not equal, which is no NULL.
        BinaryOperator::Eq => Some(binary(key(take(left), one), BinaryOperator::Eq, key(take(right), two))),
        BinaryOperator::NotEq if both => {
            Some(binary(key(take(left), one), BinaryOperator::NotEq, key(take(right), two)))
        }
        op if both => {
            let written = |value: &mut Expr| cast(take(value), Type::Varchar(VARCHAR_MAX));
            let order = cast(call("redshift_super_compare", [written(left), written(right)]), Type::Integer);
            Some(binary(order, op.clone(), number(0)))
        }
        _ => None,
    }
}

/// What a value has in common with those that equal it.
pub fn key(value: Expr, kind: ValueType) -> Expr {
    call("redshift_key", [as_super(value, kind)])
}

fn is_comparable(kind: ValueType) -> bool {
    kind.is_super() || kind.is_text() || kind.is_number() || matches!(kind, ValueType::BOOLEAN | ValueType::Untyped)
}

/// `left op right` with a SUPER on one side: a number of its dynamic type, and NULL where one side is none.
pub fn computed(
    (left, one): (&mut Expr, ValueType),
    op: &BinaryOperator,
    (right, two): (&mut Expr, ValueType),
) -> Option<Expr> {
    let is_operand = |kind: ValueType| kind.is_super() || kind.is_number() || kind == ValueType::Untyped;
    if !one.is_super() && !two.is_super() || !is_operand(one) || !is_operand(two) {
        return None;
    }
    number_literal(left);
    number_literal(right);
    let (left, right) = (as_super(take(left), one), as_super(take(right), two));
    Some(call("redshift_super_computed", [text(&op.to_string()), left, right]))
}

/// A literal beside a SUPER that is computed with is a number.
fn number_literal(expr: &mut Expr) {
    if let Some(digits) = literal(expr).filter(|digits| digits.parse::<f64>().is_ok()) {
        *expr = Expr::value(Value::Number(digits.to_owned(), false));
    }
}

/// `-value`.
pub fn negative(value: Expr) -> Expr {
    call("redshift_super_computed", [text("-"), number(0), value])
}

/// Functions of floats, which take the number in a SUPER.
const OF_FLOATS: &[&str] = &[
    "acos",
    "asin",
    "atan",
    "atan2",
    "cbrt",
    "cos",
    "cot",
    "degrees",
    "dexp",
    "dlog1",
    "dlog10",
    "exp",
    "ln",
    "log",
    "mod",
    "pow",
    "power",
    "radians",
    "sin",
    "sqrt",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "tan",
    "var_pop",
    "var_samp",
    "variance",
    "median",
];

/// Calls with a SUPER among their arguments; `None` where they are written as any other.
///
/// # Errors
/// 0A000 for dates in a SUPER, 42601 for clauses of OBJECT_TRANSFORM in another order.
pub fn rewrite_call(function: &mut Function, name: &str, kinds: &[ValueType]) -> Result<Option<Expr>, TranslateError> {
    match name {
        "array" | "object" => {
            refuse_times(name, kinds)?;
            return Ok(None);
        }
        "object_transform" => {
            return object_transform(Call { arguments: arguments(function)?, types: kinds.to_vec() }).map(Some);
        }
        _ => {}
    }
    if !kinds.iter().any(|kind| kind.is_super()) {
        return Ok(None);
    }
    let is_first = kinds.first().is_some_and(|kind| kind.is_super());
    match name {
        "sum" | "avg" if is_first => Ok(aggregate(function)),
        "min" | "max" if is_first => Ok(Some(outermost(function, name)?)),
        "coalesce" | "nvl" | "ifnull" => {
            let values = arguments(function)?.into_iter().zip(kinds);
            let values = values.map(|(value, kind)| without_null(as_super(value, *kind), *kind)).collect();
            Ok(Some(call_with("coalesce", values)))
        }
        "abs" | "ceil" | "ceiling" | "floor" | "round" | "sign" | "trunc" if is_first => {
            let mut given = arguments(function)?;
            let value = given.first_mut().map(take).unwrap_or_else(|| text(""));
            Ok(Some(rounded(name, value)))
        }
        name if OF_FLOATS.contains(&name) => {
            numbers_in_super(function, kinds);
            Ok(None)
        }
        _ => Ok(None),
    }
}

/// A function of numbers, of a SUPER: its answer is one again.
pub fn rounded(name: &str, value: Expr) -> Expr {
    let answer = call(&format!("system.main.{name}"), [call("redshift_number_in_super", [value])]);
    call("redshift_total_in_super", [answer])
}

/// The null of JSON is as good as none.
fn without_null(value: Expr, kind: ValueType) -> Expr {
    match kind.is_super() {
        true => call("nullif", [value, cast(text("null"), Type::Super)]),
        false => value,
    }
}

fn refuse_times(name: &str, kinds: &[ValueType]) -> Result<(), TranslateError> {
    let time = kinds.iter().filter_map(|kind| kind.known()).find(|kind| has_no_super(*kind));
    match time {
        Some(kind) => {
            let message = format!("{} could not convert type {} to super", name.to_uppercase(), kind.bare_name());
            Err(TranslateError::new("0A000", message))
        }
        None => Ok(()),
    }
}

/// True for what is not cast to a SUPER (limitations-super).
pub fn has_no_super(kind: Type) -> bool {
    matches!(
        kind,
        Type::Date
            | Type::Time
            | Type::TimeTz
            | Type::Timestamp
            | Type::TimestampTz
            | Type::Interval(_)
            | Type::Varbyte(_)
    )
}

/// A cast to SUPER.
///
/// # Errors
/// 42846 for dates, times and bytes.
pub fn cast_to_super(value: Expr, from: ValueType) -> Result<Expr, TranslateError> {
    match from {
        ValueType::Of(kind) if has_no_super(kind) => {
            Err(TranslateError::new("42846", format!("cannot cast type {} to super", kind.bare_name())))
        }
        ValueType::Null => Ok(cast(value, Type::Super)),
        _ => Ok(as_super(value, from)),
    }
}

fn numbers_in_super(function: &mut Function, kinds: &[ValueType]) {
    for_each_argument(function, |at, argument| {
        if kinds.get(at).is_some_and(|kind| kind.is_super()) {
            replace(argument, |value| cast(call("redshift_number_in_super", [value]), Type::Double));
        }
    });
}

/// *SUM and AVG* of the numbers among the values.
fn aggregate(function: &Function) -> Option<Expr> {
    let mut total = function.clone();
    for_each_argument(&mut total, |_, argument| {
        replace(argument, |value| call("redshift_number_in_super", [value]));
    });
    Some(call("redshift_total_in_super", [Expr::Function(total)]))
}

/// *MIN and MAX* by the order of SUPER values.
fn outermost(function: &Function, name: &str) -> Result<Expr, TranslateError> {
    let value = arguments(function)?.into_iter().next().unwrap_or_else(|| text(""));
    let by = if name == "min" { "arg_min" } else { "arg_max" };
    let mut called = function_call(by, vec![value.clone(), call("redshift_ordered", [value])]);
    called.over.clone_from(&function.over);
    called.filter.clone_from(&function.filter);
    Ok(Expr::Function(called))
}

/// *OBJECT_TRANSFORM*: what it keeps, and what it sets.
fn object_transform(mut given: Call) -> Result<Expr, TranslateError> {
    let place = |word: &str| given.arguments.iter().position(|argument| literal(argument) == Some(word));
    let (keep, set) = (place(KEEP), place(SET));
    let count = given.arguments.len();
    let kept = keep.map(|keep| keep + 1..set.unwrap_or(count));
    let is_ordered = keep.is_none_or(|keep| keep == 1) && (keep.is_some() || set.is_none_or(|set| set == 1));
    if !is_ordered || keep.is_none() && set.is_none() && count != 1 {
        return Err(TranslateError::syntax("syntax error in OBJECT_TRANSFORM"));
    }
    let written = |value: Expr| cast(value, Type::Varchar(VARCHAR_MAX));
    let kept_count = kept.as_ref().map_or("-1".to_owned(), |kept| kept.len().to_string());
    let mut all = vec![written(given.take(0)), text(&kept_count)];
    all.extend(kept.into_iter().flatten().map(|at| given.take(at)));
    for (step, at) in (set.map_or(count, |set| set + 1)..count).enumerate() {
        let kind = given.kind(at);
        let value = given.take(at);
        all.push(match step % 2 {
            0 => value,
            _ => call("coalesce", [written(as_super(value, kind)), text("null")]),
        });
    }
    Ok(cast(call_with("redshift_object_transform", all), Type::Super))
}
