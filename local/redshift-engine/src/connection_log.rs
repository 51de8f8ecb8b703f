//! The sessions that a database has and had since the program was started, for STL_CONNECTION_LOG and STL_SESSIONS.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI32, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use duckdb::arrow::array::{ArrayRef, Int64Array, StringArray};
use duckdb::core::LogicalTypeId;

use super::row_function::{Columns, RowSource};
use crate::clock::now_millis;
use crate::sync::locked;

/// Sessions that are remembered.
const MOST_CONNECTIONS: usize = 10_000;

/// The latest sessions.
#[derive(Debug, Default)]
pub struct ConnectionLog(Mutex<VecDeque<Arc<ConnectionRecord>>>);

/// A session. Times are microseconds.
#[derive(Debug)]
pub struct ConnectionRecord {
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
}

/// Times are microseconds; a session that is open has no end.
const COLUMNS: &Columns = &[
    ("session_id", LogicalTypeId::Bigint),
    ("user_name", LogicalTypeId::Varchar),
    ("started", LogicalTypeId::Bigint),
    ("ended", LogicalTypeId::Bigint),
];

impl RowSource for ConnectionLog {
    type State = Self;
    type Row = Arc<ConnectionRecord>;
    const COLUMNS: &'static Columns = COLUMNS;

    fn rows(log: &Self) -> Vec<Self::Row> {
        locked(&log.0).iter().cloned().collect()
    }

    fn values(records: &[&Self::Row]) -> Vec<ArrayRef> {
        let ended = |record: &&Self::Row| Some(record.ended.load(Ordering::Relaxed)).filter(|ended| *ended > 0);
        let pids = records.iter().map(|record| i64::from(record.pid.load(Ordering::Relaxed)));
        vec![
            Arc::new(Int64Array::from_iter_values(pids)),
            Arc::new(records.iter().map(|record| Some(record.user.as_str())).collect::<StringArray>()),
            Arc::new(Int64Array::from_iter_values(records.iter().map(|record| record.started))),
            Arc::new(records.iter().map(ended).collect::<Int64Array>()),
        ]
    }
}
