//! Functions by name: those that the engine has under Redshift's name, as its own or as a macro of ours, and those
//! that have to be written another way. A function that is neither is refused, even where DuckDB has one of that name.

use sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArgumentClause, FunctionArguments, Ident, ObjectName, Value,
};

use crate::bind::Types;
use crate::bind::value_type::{MAX_PRECISION, ValueType};
use crate::error::TranslateError;
use crate::parse::simple_expressions::literal;
use crate::rules::calls::{Call, arguments, for_each_argument, is_cheap};
use crate::rules::casts::{differs_as_text, interval_of, rewrite_cast, text_value, time};
use crate::rules::comparison::sides;
use crate::rules::construct::{binary, call, call_with, case, cast, nested, number, replace, take, text};
use crate::rules::date_functions;
use crate::rules::function_names;
use crate::rules::function_names::{KNOWN, OF_TEXTS, OF_TIMES};
use crate::rules::json_path::json_path;
use crate::rules::ordered_aggregates;
use crate::rules::super_values;
use crate::rules::type_functions;
use crate::rules::varbyte;
use crate::rules::windows;
use crate::rules::zones;
use crate::types::{Type, VARCHAR_MAX};

/// LEN and its other names: the blanks behind a CHAR are not counted.
const LENGTHS: [&str; 5] = ["char_length", "character_length", "len", "length", "textlen"];

/// To these a text in quotes is a number.
const OF_NUMBERS: [&str; 24] = [
    "abs", "acos", "asin", "atan", "cbrt", "ceil", "ceiling", "cos", "cot", "degrees", "dexp", "dlog1", "dlog10",
    "exp", "floor", "ln", "log", "pow", "power", "radians", "round", "sin", "sqrt", "tan",
];

/// What takes the function's place; `None` leaves it as it is.
pub fn rewrite(function: &mut Function, types: &Types) -> Result<Option<Expr>, TranslateError> {
    let mut name = function.name.to_string().to_lowercase().replace('"', "");
    // What is of the catalog's own schema is of ours.
    if let Some(bare) = name.strip_prefix("pg_catalog.").or_else(|| name.strip_prefix("information_schema.")) {
        name = bare.to_owned();
        function.name = ObjectName::from(vec![Ident::new(&name)]);
    }
    if let Some(over) = &function.over {
        windows::check(&name, over)?;
    }
    treat_nulls_inside(function);
    let kinds = types.of_arguments(function);
    zones::rewrite_arguments(function, &name, &kinds);
    if let Some(written) = super_values::rewrite_call(function, &name, &kinds)? {
        return Ok(Some(written));
    }
    if let Some(written) = varbyte::rewrite_call(function, &name, &kinds)? {
        return Ok(Some(written));
    }
    if name.starts_with("percentile_") {
        return ordered_aggregates::percentile(function, &name);
    }
    if name == "listagg" {
        return ordered_aggregates::list_aggregate(function, &kinds);
    }
    if let Ok(at) = OF_TEXTS.binary_search_by_key(&name.as_str(), |(name, _)| name) {
        give_texts(function, &kinds, OF_TEXTS[at].1);
        if LENGTHS.contains(&name.as_str()) && matches!(kinds.first(), Some(ValueType::Of(Type::Char(_)))) {
            for_each_argument(function, |_, argument| replace(argument, |value| call("rtrim", [value])));
        }
        return Ok(mentioned_once(function, &name));
    }
    if let Ok(at) = OF_TIMES.binary_search_by_key(&name.as_str(), |(name, _)| name) {
        give_times(function, &kinds, OF_TIMES[at].1);
        if name == "add_months" && arguments(function)?.first().is_some_and(|time| !is_cheap(time)) {
            function.name = ObjectName::from(vec![Ident::new("add_months_once")]);
        }
        return Ok(None);
    }
    if OF_NUMBERS.contains(&name.as_str()) && kinds.first() == Some(&ValueType::Untyped) {
        for_each_argument(function, |at, argument| {
            if at == 0 && literal(argument).is_some() {
                replace(argument, |value| cast(value, Type::Double));
            }
        });
    }
    if let Some(typed) = by_type(function, &name, &kinds)? {
        return Ok(Some(typed));
    }
    if let ("sum" | "avg", Some(kind)) = (name.as_str(), kinds.first())
        && let Some(written) = kind.is_interval().then(|| interval_aggregate(function, *kind)).flatten()
    {
        return Ok(Some(written));
    }
    if KNOWN.binary_search(&name.as_str()).is_ok() {
        return Ok(None);
    }
    rewrite_other(function, &name, kinds)
}

/// Functions that Redshift alone has.
fn rewrite_other(function: &mut Function, name: &str, kinds: Vec<ValueType>) -> Result<Option<Expr>, TranslateError> {
    let arguments = arguments(function)?;
    let count = arguments.len();
    let mut call_of = Call { arguments, types: kinds };
    if let (Some(data_type), 1) = (type_functions::named(name), count) {
        let (mut value, kind) = (call_of.take(0), call_of.kind(0));
        return rewrite_cast(&mut value, kind, &data_type).map(Some);
    }
    let written = match (name, count) {
        ("avg", 1) => return Ok(average(function, call_of.kind(0))),
        ("bool_and" | "bool_or", 1) => {
            for_each_argument(function, |_, argument| replace(argument, |value| cast(value, Type::Boolean)));
            return Ok(None);
        }
        ("hll", 1) => {
            let mut counted = crate::rules::construct::function_call("count", call_of.arguments);
            if let FunctionArguments::List(list) = &mut counted.args {
                list.duplicate_treatment = Some(sqlparser::ast::DuplicateTreatment::Distinct);
            }
            Expr::Function(counted)
        }
        ("nullif", 2) => null_if(call_of),
        // Of GROUP BY, and no function to DuckDB.
        ("grouping" | "grouping_id", 1..) => return Ok(None),
        ("current_user" | "session_user" | "user" | "current_user_name", 0) => call("redshift_user", []),
        ("current_date", 0) => date_functions::today(),
        ("current_timestamp", 0) => call("now", []),
        ("getdate", 0) => date_functions::now("second"),
        ("sysdate", 0) => date_functions::now("microsecond"),
        ("date", 1) => time(call_of.take(0), call_of.kind(0), Type::Date),
        ("date_part" | "datepart" | "pgdate_part", 2) => date_functions::date_part(&mut call_of)?,
        ("date_trunc", 2) => date_functions::date_trunc(&mut call_of)?,
        ("dateadd" | "date_add", 3) => date_functions::date_add(&mut call_of)?,
        ("datediff" | "date_diff", 3) => date_functions::date_diff(&mut call_of)?,
        ("generate_series", 2 | 3) => series(call_of),
        ("nvl" | "ifnull", 2..) => call_with("coalesce", call_of.arguments),
        ("nvl2", 3) => {
            let is_there = Expr::IsNotNull(Box::new(nested(call_of.take(0))));
            case(vec![(is_there, call_of.take(1))], Some(call_of.take(2)))
        }
        ("decode", _) => decode(call_of),
        ("to_number", 2) => to_number(&mut call_of)?,
        ("json_extract_path_text", 2..) => json_path(call_of),
        ("array", _) => call_with("json_array", call_of.arguments),
        ("object", _) => call_with("json_object", call_of.arguments),
        ("ratio_to_report", 1) => {
            let over = function.over.take().ok_or_else(|| TranslateError::syntax("ratio_to_report needs OVER"))?;
            let value = call_of.take(0);
            let mut sum = crate::rules::construct::function_call("sum", vec![value.clone()]);
            sum.over = Some(over);
            nested(binary(cast(value, Type::Double), BinaryOperator::Divide, Expr::Function(sum)))
        }
        // One of one's own, if any: none of DuckDB's has such a name.
        _ => {
            let bare = name.rsplit('.').next().unwrap_or(name);
            function.name =
                ObjectName::from(vec![Ident::with_quote('"', format!("{}{bare}", function_names::UDF_PREFIX))]);
            return Ok(None);
        }
    };
    Ok(Some(written))
}

/// Functions that mean different things by the type of their argument. Where it is not known here, a macro with
/// overloads has their name.
fn by_type(function: &mut Function, name: &str, kinds: &[ValueType]) -> Result<Option<Expr>, TranslateError> {
    let (Some(first), None) = (kinds.first().copied(), &function.over) else { return Ok(None) };
    let kind = if name == "timezone" { kinds.get(1).copied().unwrap_or(ValueType::Unknown) } else { first };
    if kind == ValueType::Unknown {
        return Ok(None);
    }
    let written = match name {
        "to_char" if kinds.len() == 2 => {
            let mut given = arguments(function)?;
            let format = given.pop().unwrap_or_else(|| text(""));
            let value = given.pop().unwrap_or_else(|| text(""));
            let value = if kind == ValueType::DATE { cast(value, Type::Timestamp) } else { value };
            if kind == ValueType::TIMESTAMPTZ {
                return Ok(Some(call("redshift_zoned_to_char", [value, format])));
            }
            let writes = if kind.is_date() { "redshift_to_char_time" } else { "redshift_to_char_number" };
            call(writes, [cast(value, Type::Varchar(VARCHAR_MAX)), format])
        }
        "trunc" if kind.is_date() => {
            let value = arguments(function)?.pop().unwrap_or_else(|| text(""));
            time(value, kind, Type::Date)
        }
        "trunc" => {
            let mut given = arguments(function)?;
            if kind.is_textual()
                && let Some(value) = given.first_mut()
            {
                replace(value, |value| cast(value, Type::Double));
            }
            call_with("system.main.trunc", given)
        }
        "sign" if kinds.len() == 1 => {
            let sign = call_with("system.main.sign", arguments(function)?);
            let is_float = matches!(kind, ValueType::Of(Type::Real | Type::Double));
            cast(sign, if is_float { Type::Double } else { Type::Decimal(1, 0) })
        }
        "timezone" if kinds.len() == 2 => {
            let mut given = arguments(function)?;
            let value = given.pop().unwrap_or_else(|| text(""));
            let zone = given.pop().unwrap_or_else(|| text(""));
            date_functions::at_time_zone(value, kind, zone)
        }
        "fnv_hash" | "murmur3_32_hash" => return hash(function, name, kind),
        _ => return Ok(None),
    };
    Ok(Some(written))
}

/// FNV_HASH and MURMUR3_32_HASH are of the bytes that a type has.
fn hash(function: &Function, name: &str, kind: ValueType) -> Result<Option<Expr>, TranslateError> {
    let is_fnv = name == "fnv_hash";
    let size = match kind {
        ValueType::Of(Type::SmallInt) if is_fnv => "2",
        ValueType::Of(Type::Integer) if is_fnv => "4",
        ValueType::Of(Type::SmallInt | Type::Integer | Type::BigInt) => "8",
        kind if kind.is_textual() => "0",
        _ => return Ok(None),
    };
    let written = |value: Expr| cast(value, Type::Varchar(VARCHAR_MAX));
    let mut given = arguments(function)?.into_iter();
    let value = given.next().map_or_else(|| text(""), written);
    let seed = given.next().map_or_else(|| text(if is_fnv { "-3750763034362895579" } else { "0" }), written);
    let (hash, answer) = if is_fnv { ("redshift_fnv_hash", Type::BigInt) } else { ("redshift_murmur3", Type::Integer) };
    Ok(Some(cast(call(hash, [text(size), value, seed]), answer)))
}

/// A call as a function that takes its text once: the macro of its name mentions it several times, and so would each one
/// around it. `None` where that costs nothing.
fn mentioned_once(function: &mut Function, name: &str) -> Option<Expr> {
    let mut given = arguments(function).ok()?;
    if given.first().is_none_or(is_cheap) {
        return None;
    }
    let written = |value: Expr| cast(value, Type::Varchar(VARCHAR_MAX));
    match (name, given.len()) {
        ("replace", 3) => Some(call_with("redshift_replace", given.into_iter().map(written).collect())),
        ("repeat" | "replicate", 2) => Some(call_with("redshift_repeat", given.into_iter().map(written).collect())),
        ("lpad" | "rpad", 2 | 3) => {
            if given.len() == 2 {
                given.push(text(" "));
            }
            let pads = if name == "lpad" { "redshift_lpad" } else { "redshift_rpad" };
            Some(call_with(pads, given.into_iter().map(written).collect()))
        }
        ("substring" | "substr", 3) if is_positive(&given[1]) => {
            given[0] = written(take(&mut given[0]));
            Some(call_with("system.main.substring", given))
        }
        _ => None,
    }
}

fn is_positive(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if matches!(&value.value, Value::Number(digits, _) if digits.parse::<u32>().is_ok_and(|at| at > 0)))
}

/// So many of the first arguments are texts: anything else is given as the text that Redshift writes of it.
fn give_texts(function: &mut Function, kinds: &[ValueType], count: usize) {
    for_each_argument(function, |at, argument| {
        let kind = kinds.get(at).copied().unwrap_or(ValueType::Unknown);
        if at < count && differs_as_text(argument, kind) {
            replace(argument, |value| text_value(value, kind));
        }
    });
}

/// These arguments are times: a TIMESTAMP is made of any other.
fn give_times(function: &mut Function, kinds: &[ValueType], places: &[usize]) {
    // The time is the last argument of CONVERT_TIMEZONE, with one zone or two before it.
    let last = kinds.len().saturating_sub(1);
    let is_zone = function.name.to_string().eq_ignore_ascii_case("convert_timezone");
    for_each_argument(function, |at, argument| {
        if is_zone && at == last || !is_zone && places.contains(&at) {
            let kind = kinds.get(at).copied().unwrap_or(ValueType::Unknown);
            replace(argument, |value| time(value, kind, Type::Timestamp));
        }
    });
}

/// *Averages keep the type*: of integers an integer, of numerics a numeric with as many places, else a double.
fn average(function: &Function, kind: ValueType) -> Option<Expr> {
    if matches!(kind, ValueType::Of(Type::Real | Type::Double)) {
        return None;
    }
    let named = |name: &str| {
        let mut function = function.clone();
        function.name = ObjectName::from(vec![Ident::new(name)]);
        Expr::Function(function)
    };
    let count = call("nullif", [named("count"), number(0)]);
    let written = |value: Expr| cast(value, Type::Varchar(VARCHAR_MAX));
    Some(match kind {
        ValueType::Of(Type::Decimal(_, scale)) => {
            let average = call("redshift_divide", [written(named("sum")), written(count), text(&scale.to_string())]);
            cast(average, Type::Decimal(MAX_PRECISION, scale))
        }
        kind if kind.is_integer() => cast(binary(named("sum"), BinaryOperator::Divide, count), Type::BigInt),
        _ => call("cast_to_type", [call("redshift_average", [named("sum"), count]), named("sum")]),
    })
}

/// *SUM and AVG of intervals*, which are counted in months or microseconds; `None` for those without a qualifier.
fn interval_aggregate(function: &Function, kind: ValueType) -> Option<Expr> {
    let widest = kind.widest_interval().known()?;
    let (counted, from_count) = match kind.is_year_to_month() {
        true => ("redshift_months", "to_months"),
        false => ("redshift_micros", "to_microseconds"),
    };
    let mut aggregate = function.clone();
    for_each_argument(&mut aggregate, |_, argument| replace(argument, |value| call(counted, [value])));
    // A part of a month or of a microsecond is cut off.
    let count = call("system.main.trunc", [Expr::Function(aggregate)]);
    let count = cast(count, if kind.is_year_to_month() { Type::Integer } else { Type::BigInt });
    Some(interval_of(call(from_count, [count]), widest))
}

/// *IGNORE NULLS* stands among the arguments in DuckDB.
fn treat_nulls_inside(function: &mut Function) {
    if let (Some(treatment), FunctionArguments::List(list)) = (function.null_treatment, &mut function.args) {
        function.null_treatment = None;
        list.clauses.push(FunctionArgumentClause::IgnoreOrRespectNulls(treatment));
    }
}

/// *NULLIF* compares as `=` does.
fn null_if(mut given: Call) -> Expr {
    let (one, two) = (given.kind(0), given.kind(1));
    let value = given.take(0);
    let (mut left, mut right) = (value.clone(), given.take(1));
    let other = right.clone();
    sides((&mut left, one), (&mut right, two));
    if left == value && right == other {
        return call("nullif", [value, other]);
    }
    case(vec![(binary(left, BinaryOperator::Eq, right), Expr::value(Value::Null))], Some(value))
}

/// *GENERATE_SERIES* among the columns answers rows: of integers, as what it is given.
fn series(mut given: Call) -> Expr {
    let are_integers = given.types.iter().all(|kind| *kind == ValueType::INTEGER);
    if given.arguments.len() == 2 {
        given.arguments.push(number(1));
    }
    let rows = call("unnest", [call_with("redshift_series", given.arguments)]);
    if are_integers { cast(rows, Type::Integer) } else { rows }
}

/// *DECODE*: a chain of comparisons where NULL equals NULL.
fn decode(mut given: Call) -> Expr {
    let value = given.take(0);
    let count = given.arguments.len();
    let (mut whens, mut otherwise, mut at) = (Vec::new(), None, 1);
    while at < count {
        if at + 1 == count {
            otherwise = Some(given.take(at));
            break;
        }
        let (one, two) = (given.kind(0), given.kind(at));
        let (mut left, mut right) = (value.clone(), given.take(at));
        sides((&mut left, one), (&mut right, two));
        let [left, right] = [left, right].map(|side| Box::new(crate::rules::construct::closed(side)));
        whens.push((Expr::IsNotDistinctFrom(left, right), given.take(at + 1)));
        at += 2;
    }
    case(whens, otherwise)
}

/// *TO_NUMBER*: a numeric with as many places as the format has behind its point.
fn to_number(given: &mut Call) -> Result<Expr, TranslateError> {
    let format = given.take(1);
    let Some(pattern) = literal(&format) else {
        return Err(TranslateError::unsupported("TO_NUMBER with a computed format"));
    };
    let kind = number_format_type(pattern);
    let parsed = call("redshift_parse_number", [cast(given.take(0), Type::Varchar(VARCHAR_MAX)), format]);
    Ok(cast(parsed, kind))
}

/// The type of a number that is read by a format: as many places as the format has behind its point.
pub fn number_format_type(format: &str) -> Type {
    let upper = format.to_uppercase();
    let (_, fraction) = upper.split_once(['.', 'D']).unwrap_or((&upper, ""));
    let count = |part: &str| {
        let digits = part.chars().filter(|sign| matches!(sign, '9' | '0')).count();
        u8::try_from(digits).unwrap_or(u8::MAX).min(MAX_PRECISION)
    };
    let (places, all) = (count(fraction), count(&upper).max(1));
    Type::Decimal(all.max(places), places)
}
