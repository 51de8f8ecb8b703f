//! MERGE: what its clauses give to the columns of the target.

use sqlparser::ast::{AssignmentTarget, Expr, Merge, MergeAction, MergeInsertExpr, MergeInsertKind, MergeUpdateKind};

use super::Typer;
use super::catalog::RelationColumn;
use super::scope::{Columns, Scope};
use crate::error::TranslateError;
use crate::parse::simple_expressions::literal;
use crate::statement::dml::{TargetColumn, other_type};
use crate::statement::relation_name::Name;

impl Typer<'_> {
    pub(super) fn merge(&mut self, merge: &Merge, outer: &Scope<'_>) {
        let mut scope = Scope::within(Some(outer));
        self.table_factor(&merge.table, &mut scope);
        let target = scope.relations.first().and_then(|relation| relation.columns.clone());
        self.table_factor(&merge.source, &mut scope);
        self.expr(&merge.on, &scope);
        for clause in &merge.clauses {
            self.each(&clause.predicate, &scope);
            match &clause.action {
                MergeAction::Insert(insert) => self.merge_insert(insert, &target, &scope),
                MergeAction::Update(update) => {
                    let MergeUpdateKind::Set(assignments) = &update.kind else { continue };
                    self.assignments(assignments, &scope);
                    for assignment in assignments {
                        if let AssignmentTarget::ColumnName(name) = &assignment.target {
                            self.give(&assignment.value, column(&target, &Name::of(name).table));
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn merge_insert(&mut self, insert: &MergeInsertExpr, target: &Columns, scope: &Scope<'_>) {
        let MergeInsertKind::Values(values) = &insert.kind else { return };
        for row in &values.rows {
            for (at, value) in row.iter().enumerate() {
                self.expr(value, scope);
                let found = match insert.columns.get(at) {
                    Some(name) => column(target, &Name::of(name).table),
                    None if insert.columns.is_empty() => target.as_ref().and_then(|columns| columns.get(at)),
                    None => None,
                };
                self.give(value, found);
            }
        }
    }

    /// *A column takes what INSERT gives it*: a literal becomes a value of its type, another type needs a cast.
    fn give(&mut self, value: &Expr, column: Option<&RelationColumn>) {
        let Some((column, wanted)) = column.and_then(|column| Some((column, column.value_type.known()?))) else {
            return;
        };
        if literal(value).is_some() {
            self.coerce([value], wanted);
            return;
        }
        if let Some(found) = self.types.of(value).known()
            && !found.becomes(wanted)
        {
            let column = TargetColumn { name: column.name.clone(), data_type: wanted, is_identity: false };
            let error: TranslateError = other_type(&column, found);
            self.refuse(error);
        }
    }
}

fn column<'c>(columns: &'c Columns, name: &str) -> Option<&'c RelationColumn> {
    columns.as_ref()?.iter().find(|column| column.name.eq_ignore_ascii_case(name))
}
