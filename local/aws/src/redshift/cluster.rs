//! A cluster as it is kept, and what it answers of itself at a given moment.

use std::collections::BTreeMap;

use redshift_engine::{Place, Slices};
use redshift_sql::NodeType;
use serde::{Deserialize, Serialize};

use super::settings::{PARAMETER_GROUP, Settings};
use super::{optional, tags_xml};
use crate::account::{dns_suffix, iso};
use crate::ec2::{DEFAULT_GROUP, VPC};
use crate::protocol::query::{Xml, text, tree};

pub const KIND: &str = "redshift-cluster";

/// Times are milliseconds since the epoch. The state is never stored: it follows from the clock, so that a
/// cluster goes on becoming available while no process runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Cluster {
    pub id: String,
    pub node_type: String,
    pub nodes: i64,
    pub database: String,
    pub admin: String,
    pub port: i64,
    pub secret: Option<String>,
    pub encrypted: bool,
    pub public: bool,
    pub snapshot_retention: i64,
    pub tags: BTreeMap<String, String>,
    /// Role ARN → when it is in sync.
    pub roles: BTreeMap<String, i64>,
    #[serde(default)]
    pub default_role: Option<String>,
    pub created: i64,
    pub available_at: i64,
    pub gone_at: Option<i64>,
    pub final_snapshot: Option<String>,
    pub namespace: String,
    pub region: String,
    pub account: String,
    #[serde(default)]
    pub kms_key: Option<String>,
    /// None is the default one.
    #[serde(default)]
    pub security_groups: Vec<String>,
    /// When a describe first finds it (R16).
    #[serde(default)]
    pub visible_at: i64,
    /// Until when it refuses changes although it answers `available` (finding 4).
    #[serde(default)]
    pub settled_at: i64,
    #[serde(default)]
    pub settings: Settings,
    #[serde(default)]
    pub paused: bool,
    #[serde(default)]
    pub transition: Option<Transition>,
    /// A state that a test has forced upon it.
    #[serde(default)]
    pub forced: Option<String>,
}

/// Something under way on a cluster.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Transition {
    pub status: String,
    pub until: i64,
}

impl Cluster {
    pub fn is_gone(&self, now: i64) -> bool {
        self.gone_at.is_some_and(|gone| gone <= now)
    }

    fn security_groups(&self) -> impl Iterator<Item = &str> {
        let default = self.security_groups.is_empty().then_some(DEFAULT_GROUP);
        self.security_groups.iter().map(String::as_str).chain(default)
    }

    /// One of the states of R14.
    pub fn status(&self, now: i64) -> &str {
        if let Some(forced) = &self.forced
            && self.gone_at.is_none()
        {
            return forced;
        }
        match self.gone_at {
            Some(_) if self.final_snapshot.is_some() => return "final-snapshot",
            Some(_) => return "deleting",
            None if now < self.available_at => return "creating",
            None => {}
        }
        match &self.transition {
            Some(transition) if now < transition.until => &transition.status,
            _ if self.paused => "paused",
            _ => "available",
        }
    }

    /// Returns true if nothing is under way, be it something that the status does not show.
    pub fn is_settled(&self, now: i64) -> bool {
        now >= self.settled_at
    }

    /// What COPY spreads its files over (C5).
    pub fn slices(&self) -> Slices {
        Slices { nodes: self.nodes, per_node: NodeType::slices_of(&self.node_type).into() }
    }

    /// What a statement needs to know of it. `id` is the warehouse's.
    pub fn place(&self, id: String) -> Place {
        Place {
            id,
            region: self.region.clone(),
            database: self.database.clone(),
            admin: self.admin.clone(),
            slices: self.slices(),
            roles: self.roles.keys().cloned().collect(),
            default_role: self.default_role.clone(),
            secret: self.secret.clone(),
        }
    }

    /// `door` is the host and the port where it really answers, if anywhere.
    pub fn xml(&self, now: i64, door: Option<(String, u16)>) -> Xml {
        let status = self.status(now);
        let availability = match status {
            "available" if self.is_settled(now) => "Available",
            // Recorded (R14).
            "paused" => "Paused",
            "storage-full" => "Unavailable",
            "hardware-failure" => "Failed",
            status if status.starts_with("incompatible-") => "Failed",
            _ => "Modifying",
        };
        let role = |(arn, in_sync_at): (&String, &i64)| {
            let applied = if now < *in_sync_at { "adding" } else { "in-sync" };
            tree("ClusterIamRole", vec![text("IamRoleArn", arn), text("ApplyStatus", applied)])
        };
        let mut fields = vec![
            text("ClusterIdentifier", &self.id),
            text("NodeType", &self.node_type),
            text("ClusterStatus", status),
            text("ClusterAvailabilityStatus", availability),
            text("MasterUsername", &self.admin),
            text("DBName", &self.database),
            text("AutomatedSnapshotRetentionPeriod", self.snapshot_retention),
            text("ClusterVersion", "1.0"),
            text("NumberOfNodes", self.nodes),
            text("PubliclyAccessible", self.public),
            text("Encrypted", self.encrypted),
            text("ClusterNamespaceArn", &self.namespace),
            text("VpcId", VPC),
            text("ClusterSubnetGroupName", "default"),
            tree("VpcSecurityGroups", self.security_groups().map(security_group).collect()),
            tree(
                "ClusterParameterGroups",
                vec![tree(
                    "ClusterParameterGroup",
                    vec![text("ParameterGroupName", PARAMETER_GROUP), text("ParameterApplyStatus", "in-sync")],
                )],
            ),
            tree("IamRoles", self.roles.iter().map(role).collect()),
            tags_xml(&self.tags),
        ];
        fields.extend(self.settings.xml(&self.region));
        fields.extend(optional("MasterPasswordSecretArn", self.secret.as_ref()));
        fields.extend(optional("KmsKeyId", self.kms_key.as_ref()));
        fields.extend(optional("DefaultIamRoleArn", self.default_role.as_ref()));
        if status != "creating" {
            let (address, port) = match door {
                Some((host, port)) => (host, i64::from(port)),
                None => {
                    let host = format!("{}.local.{}.redshift.{}", self.id, self.region, dns_suffix(&self.region));
                    (host, self.port)
                }
            };
            fields.push(text("ClusterCreateTime", iso(self.created)));
            fields.push(tree("Endpoint", vec![text("Address", address), text("Port", port)]));
        }
        tree("Cluster", fields)
    }
}

fn security_group(id: &str) -> Xml {
    tree("VpcSecurityGroup", vec![text("VpcSecurityGroupId", id), text("Status", "active")])
}
