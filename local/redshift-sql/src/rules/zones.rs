//! *Times in the zone of the session* (r_timezone_config): macros ask for it when they run, since a view is read in sessions
//! of other zones than the one that made it.

use std::ops::ControlFlow;

use sqlparser::ast::{Expr, Function, Statement, Visit, Visitor};

use crate::bind::Types;
use crate::bind::function_types;
use crate::bind::value_type::ValueType;
use crate::error::TranslateError;
use crate::parse::simple_expressions::literal;
use crate::rules::calls::{arguments, for_each_argument};
use crate::rules::construct::{call, cast, replace, take};
use crate::rules::function_names::{OF_TEXTS, OF_TIMES};
use crate::types::Type;

/// A TIMESTAMPTZ as the time of the session's zone.
pub fn local(value: Expr) -> Expr {
    call("redshift_local", [value])
}

/// A DATE or a TIMESTAMP, which is one of the session's zone, as a TIMESTAMPTZ.
pub fn zoned(value: Expr) -> Expr {
    call("redshift_zoned", [value])
}

/// An operand of a difference of times of which one has a zone: both in UTC.
pub fn in_utc(value: &mut Expr, kind: ValueType) {
    match kind {
        ValueType::TIMESTAMPTZ => replace(value, |value| cast(value, Type::Timestamp)),
        _ => replace(value, |value| cast(zoned(value), Type::Timestamp)),
    }
}

/// Functions of several values of one type.
const OF_ONE_TYPE: [&str; 10] =
    ["coalesce", "decode", "greatest", "ifnull", "lag", "lead", "least", "nullif", "nvl", "nvl2"];

/// Makes what stands beside a TIMESTAMPTZ among the arguments one, too.
pub fn rewrite_arguments(function: &mut Function, name: &str, kinds: &[ValueType]) {
    if OF_ONE_TYPE.contains(&name) && kinds.contains(&ValueType::TIMESTAMPTZ) {
        for_each_argument(function, |at, argument| {
            let kind = kinds.get(at).copied().unwrap_or(ValueType::Unknown);
            // The first argument of NVL2 is looked at for NULL alone.
            if is_without_zone(kind) && (name, at) != ("nvl2", 0) {
                replace(argument, zoned);
            }
        });
    }
}

/// The results of a CASE of which one is a TIMESTAMPTZ.
pub fn rewrite_case(case: &mut Expr, types: &Types) {
    let Expr::Case { conditions, else_result, .. } = case else { return };
    for result in conditions.iter_mut().map(|when| &mut when.result).chain(else_result.as_deref_mut()) {
        if is_without_zone(types.of(result)) {
            let value = take(result);
            *result = zoned(value);
        }
    }
}

/// True for a DATE and a TIMESTAMP.
pub fn is_without_zone(kind: ValueType) -> bool {
    matches!(kind, ValueType::DATE | ValueType::TIMESTAMP)
}

/// Functions that take a TIMESTAMPTZ in any zone, beside those of texts and of times.
const TAKEN: &[&str] = &[
    "any_value",
    "count",
    "date",
    "date_add",
    "date_diff",
    "date_part",
    "date_trunc",
    "dateadd",
    "datediff",
    "datepart",
    "first_value",
    "last_value",
    "listagg",
    "max",
    "median",
    "min",
    "nth_value",
    "pgdate_part",
    "timezone",
    "to_char",
    "trunc",
];

/// Refuses what is not computed in other zones than UTC.
///
/// # Errors
/// 0A000 with the name of the construct.
pub fn check(statement: &Statement, types: &Types) -> Result<(), TranslateError> {
    let refused = |what: &str| TranslateError::unsupported(&format!("{what} in a time zone other than UTC"));
    if matches!(statement, Statement::Merge(_)) {
        return Err(refused("MERGE"));
    }
    if types.mixes_zones() {
        return Err(refused("UNION, VALUES or a subquery of times with and without a zone"));
    }
    match statement.visit(&mut Check { types }) {
        ControlFlow::Break(name) => Err(refused(&name)),
        ControlFlow::Continue(()) => Ok(()),
    }
}

struct Check<'t> {
    types: &'t Types,
}

impl Visitor for Check<'_> {
    type Break = String;

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<String> {
        let Expr::Function(function) = expr else { return ControlFlow::Continue(()) };
        let name = function.name.to_string().to_lowercase().replace('"', "");
        let name = name.strip_prefix("pg_catalog.").unwrap_or(&name);
        let kinds = self.types.of_arguments(function);
        let is_taken = TAKEN.binary_search(&name).is_ok()
            || OF_ONE_TYPE.contains(&name)
            || OF_TEXTS.binary_search_by_key(&name, |(name, _)| name).is_ok()
            || OF_TIMES.binary_search_by_key(&name, |(name, _)| name).is_ok();
        if kinds.contains(&ValueType::TIMESTAMPTZ) && !is_taken {
            return ControlFlow::Break(format!("{}(timestamptz)", name.to_uppercase()));
        }
        let has_times = kinds.iter().any(|kind| kind.is_date() || *kind == ValueType::Unknown);
        if has_times && !function_types::is_known(name) {
            return ControlFlow::Break(format!("{}() of a time", name.to_uppercase()));
        }
        if name == "to_timestamp" && reads_zone(function) {
            return ControlFlow::Break("TO_TIMESTAMP with TZ or OF".into());
        }
        ControlFlow::Continue(())
    }
}

/// True where the format of TO_TIMESTAMP has a zone, or is not known.
fn reads_zone(function: &Function) -> bool {
    let arguments = arguments(function).unwrap_or_default();
    let format = arguments.get(1).and_then(literal).map(str::to_uppercase);
    format.is_none_or(|format| format.contains("TZ") || format.contains("OF"))
}
