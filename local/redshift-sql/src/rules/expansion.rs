//! *Spelled out before anything is typed*: joins with USING or NATURAL, `(+)`, PIVOT, and what `*` means beside them.

use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, Expr, ExprWithAlias, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, Join,
    JoinConstraint, JoinOperator, PivotValueSource, Select, SelectItem, TableFactor, TableWithJoins, Value, Visit,
    Visitor, VisitorMut,
};

use crate::bind::joins::Output;
use crate::bind::merged_columns::Expansion;
use crate::bind::place;
use crate::error::TranslateError;
use crate::rules::build_query::{derived, grouped};
use crate::rules::construct::{binary, case, column, number};
use crate::rules::exclude::excluded;
use crate::rules::outer_join_operator;

pub struct Expand<'e> {
    expansion: &'e Expansion,
}

impl<'e> Expand<'e> {
    pub fn new(expansion: &'e Expansion) -> Self {
        Self { expansion }
    }

    /// Joins with USING or NATURAL get the condition that they stand for.
    fn join_on(&self, joined: &mut TableWithJoins) {
        self.join_on_within(&mut joined.relation);
        for join in &mut joined.joins {
            self.join_on_within(&mut join.relation);
            if let Some(condition) = self.expansion.joins.get(&place(join))
                && let Some(constraint) = constraint(join)
            {
                *constraint = JoinConstraint::On(condition.clone());
            }
        }
    }

    fn join_on_within(&self, factor: &mut TableFactor) {
        if let TableFactor::NestedJoin { table_with_joins, .. } = factor {
            self.join_on(table_with_joins);
        }
    }
}

impl VisitorMut for Expand<'_> {
    type Break = TranslateError;

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Self::Break> {
        if let Some(named) = self.expansion.names.get(&place(expr)) {
            *expr = named.clone();
        }
        ControlFlow::Continue(())
    }

    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Self::Break> {
        if let Some(columns) = self.expansion.pivots.get(&place(factor)) {
            match pivot(factor, columns) {
                Ok(Some(rewritten)) => *factor = rewritten,
                Ok(None) => {}
                Err(refused) => return ControlFlow::Break(refused),
            }
        }
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, select: &mut Select) -> ControlFlow<Self::Break> {
        select.from.iter_mut().for_each(|joined| self.join_on(joined));
        if self.expansion.outer_joins.contains(&place(select))
            && let Err(refused) = outer_join_operator::rewrite(select)
        {
            return ControlFlow::Break(refused);
        }
        if let Some(outputs) = self.expansion.stars.get(&place(select)) {
            select.projection = spelled_out(std::mem::take(&mut select.projection), outputs);
        }
        ControlFlow::Continue(())
    }
}

fn constraint(join: &mut Join) -> Option<&mut JoinConstraint> {
    match &mut join.join_operator {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint)
        | JoinOperator::Right(constraint)
        | JoinOperator::RightOuter(constraint)
        | JoinOperator::FullOuter(constraint) => Some(constraint),
        _ => None,
    }
}

/// The items of a SELECT with the columns that `*` means, and with the names that merged columns have.
fn spelled_out(items: Vec<SelectItem>, outputs: &[Output]) -> Vec<SelectItem> {
    let mut all = Vec::with_capacity(items.len());
    for item in items {
        match item {
            SelectItem::Wildcard(options) if is_plain(&options) => {
                let left_out = options.opt_exclude.as_ref().map(excluded).unwrap_or_default();
                let is_left = |output: &&Output| !left_out.iter().any(|name| name.eq_ignore_ascii_case(&output.name));
                all.extend(outputs.iter().filter(is_left).map(output_item));
            }
            // A merged column that is written otherwise keeps its name.
            SelectItem::UnnamedExpr(expr @ Expr::Function(_)) => {
                let merged = outputs.iter().find(|output| output.expr == expr);
                all.push(merged.map_or(SelectItem::UnnamedExpr(expr), output_item));
            }
            item => all.push(item),
        }
    }
    all
}

fn is_plain(options: &sqlparser::ast::WildcardAdditionalOptions) -> bool {
    options.opt_ilike.is_none()
        && options.opt_except.is_none()
        && options.opt_replace.is_none()
        && options.opt_rename.is_none()
        && options.opt_alias.is_none()
}

fn output_item(output: &Output) -> SelectItem {
    match &output.expr {
        expr @ Expr::CompoundIdentifier(_) => SelectItem::UnnamedExpr(expr.clone()),
        expr => SelectItem::ExprWithAlias { expr: expr.clone(), alias: Ident::with_quote('"', output.name.clone()) },
    }
}

/// *PIVOT* is a GROUP BY of the columns that it does not name, with an aggregate for each value.
fn pivot(factor: &mut TableFactor, columns: &[String]) -> Result<Option<TableFactor>, TranslateError> {
    let TableFactor::Pivot { table, aggregate_functions, value_column, value_source, alias, .. } = factor else {
        return Ok(None);
    };
    let ([Expr::Identifier(key)], PivotValueSource::List(values)) = (&value_column[..], value_source) else {
        return Ok(None);
    };
    let mut used = UsedColumns(vec![key.value.clone()]);
    let _ = aggregate_functions.iter().map(|aggregate| &aggregate.expr).try_for_each(|expr| expr.visit(&mut used));
    let groups: Vec<Expr> = columns
        .iter()
        .filter(|name| !used.0.iter().any(|used| used.eq_ignore_ascii_case(name)))
        .map(|name| column(name))
        .collect();
    let mut items: Vec<SelectItem> = groups.iter().cloned().map(SelectItem::UnnamedExpr).collect();
    for value in values {
        for aggregate in &*aggregate_functions {
            items.push(pivoted(&key.value, value, aggregate)?);
        }
    }
    let query = grouped(items, (**table).clone(), groups);
    Ok(Some(derived(query, alias.take())))
}

/// A column of a PIVOT: the aggregate of the rows with a value.
fn pivoted(key: &str, value: &ExprWithAlias, aggregate: &ExprWithAlias) -> Result<SelectItem, TranslateError> {
    let Expr::Function(function) = &aggregate.expr else {
        return Err(TranslateError::syntax("syntax error in PIVOT: an aggregate is expected"));
    };
    let is_it = match &value.expr {
        Expr::Value(null) if null.value == Value::Null => Expr::IsNull(Box::new(column(key))),
        value => binary(column(key), BinaryOperator::Eq, value.clone()),
    };
    let mut function = function.clone();
    of_rows(&mut function, &is_it);
    let written = match &value.expr {
        Expr::Value(literal) => match &literal.value {
            Value::SingleQuotedString(text) => text.clone(),
            other => other.to_string().to_lowercase(),
        },
        other => other.to_string(),
    };
    let value_name = value.alias.as_ref().map_or(written, |alias| alias.value.clone());
    let name = match &aggregate.alias {
        Some(alias) => format!("{value_name}_{}", alias.value),
        None => value_name,
    };
    Ok(SelectItem::ExprWithAlias { expr: Expr::Function(function), alias: Ident::with_quote('"', name) })
}

/// The aggregate takes its first argument of those rows alone.
fn of_rows(function: &mut Function, is_it: &Expr) {
    let FunctionArguments::List(list) = &mut function.args else { return };
    let Some(FunctionArg::Unnamed(argument)) = list.args.first_mut() else { return };
    let value = match &*argument {
        FunctionArgExpr::Expr(value) => value.clone(),
        _ => number(1),
    };
    *argument = FunctionArgExpr::Expr(case(vec![(is_it.clone(), value)], None));
}

/// Columns that are named in aggregates.
struct UsedColumns(Vec<String>);

impl Visitor for UsedColumns {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Identifier(name) => self.0.push(name.value.clone()),
            Expr::CompoundIdentifier(parts) => self.0.extend(parts.last().map(|name| name.value.clone())),
            _ => {}
        }
        ControlFlow::Continue(())
    }
}
