//! The kept definitions of external schemas, databases and tables.

use std::collections::BTreeSet;
use std::sync::Arc;

use duckdb::{Connection, OptionalExt, params};

use crate::batch;
use crate::error::SqlError;
use crate::session::Session;
use redshift_sql::external::alter::PartitionValues;
use redshift_sql::external::table::ExternalTable;
use redshift_sql::{Name, literal};

/// The external schemas and tables of a database.
#[derive(Debug, Default)]
pub struct ExternalNames {
    pub schemas: BTreeSet<String>,
    pub tables: BTreeSet<Name>,
}

/// An external table, and what its schema says of it.
pub struct Found {
    /// The database of the data catalog.
    pub database: String,
    /// An ARN, or `default`.
    pub role: String,
    pub table: ExternalTable,
}

impl Session {
    /// The external schemas and tables. They are asked for again when any session has changed the catalog.
    pub(crate) fn external_names(&self) -> Result<Arc<ExternalNames>, SqlError> {
        if let Some(known) = &*self.relations.external.borrow() {
            return Ok(known.clone());
        }
        let sql = "SELECT s.schema_name, t.table_name FROM redshift_system.redshift_external_schemas s \
                   LEFT JOIN redshift_system.redshift_external_tables t ON t.database_name = s.database_name";
        let mut statement = self.connection.prepare(sql)?;
        let mut names = ExternalNames::default();
        let row = |row: &duckdb::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?));
        for row in statement.query_map([], row)? {
            let (schema, table) = row?;
            names.tables.extend(table.map(|table| Name { schema: Some(schema.clone()), table }));
            names.schemas.insert(schema);
        }
        let names = Arc::new(names);
        *self.relations.external.borrow_mut() = Some(names.clone());
        Ok(names)
    }

    /// Returns true for an external table, by its name with its schema.
    pub(crate) fn is_external(&self, name: &Name) -> Result<bool, SqlError> {
        Ok(name.schema.is_some() && self.external_names()?.tables.contains(name))
    }
}

/// ALTER SCHEMA … RENAME.
pub fn rename_schema(session: &Session, from: &str, to: &str) -> Result<(), SqlError> {
    let sql = "UPDATE redshift_system.redshift_external_schemas SET schema_name = ? WHERE schema_name = ?";
    session.connection.execute(sql, [to, from])?;
    Ok(())
}

/// The database that an external schema stands for.
pub fn database_of(connection: &Connection, schema: &str) -> Result<Option<String>, SqlError> {
    let sql = "SELECT database_name FROM redshift_system.redshift_external_schemas WHERE schema_name = ?";
    Ok(connection.query_row(sql, [schema], |row| row.get(0)).optional()?)
}

pub fn has_database(connection: &Connection, name: &str) -> Result<bool, SqlError> {
    let sql = "SELECT count(*) > 0 FROM redshift_system.redshift_external_databases WHERE database_name = ?";
    Ok(connection.query_row(sql, [name], |row| row.get(0))?)
}

/// # Errors
/// 42P01 where there is no such table.
pub fn table(connection: &Connection, name: &Name) -> Result<Found, SqlError> {
    let sql = "SELECT s.database_name, s.role, t.definition FROM redshift_system.redshift_external_schemas s \
               JOIN redshift_system.redshift_external_tables t ON t.database_name = s.database_name \
               WHERE s.schema_name = ? AND t.table_name = ?";
    let row = |row: &duckdb::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?));
    let found = connection.query_row(sql, params![name.schema, name.table], row).optional()?;
    let missing = || SqlError::new("42P01", format!("relation \"{}\" does not exist", name.table));
    let (database, role, definition) = found.ok_or_else(missing)?;
    let broken = |error| SqlError::new("XX000", format!("the definition of \"{}\" is broken: {error}", name.table));
    Ok(Found { database, role, table: serde_json::from_str(&definition).map_err(broken)? })
}

/// Keeps a table, in the place of what it was.
pub fn keep_table(session: &Session, database: &str, name: &str, table: &ExternalTable) -> Result<(), SqlError> {
    let broken = |error| SqlError::new("XX000", format!("cannot keep \"{name}\": {error}"));
    let definition = serde_json::to_string(table).map_err(broken)?;
    let is_it = format!("database_name = {} AND table_name = {}", literal(database), literal(name));
    batch::run(session, &[format!("DELETE FROM redshift_system.redshift_external_tables WHERE {is_it}")])?;
    let sql =
        "INSERT INTO redshift_system.redshift_external_tables (database_name, table_name, definition) VALUES (?, ?, ?)";
    session.connection.execute(sql, params![database, name, definition])?;
    Ok(())
}

/// A table goes with its partitions; its objects stay.
pub fn forget_table(session: &Session, database: &str, name: &str) -> Result<(), SqlError> {
    let is_it = format!("database_name = {} AND table_name = {}", literal(database), literal(name));
    let delete = |kept: &str| format!("DELETE FROM redshift_system.{kept} WHERE {is_it}");
    batch::run(session, &["redshift_external_tables", "redshift_external_partitions"].map(delete))
}

/// The partitions of a table with their locations, in the order in which they were added.
pub fn partitions(
    connection: &Connection,
    database: &str,
    table: &str,
) -> Result<Vec<(PartitionValues, String)>, SqlError> {
    let sql = "SELECT partition_values, location FROM redshift_system.redshift_external_partitions \
               WHERE database_name = ? AND table_name = ? ORDER BY rowid";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([database, table], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
    let broken = |error| SqlError::new("XX000", format!("the partitions of \"{table}\" are broken: {error}"));
    rows.map(|row| {
        let (values, location) = row?;
        Ok((serde_json::from_str(&values).map_err(broken)?, location))
    })
    .collect()
}
