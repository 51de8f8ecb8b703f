//! What views are made of: a relation that one reads does not go without it.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use duckdb::{OptionalExt, params};
use sqlparser::ast::{ObjectName, ObjectType, Query, Visit, Visitor};

use super::define;
use super::error::SqlError;
use super::session::Session;
use super::sql::{Drop, Name, literal};

const KEPT: &str = "redshift_system.redshift_dependencies";

/// The schema where a table or a view is found; `None` where there is none of this name.
pub fn schema_of(session: &Session, name: &Name) -> Result<Option<String>, SqlError> {
    // A temporary table hides a permanent one of its name.
    let sql = "SELECT schema_name FROM redshift_system.redshift_relations WHERE table_name = ? \
               AND (schema_name = ? OR (? IS NULL AND (temporary OR list_contains(current_schemas(false), schema_name)))) \
               ORDER BY temporary DESC, list_position(current_schemas(false), schema_name) LIMIT 1";
    Ok(session.connection.query_row(sql, params![name.table, name.schema, name.schema], |row| row.get(0)).optional()?)
}

pub fn is_materialized(session: &Session, name: &Name) -> Result<bool, SqlError> {
    let sql = "SELECT count(*) > 0 FROM redshift_system.redshift_materialized_views WHERE name = ?";
    let Some(schema) = schema_of(session, name)? else { return Ok(false) };
    Ok(session.connection.query_row(sql, [format!("{schema}.{}", name.table)], |row| row.get(0))?)
}

/// Notes what a view reads, in the place of what one of its name read.
pub fn note(session: &Session, view: &Name, query: &Query) -> Result<(), SqlError> {
    struct Reads(BTreeSet<String>, Vec<Name>);
    impl Visitor for Reads {
        type Break = ();
        fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
            let name = Name::of(relation);
            if self.0.insert(name.to_string()) {
                self.1.push(name);
            }
            ControlFlow::Continue(())
        }
    }
    let mut reads = Reads(BTreeSet::new(), Vec::new());
    let _ = query.visit(&mut reads);
    let Some(schema) = schema_of(session, view)? else { return Ok(()) };
    let key = literal(&format!("{schema}.{}", view.table));
    let mut statements = vec![format!("DELETE FROM {KEPT} WHERE view_name = {key}")];
    for name in reads.1 {
        if let Some(schema) = schema_of(session, &name)? {
            statements
                .push(format!("INSERT INTO {KEPT} VALUES ({key}, {})", literal(&format!("{schema}.{}", name.table))));
        }
    }
    define::each(session, &statements)
}

/// Before a relation goes: the views that read it go first where that is asked for, and are in the way else. So are the
/// foreign keys of other tables, which go with CASCADE.
pub fn give_way(session: &Session, name: &Name, cascade: bool) -> Result<(), SqlError> {
    let Some(schema) = schema_of(session, name)? else { return Ok(()) };
    let key = format!("{schema}.{}", name.table);
    let sql = format!(
        "SELECT r.schema_name, r.table_name FROM {KEPT} d JOIN redshift_system.redshift_relations r \
         ON d.view_name = r.schema_name || '.' || r.table_name WHERE d.relation_name = ? AND d.view_name <> d.relation_name"
    );
    let mut statement = session.connection.prepare(&sql)?;
    let row = |row: &duckdb::Row<'_>| Ok(Name { schema: row.get(0)?, table: row.get(1)? });
    let views: Vec<Name> = statement.query_map([&key], row)?.collect::<Result<_, _>>()?;
    let sql = "SELECT count(*) FROM redshift_system.redshift_foreign_keys \
               WHERE referred_schema = ? AND referred_table = ? AND (schema_name, table_name) <> (?, ?)";
    let keys: i64 =
        session.connection.query_row(sql, params![schema, name.table, schema, name.table], |row| row.get(0))?;
    if !cascade && (!views.is_empty() || keys > 0) {
        let message = format!("cannot drop {} because other objects depend on it", name.table);
        return Err(SqlError::new("2BP01", message));
    }
    if !views.is_empty() {
        define::drop(session, &Drop { kind: ObjectType::View, names: views, if_exists: true, cascade: true })?;
    }
    define::each(session, &[format!("DELETE FROM {KEPT} WHERE view_name = {0} OR relation_name = {0}", literal(&key))])
}
