//! What goes wrong on purpose, for tests: the n-th call of an operation fails, is throttled, waits, or loses its
//! reply; or, from a call on, no call is answered any more. Also the record of all calls, so that a test can say which were made.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::StatusCode;
use redshift_engine::sync::locked;

use crate::auth_failure::AuthFailure;
use crate::authorize::Needed;
use crate::error::ApiError;
use crate::store::{Lags, Views};

/// Who is told that something is not allowed.
const CALLER: &str = "assumed-role/job/session";

/// What happens to a call.
pub enum Fault {
    /// It is refused with this status, code and message, and nothing is done.
    Fail { status: u16, code: String, message: String },
    /// It is refused as one of too many, as each protocol words it.
    Throttle,
    /// It is refused because the caller's token has expired, as each service words it.
    ExpiredToken,
    /// This runs, and the call is never answered; nothing is done.
    Silence(Box<dyn FnOnce() + Send>),
    /// It is answered only after a while.
    Delay(Duration),
    /// It takes effect, and the connection breaks before the answer.
    LoseReply,
    /// It takes effect, and the connection breaks after so many bytes of the answer's body.
    CutBody(usize),
    /// This runs before the call takes effect and is answered as ever.
    Meanwhile(Box<dyn FnOnce() + Send>),
    /// This runs before the call takes effect, which it then does not.
    Before(Box<dyn FnOnce() + Send>),
    /// This runs after the call took effect; no answer is given.
    After(Box<dyn FnOnce() + Send>),
}

impl std::fmt::Debug for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Fail { .. } => "Fail",
            Self::Throttle => "Throttle",
            Self::ExpiredToken => "ExpiredToken",
            Self::Silence(_) => "Silence",
            Self::Delay(_) => "Delay",
            Self::LoseReply => "LoseReply",
            Self::CutBody(_) => "CutBody",
            Self::Meanwhile(_) => "Meanwhile",
            Self::Before(_) => "Before",
            Self::After(_) => "After",
        })
    }
}

impl Fault {
    /// The refusal of this fault, when it is one.
    pub fn refusal(&self, service: &str) -> Option<ApiError> {
        match self {
            Self::Fail { status, code, message } => {
                let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                Some(ApiError::new(status, code, message))
            }
            Self::Throttle if service == "s3" => {
                Some(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "SlowDown", "Please reduce your request rate."))
            }
            Self::Throttle if matches!(service, "redshift-data" | "secretsmanager") => {
                Some(ApiError::invalid("ThrottlingException", "Rate exceeded"))
            }
            Self::Throttle => Some(ApiError::invalid("Throttling", "Rate exceeded")),
            Self::ExpiredToken => Some(AuthFailure::ExpiredToken.refusal(service)),
            _ => None,
        }
    }
}

/// What happens to every call from one on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outage {
    /// The caller's token has expired.
    ExpiredToken,
    /// Connections stay open, and nothing is answered.
    Silence,
    /// Connections end without an answer.
    Hangup,
}

impl Outage {
    fn fault(self) -> Fault {
        match self {
            Self::ExpiredToken => Fault::ExpiredToken,
            Self::Silence => Fault::Silence(Box::new(|| ())),
            Self::Hangup => Fault::Before(Box::new(|| ())),
        }
    }
}

#[derive(Debug)]
enum When {
    /// The n-th call of this operation, from 1.
    Operation(String, usize),
    /// The n-th call of any operation, from 1.
    Any(usize),
}

#[derive(Debug, Default)]
struct State {
    calls: Vec<String>,
    /// What the calls needed to be allowed.
    needs: BTreeSet<Needed>,
    planned: Vec<(When, Fault)>,
    /// The outage that is planned, and whether it has begun.
    outage: Option<(When, Outage, bool)>,
    /// What the caller may do, where not everything.
    allowed: Option<BTreeSet<String>>,
    views: Views,
}

/// A script of faults, and the record of calls. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<State>>);

impl Faults {
    /// Plans a fault for the n-th call, from 1, of an operation such as `iam:CreateRole`, counted from now.
    pub fn at(&self, operation: &str, nth: usize, fault: Fault) {
        let mut state = locked(&self.0);
        let before = state.calls.iter().filter(|call| *call == operation).count();
        state.planned.push((When::Operation(operation.to_owned(), before + nth), fault));
    }

    /// Plans a fault for the n-th call, from 1, of whatever operation, counted from now.
    pub fn at_call(&self, nth: usize, fault: Fault) {
        let mut state = locked(&self.0);
        let before = state.calls.len();
        state.planned.push((When::Any(before + nth), fault));
    }

    /// Plans an outage from the n-th call, from 1, of an operation on, counted from now. It lasts until `clear`, and a
    /// fault that is planned for one of its calls comes first.
    pub fn outage(&self, operation: &str, nth: usize, outage: Outage) {
        let mut state = locked(&self.0);
        let before = state.calls.iter().filter(|call| *call == operation).count();
        state.outage = Some((When::Operation(operation.to_owned(), before + nth), outage, false));
    }

    /// From now on only these IAM actions are allowed to the caller, on whatever resource; `None`: all of them.
    pub fn allow_only(&self, actions: Option<BTreeSet<String>>) {
        locked(&self.0).allowed = actions;
    }

    /// From now on changes are seen this late. What was changed before is seen as it is.
    pub fn set_lags(&self, lags: Lags) {
        let views = self.views();
        views.settle();
        views.set(lags);
    }

    /// Lets all changes so far be seen, as they are once some minutes have passed.
    pub fn settle(&self) {
        self.views().settle();
    }

    pub(crate) fn views(&self) -> Views {
        locked(&self.0).views.clone()
    }

    /// What the calls so far needed to be allowed.
    pub fn needs(&self) -> BTreeSet<Needed> {
        locked(&self.0).needs.clone()
    }

    /// All calls so far, in the order in which they came.
    pub fn calls(&self) -> Vec<String> {
        locked(&self.0).calls.clone()
    }

    /// Forgets the calls, and faults that have not come, and ends an outage.
    pub fn clear(&self) {
        let mut state = locked(&self.0);
        (state.calls, state.planned, state.needs) = (Vec::new(), Vec::new(), BTreeSet::new());
        state.outage = None;
    }

    /// Notes a call with what it needs, and takes the fault that is planned for it.
    pub(crate) fn meet(&self, operation: &str, needs: Vec<Needed>) -> Option<Fault> {
        let mut state = locked(&self.0);
        state.calls.push(operation.to_owned());
        state.needs.extend(needs.iter().cloned());
        if let Some(allowed) = &state.allowed
            && let Some(missing) = needs.into_iter().map(|need| need.action).find(|action| !allowed.contains(action))
        {
            let code = if operation.starts_with("redshift-data:") { "AccessDeniedException" } else { "AccessDenied" };
            let message = format!("User: arn:aws:sts::{CALLER} is not authorized to perform: {missing}");
            return Some(Fault::Fail { status: 403, code: code.into(), message });
        }
        let (all, same) = (state.calls.len(), state.calls.iter().filter(|call| *call == operation).count());
        let is_due = |when: &When| match when {
            When::Any(nth) => *nth == all,
            When::Operation(name, nth) => name == operation && *nth == same,
        };
        let planned = state.planned.iter().position(|(when, _)| is_due(when));
        if let Some((when, _, has_begun)) = &mut state.outage {
            *has_begun |= is_due(when);
        }
        match planned {
            Some(at) => Some(state.planned.swap_remove(at).1),
            None => state.outage.as_ref().filter(|(_, _, has_begun)| *has_begun).map(|(_, outage, _)| outage.fault()),
        }
    }
}
