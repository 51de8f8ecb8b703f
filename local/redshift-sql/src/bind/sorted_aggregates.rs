//! *Aggregates that sort* (r_LISTAGG, r_PERCENTILE_CONT, r_MEDIAN): those of one SELECT sort by the same.

use sqlparser::ast::{Expr, Function, OrderBySort, Select};

use super::join_conditions::for_each_own;
use super::{Typer, argument_expressions};
use crate::error::TranslateError;
use crate::parse::simple_expressions::named_like;
use crate::statement::relation_name::Name;

impl Typer<'_> {
    pub(super) fn check_sorted_aggregates(&mut self, select: &Select) {
        let mut first: Option<Vec<Key>> = None;
        let mut differ = false;
        for_each_own(select, |expr| {
            if let Expr::Function(function) = expr
                && let Some(order) = order_of(function)
            {
                differ |= first.get_or_insert_with(|| order.clone()) != &order;
            }
        });
        if differ {
            let message = "within group ORDER BY clauses for aggregate functions must be the same";
            self.refuse(TranslateError::new("0A000", message));
        }
    }
}

/// An expression, and whether it sorts descending.
type Key = (String, bool);

/// What an aggregate sorts by; `None` where it is none of these, or sorts by nothing.
fn order_of(function: &Function) -> Option<Vec<Key>> {
    // A column is the same with and without its relation.
    let written = |expr: &Expr| named_like(expr).unwrap_or_else(|| expr.to_string());
    if function.over.is_some() {
        return None;
    }
    let order: Vec<Key> = match Name::of(&function.name).table.to_lowercase().as_str() {
        "listagg" | "percentile_cont" => {
            let by = function.within_group.iter();
            by.map(|by| (written(&by.expr), by.options.sort == Some(OrderBySort::Desc))).collect()
        }
        "median" => argument_expressions(function).map(|argument| (written(argument), false)).collect(),
        _ => return None,
    };
    (!order.is_empty()).then_some(order)
}
