//! *`(+)`*, Oracle's outer join in WHERE: the table whose columns have it is joined by LEFT JOIN.

use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, Expr, Join, JoinConstraint, JoinOperator, Select, TableFactor, TableWithJoins, VisitMut, VisitorMut,
};

use crate::bind::join_conditions::{conjuncts, for_each_own, owner};
use crate::error::TranslateError;
use crate::rules::construct::all_of;
use crate::statement::relation_name::Name;

/// A part of a condition, and the relations that it names with and without `(+)`.
struct Part {
    condition: Expr,
    marked: Vec<String>,
    plain: Vec<String>,
}

/// Writes the conditions with `(+)` as joins. Names have their relations.
///
/// # Errors
/// 0A000 beside joins in FROM, under OR or IN, and for a table that is joined to two others.
pub fn rewrite(select: &mut Select) -> Result<(), TranslateError> {
    let Some(condition) = select.selection.take() else { return Ok(()) };
    if select.from.iter().any(|joined| !joined.joins.is_empty()) {
        return Err(refused("Outer join operator (+) is not allowed in a query block with FROM clause join syntax"));
    }
    let mut written = Vec::new();
    conjuncts(&condition, &mut written);
    let mut parts = written.into_iter().map(part).collect::<Result<Vec<_>, _>>()?;
    let mut joins: Vec<(String, Option<String>, Vec<Expr>)> = Vec::new();
    let mut filters = Vec::new();
    let is_inner: Vec<bool> = parts.iter().map(|part| has_inner(part, &parts)).collect();
    for (part, is_inner) in parts.drain(..).zip(is_inner) {
        let [table] = &part.marked[..] else {
            filters.push(part.condition);
            continue;
        };
        if is_inner {
            filters.push(part.condition);
            continue;
        }
        let at = joins.iter().position(|(joined, ..)| joined == table).unwrap_or_else(|| {
            joins.push((table.clone(), None, Vec::new()));
            joins.len() - 1
        });
        let (_, to, conditions) = &mut joins[at];
        for other in part.plain {
            match to {
                None => *to = Some(other),
                Some(known) if *known == other => {}
                Some(_) => return Err(refused("A table may be outer joined to at most one other table.")),
            }
        }
        conditions.push(part.condition);
    }
    // What is compared with constants alone is joined to nothing.
    let (joined, alone): (Vec<_>, Vec<_>) = joins.into_iter().partition(|(_, to, _)| to.is_some());
    filters.extend(alone.into_iter().flat_map(|(.., conditions)| conditions));
    attach(&mut select.from, joined)?;
    select.selection = all_of(filters);
    Ok(())
}

fn refused(message: &str) -> TranslateError {
    TranslateError::new("0A000", message)
}

fn missing(table: &str) -> TranslateError {
    TranslateError::new("42P01", format!("missing FROM-clause entry for table \"{table}\""))
}

fn part(condition: &Expr) -> Result<Part, TranslateError> {
    let marks = Marks::of(condition);
    let mut condition = condition.clone();
    if marks.is_below_or && !marks.marked.is_empty() {
        return Err(refused("Outer join operator (+) not allowed in operand of OR or IN."));
    }
    let Marks { mut marked, mut plain, .. } = marks;
    marked.sort();
    marked.dedup();
    plain.retain(|name| !marked.contains(name));
    plain.sort();
    plain.dedup();
    let _ = VisitMut::visit(&mut condition, &mut Unmark);
    Ok(Part { condition, marked, plain })
}

/// Two tables with a condition that has no `(+)` are joined as usual.
fn has_inner(part: &Part, parts: &[Part]) -> bool {
    let ([table], [other]) = (&part.marked[..], &part.plain[..]) else { return false };
    parts.iter().any(|part| part.marked.is_empty() && part.plain.contains(table) && part.plain.contains(other))
}

/// Joins tables to those that they are outer joined to, which come first.
fn attach(
    from: &mut Vec<TableWithJoins>,
    mut joins: Vec<(String, Option<String>, Vec<Expr>)>,
) -> Result<(), TranslateError> {
    while !joins.is_empty() {
        let waits = |to: &Option<String>| joins.iter().any(|(table, ..)| Some(table) == to.as_ref());
        let next = joins.iter().position(|(_, to, _)| !waits(to));
        let Some(next) = next else { return Err(refused("A table may be outer joined to at most one other table.")) };
        let (table, to, conditions) = joins.remove(next);
        let Some(at) = from.iter().position(|joined| called(&joined.relation).as_ref() == Some(&table)) else {
            return Err(missing(&table));
        };
        let moved = from.remove(at);
        let is_to = |joined: &TableWithJoins| {
            let all = std::iter::once(&joined.relation).chain(joined.joins.iter().map(|join| &join.relation));
            all.map(called).any(|name| name.is_some() && name == to)
        };
        let Some(target) = from.iter_mut().find(|joined| is_to(joined)) else {
            return Err(missing(&to.unwrap_or_default()));
        };
        let on = all_of(conditions).map_or(JoinConstraint::None, JoinConstraint::On);
        target.joins.push(Join { relation: moved.relation, global: false, join_operator: JoinOperator::LeftOuter(on) });
        target.joins.extend(moved.joins);
    }
    Ok(())
}

/// The name of a relation in FROM.
fn called(factor: &TableFactor) -> Option<String> {
    match factor {
        TableFactor::Table { name, alias, .. } => {
            Some(alias.as_ref().map_or_else(|| Name::of(name).table, |alias| alias.name.value.clone()))
        }
        TableFactor::Derived { alias, .. } => alias.as_ref().map(|alias| alias.name.value.clone()),
        _ => None,
    }
}

/// The relations that a condition names.
#[derive(Default)]
struct Marks {
    marked: Vec<String>,
    plain: Vec<String>,
    is_below_or: bool,
}

impl Marks {
    fn of(condition: &Expr) -> Self {
        let (mut marks, mut is_marked) = (Self::default(), false);
        for_each_own(condition, |expr| match expr {
            Expr::OuterJoin(_) => is_marked = true,
            Expr::BinaryOp { op: BinaryOperator::Or, .. } | Expr::InList { .. } | Expr::InSubquery { .. } => {
                marks.is_below_or = true;
            }
            Expr::CompoundIdentifier(parts) => match std::mem::take(&mut is_marked) {
                true => marks.marked.extend(owner(parts)),
                false => marks.plain.extend(owner(parts)),
            },
            _ => {}
        });
        marks
    }
}

/// Takes the `(+)` away.
struct Unmark;

impl VisitorMut for Unmark {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::OuterJoin(inner) = expr {
            *expr = std::mem::replace(inner.as_mut(), Expr::value(sqlparser::ast::Value::Null));
        }
        ControlFlow::Continue(())
    }
}
