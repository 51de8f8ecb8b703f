//! What the engine knows of a table: its columns with Redshift's types, from the comments that its DDL left.

use duckdb::{Connection, OptionalExt, params};

use super::error::SqlError;
use super::system_views::SYSTEM_SCHEMA;
use redshift_sql::Type;
use redshift_sql::{ColumnAttributes, ColumnSpec, Name, TableAttributes};

#[derive(Debug, Clone)]
pub struct Table {
    pub catalog: String,
    pub schema: String,
    pub name: String,
    pub columns: Vec<Column>,
    pub attributes: TableAttributes,
    pub temporary: bool,
}

impl Table {
    /// The name that finds it again: a temporary table has no schema of ours.
    pub fn full_name(&self) -> Name {
        Name { schema: (!self.temporary).then(|| self.schema.clone()), table: self.name.clone() }
    }
}

#[derive(Debug, Clone)]
pub struct Column {
    pub name: String,
    pub data_type: Type,
    pub not_null: bool,
    /// DuckDB's SQL.
    pub default: Option<String>,
    /// DuckDB's name of the type.
    pub duck: String,
    pub attributes: ColumnAttributes,
}

impl Column {
    pub fn is_identity(&self) -> bool {
        self.attributes.identity.is_some()
    }

    /// What makes the same column again.
    pub fn spec(&self) -> ColumnSpec {
        // A column that no DDL of Redshift's made has no length to be checked, and is told by its type all the same.
        let declared = Type::from_name(&self.attributes.data_type);
        let mut attributes = self.attributes.clone();
        if attributes.data_type.is_empty() {
            attributes.data_type = self.data_type.name();
        }
        ColumnSpec {
            name: self.name.clone(),
            duck: self.duck.clone(),
            not_null: self.not_null,
            default: self.default.clone(),
            text: declared.filter(|declared| declared.limit().is_some()),
            attributes,
        }
    }
}

/// Returns true if a table of this name can be seen.
pub fn exists(connection: &Connection, schema: Option<&str>, name: &str) -> Result<bool, SqlError> {
    find(connection, schema, name).map(|found| found.is_some())
}

/// Database, schema, whether it is temporary, and the comment.
type Found = (String, String, bool, Option<String>);

fn find(connection: &Connection, schema: Option<&str>, name: &str) -> Result<Option<Found>, SqlError> {
    // A temporary table hides a permanent one of its name; then the schemas count in the order of the search path.
    let sql = "SELECT database_name, schema_name, temporary, comment FROM duckdb_tables() WHERE table_name = ? \
               AND (schema_name = ? OR (? IS NULL AND (temporary OR list_contains(current_schemas(false), schema_name)))) \
               ORDER BY temporary DESC, list_position(current_schemas(false), schema_name) LIMIT 1";
    let row = |row: &duckdb::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    Ok(connection.query_row(sql, params![name, schema, schema], row).optional()?)
}

/// The name that finds a relation again: with its schema, unless it is temporary. `None` where there is none of this name.
pub fn found(connection: &Connection, name: &Name) -> Result<Option<Name>, SqlError> {
    let sql = "SELECT schema_name, temporary FROM redshift_system.redshift_relations WHERE table_name = ? \
               AND (schema_name = ? OR (? IS NULL AND (temporary OR list_contains(current_schemas(false), schema_name)))) \
               ORDER BY temporary DESC, list_position(current_schemas(false), schema_name) LIMIT 1";
    let row = |row: &duckdb::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, bool>(1)?));
    let found = connection.query_row(sql, params![name.table, name.schema, name.schema], row).optional()?;
    let named = |(schema, temporary): (String, bool)| Name {
        schema: (!temporary).then_some(schema),
        table: name.table.clone(),
    };
    Ok(found.map(named))
}

/// The name of a relation that is to be made: where none is given, its schema is the first of the search path.
pub fn new_name(connection: &Connection, name: &Name) -> Result<Name, SqlError> {
    if name.schema.is_some() {
        return Ok(name.clone());
    }
    let first: Option<String> = connection.query_row("SELECT current_schemas(false)[1]", [], |row| row.get(0))?;
    match first.filter(|first| first != SYSTEM_SCHEMA) {
        Some(first) => Ok(Name { schema: Some(first), table: name.table.clone() }),
        None => Err(SqlError::new("3F000", "no schema has been selected to create in")),
    }
}

/// The tables of a schema, materialized views among them.
pub fn tables_in(connection: &Connection, schema: &str) -> Result<Vec<Name>, SqlError> {
    let sql = "SELECT table_name FROM duckdb_tables() WHERE schema_name = ? AND NOT temporary ORDER BY table_oid";
    let mut statement = connection.prepare(sql)?;
    let row = |row: &duckdb::Row<'_>| Ok(Name { schema: Some(schema.to_owned()), table: row.get(0)? });
    Ok(statement.query_map([schema], row)?.collect::<Result<_, _>>()?)
}

/// Returns true if there is a view in this schema.
pub fn is_view(connection: &Connection, name: &Name) -> Result<bool, SqlError> {
    let sql = "SELECT count(*) > 0 FROM duckdb_views() WHERE view_name = ? AND schema_name = ? AND NOT internal";
    Ok(connection.query_row(sql, params![name.table, name.schema], |row| row.get(0))?)
}

pub fn table(connection: &Connection, schema: Option<&str>, name: &str) -> Result<Table, SqlError> {
    let missing = || SqlError::new("42P01", format!("relation \"{name}\" does not exist"));
    let (catalog, schema, temporary, comment) = find(connection, schema, name)?.ok_or_else(missing)?;
    let sql = "SELECT column_name, data_type, is_nullable, comment, column_default FROM duckdb_columns() \
               WHERE database_name = ? AND schema_name = ? AND table_name = ? ORDER BY column_index";
    let mut statement = connection.prepare(sql)?;
    let row = |row: &duckdb::Row<'_>| {
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, bool>(2)?,
            row.get::<_, Option<String>>(3)?,
            row.get::<_, Option<String>>(4)?,
        ))
    };
    let mut columns = Vec::new();
    for found in statement.query_map(params![catalog, schema, name], row)? {
        let (column, duck, nullable, comment, default) = found?;
        let attributes: ColumnAttributes =
            comment.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default();
        let data_type = Type::from_name(&attributes.data_type).or_else(|| Type::from_duck(&duck));
        let unknown = || SqlError::unsupported(&format!("the type {duck} of column {column}"));
        columns.push(Column {
            data_type: data_type.ok_or_else(unknown)?,
            name: column,
            not_null: !nullable,
            default: default.filter(|text| !text.is_empty() && text != "NULL"),
            duck,
            attributes,
        });
    }
    let attributes = comment.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default();
    Ok(Table { catalog, schema, name: name.to_owned(), columns, attributes, temporary })
}
