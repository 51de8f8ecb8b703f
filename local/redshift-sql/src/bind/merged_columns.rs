//! Columns that USING and NATURAL merge into one, and what `*` stands for beside them: DuckDB would compare them with the
//! blanks behind texts, and order the columns otherwise than PostgreSQL does.

use std::collections::HashMap;

use sqlparser::ast::{BinaryOperator, Expr, Ident, JoinConstraint, JoinOperator, TableFactor, TableWithJoins};

use super::joins::Output;
use super::scope::{Relation, Scope};
use crate::rules::construct::{all_of, binary, call};

/// What is spelled out before a statement is rewritten, by the places of what it replaces.
#[derive(Debug, Default)]
pub struct Expansion {
    /// The conditions that joins with USING or NATURAL stand for.
    pub joins: HashMap<usize, Expr>,
    /// Names of merged columns, and names that get their relation.
    pub names: HashMap<usize, Expr>,
    /// What `*` stands for in a SELECT.
    pub stars: HashMap<usize, Vec<Output>>,
    /// The columns of what a PIVOT reads.
    pub pivots: HashMap<usize, Vec<String>>,
    /// The SELECTs with a `(+)`.
    pub outer_joins: Vec<usize>,
}

impl Expansion {
    pub fn is_empty(&self) -> bool {
        self.joins.is_empty() && self.pivots.is_empty() && self.outer_joins.is_empty()
    }
}

/// True where joins merge columns.
pub fn merges(from: &[TableWithJoins]) -> bool {
    let is_merging = |operator: &JoinOperator| {
        matches!(super::joins::constraint(operator), Some(JoinConstraint::Using(_) | JoinConstraint::Natural))
    };
    let is_nested = |factor: &TableFactor| match factor {
        TableFactor::NestedJoin { table_with_joins, .. } => merges(std::slice::from_ref(table_with_joins)),
        _ => false,
    };
    from.iter().any(|joined| {
        is_nested(&joined.relation)
            || joined.joins.iter().any(|join| is_merging(&join.join_operator) || is_nested(&join.relation))
    })
}

/// The columns of a relation; `None` where they are not known, or have no name to be called by.
pub fn outputs(relation: &Relation) -> Option<Vec<Output>> {
    let columns = relation.columns.as_ref().filter(|_| !relation.name.is_empty())?;
    let quoted = |name: &str| Ident::with_quote('"', name);
    let output = |column: &super::catalog::RelationColumn| Output {
        name: column.name.clone(),
        expr: Expr::CompoundIdentifier(vec![quoted(&relation.name), quoted(&column.name)]),
        value_type: column.value_type,
    };
    Some(columns.iter().map(output).collect())
}

impl Scope<'_> {
    /// Adds a relation of FROM.
    pub fn add(&mut self, relation: Relation) {
        let is_taken = self.relations.iter().any(|known| known.name.eq_ignore_ascii_case(&relation.name));
        if let Some(all) = &mut self.outputs {
            match outputs(&relation).filter(|_| !is_taken) {
                Some(more) => all.extend(more),
                None => self.outputs = None,
            }
        }
        self.relations.push(relation);
    }

    /// Merges columns of what stands left and right of a join, which begin at these places of the outputs. Answers the
    /// condition of the join; `None` where a column is not known, or is there several times.
    pub fn merge(&mut self, (left, right): (usize, usize), names: &[String], operator: &JoinOperator) -> Option<Expr> {
        let mut all = self.outputs.take()?;
        let mut right_side = all.split_off(right);
        let mut left_side = all.split_off(left);
        let take = |side: &mut Vec<Output>, name: &str| {
            let is_it = |output: &Output| output.name.eq_ignore_ascii_case(name);
            let at = side.iter().position(is_it)?;
            let found = side.remove(at);
            (!side.iter().any(is_it)).then_some(found)
        };
        let (mut conditions, mut merged) = (Vec::new(), Vec::new());
        for name in names {
            let (one, two) = (take(&mut left_side, name)?, take(&mut right_side, name)?);
            conditions.push(binary(one.expr.clone(), BinaryOperator::Eq, two.expr.clone()));
            let expr = match operator {
                JoinOperator::FullOuter(_) => call("coalesce", [one.expr, two.expr]),
                JoinOperator::Right(_) | JoinOperator::RightOuter(_) => two.expr,
                _ => one.expr,
            };
            merged.push(Output { name: one.name, expr, value_type: one.value_type.common(two.value_type) });
        }
        self.merged.extend(merged.iter().cloned());
        all.extend(merged.into_iter().chain(left_side).chain(right_side));
        self.outputs = Some(all);
        all_of(conditions)
    }
}
