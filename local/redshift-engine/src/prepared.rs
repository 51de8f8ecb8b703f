//! The statements that a session has prepared, for EXECUTE.

use std::collections::HashMap;

use super::error::SqlError;
use redshift_sql::Prepared;

#[derive(Default)]
pub struct PreparedStatements(HashMap<String, Prepared>);

impl PreparedStatements {
    /// # Errors
    /// 42P05 where a statement of this name is prepared.
    pub fn insert(&mut self, name: String, statement: Prepared) -> Result<i64, SqlError> {
        if self.0.contains_key(&name) {
            return Err(SqlError::new("42P05", format!("prepared statement \"{name}\" already exists")));
        }
        self.0.insert(name, statement);
        Ok(0)
    }

    pub fn get(&self, name: &str) -> Option<&Prepared> {
        self.0.get(name)
    }

    /// DEALLOCATE of one statement, or of all. One that is not there is no error.
    pub fn remove(&mut self, name: Option<&str>) -> Result<i64, SqlError> {
        self.0.retain(|known, _| name.is_some_and(|name| name != known));
        Ok(0)
    }
}
