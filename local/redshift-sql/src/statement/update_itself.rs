//! UPDATE whose FROM names the table again that it changes.

use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, Ident, JoinConstraint, JoinOperator, TableFactor, TableWithJoins, Update, UpdateTableFromKind, VisitMut,
    VisitorMut,
};

use crate::error::TranslateError;
use crate::rules::construct::all_of;
use crate::statement::dml::name_of;
use crate::statement::relation_name::Name;

/// *The table named again* in the FROM of its own UPDATE is the one that is changed; DuckDB takes it for another, and
/// changes every row.
pub fn join_itself(update: &mut Update, table: &Name) -> Result<(), TranslateError> {
    let Some(UpdateTableFromKind::AfterSet(from)) = &mut update.from else { return Ok(()) };
    let is_itself = |factor: &TableFactor| name_of(factor).is_some_and(|name| name.table == table.table);
    let Some(at) = from
        .iter()
        .position(|joined| is_itself(&joined.relation) || joined.joins.iter().any(|join| is_itself(&join.relation)))
    else {
        return Ok(());
    };
    let joined = from.remove(at);
    let mut conditions = Vec::new();
    let mut factors = vec![joined.relation];
    for join in joined.joins {
        match join.join_operator {
            JoinOperator::Join(constraint) | JoinOperator::Inner(constraint) | JoinOperator::CrossJoin(constraint) => {
                match constraint {
                    JoinConstraint::On(condition) => conditions.push(condition),
                    JoinConstraint::None => {}
                    _ => return Err(TranslateError::unsupported("UPDATE … FROM with USING or NATURAL")),
                }
            }
            _ => return Err(TranslateError::new("0A000", "Target table must be part of an equijoin predicate")),
        }
        factors.push(join.relation);
    }
    let own = factors.iter().position(is_itself).map(|at| factors.remove(at));
    let alias = own.as_ref().and_then(|factor| match factor {
        TableFactor::Table { alias, .. } => alias.clone(),
        _ => None,
    });
    from.extend(factors.into_iter().map(|relation| TableWithJoins { relation, joins: Vec::new() }));
    if from.is_empty() {
        update.from = None;
    }
    let before = update.selection.take().map(|selection| Expr::Nested(Box::new(selection)));
    let all = conditions.into_iter().map(|condition| Expr::Nested(Box::new(condition))).chain(before);
    update.selection = all_of(all);
    if let (Some(alias), TableFactor::Table { alias: known, .. }) = (alias, &mut update.table.relation) {
        let called = alias.name.clone();
        *known = Some(alias);
        let mut renames = Renames { from: table.table.clone(), to: called };
        let _ = update.assignments.visit(&mut renames);
        let _ = update.selection.visit(&mut renames);
    }
    Ok(())
}

/// What is said of the table under its own name is said of its alias.
struct Renames {
    from: String,
    to: Ident,
}

impl VisitorMut for Renames {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::CompoundIdentifier(parts) = expr
            && let [owner, _] = &mut parts[..]
            && owner.value == self.from
        {
            *owner = self.to.clone();
        }
        ControlFlow::Continue(())
    }
}
