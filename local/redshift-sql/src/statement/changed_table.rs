//! The table whose rows a statement changes.

use sqlparser::ast::{FromTable, Insert, SetExpr, Statement, TableObject};

use crate::statement::dml::name_of;
use crate::statement::relation_name::Name;

/// The table whose rows a statement changes; `None` for other statements.
pub fn target(statement: &Statement) -> Option<Name> {
    match statement {
        Statement::Insert(Insert { table: TableObject::TableName(name), .. }) => Some(Name::of(name)),
        Statement::Update(update) => name_of(&update.table.relation),
        Statement::Merge(merge) => name_of(&merge.table),
        Statement::Delete(delete) => {
            let (FromTable::WithFromKeyword(tables) | FromTable::WithoutKeyword(tables)) = &delete.from;
            tables.first().and_then(|table| name_of(&table.relation))
        }
        _ => None,
    }
}

/// The same of a statement behind WITH.
pub fn target_of_body(body: &SetExpr) -> Option<Name> {
    match body {
        SetExpr::Insert(statement)
        | SetExpr::Update(statement)
        | SetExpr::Delete(statement)
        | SetExpr::Merge(statement) => target(statement),
        _ => None,
    }
}
