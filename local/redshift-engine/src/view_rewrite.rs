//! Views that are written anew because a relation that they read, or their schema, has another name.

use super::dependency::{KEPT, forget};
use super::error::SqlError;
use super::session::Session;
use super::{batch, view};
use redshift_sql::{Command, KeptView, Name, Parameters, literal, quoted};

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
        Command::CreateView(view) => view::create(session, *view),
        _ => Ok(()),
    }
}
