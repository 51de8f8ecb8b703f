//! What cannot be done with external tables, and in external schemas.

use crate::error::SqlError;
use crate::session::Session;
use redshift_sql::external::relation::{ROWS, of_rows_table};
use redshift_sql::{Alter, Change, Command, Name};

impl Session {
    /// Refuses statements that would change, or create, a relation in an external schema.
    ///
    /// # Errors
    /// 0A000
    pub(crate) fn refuse_external(&self, command: &Command) -> Result<(), SqlError> {
        let new = match command {
            Command::CreateTable(create) => Some(&create.name.table),
            Command::Alter(alter) => renamed(alter),
            _ => None,
        };
        if new.is_some_and(|name| of_rows_table(name).is_some()) {
            return Err(SqlError::unsupported(&format!("a table whose name begins with {ROWS}")));
        }
        let what = match command {
            Command::Drop(_) | Command::External(_) => return Ok(()),
            Command::Copy(_) => "COPY into",
            Command::Truncate { .. } => "TRUNCATE of",
            Command::Alter(_) => "this ALTER TABLE of",
            Command::Comment(_) => "COMMENT ON",
            Command::Lock(_) => "LOCK of",
            Command::Write(_) | Command::Change { .. } | Command::Changes { .. } => "a change of",
            _ => "",
        };
        for (Name { schema, table }, _) in command.targets() {
            let Some(schema) = schema else { continue };
            if !self.external_names()?.schemas.contains(&schema) {
                continue;
            }
            let name = Name { schema: Some(schema.clone()), table };
            if self.is_external(&name)? && !what.is_empty() {
                return Err(SqlError::unsupported(&format!("{what} an external table")));
            }
            // r_CREATE_EXTERNAL_SCHEMA: local tables cannot be created there.
            let message = format!("schema \"{schema}\" is external: it holds external tables only");
            return Err(SqlError::new("0A000", message));
        }
        Ok(())
    }
}

fn renamed(alter: &Alter) -> Option<&String> {
    match &alter.change {
        Change::RenameTable(to) => Some(to),
        _ => None,
    }
}
