//! The plan of `down`: what costs money by the hour is asked to go first, the role, which says where the rest is, last.

use super::{Action, Plan, ResourceSteps};
use crate::config::FinalSnapshot;
use crate::resource::{BucketState, ClusterState, Names, Observed, ResourceKind, RoleState};

/// The plan of `down`, with the final snapshot that was decided on.
pub fn take_down(names: &Names, observed: &Observed, final_snapshot: Option<&FinalSnapshot>) -> Plan {
    let mut plan = Plan::default();
    plan.refuse_what_is_not_ours(names, observed);
    if let (Some(snapshot), Some(cluster)) = (final_snapshot, &observed.cluster)
        && observed.snapshots.contains(&snapshot.name)
        && !cluster.is_going()
    {
        plan.refuse(format!(
            "a snapshot {} of the cluster {} exists already, and the final snapshot cannot be given its name (R15): \
             choose another `cluster.final_snapshot`, or delete the old one",
            snapshot.name, names.cluster
        ));
    }
    let cluster = observed.cluster.as_ref();
    if let Some(cluster) = cluster {
        delete_cluster(&mut plan.steps_of(ResourceKind::Cluster, &names.cluster), cluster, final_snapshot);
    }
    if let Some(bucket) = &observed.bucket {
        delete_bucket(&mut plan.steps_of(ResourceKind::Bucket, &names.bucket), bucket);
    }
    if cluster.is_some() {
        plan.steps_of(ResourceKind::Cluster, &names.cluster).add(Action::AwaitClusterGone, "until it is gone");
    }
    if let Some(role) = &observed.role {
        delete_role(&mut plan.steps_of(ResourceKind::Role, &names.role), role);
    }
    plan.settled()
}

fn delete_cluster(step: &mut ResourceSteps<'_>, found: &ClusterState, final_snapshot: Option<&FinalSnapshot>) {
    if found.is_going() {
        return;
    }
    let takes_a_delete = ["available", "paused", "storage-full"].contains(&found.status.as_str()) || found.is_stuck();
    if !takes_a_delete {
        step.add(Action::AwaitSettledCluster, format!("it is {}, and cannot be deleted so", found.status));
    }
    let reason = match final_snapshot {
        None => "without a final snapshot; its data and its admin secret go with it".to_owned(),
        Some(snapshot) => {
            let kept = match snapshot.retention_days {
                -1 => "for ever".to_owned(),
                days => format!("{days} days"),
            };
            format!("with the final snapshot {}, which stays {kept} and is billed", snapshot.name)
        }
    };
    step.add(Action::DeleteCluster(final_snapshot.cloned()), reason);
}

fn delete_bucket(step: &mut ResourceSteps<'_>, found: &BucketState) {
    if found.policy.is_some() {
        step.add(Action::DeleteBucketPolicy, "first, so that no deny stands in the way");
    }
    let contents = found.contents;
    if found.is_locked {
        step.add(Action::EmptyBucket(contents), "whatever is in it: its policy does not let us look");
    }
    if contents.versions + contents.markers + contents.uploads > 0 {
        step.add(Action::EmptyBucket(contents), contents.to_string());
    }
    step.add(Action::DeleteBucket, "empty");
}

fn delete_role(step: &mut ResourceSteps<'_>, found: &RoleState) {
    for profile in &found.instance_profiles {
        step.add(Action::LeaveInstanceProfile(profile.clone()), format!("instance profile {profile}"));
    }
    for arn in &found.attached {
        step.add(Action::DetachRolePolicy(arn.clone()), format!("attached policy {arn}"));
    }
    for name in found.inline.keys() {
        step.add(Action::DeleteRolePolicy(name.clone()), format!("inline policy {name}"));
    }
    step.add(Action::DeleteRole, "nothing uses it");
}
