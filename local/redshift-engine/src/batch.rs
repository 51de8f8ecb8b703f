//! Several statements of DuckDB's that belong together.

use super::error::SqlError;
use super::session::Session;

/// Runs statements of DuckDB's, one after the other.
pub fn run(session: &Session, statements: &[String]) -> Result<(), SqlError> {
    Ok(statements.iter().try_for_each(|sql| session.connection.execute_batch(sql))?)
}
