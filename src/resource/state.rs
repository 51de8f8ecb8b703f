//! The state of a stack: desired, by infra.toml, and observed.

use super::bucket::{BucketState, DesiredBucket};
use super::cluster::{ClusterState, DesiredCluster};
use super::names::Names;
use super::role::{DesiredRole, RoleState};
use super::tags::Expiry;
use super::{policy, tags};
use crate::config::Config;

/// The desired state, by infra.toml, in this account.
#[derive(Debug, Clone, PartialEq)]
pub struct Desired {
    pub role: DesiredRole,
    pub bucket: DesiredBucket,
    pub cluster: DesiredCluster,
    pub expiry: Expiry,
    /// A tag of the create calls, so that a run knows what it created itself.
    pub run: String,
    /// True if `up` may change the type and number of nodes.
    pub resize: bool,
}

/// The observed state. `None` is absent; unreadable is an error, never `None`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Observed {
    pub role: Option<RoleState>,
    pub bucket: Option<BucketState>,
    pub cluster: Option<ClusterState>,
    /// Manual snapshots of the cluster, by name. Looked for only where something is to be taken down.
    pub snapshots: Vec<String>,
}

impl Desired {
    pub fn from_config(config: &Config, account: &str, expiry: Expiry, run: String, resize: bool) -> Self {
        let names = Names::from_config(config, account);
        let mut own = config.tags.clone();
        own.insert(tags::STACK.to_owned(), names.stack.clone());
        let mut role_tags = own.clone();
        role_tags.insert(tags::REGION.to_owned(), names.region.clone());
        role_tags.insert(tags::BUCKET.to_owned(), names.bucket.clone());
        role_tags.insert(tags::CLUSTER.to_owned(), names.cluster.clone());
        role_tags.insert(tags::ADMIN.to_owned(), names.admin.clone());
        let mut cluster_tags = own.clone();
        if let Some(snapshot) = &config.cluster.final_snapshot {
            cluster_tags.insert(tags::FINAL_SNAPSHOT.to_owned(), snapshot.name.clone());
        }
        let (permissions, is_exact) = config.reads(&names.bucket).policy(&config.region);
        Self {
            role: DesiredRole { trust: policy::trust(account), permissions, is_exact, tags: role_tags },
            bucket: DesiredBucket { policy: policy::tls_only(&names.bucket, &names.region), tags: own },
            cluster: DesiredCluster { settings: config.cluster.clone(), role: names.role_arn, tags: cluster_tags },
            expiry,
            run,
            resize,
        }
    }
}
