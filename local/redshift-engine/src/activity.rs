//! What the system views show that lies in no table: the latest statements, and the COPYs that run. DuckDB reads it
//! through functions, whose answers are as they are when they are called: in whichever view, subquery or prepared
//! statement that is, and whatever transaction it stands in.

use std::sync::{Arc, Mutex};

use duckdb::Connection;
use duckdb::arrow::array::{ArrayRef, Int64Array, StringArray};
use duckdb::core::LogicalTypeId;

use super::backends::Backends;
use super::connection_log::ConnectionLog;
use super::copy::{Progress, Seen};
use super::database_list::DatabaseList;
use super::error::SqlError;
use super::history::{QueryLog, QueryRecord};
use super::locks::Locks;
use super::result::counted;
use super::row_function::{Columns, RowFunction, RowSource};
use super::serializable::Serializable;
use super::{backend_rows, ending};
use crate::clock::now_millis;
use crate::sync::locked;

/// What an instance of DuckDB is doing. There is one database in it.
#[derive(Debug, Default)]
pub struct Activity {
    pub queries: QueryLog,
    pub connections: Arc<ConnectionLog>,
    pub databases: Arc<DatabaseList>,
    pub backends: Backends,
    pub locks: Locks,
    pub serializable: Serializable,
    copying: Mutex<Vec<Arc<Progress>>>,
}

/// A COPY counts as running for as long as this is kept.
pub struct Copying {
    activity: Arc<Activity>,
    progress: Arc<Progress>,
}

impl Drop for Copying {
    fn drop(&mut self) {
        locked(&self.activity.copying).retain(|progress| !Arc::ptr_eq(progress, &self.progress));
    }
}

impl Activity {
    /// A COPY begins.
    pub fn copying(self: &Arc<Self>, progress: &Arc<Progress>) -> Copying {
        locked(&self.copying).push(progress.clone());
        Copying { activity: self.clone(), progress: progress.clone() }
    }

    /// Forgets a database whose instance is to serve another one.
    pub fn clear(&self) {
        self.queries.clear();
        self.connections.clear();
        self.backends.clear();
        self.locks.clear();
        locked(&self.copying).clear();
    }
}

/// Makes the functions known to an instance.
pub fn register(connection: &Connection, activity: &Arc<Activity>) -> Result<(), SqlError> {
    let rows = "redshift_connections";
    connection.register_scalar_function_with_state::<RowFunction<ConnectionLog>>(rows, &activity.connections)?;
    let rows = "redshift_databases";
    connection.register_scalar_function_with_state::<RowFunction<DatabaseList>>(rows, &activity.databases)?;
    backend_rows::register(connection, activity)?;
    ending::register(connection, activity)?;
    let rows = "redshift_latest_queries";
    connection.register_scalar_function_with_state::<RowFunction<LatestQueries>>(rows, activity)?;
    let rows = "redshift_running_copies";
    Ok(connection.register_scalar_function_with_state::<RowFunction<RunningCopies>>(rows, activity)?)
}

/// Statements that have ended. Times are microseconds.
struct LatestQueries;

const QUERY_COLUMNS: &Columns = &[
    ("query_id", LogicalTypeId::Bigint),
    ("user_name", LogicalTypeId::Varchar),
    ("query_type", LogicalTypeId::Varchar),
    ("started", LogicalTypeId::Bigint),
    ("elapsed", LogicalTypeId::Bigint),
    ("returned_rows", LogicalTypeId::Bigint),
    ("error_message", LogicalTypeId::Varchar),
    ("query_text", LogicalTypeId::Varchar),
    ("session_id", LogicalTypeId::Bigint),
];

impl RowSource for LatestQueries {
    type State = Activity;
    type Row = Arc<QueryRecord>;
    const COLUMNS: &'static Columns = QUERY_COLUMNS;

    fn rows(activity: &Activity) -> Vec<Self::Row> {
        activity.queries.shown()
    }

    fn values(records: &[&Self::Row]) -> Vec<ArrayRef> {
        query_values(records)
    }
}

/// The columns of `QUERY_COLUMNS`.
fn query_values(records: &[&Arc<QueryRecord>]) -> Vec<ArrayRef> {
    let integers = |value: fn(&QueryRecord) -> i64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(records.iter().map(|record| value(record))))
    };
    let texts = |value: fn(&QueryRecord) -> Option<&str>| -> ArrayRef {
        Arc::new(records.iter().map(|record| value(record)).collect::<StringArray>())
    };
    vec![
        integers(|query| query.id),
        texts(|query| Some(query.user.as_str())),
        texts(|query| Some(query.kind)),
        integers(|query| query.started),
        integers(|query| query.elapsed),
        integers(|query| query.rows),
        texts(|query| query.error.as_deref()),
        texts(|query| Some(&*query.text)),
        integers(|query| query.session.into()),
    ]
}

/// COPYs, as far as they are. Times are microseconds.
struct RunningCopies;

const COPY_COLUMNS: &Columns = &[
    ("query_id", LogicalTypeId::Bigint),
    ("table_name", LogicalTypeId::Varchar),
    ("started", LogicalTypeId::Bigint),
    ("elapsed", LogicalTypeId::Bigint),
    ("data_source", LogicalTypeId::Varchar),
    ("file_format", LogicalTypeId::Varchar),
    ("loaded_rows", LogicalTypeId::Bigint),
    ("loaded_bytes", LogicalTypeId::Bigint),
    ("source_file_count", LogicalTypeId::Bigint),
    ("source_file_bytes", LogicalTypeId::Bigint),
    ("file_count_scanned", LogicalTypeId::Bigint),
    ("file_bytes_scanned", LogicalTypeId::Bigint),
    ("session_id", LogicalTypeId::Bigint),
];

impl RowSource for RunningCopies {
    type State = Activity;
    type Row = (Arc<Progress>, Seen);
    const COLUMNS: &'static Columns = COPY_COLUMNS;

    fn rows(activity: &Activity) -> Vec<Self::Row> {
        let running = locked(&activity.copying).clone();
        running.into_iter().map(|progress| (progress.clone(), progress.seen())).collect()
    }

    fn values(copies: &[&Self::Row]) -> Vec<ArrayRef> {
        copy_values(copies)
    }
}

/// The columns of `COPY_COLUMNS`.
fn copy_values(copies: &[&(Arc<Progress>, Seen)]) -> Vec<ArrayRef> {
    let now = now_millis();
    let integers = |value: &dyn Fn(&Progress, &Seen) -> i64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(copies.iter().map(|(progress, seen)| value(progress, seen))))
    };
    let texts = |value: fn(&Progress) -> &str| -> ArrayRef {
        Arc::new(copies.iter().map(|(progress, _)| Some(value(progress))).collect::<StringArray>())
    };
    vec![
        integers(&|progress, _| progress.query),
        texts(|progress| &progress.table),
        integers(&|progress, _| progress.started * 1000),
        integers(&|progress, _| (now - progress.started) * 1000),
        texts(|progress| &progress.source),
        texts(|progress| progress.format),
        integers(&|_, seen| counted(seen.rows)),
        integers(&|_, seen| counted(seen.read)),
        integers(&|_, seen| counted(seen.files)),
        integers(&|_, seen| counted(seen.bytes)),
        integers(&|_, seen| counted(seen.files_scanned)),
        integers(&|_, seen| counted(seen.bytes_scanned)),
        integers(&|progress, _| progress.session.into()),
    ]
}
