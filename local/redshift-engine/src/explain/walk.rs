//! The expressions of a query that are its own, not those of the queries inside of them.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use redshift_sql::{Name, for_each_own, is_aggregate, without_parentheses};
use sqlparser::ast::{Expr, Function, Query};

use super::relation::{ColumnRef, Scope};

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
    Name::of(&function.name).table.to_lowercase()
}

/// The aggregates in an expression, each once.
pub fn aggregates(expr: &Expr, found: &mut Vec<Function>) {
    for_each_own(expr, |expr| {
        if let Expr::Function(function) = expr
            && function.over.is_none()
            && is_aggregate(&name(function))
            && !found.contains(function)
        {
            found.push(function.clone());
        }
    });
}

/// The calls of window functions in an expression.
pub fn window_calls(expr: &Expr, found: &mut Vec<Function>) {
    for_each_own(expr, |expr| {
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
    for_each_own(expr, |expr| {
        if let Expr::Subquery(query) = expr {
            found.push((**query).clone());
        }
    });
    found
}

/// The conditions that all have to be true.
pub fn conjuncts(expr: &Expr, found: &mut Vec<Expr>) {
    let mut parts = Vec::new();
    redshift_sql::conjuncts(expr, &mut parts);
    found.extend(parts.into_iter().map(|part| without_parentheses(part).clone()));
}
