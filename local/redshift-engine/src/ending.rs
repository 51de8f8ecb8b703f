//! CANCEL, PG_CANCEL_BACKEND and PG_TERMINATE_BACKEND: one session ends what another one runs, or all of it.

use std::error::Error;
use std::sync::Arc;

use duckdb::Connection;
use duckdb::arrow::array::{Array, AsArray, Int32Array, RecordBatch};
use duckdb::arrow::datatypes::DataType;
use duckdb::vscalar::arrow::{ArrowFunctionSignature, VArrowScalar};

use super::activity::Activity;
use super::error::SqlError;
use super::session::Session;

/// CANCEL. `message` is what the other session is told (r_CANCEL).
///
/// # Errors
/// 42501 for a session of another user, XX000 where there is none of this process id.
pub fn cancel(session: &Session, pid: i32, message: Option<String>) -> Result<i64, SqlError> {
    let sql =
        "SELECT count(*) = 0 FROM redshift_system.redshift_users WHERE name = ? AND is_superuser IS DISTINCT FROM true";
    let is_superuser = session.connection.query_row(sql, [session.user()], |row| row.get(0))?;
    match session.system.activity().backends.find_for(pid, session.user(), is_superuser)? {
        Some(backend) => {
            backend.cancel(message);
            Ok(0)
        }
        None => {
            let message = format!(
                "Session {pid} does not exist. The session PID might have changed. Check the stl_restarted_sessions \
                 system table for details."
            );
            Err(SqlError::new("XX000", message))
        }
    }
}

/// (process id, the caller's, whether the caller is a superuser, `cancel` or `terminate`): 1 where there is such a session.
struct EndBackend;

impl VArrowScalar for EndBackend {
    type State = Arc<Activity>;

    fn invoke(activity: &Self::State, input: RecordBatch) -> Result<Arc<dyn Array>, Box<dyn Error>> {
        let columns: Vec<_> = input.columns().iter().map(|column| column.as_string::<i32>()).collect();
        let &[pids, callers, flags, whats] = columns.as_slice() else { return Err("four arguments are needed".into()) };
        let end = |row: usize| -> Result<Option<i32>, String> {
            let (Ok(pid), false) = (pids.value(row).parse(), pids.is_null(row)) else { return Ok(None) };
            let caller = callers.value(row).parse().ok().and_then(|caller| activity.backends.find(caller));
            let user = caller.as_ref().map_or("", |caller| &caller.user);
            let found = activity.backends.find_for(pid, user, flags.value(row) == "true");
            match found.map_err(|error| error.message)? {
                Some(backend) if whats.value(row) == "terminate" => backend.terminate(),
                Some(backend) => backend.cancel(None),
                None => return Ok(Some(0)),
            }
            Ok(Some(1))
        };
        Ok(Arc::new((0..input.num_rows()).map(end).collect::<Result<Int32Array, _>>()?))
    }

    fn signatures() -> Vec<ArrowFunctionSignature> {
        vec![ArrowFunctionSignature::exact(vec![DataType::Utf8; 4], DataType::Int32)]
    }

    fn volatile() -> bool {
        true
    }
}

/// Makes the function known to an instance.
pub fn register(connection: &Connection, activity: &Arc<Activity>) -> Result<(), SqlError> {
    Ok(connection.register_scalar_function_with_state::<EndBackend>("redshift_end_backend", activity)?)
}
