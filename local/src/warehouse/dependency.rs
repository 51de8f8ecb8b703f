//! What views are made of: a relation that one reads does not go without it.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use duckdb::params;
use sqlparser::ast::{ObjectName, ObjectType, Query, Visit, Visitor};

use super::error::SqlError;
use super::session::Session;
use super::sql::{self, Command, Drop, LateralAliases, Name, Parameters, Quotients, Reading, literal, quoted};
use super::{catalog, define};

const KEPT: &str = "redshift_system.redshift_dependencies";
const MATERIALIZED: &str = "redshift_system.redshift_materialized_views";

pub fn is_materialized(session: &Session, name: &Name) -> Result<bool, SqlError> {
    let sql = format!("SELECT count(*) > 0 FROM {MATERIALIZED} WHERE name = ?");
    let Some(schema) = catalog::schema_of(&session.connection, name)? else { return Ok(false) };
    Ok(session.connection.query_row(&sql, [format!("{schema}.{}", name.table)], |row| row.get(0))?)
}

/// Notes what a view reads, in the place of what one of its name read.
pub fn note(session: &Session, view: &Name, query: &Query) -> Result<(), SqlError> {
    struct Reads(BTreeSet<Name>, BTreeSet<String>);
    impl Visitor for Reads {
        type Break = ();
        fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
            let name = Name::of(relation);
            if name.schema.is_some() || !self.1.contains(&name.table.to_lowercase()) {
                self.0.insert(name);
            }
            ControlFlow::Continue(())
        }
    }
    let mut reads = Reads(BTreeSet::new(), sql::common_tables(query));
    let _ = query.visit(&mut reads);
    let Some(schema) = catalog::schema_of(&session.connection, view)? else { return Ok(()) };
    let key = literal(&format!("{schema}.{}", view.table));
    let mut statements = vec![format!("DELETE FROM {KEPT} WHERE view_name = {key}")];
    for name in reads.0 {
        if let Some(schema) = catalog::schema_of(&session.connection, &name)? {
            statements
                .push(format!("INSERT INTO {KEPT} VALUES ({key}, {})", literal(&format!("{schema}.{}", name.table))));
        }
    }
    define::each(session, &statements)
}

/// Before a relation goes: the views that read it go first where that is asked for, and are in the way else. So are the
/// foreign keys of other tables, which go with CASCADE.
pub fn give_way(session: &Session, name: &Name, cascade: bool) -> Result<(), SqlError> {
    let Some(schema) = catalog::schema_of(&session.connection, name)? else { return Ok(()) };
    let key = format!("{schema}.{}", name.table);
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
        let message = format!("cannot drop {} because other objects depend on it", name.table);
        return Err(SqlError::new("2BP01", message));
    }
    if !views.is_empty() {
        define::drop(session, &Drop { kind: ObjectType::View, names: views, if_exists: true, cascade: true })?;
    }
    define::each(session, &[format!("DELETE FROM {KEPT} WHERE view_name = {0} OR relation_name = {0}", literal(&key))])
}

/// What a view's comment keeps of the names of its columns.
#[derive(Default, serde::Deserialize)]
struct Kept {
    #[serde(default)]
    columns: Vec<String>,
}

/// The views that read a relation go on reading it when it is called otherwise: they are made anew, with the columns that
/// they have.
pub fn rename(session: &Session, schema: &str, from: &str, to: &str) -> Result<(), SqlError> {
    let [old, new] = [from, to].map(|name| literal(&format!("{schema}.{name}")));
    let sql = format!(
        "SELECT DISTINCT r.schema_name, r.table_name, r.definition, coalesce(r.comment, '{{}}'), (SELECT list(column_name ORDER BY column_index)::JSON::VARCHAR \
         FROM duckdb_columns() c WHERE c.schema_name = r.schema_name AND c.table_name = r.table_name) \
         FROM {KEPT} d JOIN redshift_system.redshift_relations r ON d.view_name = r.schema_name || '.' || r.table_name \
         WHERE d.relation_name = {old} AND NOT coalesce(CAST(json_extract(r.comment, '$.late') AS BOOLEAN), false)"
    );
    let mut statement = session.connection.prepare(&sql)?;
    let row = |row: &duckdb::Row<'_>| {
        let name = Name { schema: Some(row.get(0)?), table: row.get(1)? };
        Ok((name, row.get::<_, String>(2)?, row.get::<_, String>(3)?, row.get::<_, String>(4)?))
    };
    let views = statement.query_map([], row)?.collect::<Result<Vec<_>, _>>()?;
    for (view, definition, comment, columns) in views {
        let columns: Vec<String> = serde_json::from_str(&columns).unwrap_or_default();
        let query = sql::rename_relation(&definition, schema, from, to)?;
        let kept: Kept = serde_json::from_str(&comment).unwrap_or_default();
        let names = |columns: &[String]| columns.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
        // What `*` meant when it was made is what the view has, unless names were given to all of it.
        let create = match kept.columns.is_empty() {
            true => {
                format!("CREATE OR REPLACE VIEW {view} AS SELECT {} FROM ({query}) AS redshift_view", names(&columns))
            }
            false => format!("CREATE OR REPLACE VIEW {view} ({}) AS {query}", names(&kept.columns)),
        };
        match make(session, &create) {
            // What it reads has changed so that it can be read no more: it is left as it is.
            Err(error) if matches!(error.sqlstate, "42703" | "42P01") => continue,
            made => made?,
        }
        define::each(session, &[sql::describe_view(&view, &format!("{query};"), &kept.columns, false)])?;
    }
    let follow = |column: &str| format!("UPDATE {KEPT} SET {column} = {new} WHERE {column} = {old}");
    define::each(session, &[follow("view_name"), follow("relation_name")])
}

/// Makes a view of Redshift's SQL.
fn make(session: &Session, create: &str) -> Result<(), SqlError> {
    let (quotients, aliases) = (Quotients::default(), LateralAliases::default());
    let mut lenient = false;
    loop {
        let reading = Reading {
            lenient,
            binds_arguments: lenient,
            quotients: Some(&quotients),
            aliases: Some(&aliases),
            keeps_case: session.keeps_case(),
        };
        let made = match sql::translate(create, &Parameters::default(), reading)? {
            Command::CreateView(view) => define::create_view(session, *view),
            _ => return Ok(()),
        };
        match made {
            Err(error) if quotients.learn(&error) || aliases.learn(&error) => {}
            Err(error) if error.is_unbound() && !lenient => lenient = true,
            done => return done,
        }
    }
}

/// What the views of a schema read goes with it.
pub fn forget_all(session: &Session, schema: &str) -> Result<(), SqlError> {
    let beginning = literal(&format!("{schema}."));
    let forget = |table: &str, column: &str| format!("DELETE FROM {table} WHERE starts_with({column}, {beginning})");
    define::each(session, &[forget(MATERIALIZED, "name"), forget(KEPT, "view_name")])
}
