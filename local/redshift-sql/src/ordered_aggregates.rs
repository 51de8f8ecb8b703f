//! Aggregates of rows in an order: LISTAGG, PERCENTILE_CONT and PERCENTILE_DISC.

use sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArgumentClause, FunctionArguments, OrderByExpr, OrderBySort, WindowType,
};

use super::functions::{arguments, written};
use crate::error::TranslateError;

/// *Percentiles*: of a fraction between 0 and 1. DuckDB has them over a window as plain functions only, which take a
/// negative fraction from the other end.
pub fn percentile(function: &Function, name: &str) -> Result<Option<Expr>, TranslateError> {
    let arguments = arguments(function)?;
    let (Some(fraction), [order]) = (arguments.first(), &function.within_group[..]) else {
        return Err(TranslateError::syntax(format!("{name} needs WITHIN GROUP (ORDER BY …)")));
    };
    let number = fraction.to_string().parse::<f64>().ok();
    if number.is_some_and(|number| !(0.0..=1.0).contains(&number)) {
        return Err(TranslateError::new(
            "22003",
            format!("the fraction of {name} must be between 0 and 1, found {fraction}"),
        ));
    }
    let Some(over) = &function.over else { return Ok(None) };
    refuse_order(over, name)?;
    let duck = if name == "percentile_cont" { "quantile_cont" } else { "quantile_disc" };
    let fraction = match (&order.options.sort, number) {
        (Some(OrderBySort::Desc), Some(0.0)) => "1.0".to_owned(),
        (Some(OrderBySort::Desc), _) => format!("-({fraction})"),
        _ => fraction.to_string(),
    };
    written(&format!("{duck}({}, {fraction}) OVER {over}", order.expr))
}

/// The OVER of these has neither an order nor a frame.
fn refuse_order(over: &WindowType, name: &str) -> Result<(), TranslateError> {
    match over {
        WindowType::WindowSpec(spec) if !spec.order_by.is_empty() || spec.window_frame.is_some() => {
            Err(TranslateError::syntax(format!("the OVER clause of {name} cannot have an ORDER BY or a frame")))
        }
        _ => Ok(()),
    }
}

/// *LISTAGG*: NULL and empty strings are left out; the order goes into the aggregate's own ORDER BY.
pub fn list_aggregate(function: &Function) -> Result<Option<Expr>, TranslateError> {
    let FunctionArguments::List(list) = &function.args else { return Err(TranslateError::unsupported("this LISTAGG")) };
    let arguments = arguments(function)?;
    let value = arguments.first().ok_or_else(|| TranslateError::syntax("listagg needs an argument"))?;
    let separator = arguments.get(1).map(ToString::to_string).filter(|text| !text.eq_ignore_ascii_case("null"));
    let separator = separator.unwrap_or_else(|| "''".into());
    let mut orders: Vec<&OrderByExpr> = function.within_group.iter().collect();
    for clause in &list.clauses {
        match clause {
            FunctionArgumentClause::OrderBy(by) => orders.extend(by),
            other => return Err(TranslateError::unsupported(&format!("LISTAGG with {other}"))),
        }
    }
    let order = match &orders[..] {
        [] => String::new(),
        orders => format!(" ORDER BY {}", orders.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    };
    if let Some(over) = &function.over {
        refuse_order(over, "LISTAGG")?;
    }
    let over = function.over.as_ref().map(|over| format!(" OVER {over}")).unwrap_or_default();
    let text = format!("CAST({value} AS VARCHAR)");
    let listed = match list.duplicate_treatment {
        Some(DuplicateTreatment::Distinct) => {
            // The values are sorted as what they are, and written afterwards.
            if orders.iter().any(|by| by.expr.to_string() != value.to_string()) {
                return Err(TranslateError::unsupported(
                    "LISTAGG(DISTINCT …) in the order of anything but its argument",
                ));
            }
            format!(
                "array_to_string(list_transform(list(DISTINCT {value}{order}) FILTER (WHERE {text} <> ''){over}, \
                 lambda redshift_value : CAST(redshift_value AS VARCHAR)), {separator})"
            )
        }
        _ => format!("string_agg(nullif({text}, ''), {separator}{order}){over}"),
    };
    written(&format!("redshift_listagg({listed})"))
}
