//! Schemas created and altered. DuckDB cannot rename one: everything in it moves to a new one, in one transaction.

use super::error::SqlError;
use super::session::Session;
use super::system_views::SYSTEM_SCHEMA;
use super::{batch, catalog, external, late_binding_view, owner, procedure, view_rewrite};
use redshift_sql::{AlterSchema, ColumnSpec, Name, NewSchema, SchemaChange, literal, quoted};

pub fn create(session: &Session, admin: &str, new: &NewSchema) -> Result<(), SqlError> {
    let NewSchema { name, if_not_exists, owner } = new;
    if exists(session, name)? {
        return match if_not_exists {
            true => Ok(()),
            false => Err(SqlError::new("42P06", format!("Schema \"{name}\" already exists"))),
        };
    }
    batch::run(session, &[format!("CREATE SCHEMA {}", quoted(name))])?;
    match owner {
        Some(owner) => owner::set(session, admin, name, "", owner),
        None => owner::note_schema(session, name),
    }
}

pub fn alter(session: &Session, admin: &str, alter: &AlterSchema) -> Result<(), SqlError> {
    let AlterSchema { name, change } = alter;
    if !exists(session, name)? || name == SYSTEM_SCHEMA {
        return Err(SqlError::new("3F000", format!("schema \"{name}\" does not exist")));
    }
    match change {
        SchemaChange::Owner(owner) => owner::set(session, admin, name, "", owner),
        SchemaChange::Rename(_) if name == "public" => Err(SqlError::unsupported("ALTER SCHEMA public RENAME")),
        SchemaChange::Rename(to) if exists(session, to)? => {
            Err(SqlError::new("42P06", format!("Schema \"{to}\" already exists")))
        }
        SchemaChange::Rename(to) => rename(session, name, to),
    }
}

/// Refuses a schema that is not there.
pub fn require(session: &Session, name: &str) -> Result<(), SqlError> {
    match exists(session, name)? {
        true => Ok(()),
        false => Err(SqlError::new("3F000", format!("schema \"{name}\" does not exist"))),
    }
}

pub fn exists(session: &Session, name: &str) -> Result<bool, SqlError> {
    let sql = "SELECT count(*) > 0 FROM duckdb_schemas() WHERE schema_name = ? AND database_name = current_database()";
    Ok(session.connection.query_row(sql, [name], |row| row.get(0))?)
}

fn rename(session: &Session, from: &str, to: &str) -> Result<(), SqlError> {
    batch::run(session, &[format!("CREATE SCHEMA {}", quoted(to))])?;
    for table in catalog::tables_in(&session.connection, from)? {
        move_table(session, &table, to)?;
    }
    follow_keys(session, from, to)?;
    // What they read is as it was written: it does not follow.
    late_binding_view::move_all(session, from, to)?;
    procedure::move_all(session, from, to)?;
    external::rename_schema(session, from, to)?;
    view_rewrite::move_views(session, from, to)?;
    let [old, new] = [from, to].map(literal);
    let mut statements: Vec<String> = ["redshift_privileges", "redshift_comments", "redshift_owners"]
        .iter()
        .map(|kept| format!("UPDATE redshift_system.{kept} SET schema_name = {new} WHERE schema_name = {old}"))
        .collect();
    // A schema is the object of what is granted on it.
    statements.push(format!(
        "UPDATE redshift_system.redshift_privileges SET object_name = {new} WHERE kind = 'SCHEMA' AND object_name = {old}"
    ));
    let keys = [
        ("redshift_materialized_views", "name"),
        ("redshift_dependencies", "view_name"),
        ("redshift_dependencies", "relation_name"),
    ];
    let (beginning, rest) = (literal(&format!("{from}.")), from.chars().count() + 1);
    statements.extend(keys.iter().map(|(kept, column)| {
        format!(
            "UPDATE redshift_system.{kept} SET {column} = {new} || system.main.substr({column}, {rest}) \
             WHERE starts_with({column}, {beginning})"
        )
    }));
    statements.push(format!("DROP SCHEMA {}", quoted(from)));
    batch::run(session, &statements)
}

/// Makes a table anew in another schema, with its rows and all that is kept with it.
fn move_table(session: &Session, name: &Name, to: &str) -> Result<(), SqlError> {
    let table = catalog::table(&session.connection, name.schema.as_deref(), &name.table)?;
    let new = Name { schema: Some(to.to_owned()), table: table.name.clone() };
    let columns: Vec<ColumnSpec> = table.columns.iter().map(catalog::Column::spec).collect();
    let mut statements = redshift_sql::define(&new, false, &columns, &table.attributes)?;
    statements.push(format!("INSERT INTO {new} SELECT * FROM {name}"));
    statements.push(format!("DROP TABLE {name}"));
    batch::run(session, &statements)
}

/// Foreign keys that name the schema name it as it is called now.
fn follow_keys(session: &Session, from: &str, to: &str) -> Result<(), SqlError> {
    let sql =
        "SELECT DISTINCT schema_name, table_name FROM redshift_system.redshift_foreign_key_lists WHERE key.schema = ?";
    let row = |row: &duckdb::Row<'_>| Ok(Name { schema: Some(row.get(0)?), table: row.get(1)? });
    let mut statement = session.connection.prepare(sql)?;
    let names = statement.query_map([from], row)?.collect::<Result<Vec<_>, _>>()?;
    for name in names {
        let mut attributes = catalog::table(&session.connection, name.schema.as_deref(), &name.table)?.attributes;
        for key in attributes.foreign_keys.iter_mut().filter(|key| key.schema.as_deref() == Some(from)) {
            key.schema = Some(to.to_owned());
        }
        batch::run(session, &[redshift_sql::describe(&name, &attributes)?])?;
    }
    Ok(())
}
