//! SIGINT and SIGTERM: the first asks the run to stop at the next safe point, the second ends it at once.
//! Signals belong to the process, and so does this state.

use std::sync::LazyLock;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::error::{Error, Kind, Result, Signal};

static ASKED: LazyLock<watch::Sender<Option<Signal>>> = LazyLock::new(|| watch::Sender::new(None));

/// Starts to listen, on the runtime that runs the command.
///
/// # Errors
/// Where the system takes no handler.
pub fn listen() -> std::io::Result<()> {
    for (kind, asked) in [(SignalKind::interrupt(), Signal::Int), (SignalKind::terminate(), Signal::Term)] {
        let mut arriving = signal(kind)?;
        tokio::spawn(async move {
            while arriving.recv().await.is_some() {
                if ASKED.send_replace(Some(asked)).is_some() {
                    at_once(asked);
                }
            }
        });
    }
    Ok(())
}

#[expect(clippy::exit, reason = "asked twice to stop, it stops")]
fn at_once(asked: Signal) {
    std::process::exit(Kind::Interrupted(asked).exit_code().into());
}

/// Ends when a signal has come.
pub async fn asked() -> Error {
    let mut watched = ASKED.subscribe();
    let came = watched.wait_for(Option::is_some).await.ok().and_then(|asked| *asked);
    error(came.unwrap_or(Signal::Int))
}

/// A safe point: nothing is half done here.
///
/// # Errors
/// When a signal has come.
pub fn safe_point() -> Result<()> {
    match *ASKED.borrow() {
        Some(asked) => Err(error(asked)),
        None => Ok(()),
    }
}

/// Forgets a signal, for the work that has to be done because it came.
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

fn error(asked: Signal) -> Error {
    let name = match asked {
        Signal::Int => "SIGINT",
        Signal::Term => "SIGTERM",
    };
    Error::new(Kind::Interrupted(asked), format!("stopped by {name}"))
}
