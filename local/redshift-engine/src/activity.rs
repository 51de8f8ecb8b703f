//! What the system views show that lies in no table: the latest statements, and the COPYs that run. DuckDB reads it
//! through functions, whose answers are as they are when they are called: in whichever view, subquery or prepared
//! statement that is, and whatever transaction it stands in.

use std::error::Error;
use std::iter::repeat_n;
use std::sync::{Arc, Mutex};

use duckdb::Connection;
use duckdb::arrow::array::{Array, ArrayRef, Int64Array, ListArray, StringArray, StructArray};
use duckdb::arrow::buffer::OffsetBuffer;
use duckdb::arrow::datatypes::{Field, Fields};
use duckdb::core::{DataChunkHandle, LogicalTypeHandle, LogicalTypeId};
use duckdb::vscalar::{ScalarFunctionSignature, VScalar};
use duckdb::vtab::arrow::{WritableVector, write_arrow_array_to_vector};

use super::connection_log::{ConnectionLog, Connections};
use super::copy::{Progress, Seen};
use super::error::SqlError;
use super::history::{QueryLog, QueryRecord};
use super::result::counted;
use crate::clock::now_millis;
use crate::sync::locked;

/// What an instance of DuckDB is doing. There is one database in it.
#[derive(Debug, Default)]
pub struct Activity {
    pub queries: QueryLog,
    pub connections: ConnectionLog,
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
        locked(&self.copying).clear();
    }
}

/// Makes the functions known to an instance.
pub fn register(connection: &Connection, activity: &Arc<Activity>) -> Result<(), SqlError> {
    connection.register_scalar_function_with_state::<Connections>("redshift_connections", activity)?;
    connection.register_scalar_function_with_state::<LatestQueries>("redshift_latest_queries", activity)?;
    Ok(connection.register_scalar_function_with_state::<RunningCopies>("redshift_running_copies", activity)?)
}

/// The columns of the rows that a function answers.
pub type Columns = [(&'static str, LogicalTypeId)];

/// A function without arguments that answers a list of rows, which `unnest` makes a table of: a function that answers a
/// table is given no state that safe code could read.
pub fn signature(columns: &Columns) -> Vec<ScalarFunctionSignature> {
    let fields: Vec<_> = columns.iter().map(|(name, kind)| (*name, LogicalTypeHandle::from(*kind))).collect();
    let rows = LogicalTypeHandle::list(&LogicalTypeHandle::struct_type(&fields));
    vec![ScalarFunctionSignature::exact(Vec::new(), rows)]
}

/// Writes so many lists of as many rows each.
pub fn answer(
    columns: &Columns,
    values: Vec<ArrayRef>,
    lists: usize,
    rows: usize,
    output: &mut dyn WritableVector,
) -> Result<(), Box<dyn Error>> {
    let fields: Fields = columns
        .iter()
        .zip(&values)
        .map(|((name, _), values)| Field::new(*name, values.data_type().clone(), true))
        .collect();
    let values = StructArray::try_new(fields, values, None)?;
    let item = Arc::new(Field::new("item", values.data_type().clone(), true));
    let offsets = OffsetBuffer::from_lengths(repeat_n(rows, lists));
    let list: ArrayRef = Arc::new(ListArray::try_new(item, offsets, Arc::new(values), None)?);
    write_arrow_array_to_vector(&list, output)
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

impl VScalar for LatestQueries {
    type State = Arc<Activity>;

    fn invoke(
        activity: &Self::State,
        input: &mut DataChunkHandle,
        output: &mut dyn WritableVector,
    ) -> Result<(), Box<dyn Error>> {
        let shown = activity.queries.shown();
        let records: Vec<&QueryRecord> = repeat_n(&shown, input.len()).flatten().map(|record| &**record).collect();
        answer(QUERY_COLUMNS, query_values(&records), input.len(), shown.len(), output)
    }

    fn signatures() -> Vec<ScalarFunctionSignature> {
        signature(QUERY_COLUMNS)
    }

    fn volatile() -> bool {
        true
    }
}

/// The columns of `QUERY_COLUMNS`.
fn query_values(records: &[&QueryRecord]) -> Vec<ArrayRef> {
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

impl VScalar for RunningCopies {
    type State = Arc<Activity>;

    fn invoke(
        activity: &Self::State,
        input: &mut DataChunkHandle,
        output: &mut dyn WritableVector,
    ) -> Result<(), Box<dyn Error>> {
        let running = locked(&activity.copying).clone();
        let copies: Vec<(&Progress, Seen)> =
            repeat_n(&running, input.len()).flatten().map(|progress| (&**progress, progress.seen())).collect();
        answer(COPY_COLUMNS, copy_values(&copies), input.len(), running.len(), output)
    }

    fn signatures() -> Vec<ScalarFunctionSignature> {
        signature(COPY_COLUMNS)
    }

    fn volatile() -> bool {
        true
    }
}

/// The columns of `COPY_COLUMNS`.
fn copy_values(copies: &[(&Progress, Seen)]) -> Vec<ArrayRef> {
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
