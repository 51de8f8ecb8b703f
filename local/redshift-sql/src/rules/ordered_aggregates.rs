//! Aggregates of rows in an order: LISTAGG, PERCENTILE_CONT and PERCENTILE_DISC.

use sqlparser::ast::{
    BinaryOperator, DuplicateTreatment, Expr, Function, FunctionArgumentClause, FunctionArguments, OrderBySort,
    UnaryOperator, WindowType,
};

use crate::bind::value_type::ValueType;
use crate::error::TranslateError;
use crate::rules::calls::arguments;
use crate::rules::casts::text_value;
use crate::rules::construct::{self, binary, call, function_call, nested, text};

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
        (Some(OrderBySort::Desc), Some(0.0)) => construct::number("1.0"),
        (Some(OrderBySort::Desc), _) => {
            Expr::UnaryOp { op: UnaryOperator::Minus, expr: Box::new(nested(fraction.clone())) }
        }
        _ => fraction.clone(),
    };
    let mut quantile = function_call(duck, vec![order.expr.clone(), fraction]);
    quantile.over = Some(over.clone());
    Ok(Some(Expr::Function(quantile)))
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
pub fn list_aggregate(function: &mut Function, kinds: &[ValueType]) -> Result<Option<Expr>, TranslateError> {
    let mut given = arguments(function)?.into_iter();
    let value = given.next().ok_or_else(|| TranslateError::syntax("listagg needs an argument"))?;
    let separator = given.next().filter(|separator| !separator.to_string().eq_ignore_ascii_case("null"));
    let separator = separator.unwrap_or_else(|| text(""));
    let FunctionArguments::List(list) = &mut function.args else {
        return Err(TranslateError::unsupported("this LISTAGG"));
    };
    let mut orders = std::mem::take(&mut function.within_group);
    for clause in list.clauses.drain(..) {
        match clause {
            FunctionArgumentClause::OrderBy(by) => orders.extend(by),
            other => return Err(TranslateError::unsupported(&format!("LISTAGG with {other}"))),
        }
    }
    let is_distinct = matches!(list.duplicate_treatment, Some(DuplicateTreatment::Distinct));
    let over = function.over.take();
    if let Some(over) = &over {
        refuse_order(over, "LISTAGG")?;
    }
    let written = text_value(value.clone(), kinds.first().copied().unwrap_or(ValueType::Unknown));
    let listed = match is_distinct {
        true => {
            // The values are sorted as what they are, and written afterwards.
            if orders.iter().any(|by| by.expr != value) {
                return Err(TranslateError::unsupported(
                    "LISTAGG(DISTINCT …) in the order of anything but its argument",
                ));
            }
            let is_descending = orders.iter().any(|by| by.options.sort == Some(OrderBySort::Desc));
            let mut values = function_call("list", vec![value]);
            if let FunctionArguments::List(list) = &mut values.args {
                list.duplicate_treatment = Some(DuplicateTreatment::Distinct);
            }
            values.filter = Some(Box::new(binary(written, BinaryOperator::NotEq, text(""))));
            values.over = over;
            let order = text(if is_descending { "DESC" } else { "ASC" });
            let sorted = call("list_sort", [Expr::Function(values), order]);
            call("array_to_string", [call("redshift_texts", [sorted]), separator])
        }
        false => {
            let mut joined = function_call("string_agg", vec![call("nullif", [written, text("")]), separator]);
            if let (FunctionArguments::List(list), false) = (&mut joined.args, orders.is_empty()) {
                list.clauses.push(FunctionArgumentClause::OrderBy(orders));
            }
            joined.over = over;
            Expr::Function(joined)
        }
    };
    Ok(Some(call("redshift_listagg", [listed])))
}
