//! Views WITH NO SCHEMA BINDING: they may be made before the tables that they read, and outlive them. DuckDB binds a view
//! when it is made, so that each is kept as it was written, too, and made anew when what it reads has come or changed.

use super::error::SqlError;
use super::session::Session;
use super::sql::{Name, literal};

const KEPT: &str = "redshift_system.redshift_late_views";

/// A view that is not bound to what it reads.
#[derive(Debug)]
pub struct LateView {
    pub name: Name,
    /// DuckDB's SQL: as it was written, and so that it replaces one that is there.
    pub create: String,
    pub replace: String,
}

pub fn create(session: &Session, view: &LateView) -> Result<(), SqlError> {
    if view.create != view.replace && is_kept(session, &view.name)? {
        return Err(SqlError::new("42P07", format!("Relation \"{}\" already exists", view.name.table)));
    }
    match session.connection.execute_batch(&view.create).map_err(SqlError::from) {
        Err(error) if !error.is_missing_relation() => return Err(error),
        _ => {}
    }
    forget(session, &view.name)?;
    let (key, definition) = (literal(&view.name.key()), literal(&view.replace));
    Ok(session.connection.execute_batch(&format!("INSERT INTO {KEPT} VALUES ({key}, {definition})"))?)
}

pub fn is_kept(session: &Session, name: &Name) -> Result<bool, SqlError> {
    let sql = format!("SELECT count(*) > 0 FROM {KEPT} WHERE name = ?");
    Ok(session.connection.query_row(&sql, [name.key()], |row| row.get(0))?)
}

pub fn forget(session: &Session, name: &Name) -> Result<(), SqlError> {
    Ok(session.connection.execute_batch(&format!("DELETE FROM {KEPT} WHERE name = {}", literal(&name.key())))?)
}

/// The views of a schema go with it.
pub fn forget_all(session: &Session, schema: &str) -> Result<(), SqlError> {
    let beginning = literal(&format!("{schema}.").to_lowercase());
    Ok(session.connection.execute_batch(&format!("DELETE FROM {KEPT} WHERE starts_with(name, {beginning})"))?)
}

/// Binds what can be bound now; answers whether anything could. One view may read another.
pub fn bind_again(session: &Session) -> Result<bool, SqlError> {
    let mut statement = session.connection.prepare(&format!("SELECT definition FROM {KEPT} ORDER BY rowid"))?;
    let all: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut unbound = all.clone();
    loop {
        let before = unbound.len();
        unbound.retain(|definition| session.connection.execute_batch(definition).is_err());
        if unbound.is_empty() || unbound.len() == before {
            return Ok(unbound.len() < all.len());
        }
    }
}
