//! Functions by name: those that mean the same in DuckDB, and those that are written another way. A function that
//! is neither is refused, even where DuckDB has one of that name.

use sqlparser::ast::{Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments, Value};
use sqlparser::dialect::DuckDbDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::is_word;
use crate::warehouse::error::SqlError;

/// Same name, same arguments, same meaning. In order, so that a name is found by halving.
const SAME: &[&str] = &[
    "abs",
    "acos",
    "any_value",
    "ascii",
    "asin",
    "atan",
    "atan2",
    "avg",
    "bit_and",
    "bit_or",
    "bool_and",
    "bool_or",
    "btrim",
    "ceil",
    "ceiling",
    "chr",
    "coalesce",
    "concat",
    "cos",
    "cot",
    "count",
    "cume_dist",
    "current_date",
    "date_part",
    "date_trunc",
    "degrees",
    "dense_rank",
    "exp",
    "extract",
    "first_value",
    "floor",
    "greatest",
    "initcap",
    "lag",
    "last_day",
    "last_value",
    "lead",
    "least",
    "left",
    "length",
    "ln",
    "log",
    "lower",
    "lpad",
    "ltrim",
    "max",
    "max_by",
    "md5",
    "median",
    "min",
    "min_by",
    "mod",
    "nth_value",
    "ntile",
    "nullif",
    "percent_rank",
    "percentile_cont",
    "percentile_disc",
    "pi",
    "position",
    "pow",
    "power",
    "radians",
    "random",
    "rank",
    "repeat",
    "replace",
    "reverse",
    "right",
    "round",
    "row_number",
    "rpad",
    "rtrim",
    "sign",
    "sin",
    "split_part",
    "sqrt",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "strpos",
    "substr",
    "substring",
    "sum",
    "tan",
    "translate",
    "trim",
    "trunc",
    "upper",
    "var_pop",
    "var_samp",
    "variance",
];

/// What takes the function's place; `None` leaves it as it is.
pub fn rewrite(function: &mut Function) -> Result<Option<Expr>, SqlError> {
    let name = function.name.to_string().to_lowercase();
    if SAME.binary_search(&name.as_str()).is_ok() {
        if name == "date_part" {
            return quote_part(function);
        }
        return Ok(None);
    }
    let arguments = arguments(function)?;
    let texts: Vec<String> = arguments.iter().map(ToString::to_string).collect();
    match (name.as_str(), &texts[..]) {
        ("getdate", []) => now("second").map(Some),
        ("sysdate", []) => now("microsecond").map(Some),
        ("len" | "char_length" | "character_length" | "textlen", [text]) => written(&format!("length({text})")),
        ("octet_length", [text]) => written(&format!("strlen({text})")),
        ("dlog10", [number]) => written(&format!("log({number})")),
        ("nvl" | "ifnull", [_, _, ..]) => written(&format!("coalesce({})", texts.join(", "))),
        ("nvl2", [value, some, none]) => written(&format!("CASE WHEN {value} IS NOT NULL THEN {some} ELSE {none} END")),
        ("decode", [value, pairs @ ..]) => decode(value, pairs),
        ("dateadd" | "date_add", [part, count, date]) => date_add(part, count, date),
        ("datediff" | "date_diff", [part, from, to]) => {
            written(&format!("date_diff('{}', {from}, {to})", date_part(part)?))
        }
        ("listagg", _) => list_aggregate(function, &texts),
        ("to_char", [value, format]) => to_char(value, format),
        ("json_extract_path_text", [json, path @ ..]) if !path.is_empty() => {
            written(&format!("json_extract_string({json}, '/' || {})", path.join(" || '/' || ")))
        }
        _ => Err(SqlError::new("42883", format!("function {name} is not supported by the local Redshift"))),
    }
}

/// The current time in UTC, as Redshift gives it.
pub fn now(precision: &str) -> Result<Expr, SqlError> {
    parse(&format!("date_trunc('{precision}', make_timestamp(epoch_us(now())))"))
}

fn arguments(function: &Function) -> Result<Vec<Expr>, SqlError> {
    let FunctionArguments::List(list) = &function.args else { return Ok(Vec::new()) };
    let expression = |argument: &FunctionArg| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Ok(expr.clone()),
        other => Err(SqlError::syntax(format!("syntax error at or near \"{other}\""))),
    };
    list.args.iter().map(expression).collect()
}

fn parse(text: &str) -> Result<Expr, SqlError> {
    let mut parser = Parser::new(&DuckDbDialect {}).try_with_sql(text).map_err(SqlError::from_parser)?;
    parser.parse_expr().map_err(SqlError::from_parser)
}

fn written(text: &str) -> Result<Option<Expr>, SqlError> {
    parse(text).map(Some)
}

/// *Date parts are words*: `date_part(dow, t)` has a bare word where DuckDB wants a string.
fn quote_part(function: &mut Function) -> Result<Option<Expr>, SqlError> {
    match &arguments(function)?[..] {
        [Expr::Identifier(part), date] => written(&format!("date_part('{}', {date})", date_part(&part.value)?)),
        _ => Ok(None),
    }
}

/// The DuckDB name of a date part, from Redshift's many spellings.
fn date_part(text: &str) -> Result<&'static str, SqlError> {
    Ok(match text.trim_matches(['\'', '"']).to_lowercase().as_str() {
        "millennium" | "millennia" | "mil" | "mils" => "millennium",
        "century" | "centuries" | "c" | "cent" | "cents" => "century",
        "decade" | "decades" | "dec" | "decs" => "decade",
        "year" | "years" | "y" | "yr" | "yrs" => "year",
        "quarter" | "quarters" | "qtr" | "qtrs" => "quarter",
        "month" | "months" | "mon" | "mons" => "month",
        "week" | "weeks" | "w" => "week",
        "dayofweek" | "dow" | "dw" | "weekday" => "dow",
        "dayofyear" | "doy" | "dy" | "yearday" => "doy",
        "day" | "days" | "d" => "day",
        "hour" | "hours" | "h" | "hr" | "hrs" => "hour",
        "minute" | "minutes" | "m" | "min" | "mins" => "minute",
        "second" | "seconds" | "s" | "sec" | "secs" => "second",
        "millisecond" | "milliseconds" | "ms" | "msec" | "msecs" => "millisecond",
        "microsecond" | "microseconds" | "microsec" | "microsecs" | "us" => "microsecond",
        "epoch" => "epoch",
        other => return Err(SqlError::new("22023", format!("date part \"{other}\" is not recognised"))),
    })
}

/// *Date parts of EXTRACT*: Redshift's short names, before the parser sees them, which knows the long ones only.
pub fn spell_out_extracts(tokens: &mut [TokenWithSpan]) {
    for at in 3..tokens.len() {
        let is_extract = is_word(&tokens[at - 3].token, "EXTRACT")
            && tokens[at - 2].token == Token::LParen
            && is_word(&tokens[at].token, "FROM");
        if let (true, Token::Word(part)) = (is_extract, &tokens[at - 1].token)
            && let Ok(name) = date_part(&part.value)
        {
            tokens[at - 1].token = Token::make_word(name, None);
        }
    }
}

/// *DATEADD*: as many units after the date, which becomes a timestamp.
fn date_add(part: &str, count: &str, date: &str) -> Result<Option<Expr>, SqlError> {
    let part = date_part(part)?;
    let (function, factor) = match part {
        "quarter" => ("to_months", 3),
        "dow" | "doy" | "epoch" => return Err(SqlError::unsupported(&format!("DATEADD of {part}"))),
        "millennium" => ("to_millennia", 1),
        "century" => ("to_centuries", 1),
        _ => ("", 1),
    };
    let function = if function.is_empty() { format!("to_{part}s") } else { function.to_owned() };
    written(&format!("(CAST({date} AS TIMESTAMP) + {function}(CAST(({count}) * {factor} AS INTEGER)))"))
}

/// *DECODE*: a chain of comparisons where NULL equals NULL.
fn decode(value: &str, pairs: &[String]) -> Result<Option<Expr>, SqlError> {
    let mut text = "CASE".to_owned();
    for pair in pairs.chunks(2) {
        match pair {
            [search, result] => text.push_str(&format!(" WHEN {value} IS NOT DISTINCT FROM {search} THEN {result}")),
            [otherwise] => text.push_str(&format!(" ELSE {otherwise}")),
            _ => {}
        }
    }
    written(&format!("{text} END"))
}

/// *LISTAGG*: the order goes into the aggregate's own ORDER BY.
fn list_aggregate(function: &Function, texts: &[String]) -> Result<Option<Expr>, SqlError> {
    let FunctionArguments::List(list) = &function.args else { return Err(SqlError::unsupported("this LISTAGG")) };
    let distinct = if list.duplicate_treatment.is_some() { "DISTINCT " } else { "" };
    let separator = texts.get(1).map_or("''", String::as_str);
    let mut order: Vec<String> = function.within_group.iter().map(ToString::to_string).collect();
    for clause in &list.clauses {
        match clause {
            FunctionArgumentClause::OrderBy(by) => order.extend(by.iter().map(ToString::to_string)),
            other => return Err(SqlError::unsupported(&format!("LISTAGG with {other}"))),
        }
    }
    let order = if order.is_empty() { String::new() } else { format!(" ORDER BY {}", order.join(", ")) };
    let over = function.over.as_ref().map(|over| format!(" OVER {over}")).unwrap_or_default();
    let value = texts.first().ok_or_else(|| SqlError::syntax("listagg needs an argument"))?;
    written(&format!("string_agg({distinct}CAST({value} AS VARCHAR), {separator}{order}){over}"))
}

/// *TO_CHAR of a time*: the common fields of the format, each as DuckDB writes it.
fn to_char(value: &str, format: &str) -> Result<Option<Expr>, SqlError> {
    const FIELDS: [(&str, &str); 16] = [
        ("YYYY", "%Y"),
        ("YY", "%y"),
        ("MONTH", "%B"),
        ("Month", "%B"),
        ("MON", "%b"),
        ("Mon", "%b"),
        ("MM", "%m"),
        ("DDD", "%j"),
        ("DD", "%d"),
        ("HH24", "%H"),
        ("HH12", "%I"),
        ("HH", "%I"),
        ("MI", "%M"),
        ("SS", "%S"),
        ("MS", "%g"),
        ("US", "%f"),
    ];
    let Ok(Expr::Value(literal)) = parse(format) else {
        return Err(SqlError::unsupported("TO_CHAR with a computed format"));
    };
    let Value::SingleQuotedString(pattern) = literal.value else {
        return Err(SqlError::unsupported("TO_CHAR with a computed format"));
    };
    let (mut rest, mut translated) = (pattern.as_str(), String::new());
    while let Some(first) = rest.chars().next() {
        let field = FIELDS.iter().find(|(name, _)| rest.starts_with(name));
        match field {
            // Upper-case names of months differ from what strftime writes.
            Some(("MONTH" | "MON" | "Month", _)) => {
                return Err(SqlError::unsupported(&format!("TO_CHAR with the format '{pattern}'")));
            }
            Some((name, written)) => {
                translated.push_str(written);
                rest = &rest[name.len()..];
            }
            None if first.is_alphanumeric() => {
                return Err(SqlError::unsupported(&format!("TO_CHAR with the format '{pattern}'")));
            }
            None => {
                translated.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    written(&format!("strftime({value}, '{}')", translated.replace('\'', "''")))
}
