//! Views WITH NO SCHEMA BINDING: they may be made before the tables that they read, and outlive them. DuckDB binds a view
//! when it is made, so that each is kept as it was written, too, and made anew when what it reads has come or changed.

use duckdb::{OptionalExt, Row, params};

use super::error::SqlError;
use super::session::Session;
use super::{catalog, dependency, owner};
use redshift_sql::{KeptView, Name, NewView, literal, quoted};

const KEPT: &str = "redshift_system.redshift_late_binding_views";

/// A view that is not bound to what it reads.
struct LateView {
    name: Name,
    /// DuckDB's SQL; every relation in it has its schema.
    query: String,
    /// The names that were given to its columns.
    columns: Vec<String>,
    /// Its name and its query, as the catalog shows them.
    title: String,
    written: String,
}

impl LateView {
    fn create(&self, replaces: bool) -> Result<String, SqlError> {
        let Self { name, query, columns, title, written } = self;
        let replace = if replaces { "OR REPLACE " } else { "" };
        let names = columns.iter().map(|column| quoted(column)).collect::<Vec<_>>().join(", ");
        let names = if names.is_empty() { names } else { format!(" ({names})") };
        let definition = format!("CREATE VIEW {title} AS {written} WITH NO SCHEMA BINDING;");
        let kept = KeptView { definition, columns: Vec::new(), late: true };
        Ok(format!("CREATE {replace}VIEW {name}{names} AS {query}; {}", kept.describe(name)?))
    }

    /// Keeps it, in the place of one of its name.
    fn keep(&self, session: &Session) -> Result<(), SqlError> {
        forget(session, &self.name)?;
        let columns = serde_json::json!(self.columns).to_string();
        let sql = format!(
            "INSERT INTO {KEPT} (schema_name, view_name, query, columns, title, written) VALUES (?, ?, ?, ?, ?, ?)"
        );
        let Name { schema, table } = &self.name;
        session.connection.execute(&sql, params![schema, table, self.query, columns, self.title, self.written])?;
        Ok(())
    }

    /// Makes the view of DuckDB's, if it can be bound now; else what it replaces is gone all the same.
    fn bind(&self, session: &Session, replaces: bool) -> Result<(), SqlError> {
        match session.connection.execute_batch(&self.create(replaces)?).map_err(SqlError::from) {
            Err(error) if error.is_missing_relation() && replaces => {
                Ok(session.connection.execute_batch(&format!("DROP VIEW IF EXISTS {}", self.name))?)
            }
            Err(error) if error.is_missing_relation() => Ok(()),
            done => done,
        }
    }
}

pub fn create(session: &Session, new: NewView) -> Result<(), SqlError> {
    let NewView { view, definition } = new;
    let name = catalog::new_name(&session.connection, &Name::of(&view.name))?;
    if !view.or_replace {
        refuse_taken(session, &name)?;
    }
    let late = LateView {
        query: view.query.to_string(),
        columns: view.columns.iter().map(|column| column.name.value.clone()).collect(),
        title: view.name.to_string(),
        written: definition,
        name,
    };
    late.bind(session, view.or_replace)?;
    dependency::forget(session, &late.name)?;
    late.keep(session)?;
    owner::note_relation(session, &late.name)
}

/// Refuses a name that a relation has, or a view that cannot be bound.
fn refuse_taken(session: &Session, name: &Name) -> Result<(), SqlError> {
    match find(session, name)?.is_none() && catalog::found(&session.connection, name)?.is_none() {
        true => Ok(()),
        false => Err(SqlError::new("42P07", format!("Relation \"{}\" already exists", name.table))),
    }
}

/// The name with its schema, where a view of this name is kept: one that cannot be bound is known nowhere else.
pub fn find(session: &Session, name: &Name) -> Result<Option<Name>, SqlError> {
    let sql = format!(
        "SELECT schema_name FROM {KEPT} WHERE view_name = ? \
         AND (schema_name = ? OR (? IS NULL AND list_contains(current_schemas(false), schema_name))) \
         ORDER BY list_position(current_schemas(false), schema_name) LIMIT 1"
    );
    let Name { schema, table } = name;
    let found = session.connection.query_row(&sql, params![table, schema, schema], |row| row.get(0)).optional()?;
    Ok(found.map(|schema| Name { schema: Some(schema), table: table.clone() }))
}

/// The relations that a view reads; `None` where no view of this name is kept.
pub fn reads(session: &Session, name: &Name) -> Result<Option<Vec<Name>>, SqlError> {
    let is_it = format!("schema_name || '.' || view_name = {}", literal(&name.key()));
    let Some(view) = all(session, &is_it)?.pop() else { return Ok(None) };
    let mut reads = Vec::new();
    redshift_sql::rename_relations_in(&view.query, &mut |read: &Name| {
        reads.push(read.clone());
        Ok(None)
    })?;
    Ok(Some(reads))
}

pub fn forget(session: &Session, name: &Name) -> Result<(), SqlError> {
    let sql = format!("DELETE FROM {KEPT} WHERE schema_name = ? AND view_name = ?");
    session.connection.execute(&sql, params![name.schema, name.table])?;
    Ok(())
}

/// The views of a schema go with it.
pub fn forget_all(session: &Session, schema: &str) -> Result<(), SqlError> {
    session.connection.execute(&format!("DELETE FROM {KEPT} WHERE schema_name = ?"), [schema])?;
    Ok(())
}

/// Returns true if there are any in a schema.
pub fn are_in(session: &Session, schema: &str) -> Result<bool, SqlError> {
    let sql = format!("SELECT count(*) > 0 FROM {KEPT} WHERE schema_name = ?");
    Ok(session.connection.query_row(&sql, [schema], |row| row.get(0))?)
}

/// Gives a view another name. What it reads is what it was written to read.
pub fn rename(session: &Session, from: &Name, to: &Name) -> Result<(), SqlError> {
    refuse_taken(session, to)?;
    let is_it = format!("schema_name || '.' || view_name = {}", literal(&from.key()));
    for mut late in all(session, &is_it)? {
        forget(session, from)?;
        session.connection.execute_batch(&format!("DROP VIEW IF EXISTS {from}"))?;
        (late.name, late.title) = (to.clone(), to.key());
        late.bind(session, false)?;
        late.keep(session)?;
    }
    Ok(())
}

/// Those of a schema go on in another.
pub fn move_all(session: &Session, from: &str, to: &str) -> Result<(), SqlError> {
    for late in all(session, &format!("schema_name = {}", literal(from)))? {
        rename(session, &late.name, &Name { schema: Some(to.to_owned()), table: late.name.table.clone() })?;
    }
    Ok(())
}

fn all(session: &Session, condition: &str) -> Result<Vec<LateView>, SqlError> {
    let sql = format!(
        "SELECT schema_name, view_name, query, columns, title, written FROM {KEPT} WHERE {condition} ORDER BY rowid"
    );
    let row = |row: &Row<'_>| {
        let columns: String = row.get(3)?;
        Ok(LateView {
            name: Name { schema: row.get(0)?, table: row.get(1)? },
            query: row.get(2)?,
            columns: serde_json::from_str(&columns).unwrap_or_default(),
            title: row.get(4)?,
            written: row.get(5)?,
        })
    };
    let mut statement = session.connection.prepare(&sql)?;
    Ok(statement.query_map([], row)?.collect::<Result<_, _>>()?)
}

/// Binds what can be bound now; answers whether anything could. One view may read another.
pub fn bind_again(session: &Session) -> Result<bool, SqlError> {
    let all: Vec<String> = all(session, "true")?.iter().map(|late| late.create(true)).collect::<Result<_, _>>()?;
    let mut unbound = all.clone();
    loop {
        let before = unbound.len();
        unbound.retain(|definition| session.connection.execute_batch(definition).is_err());
        if unbound.is_empty() || unbound.len() == before {
            return Ok(unbound.len() < all.len());
        }
    }
}
