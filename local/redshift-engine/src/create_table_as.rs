//! CREATE TABLE … AS: a table of the rows of a query.

use super::error::SqlError;
use super::session::Session;
use super::{batch, catalog};
use redshift_sql::{ColumnAttributes, ColumnSpec, CreateTable, Name, Type, VARCHAR_MAX, ValueType, quoted};

/// The rows of the new table.
pub struct NewRows<'q> {
    /// DuckDB's SQL.
    pub query: &'q str,
    /// Its columns: their names, and DuckDB's types.
    pub columns: Vec<(String, String)>,
    /// The names of the columns, where other ones are given.
    pub names: &'q [String],
    /// The types of the columns, where they are known.
    pub types: Option<&'q [ValueType]>,
}

/// The columns of a query, without running it: their names, and DuckDB's types.
pub fn columns(session: &Session, query: &str) -> Result<Vec<(String, String)>, SqlError> {
    let mut statement = session.connection.prepare(&format!("DESCRIBE {query}"))?;
    Ok(statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?)
}

pub fn run(session: &Session, name: &Name, create: &CreateTable, rows: &NewRows<'_>) -> Result<(), SqlError> {
    let CreateTable { temporary, attributes, .. } = create;
    let query = rows.query;
    if let Some(columns) = columns_with_lengths(rows) {
        batch::run(session, &redshift_sql::define(name, *temporary, &columns, attributes)?)?;
        return Ok(session.connection.execute_batch(&format!("INSERT INTO {name} {query}"))?);
    }
    let kind = if *temporary { "TEMPORARY TABLE" } else { "TABLE" };
    let names: Vec<String> = rows.names.iter().map(|name| quoted(name)).collect();
    let names = if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) };
    session.connection.execute_batch(&format!("CREATE {kind} {name}{names} AS {query}"))?;
    narrow(session, name)?;
    batch::run(session, &[redshift_sql::describe(name, attributes)?])
}

/// The columns, where there are texts with lengths among them, or intervals: those are
/// checked, as in any other table. `None` where the type of a column is known by its values only.
fn columns_with_lengths(rows: &NewRows<'_>) -> Option<Vec<ColumnSpec>> {
    let types = rows.types.filter(|types| types.iter().any(|found| kept(*found).is_some()))?;
    if rows.columns.len() != types.len() {
        return None;
    }
    let columns = rows.columns.iter().zip(types).enumerate().map(|(at, ((name, duck), known))| {
        let duck = match (duck.as_str(), known.known()) {
            ("HUGEINT", None) => return None,
            ("HUGEINT", Some(known)) => known.duck(),
            (duck, _) => narrowed(duck).unwrap_or(duck).to_owned(),
        };
        let kept = kept(*known);
        let data_type = kept.or(Type::from_duck(&duck)).map(Type::name).unwrap_or_default();
        Some(ColumnSpec {
            name: rows.names.get(at).unwrap_or(name).clone(),
            duck,
            not_null: false,
            default: None,
            text: kept.filter(|kept| kept.limit().is_some()),
            attributes: ColumnAttributes { data_type, ..ColumnAttributes::default() },
        })
    });
    columns.collect()
}

/// The type of a text that has a length, and of what DuckDB has one type for only.
fn kept(found: ValueType) -> Option<Type> {
    found.known().filter(|known| match known {
        Type::Varbyte(_) | Type::Interval(_) => true,
        other => other.limit().is_some_and(|limit| limit < VARCHAR_MAX),
    })
}

/// The type that Redshift has for one that only DuckDB has.
fn narrowed(duck: &str) -> Option<&'static str> {
    match duck {
        "TINYINT" => Some("SMALLINT"),
        "UINTEGER" | "UBIGINT" => Some("BIGINT"),
        "\"NULL\"" => Some("VARCHAR"),
        _ => None,
    }
}

/// What only DuckDB has becomes what Redshift has: what it computes in 128 bits is kept as a bigint, or as a numeric where
/// it does not fit.
fn narrow(session: &Session, name: &Name) -> Result<(), SqlError> {
    let made = catalog::table(&session.connection, name.schema.as_deref(), &name.table)?;
    for column in &made.columns {
        let quoted = quoted(&column.name);
        let kind = match column.duck.as_str() {
            "HUGEINT" => {
                let bounds = format!(
                    "SELECT count(*) FROM {name} WHERE {quoted} > 9223372036854775807 OR {quoted} < -9223372036854775808"
                );
                let too_large: i64 = session.connection.query_row(&bounds, [], |row| row.get(0))?;
                if too_large == 0 { "BIGINT" } else { "DECIMAL(38,0)" }
            }
            duck => match narrowed(duck) {
                Some(kind) => kind,
                None => continue,
            },
        };
        session.connection.execute_batch(&format!("ALTER TABLE {name} ALTER {quoted} TYPE {kind}"))?;
    }
    Ok(())
}
