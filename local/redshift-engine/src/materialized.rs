//! Materialized views: a table that is filled from a query when that is asked for.

use duckdb::{OptionalExt, params};

use super::error::SqlError;
use super::session::Session;
use super::{batch, catalog, ddl, dependency};
use redshift_sql::{CreateTable, Name, NewMaterialized, Shape, literal};

const KEPT: &str = "redshift_system.redshift_materialized_views";

pub fn create(session: &Session, new: NewMaterialized) -> Result<(), SqlError> {
    let NewMaterialized { name, attributes, auto_refresh, mut query, definition } = new;
    let name = catalog::new_name(&session.connection, &name)?;
    // REFRESH reads the same relations, whatever the search path is then.
    dependency::qualify(session, &mut query)?;
    let reads = query.clone();
    let query = query.to_string();
    let shape = Shape::Query { query: query.clone(), names: Vec::new(), types: None };
    let table = CreateTable { name: name.clone(), if_not_exists: false, temporary: false, attributes, shape };
    ddl::create(session, &table)?;
    let sql = format!("INSERT INTO {KEPT} (name, query, definition, auto_refresh) VALUES (?, ?, ?, ?)");
    session.connection.execute(&sql, params![name.key(), query, definition, auto_refresh])?;
    dependency::note(session, &name, &reads)
}

pub fn refresh(session: &Session, name: &Name) -> Result<(), SqlError> {
    let name = found(session, name)?;
    let sql = format!("SELECT query FROM {KEPT} WHERE name = ?");
    let query: String = session.connection.query_row(&sql, [name.key()], |row| row.get(0))?;
    Ok(session.connection.execute_batch(&format!("DELETE FROM {name}; INSERT INTO {name} {query}"))?)
}

/// Whether it would refresh itself, which the catalog shows and nothing here does.
pub fn auto_refresh(session: &Session, name: &Name, on: bool) -> Result<(), SqlError> {
    let name = found(session, name)?;
    session
        .connection
        .execute(&format!("UPDATE {KEPT} SET auto_refresh = ? WHERE name = ?"), params![on, name.key()])?;
    Ok(())
}

/// The name of a materialized view with its schema.
fn found(session: &Session, name: &Name) -> Result<Name, SqlError> {
    match catalog::found(&session.connection, name)? {
        Some(found) if is_kept(session, &found)? => Ok(found),
        Some(_) => Err(SqlError::new("42809", format!("\"{}\" is not a materialized view", name.table))),
        None => Err(SqlError::new("42P01", format!("materialized view {} does not exist", name.table))),
    }
}

/// Returns true if a relation, by the name that `catalog::found` gives it, is a materialized view.
pub fn is_kept(session: &Session, name: &Name) -> Result<bool, SqlError> {
    let sql = format!("SELECT true FROM {KEPT} WHERE name = ? LIMIT 1");
    let found: Option<bool> = session.connection.query_row(&sql, [name.key()], |row| row.get(0)).optional()?;
    Ok(found.is_some())
}

pub fn forget(session: &Session, name: &Name) -> Result<(), SqlError> {
    batch::run(session, &[format!("DELETE FROM {KEPT} WHERE name = {}", literal(&name.key()))])
}

/// Those of a schema go with it.
pub fn forget_all(session: &Session, schema: &str) -> Result<(), SqlError> {
    let beginning = literal(&format!("{schema}."));
    batch::run(session, &[format!("DELETE FROM {KEPT} WHERE starts_with(name, {beginning})")])
}
