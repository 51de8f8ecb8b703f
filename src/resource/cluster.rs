//! The Redshift cluster: private, encrypted, its admin password managed by Secrets Manager.

use std::collections::BTreeMap;

use aws_sdk_redshift::types as redshift;

use super::names::{Names, hidden};
use super::tags::{RUN, STACK, Tags};
use crate::aws::{Aws, failed, is};
use crate::config::{Cluster, FinalSnapshot};
use crate::error::Result;

#[derive(Debug, Clone, PartialEq)]
pub struct DesiredCluster {
    pub settings: Cluster,
    /// ARN of the role to attach.
    pub role: String,
    pub tags: Tags,
}

#[derive(Debug, Clone, Default, PartialEq)]
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
    pub snapshot_retention_days: i32,
    pub subnet_group: Option<String>,
    pub kms_key: Option<String>,
    /// RFC 3339.
    pub created: Option<String>,
    /// Settings that AWS chose because infra.toml does not, by name.
    pub defaults: Vec<(&'static str, String)>,
}

impl ClusterState {
    /// True while it is being deleted, which cannot be stopped (R15).
    pub fn is_going(&self) -> bool {
        matches!(self.status.as_str(), "deleting" | "final-snapshot")
    }

    /// R14: it will not come out of this state by itself.
    pub fn is_stuck(&self) -> bool {
        self.status == "hardware-failure" || self.status.starts_with("incompatible-")
    }

    /// Finding 4: `available` alone is not ready.
    pub fn is_ready(&self) -> bool {
        self.status == "available"
            && self.availability.eq_ignore_ascii_case("available")
            && self.roles.values().all(|status| status == "in-sync")
    }

    /// Its state in words, for a heartbeat.
    pub fn doing(&self) -> String {
        let pending = self.roles.values().find(|status| *status != "in-sync");
        match pending {
            Some(status) if self.status == "available" => format!("{} (role {status})", self.status),
            _ => self.status.clone(),
        }
    }
}

const ABSENT: [&str; 2] = ["ClusterNotFound", "ClusterNotFoundFault"];

/// Where Redshift puts a cluster that names no subnet group.
pub const DEFAULT_SUBNET_GROUP: &str = "default";

/// The price of the cluster, if known: AWS's list price of an hour in us-east-1, in 2026.
pub fn cost(cluster: &ClusterState) -> String {
    let node = match cluster.node_type.as_str() {
        "ra3.large" => Some(0.543),
        "ra3.xlplus" => Some(1.086),
        "ra3.4xlarge" => Some(3.26),
        "ra3.16xlarge" => Some(13.04),
        _ => None,
    };
    let (nodes, node_type) = (cluster.nodes, &cluster.node_type);
    if cluster.status == "paused" {
        return format!(
            "The cluster is paused: its storage is billed until `down`, its {nodes} x {node_type} are not."
        );
    }
    match node {
        Some(price) => format!(
            "The cluster costs about {:.2} USD an hour ({nodes} x {node_type}, list price in us-east-1) until `down`.",
            price * f64::from(nodes)
        ),
        None => format!("The cluster costs money by the hour ({nodes} x {node_type}) until `down`."),
    }
}

/// Resources that AWS creates beside a cluster and keeps when it is deleted. The service-linked role comes with the first
/// cluster of an account, and can be deleted only after all of them (R33; MG using-service-linked-roles). A cluster that
/// names no subnet group answers `default`, a name that CreateClusterSubnetGroup does not take.
pub fn kept_by_aws(subnet_group: Option<&str>) -> Vec<String> {
    let mut kept = vec![
        "the service-linked role AWSServiceRoleForRedshift, which Redshift creates with the first cluster of an account"
            .to_owned(),
    ];
    if subnet_group == Some(DEFAULT_SUBNET_GROUP) {
        kept.push("the cluster subnet group default, for clusters that name no other".to_owned());
    }
    kept
}

pub async fn observe(aws: &Aws, names: &Names) -> Result<Option<ClusterState>> {
    let doing = format!("read the cluster {}", names.cluster);
    let found = match aws.redshift.describe_clusters().cluster_identifier(&names.cluster).send().await {
        Ok(found) => found.clusters.unwrap_or_default(),
        Err(error) if is(&error, &ABSENT) => return Ok(None),
        Err(error) => return Err(failed(&doing, &error)),
    };
    Ok(found.into_iter().next().map(state))
}

fn state(cluster: redshift::Cluster) -> ClusterState {
    let endpoint = cluster.endpoint.as_ref();
    let port = endpoint.and_then(|endpoint| endpoint.port);
    let address = endpoint.and_then(|endpoint| endpoint.address.clone());
    let defaults = defaults(&cluster);
    let roles = cluster.iam_roles.unwrap_or_default();
    ClusterState {
        status: cluster.cluster_status.unwrap_or_default(),
        // Servers without this field are judged by the status.
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
        snapshot_retention_days: cluster.automated_snapshot_retention_period.unwrap_or(1),
        subnet_group: cluster.cluster_subnet_group_name,
        kms_key: cluster.kms_key_id,
        created: cluster.cluster_create_time.map(|time| time.to_string()),
        defaults,
    }
}

fn defaults(cluster: &redshift::Cluster) -> Vec<(&'static str, String)> {
    let groups = cluster.cluster_parameter_groups().iter().filter_map(|group| group.parameter_group_name.clone());
    let found = [
        ("version", cluster.cluster_version.clone()),
        ("parameter group", Some(groups.collect::<Vec<_>>().join(", ")).filter(|groups| !groups.is_empty())),
        ("maintenance window", cluster.preferred_maintenance_window.clone()),
        ("availability zone", cluster.availability_zone.clone()),
        ("VPC", cluster.vpc_id.clone()),
        ("enhanced VPC routing", cluster.enhanced_vpc_routing.map(|on| on.to_string())),
    ];
    found.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
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
        .set_cluster_subnet_group_name(settings.subnet_group.clone())
        .set_kms_key_id(settings.kms_key.clone())
        .set_tags(Some(desired.tags.iter().map(tag).collect()));
    let doing = format!("create the cluster {}", names.cluster);
    match call.send().await {
        Ok(_) => Ok(()),
        // The answer to an earlier try of this run was lost.
        Err(error) if is(&error, &["ClusterAlreadyExists", "ClusterAlreadyExistsFault"]) => {
            match observe(aws, names).await? {
                Some(found) if found.tags.get(RUN) == desired.tags.get(RUN) => Ok(()),
                Some(_) => Err(failed(&doing, &error)),
                None => Err(hidden(&doing, "ClusterNotFound")),
            }
        }
        Err(error) => Err(failed(&doing, &error)),
    }
}

/// Changes of a cluster in place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Modification {
    pub port: Option<i32>,
    pub encrypted: Option<bool>,
    pub public: Option<bool>,
    pub snapshot_retention_days: Option<i32>,
    pub kms_key: Option<String>,
}

pub async fn modify(aws: &Aws, names: &Names, change: &Modification) -> Result<()> {
    let call = aws
        .redshift
        .modify_cluster()
        .cluster_identifier(&names.cluster)
        .set_port(change.port)
        .set_encrypted(change.encrypted)
        .set_publicly_accessible(change.public)
        .set_automated_snapshot_retention_period(change.snapshot_retention_days)
        .set_kms_key_id(change.kms_key.clone());
    call.send().await.map(drop).map_err(|error| failed(&format!("modify the cluster {}", names.cluster), &error))
}

/// Resizes to another type or number of nodes. From or to one node only the slower classic resize works.
pub async fn resize(aws: &Aws, names: &Names, node_type: &str, nodes: i32, classic: bool) -> Result<()> {
    let call = aws
        .redshift
        .resize_cluster()
        .cluster_identifier(&names.cluster)
        .cluster_type(if nodes == 1 { "single-node" } else { "multi-node" })
        .node_type(node_type)
        .set_number_of_nodes((nodes != 1).then_some(nodes))
        .classic(classic);
    call.send().await.map(drop).map_err(|error| failed(&format!("resize the cluster {}", names.cluster), &error))
}

pub async fn resume(aws: &Aws, names: &Names) -> Result<()> {
    let call = aws.redshift.resume_cluster().cluster_identifier(&names.cluster);
    call.send().await.map(drop).map_err(|error| failed(&format!("resume the cluster {}", names.cluster), &error))
}

pub async fn attach_role(aws: &Aws, names: &Names, role: &str) -> Result<()> {
    let call = aws.redshift.modify_cluster_iam_roles().cluster_identifier(&names.cluster).add_iam_roles(role);
    call.send().await.map(drop).map_err(|error| failed("attach the role to the cluster", &error))
}

fn arn(aws: &Aws, names: &Names) -> String {
    let partition = crate::location::partition(&names.region);
    format!("arn:{partition}:redshift:{}:{}:cluster:{}", names.region, aws.account, names.cluster)
}

pub async fn put_tags(aws: &Aws, names: &Names, tags: &Tags) -> Result<()> {
    let call = aws.redshift.create_tags().resource_name(arn(aws, names));
    let sent = call.set_tags(Some(tags.iter().map(tag).collect())).send().await;
    sent.map(drop).map_err(|error| failed("tag the cluster", &error))
}

pub async fn remove_tags(aws: &Aws, names: &Names, keys: &[String]) -> Result<()> {
    let call = aws.redshift.delete_tags().resource_name(arn(aws, names)).set_tag_keys(Some(keys.to_vec()));
    call.send().await.map(drop).map_err(|error| failed("remove tags of the cluster", &error))
}

/// R15: without a final snapshot, or with the one that was decided on.
pub async fn delete(aws: &Aws, names: &Names, snapshot: Option<&FinalSnapshot>) -> Result<()> {
    let call = aws.redshift.delete_cluster().cluster_identifier(&names.cluster);
    let call = match snapshot {
        None => call.skip_final_cluster_snapshot(true),
        Some(snapshot) => call
            .skip_final_cluster_snapshot(false)
            .final_cluster_snapshot_identifier(&snapshot.name)
            .final_cluster_snapshot_retention_period(snapshot.retention_days),
    };
    match call.send().await {
        Ok(_) => Ok(()),
        Err(error) if is(&error, &ABSENT) => Ok(()),
        // The answer to an earlier try may have been lost: what is being deleted already needs no second delete.
        Err(error) if is(&error, &["InvalidClusterState", "InvalidClusterStateFault"]) => {
            match observe(aws, names).await? {
                Some(found) if found.is_going() => Ok(()),
                // It exists, as the refusal says, also where a describe does not show it (R16).
                _ => Err(failed(&format!("delete the cluster {}", names.cluster), &error)),
            }
        }
        Err(error) => Err(failed(&format!("delete the cluster {}", names.cluster), &error)),
    }
}

/// The identifiers and tags of all clusters that bear our tag, of whatever stack. The filter of AWS means "any of"
/// (R18) and other servers ignore it: the tags are looked at again.
pub async fn all_of_ours(aws: &Aws) -> Result<Vec<(String, Tags)>> {
    let call = aws.redshift.describe_clusters().tag_keys(STACK);
    let found: Vec<_> = call
        .into_paginator()
        .items()
        .send()
        .collect::<std::result::Result<_, _>>()
        .await
        .map_err(|error| failed("list the clusters", &error))?;
    let named = found.into_iter().map(|cluster| {
        let id = cluster.cluster_identifier.clone().unwrap_or_default();
        (id, state(cluster).tags)
    });
    Ok(named.filter(|(_, tags)| tags.contains_key(STACK)).collect())
}

/// Snapshots that would outlive the cluster, and be billed. The model lets AWS answer that a cluster which is gone does
/// not exist (R15): then all snapshots are looked through.
pub async fn snapshots(aws: &Aws, names: &Names) -> Result<Vec<String>> {
    let found = match manual_snapshots(aws, Some(&names.cluster)).await {
        Err(error) if error.is(&ABSENT) => {
            let mut all = manual_snapshots(aws, None).await?;
            all.retain(|snapshot| snapshot.cluster_identifier() == Some(names.cluster.as_str()));
            all
        }
        found => found?,
    };
    Ok(found.into_iter().filter_map(|snapshot| snapshot.snapshot_identifier).collect())
}

async fn manual_snapshots(aws: &Aws, cluster: Option<&String>) -> Result<Vec<redshift::Snapshot>> {
    let call = aws.redshift.describe_cluster_snapshots().set_cluster_identifier(cluster.cloned());
    let pages = call.snapshot_type("manual").into_paginator().items().send();
    let found = pages.collect::<std::result::Result<_, _>>().await;
    found.map_err(|error| failed("list the snapshots of the cluster", &error))
}

/// Returns true if the admin secret still exists (R19: it should go with the cluster): asked for by its ARN, or by the
/// name that Redshift gives it, because a list may be five minutes old (R35).
pub async fn secret_exists(aws: &Aws, names: &Names, arn: Option<&str>) -> Result<bool> {
    let id = arn.map_or_else(|| names.secret(), str::to_owned);
    match aws.secrets.describe_secret().secret_id(id).send().await {
        // One that is scheduled for deletion is in no list and lets nobody in.
        Ok(found) => Ok(found.deleted_date.is_none()),
        Err(error) if is(&error, &["ResourceNotFoundException"]) => Ok(false),
        // Other servers refuse to describe a name with an exclamation mark.
        Err(error) if is(&error, &["ValidationException", "InvalidParameterException"]) => {
            is_secret_listed(aws, &names.secret()).await
        }
        Err(error) => Err(failed("look for the admin secret", &error)),
    }
}

async fn is_secret_listed(aws: &Aws, name: &str) -> Result<bool> {
    use aws_sdk_secretsmanager::types::{Filter, FilterNameStringType};
    let filter = Filter::builder().key(FilterNameStringType::Name).values(name).build();
    let found: Vec<_> = aws
        .secrets
        .list_secrets()
        .filters(filter)
        .into_paginator()
        .send()
        .collect::<std::result::Result<_, _>>()
        .await
        .map_err(|error| failed("look for the admin secret", &error))?;
    // The filter means "begins with".
    Ok(found.iter().flat_map(|page| page.secret_list()).any(|secret| secret.name.as_deref() == Some(name)))
}
