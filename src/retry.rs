//! Retries of transient errors: the only place that says which answers of AWS are tried again, for how long, and at what
//! pace.

use std::time::Duration;

use tokio::time::Instant;

use crate::error::{Error, Result};
use crate::event::{Event, Events};
use crate::interrupt;

/// An error of AWS that ends by itself. The SDK already retries throttling, timeouts and broken
/// connections a few times; these are what it does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransientError {
    /// R4: Redshift does not know the role yet. A wrong trust policy has the same answer.
    RoleUnknown,
    /// R14: another operation is under way on the cluster, even if it is `available` (finding 4).
    ClusterBusy,
    /// IAM and S3 refuse a change while another of the same resource is under way.
    ChangeUnderWay,
    /// R35, R36: what was just created is not known everywhere yet.
    Unseen,
    /// R35: what was just taken out of a role or bucket still counts as being in it.
    NotEmpty,
    /// R21, R22: too many calls, statements or sessions.
    Throttled,
    /// An answer that had begun broke off, which the SDK leaves to the caller.
    BrokenBody,
}

/// The reason why an answer ended early.
#[derive(Debug, thiserror::Error)]
#[error("the answer broke off: {0}")]
pub struct BrokenBody(pub String);

/// Answers that something does not exist.
pub const MISSING: [&str; 6] = [
    "NoSuchEntity",
    "NoSuchEntityException",
    "NoSuchBucket",
    "ClusterNotFound",
    "ClusterNotFoundFault",
    "ResourceNotFoundFault",
];
/// Answers to a create call that it exists already, and is the caller's own.
pub const EXISTING: [&str; 5] = [
    "EntityAlreadyExists",
    "EntityAlreadyExistsException",
    "BucketAlreadyOwnedByYou",
    "ClusterAlreadyExists",
    "ClusterAlreadyExistsFault",
];

/// Returns true if a plan met something else than what it was made for: AWS showed an old state when it was made (R35,
/// R36), or another run was faster.
pub fn is_outdated(error: &Error) -> bool {
    error.is(&MISSING) || error.is(&EXISTING)
}

impl TransientError {
    pub fn from_error(error: &Error) -> Option<Self> {
        if std::error::Error::source(error).is_some_and(|cause| cause.is::<BrokenBody>()) {
            return Some(Self::BrokenBody);
        }
        let code = error.code.as_deref()?;
        match code {
            "InvalidParameterValue" if error.reason().contains("IAM role") => Some(Self::RoleUnknown),
            "InvalidClusterState" | "InvalidClusterStateFault" => Some(Self::ClusterBusy),
            "ConcurrentModification" | "ConcurrentModificationException" | "OperationAborted" => {
                Some(Self::ChangeUnderWay)
            }
            "DeleteConflict" | "DeleteConflictException" | "BucketNotEmpty" => Some(Self::NotEmpty),
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

    /// As `from_error`, for a resource of which it is known that it exists: that it is missing passes, too.
    pub fn from_error_on_existing(error: &Error) -> Option<Self> {
        Self::from_error(error).or_else(|| error.is(&MISSING).then_some(Self::Unseen))
    }

    /// The state in a heartbeat.
    fn waits_for(self) -> &'static str {
        match self {
            Self::RoleUnknown => "Redshift to know the role",
            Self::ClusterBusy => "what is under way on the cluster",
            Self::ChangeUnderWay => "another change of the same resource",
            Self::Unseen => "AWS to show what was just created",
            Self::NotEmpty => "AWS to show that it is empty",
            Self::Throttled => "AWS to take calls again",
            Self::BrokenBody => "an answer that does not break off",
        }
    }

    /// Limit of the retries; after it the answer counts as final.
    fn patience(self, deadline: Duration) -> Duration {
        let cap = match self {
            Self::RoleUnknown => Duration::from_secs(120),
            Self::ClusterBusy | Self::BrokenBody => deadline,
            Self::ChangeUnderWay | Self::NotEmpty => Duration::from_secs(60),
            // R36: as long as Terraform waits for a bucket.
            Self::Unseen => Duration::from_secs(120),
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
            Self::Unseen => {
                "AWS does not show yet what was just created, or somebody has removed it: run the command again."
            }
            Self::NotEmpty => "Something puts into it what is taken out, or AWS is slow today: run the command again.",
            Self::ChangeUnderWay | Self::Throttled => "Run the command again later.",
            Self::BrokenBody => {
                "Each time it was asked for, the connection broke: check the network, and HTTPS_PROXY where there is a proxy."
            }
        }
    }
}

/// Retries `work` as long as its failure is transient, at most until `deadline`.
///
/// # Errors
/// That of the last attempt, or `Interrupted`: a call that is under way when a signal comes has a moment to end.
pub async fn retry<T>(
    events: &Events,
    step: &str,
    deadline: Duration,
    work: impl AsyncFnMut() -> Result<T>,
) -> Result<T> {
    retry_if(TransientError::from_error, events, step, deadline, work).await
}

/// As `retry`, where `classify` says which failures are transient.
///
/// # Errors
/// As `retry`.
pub async fn retry_if<T>(
    classify: fn(&Error) -> Option<TransientError>,
    events: &Events,
    step: &str,
    deadline: Duration,
    mut work: impl AsyncFnMut() -> Result<T>,
) -> Result<T> {
    let mut attempts = Attempts::new(classify, events, step, deadline);
    loop {
        match interrupt::finish(work()).await {
            Ok(done) => return Ok(done),
            Err(error) => attempts.pause_after(error).await?,
        }
    }
}

/// The attempts at one piece of work, for loops that `retry_if` cannot hold: those of tasks.
pub struct Attempts<'a> {
    classify: fn(&Error) -> Option<TransientError>,
    events: &'a Events,
    step: &'a str,
    deadline: Duration,
    started: Instant,
    backoff: Backoff,
}

impl<'a> Attempts<'a> {
    /// Starts the attempts now; they end with the deadline.
    pub fn new(
        classify: fn(&Error) -> Option<TransientError>,
        events: &'a Events,
        step: &'a str,
        deadline: Duration,
    ) -> Self {
        let started = Instant::now();
        Self { classify, events, step, deadline, started, backoff: Backoff::until(started + deadline) }
    }

    /// Waits before the next attempt.
    ///
    /// # Errors
    /// The failure itself, where it does not pass or has lasted too long, or `Interrupted`.
    pub async fn pause_after(&mut self, failure: Error) -> Result<()> {
        let Some(transient) = (self.classify)(&failure) else { return Err(failure) };
        let patient = self.started.elapsed() < transient.patience(self.deadline);
        if !patient || !self.backoff.next(self.events, self.step, transient.waits_for()).await? {
            return Err(failure.hint(transient.hint()));
        }
        Ok(())
    }
}

/// Time between two heartbeats.
const HEARTBEAT: Duration = Duration::from_secs(10);
const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(10);

/// Waits that grow from 50 ms to 10 s, with jitter, until a deadline; a heartbeat in between.
#[derive(Debug)]
pub struct Backoff {
    started: Instant,
    deadline: Instant,
    next: Duration,
    told: Instant,
}

impl Backoff {
    pub fn until(deadline: Instant) -> Self {
        let now = Instant::now();
        Self { started: now, deadline, next: FIRST, told: now }
    }

    /// Waits; `false` when the deadline has passed.
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

#[cfg(all(test, feature = "local"))]
mod tests {
    use super::*;

    fn refused(code: &str) -> Error {
        Error::failed("cannot put the policy of the role").coded(Some(code))
    }

    /// Runs on a clock that does not wait.
    fn simulated<T>(work: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        runtime.expect("runtime").block_on(work)
    }

    #[test]
    fn what_is_missing_passes_only_where_it_is_known_to_exist() {
        for code in MISSING {
            assert_eq!(TransientError::from_error(&refused(code)), None);
            assert_eq!(TransientError::from_error_on_existing(&refused(code)), Some(TransientError::Unseen));
            assert!(is_outdated(&refused(code)));
        }
        for code in EXISTING {
            assert_eq!(TransientError::from_error_on_existing(&refused(code)), None);
            assert!(is_outdated(&refused(code)));
        }
        assert!(!is_outdated(&refused("BucketAlreadyExists")), "somebody else's");
        assert_eq!(TransientError::from_error_on_existing(&refused("AccessDenied")), None);
    }

    #[test]
    fn what_was_just_created_is_waited_for_two_minutes_and_no_longer() {
        let events = Events::to(|_| {});
        let begun = std::time::Instant::now();
        let waited = simulated(async {
            let started = Instant::now();
            let hour = Duration::from_secs(3600);
            let work = async || Err::<(), _>(refused("NoSuchEntity"));
            let failed = retry_if(TransientError::from_error_on_existing, &events, "put", hour, work)
                .await
                .expect_err("it never passes");
            assert!(failed.hints[0].contains("just created"), "{:?}", failed.hints);
            started.elapsed()
        });
        assert!((120..140).contains(&waited.as_secs()), "{waited:?}");
        assert!(begun.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn what_passes_is_done_in_the_end() {
        let events = Events::to(|_| {});
        let mut answers = vec![Ok(7), Err(refused("NoSuchBucket")), Err(refused("NoSuchBucket"))];
        let minute = Duration::from_secs(60);
        let done = simulated(async {
            let work = async || answers.pop().expect("answer");
            retry_if(TransientError::from_error_on_existing, &events, "put", minute, work).await
        });
        assert_eq!(done.expect("done"), 7);
    }
}
