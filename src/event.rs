//! Events of a run. Engine and loader emit them; only views turn them into text.

use std::sync::Arc;
use std::time::Duration;

use crate::aws::Target;
use crate::load_report::{LoadReport, SourceReport};
use crate::plan::Plan;
use crate::resource::contents::Entry;

#[derive(Debug, Clone)]
pub enum Event {
    /// Target, account and region: the first event of each command.
    Scope { scope: Scope },
    /// The plan, before anything is changed. `only`: nothing will be.
    Planned { verb: &'static str, stack: String, plan: Arc<Plan>, only: bool },
    /// An entry of the bucket that `down` would delete with it.
    Goes { bucket: String, entry: Entry },
    /// A step of the plan begins.
    StepStarted { step: String },
    /// The step succeeded.
    StepDone { step: String, detail: Option<String>, took: Duration },
    /// The step failed. The rest of the plan goes on without what depends on it.
    StepFailed { step: String, error: String },
    /// A heartbeat: how long a step waits already, and the state it sees.
    Waiting { step: String, since: Duration, state: String },
    /// `up` has ended: the warehouse is ready.
    Ready { stack: String, endpoint: String, database: String },
    /// `down` verified that nothing is left but what is kept on purpose.
    Gone { stack: String, scope: Scope, looked_at: Vec<String>, kept: Vec<String>, kept_by_aws: Vec<String> },
    /// The result of `status`.
    Status { status: Arc<Status> },
    /// A stage of `load` begins.
    StageStarted { stage: String },
    /// How far it is: objects, of how many. A COPY has rows, and its `done` and `of` are bytes as they lie in S3.
    Progress { stage: String, done: u64, of: u64, rows: Option<u64> },
    /// The stage succeeded.
    StageDone { stage: String, detail: String, took: Duration },
    /// The plan of `load --dry-run`.
    LoadPlanned { steps: Vec<LoadStep> },
    /// The result of `load --check`.
    Checked { sources: Vec<SourceReport> },
    /// All spans of a run; those that its end had to wait for are marked.
    CriticalPath { spans: Vec<Span>, took: Duration },
    /// The end of `load`.
    Loaded { report: Arc<LoadReport> },
    /// A warning, which stops nothing.
    Warning { message: String },
    /// The next part of `demo`, or the next stack of `down --all-expired`.
    Chapter { title: String },
}

/// The target, account and region that a command works in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    pub target: Target,
    pub account: String,
    pub region: String,
    /// The server that answers as AWS, where one is named.
    pub endpoint: Option<String>,
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { target, account, region, endpoint } = self;
        let at = endpoint.as_ref().map(|endpoint| format!(" at {endpoint}")).unwrap_or_default();
        write!(f, "target {target}{at}: account {account}, region {region}")
    }
}

/// A resource as `status` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceStatus {
    pub kind: String,
    pub name: String,
    /// `absent`, `ready`, or what AWS calls its state.
    pub state: String,
    pub since: Option<String>,
    pub until: Option<String>,
    /// Differences that `up` would change.
    pub drift: Vec<String>,
}

/// A stack as `status` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    pub stack: String,
    pub ready: bool,
    pub endpoint: Option<String>,
    pub database: String,
    pub resources: Vec<ResourceStatus>,
    /// Why `up` would refuse.
    pub refusals: Vec<String>,
    pub notes: Vec<String>,
    /// Rows by table, where they were asked for; `None` for a table that is not there.
    pub tables: Vec<(String, Option<u64>)>,
}

/// One step of a load's plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadStep {
    pub does: String,
    pub why: String,
    /// The operations that change something, in their order.
    pub writes: Vec<&'static str>,
}

/// A step of `up` or a stage of `load`: when it began, from the start of the run, and how long it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub name: String,
    pub detail: String,
    pub began: Duration,
    pub took: Duration,
    /// The end had to wait for it.
    pub critical: bool,
}

impl Span {
    pub fn ended(&self) -> Duration {
        self.began + self.took
    }
}

/// The receiver of events.
#[derive(Clone)]
pub struct Events(Arc<dyn Fn(Event) + Send + Sync>);

impl Events {
    pub fn to(view: impl Fn(Event) + Send + Sync + 'static) -> Self {
        Self(Arc::new(view))
    }

    pub fn emit(&self, event: Event) {
        (self.0)(event);
    }
}
