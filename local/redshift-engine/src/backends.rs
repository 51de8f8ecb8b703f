//! The sessions that are open, as others see them and end them: PG_TERMINATE_BACKEND, PG_CANCEL_BACKEND and CANCEL.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::cancel::Cancel;
use super::error::SqlError;
use super::locks::LockOwner;
use crate::clock::now_millis;
use crate::sync::locked;

/// Between two interrupts of a statement that is being cancelled.
const INTERRUPT_AGAIN: Duration = Duration::from_millis(10);

/// What is asked of those who serve a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The statement is cancelled: it waits for its client no longer.
    Statement,
    /// The session is terminated: its connection is closed, and its transaction is rolled back.
    Session,
}

type Listener = Arc<dyn Fn(Ending) + Send + Sync>;

/// The open sessions of a database.
#[derive(Debug, Default)]
pub struct Backends {
    open: Mutex<BTreeMap<LockOwner, Arc<Backend>>>,
    next: AtomicU64,
}

/// An open session. Times are microseconds.
pub struct Backend {
    pub id: LockOwner,
    pub user: String,
    pub started: i64,
    pid: AtomicI32,
    is_terminated: AtomicBool,
    has_left: AtomicBool,
    state: Mutex<BackendState>,
    listener: Mutex<Option<Listener>>,
}

impl std::fmt::Debug for Backend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Backend {{ id: {}, pid: {} }}", self.id, self.pid())
    }
}

/// What a session does.
#[derive(Default, Clone)]
pub struct BackendState {
    pub statement: Option<RunningStatement>,
    pub transaction: Option<OpenTransaction>,
}

#[derive(Clone)]
pub struct RunningStatement {
    pub query: i64,
    pub text: Arc<str>,
    pub started: i64,
    cancel: Cancel,
}

/// A transaction has the number of its first statement.
#[derive(Clone, Copy)]
pub struct OpenTransaction {
    pub xid: i64,
    pub started: i64,
}

impl Backends {
    /// A session begins.
    pub fn open(&self, user: &str, pid: i32) -> Arc<Backend> {
        let backend = Arc::new(Backend {
            id: self.next.fetch_add(1, Ordering::Relaxed),
            user: user.to_owned(),
            started: now_millis() * 1000,
            pid: pid.into(),
            is_terminated: AtomicBool::default(),
            has_left: AtomicBool::default(),
            state: Mutex::default(),
            listener: Mutex::default(),
        });
        locked(&self.open).insert(backend.id, backend.clone());
        backend
    }

    pub fn close(&self, backend: &Backend) {
        locked(&self.open).remove(&backend.id);
    }

    pub fn all(&self) -> Vec<Arc<Backend>> {
        locked(&self.open).values().cloned().collect()
    }

    pub fn find(&self, pid: i32) -> Option<Arc<Backend>> {
        locked(&self.open).values().find(|backend| backend.pid() == pid).cloned()
    }

    /// The session of a process id, where a user may end it: superusers any, others their own. `None` where there is none.
    ///
    /// # Errors
    /// 42501 for one of another user.
    pub fn find_for(&self, pid: i32, user: &str, is_superuser: bool) -> Result<Option<Arc<Backend>>, SqlError> {
        match self.find(pid) {
            Some(backend) if !is_superuser && backend.user != user => {
                Err(SqlError::new("42501", "must be superuser to signal other server processes"))
            }
            found => Ok(found),
        }
    }

    pub fn clear(&self) {
        locked(&self.open).clear();
    }
}

impl Backend {
    pub fn pid(&self) -> i32 {
        self.pid.load(Ordering::Relaxed)
    }

    /// The client was given another process id.
    pub fn set_pid(&self, pid: i32) {
        self.pid.store(pid, Ordering::Relaxed);
    }

    pub fn state(&self) -> BackendState {
        locked(&self.state).clone()
    }

    /// Who serves the session is told when it is to end.
    pub fn set_listener(&self, listener: impl Fn(Ending) + Send + Sync + 'static) {
        *locked(&self.listener) = Some(Arc::new(listener));
    }

    /// A statement begins, and a transaction with it where none is open.
    pub fn begin(&self, query: i64, text: Arc<str>, cancel: Cancel) {
        let started = now_millis() * 1000;
        let mut state = locked(&self.state);
        state.statement = Some(RunningStatement { query, text, started, cancel });
        state.transaction.get_or_insert(OpenTransaction { xid: query, started });
    }

    /// The statement has ended, and the transaction with it, unless one stays open.
    pub fn end(&self, is_in_transaction: bool) {
        let mut state = locked(&self.state);
        state.statement = None;
        if !is_in_transaction {
            state.transaction = None;
        }
    }

    /// Cancels what runs, if anything does.
    /// `message` is what its client is told.
    pub fn cancel(self: &Arc<Self>, message: Option<String>) {
        let Some(wanted) = self.state().statement else { return };
        wanted.cancel.set_message(message);
        self.tell(Ending::Statement);
        wanted.cancel.cancel();
        // An interrupt that comes before DuckDB has begun is lost: it is repeated until the statement has ended.
        let backend = self.clone();
        let again = move || {
            let runs = |now: &RunningStatement| now.query == wanted.query && now.cancel.is(&wanted.cancel);
            while locked(&backend.state).statement.as_ref().is_some_and(runs) {
                wanted.cancel.cancel();
                std::thread::sleep(INTERRUPT_AGAIN);
            }
        };
        if let Err(error) = std::thread::Builder::new().name("cancel".into()).spawn(again) {
            tracing::warn!(%error, "a statement is interrupted once only");
        }
    }

    /// Ends the session.
    pub fn terminate(self: &Arc<Self>) {
        self.is_terminated.store(true, Ordering::SeqCst);
        self.cancel(None);
        self.tell(Ending::Session);
    }

    /// The client has gone: what waits for a lock waits no longer.
    pub fn leave(&self) {
        self.has_left.store(true, Ordering::SeqCst);
    }

    /// An error once the session is to end.
    pub fn check_there(&self) -> Result<(), SqlError> {
        match self.is_terminated.load(Ordering::SeqCst) {
            true => Err(SqlError::new("57P01", "terminating connection due to administrator command")),
            false => Ok(()),
        }
    }

    /// An error once nobody waits for the answer.
    pub fn check_waiting(&self) -> Result<(), SqlError> {
        self.check_there()?;
        match self.has_left.load(Ordering::SeqCst) {
            true => Err(SqlError::new("08006", "the client has gone")),
            false => Ok(()),
        }
    }

    fn tell(&self, ending: Ending) {
        // It may take the session's own locks.
        let listener = locked(&self.listener).clone();
        if let Some(listener) = listener {
            listener(ending);
        }
    }
}
