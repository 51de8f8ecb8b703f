//! The resources of a stack. One file a kind: what it should be, what it is, and how it is made, changed, deleted.

pub mod bucket;
pub mod cluster;
pub mod policy;
pub mod role;

use std::collections::BTreeMap;

use crate::aws::Aws;
use crate::config::Config;
use crate::error::Result;

pub use bucket::{BucketState, DesiredBucket};
pub use cluster::{ClusterState, DesiredCluster};
pub use role::{DesiredRole, RoleState};

pub type Tags = BTreeMap<String, String>;

/// The tag that makes a resource ours: its value is the stack's name.
pub const STACK_TAG: &str = "sparkify-infra:stack";

/// What infra.toml wants in this account.
#[derive(Debug, Clone, PartialEq)]
pub struct Desired {
    pub role: DesiredRole,
    pub bucket: DesiredBucket,
    pub cluster: DesiredCluster,
}

/// Where the resources of a stack are to be found, whether they are wanted or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    pub stack: String,
    pub role: String,
    pub role_path: String,
    pub role_arn: String,
    pub bucket: String,
    pub cluster: String,
}

/// What is there. `None` is absent; unreadable is an error, never `None`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Observed {
    pub role: Option<RoleState>,
    pub bucket: Option<BucketState>,
    pub cluster: Option<ClusterState>,
}

impl Names {
    pub fn of(config: &Config, account: &str) -> Self {
        let stack = &config.stack;
        let (role, role_path) = (format!("{stack}-warehouse"), format!("/sparkify-infra/{stack}/"));
        Self {
            role_arn: format!("arn:aws:iam::{account}:role{role_path}{role}"),
            // Freed names can be taken by others (R28): the account's number keeps them apart.
            bucket: config.bucket.clone().unwrap_or_else(|| format!("{stack}-{account}-{}", config.region)),
            cluster: config.cluster.identifier.clone(),
            stack: stack.clone(),
            role,
            role_path,
        }
    }
}

impl Desired {
    pub fn of(config: &Config, account: &str) -> Self {
        let names = Names::of(config, account);
        let mut tags = config.tags.clone();
        tags.insert(STACK_TAG.to_owned(), names.stack.clone());
        Self {
            role: DesiredRole {
                trust: policy::trust(account),
                permissions: policy::permissions(config, &names.bucket),
                tags: tags.clone(),
            },
            bucket: DesiredBucket { policy: policy::tls_only(&names.bucket), tags: tags.clone() },
            cluster: DesiredCluster { settings: config.cluster.clone(), role: names.role_arn, tags },
        }
    }
}

/// Looks at everything a stack may have.
///
/// # Errors
/// When anything cannot be read: a plan made on half a view would be wrong.
pub async fn observe(aws: &Aws, names: &Names) -> Result<Observed> {
    let (role, bucket, cluster) =
        tokio::try_join!(role::observe(aws, names), bucket::observe(aws, names), cluster::observe(aws, names))?;
    Ok(Observed { role, bucket, cluster })
}

/// Whether a resource bears our tag with this stack's name.
pub fn is_ours(tags: &Tags, stack: &str) -> bool {
    tags.get(STACK_TAG).is_some_and(|value| value == stack)
}
