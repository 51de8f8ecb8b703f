//! COPY and UNLOAD as statements of a session, with what they report beside their answer.

use super::access::Access;
use crate::clock::now_millis;
use crate::error::SqlError;
use crate::result::counted;
use crate::session::Session;
use crate::unload_log::UnloadRecord;
use redshift_sql::{CopyCommand, UnloadCommand};

/// Loads all rows or none; answers how many.
pub fn copy(session: &mut Session, command: &CopyCommand, access: &Access, query: i64) -> Result<i64, SqlError> {
    session.all_or_nothing(|session| {
        let copied = super::run::run(session, command, access, query)?;
        session.remember("redshift_copied", copied.rows)?;
        session.remember("redshift_copy", query)?;
        session.copied = Some(copied.progress);
        session.inform(format!(
            "Load into table '{}' completed, {} record(s) loaded successfully.",
            command.table, copied.rows
        ));
        if copied.replaced > 0 {
            session.inform(format!(
                "Load into table '{}' completed, {} record(s) were loaded with replacements made for ACCEPTINVCHARS. \
                 Check 'stl_replacements' system table for details.",
                command.table, copied.replaced
            ));
        }
        Ok(counted(copied.rows))
    })
}

/// Writes the rows of a query to S3; answers how many.
pub fn unload(session: &mut Session, command: &UnloadCommand, access: &Access, query: i64) -> Result<i64, SqlError> {
    let (started, mut files) = (now_millis(), Vec::new());
    let unloaded = super::unload::unload(session, command, access, &mut files);
    let outcome = unloaded.as_ref().map(|rows| counted(*rows)).map_err(|error| error.message.clone());
    let session_id = session.pid();
    let record = UnloadRecord { query, session: session_id, started, command, outcome, files };
    let recorded = session.system.record_unload(&record);
    let rows = unloaded?;
    recorded?;
    session.remember("redshift_unloaded", rows)?;
    session.remember("redshift_unload", query)?;
    session.inform(format!("UNLOAD completed, {rows} record(s) unloaded successfully."));
    Ok(counted(rows))
}
