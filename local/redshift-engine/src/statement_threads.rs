//! Threads for SQL statements. A statement waits for its client, for a lock or for the engine as long as it has to, and
//! must not take the threads on which objects and records are read. Where hundreds of them come at once, a few begin at a
//! time: the processors are for everybody.

use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime, RuntimeFlavor};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::SqlError;
use crate::sync::locked;

/// Statements at once: more than all warehouses together take connections and statements.
const MOST: usize = 16_384;
/// A thread that has nothing to do for so long ends, and gives back its memory.
const IDLE: Duration = Duration::from_secs(1);
/// Statements, and logins with the sessions that they open, that may have just begun.
const MOST_BEGINNING: usize = 8;
const MOST_LOGGING_IN: usize = 2;
/// How long a statement counts as one that has just begun.
const BEGINNING: Duration = Duration::from_millis(20);
/// The same of the first statement of a session: a crowd of them stays a queue, however slow the machine is.
const FIRST_BEGINNING: Duration = Duration::from_millis(250);

static THREADS: LazyLock<std::io::Result<Runtime>> = LazyLock::new(|| {
    let mut threads = Builder::new_current_thread();
    threads.max_blocking_threads(MOST).thread_keep_alive(IDLE).thread_name("statement").build()
});

/// The statements that may begin at a time, and for how long one counts as beginning.
struct Queue {
    turns: Semaphore,
    longest: Duration,
}

static STATEMENTS: Queue = Queue { turns: Semaphore::const_new(MOST_BEGINNING), longest: BEGINNING };
/// One for each processor.
static FIRST_STATEMENTS: LazyLock<Queue> = LazyLock::new(|| Queue {
    turns: Semaphore::new(std::thread::available_parallelism().map_or(2, usize::from)),
    longest: FIRST_BEGINNING,
});
static LOGINS: Queue = Queue { turns: Semaphore::const_new(MOST_LOGGING_IN), longest: BEGINNING };

/// A statement's turn to begin, until it has had it.
type Turn = Arc<Mutex<Option<SemaphorePermit<'static>>>>;

thread_local! {
    /// That of the statement on this thread.
    static TURN: RefCell<Option<Turn>> = const { RefCell::new(None) };
}

/// Lets another statement begin: this one waits for its client.
pub fn give_up_turn() {
    let turn = TURN.take();
    drop(turn.and_then(|turn| locked(&turn).take()));
}

/// Waits for a turn, which ends by itself.
async fn take_turn(queue: &'static Queue) -> Turn {
    let turn: Turn = Arc::new(Mutex::new(queue.turns.acquire().await.ok()));
    let taken = turn.clone();
    tokio::spawn(async move {
        tokio::time::sleep(queue.longest).await;
        locked(&taken).take();
    });
    turn
}

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
    run_in_turn(&STATEMENTS, work).await
}

/// Runs the first statement of a session: those of sessions that are there already do not wait behind a crowd that has
/// just logged in.
///
/// # Errors
/// As `run`.
pub async fn run_first<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, SqlError> {
    run_in_turn(&FIRST_STATEMENTS, work).await
}

/// Runs what a login asks for: a crowd of them does not keep those waiting who are there.
///
/// # Errors
/// As `run`.
pub async fn run_login<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, SqlError> {
    run_in_turn(&LOGINS, work).await
}

async fn run_in_turn<T: Send + 'static>(
    queue: &'static Queue,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, SqlError> {
    let running = Running::begin();
    let work = move || {
        let _running = running;
        work()
    };
    // The clock of a runtime of one thread may stand still: it waits for work on its own threads, and for no other.
    let task = match (Handle::current().runtime_flavor(), &*THREADS) {
        (RuntimeFlavor::CurrentThread, _) => tokio::task::spawn_blocking(work),
        (_, Ok(threads)) => {
            let turn = take_turn(queue).await;
            threads.spawn_blocking(move || {
                TURN.set(Some(turn));
                let done = work();
                give_up_turn();
                done
            })
        }
        (_, Err(error)) => return Err(SqlError::new("53000", format!("there is no thread for a statement: {error}"))),
    };
    task.await.map_err(|error| SqlError::new("XX000", format!("the statement's thread ended: {error}")))
}

/// Waits until no statement is under way, or for so long.
pub fn wait_until_idle(longest: Duration) {
    let busy = |(): &mut ()| RUNNING.load(Ordering::SeqCst) > 0;
    let waited = ENDED.1.wait_timeout_while(locked(&ENDED.0), longest, busy);
    drop(waited.unwrap_or_else(PoisonError::into_inner));
}
