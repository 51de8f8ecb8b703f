//! SIGINT, SIGTERM and SIGHUP: the first asks the run to stop, which it does within a second; the second ends it at once.
//! Signals belong to the process, and so does this state.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, OnceLock};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::error::{Error, FailureKind, Result, Signal};

/// How long AWS may still take once a signal has come, for all answers together.
const GRACE: Duration = Duration::from_millis(800);
/// How long after a signal the process ends at the latest: what still runs in it has the rest of that, or a moment.
const ENDED_WITHIN: Duration = Duration::from_millis(900);
const LAST_MOMENT: Duration = Duration::from_millis(50);
/// A run that has not seen the signal by then is stuck in a call of the system, such as a write to a pipe that nobody
/// reads.
const STUCK_AFTER: Duration = Duration::from_millis(900);
/// Signals so close to each other are one: `timeout` sends its own to the process and to the group.
const SAME_WITHIN: Duration = Duration::from_millis(100);

/// The signal that is to be obeyed, and when it came.
#[derive(Debug, Clone, Copy)]
struct Asked {
    signal: Signal,
    at: Instant,
}

static ASKED: LazyLock<watch::Sender<Option<Asked>>> = LazyLock::new(|| watch::Sender::new(None));
/// When the first signal of the process came, which `forget` does not forget: by a clock that never stands still.
static FIRST: OnceLock<std::time::Instant> = OnceLock::new();
/// The run has seen the signal.
static IS_SEEN: AtomicBool = AtomicBool::new(false);

/// Starts to listen, on the runtime that runs the command.
///
/// # Errors
/// Where the system takes no handler.
pub fn listen() -> std::io::Result<()> {
    for (kind, asked) in [
        (SignalKind::interrupt(), Signal::Int),
        (SignalKind::terminate(), Signal::Term),
        (SignalKind::hangup(), Signal::Hup),
    ] {
        // `nohup` has the terminal's end ignored.
        if asked == Signal::Hup && is_ignored(kind) {
            continue;
        }
        let mut arriving = signal(kind)?;
        tokio::spawn(async move {
            while arriving.recv().await.is_some() {
                came(asked);
            }
        });
    }
    Ok(())
}

fn came(asked: Signal) {
    let now = std::time::Instant::now();
    if FIRST.set(now).is_ok() {
        ASKED.send_replace(Some(Asked { signal: asked, at: Instant::now() }));
        end_where_stuck(asked);
    } else if FIRST.get().is_none_or(|first| now.duration_since(*first) >= SAME_WITHIN) {
        at_once(asked);
    }
}

/// True if the process was started with this signal ignored; false where the system does not say.
fn is_ignored(kind: SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    (mask >> (kind.as_raw_value() - 1)) & 1 == 1
}

/// Ends the process if nobody sees the signal. On a thread of its own: those of the runtime may be what is stuck.
fn end_where_stuck(asked: Signal) {
    let watch = move || {
        std::thread::sleep(STUCK_AFTER);
        if !IS_SEEN.load(Ordering::SeqCst) {
            at_once(asked);
        }
    };
    // Without a thread the second signal still ends the process.
    drop(std::thread::Builder::new().name("signals".to_owned()).spawn(watch));
}

#[expect(clippy::exit, reason = "asked twice to stop, it stops")]
fn at_once(asked: Signal) {
    std::process::exit(FailureKind::Interrupted(asked).exit_code().into());
}

/// Ends when a signal has come.
pub async fn asked() -> Error {
    let mut watched = ASKED.subscribe();
    let came = watched.wait_for(Option::is_some).await.ok().and_then(|asked| *asked);
    error(came.map_or(Signal::Int, |asked| asked.signal))
}

/// A safe point: nothing is half done here.
///
/// # Errors
/// When a signal has come.
pub fn safe_point() -> Result<()> {
    let asked = *ASKED.borrow();
    match asked {
        Some(asked) => Err(error(asked.signal)),
        None => Ok(()),
    }
}

/// Returns true if a signal came so long ago that what still runs is left to itself.
pub fn is_overdue() -> bool {
    let asked = *ASKED.borrow();
    asked.is_some_and(|asked| asked.at.elapsed() >= GRACE)
}

/// The time until the process ends because of a signal; `None` where none has come.
pub fn time_left() -> Option<Duration> {
    FIRST.get().map(|first| ENDED_WITHIN.saturating_sub(first.elapsed()).max(LAST_MOMENT))
}

/// Forgets a signal, for the work that has to be done because it came. The next one ends the process.
pub fn forget() {
    ASKED.send_replace(None);
}

/// Waits for `work`, unless a signal comes first: then `work` is dropped where it is.
///
/// # Errors
/// Those of `work`, and `Interrupted`.
pub async fn unless_asked<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::select! {
        done = work => done,
        stopped = asked() => Err(stopped),
    }
}

/// Waits for `work` whose answer must not get lost. Once a signal has come it has only a moment left, which it shares with
/// all other work; `None` where that was not enough, and where nothing of it is left to begin with.
pub async fn briefly<T>(work: impl Future<Output = T>) -> Option<T> {
    if is_overdue() {
        return None;
    }
    let grace = async {
        drop(asked().await);
        let asked = *ASKED.borrow();
        let since = asked.map_or_else(Instant::now, |asked| asked.at);
        tokio::time::sleep_until(since + GRACE).await;
    };
    tokio::select! {
        biased;
        done = work => Some(done),
        () = grace => None,
    }
}

/// As `briefly`, for a call that changes something.
///
/// # Errors
/// Those of `work`, and `Interrupted` where there was no answer in time.
pub async fn finish<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    match briefly(work).await {
        Some(done) => done,
        None => Err(asked().await.hint("The last call was not answered in time: it may have been carried out.")),
    }
}

/// Runs work that never waits for a future on a thread of its own. When a signal comes, the thread is left to itself.
///
/// # Errors
/// Those of `work`, and `Interrupted`.
pub async fn on_thread<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let task = tokio::task::spawn_blocking(work);
    unless_asked(async { task.await.map_err(|error| Error::failed("a thread broke off").because(error))? }).await
}

fn error(asked: Signal) -> Error {
    IS_SEEN.store(true, Ordering::SeqCst);
    let name = match asked {
        Signal::Int => "SIGINT",
        Signal::Term => "SIGTERM",
        Signal::Hup => "SIGHUP",
    };
    Error::new(FailureKind::Interrupted(asked), format!("stopped by {name}"))
}
