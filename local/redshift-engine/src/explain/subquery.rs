//! Queries in expressions: tests of WHERE become joins, values become plans of their own.

use std::ops::ControlFlow;

use redshift_sql::all_of;
use sqlparser::ast::{BinaryOperator, Expr, Ident, Query, SelectItem, SetExpr, Value, VisitMut, VisitorMut};

use super::from::{JoinKind, Source, add_query};
use super::join::Condition;
use super::planner::{Planned, Planner};
use super::relation::{Input, Scope};
use super::step::Step;
use super::{cost, walk};
use crate::error::SqlError;

/// What an inner query is called whose rows are looked for.
const IN_SUBQUERY: &str = "IN_subquery";

/// `IN (query)` or `EXISTS (query)`, as a join.
pub struct Test {
    pub kind: JoinKind,
    pub input: Input,
    pub conditions: Vec<Condition>,
}

impl Planner<'_> {
    pub fn tests(&mut self, tests: &[Expr], source: &mut Source) -> Result<Vec<Test>, SqlError> {
        tests.iter().map(|test| self.test(test, false, source)).collect()
    }

    fn test(&mut self, test: &Expr, is_negated: bool, source: &mut Source) -> Result<Test, SqlError> {
        let kind = |negated: bool| if negated { JoinKind::NotIn } else { JoinKind::In };
        match test {
            Expr::UnaryOp { expr, .. } => self.test(expr, !is_negated, source),
            Expr::InSubquery { expr, subquery, negated } => {
                let planned = self.query(subquery)?;
                let column = planned.columns.first().map(|column| column.name.clone()).unwrap_or_default();
                let input = add_test(planned, *negated, source);
                let inner = Expr::CompoundIdentifier(vec![Ident::new(IN_SUBQUERY), Ident::new(column)]);
                let equal = Expr::BinaryOp { left: expr.clone(), op: BinaryOperator::Eq, right: Box::new(inner) };
                Ok(Test { kind: kind(*negated), conditions: vec![last(equal, source)], input })
            }
            Expr::Exists { subquery, negated } => {
                let (inner, outer) = self.split(subquery, &source.scope)?;
                let planned = self.query(&inner)?;
                let input = add_test(planned, false, source);
                let conditions = outer.into_iter().map(|condition| last(condition, source)).collect();
                Ok(Test { kind: kind(*negated != is_negated), conditions, input })
            }
            _ => Err(SqlError::unsupported("EXPLAIN of this condition")),
        }
    }

    /// The query of EXISTS without the conditions that name the query around it, and those conditions.
    fn split(&mut self, query: &Query, around: &Scope) -> Result<(Query, Vec<Expr>), SqlError> {
        let mut inner = query.clone();
        let SetExpr::Select(select) = inner.body.as_mut() else { return Ok((inner, Vec::new())) };
        let mut own = Source::default();
        // Only for its names: the relations are read by the query that is left.
        let estimates = std::mem::take(&mut self.estimates);
        let found = self.from(&select.from, &mut own);
        self.estimates = estimates;
        found?;
        let mut parts = Vec::new();
        select.selection.iter().for_each(|condition| walk::conjuncts(condition, &mut parts));
        let is_outer = |part: &Expr| {
            let mut names = Vec::new();
            let _ = sqlparser::ast::visit_expressions(part, |expr| {
                if own.scope.resolve(expr).is_none() && around.resolve(expr).is_some() {
                    names.push(());
                }
                ControlFlow::<()>::Continue(())
            });
            !names.is_empty()
        };
        let (mut outer, left): (Vec<Expr>, Vec<Expr>) = parts.into_iter().partition(is_outer);
        select.selection = all_of(left);
        for condition in &mut outer {
            let _ = condition.visit(&mut Inside { scope: &own.scope });
        }
        // The columns that they read are what the query answers.
        let wanted: Vec<Expr> = outer
            .iter()
            .flat_map(|condition| {
                let mut names = Vec::new();
                let _ = sqlparser::ast::visit_expressions(condition, |expr| {
                    if let Expr::CompoundIdentifier(parts) = expr
                        && let [relation, column] = &parts[..]
                        && relation.value == IN_SUBQUERY
                    {
                        names.push(Expr::Identifier(column.clone()));
                    }
                    ControlFlow::<()>::Continue(())
                });
                names
            })
            .collect();
        if !wanted.is_empty() {
            select.projection = wanted.into_iter().map(SelectItem::UnnamedExpr).collect();
        }
        Ok((inner, outer))
    }

    /// The queries that stand for a value.
    pub fn subplans(
        &mut self,
        expr: &Expr,
        scope: &Scope,
        found: &mut Vec<(&'static str, Step)>,
    ) -> Result<(), SqlError> {
        for query in walk::scalar_queries(expr) {
            let kind = if is_correlated(&query, scope) { "SubPlan" } else { "InitPlan" };
            let planned = self.query(&query)?;
            found.push((kind, planned.step));
        }
        Ok(())
    }
}

/// Adds an inner query behind everything that FROM names.
fn add_test(mut planned: Planned, is_negated: bool, source: &mut Source) -> Input {
    if is_negated {
        let rows = planned.step.rows;
        let cost = cost::unique(&planned.step, 1);
        planned.step = Step::over(planned.step, "Unique", cost, rows);
        planned.is_plain = false;
    }
    let at = add_query(IN_SUBQUERY, planned, None, source);
    source.inputs[at].clone()
}

fn last(condition: Expr, source: &Source) -> Condition {
    Condition::new(condition, source)
}

/// Replaces queries that stand for a value by what plans call it.
pub fn replace(expr: &mut Expr, scope: &Scope) {
    let mut number = 0;
    let _ = sqlparser::ast::visit_expressions_mut(expr, |expr| {
        if let Expr::Subquery(query) = expr {
            let name = match is_correlated(query, scope) {
                true => "(subplan)".to_owned(),
                false => format!("${number}"),
            };
            number += 1;
            *expr = Expr::value(Value::Placeholder(name));
        }
        ControlFlow::<()>::Continue(())
    });
}

/// Returns true for a query that names relations of the one around it.
fn is_correlated(query: &Query, around: &Scope) -> bool {
    let mut is_outer = false;
    let _ = sqlparser::ast::visit_expressions(query, |expr| {
        if let Expr::CompoundIdentifier(_) = expr {
            is_outer |= around.resolve(expr).is_some();
        }
        ControlFlow::<()>::Continue(())
    });
    is_outer
}

/// Names of an inner query, as a query around it calls them.
struct Inside<'a> {
    scope: &'a Scope,
}

impl VisitorMut for Inside<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Some(found) = self.scope.resolve(expr) {
            *expr = Expr::CompoundIdentifier(vec![Ident::new(IN_SUBQUERY), Ident::new(found.column)]);
        }
        ControlFlow::Continue(())
    }
}
