//! The resources of a stack, one file a kind: desired state, observed state, and the calls that create, change and delete.

pub mod bucket;
pub mod caller_policy;
pub mod cluster;
pub mod contents;
mod names;
mod observe;
pub mod orderable;
pub mod policy;
pub mod role;
mod state;
pub mod tags;

pub use bucket::{BucketState, DesiredBucket};
pub use cluster::{ClusterState, DesiredCluster};
pub use contents::Contents;
pub use names::{Names, ResourceKind};
pub use observe::{consistent, observe, observe_to_delete};
pub use role::{DesiredRole, RoleState};
pub use state::{Desired, Observed};
pub use tags::{Expiry, Tags, is_ours};
