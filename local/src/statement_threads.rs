//! Threads for SQL statements. A statement waits for its client, for a lock or for the engine as long as it has to, and
//! must not take the threads on which objects and records are read.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime, RuntimeFlavor};

use crate::sync::locked;
use crate::warehouse::SqlError;

/// Statements at once: more than all warehouses together take connections and statements.
const MOST: usize = 16_384;

static THREADS: LazyLock<std::io::Result<Runtime>> =
    LazyLock::new(|| Builder::new_current_thread().max_blocking_threads(MOST).thread_name("statement").build());

/// Statements that are under way.
static RUNNING: AtomicUsize = AtomicUsize::new(0);
static ENDED: (Mutex<()>, Condvar) = (Mutex::new(()), Condvar::new());

struct Running;

impl Running {
    fn begin() -> Self {
        RUNNING.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::SeqCst);
        drop(locked(&ENDED.0));
        ENDED.1.notify_all();
    }
}

/// Runs work that may wait on a thread of its own.
///
/// # Errors
/// Where there is no thread to be had, or the work panics.
pub async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, SqlError> {
    let running = Running::begin();
    let work = move || {
        let _running = running;
        work()
    };
    // The clock of a runtime of one thread may stand still: it waits for work on its own threads, and for no other.
    let task = match (Handle::current().runtime_flavor(), &*THREADS) {
        (RuntimeFlavor::CurrentThread, _) => tokio::task::spawn_blocking(work),
        (_, Ok(threads)) => threads.spawn_blocking(work),
        (_, Err(error)) => return Err(SqlError::new("53000", format!("there is no thread for a statement: {error}"))),
    };
    let ended = task.await;
    // A test must see it.
    #[cfg(test)]
    let ended = ended.map_err(|error| match error.is_panic() {
        true => std::panic::resume_unwind(error.into_panic()),
        false => error,
    });
    ended.map_err(|error| SqlError::new("XX000", format!("the statement's thread ended: {error}")))
}

/// Waits until no statement is under way, or for so long.
pub fn wait_until_idle(longest: Duration) {
    let busy = |(): &mut ()| RUNNING.load(Ordering::SeqCst) > 0;
    let waited = ENDED.1.wait_timeout_while(locked(&ENDED.0), longest, busy);
    drop(waited.unwrap_or_else(PoisonError::into_inner));
}
