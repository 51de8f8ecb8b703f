//! Whether the user of a session may run a statement. Every refusal is 42501, in the words of PostgreSQL's `aclchk.c`, which
//! Redshift has kept.

use duckdb::{OptionalExt, params};
use sqlparser::ast::ObjectType;

use super::error::SqlError;
use super::rights::{ACCESS_SYSTEM_TABLE, Account, Rights};
use super::session::Session;
use super::{catalog, late_binding_view, system_views};
use redshift_sql::external::ExternalCommand;
use redshift_sql::external::relation::of_rows_table;
use redshift_sql::{
    Change, Command, CreateTable, Drop, GrantKind, Name, PrincipalAction, Principals, RequiredColumns,
    RequiredPrivilege,
};

/// System views that are visible to superusers alone, as their pages say, unless they are granted.
const OF_SUPERUSERS: [&str; 8] = [
    "stl_connection_log",
    "stv_blocklist",
    "stv_node_storage_capacity",
    "stv_partitions",
    "stv_tbl_perm",
    "svv_diskusage",
    "svv_table_info",
    "sys_connection_log",
];

/// A relation as it is found, by the names that the catalog has.
struct Relation {
    schema: String,
    name: String,
    is_temporary: bool,
}

/// Refuses a statement that the user may not run.
///
/// # Errors
/// 42501, and what the catalog fails with.
pub fn check(session: &Session, command: &Command) -> Result<(), SqlError> {
    let required = session.required.take();
    let Some(rights) = session.account.rights() else { return Ok(()) };
    // What a late-binding view reads is asked of its owner, whenever it is read.
    if !matches!(command, Command::CreateLateView(_)) {
        required.iter().try_for_each(|required| check_relation(session, rights, required))?;
    }
    let owner = |name: &Name, privilege, system| check_owner(session, rights, name, privilege, system);
    match command {
        Command::Copy(copy) => {
            let relation = Name { schema: copy.schema.clone(), table: copy.table.clone() };
            check_relation(session, rights, &all_columns(relation, "INSERT"))
        }
        Command::CreateTable(create) => check_new_table(session, rights, create),
        Command::CreateView(new) | Command::CreateLateView(new) => {
            let name = Name::of(&new.view.name);
            if new.view.or_replace {
                check_owner_if_there(session, rights, &name)?;
            }
            check_new(session, rights, &name, "CREATE OR REPLACE VIEW")
        }
        Command::CreateProcedure(new) => {
            check_procedure(session, rights, &catalog::new_name(&session.connection, &new.name)?)?;
            check_new(session, rights, &new.name, "CREATE OR REPLACE PROCEDURE")
        }
        Command::AlterProcedure(alter) => check_procedure(session, rights, &alter.procedure.name),
        Command::DropProcedure(procedure) => check_procedure(session, rights, &procedure.name),
        Command::CreateMaterialized(new) => check_new(session, rights, &new.name, "CREATE TABLE"),
        Command::Alter(alter) => {
            if let Change::Append { from, .. } = &alter.change {
                owner(from, "ALTER", "ALTER TABLE")?;
            }
            match alter.change {
                // The privilege ALTER does not give a table away.
                Change::Owner(_) => owner(&alter.table, "", ""),
                _ => owner(&alter.table, "ALTER", "ALTER TABLE"),
            }
        }
        Command::Drop(drop) => check_drop(session, rights, drop),
        Command::Refresh(view) | Command::AutoRefresh { view, .. } => owner(view, "", ""),
        Command::Comment(comment) => owner(&comment.relation, "", ""),
        Command::CreateSchema(new) => check_new_schema(session, rights, new.owner.as_deref()),
        Command::AlterSchema(alter) => check_schema_owner(session, rights, &alter.name, "ALTER", ""),
        Command::External(change) => check_external(session, rights, change),
        Command::CreateDatabase { .. } if !rights.creates_databases => {
            Err(denied("permission denied to create database"))
        }
        // Who has created a database is not kept.
        Command::DropDatabase { name, .. } | Command::AlterDatabase { name, .. } => {
            Err(denied(format!("must be owner of database {name}")))
        }
        Command::Principals(change) => check_principals(rights, change),
        Command::GrantRoles(grant) => match grant.roles.iter().find(|role| !rights.may_grant_role(role)) {
            Some(role) => Err(denied(format!("permission denied for role {role}"))),
            None => Ok(()),
        },
        Command::DefaultPrivileges(change) => match change.users.iter().all(|user| *user == rights.user) {
            true => Ok(()),
            false if rights.has_system("ALTER DEFAULT PRIVILEGES") => Ok(()),
            false => Err(denied("must be superuser to alter default privileges of other users")),
        },
        _ => Ok(()),
    }
}

pub fn denied(message: impl Into<String>) -> SqlError {
    SqlError::new("42501", message)
}

fn all_columns(relation: Name, privilege: &'static str) -> RequiredPrivilege {
    RequiredPrivilege { relation, privilege, columns: RequiredColumns::All }
}

/// External tables are those of who owns their schema (r_CREATE_EXTERNAL_TABLE).
fn check_external(session: &Session, rights: &Rights, change: &ExternalCommand) -> Result<(), SqlError> {
    let table = match change {
        ExternalCommand::CreateSchema(_) => return check_new_schema(session, rights, None),
        ExternalCommand::DropDatabase(drop) => return check_drop(session, rights, drop),
        ExternalCommand::CreateTable(new) => &new.name,
        ExternalCommand::AlterTable(alter) => &alter.table,
    };
    check_schema_owner(session, rights, table.schema.as_deref().unwrap_or_default(), "", "")
}

/// Refuses what needs a privilege that a user does not have. A relation that is not there is left to DuckDB.
fn check_relation(session: &Session, rights: &Rights, required: &RequiredPrivilege) -> Result<(), SqlError> {
    let RequiredPrivilege { relation, privilege, columns } = required;
    if let Some(external) = of_rows_table(&relation.table) {
        return check_usage(session, rights, &external);
    }
    check_usage(session, rights, relation)?;
    let Some(found) = find(session, relation)? else {
        return check_system(session, rights, &relation.table, privilege);
    };
    let Relation { schema, name, is_temporary } = &found;
    let may = *is_temporary
        || rights.owns(schema, name)
        || rights.has(GrantKind::Table, schema, name, privilege)
        || *privilege == "TRUNCATE" && rights.has_system("TRUNCATE TABLE")
        || may_columns(session, rights, &found, privilege, columns)?;
    match (may, *privilege) {
        (true, "SELECT") if !is_temporary => check_view_owner(session, &found),
        (true, _) => Ok(()),
        (false, "TRUNCATE") => Err(denied(format!("must be owner of relation {name}"))),
        (false, _) => Err(denied(format!("permission denied for relation {name}"))),
    }
}

/// The relations of the system are read by all, but for those that superusers alone see, and changed by nobody.
fn check_system(session: &Session, rights: &Rights, relation: &str, privilege: &str) -> Result<(), SqlError> {
    let may_read = !OF_SUPERUSERS.contains(&relation)
        || rights.has_system(ACCESS_SYSTEM_TABLE)
        || rights.has(GrantKind::Table, "pg_catalog", relation, "SELECT");
    if may_read && privilege == "SELECT" {
        return Ok(());
    }
    let sql = "SELECT count(*) > 0 FROM duckdb_tables() WHERE schema_name = ? AND table_name = lower(?)";
    let is_table = session.connection.query_row(sql, [system_views::SYSTEM_SCHEMA, relation], |row| row.get(0))?;
    match is_table || system_views::contains(relation) {
        true => Err(denied(format!("permission denied for relation {relation}"))),
        false => Ok(()),
    }
}

/// USAGE on the schema that a name has. Without one, the search path has only schemas that the user may use.
fn check_usage(session: &Session, rights: &Rights, relation: &Name) -> Result<(), SqlError> {
    let Some(schema) = &relation.schema else { return Ok(()) };
    match schema_name(session, schema)? {
        Some(schema) if !rights.may_use(&schema) => Err(denied(format!("permission denied for schema {schema}"))),
        _ => Ok(()),
    }
}

/// Returns true if all columns that are used were granted, and there are any.
fn may_columns(
    session: &Session,
    rights: &Rights,
    relation: &Relation,
    privilege: &str,
    used: &RequiredColumns,
) -> Result<bool, SqlError> {
    let Relation { schema, name, .. } = relation;
    if !rights.has_columns(schema, name, privilege) {
        return Ok(false);
    }
    let sql = "SELECT column_name FROM duckdb_columns() \
               WHERE schema_name = ? AND table_name = ? AND database_name = current_database()";
    let mut statement = session.connection.prepare(sql)?;
    let columns = statement.query_map([schema, name], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
    let is_used = |column: &&String| match used {
        RequiredColumns::All => true,
        RequiredColumns::Named(names) => names.iter().any(|name| name.eq_ignore_ascii_case(column)),
    };
    Ok(columns.iter().filter(is_used).all(|column| rights.has_column(schema, name, column, privilege)))
}

/// A view reads with its owner's rights (r_CREATE_VIEW).
fn check_view_owner(session: &Session, view: &Relation) -> Result<(), SqlError> {
    let sql = "SELECT owner FROM redshift_system.redshift_owners WHERE schema_name = ? AND object_name = ?";
    let owner: Option<String> =
        session.connection.query_row(sql, [&view.schema, &view.name], |row| row.get(0)).optional()?;
    let Some(owner) = owner else { return Ok(()) };
    let Account::Restricted(owner) = Account::load(session, &owner)? else { return Ok(()) };
    let reads = reads_of(session, view)?;
    reads.into_iter().try_for_each(|read| check_relation(session, &owner, &all_columns(read, "SELECT")))
}

/// The relations that a view reads; none for tables.
fn reads_of(session: &Session, view: &Relation) -> Result<Vec<Name>, SqlError> {
    let name = Name { schema: Some(view.schema.clone()), table: view.name.clone() };
    if let Some(reads) = late_binding_view::reads(session, &name)? {
        return Ok(reads);
    }
    let sql = "SELECT relation_name FROM redshift_system.redshift_dependencies d \
               WHERE view_name = ? AND NOT EXISTS (FROM redshift_system.redshift_materialized_views m WHERE m.name = d.view_name)";
    let mut statement = session.connection.prepare(sql)?;
    let reads = statement.query_map([name.key()], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    Ok(reads.iter().map(|key| Name::from_key(key)).collect())
}

fn check_new_table(session: &Session, rights: &Rights, create: &CreateTable) -> Result<(), SqlError> {
    for key in &create.attributes.foreign_keys {
        let referred = Name { schema: key.schema.clone(), table: key.table.clone() };
        check_relation(session, rights, &all_columns(referred, "REFERENCES"))?;
    }
    let database = session.system.name();
    match create.temporary {
        true if !rights.has_on_database(database, "TEMPORARY") => {
            Err(denied(format!("permission denied to create temporary tables in database \"{database}\"")))
        }
        true => Ok(()),
        false => check_new(session, rights, &create.name, "CREATE TABLE"),
    }
}

/// A relation that comes: CREATE on its schema.
fn check_new(session: &Session, rights: &Rights, name: &Name, system: &str) -> Result<(), SqlError> {
    let Name { schema: Some(schema), .. } = catalog::new_name(&session.connection, name)? else { return Ok(()) };
    match schema_name(session, &schema)? {
        Some(schema) if !rights.may_create_in(&schema) && !rights.has_system(system) => {
            Err(denied(format!("permission denied for schema {schema}")))
        }
        _ => Ok(()),
    }
}

/// What only the owner of a relation may do, and who has a privilege for it.
fn check_owner(session: &Session, rights: &Rights, name: &Name, privilege: &str, system: &str) -> Result<(), SqlError> {
    check_usage(session, rights, name)?;
    let Some(Relation { schema, name, is_temporary }) = find(session, name)? else { return Ok(()) };
    let may = is_temporary
        || rights.owns(&schema, &name)
        || rights.has(GrantKind::Table, &schema, &name, privilege)
        || rights.has_system(system);
    if may { Ok(()) } else { Err(denied(format!("must be owner of relation {name}"))) }
}

fn check_owner_if_there(session: &Session, rights: &Rights, name: &Name) -> Result<(), SqlError> {
    let name = catalog::new_name(&session.connection, name)?;
    check_owner(session, rights, &name, "", "")
}

/// Refuses to replace, change or drop a procedure of this name that another user owns.
fn check_procedure(session: &Session, rights: &Rights, name: &Name) -> Result<(), SqlError> {
    let sql = "SELECT count(*) > 0 FROM redshift_system.redshift_procedures WHERE lower(procedure_name) = lower(?) \
               AND lower(schema_name) = lower(coalesce(?, schema_name)) AND owner IS DISTINCT FROM ?";
    let is_of_another =
        session.connection.query_row(sql, params![name.table, name.schema, rights.user], |row| row.get(0))?;
    match is_of_another {
        true => Err(denied(format!("must be owner of procedure {}", name.table))),
        false => Ok(()),
    }
}

/// The owner of a schema may drop what is in it, too.
fn check_drop(session: &Session, rights: &Rights, drop: &Drop) -> Result<(), SqlError> {
    for name in &drop.names {
        if drop.kind == ObjectType::Schema {
            check_schema_owner(session, rights, &name.table, "DROP", "DROP SCHEMA")?;
            continue;
        }
        if session.is_external(name)? {
            check_schema_owner(session, rights, name.schema.as_deref().unwrap_or_default(), "", "")?;
            continue;
        }
        let owns_schema = find(session, name)?.is_some_and(|found| rights.owns(&found.schema, ""));
        let system = if drop.kind == ObjectType::View { "DROP VIEW" } else { "DROP TABLE" };
        if !owns_schema {
            check_owner(session, rights, name, "DROP", system)?;
        }
    }
    Ok(())
}

fn check_new_schema(session: &Session, rights: &Rights, owner: Option<&str>) -> Result<(), SqlError> {
    let database = session.system.name();
    if !rights.has_on_database(database, "CREATE") && !rights.has_system("CREATE SCHEMA") {
        return Err(denied(format!("permission denied for database {database}")));
    }
    match owner {
        Some(owner) if owner != rights.user => Err(denied("permission denied")),
        _ => Ok(()),
    }
}

fn check_schema_owner(
    session: &Session,
    rights: &Rights,
    schema: &str,
    privilege: &str,
    system: &str,
) -> Result<(), SqlError> {
    let Some(schema) = schema_name(session, schema)? else { return Ok(()) };
    let may = rights.owns(&schema, "")
        || rights.has(GrantKind::Schema, &schema, &schema, privilege)
        || rights.has_system(system);
    if may { Ok(()) } else { Err(denied(format!("must be owner of schema {schema}"))) }
}

/// Users, groups and roles are a matter of superusers, but for one's own password (r_ALTER_USER).
fn check_principals(rights: &Rights, change: &Principals) -> Result<(), SqlError> {
    let is_own = change.own.as_ref() == Some(&rights.user);
    let verb = match change.action {
        PrincipalAction::Create => "create",
        PrincipalAction::Alter => "alter",
        PrincipalAction::Drop => "drop",
    };
    let kind =
        change.new.iter().chain(&change.unused).chain(&change.known).next().map_or("user", |(kind, _)| kind.word());
    match is_own || rights.has_system(&format!("{verb} {kind}").to_uppercase()) {
        true => Ok(()),
        false => Err(denied(format!("must be superuser to {verb} {kind}s"))),
    }
}

/// The name of a schema as the catalog has it; `None` for those of the system, which everybody may use.
fn schema_name(session: &Session, schema: &str) -> Result<Option<String>, SqlError> {
    let sql = "SELECT schema_name FROM duckdb_schemas() WHERE lower(schema_name) = lower(?) \
               AND database_name = current_database() AND NOT internal AND schema_name <> ? LIMIT 1";
    let found = session.connection.query_row(sql, [schema, system_views::SYSTEM_SCHEMA], |row| row.get(0));
    Ok(found.optional()?)
}

/// A relation, whatever the case of its name, as DuckDB finds it; also a view that cannot be bound.
fn find(session: &Session, name: &Name) -> Result<Option<Relation>, SqlError> {
    let sql = "SELECT schema_name, table_name, temporary FROM redshift_system.redshift_relations \
               WHERE lower(table_name) = lower(?) AND (lower(schema_name) = lower(?) \
                   OR (? IS NULL AND (temporary OR list_contains(current_schemas(false), schema_name)))) \
               ORDER BY temporary DESC, list_position(current_schemas(false), schema_name) LIMIT 1";
    let row =
        |row: &duckdb::Row<'_>| Ok(Relation { schema: row.get(0)?, name: row.get(1)?, is_temporary: row.get(2)? });
    let found = session.connection.query_row(sql, params![name.table, name.schema, name.schema], row).optional()?;
    match found {
        Some(found) => Ok(Some(found)),
        None => Ok(late_binding_view::find(session, name)?.map(|late| Relation {
            schema: late.schema.unwrap_or_default(),
            name: late.table,
            is_temporary: false,
        })),
    }
}
