//! ANALYZE and VACUUM, which have nothing to do here: DuckDB keeps its own statistics and its files.

use super::error::SqlError;
use super::session::Session;
use super::{removal, system_views};
use redshift_sql::Maintenance;

/// Changes nothing.
///
/// # Errors
/// 42P01 where a table is missing, 25001 where VACUUM stands in a transaction.
pub fn run(session: &Session, what: &Maintenance) -> Result<i64, SqlError> {
    if what.is_vacuum {
        session.refuse_in_transaction("VACUUM")?;
    }
    for table in &what.tables {
        if !removal::is_there(session, table)? && !system_views::contains(&table.table) {
            return Err(SqlError::new("42P01", format!("relation \"{}\" does not exist", table.table)));
        }
    }
    Ok(0)
}
