//! The expressions of a query that are its own, not those of the queries inside of them.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{BinaryOperator, Expr, Function, Query, Visit, Visitor};

use super::relation::{ColumnRef, Scope};

/// Aggregate functions (c_Aggregate_Functions).
const AGGREGATES: [&str; 18] = [
    "any_value",
    "approximate_percentile_disc",
    "avg",
    "bit_and",
    "bit_or",
    "bool_and",
    "bool_or",
    "count",
    "listagg",
    "max",
    "median",
    "min",
    "percentile_cont",
    "percentile_disc",
    "stddev_samp",
    "stddev_pop",
    "sum",
    "var_samp",
];

struct Walk<F> {
    depth: usize,
    visit: F,
}

impl<F: FnMut(&Expr)> Visitor for Walk<F> {
    type Break = ();

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if self.depth == 0 {
            (self.visit)(expr);
        }
        ControlFlow::Continue(())
    }
}

/// Visits an expression and what it is made of.
fn each(expr: &Expr, visit: impl FnMut(&Expr)) {
    let _ = expr.visit(&mut Walk { depth: 0, visit });
}

/// The columns that an expression reads, those of this FROM that queries inside of it read among them.
pub fn columns(expr: &Expr, scope: &Scope) -> BTreeSet<ColumnRef> {
    let mut found = BTreeSet::new();
    let _ = sqlparser::ast::visit_expressions(expr, |expr| {
        found.extend(scope.resolve(expr));
        ControlFlow::<()>::Continue(())
    });
    found
}

pub fn name(function: &Function) -> String {
    let last = function.name.0.last().and_then(|part| part.as_ident());
    last.map(|ident| ident.value.to_lowercase()).unwrap_or_default()
}

/// The aggregates in an expression, each once.
pub fn aggregates(expr: &Expr, found: &mut Vec<Function>) {
    each(expr, |expr| {
        if let Expr::Function(function) = expr
            && function.over.is_none()
            && AGGREGATES.contains(&name(function).as_str())
            && !found.contains(function)
        {
            found.push(function.clone());
        }
    });
}

/// The calls of window functions in an expression.
pub fn window_calls(expr: &Expr, found: &mut Vec<Function>) {
    each(expr, |expr| {
        if let Expr::Function(function) = expr
            && function.over.is_some()
        {
            found.push(function.clone());
        }
    });
}

/// The queries that stand for a value in an expression.
pub fn scalar_queries(expr: &Expr) -> Vec<Query> {
    let mut found = Vec::new();
    each(expr, |expr| {
        if let Expr::Subquery(query) = expr {
            found.push((**query).clone());
        }
    });
    found
}

/// The conditions that all have to be true.
pub fn conjuncts(expr: &Expr, found: &mut Vec<Expr>) {
    match expr {
        Expr::Nested(inner) => conjuncts(inner, found),
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            conjuncts(left, found);
            conjuncts(right, found);
        }
        other => found.push(other.clone()),
    }
}
