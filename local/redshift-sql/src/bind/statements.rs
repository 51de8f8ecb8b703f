//! Statements that change rows, and what holds a query.

use sqlparser::ast::{
    Assignment, AssignmentTarget, Delete, FromTable, Insert, Query, SelectItem, SetExpr, Statement, TableObject,
    Update, UpdateTableFromKind,
};

use super::Typer;
use super::catalog::RelationColumn;
use super::scope::Scope;
use super::value_type::ValueType;
use crate::statement::relation_name::Name;

impl Typer<'_> {
    pub(super) fn statement(&mut self, statement: &Statement, outer: &Scope<'_>) {
        match statement {
            Statement::Query(query) => self.answered(query, outer),
            Statement::Insert(insert) => self.insert(insert, outer),
            Statement::Update(update) => self.update(update, outer),
            Statement::Delete(delete) => self.delete(delete, outer),
            Statement::Merge(merge) => self.merge(merge, outer),
            Statement::CreateTable(create) => {
                if let Some(query) = &create.query {
                    self.answered(query, outer);
                }
            }
            Statement::CreateView(view) => drop(self.query(&view.query, outer)),
            _ => {}
        }
    }

    /// The query whose rows the statement answers or keeps.
    fn answered(&mut self, query: &Query, outer: &Scope<'_>) {
        let columns = self.query(query, outer);
        self.types.columns = columns.map(|columns| columns.iter().map(|column| column.value_type).collect());
    }

    pub(super) fn insert(&mut self, insert: &Insert, outer: &Scope<'_>) {
        let Some(source) = &insert.source else { return };
        let columns = self.query(source, outer);
        self.types.given = columns.map(|columns| columns.iter().map(|column| column.value_type).collect());
        let TableObject::TableName(name) = &insert.table else { return };
        let Some(table) = self.columns_of(name) else { return };
        let targets: Vec<ValueType> = match insert.columns.is_empty() {
            true => table.iter().map(|column| column.value_type).collect(),
            false => insert.columns.iter().map(|name| type_in(&table, &Name::of(name).table)).collect(),
        };
        self.assign_rows(&source.body, &targets);
    }

    /// Parameters among the values that a row gives to columns.
    pub(super) fn assign_rows(&mut self, body: &SetExpr, targets: &[ValueType]) {
        match body {
            SetExpr::Values(values) => {
                for (value, target) in values.rows.iter().flat_map(|row| row.iter().zip(targets)) {
                    self.learn(value, *target);
                }
            }
            SetExpr::Select(select) => {
                for (item, target) in select.projection.iter().zip(targets) {
                    let (SelectItem::UnnamedExpr(value) | SelectItem::ExprWithAlias { expr: value, .. }) = item else {
                        return;
                    };
                    self.learn(value, *target);
                }
            }
            SetExpr::Query(query) => self.assign_rows(&query.body, targets),
            SetExpr::SetOperation { left, right, .. } => {
                self.assign_rows(left, targets);
                self.assign_rows(right, targets);
            }
            _ => {}
        }
    }

    pub(super) fn update(&mut self, update: &Update, outer: &Scope<'_>) {
        let mut scope = Scope::within(Some(outer));
        self.table_with_joins(&update.table, &mut scope);
        if let Some(UpdateTableFromKind::BeforeSet(from) | UpdateTableFromKind::AfterSet(from)) = &update.from {
            self.from(from, &mut scope);
        }
        self.assignments(&update.assignments, &scope);
        let given = update.assignments.iter().map(|assignment| self.types.of(&assignment.value));
        self.types.given = Some(given.collect());
        self.each(&update.selection, &scope);
    }

    pub(super) fn assignments(&mut self, assignments: &[Assignment], scope: &Scope<'_>) {
        for assignment in assignments {
            self.expr(&assignment.value, scope);
            if let (AssignmentTarget::ColumnName(name), Some(changed)) = (&assignment.target, scope.relations.first())
                && let Some(columns) = &changed.columns
            {
                self.learn(&assignment.value, type_in(columns, &Name::of(name).table));
            }
        }
    }

    pub(super) fn delete(&mut self, delete: &Delete, outer: &Scope<'_>) {
        let mut scope = Scope::within(Some(outer));
        let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
        self.from(from, &mut scope);
        if let Some(using) = &delete.using {
            self.from(using, &mut scope);
        }
        self.each(&delete.selection, &scope);
    }
}

fn type_in(columns: &[RelationColumn], name: &str) -> ValueType {
    let found = columns.iter().find(|column| column.name.eq_ignore_ascii_case(name));
    found.map_or(ValueType::Unknown, |column| column.value_type)
}
