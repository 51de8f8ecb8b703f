//! DROP, of relations and schemas, with what is kept of them.

use duckdb::params;
use sqlparser::ast::ObjectType;

use super::dependency::KEPT;
use super::error::SqlError;
use super::session::Session;
use super::{batch, catalog, dependency, external, late_binding_view, materialized, procedure};
use redshift_sql::{Drop, Name, literal, quoted};

/// DROP, as a statement: reports what IF EXISTS passes over.
pub fn run(session: &mut Session, drop: &Drop) -> Result<i64, SqlError> {
    let Drop { kind, names, if_exists, cascade } = drop;
    let names = if *kind == ObjectType::Table { external::drop_tables(session, names)? } else { names.clone() };
    let drop = &Drop { kind: *kind, names, if_exists: *if_exists, cascade: *cascade };
    for name in drop.names.iter().filter(|_| drop.if_exists && drop.kind != ObjectType::Schema) {
        if !is_there(session, name)? {
            let kind = drop.kind.to_string().to_lowercase();
            let kind = format!("{}{}", kind[..1].to_uppercase(), &kind[1..]);
            session.inform(format!("{kind} \"{}\" does not exist and will be skipped", name.table));
        }
    }
    session.defined(|session| self::drop(session, drop))
}

pub fn drop(session: &Session, drop: &Drop) -> Result<(), SqlError> {
    drop.names.iter().try_for_each(|name| match drop.kind {
        ObjectType::Schema => drop_schema(session, &name.table, drop),
        _ => drop_relation(session, name, drop),
    })
}

/// Returns true if there is such a relation, or a view that cannot be bound.
pub fn is_there(session: &Session, name: &Name) -> Result<bool, SqlError> {
    Ok(catalog::found(&session.connection, name)?.is_some() || late_binding_view::find(session, name)?.is_some())
}

fn drop_relation(session: &Session, name: &Name, drop: &Drop) -> Result<(), SqlError> {
    let late = late_binding_view::find(session, name)?;
    let found = catalog::found(&session.connection, name)?;
    let is_late = drop.kind == ObjectType::View && late.is_some() && (found.is_none() || found == late);
    let name = &match (found, late) {
        (None, Some(late)) if is_late => late,
        (found, _) => found.unwrap_or_else(|| name.clone()),
    };
    let is_materialized = materialized::is_kept(session, name)?;
    let sequences = match drop.kind {
        ObjectType::Table => sequences(session, name)?,
        _ => Vec::new(),
    };
    match drop.kind {
        ObjectType::Table | ObjectType::View if is_materialized => {
            let message = format!("\"{}\" is a materialized view, which DROP MATERIALIZED VIEW drops", name.table);
            return Err(SqlError::new("42809", message));
        }
        ObjectType::MaterializedView if !is_materialized => {
            let is_other = is_there(session, name)?;
            let message = match is_other {
                true => format!("\"{}\" is not a materialized view", name.table),
                false if drop.if_exists => return Ok(()),
                false => format!("materialized view \"{}\" does not exist", name.table),
            };
            return Err(SqlError::new(if is_other { "42809" } else { "42P01" }, message));
        }
        _ => {}
    }
    drop_dependents(session, name, drop.cascade)?;
    // One that reads what is missing is known only as it was written.
    if is_late {
        late_binding_view::forget(session, name)?;
    }
    if is_materialized {
        materialized::forget(session, name)?;
    }
    let kind = if is_materialized { ObjectType::Table } else { drop.kind };
    let exists = if drop.if_exists || is_late { "IF EXISTS " } else { "" };
    let cascade = if drop.cascade { " CASCADE" } else { "" };
    let mut statements = vec![format!("DROP {kind} {exists}{name}{cascade}")];
    statements.extend(sequences.iter().map(|sequence| format!("DROP SEQUENCE IF EXISTS redshift_system.{sequence}")));
    // What was granted on it, and said of it, goes with it.
    if let Some(schema) = &name.schema {
        let place = format!("schema_name = {} AND object_name = {}", literal(schema), literal(&name.table));
        statements.push(format!("DELETE FROM redshift_system.redshift_privileges WHERE kind = 'TABLE' AND {place}"));
        statements.push(format!("DELETE FROM redshift_system.redshift_comments WHERE {place}"));
        statements.push(format!("DELETE FROM redshift_system.redshift_owners WHERE {place}"));
    }
    batch::run(session, &statements)
}

const CASCADE_HINT: &str = "Hint: Use DROP ... CASCADE to drop the dependent objects too.";

/// Before a relation goes: the views that read it go first where that is asked for, and are in the way else. So are the
/// foreign keys of other tables, which go with CASCADE.
fn drop_dependents(session: &Session, name: &Name, cascade: bool) -> Result<(), SqlError> {
    let Some(schema) = &name.schema else { return Ok(()) };
    let key = name.key();
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
        let kind = if catalog::is_view(&session.connection, name)? { "view" } else { "table" };
        let message = format!("cannot drop {kind} {} because other objects depend on it\n  {CASCADE_HINT}", name.table);
        return Err(SqlError::new("2BP01", message));
    }
    for view in views {
        let kind = match materialized::is_kept(session, &view)? {
            true => ObjectType::MaterializedView,
            false => ObjectType::View,
        };
        self::drop(session, &Drop { kind, names: vec![view], if_exists: true, cascade: true })?;
    }
    batch::run(session, &[format!("DELETE FROM {KEPT} WHERE view_name = {0} OR relation_name = {0}", literal(&key))])
}

/// The sequences behind the identity of a table, which stand outside its schema.
fn sequences(session: &Session, name: &Name) -> Result<Vec<String>, SqlError> {
    if !catalog::exists(&session.connection, name.schema.as_deref(), &name.table)? {
        return Ok(Vec::new());
    }
    let table = catalog::table(&session.connection, name.schema.as_deref(), &name.table)?;
    let sequence = |column: &catalog::Column| column.attributes.identity.as_ref().map(|found| found.sequence.clone());
    Ok(table.columns.iter().filter_map(sequence).filter(|sequence| !sequence.is_empty()).collect())
}

fn drop_schema(session: &Session, schema: &str, drop: &Drop) -> Result<(), SqlError> {
    if schema == "public" {
        return Err(SqlError::unsupported("DROP SCHEMA public"));
    }
    if drop.cascade {
        dependency::forget_all(session, schema)?;
        materialized::forget_all(session, schema)?;
        drop_tables(session, schema)?;
    } else if late_binding_view::are_in(session, schema)? || procedure::are_in(session, schema)? {
        let message = format!("cannot drop schema {schema} because other objects depend on it\n  {CASCADE_HINT}");
        return Err(SqlError::new("2BP01", message));
    }
    late_binding_view::forget_all(session, schema)?;
    procedure::forget_all(session, schema)?;
    external::forget_schema(session, schema)?;
    let exists = if drop.if_exists { "IF EXISTS " } else { "" };
    let cascade = if drop.cascade { " CASCADE" } else { "" };
    let kept = |table: &str| format!("DELETE FROM redshift_system.{table} WHERE schema_name = {}", literal(schema));
    let statements = [
        format!("DROP SCHEMA {exists}{}{cascade}", quoted(schema)),
        kept("redshift_privileges"),
        kept("redshift_comments"),
        kept("redshift_owners"),
    ];
    batch::run(session, &statements)
}

/// The tables of a schema with their sequences.
fn drop_tables(session: &Session, schema: &str) -> Result<(), SqlError> {
    let names = catalog::tables_in(&session.connection, schema)?;
    self::drop(session, &Drop { kind: ObjectType::Table, names, if_exists: true, cascade: true })
}
