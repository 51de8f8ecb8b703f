//! *Blanks behind texts* do not count where rows are told apart by texts: GROUP BY, DISTINCT, PARTITION BY.

use std::ops::ControlFlow;

use sqlparser::ast::{
    Distinct, DuplicateTreatment, Expr, Function, FunctionArguments, GroupByExpr, Query, Select, SelectItem, Value,
    Visit, Visitor, WindowType,
};

use super::scope::{Resolved, Scope};
use super::{Typer, place};
use crate::parse::simple_expressions::without_parentheses;
use crate::rules::function_names::is_aggregate;

/// How a text is written where rows are told apart by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blanks {
    /// Without the blanks behind it.
    Trimmed,
    /// As one of the texts of its group.
    OfGroup,
}

/// A column of a DISTINCT, by its place from 1: texts are compared without the blanks behind them.
#[derive(Debug, Clone)]
pub enum DistinctColumn {
    /// As it is, whatever its type.
    AsItIs,
    /// The text of an item of the SELECT, by its place among the items.
    Item(usize),
    /// A column that `*` stands for.
    Named(Box<Expr>),
}

impl Typer<'_> {
    /// Marks texts among these, which are compared with one another.
    pub(super) fn mark_distinct_texts<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) {
        for expr in exprs {
            if self.types.of(expr).is_text() {
                self.types.distinct_texts.insert(place(expr), Blanks::Trimmed);
            }
        }
    }

    /// The argument of COUNT(DISTINCT text).
    pub(super) fn mark_counted_texts(&mut self, name: &str, function: &Function) {
        let FunctionArguments::List(list) = &function.args else { return };
        if name == "count" && list.duplicate_treatment == Some(DuplicateTreatment::Distinct) {
            self.mark_distinct_texts(super::argument_expressions(function));
        }
    }

    /// The columns of a SELECT DISTINCT, where there are texts among them.
    pub(super) fn distinct_columns(&mut self, select: &Select, scope: &Scope<'_>) {
        if select.distinct != Some(Distinct::Distinct) {
            return;
        }
        let Some(columns) = self.columns_in_order(select, scope) else { return };
        if columns.iter().any(|column| !matches!(column, DistinctColumn::AsItIs)) {
            self.types.distinct.insert(place(select), columns);
        }
    }

    /// `None` where a `*` stands for columns that are not known.
    fn columns_in_order(&self, select: &Select, scope: &Scope<'_>) -> Option<Vec<DistinctColumn>> {
        let mut columns = Vec::new();
        for (at, item) in select.projection.iter().enumerate() {
            match item {
                SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
                    columns.push(match self.types.of(expr).is_text() {
                        true => DistinctColumn::Item(at),
                        false => DistinctColumn::AsItIs,
                    });
                }
                SelectItem::Wildcard(options) if options == &Default::default() => {
                    for relation in &scope.relations {
                        columns.extend(super::merged_columns::outputs(relation)?.into_iter().map(distinct_column));
                    }
                }
                _ => return None,
            }
        }
        Some(columns)
    }

    /// *GROUP BY of a text*: what differs in blanks is one group, and where the text is used beside aggregates it is one of
    /// those of its group.
    pub(super) fn group_texts<'e>(
        &mut self,
        select: &'e Select,
        order_by: impl Iterator<Item = &'e Expr> + Clone,
        scope: &Scope<'_>,
    ) {
        let GroupByExpr::Expressions(by, _) = &select.group_by else { return };
        let mut is_rollup = false;
        let mut keys: Vec<&Expr> = Vec::new();
        for key in by {
            match key {
                Expr::GroupingSets(sets) | Expr::Cube(sets) | Expr::Rollup(sets) => {
                    is_rollup = true;
                    keys.extend(sets.iter().flatten());
                }
                key => keys.push(key),
            }
        }
        let grouped: Vec<(&Expr, &Expr)> =
            keys.into_iter().map(|key| (key, self.grouped(key, select, scope))).collect();
        let texts: Vec<(&Expr, &Expr)> =
            grouped.into_iter().filter(|(_, target)| self.types.of(target).is_text()).collect();
        let items = select.projection.iter().filter_map(|item| match item {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
            _ => None,
        });
        let outputs: Vec<String> = select.projection.iter().filter_map(output_name).collect();
        let is_output = |expr: &Expr| matches!(expr, Expr::Identifier(name) if outputs.contains(&name.value));
        let users = items.chain(&select.having).chain(&select.qualify).chain(order_by.filter(|expr| !is_output(expr)));
        if texts.is_empty() || users.clone().any(has_subquery) {
            return;
        }
        let how = if is_rollup { Blanks::Trimmed } else { Blanks::OfGroup };
        let targets: Vec<&Expr> = texts.iter().map(|(_, target)| *target).collect();
        let mut uses = Uses { targets: &targets, scope, skipped: 0, found: Vec::new() };
        for user in users {
            let _ = user.visit(&mut uses);
        }
        for found in uses.found {
            self.types.distinct_texts.insert(found, how);
        }
        for item in &select.projection {
            if let SelectItem::UnnamedExpr(expr) = item
                && let Some(name) = crate::parse::simple_expressions::named_like(expr)
            {
                self.types.lost_names.insert(place(expr), name);
            }
        }
        for (key, target) in texts {
            self.types.distinct_texts.insert(place(key), Blanks::Trimmed);
            if place(key) != place(target) {
                self.types.laterals.insert(place(key), place(target));
                self.types.named.insert(place(target));
            }
        }
    }

    /// The expression that a key of GROUP BY stands for: its place in the SELECT, or its alias.
    fn grouped<'e>(&self, key: &'e Expr, select: &'e Select, scope: &Scope<'_>) -> &'e Expr {
        let mut items = select.projection.iter().filter_map(|item| match item {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
            _ => None,
        });
        let found = match key {
            Expr::Value(value) => match &value.value {
                Value::Number(at, _) => at.parse::<usize>().ok().and_then(|at| items.nth(at.checked_sub(1)?)),
                _ => None,
            },
            Expr::Identifier(name) => match scope.resolve(&name.value) {
                Resolved::Alias(_, named) => items.find(|item| place(*item) == named),
                _ => None,
            },
            _ => None,
        };
        found.unwrap_or(key)
    }
}

fn distinct_column(output: super::joins::Output) -> DistinctColumn {
    match output.value_type.is_text() {
        true => DistinctColumn::Named(Box::new(output.expr)),
        false => DistinctColumn::AsItIs,
    }
}

fn output_name(item: &SelectItem) -> Option<String> {
    match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.clone()),
        SelectItem::UnnamedExpr(expr) => crate::parse::simple_expressions::named_like(expr),
        _ => None,
    }
}

/// Where expressions that are grouped by are used outside aggregates.
struct Uses<'a> {
    targets: &'a [&'a Expr],
    scope: &'a Scope<'a>,
    /// How deep it is within what is not looked at.
    skipped: usize,
    found: Vec<usize>,
}

impl Visitor for Uses<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if self.skipped > 0 {
            self.skipped += 1;
        } else if self.targets.iter().any(|target| is_same(expr, target, self.scope)) {
            self.found.push(place(expr));
            self.skipped = 1;
        } else if matches!(expr, Expr::Function(function) if aggregates(function)) {
            self.skipped = 1;
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, _: &Expr) -> ControlFlow<()> {
        self.skipped = self.skipped.saturating_sub(1);
        ControlFlow::Continue(())
    }
}

fn aggregates(function: &Function) -> bool {
    let name = crate::statement::relation_name::Name::of(&function.name).table;
    !matches!(function.over, Some(WindowType::WindowSpec(_) | WindowType::NamedWindow(_))) && is_aggregate(&name)
}

/// The same column, or the same expression.
fn is_same(one: &Expr, two: &Expr, scope: &Scope<'_>) -> bool {
    let (one, two) = (without_parentheses(one), without_parentheses(two));
    if place(one) == place(two) {
        return true;
    }
    match (one, two) {
        (Expr::Identifier(name), _) if matches!(scope.resolve(&name.value), Resolved::Alias(_, named) if named == place(two)) => {
            true
        }
        (Expr::CompoundIdentifier(one), Expr::CompoundIdentifier(two)) => one.ends_with(two) || two.ends_with(one),
        (Expr::CompoundIdentifier(parts), Expr::Identifier(name))
        | (Expr::Identifier(name), Expr::CompoundIdentifier(parts)) => parts.last() == Some(name),
        (one, two) => one == two,
    }
}

fn has_subquery(expr: &Expr) -> bool {
    struct Queries;
    impl Visitor for Queries {
        type Break = ();
        fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
            ControlFlow::Break(())
        }
    }
    expr.visit(&mut Queries).is_break()
}
