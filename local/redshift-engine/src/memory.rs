//! The memory that statements may use together. DuckDB spills to disk at its share; what it does not count, such as
//! texts and lists that grow within one function, is watched from outside, by what the process holds.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sysinfo::{MemoryRefreshKind, ProcessRefreshKind, ProcessesToUpdate, System};

use super::cancel::Cancel;
use super::error::SqlError;
use crate::sync::locked;

/// Bytes that all statements of a server may use.
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
    begun: Instant,
    /// True if it was ended for the memory that it used.
    is_ended: AtomicBool,
}

impl Statement {
    fn is_ended(&self) -> bool {
        self.is_ended.load(Ordering::SeqCst)
    }
}

/// The statements of a server that are under way.
#[derive(Default)]
struct UnderWay {
    /// The oldest first.
    statements: Vec<Arc<Statement>>,
    /// True if a thread looks after them.
    is_watched: bool,
    last_ended: Option<Instant>,
}

/// The memory of a server's statements: its limit, and who uses it.
#[derive(Clone)]
pub struct Memory {
    pub limit: MemoryLimit,
    under_way: Arc<Mutex<UnderWay>>,
}

impl From<MemoryLimit> for Memory {
    fn from(limit: MemoryLimit) -> Self {
        Self { limit, under_way: Arc::default() }
    }
}

impl Memory {
    /// Ends the statement that `cancel` cancels where memory goes beyond the limit while it runs.
    pub fn watch(&self, cancel: Cancel) -> Watched {
        let statement = Arc::new(Statement { cancel, begun: Instant::now(), is_ended: AtomicBool::new(false) });
        let mut under_way = locked(&self.under_way);
        under_way.statements.push(statement.clone());
        if !under_way.is_watched {
            let memory = self.clone();
            let started = std::thread::Builder::new().name("memory".into()).spawn(move || memory.look_after_all());
            under_way.is_watched = started.is_ok();
            if let Err(error) = started {
                tracing::warn!(%error, "memory is not watched");
            }
        }
        Watched { statement, under_way: self.under_way.clone() }
    }

    /// Until none is under way.
    fn look_after_all(&self) {
        let mut system = System::new();
        loop {
            std::thread::sleep(LOOK);
            let held = resident(&mut system);
            let mut under_way = locked(&self.under_way);
            if under_way.statements.is_empty() {
                under_way.is_watched = false;
                return;
            }
            under_way.look(self.limit, held);
        }
    }
}

impl UnderWay {
    /// Ends the newest statement where the process holds more bytes than the limit.
    fn look(&mut self, limit: MemoryLimit, held: u64) {
        // An interrupt that comes between two of DuckDB's steps is lost: it is repeated.
        self.statements.iter().filter(|one| one.is_ended()).for_each(|one| one.cancel.cancel());
        if held <= limit.0 || self.last_ended.is_some_and(|last| last.elapsed() <= RELEASE) {
            return;
        }
        let newest = self.statements.iter().rev().find(|one| !one.is_ended() && one.begun.elapsed() > SHORT);
        if let Some(statement) = newest {
            tracing::warn!(megabytes = held >> 20, "a statement is ended for the memory that it uses");
            statement.is_ended.store(true, Ordering::SeqCst);
            statement.cancel.cancel();
            self.last_ended = Some(Instant::now());
        }
    }
}

/// A statement is watched for as long as this is kept.
pub struct Watched {
    statement: Arc<Statement>,
    under_way: Arc<Mutex<UnderWay>>,
}

impl Watched {
    pub fn is_ended(&self) -> bool {
        self.statement.is_ended()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        locked(&self.under_way).statements.retain(|statement| !Arc::ptr_eq(statement, &self.statement));
    }
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
    fn the_newest_statement_is_ended_and_one_at_a_time() {
        // Its own thread ends none.
        let memory = Memory::from(MemoryLimit::new(u64::MAX));
        let limit = MemoryLimit::new(0);
        let connection = duckdb::Connection::open_in_memory().expect("connection");
        let watched = [(); 2].map(|()| memory.watch(Cancel::new(&connection)));
        std::thread::sleep(SHORT + LOOK);
        let look = |held| locked(&memory.under_way).look(limit, held);
        let are_ended = || [&watched[0], &watched[1]].map(Watched::is_ended);
        look(LEAST_BYTES);
        assert_eq!(are_ended(), [false, false]);
        look(LEAST_BYTES + 1);
        look(LEAST_BYTES + 1);
        assert_eq!(are_ended(), [false, true], "the memory of the first takes a while to come back");
        drop(watched);
        assert!(locked(&memory.under_way).statements.is_empty());
    }

    #[test]
    fn the_process_knows_what_it_holds() {
        assert!(resident(&mut System::new()) > 1 << 20);
    }
}
