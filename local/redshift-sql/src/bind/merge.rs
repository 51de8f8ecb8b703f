//! MERGE: the types of what its clauses give to the columns of the target.

use sqlparser::ast::{Merge, MergeAction, MergeInsertKind, MergeUpdateKind};

use super::Typer;
use super::scope::Scope;

impl Typer<'_> {
    pub(super) fn merge(&mut self, merge: &Merge, outer: &Scope<'_>) {
        let mut scope = Scope::within(Some(outer));
        self.table_factor(&merge.table, &mut scope);
        self.table_factor(&merge.source, &mut scope);
        self.expr(&merge.on, &scope);
        let mut given = Vec::new();
        for clause in &merge.clauses {
            self.each(&clause.predicate, &scope);
            match &clause.action {
                MergeAction::Insert(insert) => {
                    let MergeInsertKind::Values(values) = &insert.kind else { continue };
                    given.extend(values.rows.iter().flat_map(|row| row.iter()).map(|value| self.expr(value, &scope)));
                }
                MergeAction::Update(update) => {
                    let MergeUpdateKind::Set(assignments) = &update.kind else { continue };
                    self.assignments(assignments, &scope);
                    given.extend(assignments.iter().map(|assignment| self.types.of(&assignment.value)));
                }
                _ => {}
            }
        }
        self.types.given = Some(given);
    }
}
