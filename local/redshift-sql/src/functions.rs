//! Functions by name: those that the engine has under Redshift's name, as its own or as a macro of ours, and those
//! that have to be written another way. A function that is neither is refused, even where DuckDB has one of that name.

use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments, SetExpr, TableFactor,
    Value,
};
use sqlparser::dialect::DuckDbDialect;
use sqlparser::parser::Parser;

use super::comparison::literal;
use super::depth::MOST_NESTED;
use super::function_names::{KNOWN, OF_TEXTS};
use super::{ordered_aggregates, udf, windows};
use crate::error::TranslateError;

/// What stands for a value alone: its text is what Redshift writes of it, which may be something else than DuckDB writes.
/// Of what is computed it is not asked: such texts would double with each function around them.
pub fn text_of(expr: &Expr) -> Option<Expr> {
    match expr {
        Expr::Identifier(_)
        | Expr::CompoundIdentifier(_)
        | Expr::CompoundFieldAccess { .. }
        | Expr::JsonAccess { .. } => parse(&format!("redshift_text({expr})")).ok(),
        _ => None,
    }
}

/// So many of the first arguments are texts.
fn give_texts(function: &mut Function, count: usize) {
    let FunctionArguments::List(list) = &mut function.args else { return };
    for argument in list.args.iter_mut().take(count) {
        if let FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) = argument
            && let Some(text) = text_of(expr)
        {
            *expr = text;
        }
    }
}

/// What takes the function's place; `None` leaves it as it is.
pub fn rewrite(function: &mut Function) -> Result<Option<Expr>, TranslateError> {
    let mut name = function.name.to_string().to_lowercase().replace('"', "");
    // What is of the catalog's own schema is of ours.
    if let Some(bare) = name.strip_prefix("pg_catalog.").or_else(|| name.strip_prefix("information_schema.")) {
        name = bare.to_owned();
        function.name = sqlparser::ast::ObjectName::from(vec![sqlparser::ast::Ident::new(&name)]);
    }
    if let Some(over) = &function.over {
        windows::check(&name, over)?;
    }
    treat_nulls_inside(function);
    if name.starts_with("percentile_") {
        return ordered_aggregates::percentile(function, &name);
    }
    if let Ok(at) = OF_TEXTS.binary_search_by_key(&name.as_str(), |(name, _)| name) {
        give_texts(function, OF_TEXTS[at].1);
        return Ok(None);
    }
    if KNOWN.binary_search(&name.as_str()).is_ok() {
        return Ok(None);
    }
    let arguments = arguments(function)?;
    let texts: Vec<String> = arguments.iter().map(ToString::to_string).collect();
    match (name.as_str(), &texts[..]) {
        ("avg", [_]) => average(function),
        // PIVOT takes one aggregate as it is.
        ("mean", [_]) if function.name.to_string() == PIVOTED_AVERAGE => Ok(None),
        ("bool_and" | "bool_or", [value]) => {
            let flag = parse(&format!("CAST({value} AS BOOLEAN)"))?;
            if let FunctionArguments::List(list) = &mut function.args {
                list.args = vec![FunctionArg::Unnamed(FunctionArgExpr::Expr(flag))];
            }
            Ok(None)
        }
        ("hll", [value]) => written(&format!("count(DISTINCT {value})")),
        ("nullif", [value, other]) => written(&format!("redshift_nullif({value}, {other})")),
        // Of GROUP BY, and no function to DuckDB.
        ("grouping" | "grouping_id", [_, ..]) => Ok(None),
        ("current_user" | "session_user" | "user" | "current_user_name", []) => written("redshift_user()"),
        ("current_date", []) => written("CAST(make_timestamp(epoch_us(now())) AS DATE)"),
        ("current_timestamp", []) => written("now()"),
        ("date", [value]) => written(&format!("redshift_date({value})")),
        ("date_part" | "pgdate_part", [part, date]) => {
            let found = match date_part(part)? {
                // Seconds with their fraction.
                "second" => format!("(date_part('microsecond', {}) / 1000000.0)", instant(date)),
                part => part_of(part, date),
            };
            written(&format!("CAST({found} AS DOUBLE)"))
        }
        ("date_trunc", [part, date]) => match date_part(part)? {
            part @ ("century" | "millennium") => {
                written(&format!("(date_trunc('{part}', {} - INTERVAL 1 YEAR) + INTERVAL 1 YEAR)", instant(date)))
            }
            part => written(&format!("date_trunc('{part}', {})", instant(date))),
        },
        // Rows, where it stands among the columns: of integers, as what it is given.
        ("generate_series", [_, _] | [_, _, _]) => {
            let step = if texts.len() == 2 { ", 1" } else { "" };
            let series = format!("unnest(redshift_series({}{step}))", texts.join(", "));
            let are_integers = texts.iter().all(|text| text.parse::<i32>().is_ok());
            written(&if are_integers { format!("CAST({series} AS INTEGER)") } else { series })
        }
        ("getdate", []) => now("second").map(Some),
        ("sysdate", []) => now("microsecond").map(Some),
        ("nvl" | "ifnull", [_, _, ..]) => written(&format!("coalesce({})", texts.join(", "))),
        ("nvl2", [value, some, none]) => written(&format!("CASE WHEN {value} IS NOT NULL THEN {some} ELSE {none} END")),
        ("decode", [value, pairs @ ..]) => decode(value, pairs),
        ("dateadd" | "date_add", [part, count, date]) => date_add(part, count, date),
        ("datediff" | "date_diff", [part, from, to]) => {
            let (from, to) = (instant(from), instant(to));
            match date_part(part)? {
                // A week begins on Monday: boundaries count, not days.
                "week" => written(&format!("redshift_weeks({from}, {to})")),
                part => written(&format!("date_diff('{part}', {from}, {to})")),
            }
        }
        ("listagg", _) => ordered_aggregates::list_aggregate(function),
        ("to_number", [text, format]) => to_number(text, format),
        ("json_extract_path_text", [json, path @ ..]) if !path.is_empty() => json_path(json, &arguments[1..]),
        ("array", values) => written(&format!("json_array({})", values.join(", "))),
        ("object", values) => written(&format!("json_object({})", values.join(", "))),
        ("ratio_to_report", [value]) => {
            let over = function.over.as_ref().ok_or_else(|| TranslateError::syntax("ratio_to_report needs OVER"))?;
            written(&format!("(CAST({value} AS DOUBLE) / sum({value}) OVER {over})"))
        }
        // One of one's own, if any: none of DuckDB's has such a name.
        _ => {
            let bare = name.rsplit('.').next().unwrap_or(&name);
            let own = sqlparser::ast::Ident::with_quote('"', format!("{}{bare}", udf::PREFIX));
            function.name = sqlparser::ast::ObjectName::from(vec![own]);
            Ok(None)
        }
    }
}

/// The current time in UTC, as Redshift gives it.
pub fn now(precision: &str) -> Result<Expr, TranslateError> {
    parse(&format!("date_trunc('{precision}', make_timestamp(epoch_us(now())))"))
}

/// The arguments of a call that has no others than expressions.
pub fn arguments(function: &Function) -> Result<Vec<Expr>, TranslateError> {
    let FunctionArguments::List(list) = &function.args else { return Ok(Vec::new()) };
    let expression = |argument: &FunctionArg| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Ok(expr.clone()),
        other => Err(TranslateError::syntax(format!("syntax error at or near \"{other}\""))),
    };
    list.args.iter().map(expression).collect()
}

/// An expression of DuckDB's, from its text.
pub fn parse(text: &str) -> Result<Expr, TranslateError> {
    let mut parser = Parser::new(&DuckDbDialect {})
        .with_recursion_limit(MOST_NESTED)
        .try_with_sql(text)
        .map_err(TranslateError::from_parser)?;
    parser.parse_expr().map_err(TranslateError::from_parser)
}

/// What stands in the FROM of a query.
pub fn table_factor(text: &str) -> Result<TableFactor, TranslateError> {
    let query = Parser::new(&DuckDbDialect {})
        .with_recursion_limit(MOST_NESTED)
        .try_with_sql(text)
        .and_then(|mut parser| parser.parse_query());
    match *query.map_err(TranslateError::from_parser)?.body {
        SetExpr::Select(mut select) if select.from.len() == 1 => Ok(select.from.remove(0).relation),
        _ => Err(TranslateError::syntax("syntax error in FROM")),
    }
}

pub fn written(text: &str) -> Result<Option<Expr>, TranslateError> {
    parse(text).map(Some)
}

/// What a date function is given: a time of day, or anything that can be read as a timestamp.
fn instant(text: &str) -> String {
    let stands_alone = |sign: char| sign.is_alphanumeric() || matches!(sign, '_' | '.' | '"');
    let is_time = text.ends_with(" AS TIME)") || text.to_uppercase().starts_with("TIME '");
    match text.starts_with('\'') || text.chars().all(stands_alone) {
        true => format!("redshift_instant({text})"),
        false if is_time => text.to_owned(),
        false => format!("CAST({text} AS TIMESTAMP)"),
    }
}

/// *EXTRACT* answers an integer.
pub fn extract(part: &str, date: &str) -> Result<Option<Expr>, TranslateError> {
    let (found, kind) = (part_of(part, date), if part == "epoch" { "BIGINT" } else { "INTEGER" });
    written(&format!("CAST(system.main.trunc({found}) AS {kind})"))
}

/// *Parts of a date*: DuckDB counts seconds into smaller units, and decades from zero.
fn part_of(part: &str, date: &str) -> String {
    // Intervals have parts too.
    let date = if date.starts_with('\'') { instant(date) } else { format!("redshift_zoneless({date})") };
    let found = format!("date_part('{part}', {date})");
    match part {
        "millisecond" => format!("({found} % 1000)"),
        "microsecond" => format!("({found} % 1000000)"),
        "decade" => format!("({found} + 1)"),
        _ => found,
    }
}

/// What AVG is called in a PIVOT, between two readings.
pub const PIVOTED_AVERAGE: &str = "\"mean\"";

/// *Averages keep the type*: of integers an integer, of numerics a numeric with as many places, else a double.
fn average(function: &Function) -> Result<Option<Expr>, TranslateError> {
    let named = |name: &str| {
        let mut function = function.clone();
        function.name = sqlparser::ast::ObjectName::from(vec![sqlparser::ast::Ident::new(name)]);
        function
    };
    let (sum, count) = (named("sum"), named("count"));
    written(&format!("cast_to_type(redshift_average({sum}, nullif({count}, 0)), {sum})"))
}

/// *IGNORE NULLS* stands among the arguments in DuckDB.
fn treat_nulls_inside(function: &mut Function) {
    if let (Some(treatment), FunctionArguments::List(list)) = (function.null_treatment, &mut function.args) {
        function.null_treatment = None;
        list.clauses.push(FunctionArgumentClause::IgnoreOrRespectNulls(treatment));
    }
}

/// The DuckDB name of a date part, from Redshift's many spellings.
pub fn date_part(text: &str) -> Result<&'static str, TranslateError> {
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
        "millisecond" | "milliseconds" | "ms" | "msec" | "msecs" | "msecond" | "mseconds" | "millisec"
        | "millisecs" | "millisecon" => "millisecond",
        "microsecond" | "microseconds" | "microsec" | "microsecs" | "us" | "usec" | "usecs" | "usecond"
        | "useconds" => "microsecond",
        "epoch" => "epoch",
        other => return Err(TranslateError::new("22023", format!("date part \"{other}\" is not recognized"))),
    })
}

/// *DATEADD*: as many units after the date, which becomes a timestamp.
fn date_add(part: &str, count: &str, date: &str) -> Result<Option<Expr>, TranslateError> {
    let part = date_part(part)?;
    let (function, factor) = match part {
        "quarter" => ("to_months", 3),
        "dow" | "doy" | "epoch" => return Err(TranslateError::unsupported(&format!("DATEADD of {part}"))),
        "millennium" => ("to_millennia", 1),
        "century" => ("to_centuries", 1),
        "year" => return written(&format!("redshift_add_years({}, CAST({count} AS INTEGER))", instant(date))),
        _ => ("", 1),
    };
    let function = if function.is_empty() { format!("to_{part}s") } else { function.to_owned() };
    let kind = if matches!(part, "millisecond") { "DOUBLE" } else { "BIGINT" };
    let kind =
        if matches!(part, "hour" | "minute" | "second" | "microsecond" | "millisecond") { kind } else { "INTEGER" };
    written(&format!("({} + {function}(CAST(({count}) * {factor} AS {kind})))", instant(date)))
}

/// *DECODE*: a chain of comparisons where NULL equals NULL.
fn decode(value: &str, pairs: &[String]) -> Result<Option<Expr>, TranslateError> {
    let mut text = "CASE".to_owned();
    for pair in pairs.chunks(2) {
        match pair {
            [search, result] if search.starts_with('\'') => text.push_str(&format!(
                " WHEN redshift_side({value}, {search}, typeof({value})) \
                 IS NOT DISTINCT FROM redshift_side({search}, {value}, 'VARCHAR') THEN {result}"
            )),
            [search, result] => text.push_str(&format!(" WHEN {value} IS NOT DISTINCT FROM {search} THEN {result}")),
            [otherwise] => text.push_str(&format!(" ELSE {otherwise}")),
            _ => {}
        }
    }
    written(&format!("{text} END"))
}

/// *TO_NUMBER*: a numeric with as many places as the format has behind its point.
fn to_number(text: &str, format: &str) -> Result<Option<Expr>, TranslateError> {
    let Ok(Expr::Value(literal)) = parse(format) else {
        return Err(TranslateError::unsupported("TO_NUMBER with a computed format"));
    };
    let Value::SingleQuotedString(pattern) = literal.value else {
        return Err(TranslateError::unsupported("TO_NUMBER with a computed format"));
    };
    let digit = |sign: char| matches!(sign, '9' | '0');
    let upper = pattern.to_uppercase();
    let (_, fraction) = upper.split_once(['.', 'D']).unwrap_or((&upper, ""));
    let places = fraction.chars().filter(|sign| digit(*sign)).count();
    let precision = upper.chars().filter(|sign| digit(*sign)).count().clamp(1, 38);
    let precision = precision.max(places);
    written(&format!("CAST(redshift_parse_number(CAST({text} AS VARCHAR), {format}) AS DECIMAL({precision},{places}))"))
}

/// *JSON paths*: key by key; a last TRUE makes invalid JSON NULL. A key is one of objects only, and whatever signs it has.
fn json_path(json: &str, path: &[Expr]) -> Result<Option<Expr>, TranslateError> {
    let flag = path.last().map(|last| last.to_string().to_lowercase());
    let (path, lenient) = match (path, flag.as_deref()) {
        ([path @ .., _], Some(flag @ ("true" | "false"))) => (path, flag == "true"),
        _ => (path, false),
    };
    let json = if lenient { format!("CASE WHEN json_valid({json}) THEN {json} END") } else { json.to_owned() };
    match path.iter().map(pointer_step).collect::<Option<String>>() {
        Some(pointer) => written(&format!("json_extract_string({json}, '{pointer}')")),
        None => {
            let keys: Vec<String> = path.iter().map(|key| format!("CAST({key} AS VARCHAR)")).collect();
            written(&format!("redshift_json_text(CAST({json} AS VARCHAR), {})", keys.join(", ")))
        }
    }
}

/// A key as a step of a JSON pointer; `None` where it is computed, could be the place of an element, or would not stand
/// in a literal.
fn pointer_step(key: &Expr) -> Option<String> {
    let key = literal(key)?;
    let is_place = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit());
    (!is_place && !key.contains(['\'', '\\'])).then(|| format!("/{}", key.replace('~', "~0").replace('/', "~1")))
}
