//! The tags that are our only memory: whose a resource is, where the rest of its stack is, until when it may live.

use std::collections::BTreeMap;

pub type Tags = BTreeMap<String, String>;

/// Makes a resource ours: its value is the stack's name. On all resources.
pub const STACK: &str = "sparkify-infra:stack";
/// The run that made it. On all resources, from the create call on.
pub const RUN: &str = "sparkify-infra:run";
/// When `down --all-expired` may take the stack down: RFC 3339 in UTC. On all resources.
pub const EXPIRES: &str = "sparkify-infra:expires";
/// The run that last changed who may take the role and what it may read, once it was there. On the role.
pub const CHANGED: &str = "sparkify-infra:changed";
/// Where the rest of the stack is. On the role, which is made first and deleted last.
pub const REGION: &str = "sparkify-infra:region";
pub const BUCKET: &str = "sparkify-infra:bucket";
pub const CLUSTER: &str = "sparkify-infra:cluster";
pub const ADMIN: &str = "sparkify-infra:admin";
/// The snapshot that `down` takes. On the cluster.
pub const FINAL_SNAPSHOT: &str = "sparkify-infra:final-snapshot";

/// Returns true if a resource bears our tag with this stack's name.
pub fn is_ours(tags: &Tags, stack: &str) -> bool {
    tags.get(STACK).is_some_and(|value| value == stack)
}

/// The new value of the tag `expires`. Times are RFC 3339 in UTC, so that they sort as text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Expiry {
    /// As it is.
    #[default]
    Keep,
    /// This time where there is none yet, or where the old one has passed by `now`: what infra.toml says.
    AtLeast { at: String, now: String },
    /// This time: what the command line says.
    Exactly(String),
    /// No expiry.
    Never,
}

impl Expiry {
    /// The tag as it should be, where it is as it is.
    pub fn resolve<'a>(&'a self, found: Option<&'a String>) -> Option<&'a String> {
        match self {
            Self::Keep => found,
            Self::AtLeast { at, now } => found.filter(|found| *found > now).or(Some(at)),
            Self::Exactly(at) => Some(at),
            Self::Never => None,
        }
    }
}

/// A name for this run: when it began, and something that no other run has.
pub fn run_id() -> String {
    format!("{}-{:08x}", time(std::time::Duration::ZERO), fastrand::u32(..))
}

/// When the run of this name began; `None` where it is no name of a run.
pub fn begin_of(run: &str) -> Option<jiff::Timestamp> {
    run.split_once('Z').and_then(|(begin, _)| format!("{begin}Z").parse().ok())
}

/// Now, or after a while, as the tag says it.
pub fn time(after: std::time::Duration) -> String {
    let then = jiff::Timestamp::now().checked_add(after).unwrap_or(jiff::Timestamp::MAX);
    then.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
