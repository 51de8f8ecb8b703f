//! The isolation level of a database (c_serial_isolation): SNAPSHOT, unless it was created or altered otherwise.

use super::error::SqlError;
use super::session::Session;
use super::system::System;
use redshift_sql::IsolationLevel;

/// ALTER DATABASE … ISOLATION LEVEL, of the session's own database. Transactions that begin afterwards have it.
///
/// # Errors
/// 0A000 for another database, 25001 in a transaction.
pub fn alter(session: &mut Session, name: &str, level: IsolationLevel) -> Result<i64, SqlError> {
    session.refuse_in_transaction("ALTER DATABASE ISOLATION LEVEL")?;
    if name != session.system.name() {
        return Err(SqlError::unsupported(
            "ALTER DATABASE … ISOLATION LEVEL of a database that is not the current one",
        ));
    }
    session.all_or_nothing(|session| set(session, level).map(|()| 0))?;
    session.system.activity().serializable.set(level == IsolationLevel::Serializable);
    Ok(0)
}

/// Follows the level of a database that was opened.
pub fn follow(system: &System) {
    let sql = "SELECT count(*) > 0 FROM redshift_system.redshift_isolation WHERE level = 'Serializable'";
    let found = system.database.with_system(|connection| connection.query_row(sql, [], |row| row.get(0)));
    match found {
        Ok(is_serializable) => system.activity().serializable.set(is_serializable),
        Err(error) => tracing::warn!(%error, "the isolation level is not known"),
    }
}

/// Writes the level down.
pub fn set(session: &Session, level: IsolationLevel) -> Result<(), SqlError> {
    let name = match level {
        IsolationLevel::Snapshot => "Snapshot Isolation",
        IsolationLevel::Serializable => "Serializable",
    };
    let table = "redshift_system.redshift_isolation";
    Ok(session.connection.execute_batch(&format!("DELETE FROM {table}; INSERT INTO {table} VALUES ('{name}')"))?)
}
