//! Queries: what a SELECT does with the rows of its FROM, in the order of the steps.

use std::collections::BTreeSet;

use redshift_sql::{Type, ValueType};
use sqlparser::ast::{
    Distinct, Expr, GroupByExpr, Ident, LimitClause, OrderBy, OrderByKind, Query, Select, SelectItem,
    SelectItemQualifiedWildcardKind, SetExpr, Value,
};

use super::distribution::Distribution;
use super::expression::{Naming, Printer};
use super::from::Source;
use super::join::{Block, Condition};
use super::planner::{Planned, Planner};
use super::relation::{Column, ColumnRef, Input, Scope};
use super::step::Step;
use super::{cost, from, walk};
use crate::error::SqlError;

/// A column of a SELECT.
#[derive(Debug, Clone)]
pub struct Output {
    pub name: String,
    pub expr: Expr,
}

impl Planner<'_> {
    /// # Errors
    /// 0A000 for what has no steps here.
    pub fn query(&mut self, query: &Query) -> Result<Planned, SqlError> {
        let outside = self.named.len();
        for table in query.with.iter().flat_map(|with| &with.cte_tables) {
            let name = table.alias.name.value.clone();
            if query.with.as_ref().is_some_and(|with| with.recursive) {
                self.named.push((name.clone(), recursive(&name, &table.alias.columns)));
            }
            let mut planned = self.query(&table.query)?;
            from::rename(&mut planned.columns, table.alias.columns.iter().map(|column| column.name.value.clone()));
            self.named.push((name, planned));
        }
        let planned = self.body(query);
        self.named.truncate(outside);
        planned
    }

    fn body(&mut self, query: &Query) -> Result<Planned, SqlError> {
        let by = order_keys(query.order_by.as_ref());
        let mut planned = match query.body.as_ref() {
            SetExpr::Select(select) => self.select(select, &by)?,
            SetExpr::Query(inner) => self.query(inner)?,
            SetExpr::SetOperation { .. } => self.set_operation(&query.body)?,
            SetExpr::Values(values) => values_scan(values.rows.len(), values.rows.first().map_or(0, |row| row.len())),
            _ => return Err(SqlError::unsupported("EXPLAIN of a change in a query")),
        };
        if !by.is_empty() && !matches!(query.body.as_ref(), SetExpr::Select(_)) {
            let name = |expr: &Expr| match expr {
                Expr::Value(value) => planned.columns.get(ordinal(&value.value)?).map(|column| column.name.clone()),
                Expr::Identifier(ident) => Some(ident.value.clone()),
                _ => None,
            };
            let keys: Vec<String> = by.iter().filter_map(name).collect();
            planned.step = self.sorted(planned.step, &keys);
            planned.is_plain = false;
        }
        if let Some(rows) = limit(query.limit_clause.as_ref()) {
            let rows = rows.unwrap_or(planned.step.rows).min(planned.step.rows);
            let cost = cost::limit(&planned.step, rows);
            planned.step = Step::over(planned.step, "Limit", cost, rows);
            planned.is_plain = false;
        }
        Ok(planned)
    }

    pub fn select(&mut self, select: &Select, order_by: &[Expr]) -> Result<Planned, SqlError> {
        let mut source = Source::default();
        let joined = self.from(&select.from, &mut source)?;
        let outputs = outputs(select, &source.scope);
        let by_name = |expr: &Expr| named_output(expr, &outputs, &source.scope);
        let order_by: Vec<Expr> = order_by.iter().map(by_name).collect();
        let groups: Vec<Expr> = group_keys(&select.group_by).iter().map(by_name).collect();
        let having = select.having.iter().map(by_name).collect::<Vec<_>>();
        let read: Vec<&Expr> = outputs
            .iter()
            .map(|output| &output.expr)
            .chain(&order_by)
            .chain(&groups)
            .chain(&having)
            .chain(&select.qualify)
            .collect();
        let needed: BTreeSet<ColumnRef> = read.iter().flat_map(|expr| walk::columns(expr, &source.scope)).collect();
        let mut subplans = Vec::new();
        for expr in &read {
            self.subplans(expr, &source.scope, &mut subplans)?;
        }
        let input = self.filtered_from(joined, select.selection.as_ref(), needed, &mut source, &mut subplans)?;
        let is_plain = input.is_some();
        let mut input = input.unwrap_or_else(result);
        let mut aggregates = Vec::new();
        read.iter().for_each(|expr| walk::aggregates(expr, &mut aggregates));
        let is_grouped = !groups.is_empty() || !aggregates.is_empty();
        if is_grouped {
            input = self.aggregate(input, &groups, &aggregates, &having, &source.scope);
        }
        let mut calls = Vec::new();
        read.iter().for_each(|expr| walk::window_calls(expr, &mut calls));
        let is_windowed = !calls.is_empty();
        input = self.windows(input, &calls, select, &source.scope);
        let is_distinct = matches!(select.distinct, Some(Distinct::Distinct));
        if is_distinct {
            let rows =
                self.estimates.groups(&input.tables).unwrap_or(input.step.rows / 5.0).clamp(1.0, input.step.rows);
            let cost = cost::unique(&input.step, outputs.len());
            input.step = Step::over(input.step, "Unique", cost, rows);
        }
        if !order_by.is_empty() {
            let printer = Printer { scope: &source.scope, naming: Naming::Qualified };
            let keys: Vec<String> = order_by.iter().filter_map(|expr| printer.text(expr)).collect();
            input.step = self.sorted(input.step, &keys);
        }
        input.step.subplans.extend(subplans);
        let is_plain = is_plain && !is_grouped && !is_windowed && !is_distinct && order_by.is_empty();
        Ok(planned(input, &outputs, &source.scope, is_plain))
    }

    /// The rows of a FROM that fulfil a condition; `None` where there is no FROM.
    pub fn filtered_from(
        &mut self,
        joined: Option<from::Joined>,
        selection: Option<&Expr>,
        needed: BTreeSet<ColumnRef>,
        source: &mut Source,
        subplans: &mut Vec<(&'static str, Step)>,
    ) -> Result<Option<Input>, SqlError> {
        let mut parts = Vec::new();
        selection.into_iter().for_each(|condition| walk::conjuncts(condition, &mut parts));
        let Some(joined) = joined else { return Ok(None) };
        let (mut conditions, mut tests) = (Vec::new(), Vec::new());
        for part in parts {
            match part {
                Expr::InSubquery { .. } | Expr::Exists { .. } => tests.push(part),
                Expr::UnaryOp { ref expr, .. } if matches!(expr.as_ref(), Expr::Exists { .. }) => tests.push(part),
                mut part => {
                    self.subplans(&part, &source.scope, subplans)?;
                    super::subquery::replace(&mut part, &source.scope);
                    conditions.push(Condition::new(part, source));
                }
            }
        }
        let tests = self.tests(&tests, source)?;
        let read = tests.iter().flat_map(|test| &test.conditions).flat_map(|condition| condition.columns.clone());
        let needed = needed.into_iter().chain(read).collect();
        let mut block = Block { source, needed, conditions };
        let mut input = self.join(&joined, &mut block);
        for test in tests {
            input = self.meet(input, test.input, test.kind, test.conditions, Vec::new(), &block);
        }
        // What names no column is asked once.
        let printer = Printer { scope: &block.source.scope, naming: Naming::Bare };
        let once: Vec<String> = block
            .conditions
            .iter()
            .filter(|condition| condition.columns.is_empty())
            .filter_map(|condition| printer.text(&condition.expr))
            .collect();
        if !once.is_empty() {
            let (cost, rows) = (input.step.cost, input.step.rows);
            input.step = Step::over(input.step, "Result", cost, rows).detail("One-Time Filter", &once);
        }
        Ok(Some(input))
    }

    /// Sorted on each slice, and merged by the leader node.
    pub fn sorted(&self, step: Step, keys: &[String]) -> Step {
        let (cost, rows) = (cost::sort(&step, self.on_leader), step.rows);
        let sort = Step::over(step, "Sort", cost, rows).detail("Sort Key", keys);
        if self.on_leader {
            return sort;
        }
        let mut network = Step::over(sort, "Network", cost, rows);
        network.details.push("Send to leader".to_owned());
        Step::over(network, "Merge", cost, rows).detail("Merge Key", keys)
    }
}

/// A query as its rows are to be read by another one.
fn planned(input: Input, outputs: &[Output], scope: &Scope, is_plain: bool) -> Planned {
    let column = |output: &Output| match scope.resolve(&output.expr).and_then(|found| scope.column(&found)) {
        Some(column) => Column { name: output.name.clone(), ..column.clone() },
        None => {
            let value_type = computed_type(&output.expr).map_or(ValueType::Unknown, ValueType::Of);
            Column::new("", &output.name, value_type)
        }
    };
    let name = |wanted: &ColumnRef| {
        let output = outputs.iter().find(|output| scope.resolve(&output.expr).as_ref() == Some(wanted))?;
        Some(ColumnRef { relation: 0, column: output.name.clone() })
    };
    let distribution = match &input.distribution {
        Distribution::Key(keys) => match keys.iter().filter_map(name).collect::<Vec<_>>() {
            keys if keys.is_empty() => Distribution::Even,
            keys => Distribution::Key(keys),
        },
        other => other.clone(),
    };
    Planned {
        columns: outputs.iter().map(column).collect(),
        distribution,
        sorted: if is_plain { input.sorted.iter().map_while(name).collect() } else { Vec::new() },
        tables: input.tables,
        step: input.step,
        is_plain,
    }
}

fn computed_type(expr: &Expr) -> Option<Type> {
    match expr {
        Expr::Cast { data_type, .. } => Type::of(data_type).ok(),
        Expr::Function(function) if matches!(walk::name(function).as_str(), "count" | "row_number" | "rank") => {
            Some(Type::BigInt)
        }
        Expr::Nested(inner) => computed_type(inner),
        _ => None,
    }
}

/// The columns of a SELECT, `*` written out.
fn outputs(select: &Select, scope: &Scope) -> Vec<Output> {
    let all = |relation: Option<&str>| -> Vec<Output> {
        let output = |(reference, _): (ColumnRef, &Column)| {
            let parts = [scope.relations[reference.relation].name.clone(), reference.column.clone()];
            Output { name: reference.column, expr: Expr::CompoundIdentifier(parts.map(Ident::new).to_vec()) }
        };
        scope.columns(relation).into_iter().map(output).collect()
    };
    let output = |item: &SelectItem| match item {
        SelectItem::UnnamedExpr(expr) => {
            let name = match expr {
                Expr::Identifier(ident) => ident.value.clone(),
                Expr::CompoundIdentifier(parts) => parts.last().map(|part| part.value.clone()).unwrap_or_default(),
                _ => "?column?".to_owned(),
            };
            vec![Output { name, expr: expr.clone() }]
        }
        SelectItem::ExprWithAlias { expr, alias } => vec![Output { name: alias.value.clone(), expr: expr.clone() }],
        SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
            all(Some(&redshift_sql::Name::of(name).table))
        }
        SelectItem::Wildcard(_) => all(None),
        _ => Vec::new(),
    };
    select.projection.iter().flat_map(output).collect()
}

/// What a number or an alias stands for; a column of FROM comes before an alias.
fn named_output(expr: &Expr, outputs: &[Output], scope: &Scope) -> Expr {
    let found = match expr {
        Expr::Value(value) => ordinal(&value.value).and_then(|at| outputs.get(at)),
        Expr::Identifier(ident) if scope.resolve(expr).is_none() => {
            outputs.iter().find(|output| output.name == ident.value)
        }
        _ => None,
    };
    found.map_or_else(|| expr.clone(), |output| output.expr.clone())
}

fn ordinal(value: &Value) -> Option<usize> {
    match value {
        Value::Number(digits, _) => digits.parse::<usize>().ok()?.checked_sub(1),
        _ => None,
    }
}

fn group_keys(group_by: &GroupByExpr) -> Vec<Expr> {
    let GroupByExpr::Expressions(keys, _) = group_by else { return Vec::new() };
    let mut found = Vec::new();
    for key in keys {
        match key {
            Expr::GroupingSets(sets) | Expr::Cube(sets) | Expr::Rollup(sets) => {
                for key in sets.iter().flatten().filter(|key| !found.contains(*key)).cloned().collect::<Vec<_>>() {
                    found.push(key);
                }
            }
            key => found.push(key.clone()),
        }
    }
    found
}

fn order_keys(order_by: Option<&OrderBy>) -> Vec<Expr> {
    match order_by {
        Some(OrderBy { kind: OrderByKind::Expressions(by), .. }) => by.iter().map(|by| by.expr.clone()).collect(),
        _ => Vec::new(),
    }
}

/// The rows of LIMIT, `Some(None)` where they are not told by a number.
fn limit(clause: Option<&LimitClause>) -> Option<Option<f64>> {
    let Some(LimitClause::LimitOffset { limit: Some(limit), .. }) = clause else { return None };
    match limit {
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) => Some(digits.parse().ok()),
            _ => Some(None),
        },
        _ => Some(None),
    }
}

/// One row that is read from nowhere.
fn result() -> Input {
    let step = Step::leaf("Result", cost::scan(1.0, 0), 1.0, 0);
    let (relations, sorted, tables) = (BTreeSet::new(), Vec::new(), Vec::new());
    Input { step, relations, distribution: Distribution::All, sorted, tables }
}

fn values_scan(rows: usize, columns: usize) -> Planned {
    let rows = rows as f64;
    let name = if rows > 1.0 { "Multi Scan" } else { "Result" };
    let column = |at| Column::new("", &format!("column{at}"), ValueType::Unknown);
    Planned {
        step: Step::leaf(name, cost::scan(rows, 0), rows, 0),
        columns: (1..=columns).map(column).collect(),
        distribution: Distribution::Even,
        sorted: Vec::new(),
        tables: Vec::new(),
        is_plain: false,
    }
}

/// The rows that a recursive query has found so far.
fn recursive(name: &str, columns: &[sqlparser::ast::TableAliasColumnDef]) -> Planned {
    let column =
        |column: &sqlparser::ast::TableAliasColumnDef| Column::new(name, &column.name.value, ValueType::Unknown);
    Planned {
        step: Step::leaf(format!("Seq Scan on {}", super::expression::quoted(name)), cost::scan(1.0, 0), 1.0, 0),
        columns: columns.iter().map(column).collect(),
        distribution: Distribution::Even,
        sorted: Vec::new(),
        tables: Vec::new(),
        is_plain: true,
    }
}
