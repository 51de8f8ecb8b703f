//! External schemas and tables created, altered and dropped.

use super::catalog::{self, Found};
use super::partitions::Partitions;
use crate::error::SqlError;
use crate::session::Session;
use crate::{batch, removal, schema};
use redshift_sql::external::ExternalCommand;
use redshift_sql::external::alter::{AlterExternal, ExternalChange};
use redshift_sql::external::format::serde_of;
use redshift_sql::external::schema::NewExternalSchema;
use redshift_sql::external::table::NewExternalTable;
use redshift_sql::{Drop, Name, NewSchema, literal};

const IN_USE: &str = "because other objects depend on it";

/// Carries out a statement that changes the external catalog.
///
/// # Errors
/// 25001 in a transaction, for tables and partitions (r_CREATE_EXTERNAL_TABLE, r_ALTER_TABLE).
pub fn run(session: &mut Session, admin: &str, command: &ExternalCommand) -> Result<i64, SqlError> {
    match command {
        ExternalCommand::CreateSchema(new) => create_schema(session, admin, new),
        ExternalCommand::CreateTable(new) => {
            session.refuse_in_transaction("CREATE EXTERNAL TABLE")?;
            session.defined(|session| create_table(session, new))
        }
        ExternalCommand::AlterTable(alter) => {
            session.refuse_in_transaction("ALTER EXTERNAL TABLE")?;
            session.defined(|session| alter_table(session, alter))
        }
        ExternalCommand::DropDatabase(drop) => {
            session.refuse_in_transaction("DROP EXTERNAL DATABASE")?;
            session.defined(|session| {
                drop.names.iter().try_for_each(|name| drop_database(session, &name.table, drop))?;
                removal::drop(session, drop)
            })
        }
    }
}

fn create_schema(session: &mut Session, admin: &str, new: &NewExternalSchema) -> Result<i64, SqlError> {
    if new.if_not_exists && schema::exists(session, &new.name)? {
        session.inform(format!("Schema \"{}\" already exists and will be skipped", new.name));
        return Ok(0);
    }
    session.defined(|session| {
        let NewExternalSchema { name, database, role, catalog_role, region, creates_database, .. } = new;
        let is_there = catalog::has_database(&session.connection, database)?;
        let [named, held] = [name, database].map(|name| literal(name));
        let mut statements = Vec::new();
        match (is_there, creates_database) {
            (false, false) => {
                let message = format!(
                    "database \"{database}\" is not in the local data catalog: CREATE EXTERNAL DATABASE IF NOT EXISTS creates it"
                );
                return Err(SqlError::new("3D000", message));
            }
            (false, true) => statements
                .push(format!("INSERT INTO redshift_system.redshift_external_databases (database_name) VALUES ({held})")),
            (true, _) => {}
        }
        schema::create(session, admin, &NewSchema { name: name.clone(), if_not_exists: false, owner: None })?;
        let optional = |text: &Option<String>| text.as_deref().map_or("NULL".to_owned(), literal);
        statements.push(format!(
            "INSERT INTO redshift_system.redshift_external_schemas (schema_name, database_name, role, catalog_role, region) \
             VALUES ({named}, {held}, {}, {}, {})",
            literal(role),
            optional(catalog_role),
            optional(region)
        ));
        batch::run(session, &statements)
    })
}

/// The database behind the schema of a table.
fn database(session: &Session, name: &Name) -> Result<String, SqlError> {
    let schema = name.schema.as_deref().unwrap_or_default();
    schema::require(session, schema)?;
    let no_external = || SqlError::new("42809", format!("schema \"{schema}\" is not an external schema"));
    catalog::database_of(&session.connection, schema)?.ok_or_else(no_external)
}

fn create_table(session: &Session, new: &NewExternalTable) -> Result<(), SqlError> {
    let database = database(session, &new.name)?;
    if session.is_external(&new.name)? {
        return Err(SqlError::new("42P07", format!("Relation \"{}\" already exists", new.name.table)));
    }
    catalog::keep_table(session, &database, &new.name.table, &new.table)
}

fn alter_table(session: &Session, alter: &AlterExternal) -> Result<(), SqlError> {
    if !session.is_external(&alter.table)? && crate::catalog::found(&session.connection, &alter.table)?.is_some() {
        return Err(SqlError::new("42809", format!("\"{}\" is not an external table", alter.table.table)));
    }
    let Found { database, role, mut table } = catalog::table(&session.connection, &alter.table)?;
    let name = &alter.table.table;
    let found = Found { database: database.clone(), role, table: table.clone() };
    let partitions = Partitions { session, found: &found, table: name };
    match &alter.change {
        ExternalChange::AddPartitions { if_not_exists, partitions: new } => return partitions.add(*if_not_exists, new),
        ExternalChange::DropPartition(values) => return partitions.drop(values),
        ExternalChange::SetLocation { partition: Some(values), location } => {
            return partitions.set_location(values, location);
        }
        ExternalChange::SetLocation { partition: None, location } => table.location.clone_from(location),
        ExternalChange::SetProperties(properties) => table.parameters.extend(properties.clone()),
        ExternalChange::SetFormat(format) => {
            serde_of(format).clone_into(&mut table.serialization_lib);
            table.serde_parameters.clear();
            table.input_format.clone_from(&format.input_format);
            table.output_format.clone_from(&format.output_format);
        }
    }
    table.format()?;
    catalog::keep_table(session, &database, name, &table)
}

/// DROP TABLE, of those names that are external tables; answers the others.
///
/// # Errors
/// 25001 in a transaction (r_DROP_TABLE).
pub fn drop_tables(session: &mut Session, names: &[Name]) -> Result<Vec<Name>, SqlError> {
    let mut others = Vec::new();
    for name in names {
        if !session.is_external(name)? {
            others.push(name.clone());
            continue;
        }
        session.refuse_in_transaction("DROP TABLE of an external table")?;
        session.defined(|session| {
            let database = database(session, name)?;
            catalog::forget_table(session, &database, &name.table)
        })?;
    }
    Ok(others)
}

/// DROP EXTERNAL DATABASE: with its tables where CASCADE is named (r_DROP_SCHEMA).
fn drop_database(session: &Session, schema: &str, drop: &Drop) -> Result<(), SqlError> {
    let Some(database) = catalog::database_of(&session.connection, schema)? else {
        return match drop.if_exists && !schema::exists(session, schema)? {
            true => Ok(()),
            false => Err(SqlError::new("42809", format!("schema \"{schema}\" is not an external schema"))),
        };
    };
    let is_it = format!("database_name = {}", literal(&database));
    let sql = format!("SELECT count(*) > 0 FROM redshift_system.redshift_external_tables WHERE {is_it}");
    let has_tables: bool = session.connection.query_row(&sql, [], |row| row.get(0))?;
    if has_tables && !drop.cascade {
        return Err(SqlError::new("2BP01", format!("cannot drop external database {database} {IN_USE}")));
    }
    let kept = ["redshift_external_tables", "redshift_external_partitions", "redshift_external_databases"];
    batch::run(session, &kept.map(|kept| format!("DELETE FROM redshift_system.{kept} WHERE {is_it}")))
}

/// A schema goes; the tables stay in the database that it stands for.
pub fn forget_schema(session: &Session, name: &str) -> Result<(), SqlError> {
    let sql = format!("DELETE FROM redshift_system.redshift_external_schemas WHERE schema_name = {}", literal(name));
    batch::run(session, &[sql])
}
