//! ALTER TABLE APPEND: the rows of one table move to another.

use super::batch;
use super::catalog::{self, Column, Table};
use super::error::SqlError;
use super::session::Session;
use redshift_sql::{Name, quoted};

/// Columns of the same name are of the same type. Those that only one of the tables has are passed over where that is asked
/// for: IGNOREEXTRA for those of the source, FILLTARGET for those of the target, which get their defaults.
pub fn run(
    session: &Session,
    target: &Table,
    from: &Name,
    ignore_extra: bool,
    fill_target: bool,
) -> Result<(), SqlError> {
    let source = catalog::table(&session.connection, from.schema.as_deref(), &from.table)?;
    if target.temporary {
        return Err(SqlError::new("0A000", "ALTER TABLE APPEND needs a permanent target table"));
    }
    if let Some(column) = only_in(&source, target).filter(|_| !ignore_extra) {
        return Err(extra(column, &source, "IGNOREEXTRA discards it"));
    }
    if let Some(column) = only_in(target, &source).filter(|_| !fill_target) {
        return Err(extra(column, target, "FILLTARGET fills it"));
    }
    let mut names = Vec::new();
    for column in &source.columns {
        let Some(same) = target.columns.iter().find(|other| other.name == column.name) else { continue };
        refuse_different(column, same)?;
        names.push(quoted(&column.name));
    }
    let (names, target, source) = (names.join(", "), target.full_name(), source.full_name());
    batch::run(
        session,
        &[format!("INSERT INTO {target} ({names}) SELECT {names} FROM {source}"), format!("DELETE FROM {source}")],
    )
}

/// A column that only one of the tables has.
fn only_in<'t>(one: &'t Table, other: &Table) -> Option<&'t Column> {
    one.columns.iter().find(|column| other.columns.iter().all(|known| known.name != column.name))
}

fn extra(column: &Column, table: &Table, advice: &str) -> SqlError {
    SqlError::new("0A000", format!("column \"{}\" is in table \"{}\" only: {advice}", column.name, table.name))
}

fn refuse_different(source: &Column, target: &Column) -> Result<(), SqlError> {
    let is_always = |column: &Column| column.attributes.identity.as_ref().is_some_and(|identity| !identity.by_default);
    let name = &source.name;
    if is_always(source) || is_always(target) {
        return Err(SqlError::new("0A000", format!("identity column \"{name}\" cannot be appended")));
    }
    let [from, to] = [source, target].map(|column| column.data_type.bare_name());
    match from == to {
        true => Ok(()),
        false => {
            Err(SqlError::new("42804", format!("column \"{name}\" is {from} in the source and {to} in the target")))
        }
    }
}
