//! What views are made of: a relation that one reads does not go without it, and a view reads the same relations whatever
//! the search path is, and whatever they are renamed to.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use duckdb::params;
use sqlparser::ast::{ObjectName, ObjectType, Query, Visit, Visitor};

use super::error::SqlError;
use super::session::Session;
use super::{batch, catalog, ddl, removal};
use redshift_sql::{Command, Drop, KeptView, Name, Parameters, literal, quoted};

const KEPT: &str = "redshift_system.redshift_dependencies";

/// Gives the relations of a query the schemas where the search path finds them, so that they are the same under any other.
/// Those that are not there get the schema of `missing`, where that is given.
pub fn qualify(session: &Session, query: &mut Query, missing: Option<&str>) -> Result<(), SqlError> {
    redshift_sql::rename_relations(query, &mut |name: &Name| {
        if name.schema.is_some() {
            return Ok(None);
        }
        match (catalog::found(&session.connection, name)?, missing) {
            // A temporary table has no schema of ours.
            (Some(found), _) => Ok(found.schema.is_some().then_some(found)),
            (None, Some(schema)) if !catalog::is_system(&session.connection, &name.table)? => {
                Ok(Some(Name { schema: Some(schema.to_owned()), table: name.table.clone() }))
            }
            _ => Ok(None),
        }
    })?;
    Ok(())
}

/// Notes what a view reads, in the place of what one of its name read. Every relation in the query has its schema.
pub fn note(session: &Session, view: &Name, query: &Query) -> Result<(), SqlError> {
    struct Reads(BTreeSet<Name>);
    impl Visitor for Reads {
        type Break = ();
        fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
            self.0.insert(Name::of(relation));
            ControlFlow::Continue(())
        }
    }
    let mut reads = Reads(BTreeSet::new());
    let _ = query.visit(&mut reads);
    let key = literal(&view.key());
    let mut statements = vec![format!("DELETE FROM {KEPT} WHERE view_name = {key}")];
    for name in reads.0.iter().filter(|name| name.schema.is_some()) {
        if let Some(found) = catalog::found(&session.connection, name)? {
            statements.push(format!("INSERT INTO {KEPT} VALUES ({key}, {})", literal(&found.key())));
        }
    }
    batch::run(session, &statements)
}

/// Before a relation goes: the views that read it go first where that is asked for, and are in the way else. So are the
/// foreign keys of other tables, which go with CASCADE.
pub fn give_way(session: &Session, name: &Name, cascade: bool) -> Result<(), SqlError> {
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
        let message = format!("cannot drop {} because other objects depend on it", name.table);
        return Err(SqlError::new("2BP01", message));
    }
    if !views.is_empty() {
        removal::drop(session, &Drop { kind: ObjectType::View, names: views, if_exists: true, cascade: true })?;
    }
    batch::run(session, &[format!("DELETE FROM {KEPT} WHERE view_name = {0} OR relation_name = {0}", literal(&key))])
}

/// A view that is bound to what it reads.
struct View {
    name: Name,
    /// Its query, as it was written.
    definition: String,
    kept: KeptView,
    columns: Vec<String>,
    reads: Vec<Name>,
}

/// The bound views that a condition on the relation `r` holds for.
fn views(session: &Session, condition: &str) -> Result<Vec<View>, SqlError> {
    let sql = format!(
        "SELECT r.schema_name, r.table_name, r.definition, coalesce(r.comment, '{{}}'), \
         coalesce((SELECT list(column_name ORDER BY column_index)::JSON::VARCHAR FROM duckdb_columns() c \
          WHERE c.schema_name = r.schema_name AND c.table_name = r.table_name), '[]'), \
         coalesce((SELECT list(d.relation_name)::JSON::VARCHAR FROM {KEPT} d \
          WHERE d.view_name = r.schema_name || '.' || r.table_name), '[]') \
         FROM redshift_system.redshift_relations r \
         WHERE r.kind = 'VIEW' AND coalesce(CAST(json_extract(r.comment, '$.late') AS BOOLEAN), false) IS FALSE \
         AND NOT EXISTS (SELECT 1 FROM redshift_system.redshift_materialized_views m \
          WHERE m.name = r.schema_name || '.' || r.table_name) AND ({condition})"
    );
    let row = |row: &duckdb::Row<'_>| {
        let texts = |at: usize| {
            row.get::<_, String>(at).map(|json| serde_json::from_str::<Vec<String>>(&json).unwrap_or_default())
        };
        let comment: String = row.get(3)?;
        Ok(View {
            name: Name { schema: Some(row.get(0)?), table: row.get(1)? },
            definition: row.get(2)?,
            kept: serde_json::from_str(&comment).unwrap_or_default(),
            columns: texts(4)?,
            reads: texts(5)?.iter().map(|key| Name::from_key(key)).collect(),
        })
    };
    let mut statement = session.connection.prepare(&sql)?;
    Ok(statement.query_map([], row)?.collect::<Result<_, _>>()?)
}

/// Makes a view anew under a name, where relations that it reads have others. It keeps the columns that it has.
fn make_again(
    session: &Session,
    view: &View,
    to: &Name,
    renamed: &dyn Fn(&Name) -> Option<Name>,
) -> Result<(), SqlError> {
    let query = redshift_sql::rename_relations_in(&view.definition, &mut |name: &Name| {
        let known = view.reads.iter().find(|known| match name.schema {
            Some(_) => known.is(name),
            None => known.table.eq_ignore_ascii_case(&name.table),
        });
        Ok(known.and_then(|known| renamed(known).or_else(|| name.schema.is_none().then(|| known.clone()))))
    })?;
    let names = |columns: &[String]| columns.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
    // What `*` meant when it was made is what the view has, unless names were given to all of it.
    let given = &view.kept.columns;
    let create = match given.is_empty() {
        true => {
            format!("CREATE OR REPLACE VIEW {to} AS SELECT {} FROM ({query}) AS redshift_view", names(&view.columns))
        }
        false => format!("CREATE OR REPLACE VIEW {to} ({}) AS {query}", names(given)),
    };
    make(session, &create)?;
    let kept = KeptView { definition: format!("{query};"), columns: given.clone(), late: false };
    batch::run(session, &[kept.describe(to)?])
}

/// The views that read a relation go on reading it when it is called otherwise.
pub fn rename(session: &Session, from: &Name, to: &Name) -> Result<(), SqlError> {
    let [old, new] = [from, to].map(|name| literal(&name.key()));
    let reads = format!(
        "EXISTS (SELECT 1 FROM {KEPT} d WHERE d.relation_name = {old} AND d.view_name = r.schema_name || '.' || r.table_name)"
    );
    for view in views(session, &reads)? {
        match make_again(session, &view, &view.name, &|name| name.is(from).then(|| to.clone())) {
            // What it reads has changed so that it can be read no more: it is left as it is.
            Err(error) if matches!(error.sqlstate, "42703" | "42P01") => {}
            made => made?,
        }
    }
    let follow = |column: &str| format!("UPDATE {KEPT} SET {column} = {new} WHERE {column} = {old}");
    batch::run(session, &[follow("view_name"), follow("relation_name")])
}

/// The views of a schema go on in another, and those that read what is in it follow. One may read another.
pub fn move_views(session: &Session, from: &str, to: &str) -> Result<(), SqlError> {
    let beginning = literal(&format!("{from}."));
    let mut left = views(
        session,
        &format!(
            "r.schema_name = {} OR EXISTS (SELECT 1 FROM {KEPT} d WHERE starts_with(d.relation_name, {beginning}) \
             AND d.view_name = r.schema_name || '.' || r.table_name)",
            literal(from)
        ),
    )?;
    let renamed = |name: &Name| {
        let is_within = name.schema.as_deref() == Some(from);
        is_within.then(|| Name { schema: Some(to.to_owned()), table: name.table.clone() })
    };
    while !left.is_empty() {
        let (before, mut failed, mut reason) = (left.len(), Vec::new(), None);
        for view in left {
            let new = renamed(&view.name).unwrap_or_else(|| view.name.clone());
            match make_again(session, &view, &new, &renamed) {
                Err(error) => {
                    let message = format!("view {} cannot follow its schema: {}", view.name.key(), error.message);
                    reason = Some(SqlError::new(error.sqlstate, message));
                    failed.push(view);
                }
                Ok(()) if new == view.name => {}
                Ok(()) => {
                    forget(session, &view.name)?;
                    batch::run(session, &[format!("DROP VIEW {}", view.name)])?;
                }
            }
        }
        if let Some(reason) = reason.filter(|_| failed.len() == before) {
            return Err(reason);
        }
        left = failed;
    }
    Ok(())
}

/// Makes a view of Redshift's SQL.
fn make(session: &Session, create: &str) -> Result<(), SqlError> {
    // What it reads has just been created.
    session.relations.clear();
    match redshift_sql::translate(create, &Parameters::default(), session.reading())? {
        Command::CreateView(view) => ddl::create_view(session, *view),
        _ => Ok(()),
    }
}

/// A view reads nothing more that would be noted.
pub fn forget(session: &Session, view: &Name) -> Result<(), SqlError> {
    batch::run(session, &[format!("DELETE FROM {KEPT} WHERE view_name = {}", literal(&view.key()))])
}

/// What the views of a schema read goes with it.
pub fn forget_all(session: &Session, schema: &str) -> Result<(), SqlError> {
    let beginning = literal(&format!("{schema}."));
    batch::run(session, &[format!("DELETE FROM {KEPT} WHERE starts_with(view_name, {beginning})")])
}
