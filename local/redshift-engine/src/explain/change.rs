//! Statements that change rows: their plan is that of reading what they write, or the rows that they change.

use std::collections::BTreeSet;

use sqlparser::ast::{Delete, Expr, FromTable, Query, SetExpr, Statement, TableWithJoins, Update, UpdateTableFromKind};

use super::from::Source;
use super::planner::Planner;
use super::relation::ColumnRef;
use super::step::Step;
use super::{cost, walk};
use crate::error::SqlError;

impl Planner<'_> {
    /// # Errors
    /// 0A000 for what has no steps here.
    pub fn statement(&mut self, statement: &Statement) -> Result<Step, SqlError> {
        match statement {
            Statement::Query(query) => self.changing_query(query),
            Statement::Insert(insert) => match &insert.source {
                Some(source) => self.inserted(source),
                None => Err(SqlError::unsupported("EXPLAIN of INSERT without a query")),
            },
            Statement::CreateTable(create) => match &create.query {
                Some(query) => Ok(self.query(query)?.step),
                None => Err(SqlError::unsupported("EXPLAIN of CREATE TABLE without a query")),
            },
            Statement::Update(update) => self.update(update),
            Statement::Delete(delete) => self.delete(delete),
            _ => Err(SqlError::unsupported("EXPLAIN of this statement")),
        }
    }

    /// A query, or WITH before a statement that changes rows.
    fn changing_query(&mut self, query: &Query) -> Result<Step, SqlError> {
        let statement = match query.body.as_ref() {
            SetExpr::Insert(statement) | SetExpr::Update(statement) | SetExpr::Delete(statement) => statement,
            _ => return Ok(self.query(query)?.step),
        };
        for table in query.with.iter().flat_map(|with| &with.cte_tables) {
            let planned = self.query(&table.query)?;
            self.named.push((table.alias.name.value.clone(), planned));
        }
        self.statement(statement)
    }

    fn inserted(&mut self, query: &Query) -> Result<Step, SqlError> {
        let planned = self.query(query)?;
        let is_constant = planned.step.children.is_empty();
        if planned.is_plain || is_constant {
            return Ok(planned.step);
        }
        let (cost, rows) = (cost::subquery(&planned.step, 0), planned.step.rows);
        Ok(Step::over(planned.step, "Subquery Scan \"*SELECT*\"", cost, rows))
    }

    fn update(&mut self, update: &Update) -> Result<Step, SqlError> {
        let mut from = vec![update.table.clone()];
        if let Some(UpdateTableFromKind::BeforeSet(more) | UpdateTableFromKind::AfterSet(more)) = &update.from {
            from.extend(more.iter().cloned());
        }
        let values: Vec<&Expr> = update.assignments.iter().map(|assignment| &assignment.value).collect();
        self.changed(&from, &values, true, update.selection.as_ref())
    }

    fn delete(&mut self, delete: &Delete) -> Result<Step, SqlError> {
        let (FromTable::WithFromKeyword(tables) | FromTable::WithoutKeyword(tables)) = &delete.from;
        let mut from = tables.clone();
        from.extend(delete.using.iter().flatten().cloned());
        self.changed(&from, &[], false, delete.selection.as_ref())
    }

    /// The rows of the first relation that are changed; those of an update are read as a whole.
    fn changed(
        &mut self,
        from: &[TableWithJoins],
        values: &[&Expr],
        is_whole: bool,
        selection: Option<&Expr>,
    ) -> Result<Step, SqlError> {
        let mut source = Source::default();
        let joined = self.from(from, &mut source)?;
        let mut needed: BTreeSet<ColumnRef> =
            values.iter().flat_map(|value| walk::columns(value, &source.scope)).collect();
        if is_whole {
            let of_target = source.scope.columns(None).into_iter().filter(|(column, _)| column.relation == 0);
            needed.extend(of_target.map(|(column, _)| column));
        }
        let mut subplans = Vec::new();
        for value in values {
            self.subplans(value, &source.scope, &mut subplans)?;
        }
        let input = self.filtered_from(joined, selection, needed, &mut source, &mut subplans)?;
        let mut step =
            input.map(|input| input.step).ok_or_else(|| SqlError::unsupported("EXPLAIN of this statement"))?;
        // The place of a row, by which it is found again.
        step.width += ROW_ID_BYTES;
        step.subplans.extend(subplans);
        Ok(step)
    }
}

const ROW_ID_BYTES: u64 = 6;
