//! Desired against observed → the steps from here to there, in order, each with its reason. Pure: no call, no clock.
//! `down` is `up` with nothing desired.

use std::fmt;

use crate::resource::{BucketState, ClusterState, Desired, Names, Observed, RoleState, Tags, is_ours, role};

/// What a step does to its resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glyph {
    Create,
    Change,
    Delete,
    Wait,
}

impl Glyph {
    pub fn sign(self) -> char {
        match self {
            Self::Create => '+',
            Self::Change => '~',
            Self::Delete => '-',
            Self::Wait => '.',
        }
    }
}

/// One call, or one wait. Everything it needs to know is in the desired state and the names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    CreateRole,
    PutTrust,
    TagRole,
    PutRolePolicy,
    DeleteRolePolicy(String),
    DetachRolePolicy(String),
    LeaveInstanceProfile(String),
    DeleteRole,
    CreateBucket,
    BlockPublicAccess,
    EncryptBucket,
    OwnBucketObjects,
    TagBucket,
    PutBucketPolicy,
    DeleteBucketPolicy,
    EmptyBucket,
    DeleteBucket,
    CreateCluster,
    TagCluster,
    AttachRole,
    AwaitCluster,
    /// Nothing may be under way on a cluster that is to be deleted (R14).
    AwaitSettledCluster,
    DeleteCluster,
    AwaitClusterGone,
}

impl Action {
    pub fn glyph(&self) -> Glyph {
        match self {
            Self::CreateRole | Self::CreateBucket | Self::CreateCluster => Glyph::Create,
            Self::DeleteRolePolicy(_)
            | Self::DetachRolePolicy(_)
            | Self::LeaveInstanceProfile(_)
            | Self::DeleteRole
            | Self::DeleteBucketPolicy
            | Self::EmptyBucket
            | Self::DeleteBucket
            | Self::DeleteCluster => Glyph::Delete,
            Self::AwaitCluster | Self::AwaitSettledCluster | Self::AwaitClusterGone => Glyph::Wait,
            _ => Glyph::Change,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub action: Action,
    /// The resource, by kind and name.
    pub resource: String,
    pub reason: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    pub steps: Vec<Step>,
    /// Why the plan must not be carried out: what is there and not ours, or cannot be changed in place.
    pub refusals: Vec<String>,
}

impl Plan {
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    fn add(&mut self, action: Action, resource: &impl fmt::Display, reason: impl Into<String>) {
        self.steps.push(Step { action, resource: resource.to_string(), reason: reason.into() });
    }

    fn refuse(&mut self, reason: String) {
        self.refusals.push(reason);
    }
}

/// The plan of `up` (something desired) or of `down` (nothing desired).
pub fn plan(names: &Names, desired: Option<&Desired>, observed: &Observed) -> Plan {
    let mut plan = Plan::default();
    refuse_what_is_not_ours(&mut plan, names, observed);
    if !plan.refusals.is_empty() {
        return plan;
    }
    match desired {
        Some(desired) => {
            bring_up_role(&mut plan, names, desired, observed.role.as_ref());
            bring_up_bucket(&mut plan, names, desired, observed.bucket.as_ref());
            bring_up_cluster(&mut plan, names, desired, observed.cluster.as_ref());
        }
        // The reverse order: nothing is taken from under what still uses it.
        None => {
            observed.cluster.iter().for_each(|cluster| take_down_cluster(&mut plan, names, cluster));
            observed.bucket.iter().for_each(|bucket| take_down_bucket(&mut plan, names, bucket));
            observed.role.iter().for_each(|role| take_down_role(&mut plan, names, role));
        }
    }
    if !plan.refusals.is_empty() {
        plan.steps.clear();
    }
    plan
}

fn refuse_what_is_not_ours(plan: &mut Plan, names: &Names, observed: &Observed) {
    let mut check = |kind: &str, name: &str, tags: Option<&Tags>| {
        if let Some(tags) = tags.filter(|tags| !is_ours(tags, &names.stack)) {
            let owner = match tags.get(crate::resource::STACK_TAG) {
                Some(stack) => format!("belongs to the stack {stack}"),
                None => "was not made by sparkify-infra".to_owned(),
            };
            plan.refuse(format!("the {kind} {name} exists and {owner}: it is left as it is"));
        }
    };
    check("role", &names.role, observed.role.as_ref().map(|role| &role.tags));
    check("bucket", &names.bucket, observed.bucket.as_ref().map(|bucket| &bucket.tags));
    check("cluster", &names.cluster, observed.cluster.as_ref().map(|cluster| &cluster.tags));
}

fn missing_tags(wanted: &Tags, found: &Tags) -> Option<String> {
    let missing: Vec<&str> =
        wanted.iter().filter(|(key, value)| found.get(*key) != Some(value)).map(|(key, _)| key.as_str()).collect();
    (!missing.is_empty()).then(|| format!("tags differ: {}", missing.join(", ")))
}

fn bring_up_role(plan: &mut Plan, names: &Names, desired: &Desired, found: Option<&RoleState>) {
    let resource = format!("role {}", names.role);
    let Some(found) = found else {
        plan.add(Action::CreateRole, &resource, "lets Redshift, in this account only, read S3");
        plan.add(Action::PutRolePolicy, &resource, "may read what load reads, and nothing else");
        return;
    };
    if found.path != names.role_path {
        plan.refuse(format!(
            "the role {} has the path {}, which cannot be changed to {}",
            names.role, found.path, names.role_path
        ));
    }
    if found.trust != desired.role.trust {
        plan.add(Action::PutTrust, &resource, "its trust policy differs");
    }
    if let Some(reason) = missing_tags(&desired.role.tags, &found.tags) {
        plan.add(Action::TagRole, &resource, reason);
    }
    match found.inline.get(role::POLICY) {
        None => plan.add(Action::PutRolePolicy, &resource, "its policy is missing"),
        Some(policy) if *policy != desired.role.permissions => {
            plan.add(Action::PutRolePolicy, &resource, "its policy differs");
        }
        Some(_) => {}
    }
}

fn bring_up_bucket(plan: &mut Plan, names: &Names, desired: &Desired, found: Option<&BucketState>) {
    let resource = format!("bucket {}", names.bucket);
    let Some(found) = found else {
        plan.add(Action::CreateBucket, &resource, "holds the gathered parts, beside the cluster; owner enforced");
        plan.add(Action::BlockPublicAccess, &resource, "nothing in it is public");
        plan.add(Action::EncryptBucket, &resource, "encrypted with AES256");
        plan.add(Action::PutBucketPolicy, &resource, "TLS only");
        return;
    };
    if !found.blocks_public_access {
        plan.add(Action::BlockPublicAccess, &resource, "public access is not blocked");
    }
    if found.encryption.is_none() {
        plan.add(Action::EncryptBucket, &resource, "it is not encrypted");
    }
    if found.ownership.as_deref() != Some("BucketOwnerEnforced") {
        plan.add(Action::OwnBucketObjects, &resource, "object ownership is not enforced");
    }
    if let Some(reason) = missing_tags(&desired.bucket.tags, &found.tags) {
        plan.add(Action::TagBucket, &resource, reason);
    }
    match &found.policy {
        None => plan.add(Action::PutBucketPolicy, &resource, "its policy is missing"),
        Some(policy) if *policy != desired.bucket.policy => {
            plan.add(Action::PutBucketPolicy, &resource, "its policy differs")
        }
        Some(_) => {}
    }
}

fn bring_up_cluster(plan: &mut Plan, names: &Names, desired: &Desired, found: Option<&ClusterState>) {
    let resource = format!("cluster {}", names.cluster);
    let settings = &desired.cluster.settings;
    let Some(found) = found else {
        let size =
            format!("{} x {}, private, encrypted, password in Secrets Manager", settings.nodes, settings.node_type);
        plan.add(Action::CreateCluster, &resource, size);
        plan.add(Action::AwaitCluster, &resource, "until it takes statements");
        return;
    };
    if matches!(found.status.as_str(), "deleting" | "final-snapshot") {
        plan.refuse(format!(
            "the cluster {} is being deleted ({}): run up again when it is gone",
            names.cluster, found.status
        ));
        return;
    }
    let fixed = [
        ("node type", found.node_type.clone(), settings.node_type.clone()),
        ("number of nodes", found.nodes.to_string(), settings.nodes.to_string()),
        ("database", found.database.clone(), settings.database.clone()),
        ("admin", found.admin.clone(), settings.admin.clone()),
        ("encryption", found.encrypted.to_string(), "true".into()),
        ("public access", found.public.to_string(), "false".into()),
    ];
    for (what, is, wanted) in fixed.into_iter().filter(|(_, is, wanted)| is != wanted) {
        plan.refuse(format!(
            "the cluster {}: {what} is {is}, infra.toml says {wanted}, and that is not changed in place; run down, then up",
            names.cluster
        ));
    }
    if let Some(reason) = missing_tags(&desired.cluster.tags, &found.tags) {
        plan.add(Action::TagCluster, &resource, reason);
    }
    let attach = !found.roles.contains_key(&desired.cluster.role);
    if attach {
        if !found.is_ready() {
            plan.add(Action::AwaitCluster, &resource, format!("it is {}", found.doing()));
        }
        plan.add(Action::AttachRole, &resource, "the role is not attached");
    }
    if attach || !found.is_ready() {
        plan.add(Action::AwaitCluster, &resource, "until it takes statements");
    }
}

fn take_down_cluster(plan: &mut Plan, names: &Names, found: &ClusterState) {
    let resource = format!("cluster {}", names.cluster);
    if !matches!(found.status.as_str(), "deleting" | "final-snapshot") {
        if found.status != "available" {
            plan.add(
                Action::AwaitSettledCluster,
                &resource,
                format!("it is {}, and cannot be deleted so", found.status),
            );
        }
        plan.add(
            Action::DeleteCluster,
            &resource,
            "without a final snapshot; its data and its admin secret go with it",
        );
    }
    plan.add(Action::AwaitClusterGone, &resource, "until it is gone");
}

fn take_down_bucket(plan: &mut Plan, names: &Names, found: &BucketState) {
    let resource = format!("bucket {}", names.bucket);
    if found.policy.is_some() {
        plan.add(Action::DeleteBucketPolicy, &resource, "first, so that no deny stands in the way");
    }
    plan.add(Action::EmptyBucket, &resource, "uploads in progress, every version, every delete marker");
    plan.add(Action::DeleteBucket, &resource, "empty");
}

fn take_down_role(plan: &mut Plan, names: &Names, found: &RoleState) {
    let resource = format!("role {}", names.role);
    for profile in &found.instance_profiles {
        plan.add(Action::LeaveInstanceProfile(profile.clone()), &resource, format!("instance profile {profile}"));
    }
    for arn in &found.attached {
        plan.add(Action::DetachRolePolicy(arn.clone()), &resource, format!("attached policy {arn}"));
    }
    for name in found.inline.keys() {
        plan.add(Action::DeleteRolePolicy(name.clone()), &resource, format!("inline policy {name}"));
    }
    plan.add(Action::DeleteRole, &resource, "nothing uses it");
}

#[cfg(test)]
mod tests;
