//! The open sessions and the locks, as the system views read them. Times are microseconds.

use std::sync::Arc;

use duckdb::Connection;
use duckdb::arrow::array::{ArrayRef, BooleanArray, Int64Array, StringArray};
use duckdb::core::LogicalTypeId;

use super::activity::Activity;
use super::backends::{Backend, BackendState};
use super::error::SqlError;
use super::locks::LockRecord;
use super::row_function::{Columns, RowFunction, RowSource};

/// Makes the functions known to an instance.
pub fn register(connection: &Connection, activity: &Arc<Activity>) -> Result<(), SqlError> {
    connection.register_scalar_function_with_state::<RowFunction<OpenBackends>>("redshift_backends", activity)?;
    Ok(connection.register_scalar_function_with_state::<RowFunction<TableLocks>>("redshift_locks", activity)?)
}

type Row = (Arc<Backend>, BackendState);

fn integers<T>(rows: &[&T], value: impl Fn(&T) -> Option<i64>) -> ArrayRef {
    Arc::new(rows.iter().map(|row| value(row)).collect::<Int64Array>())
}

fn texts<T>(rows: &[&T], value: impl Fn(&T) -> Option<String>) -> ArrayRef {
    Arc::new(rows.iter().map(|row| value(row)).collect::<StringArray>())
}

/// Sessions, with the statement that each runs and its transaction.
struct OpenBackends;

const BACKEND_COLUMNS: &Columns = &[
    ("session_id", LogicalTypeId::Bigint),
    ("user_name", LogicalTypeId::Varchar),
    ("started", LogicalTypeId::Bigint),
    ("query_id", LogicalTypeId::Bigint),
    ("query_started", LogicalTypeId::Bigint),
    ("query_text", LogicalTypeId::Varchar),
    ("xid", LogicalTypeId::Bigint),
    ("transaction_started", LogicalTypeId::Bigint),
];

impl RowSource for OpenBackends {
    type State = Activity;
    type Row = Row;
    const COLUMNS: &'static Columns = BACKEND_COLUMNS;

    fn rows(activity: &Activity) -> Vec<Row> {
        let open = activity.backends.all();
        open.into_iter().map(|backend| (backend.clone(), backend.state())).collect()
    }

    fn values(rows: &[&Row]) -> Vec<ArrayRef> {
        vec![
            integers(rows, |(backend, _)| Some(backend.pid().into())),
            texts(rows, |(backend, _)| Some(backend.user.clone())),
            integers(rows, |(backend, _)| Some(backend.started)),
            integers(rows, |(_, state)| state.statement.as_ref().map(|statement| statement.query)),
            integers(rows, |(_, state)| state.statement.as_ref().map(|statement| statement.started)),
            texts(rows, |(_, state)| state.statement.as_ref().map(|statement| statement.text.to_string())),
            integers(rows, |(_, state)| state.transaction.map(|transaction| transaction.xid)),
            integers(rows, |(_, state)| state.transaction.map(|transaction| transaction.started)),
        ]
    }
}

/// Locks on tables, those that are waited for among them.
struct TableLocks;

const LOCK_COLUMNS: &Columns = &[
    ("table_name", LogicalTypeId::Varchar),
    ("session_id", LogicalTypeId::Bigint),
    ("mode", LogicalTypeId::Varchar),
    ("granted", LogicalTypeId::Boolean),
];

impl RowSource for TableLocks {
    type State = Activity;
    type Row = (LockRecord, i64);
    const COLUMNS: &'static Columns = LOCK_COLUMNS;

    fn rows(activity: &Activity) -> Vec<Self::Row> {
        let open = activity.backends.all();
        let pid = |lock: &LockRecord| open.iter().find(|backend| backend.id == lock.owner).map(|backend| backend.pid());
        let locks = activity.locks.records().into_iter();
        locks.filter_map(|lock| pid(&lock).map(|pid| (lock, pid.into()))).collect()
    }

    fn values(rows: &[&Self::Row]) -> Vec<ArrayRef> {
        vec![
            texts(rows, |(lock, _)| Some(lock.table.clone())),
            integers(rows, |(_, pid)| Some(*pid)),
            texts(rows, |(lock, _)| Some(lock.mode.name().to_owned())),
            Arc::new(rows.iter().map(|(lock, _)| Some(lock.is_granted)).collect::<BooleanArray>()),
        ]
    }
}
