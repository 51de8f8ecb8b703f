//! Statements that change rows: INSERT, UPDATE, DELETE, MERGE and TRUNCATE.

use super::error::SqlError;
use super::result::counted;
use super::session::Session;
use super::transaction_state::Transaction;
use redshift_sql::DmlStatement;

/// Runs a statement of DuckDB's; answers how many rows it changed.
pub fn change(session: &Session, sql: &str) -> Result<i64, SqlError> {
    Ok(counted(session.connection.execute(sql, [])?))
}

/// Runs an INSERT, an UPDATE or a MERGE.
pub fn write(session: &mut Session, write: DmlStatement) -> Result<i64, SqlError> {
    let sql = coerced(session, write)?;
    change(session, &sql)
}

/// An INSERT, an UPDATE or a MERGE with its values made to fit the columns of the table: DuckDB's SQL.
pub fn coerced(session: &mut Session, mut write: DmlStatement) -> Result<String, SqlError> {
    if let Some(columns) = session.targets(&write.table)? {
        write.coerce_values(&columns)?;
    }
    Ok(write.sql())
}

/// Runs several statements as one; answers how many rows the last one changed.
pub fn change_each(session: &mut Session, statements: &[String]) -> Result<i64, SqlError> {
    session.all_or_nothing(|session| statements.iter().try_fold(0, |_, sql| change(session, sql)))
}

/// TRUNCATE commits the transaction that it runs in (r_TRUNCATE).
pub fn truncate(session: &mut Session, sql: &str) -> Result<i64, SqlError> {
    session.connection.execute_batch(sql)?;
    match session.transaction {
        Transaction::Open => session.end(true),
        _ => Ok(0),
    }
}
