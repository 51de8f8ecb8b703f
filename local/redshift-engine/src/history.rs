//! The history of the statements that ran, for SYS_QUERY_HISTORY, STL_QUERY and SVL_QLOG. The latest ones are in memory,
//! as `super::activity` shows them; what a view has shown is written into a table, too, and is there after a restart.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use duckdb::types::{TimeUnit, Value};
use duckdb::{Connection, params};

use crate::clock::now_millis;
use crate::sync::locked;

/// Statements that are in memory.
const MOST_QUERIES: usize = 10_000;

/// How long the history is kept: seven days, as in Redshift (cm_chap_system-tables).
const HISTORY_MILLIS: i64 = 7 * 24 * 60 * 60 * 1000;

/// One statement, as SYS_QUERY_HISTORY shows it. Times are microseconds.
#[derive(Debug)]
pub struct QueryRecord {
    pub id: i64,
    /// The process of the session.
    pub session: i32,
    pub user: String,
    pub kind: &'static str,
    pub started: i64,
    pub elapsed: i64,
    pub rows: i64,
    pub error: Option<String>,
    pub text: Box<str>,
}

/// The latest statements.
#[derive(Debug, Default)]
pub struct QueryLog {
    kept: Mutex<KeptQueries>,
    /// True if a view has shown them since they were written last.
    are_shown: AtomicBool,
}

#[derive(Debug, Default)]
struct KeptQueries {
    records: VecDeque<Arc<QueryRecord>>,
    /// How many of them, from the first on, are in the table as well.
    written: usize,
}

impl QueryLog {
    /// Notes a statement; answers whether it is time to write what is not written yet.
    pub fn note(&self, record: QueryRecord) -> bool {
        let mut kept = locked(&self.kept);
        kept.records.push_back(Arc::new(record));
        kept.records.len() > MOST_QUERIES || self.are_shown.swap(false, Ordering::Relaxed)
    }

    /// All of them, for a view.
    pub fn shown(&self) -> Vec<Arc<QueryRecord>> {
        self.are_shown.store(true, Ordering::Relaxed);
        locked(&self.kept).records.iter().cloned().collect()
    }

    pub fn unwritten(&self) -> Vec<Arc<QueryRecord>> {
        let kept = locked(&self.kept);
        kept.records.range(kept.written..).cloned().collect()
    }

    /// Takes notice that so many more were written, and makes room. Those that cannot be written must go as well.
    pub fn settle(&self, written: usize) {
        let mut kept = locked(&self.kept);
        kept.written += written;
        if kept.records.len() > MOST_QUERIES {
            let gone = kept.records.len() - MOST_QUERIES / 2;
            kept.records.drain(..gone);
            kept.written = kept.written.saturating_sub(gone);
        }
    }

    pub fn clear(&self) {
        *locked(&self.kept) = KeptQueries::default();
    }
}

/// Writes statements into the table of the history, and forgets what is too old.
pub fn write(connection: &Connection, queries: &[Arc<QueryRecord>]) -> duckdb::Result<()> {
    // As one: each transaction would wait for the disk.
    let transaction = connection.unchecked_transaction()?;
    let mut appender = transaction.appender_to_db("redshift_queries", "redshift_system")?;
    for query in queries {
        let status = if query.error.is_some() { "failed" } else { "success" };
        appender.append_row(params![
            query.id,
            query.user,
            query.kind,
            status,
            Value::Timestamp(TimeUnit::Microsecond, query.started),
            Value::Timestamp(TimeUnit::Microsecond, query.started + query.elapsed),
            query.elapsed,
            query.rows,
            query.error,
            &*query.text,
            query.session
        ])?;
    }
    appender.flush()?;
    drop(appender);
    let forgotten = (now_millis() - HISTORY_MILLIS) * 1000;
    let sql = "DELETE FROM redshift_system.redshift_queries WHERE start_time < make_timestamp(?)";
    transaction.execute(sql, [forgotten])?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::copy::Access;
    use super::super::{DirectoryStorage, Engine, MemoryLimit, Place, Slices};
    use super::*;

    fn record(id: i64) -> QueryRecord {
        let (user, text) = ("ann".to_owned(), format!("select {id}").into());
        QueryRecord { id, session: 1, user, kind: "SELECT", started: 0, elapsed: 1, rows: 1, error: None, text }
    }

    #[test]
    fn the_log_keeps_the_latest_and_writes_each_once() {
        let log = QueryLog::default();
        assert!(!log.note(record(0)), "nobody has looked");
        assert_eq!(log.shown().len(), 1);
        assert!(log.note(record(1)), "it was shown");
        let ids = |records: Vec<Arc<QueryRecord>>| records.iter().map(|record| record.id).collect::<Vec<_>>();
        assert_eq!(ids(log.unwritten()), [0, 1]);
        log.settle(2);
        assert_eq!((ids(log.unwritten()), ids(log.shown())), (vec![], vec![0, 1]));
        let due = (2..=MOST_QUERIES as i64).filter(|id| log.note(record(*id))).count();
        assert_eq!(due, 2, "it was shown again, and there is one too many");
        assert_eq!(log.unwritten().len(), MOST_QUERIES - 1);
        log.settle(MOST_QUERIES - 1);
        assert_eq!(log.shown().len(), MOST_QUERIES / 2);
        assert!(log.unwritten().is_empty());
    }

    fn access(directory: &Path) -> Access {
        Access::new(Place::new("dwh", "dwh", "ann"), Arc::new(DirectoryStorage::new(directory)))
    }

    #[test]
    fn what_reads_the_history_in_any_way_sees_it_as_it_is() {
        let directory = tempfile::tempdir().expect("directory");
        let open = || {
            let slices = Slices { nodes: 1, per_node: 1 };
            Engine::open(directory.path(), "dwh", slices, MemoryLimit::default()).expect("engine")
        };
        let access = access(directory.path());
        let engine = open();
        let mut session = engine.session("ann").expect("session");
        let mut run = |sql: &str| {
            let outcome =
                session.run(sql, &access, engine.next_query()).unwrap_or_else(|error| panic!("{sql}: {error}"));
            outcome.rows.map_or(Vec::new(), |set| set.rows)
        };
        let text = |text: &str| vec![vec![super::super::Value::Text(text.to_owned())]];
        run("create view of_late as select query_text from sys_query_history where query_text like '%marked%'");
        run("prepare asks as select query_text from of_late where query_text like 'select%'");
        run("select 'marked'");
        // Neither names a system view, and the transaction is older than what it shows.
        run("begin");
        assert_eq!(run("execute asks"), text("select 'marked'"));
        run("select 'marked', 2");
        assert_eq!(run("execute asks").len(), 2);
        run("commit");
        drop(session);
        drop(engine);
        let again = open();
        let mut session = again.session("ann").expect("session");
        let sql = "select count(*) from of_late where query_text like 'select%'";
        let outcome = session.run(sql, &access, again.next_query()).expect("history");
        assert_eq!(outcome.rows.expect("rows").rows, [[super::super::Value::Long(2)]]);
    }
}
