//! The memory that statements may use together. DuckDB spills to disk at its share; what it does not count, such as
//! texts and lists that grow within one function, is watched from outside, by what the process holds.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Once, PoisonError};
use std::time::{Duration, Instant};

use sysinfo::{MemoryRefreshKind, ProcessRefreshKind, ProcessesToUpdate, System};

use super::cancel::Cancel;
use super::error::SqlError;
use crate::sync::locked;

/// Bytes that all statements of a process may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryLimit(u64);

/// The least that a database works with.
const LEAST_BYTES: u64 = 256 << 20;
/// Between two looks at what the process holds.
const LOOK: Duration = Duration::from_millis(50);
/// What a statement takes that is not worth ending: it is over before memory is looked at again.
const SHORT: Duration = Duration::from_millis(100);
/// How long the memory of a statement that was ended takes to come back.
const RELEASE: Duration = Duration::from_millis(500);

impl Default for MemoryLimit {
    /// Half of what the machine has, or the control group that the process is in.
    fn default() -> Self {
        let mut system = System::new();
        system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
        let group = system.cgroup_limits().map_or(u64::MAX, |limits| limits.total_memory);
        Self::new(system.total_memory().min(group) / 2)
    }
}

impl MemoryLimit {
    /// At least what one database works with.
    pub fn new(bytes: u64) -> Self {
        Self(bytes.max(LEAST_BYTES))
    }

    /// What DuckDB may use of it in each of so many databases before it spills: the rest is for what it does not count.
    pub fn for_each_of(self, databases: usize) -> u64 {
        let databases = u64::try_from(databases.max(1)).unwrap_or(u64::MAX);
        (self.0 / 4 * 3 / databases).max(LEAST_BYTES / 4 * 3)
    }

    /// That a statement needs more.
    pub fn exceeded(self) -> SqlError {
        let megabytes = self.0 >> 20;
        let message = format!(
            "Out of memory: the statement needs more than the {megabytes} MB that the local Redshift may use; \
             `memory` under [local] in infra.toml sets them"
        );
        SqlError::new("53200", message)
    }
}

/// A statement that is under way.
struct Statement {
    cancel: Cancel,
    limit: MemoryLimit,
    begun: Instant,
    /// Whether it was ended for the memory that it used.
    is_ended: AtomicBool,
}

/// Those that are under way, the oldest first.
static STATEMENTS: Mutex<Vec<Arc<Statement>>> = Mutex::new(Vec::new());
static BEGUN: Condvar = Condvar::new();

/// A statement is watched for as long as this is kept.
pub struct Watched(Arc<Statement>);

impl Watched {
    pub fn is_ended(&self) -> bool {
        self.0.is_ended.load(Ordering::SeqCst)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        locked(&STATEMENTS).retain(|statement| !Arc::ptr_eq(statement, &self.0));
    }
}

/// Ends the statement that `cancel` cancels where memory goes beyond the limit while it runs.
pub fn watch(cancel: Cancel, limit: MemoryLimit) -> Watched {
    static WATCHER: Once = Once::new();
    WATCHER.call_once(|| {
        let started = std::thread::Builder::new().name("memory".into()).spawn(look_forever);
        if let Err(error) = started {
            tracing::warn!(%error, "memory is not watched");
        }
    });
    let statement = Arc::new(Statement { cancel, limit, begun: Instant::now(), is_ended: AtomicBool::new(false) });
    locked(&STATEMENTS).push(statement.clone());
    BEGUN.notify_one();
    Watched(statement)
}

fn look_forever() {
    let mut system = System::new();
    let mut last_ended = Instant::now();
    let mut statements = locked(&STATEMENTS);
    loop {
        statements = wait(statements, |statements| statements.is_empty());
        drop(statements);
        std::thread::sleep(LOOK);
        let held = resident(&mut system);
        statements = locked(&STATEMENTS);
        // An interrupt that comes between two of DuckDB's steps is lost: it is repeated.
        statements.iter().filter(|one| one.is_ended.load(Ordering::SeqCst)).for_each(|one| one.cancel.cancel());
        let is_too_much = |one: &&Arc<Statement>| held > one.limit.0 && one.begun.elapsed() > SHORT;
        let newest = statements.iter().rev().filter(|one| !one.is_ended.load(Ordering::SeqCst)).find(is_too_much);
        if let Some(statement) = newest.filter(|_| last_ended.elapsed() > RELEASE) {
            tracing::warn!(megabytes = held >> 20, "a statement is ended for the memory that it uses");
            statement.is_ended.store(true, Ordering::SeqCst);
            statement.cancel.cancel();
            last_ended = Instant::now();
        }
    }
}

type Statements<'s> = MutexGuard<'s, Vec<Arc<Statement>>>;

fn wait<'s>(statements: Statements<'s>, is_idle: impl Fn(&[Arc<Statement>]) -> bool) -> Statements<'s> {
    let waited = BEGUN.wait_while(statements, |statements| is_idle(statements));
    waited.unwrap_or_else(PoisonError::into_inner)
}

/// Bytes that the process holds in memory; 0 where the system does not say.
fn resident(system: &mut System) -> u64 {
    let Ok(process) = sysinfo::get_current_pid() else { return 0 };
    let kind = ProcessRefreshKind::nothing().with_memory();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[process]), false, kind);
    system.process(process).map_or(0, sysinfo::Process::memory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn databases_share_the_limit() {
        let limit = MemoryLimit::new(8 << 30);
        assert_eq!(limit.for_each_of(1), 6 << 30);
        assert_eq!(limit.for_each_of(3), 2 << 30);
        assert_eq!(MemoryLimit::new(0), MemoryLimit::new(LEAST_BYTES));
        assert!(MemoryLimit::default().0 >= LEAST_BYTES);
    }

    #[test]
    fn the_process_knows_what_it_holds() {
        assert!(resident(&mut System::new()) > 1 << 20);
    }
}
