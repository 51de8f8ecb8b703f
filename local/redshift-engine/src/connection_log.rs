//! The sessions that a database has and had since the program was started, for STL_CONNECTION_LOG and STL_SESSIONS.

use std::collections::VecDeque;
use std::error::Error;
use std::iter::repeat_n;
use std::sync::atomic::{AtomicI32, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use duckdb::arrow::array::{ArrayRef, Int64Array, StringArray};
use duckdb::core::{DataChunkHandle, LogicalTypeId};
use duckdb::vscalar::{ScalarFunctionSignature, VScalar};
use duckdb::vtab::arrow::WritableVector;

use super::activity::{Activity, Columns, answer, signature};
use crate::clock::now_millis;
use crate::sync::locked;

/// Sessions that are remembered.
const MOST_CONNECTIONS: usize = 10_000;

/// The latest sessions.
#[derive(Debug, Default)]
pub struct ConnectionLog(Mutex<VecDeque<Arc<ConnectionRecord>>>);

/// A session. Times are microseconds.
#[derive(Debug)]
struct ConnectionRecord {
    user: String,
    pid: AtomicI32,
    started: i64,
    /// 0 while it is open.
    ended: AtomicI64,
}

/// The session counts as open for as long as this is kept.
#[derive(Debug)]
pub struct Connected(Arc<ConnectionRecord>);

impl Connected {
    /// The client was given another process id.
    pub fn set_pid(&self, pid: i32) {
        self.0.pid.store(pid, Ordering::Relaxed);
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.ended.store(now_millis() * 1000, Ordering::Relaxed);
    }
}

impl ConnectionLog {
    /// A session begins.
    pub fn connect(&self, user: &str, pid: i32) -> Connected {
        let (user, pid) = (user.to_owned(), AtomicI32::new(pid));
        let record =
            Arc::new(ConnectionRecord { user, pid, started: now_millis() * 1000, ended: AtomicI64::default() });
        let mut records = locked(&self.0);
        if records.len() == MOST_CONNECTIONS {
            records.pop_front();
        }
        records.push_back(record.clone());
        Connected(record)
    }

    pub fn clear(&self) {
        locked(&self.0).clear();
    }

    fn all(&self) -> Vec<Arc<ConnectionRecord>> {
        locked(&self.0).iter().cloned().collect()
    }
}

/// The function that answers them. Times are microseconds; one that is open has no end.
pub struct Connections;

const COLUMNS: &Columns = &[
    ("session_id", LogicalTypeId::Bigint),
    ("user_name", LogicalTypeId::Varchar),
    ("started", LogicalTypeId::Bigint),
    ("ended", LogicalTypeId::Bigint),
];

impl VScalar for Connections {
    type State = Arc<Activity>;

    fn invoke(
        activity: &Self::State,
        input: &mut DataChunkHandle,
        output: &mut dyn WritableVector,
    ) -> Result<(), Box<dyn Error>> {
        let all = activity.connections.all();
        let records: Vec<&ConnectionRecord> = repeat_n(&all, input.len()).flatten().map(|record| &**record).collect();
        answer(COLUMNS, values(&records), input.len(), all.len(), output)
    }

    fn signatures() -> Vec<ScalarFunctionSignature> {
        signature(COLUMNS)
    }

    fn volatile() -> bool {
        true
    }
}

fn values(records: &[&ConnectionRecord]) -> Vec<ArrayRef> {
    let ended = |record: &&ConnectionRecord| Some(record.ended.load(Ordering::Relaxed)).filter(|ended| *ended > 0);
    vec![
        Arc::new(Int64Array::from_iter_values(
            records.iter().map(|record| i64::from(record.pid.load(Ordering::Relaxed))),
        )),
        Arc::new(records.iter().map(|record| Some(record.user.as_str())).collect::<StringArray>()),
        Arc::new(Int64Array::from_iter_values(records.iter().map(|record| record.started))),
        Arc::new(records.iter().map(ended).collect::<Int64Array>()),
    ]
}
