//! What the engine knows of a table: its columns with Redshift's types, from the comments that its DDL left.

use duckdb::{Connection, OptionalExt, params};

use super::error::SqlError;
use super::sql::ColumnAttributes;
use super::sql::types::Type;

#[derive(Debug, Clone)]
pub struct Table {
    pub catalog: String,
    pub schema: String,
    pub name: String,
    pub columns: Vec<Column>,
}

#[derive(Debug, Clone)]
pub struct Column {
    pub name: String,
    pub data_type: Type,
    pub not_null: bool,
    pub identity: Option<super::sql::Identity>,
}

/// Whether a table of this name can be seen.
pub fn exists(connection: &Connection, schema: Option<&str>, name: &str) -> Result<bool, SqlError> {
    find(connection, schema, name).map(|found| found.is_some())
}

fn find(connection: &Connection, schema: Option<&str>, name: &str) -> Result<Option<(String, String)>, SqlError> {
    // A temporary table hides a permanent one of its name.
    let sql = "SELECT database_name, schema_name FROM duckdb_tables() WHERE table_name = ? \
               AND (schema_name = ? OR (temporary AND ?)) ORDER BY temporary DESC LIMIT 1";
    let row = |row: &duckdb::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    Ok(connection.query_row(sql, params![name, schema.unwrap_or("public"), schema.is_none()], row).optional()?)
}

pub fn table(connection: &Connection, schema: Option<&str>, name: &str) -> Result<Table, SqlError> {
    let missing = || SqlError::new("42P01", format!("relation \"{name}\" does not exist"));
    let (catalog, schema) = find(connection, schema, name)?.ok_or_else(missing)?;
    let sql = "SELECT column_name, data_type, is_nullable, comment FROM duckdb_columns() \
               WHERE database_name = ? AND schema_name = ? AND table_name = ? ORDER BY column_index";
    let mut statement = connection.prepare(sql)?;
    let row = |row: &duckdb::Row<'_>| {
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, bool>(2)?,
            row.get::<_, Option<String>>(3)?,
        ))
    };
    let mut columns = Vec::new();
    for found in statement.query_map(params![catalog, schema, name], row)? {
        let (column, duck_type, nullable, comment) = found?;
        let attributes: ColumnAttributes =
            comment.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default();
        let data_type = Type::from_name(&attributes.data_type).or_else(|| Type::from_duck(&duck_type));
        let unknown = || SqlError::unsupported(&format!("the type {duck_type} of column {column}"));
        columns.push(Column {
            data_type: data_type.ok_or_else(unknown)?,
            name: column,
            not_null: !nullable,
            identity: attributes.identity,
        });
    }
    Ok(Table { catalog, schema, name: name.to_owned(), columns })
}
