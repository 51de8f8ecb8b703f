//! *Functions of the leader node* (c_SQL_functions_leader_node_only): a statement that calls one reads no table and writes none.

use std::ops::ControlFlow;

use sqlparser::ast::{ObjectName, Query, Statement, Visit, Visitor};

use super::catalog::Catalog;
use crate::error::TranslateError;
use crate::statement::relation_name::Name;

const FUNCTIONS: [&str; 6] = [
    "current_schema",
    "current_schemas",
    "generate_series",
    "has_database_privilege",
    "has_schema_privilege",
    "has_table_privilege",
];

pub fn is_leader_node_only(function: &str) -> bool {
    FUNCTIONS.contains(&function)
}

/// Refuses a statement that calls such a function beside tables.
///
/// # Errors
/// 0A000
pub fn check(function: &str, statement: &Statement, catalog: &dyn Catalog) -> Result<(), TranslateError> {
    let mut tables = Tables { catalog, common: Vec::new() };
    let makes_table = matches!(statement, Statement::CreateTable(create) if create.query.is_some());
    if makes_table || statement.visit(&mut tables).is_break() {
        let message = format!(
            "Specified types or functions (one per INFO message) not supported on Redshift tables.\n  \
             Detail: Function \"{function}\" not supported."
        );
        return Err(TranslateError::new("0A000", message));
    }
    Ok(())
}

/// Breaks at the first table.
struct Tables<'c> {
    catalog: &'c dyn Catalog,
    /// What WITH names.
    common: Vec<String>,
}

impl Visitor for Tables<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let tables = query.with.iter().flat_map(|with| &with.cte_tables);
        self.common.extend(tables.map(|table| table.alias.name.value.to_lowercase()));
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        let name = Name::of(relation);
        let is_common = name.schema.is_none() && self.common.contains(&name.table.to_lowercase());
        match !is_common && self.catalog.is_table(&name) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}
