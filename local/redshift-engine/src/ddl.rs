//! Tables made, changed and dropped, with what Redshift keeps about them. DuckDB cannot change a column that a length
//! is checked of: such a table is made anew beside the old one and takes its place.

use super::catalog::{self, Table};
use super::create_table_as::{self, NewRows};
use super::error::SqlError;
use super::session::Session;
use super::{append, batch, keys, late_binding_view, materialized, owner, view_rewrite};
use redshift_sql::Type;
use redshift_sql::{
    self, Alter, Change, ColumnSpec, Comment, CreateTable, Name, Shape, TableAttributes, literal, quoted,
};

pub fn create_table(session: &mut Session, create: &CreateTable) -> Result<i64, SqlError> {
    if create.if_not_exists && is_taken(session, create)? {
        session.inform(format!("Relation \"{}\" already exists and will be skipped", create.name.table));
    }
    session.defined(|session| self::create(session, create))
}

pub fn create(session: &Session, create: &CreateTable) -> Result<(), SqlError> {
    let name = &new_name(session, create)?;
    if create.if_not_exists && is_taken(session, create)? {
        return Ok(());
    }
    create_as(session, name, create)?;
    owner::note_relation(session, name)
}

fn create_as(session: &Session, name: &Name, create: &CreateTable) -> Result<(), SqlError> {
    let CreateTable { temporary, attributes, .. } = create;
    match &create.shape {
        Shape::Columns(columns) => {
            check_width(columns.len())?;
            keys::check(session, name, columns, attributes, &attributes.foreign_keys)?;
            batch::run(session, &redshift_sql::define(name, *temporary, columns, attributes)?)
        }
        Shape::Like { source, with_defaults } => {
            let source = catalog::table(&session.connection, source.schema.as_deref(), &source.table)?;
            let columns: Vec<ColumnSpec> = source
                .columns
                .iter()
                .map(|column| {
                    let mut spec = column.spec();
                    spec.default = spec.default.filter(|_| *with_defaults && !column.is_identity());
                    spec.attributes.identity = None;
                    spec
                })
                .collect();
            // LIKE takes no keys over.
            let attributes = TableAttributes {
                primary_key: Vec::new(),
                primary_key_name: None,
                unique_keys: Vec::new(),
                foreign_keys: Vec::new(),
                ..source.attributes
            };
            batch::run(session, &redshift_sql::define(name, *temporary, &columns, &attributes)?)
        }
        Shape::Query { query, names, types } => {
            let columns = create_table_as::columns(session, query)?;
            check_width(columns.len())?;
            create_table_as::run(session, name, create, &NewRows { query, columns, names, types: types.as_deref() })
        }
    }
}

/// R46: the columns that a table may have.
const MAX_COLUMNS: usize = 1_600;

fn check_width(columns: usize) -> Result<(), SqlError> {
    match columns > MAX_COLUMNS {
        true => Err(SqlError::new("54011", format!("tables can have at most {MAX_COLUMNS} columns"))),
        false => Ok(()),
    }
}

/// A temporary table has no schema of ours.
fn new_name(session: &Session, create: &CreateTable) -> Result<Name, SqlError> {
    match create.temporary {
        true => Ok(create.name.clone()),
        false => catalog::new_name(&session.connection, &create.name),
    }
}

/// Returns true if the name of a new table is taken where it would be made.
fn is_taken(session: &Session, create: &CreateTable) -> Result<bool, SqlError> {
    let name = new_name(session, create)?;
    let found = catalog::found(&session.connection, &name)?;
    Ok(found.is_some_and(|found| found == name))
}

pub fn alter_table(session: &mut Session, admin: &str, alter: Alter) -> Result<i64, SqlError> {
    if let Some(what) = alter.change.outside_transaction() {
        session.refuse_in_transaction(what)?;
    }
    session.defined(|session| self::alter(session, admin, alter))
}

fn alter(session: &Session, admin: &str, alter: Alter) -> Result<(), SqlError> {
    let name = match catalog::found(&session.connection, &alter.table)? {
        Some(name) => name,
        None => match late_binding_view::find(session, &alter.table)? {
            Some(name) => name,
            None if alter.if_exists => return Ok(()),
            None => {
                let message = format!("relation \"{}\" does not exist", alter.table.table);
                return Err(SqlError::new("42P01", message));
            }
        },
    };
    let Name { schema, table } = &name;
    if let Change::Owner(owner) = &alter.change {
        let temporary = || SqlError::unsupported("OWNER TO of a temporary table");
        return owner::set(session, admin, schema.as_ref().ok_or_else(temporary)?, table, owner);
    }
    let late = late_binding_view::find(session, &name)?.filter(|late| *late == name);
    if late.is_some() || catalog::is_view(&session.connection, &name)? {
        return alter_view(session, &name, late.is_some(), alter.change);
    }
    if materialized::is_kept(session, &name)? {
        return Err(SqlError::unsupported("ALTER TABLE of a materialized view"));
    }
    let found = catalog::table(&session.connection, schema.as_deref(), table)?;
    let mut attributes = found.attributes.clone();
    let mut columns: Vec<ColumnSpec> = found.columns.iter().map(catalog::Column::spec).collect();
    // What COMMENT said of a column goes with it.
    let mut said = None;
    let mut sources: Vec<String> = columns.iter().map(|column| quoted(&column.name)).collect();
    let place = |name: &str| columns.iter().position(|column| column.name == *name);
    let missing =
        |name: &str| SqlError::new("42703", format!("column \"{name}\" of relation \"{table}\" does not exist"));
    match alter.change {
        Change::Nothing | Change::Owner(_) => return Ok(()),
        Change::RenameTable(to) => {
            batch::run(session, &[format!("ALTER TABLE {name} RENAME TO {}", quoted(&to))])?;
            return follow(session, &name, to);
        }
        Change::Append { from, ignore_extra, fill_target } => {
            return append::run(session, &found, &from, ignore_extra, fill_target);
        }
        Change::Encode(encodings) => {
            for (column, encoding) in encodings {
                let at = place(&column).ok_or_else(|| missing(&column))?;
                let mut attributes = columns[at].attributes.clone();
                attributes.encoding = Some(encoding);
                batch::run(session, &[redshift_sql::describe_column(&name, &column, &attributes)?])?;
            }
            return Ok(());
        }
        Change::AddKey(constraint) => {
            redshift_sql::keys::add(&mut attributes, table, &constraint)?;
            // Those that were there before may name what has gone since.
            let new = &attributes.foreign_keys[found.attributes.foreign_keys.len()..];
            keys::check(session, &found.full_name(), &columns, &attributes, new)?;
            let is_nullable = |key: &&String| columns.iter().any(|column| column.name == **key && !column.not_null);
            if let Some(key) = attributes.primary_key.iter().find(is_nullable) {
                let message = format!("column \"{key}\" of a primary key must be NOT NULL, and was not created so");
                return Err(SqlError::new("42P16", message));
            }
            return batch::run(session, &[redshift_sql::describe(&found.full_name(), &attributes)?]);
        }
        Change::DropKey { name, if_exists } => {
            return match redshift_sql::keys::drop(&mut attributes, table, &name) {
                true => batch::run(session, &[redshift_sql::describe(&found.full_name(), &attributes)?]),
                false if if_exists => Ok(()),
                false => {
                    let message = format!("constraint \"{name}\" of relation \"{table}\" does not exist");
                    Err(SqlError::new("42704", message))
                }
            };
        }
        Change::Keys(keys) => {
            if keys.diststyle.is_some() {
                (attributes.diststyle, attributes.distkey) = (keys.diststyle, keys.distkey);
            }
            if keys.sortstyle.is_some() || !keys.sortkey.is_empty() {
                (attributes.sortstyle, attributes.sortkey) = (keys.sortstyle, keys.sortkey);
            }
            let name = found.full_name();
            if let Some(key) = attributes.distkey.iter().chain(&attributes.sortkey).find(|key| place(key).is_none()) {
                return Err(missing(key));
            }
            return batch::run(session, &[redshift_sql::describe(&name, &attributes)?]);
        }
        Change::AddColumn(column) => {
            if place(&column.name).is_some() {
                let message = format!("column \"{}\" of relation \"{table}\" already exists", column.name);
                return Err(SqlError::new("42701", message));
            }
            check_width(columns.len() + 1)?;
            sources.push(column.default.clone().unwrap_or_else(|| "NULL".into()));
            columns.push(*column);
        }
        Change::DropColumn { column, if_exists } => {
            let Some(at) = place(&column) else {
                return if if_exists { Ok(()) } else { Err(missing(&column)) };
            };
            for (kind, keys) in [("distkey", attributes.distkey.as_slice()), ("sortkey", &attributes.sortkey)] {
                if keys.contains(&column) {
                    return Err(SqlError::new("0A000", format!("cannot drop {kind} column \"{column}\"")));
                }
            }
            redshift_sql::keys::drop_with_column(&mut attributes, &column);
            columns.remove(at);
            sources.remove(at);
            said = Some((column, None));
        }
        Change::RenameColumn { from, to } => {
            let at = place(&from).ok_or_else(|| missing(&from))?;
            if place(&to).is_some() {
                let message = format!("column \"{to}\" of relation \"{table}\" already exists");
                return Err(SqlError::new("42701", message));
            }
            let of_keys = redshift_sql::keys::columns(&mut attributes).flatten();
            for name in of_keys.filter(|name| **name == from) {
                name.clone_from(&to);
            }
            for name in attributes.distkey.iter_mut().chain(&mut attributes.sortkey).filter(|name| **name == from) {
                name.clone_from(&to);
            }
            columns[at].name.clone_from(&to);
            said = Some((from, Some(to)));
        }
        Change::SetType { column, data_type } => {
            let at = place(&column).ok_or_else(|| missing(&column))?;
            if !matches!((data_type, found.columns[at].data_type), (Type::Varchar(_), Type::Varchar(_))) {
                return Err(SqlError::new(
                    "0A000",
                    format!("ALTER COLUMN TYPE to {} is not supported", data_type.name()),
                ));
            }
            columns[at].duck = data_type.duck();
            columns[at].text = Some(data_type);
            columns[at].attributes.data_type = data_type.name();
        }
    }
    replace(session, &Table { attributes, ..found }, &columns, &sources)?;
    said.map_or(Ok(()), |(from, to)| follow_column(session, &name, &from, to.as_deref()))
}

/// A comment on a column goes with it, to its new name where it has one.
fn follow_column(session: &Session, relation: &Name, from: &str, to: Option<&str>) -> Result<(), SqlError> {
    const KEPT: &str = "redshift_system.redshift_comments";
    let Name { schema: Some(schema), table } = relation else { return Ok(()) };
    let [schema, table, from] = [schema, table, from].map(literal);
    let place = format!("(schema_name, object_name, column_name) = ({schema}, {table}, {from})");
    batch::run(
        session,
        &[match to {
            Some(to) => format!("UPDATE {KEPT} SET column_name = {} WHERE {place}", literal(to)),
            None => format!("DELETE FROM {KEPT} WHERE {place}"),
        }],
    )
}

fn alter_view(session: &Session, name: &Name, is_late: bool, change: Change) -> Result<(), SqlError> {
    match change {
        Change::Nothing => Ok(()),
        Change::RenameTable(to) if is_late => {
            late_binding_view::rename(session, name, &Name { schema: name.schema.clone(), table: to.clone() })?;
            follow(session, name, to)
        }
        Change::RenameTable(to) => {
            batch::run(session, &[format!("ALTER VIEW {name} RENAME TO {}", quoted(&to))])?;
            follow(session, name, to)
        }
        _ => Err(SqlError::new("42809", format!("\"{}\" is not a table", name.table))),
    }
}

/// What was granted on a relation, and said of it, goes with it to its new name, and what reads it follows.
fn follow(session: &Session, from: &Name, to: String) -> Result<(), SqlError> {
    let Some(schema) = &from.schema else { return Ok(()) };
    let place = format!("object_name = {} AND schema_name = {}", literal(&from.table), literal(schema));
    let kept = |table: &str, condition: &str| {
        format!("UPDATE redshift_system.{table} SET object_name = {} WHERE {place}{condition}", literal(&to))
    };
    batch::run(
        session,
        &[
            kept("redshift_privileges", " AND kind = 'TABLE'"),
            kept("redshift_comments", ""),
            kept("redshift_owners", ""),
        ],
    )?;
    view_rewrite::rename(session, from, &Name { schema: from.schema.clone(), table: to })
}

/// Makes the table anew with these columns, each filled from an expression over the old ones.
fn replace(session: &Session, table: &Table, columns: &[ColumnSpec], sources: &[String]) -> Result<(), SqlError> {
    let name = table.full_name();
    let new = Name { schema: name.schema.clone(), table: format!("redshift_new_{}", name.table) };
    let mut statements = redshift_sql::define(&new, table.temporary, columns, &table.attributes)?;
    let names: Vec<String> = columns.iter().map(|column| quoted(&column.name)).collect();
    statements.push(format!("INSERT INTO {new} ({}) SELECT {} FROM {name}", names.join(", "), sources.join(", ")));
    statements.push(format!("DROP TABLE {name}"));
    statements.push(format!("ALTER TABLE {new} RENAME TO {}", quoted(&name.table)));
    batch::run(session, &statements)
}

/// Keeps what is said of a relation or a column, in the place of what was said before.
pub fn comment(session: &Session, comment: &Comment) -> Result<(), SqlError> {
    let Comment { relation, column, text } = comment;
    let missing = || SqlError::new("42P01", format!("relation \"{}\" does not exist", relation.table));
    let found = catalog::found(&session.connection, relation)?.ok_or_else(missing)?;
    let Some(schema) = found.schema else { return Err(SqlError::unsupported("COMMENT on a temporary table")) };
    if let Some(column) = column {
        let sql = "SELECT count(*) > 0 FROM duckdb_columns() WHERE (schema_name, table_name, column_name) = (?, ?, ?)";
        let is_there: bool = session.connection.query_row(sql, [&schema, &relation.table, column], |row| row.get(0))?;
        if !is_there {
            let message = format!("column \"{column}\" of relation \"{}\" does not exist", relation.table);
            return Err(SqlError::new("42703", message));
        }
    }
    let column = literal(column.as_deref().unwrap_or_default());
    let place = format!("{}, {}, {column}", literal(&schema), literal(&relation.table));
    let mut statements = vec![format!(
        "DELETE FROM redshift_system.redshift_comments WHERE (schema_name, object_name, column_name) = ({place})"
    )];
    if let Some(text) = text {
        statements.push(format!("INSERT INTO redshift_system.redshift_comments VALUES ({place}, {})", literal(text)));
    }
    batch::run(session, &statements)
}
