//! The resources of a stack, one file a kind: desired state, observed state, and the calls that create, change and delete.

pub mod bucket;
pub mod caller_policy;
pub mod cluster;
pub mod contents;
pub mod orderable;
pub mod policy;
pub mod role;
pub mod tags;

use std::time::Duration;

use crate::aws::Aws;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::event::Events;
use crate::location::partition;
use crate::retry::{MISSING, TransientError, retry_if};

pub use bucket::{BucketState, DesiredBucket};
pub use cluster::{ClusterState, DesiredCluster};
pub use contents::Contents;
pub use role::{DesiredRole, RoleState};
pub use tags::{Expiry, Tags, is_ours};

/// The kinds of resources in a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourceKind {
    Role,
    Bucket,
    Cluster,
}

impl std::fmt::Display for ResourceKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Role => "role",
            Self::Bucket => "bucket",
            Self::Cluster => "cluster",
        })
    }
}

/// The desired state, by infra.toml, in this account.
#[derive(Debug, Clone, PartialEq)]
pub struct Desired {
    pub role: DesiredRole,
    pub bucket: DesiredBucket,
    pub cluster: DesiredCluster,
    pub expiry: Expiry,
    /// A tag of the create calls, so that a run knows what it created itself.
    pub run: String,
    /// Whether `up` may change the type and number of nodes.
    pub resize: bool,
}

/// Where the resources of a stack are to be found, whether they are wanted or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    pub stack: String,
    pub region: String,
    pub role: String,
    pub role_path: String,
    pub role_arn: String,
    pub bucket: String,
    pub cluster: String,
    pub admin: String,
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

impl Names {
    /// The names of a stack of which only its own name is known.
    pub fn usual(stack: &str, region: &str, account: &str) -> Self {
        let (role, role_path) = (format!("{stack}-warehouse"), format!("/sparkify-infra/{stack}/"));
        Self {
            role_arn: format!("arn:{}:iam::{account}:role{role_path}{role}", partition(region)),
            // Freed names can be taken by others (R28): the account's number keeps them apart.
            bucket: format!("{stack}-{account}-{region}"),
            cluster: stack.to_owned(),
            admin: crate::config::ADMIN.to_owned(),
            stack: stack.to_owned(),
            region: region.to_owned(),
            role,
            role_path,
        }
    }

    pub fn from_config(config: &Config, account: &str) -> Self {
        let usual = Self::usual(&config.stack, &config.region, account);
        let bucket = config.bucket.clone().unwrap_or_else(|| usual.bucket.clone());
        let (cluster, admin) = (config.cluster.identifier.clone(), config.cluster.admin.clone());
        Self { bucket, cluster, admin, ..usual }
    }

    /// The names in the role's tags: it is created first and deleted last, and says where the rest is.
    pub fn with_role_tags(mut self, role: Option<&RoleState>) -> Self {
        let Some(role) = role.filter(|role| is_ours(&role.tags, &self.stack)) else { return self };
        let told = |key: &str, usual: &String| role.tags.get(key).unwrap_or(usual).clone();
        self.bucket = told(tags::BUCKET, &self.bucket);
        self.cluster = told(tags::CLUSTER, &self.cluster);
        self.admin = told(tags::ADMIN, &self.admin);
        self.region = told(tags::REGION, &self.region);
        self
    }

    /// The name that Redshift gives to the admin's secret (R19).
    pub fn secret(&self) -> String {
        format!("redshift!{}-{}", self.cluster, self.admin)
    }
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

/// Observes everything a stack may have, for `up`.
///
/// # Errors
/// When anything cannot be read: a plan made on half a view would be wrong.
pub async fn observe(aws: &Aws, names: &Names, events: &Events) -> Result<Observed> {
    consistent(events, async || {
        let (role, bucket, cluster) = tokio::try_join!(
            role::observe(aws, names, false),
            bucket::observe(aws, names),
            cluster::observe(aws, names)
        )?;
        Ok(Observed { role, bucket, cluster, snapshots: Vec::new() })
    })
    .await
}

/// Looks again where AWS shows a resource to one call and not to the next (R35, R36).
pub async fn consistent<T>(events: &Events, look: impl AsyncFnMut() -> Result<T>) -> Result<T> {
    let unseen = |error: &Error| error.is(&MISSING).then_some(TransientError::Unseen);
    retry_if(unseen, events, "look at the stack", Duration::from_secs(120), look).await
}

/// The failure to create what exists already and is not shown yet (R16, R35, R36), with the code of what is missing.
fn hidden(doing: &str, code: &str) -> Error {
    Error::failed(format!("cannot {doing}"))
        .because("it exists already, and AWS does not show it yet")
        .coded(Some(code))
}

/// Looks at everything a stack may have beside its role, which has been looked at to know where the rest is, and at
/// what goes with it: for `down`.
///
/// # Errors
/// As `observe`.
pub async fn observe_to_delete(aws: &Aws, names: &Names, role: Option<RoleState>, events: &Events) -> Result<Observed> {
    consistent(events, async || {
        let (bucket, cluster, snapshots) = tokio::try_join!(
            bucket::observe_to_delete(aws, names, role.as_ref()),
            cluster::observe(aws, names),
            cluster::snapshots(aws, names)
        )?;
        Ok(Observed { role: role.clone(), bucket, cluster, snapshots })
    })
    .await
}
