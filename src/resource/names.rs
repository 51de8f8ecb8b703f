//! The kinds of resources in a stack, and their names.

use crate::config::Config;
use crate::error::Error;
use crate::location::partition;

/// The kinds of resources in a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourceKind {
    Role,
    Bucket,
    Cluster,
}

impl ResourceKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Role, Self::Bucket, Self::Cluster];
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

    /// The name that Redshift gives to the admin's secret (R19).
    pub fn secret(&self) -> String {
        format!("redshift!{}-{}", self.cluster, self.admin)
    }
}

/// The failure to create what exists already and is not shown yet (R16, R35, R36), with the code of what is missing.
pub fn hidden(doing: &str, code: &str) -> Error {
    Error::failed(format!("cannot {doing}"))
        .because("it exists already, and AWS does not show it yet")
        .coded(Some(code))
}
