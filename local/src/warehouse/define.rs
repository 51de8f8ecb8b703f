//! Tables made, changed and dropped, with what Redshift keeps about them. DuckDB cannot change a column that a length
//! is checked of: such a table is made anew beside the old one and takes its place.

use std::collections::HashSet;

use sqlparser::ast::ObjectType;

use super::catalog::{self, Table};
use super::error::SqlError;
use super::result::columns_of;
use super::session::Session;
use super::sql::types::Type;
use super::sql::{
    self, Alter, Change, ColumnSpec, Comment, CreateTable, Drop, Name, NewView, Principals, Shape, TableAttributes,
    literal, quoted,
};
use super::{dependency, keys, late_view};

pub fn create(session: &Session, create: &CreateTable) -> Result<(), SqlError> {
    let CreateTable { name, temporary, attributes, .. } = create;
    let exists = catalog::exists(&session.connection, name.schema.as_deref(), &name.table)?;
    if exists && create.if_not_exists {
        return Ok(());
    }
    match &create.shape {
        Shape::Columns(columns) => {
            keys::check(session, name, columns, attributes, &attributes.foreign_keys)?;
            each(session, &sql::define(name, *temporary, columns, attributes)?)
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
            each(session, &sql::define(name, *temporary, &columns, &attributes)?)
        }
        Shape::Query(query, names) => {
            let kind = if *temporary { "TEMPORARY TABLE" } else { "TABLE" };
            let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
            let names = if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) };
            session.connection.execute_batch(&format!("CREATE {kind} {name}{names} AS {query}"))?;
            narrow(session, name)?;
            each(session, &[sql::describe(name, attributes)?])
        }
    }
}

/// What only DuckDB has becomes what Redshift has: what it computes in 128 bits is kept as a bigint, or as a numeric where
/// it does not fit.
fn narrow(session: &Session, name: &Name) -> Result<(), SqlError> {
    let made = catalog::table(&session.connection, name.schema.as_deref(), &name.table)?;
    for column in &made.columns {
        let quoted = quoted(&column.name);
        let kind = match column.duck.as_str() {
            "TINYINT" => "SMALLINT",
            "UINTEGER" | "UBIGINT" => "BIGINT",
            "\"NULL\"" => "VARCHAR",
            "HUGEINT" => {
                let bounds = format!(
                    "SELECT count(*) FROM {name} WHERE {quoted} > 9223372036854775807 OR {quoted} < -9223372036854775808"
                );
                let too_large: i64 = session.connection.query_row(&bounds, [], |row| row.get(0))?;
                if too_large == 0 { "BIGINT" } else { "DECIMAL(38,0)" }
            }
            _ => continue,
        };
        session.connection.execute_batch(&format!("ALTER TABLE {name} ALTER {quoted} TYPE {kind}"))?;
    }
    Ok(())
}

pub fn alter(session: &Session, alter: Alter) -> Result<(), SqlError> {
    let Name { schema, table } = &alter.table;
    if alter.if_exists && !catalog::exists(&session.connection, schema.as_deref(), table)? {
        return Ok(());
    }
    if let (Change::RenameTable(to), true) = (&alter.change, catalog::is_view(&session.connection, &alter.table)?) {
        let schema = catalog::schema_of(&session.connection, &alter.table)?.unwrap_or_default();
        each(session, &[format!("ALTER VIEW {} RENAME TO {}", alter.table, quoted(to))])?;
        take_along(session, &schema, table, to)?;
        return dependency::rename(session, &schema, table, to);
    }
    let found = catalog::table(&session.connection, schema.as_deref(), table)?;
    let mut attributes = found.attributes.clone();
    let mut columns: Vec<ColumnSpec> = found.columns.iter().map(catalog::Column::spec).collect();
    let mut sources: Vec<String> = columns.iter().map(|column| quoted(&column.name)).collect();
    let place = |name: &str| columns.iter().position(|column| column.name == *name);
    let missing =
        |name: &str| SqlError::new("42703", format!("column \"{name}\" of relation \"{table}\" does not exist"));
    match alter.change {
        Change::Nothing => return Ok(()),
        Change::RenameTable(to) => {
            let rename = format!("ALTER TABLE {} RENAME TO {}", found.full_name(), quoted(&to));
            each(session, &[rename])?;
            take_along(session, &found.schema, table, &to)?;
            return dependency::rename(session, &found.schema, table, &to);
        }
        Change::Append { from, ignore_extra, fill_extra } => {
            return append(session, &found, &from, ignore_extra, fill_extra);
        }
        Change::Encode { column, encoding } => {
            let at = place(&column).ok_or_else(|| missing(&column))?;
            let mut attributes = columns[at].attributes.clone();
            attributes.encoding = Some(encoding);
            return each(session, &[sql::describe_column(&found.full_name(), &column, &attributes)?]);
        }
        Change::AddKey(constraint) => {
            sql::keys::add(&mut attributes, table, &constraint)?;
            // Those that were there before may name what has gone since.
            let new = &attributes.foreign_keys[found.attributes.foreign_keys.len()..];
            keys::check(session, &found.full_name(), &columns, &attributes, new)?;
            let is_nullable = |key: &&String| columns.iter().any(|column| column.name == **key && !column.not_null);
            if let Some(key) = attributes.primary_key.iter().find(is_nullable) {
                let message = format!("column \"{key}\" of a primary key must be NOT NULL, and was not created so");
                return Err(SqlError::new("42P16", message));
            }
            return each(session, &[sql::describe(&found.full_name(), &attributes)?]);
        }
        Change::DropKey { name, if_exists } => {
            return match sql::keys::drop(&mut attributes, table, &name) {
                true => each(session, &[sql::describe(&found.full_name(), &attributes)?]),
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
            return each(session, &[sql::describe(&name, &attributes)?]);
        }
        Change::AddColumn(column) => {
            if place(&column.name).is_some() {
                let message = format!("column \"{}\" of relation \"{table}\" already exists", column.name);
                return Err(SqlError::new("42701", message));
            }
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
            sql::keys::drop_with_column(&mut attributes, &column);
            columns.remove(at);
            sources.remove(at);
        }
        Change::RenameColumn { from, to } => {
            let at = place(&from).ok_or_else(|| missing(&from))?;
            if place(&to).is_some() {
                let message = format!("column \"{to}\" of relation \"{table}\" already exists");
                return Err(SqlError::new("42701", message));
            }
            let of_keys = sql::keys::columns(&mut attributes).flatten();
            for name in of_keys.filter(|name| **name == from) {
                name.clone_from(&to);
            }
            for name in attributes.distkey.iter_mut().chain(&mut attributes.sortkey).filter(|name| **name == from) {
                name.clone_from(&to);
            }
            columns[at].name = to;
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
            columns[at].limit = data_type.limit();
            columns[at].attributes.data_type = data_type.name();
        }
    }
    replace(session, &Table { attributes, ..found }, &columns, &sources)
}

/// What was granted on a relation, and said of it, goes with it to its new name.
fn take_along(session: &Session, schema: &str, from: &str, to: &str) -> Result<(), SqlError> {
    let [schema, from, to] = [schema, from, to].map(literal);
    let kept = |table: &str, condition: &str| {
        format!(
            "UPDATE redshift_system.{table} SET object_name = {to} \
             WHERE object_name = {from} AND schema_name = {schema}{condition}"
        )
    };
    each(session, &[kept("redshift_privileges", " AND kind = 'TABLE'"), kept("redshift_comments", "")])
}

/// Makes the table anew with these columns, each filled from an expression over the old ones.
fn replace(session: &Session, table: &Table, columns: &[ColumnSpec], sources: &[String]) -> Result<(), SqlError> {
    let name = table.full_name();
    let new = Name { schema: name.schema.clone(), table: format!("redshift_new_{}", name.table) };
    let mut statements = sql::define(&new, table.temporary, columns, &table.attributes)?;
    let names: Vec<String> = columns.iter().map(|column| quoted(&column.name)).collect();
    statements.push(format!("INSERT INTO {new} ({}) SELECT {} FROM {name}", names.join(", "), sources.join(", ")));
    statements.push(format!("DROP TABLE {name}"));
    statements.push(format!("ALTER TABLE {new} RENAME TO {}", quoted(&name.table)));
    each(session, &statements)
}

/// ALTER TABLE APPEND: the rows move. The columns must be the same, but for those that are to be ignored or filled.
fn append(
    session: &Session,
    target: &Table,
    from: &Name,
    ignore_extra: bool,
    fill_extra: bool,
) -> Result<(), SqlError> {
    let source = catalog::table(&session.connection, from.schema.as_deref(), &from.table)?;
    let has = |table: &Table, name: &str| table.columns.iter().any(|column| column.name == name);
    let extra = |one: &Table, other: &Table| {
        one.columns.iter().find(|column| !has(other, &column.name)).map(|column| column.name.clone())
    };
    let differ = |column: String, table: &Name, option: &str| {
        let message = format!("column {column} is in {} only; {option} passes over such", table.table);
        Err(SqlError::new("0A000", message))
    };
    match (extra(&source, target), extra(target, &source)) {
        (Some(column), _) if !ignore_extra => return differ(column, from, "IGNOREEXTRA"),
        (_, Some(column)) if !fill_extra => return differ(column, &target.full_name(), "FILLEXTRA"),
        _ => {}
    }
    let shared = source.columns.iter().filter(|column| has(target, &column.name));
    let names = shared.map(|column| quoted(&column.name)).collect::<Vec<_>>().join(", ");
    let (target, source) = (target.full_name(), source.full_name());
    each(
        session,
        &[format!("INSERT INTO {target} ({names}) SELECT {names} FROM {source}"), format!("DELETE FROM {source}")],
    )
}

/// Users and groups come and go.
pub fn principals(session: &Session, change: &Principals) -> Result<(), SqlError> {
    let (table, word) = (change.kind.table(), change.kind.word());
    let exists = |name: &String| -> Result<bool, SqlError> {
        let sql = format!("SELECT count(*) > 0 FROM {table} WHERE name = ?");
        Ok(session.connection.query_row(&sql, [name], |row| row.get(0))?)
    };
    for name in &change.new {
        if exists(name)? {
            return Err(SqlError::new("42710", format!("{word} \"{name}\" already exists")));
        }
    }
    for name in &change.known {
        if !exists(name)? {
            return Err(SqlError::new("42704", format!("{word} \"{name}\" does not exist")));
        }
    }
    each(session, &change.statements)
}

/// A view has the columns that its query has now: what `*` means is written out, for tables get more of them.
pub fn create_view(session: &Session, new: NewView) -> Result<(), SqlError> {
    let NewView { view, definition } = new;
    let name = Name::of(&view.name);
    // It takes the place of one that was bound late.
    late_view::forget(session, &name)?;
    let query = view.query.to_string();
    let names: Vec<String> = match query.contains('*') {
        true => columns_of(&session.connection, &query)?.into_iter().map(|column| column.name).collect(),
        false => Vec::new(),
    };
    let given: Vec<String> = view.columns.iter().map(|column| column.name.value.clone()).collect();
    let different: HashSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
    let create = if !names.is_empty() && different.len() == names.len() {
        let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
        let columns = view.columns.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let columns = if columns.is_empty() { columns } else { format!(" ({columns})") };
        let replace = if view.or_replace { "OR REPLACE " } else { "" };
        format!("CREATE {replace}VIEW {}{columns} AS SELECT {} FROM ({query})", view.name, names.join(", "))
    } else {
        view.to_string()
    };
    session
        .connection
        .execute_batch(&format!("{create}; {}", sql::describe_view(&name, &definition, &given, false)))?;
    catalog::refuse_unreadable(&session.connection, &name)?;
    dependency::note(session, &name, &view.query)
}

/// Keeps what is said of a relation or a column, in the place of what was said before.
pub fn comment(session: &Session, comment: &Comment) -> Result<(), SqlError> {
    let Comment { relation, column, text } = comment;
    let schema = catalog::schema_of(&session.connection, relation)?;
    let schema =
        schema.ok_or_else(|| SqlError::new("42P01", format!("relation \"{}\" does not exist", relation.table)))?;
    let column = literal(column.as_deref().unwrap_or_default());
    let place = format!("{}, {}, {column}", literal(&schema), literal(&relation.table));
    let mut statements = vec![format!(
        "DELETE FROM redshift_system.redshift_comments WHERE (schema_name, object_name, column_name) = ({place})"
    )];
    if let Some(text) = text {
        statements.push(format!("INSERT INTO redshift_system.redshift_comments VALUES ({place}, {})", literal(text)));
    }
    each(session, &statements)
}

pub fn drop(session: &Session, drop: &Drop) -> Result<(), SqlError> {
    for name in &drop.names {
        let sequences: Vec<String> = match drop.kind {
            ObjectType::Table if catalog::exists(&session.connection, name.schema.as_deref(), &name.table)? => {
                let table = catalog::table(&session.connection, name.schema.as_deref(), &name.table)?;
                let sequence =
                    |column: &catalog::Column| column.attributes.identity.as_ref().map(|found| found.sequence.clone());
                table.columns.iter().filter_map(sequence).filter(|sequence| !sequence.is_empty()).collect()
            }
            _ => Vec::new(),
        };
        if drop.kind == ObjectType::Schema && name.table == "public" {
            return Err(SqlError::unsupported("DROP SCHEMA public"));
        }
        if drop.kind == ObjectType::Schema && drop.cascade {
            dependency::forget_all(session, &name.table)?;
            drop_tables(session, &name.table)?;
        }
        if drop.kind == ObjectType::Schema {
            late_view::forget_all(session, &name.table)?;
        }
        let kind = match drop.kind {
            ObjectType::MaterializedView => ObjectType::View,
            kind => kind,
        };
        if drop.kind == ObjectType::Table && dependency::is_materialized(session, name)? {
            let message = format!("\"{}\" is a materialized view, which DROP MATERIALIZED VIEW drops", name.table);
            return Err(SqlError::new("42809", message));
        }
        if drop.kind == ObjectType::Table || kind == ObjectType::View {
            dependency::give_way(session, name, drop.cascade)?;
        }
        // One that reads what is missing is known only as it was written.
        let is_late = kind == ObjectType::View && late_view::is_kept(session, name)?;
        if is_late {
            late_view::forget(session, name)?;
        }
        let exists = if drop.if_exists || is_late { "IF EXISTS " } else { "" };
        let cascade = if drop.cascade { " CASCADE" } else { "" };
        let target = if drop.kind == ObjectType::Schema { quoted(&name.table) } else { name.to_string() };
        let mut statements = vec![format!("DROP {kind} {exists}{target}{cascade}")];
        statements
            .extend(sequences.iter().map(|sequence| format!("DROP SEQUENCE IF EXISTS redshift_system.{sequence}")));
        // What was granted on it, and said of it, goes with it.
        let name = literal(&name.table);
        for (kept, condition) in [("redshift_privileges", "k.kind = 'TABLE' AND "), ("redshift_comments", "")] {
            statements.push(match drop.kind {
                ObjectType::Schema => format!("DELETE FROM redshift_system.{kept} WHERE schema_name = {name}"),
                _ => format!(
                    "DELETE FROM redshift_system.{kept} AS k WHERE {condition}k.object_name = {name} AND NOT EXISTS \
                     (SELECT 1 FROM redshift_system.redshift_relations r WHERE r.table_name = {name} AND r.schema_name = k.schema_name)"
                ),
            });
        }
        each(session, &statements)?;
    }
    Ok(())
}

/// The tables of a schema with their sequences, which stand outside it.
fn drop_tables(session: &Session, schema: &str) -> Result<(), SqlError> {
    let sql = "SELECT table_name FROM duckdb_tables() WHERE schema_name = ? AND NOT temporary";
    let mut statement = session.connection.prepare(sql)?;
    let names: Vec<String> = statement.query_map([schema], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let names = names.into_iter().map(|table| Name { schema: Some(schema.to_owned()), table }).collect();
    self::drop(session, &Drop { kind: ObjectType::Table, names, if_exists: true, cascade: true })
}

/// Statements, one after the other.
pub fn each(session: &Session, statements: &[String]) -> Result<(), SqlError> {
    Ok(statements.iter().try_for_each(|sql| session.connection.execute_batch(sql))?)
}
