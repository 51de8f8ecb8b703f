//! What happens, as it happens. Engine and loader emit events; only views turn them into text.

use std::sync::Arc;
use std::time::Duration;

use crate::load::report::LoadReport;
use crate::plan::Plan;

#[derive(Debug, Clone)]
pub enum Event {
    /// The plan of `up` or `down`, before anything is changed.
    Planned { verb: &'static str, stack: String, plan: Arc<Plan> },
    /// A step of the plan begins.
    StepStarted { step: String },
    /// It is done, with what there is to say about it.
    StepDone { step: String, detail: Option<String>, took: Duration },
    /// Still waiting, for how long already, and what is seen.
    Waiting { step: String, since: Duration, state: String },
    /// `up` has ended: the warehouse is ready.
    Ready { stack: String, endpoint: String, database: String },
    /// `down` has looked again, and nothing is there.
    Gone { stack: String, looked_at: Vec<String> },
    /// A stage of `load` begins.
    StageStarted { stage: String },
    /// It is done, with what there is to say about it.
    StageDone { stage: String, detail: String, took: Duration },
    /// The end of `load`.
    Loaded { report: Arc<LoadReport> },
    /// Something to know that stops nothing.
    Warning { message: String },
    /// What `demo` is about to do.
    Chapter { title: String },
}

/// Where events go.
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
