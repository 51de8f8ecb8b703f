//! What passes by itself, and is waited out: the only place that says which answers of AWS are tried again, for how
//! long, and at what pace.

use std::time::Duration;

use tokio::time::Instant;

use crate::error::{Error, Result};
use crate::event::{Event, Events};
use crate::interrupt;

/// An answer that AWS gives for a while and then no more. The SDK already retries throttling, timeouts and broken
/// connections a few times; these are what it does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passing {
    /// R4: IAM has not told Redshift of the role yet. A wrong trust policy answers the same.
    RoleUnknown,
    /// R14: something else is under way on the cluster, even where it says `available` (finding 4).
    ClusterBusy,
    /// IAM and S3 refuse a change while another of the same resource is under way.
    ChangeUnderWay,
    /// R21, R22: too many calls, statements or sessions.
    Throttled,
}

impl Passing {
    pub fn of(error: &Error) -> Option<Self> {
        let code = error.code.as_deref()?;
        match code {
            "InvalidParameterValue" if cause_of(error).contains("IAM role") => Some(Self::RoleUnknown),
            "InvalidClusterState" | "InvalidClusterStateFault" => Some(Self::ClusterBusy),
            "ConcurrentModification" | "ConcurrentModificationException" | "OperationAborted" => {
                Some(Self::ChangeUnderWay)
            }
            "Throttling"
            | "ThrottlingException"
            | "SlowDown"
            | "RequestLimitExceeded"
            | "DependentServiceRequestThrottling"
            | "DependentServiceRequestThrottlingFault"
            | "ActiveSessionsExceededException"
            | "ActiveStatementsExceededException"
            | "ActiveWaitingRequestsExceededException" => Some(Self::Throttled),
            _ => None,
        }
    }

    /// What is waited for, in a heartbeat.
    fn waits_for(self) -> &'static str {
        match self {
            Self::RoleUnknown => "IAM to tell Redshift of the role",
            Self::ClusterBusy => "what is under way on the cluster",
            Self::ChangeUnderWay => "another change of the same resource",
            Self::Throttled => "AWS to take calls again",
        }
    }

    /// Beyond this the answer is taken at its word.
    fn patience(self, deadline: Duration) -> Duration {
        let cap = match self {
            Self::RoleUnknown => Duration::from_secs(120),
            Self::ClusterBusy => deadline,
            Self::ChangeUnderWay => Duration::from_secs(60),
            Self::Throttled => Duration::from_secs(300),
        };
        cap.min(deadline)
    }

    fn hint(self) -> &'static str {
        match self {
            Self::RoleUnknown => {
                "Either IAM is slow today: run up again. Or the role's trust policy does not name Redshift."
            }
            Self::ClusterBusy => "Run the command again when the cluster is at rest.",
            Self::ChangeUnderWay | Self::Throttled => "Run the command again later.",
        }
    }
}

fn cause_of(error: &Error) -> String {
    std::error::Error::source(error).map(ToString::to_string).unwrap_or_default()
}

/// Does `work` again as long as its failure is one that passes, at most until `deadline`.
///
/// # Errors
/// That of the last attempt, or `Interrupted`: a call that is under way when a signal comes has a moment to end.
pub async fn retry<T>(
    events: &Events,
    step: &str,
    deadline: Duration,
    mut work: impl AsyncFnMut() -> Result<T>,
) -> Result<T> {
    let started = Instant::now();
    let mut pause = Pause::until(started + deadline);
    loop {
        let error = match interrupt::finish(work()).await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        let Some(passing) = Passing::of(&error) else { return Err(error) };
        let patient = started.elapsed() < passing.patience(deadline);
        if !patient || !pause.next(events, step, passing.waits_for()).await? {
            return Err(error.hint(passing.hint()));
        }
    }
}

/// A line tells of a wait this often.
const HEARTBEAT: Duration = Duration::from_secs(10);
const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(10);

/// Pauses that grow from a twentieth of a second to ten seconds, with jitter, until a deadline; a heartbeat in between.
#[derive(Debug)]
pub struct Pause {
    started: Instant,
    deadline: Instant,
    next: Duration,
    told: Instant,
}

impl Pause {
    pub fn until(deadline: Instant) -> Self {
        let now = Instant::now();
        Self { started: now, deadline, next: FIRST, told: now }
    }

    /// Pauses; `false` when the deadline has passed.
    ///
    /// # Errors
    /// When a signal asks to stop.
    pub async fn next(&mut self, events: &Events, step: &str, state: &str) -> Result<bool> {
        let now = Instant::now();
        if now >= self.deadline {
            return Ok(false);
        }
        if self.told.elapsed() >= HEARTBEAT {
            self.told = now;
            let (step, state) = (step.to_owned(), state.to_owned());
            events.emit(Event::Waiting { step, since: self.started.elapsed(), state });
        }
        let jittered = self.next.mul_f64(0.8 + 0.4 * fastrand::f64());
        let asleep = tokio::time::sleep(jittered.min(self.deadline - now));
        interrupt::unless_asked(async {
            asleep.await;
            Ok(())
        })
        .await?;
        self.next = (self.next * 3 / 2).min(LONGEST);
        Ok(true)
    }
}
