//! The Redshift cluster: private, encrypted, its admin password managed by Secrets Manager.

use std::collections::BTreeMap;

use aws_sdk_redshift::types as redshift;

use super::{Names, Tags};
use crate::aws::{Aws, failed, is};
use crate::config::Cluster;
use crate::error::Result;

#[derive(Debug, Clone, PartialEq)]
pub struct DesiredCluster {
    pub settings: Cluster,
    /// ARN of the role to attach.
    pub role: String,
    pub tags: Tags,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ClusterState {
    pub status: String,
    pub availability: String,
    pub node_type: String,
    pub nodes: i32,
    pub database: String,
    pub admin: String,
    pub port: i32,
    pub encrypted: bool,
    pub public: bool,
    pub tags: Tags,
    /// Role ARN → `in-sync`, `adding` or `removing`.
    pub roles: BTreeMap<String, String>,
    /// `host:port`, once there is one.
    pub endpoint: Option<String>,
    pub secret: Option<String>,
}

impl ClusterState {
    /// Finding 4: `available` alone is not ready.
    pub fn is_ready(&self) -> bool {
        self.status == "available"
            && self.availability.eq_ignore_ascii_case("available")
            && self.roles.values().all(|status| status == "in-sync")
    }

    /// What it is doing, for a line that says what is waited for.
    pub fn doing(&self) -> String {
        let pending = self.roles.values().find(|status| *status != "in-sync");
        match pending {
            Some(status) if self.status == "available" => format!("{} (role {status})", self.status),
            _ => self.status.clone(),
        }
    }
}

pub async fn observe(aws: &Aws, names: &Names) -> Result<Option<ClusterState>> {
    let doing = format!("read the cluster {}", names.cluster);
    let found = match aws.redshift.describe_clusters().cluster_identifier(&names.cluster).send().await {
        Ok(found) => found.clusters.unwrap_or_default(),
        Err(error) if is(&error, &["ClusterNotFound", "ClusterNotFoundFault"]) => return Ok(None),
        Err(error) => return Err(failed(&doing, &error)),
    };
    Ok(found.into_iter().next().map(state))
}

fn state(cluster: redshift::Cluster) -> ClusterState {
    let endpoint = cluster.endpoint.as_ref();
    let port = endpoint.and_then(|endpoint| endpoint.port);
    let address = endpoint.and_then(|endpoint| endpoint.address.clone());
    let roles = cluster.iam_roles.unwrap_or_default();
    ClusterState {
        status: cluster.cluster_status.unwrap_or_default(),
        // Servers that do not tell are taken at their status.
        availability: cluster.cluster_availability_status.unwrap_or_else(|| "Available".to_owned()),
        node_type: cluster.node_type.unwrap_or_default(),
        nodes: cluster.number_of_nodes.unwrap_or(1),
        database: cluster.db_name.unwrap_or_default(),
        admin: cluster.master_username.unwrap_or_default(),
        port: port.unwrap_or_default(),
        encrypted: cluster.encrypted.unwrap_or(false),
        public: cluster.publicly_accessible.unwrap_or(false),
        tags: cluster
            .tags
            .unwrap_or_default()
            .into_iter()
            .map(|tag| (tag.key.unwrap_or_default(), tag.value.unwrap_or_default()))
            .collect(),
        roles: roles
            .into_iter()
            .map(|role| {
                (role.iam_role_arn.unwrap_or_default(), role.apply_status.unwrap_or_else(|| "in-sync".to_owned()))
            })
            .collect(),
        endpoint: address.map(|address| format!("{address}:{}", port.unwrap_or_default())),
        secret: cluster.master_password_secret_arn,
    }
}

fn tag((key, value): (&String, &String)) -> redshift::Tag {
    redshift::Tag::builder().key(key).value(value).build()
}

pub async fn create(aws: &Aws, names: &Names, desired: &DesiredCluster) -> Result<()> {
    let settings = &desired.settings;
    let single = settings.nodes == 1;
    let call = aws
        .redshift
        .create_cluster()
        .cluster_identifier(&names.cluster)
        .node_type(&settings.node_type)
        .cluster_type(if single { "single-node" } else { "multi-node" })
        // R11: a single node takes no count.
        .set_number_of_nodes((!single).then_some(settings.nodes))
        .db_name(&settings.database)
        .master_username(&settings.admin)
        .manage_master_password(true)
        .port(settings.port)
        .encrypted(true)
        .publicly_accessible(false)
        .automated_snapshot_retention_period(settings.snapshot_retention_days)
        .iam_roles(&desired.role)
        .set_tags(Some(desired.tags.iter().map(tag).collect()));
    call.send().await.map(drop).map_err(|error| failed(&format!("create the cluster {}", names.cluster), &error))
}

/// Whether the refusal is one that passes: IAM has not told Redshift of the role yet (R4). The same answer means a
/// wrong role, so that the caller gives up after a while.
pub fn is_role_unknown_yet(error: &crate::error::Error) -> bool {
    let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    cause.starts_with("InvalidParameterValue") && cause.contains("IAM role")
}

pub async fn attach_role(aws: &Aws, names: &Names, role: &str) -> Result<()> {
    let call = aws.redshift.modify_cluster_iam_roles().cluster_identifier(&names.cluster).add_iam_roles(role);
    call.send().await.map(drop).map_err(|error| failed("attach the role to the cluster", &error))
}

pub async fn put_tags(aws: &Aws, names: &Names, tags: &Tags) -> Result<()> {
    let arn = format!("arn:aws:redshift:{}:{}:cluster:{}", aws.region, aws.account, names.cluster);
    let call = aws.redshift.create_tags().resource_name(arn).set_tags(Some(tags.iter().map(tag).collect()));
    call.send().await.map(drop).map_err(|error| failed("tag the cluster", &error))
}

/// Without a final snapshot: what `load` made can be loaded again.
pub async fn delete(aws: &Aws, names: &Names) -> Result<()> {
    let call = aws.redshift.delete_cluster().cluster_identifier(&names.cluster).skip_final_cluster_snapshot(true);
    match call.send().await {
        Err(error) if !is(&error, &["ClusterNotFound", "ClusterNotFoundFault"]) => {
            Err(failed(&format!("delete the cluster {}", names.cluster), &error))
        }
        _ => Ok(()),
    }
}

/// Snapshots that would outlive the cluster, and be billed.
pub async fn snapshots(aws: &Aws, names: &Names) -> Result<Vec<String>> {
    let call = aws.redshift.describe_cluster_snapshots().cluster_identifier(&names.cluster).snapshot_type("manual");
    let pages = call.into_paginator().items().send();
    let found: Vec<_> = pages
        .collect::<std::result::Result<_, _>>()
        .await
        .map_err(|error| failed("list the snapshots of the cluster", &error))?;
    Ok(found.into_iter().filter_map(|snapshot| snapshot.snapshot_identifier).collect())
}

/// Whether the admin secret still exists (R19: it should go with the cluster).
pub async fn secret_exists(aws: &Aws, arn: &str) -> Result<bool> {
    match aws.secrets.describe_secret().secret_id(arn).send().await {
        Ok(secret) => Ok(secret.deleted_date.is_none()),
        Err(error) if is(&error, &["ResourceNotFoundException"]) => Ok(false),
        Err(error) => Err(failed("look for the admin secret", &error)),
    }
}
