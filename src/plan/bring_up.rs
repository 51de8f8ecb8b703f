//! The plan of `up`: what is missing is created, what has drifted is changed back, what cannot be changed is refused.

use super::difference::{created, of_documents};
use super::{Action, Change, Plan, ResourceSteps};
use crate::config::rules::most_new_nodes;
use crate::read_policy::INLINE_CHARACTERS;
use crate::resource::cluster::Modification;
use crate::resource::tags::{CHANGED, EXPIRES, RUN};
use crate::resource::{
    BucketState, ClusterState, Desired, DesiredBucket, DesiredCluster, DesiredRole, Names, Observed, ResourceKind,
    RoleState, Tags, role, tags,
};

/// The plan of `up`.
pub fn bring_up(names: &Names, desired: &Desired, observed: &Observed) -> Plan {
    let mut plan = Plan::default();
    plan.refuse_what_is_not_ours(names, observed);
    if plan.refusals.is_empty() {
        bring_up_role(&mut plan, names, desired, observed.role.as_ref());
        bring_up_bucket(&mut plan, names, desired, observed.bucket.as_ref());
        bring_up_cluster(&mut plan, names, desired, observed.cluster.as_ref());
    }
    plan.settled()
}

/// The tags of a resource that is about to be created.
fn new_tags(wanted: &Tags, desired: &Desired) -> Tags {
    let mut all = wanted.clone();
    all.insert(RUN.to_owned(), desired.run.clone());
    all.extend(desired.expiry.resolve(None).map(|at| (EXPIRES.to_owned(), at.clone())));
    all
}

/// The difference of a resource's tags: those to set, those to remove, field by field. Tags of others stay.
struct TagDifference {
    set: Tags,
    remove: Vec<String>,
    changes: Vec<Change>,
}

fn tags_differ(wanted: &Tags, desired: &Desired, found: &Tags) -> TagDifference {
    let mut all = wanted.clone();
    let expires = desired.expiry.resolve(found.get(EXPIRES));
    all.extend(expires.map(|at| (EXPIRES.to_owned(), at.clone())));
    let mut remove = Vec::new();
    for key in [EXPIRES, tags::FINAL_SNAPSHOT] {
        if found.contains_key(key) && !all.contains_key(key) {
            remove.push(key.to_owned());
        }
    }
    let set: Tags = all.into_iter().filter(|(key, value)| found.get(key) != Some(value)).collect();
    let mut changes: Vec<Change> =
        set.iter().map(|(key, value)| Change::between(key, found.get(key), Some(value))).collect();
    changes.extend(remove.iter().map(|key| Change::between(key, found.get(key), None::<&str>)));
    TagDifference { set, remove, changes }
}

const TAGS_DIFFER: &str = "its tags differ";
const CHANGE_IS_NOTED: &str = "keeps when its policies change";

fn bring_up_role(plan: &mut Plan, names: &Names, desired: &Desired, found: Option<&RoleState>) {
    let wanted = &desired.role;
    let Some(found) = found else {
        let mut step = plan.steps_of(ResourceKind::Role, &names.role);
        let role = DesiredRole { tags: new_tags(&wanted.tags, desired), ..wanted.clone() };
        let mut fields = created(&role.tags, &[("path", names.role_path.clone())]);
        fields.extend(of_documents("trust", None, Some(&role.trust)));
        step.add_with(Action::CreateRole(role), "lets Redshift read S3", fields);
        let policy = of_documents("policy", None, Some(&wanted.permissions));
        let action = Action::PutRolePolicy(wanted.permissions.clone());
        let reason =
            if wanted.is_exact { "may read what load reads, and nothing else" } else { "may read what load reads" };
        step.add_with(action, reason, policy);
        note_what_may_be_read(plan, names, wanted);
        return;
    };
    note_what_may_be_read(plan, names, wanted);
    if found.path != names.role_path {
        plan.refuse(format!(
            "the role {} has the path {}, which cannot be changed to {}",
            names.role, found.path, names.role_path
        ));
    }
    match found.elsewhere(names) {
        Some(region) => refuse_another_region(plan, names, region),
        None => refuse_what_has_moved(plan, names, found),
    }
    for arn in &found.attached {
        plan.note(format!("the policy {arn} is attached to the role {}: it is left there", names.role));
    }
    for name in found.inline.keys().filter(|name| *name != role::POLICY) {
        plan.note(format!("the role {} has a policy {name} that is not ours: it is left there", names.role));
    }
    let mut step = plan.steps_of(ResourceKind::Role, &names.role);
    let policy = found.inline.get(role::POLICY);
    let mut differ = tags_differ(&wanted.tags, desired, &found.tags);
    // Before the change: a load that is denied looks at it, and must not take a new policy for an old one.
    if found.trust != wanted.trust || policy != Some(&wanted.permissions) {
        let (reason, changes) = match differ.set.is_empty() {
            true => (CHANGE_IS_NOTED, Vec::new()),
            false => (TAGS_DIFFER, differ.changes.clone()),
        };
        differ.set.insert(CHANGED.to_owned(), desired.run.clone());
        step.add_with(Action::TagRole(differ.set), reason, changes);
    } else if !differ.set.is_empty() {
        step.add_with(Action::TagRole(differ.set), TAGS_DIFFER, differ.changes.clone());
    }
    if !differ.remove.is_empty() {
        step.add_with(Action::UntagRole(differ.remove), TAGS_DIFFER, differ.changes);
    }
    if found.trust != wanted.trust {
        let changes = of_documents("trust", Some(&found.trust), Some(&wanted.trust));
        step.add_with(Action::PutTrust(wanted.trust.clone()), "its trust policy differs", changes);
    }
    if policy != Some(&wanted.permissions) {
        let reason = if policy.is_none() { "its policy is missing" } else { "its policy differs" };
        let changes = of_documents("policy", policy, Some(&wanted.permissions));
        step.add_with(Action::PutRolePolicy(wanted.permissions.clone()), reason, changes);
    }
}

/// A stack of this name is in another region, and its role, of which there is one in an account, is taken.
fn refuse_another_region(plan: &mut Plan, names: &Names, region: &str) {
    let Names { stack, role, region: wanted, .. } = names;
    plan.refuse(format!(
        "the stack {stack} is in {region}, as its role {role} says, and infra.toml says {wanted}: choose another `stack` \
         for {wanted}, or write `region = \"{region}\"`; to move it, run `down --region {region}` first, which deletes it there"
    ));
}

/// R46: prefixes that were cut off allow more than a load reads.
fn note_what_may_be_read(plan: &mut Plan, names: &Names, wanted: &DesiredRole) {
    if !wanted.is_exact {
        plan.note(format!(
            "the role {} may read what lies beside the sources, too: with their prefixes in full its policy would be longer \
             than the {INLINE_CHARACTERS} characters that IAM takes",
            names.role
        ));
    }
}

/// The role says where the stack is. If infra.toml says otherwise, what is there would be left behind.
fn refuse_what_has_moved(plan: &mut Plan, names: &Names, found: &RoleState) {
    let told = names.clone().with_role_tags(Some(found));
    let pairs = [
        ("bucket", &told.bucket, &names.bucket),
        ("cluster", &told.cluster, &names.cluster),
        ("admin", &told.admin, &names.admin),
    ];
    for (what, is, wanted) in pairs.into_iter().filter(|(_, is, wanted)| is != wanted) {
        plan.refuse(format!(
            "the {what} of the stack {} is {is}, infra.toml says {wanted}: run down, which finds the old one, then up",
            names.stack
        ));
    }
}

fn bring_up_bucket(plan: &mut Plan, names: &Names, desired: &Desired, found: Option<&BucketState>) {
    let wanted = &desired.bucket;
    let mut step = plan.steps_of(ResourceKind::Bucket, &names.bucket);
    let Some(found) = found else {
        let bucket = DesiredBucket { tags: new_tags(&wanted.tags, desired), ..wanted.clone() };
        let fields = created(&bucket.tags, &[("ownership", "BucketOwnerEnforced".into())]);
        let reason = "holds the gathered parts, beside the cluster; owner enforced";
        step.add_with(Action::CreateBucket(bucket), reason, fields);
        let blocked = vec![Change::to("public access block", "all four")];
        step.add_with(Action::BlockPublicAccess, "nothing in it is public", blocked);
        step.add_with(Action::EncryptBucket, "encrypted with AES256", vec![Change::to("encryption", "AES256")]);
        let policy = of_documents("policy", None, Some(&wanted.policy));
        step.add_with(Action::PutBucketPolicy(wanted.policy.clone()), "TLS only", policy);
        return;
    };
    if !found.blocks_public_access {
        let changes = vec![Change::between("public access block", Some("not all four"), Some("all four"))];
        step.add_with(Action::BlockPublicAccess, "public access is not blocked", changes);
    }
    if found.encryption.is_none() {
        step.add_with(Action::EncryptBucket, "it is not encrypted", vec![Change::to("encryption", "AES256")]);
    }
    if found.ownership.as_deref() != Some("BucketOwnerEnforced") {
        let changes = vec![Change::between("ownership", found.ownership.as_ref(), Some("BucketOwnerEnforced"))];
        step.add_with(Action::OwnBucketObjects, "object ownership is not enforced", changes);
    }
    let differ = tags_differ(&wanted.tags, desired, &found.tags);
    if !differ.changes.is_empty() {
        let mut all = found.tags.clone();
        all.extend(differ.set);
        all.retain(|key, _| !differ.remove.contains(key));
        step.add_with(Action::TagBucket(all), TAGS_DIFFER, differ.changes);
    }
    if found.policy.as_ref() != Some(&wanted.policy) {
        let reason = if found.policy.is_none() { "its policy is missing" } else { "its policy differs" };
        let changes = of_documents("policy", found.policy.as_ref(), Some(&wanted.policy));
        step.add_with(Action::PutBucketPolicy(wanted.policy.clone()), reason, changes);
    }
}

fn bring_up_cluster(plan: &mut Plan, names: &Names, desired: &Desired, found: Option<&ClusterState>) {
    let name = &names.cluster;
    // Its name is free when it is gone, and not before (R14).
    let Some(found) = found.filter(|found| !found.is_going()) else {
        let settings = &desired.cluster.settings;
        let most = most_new_nodes(&settings.node_type);
        if settings.nodes > most {
            plan.refuse(format!(
                "a new cluster of {} has at most {most} nodes (R38), infra.toml says {}: create it with fewer, then run \
                 `up --resize`",
                settings.node_type, settings.nodes
            ));
            return;
        }
        let mut step = plan.steps_of(ResourceKind::Cluster, name);
        if let Some(going) = found {
            step.add(Action::AwaitClusterGone, format!("it is {}, and is created again when it is gone", going.status));
        }
        create_cluster(&mut step, desired);
        return;
    };
    if found.is_stuck() {
        plan.refuse(format!("the cluster {name} is {}, and will not come out of it: run down, then up", found.status));
        return;
    }
    refuse_what_is_fixed(plan, name, desired, found);
    if !found.defaults.is_empty() {
        let list: Vec<String> = found.defaults.iter().map(|(name, value)| format!("{name} {value}")).collect();
        plan.note(format!("left as AWS set it on the cluster {name}: {}", list.join(", ")));
    }
    for role in found.roles.keys().filter(|role| **role != desired.cluster.role) {
        plan.note(format!("the role {role} is attached to the cluster {name} as well: it is left there"));
    }
    change_cluster(&mut plan.steps_of(ResourceKind::Cluster, name), desired, found);
}

fn create_cluster(step: &mut ResourceSteps<'_>, desired: &Desired) {
    let wanted = &desired.cluster;
    let settings = &wanted.settings;
    let size = format!("{} x {}, private, encrypted, password in Secrets Manager", settings.nodes, settings.node_type);
    let cluster = DesiredCluster { tags: new_tags(&wanted.tags, desired), ..wanted.clone() };
    let mut fields = vec![
        ("node type", settings.node_type.clone()),
        ("nodes", settings.nodes.to_string()),
        ("database", settings.database.clone()),
        ("admin", settings.admin.clone()),
        ("port", settings.port.to_string()),
        ("role", wanted.role.clone()),
        ("encryption", settings.kms_key.clone().unwrap_or_else(|| "the key that AWS keeps".into())),
        ("automated snapshots, days", settings.snapshot_retention_days.to_string()),
    ];
    fields.extend(settings.subnet_group.clone().map(|group| ("subnet group", group)));
    let fields = created(&cluster.tags, &fields);
    step.add_with(Action::CreateCluster(cluster), size, fields);
    step.add(Action::AwaitCluster, "until it takes statements");
}

fn refuse_what_is_fixed(plan: &mut Plan, name: &str, desired: &Desired, found: &ClusterState) {
    let settings = &desired.cluster.settings;
    let subnet_group = found.subnet_group.as_ref().filter(|_| settings.subnet_group.is_some());
    let fixed = [
        ("database", Some(&found.database), Some(&settings.database)),
        ("admin", Some(&found.admin), Some(&settings.admin)),
        ("subnet group", subnet_group, settings.subnet_group.as_ref()),
    ];
    for (what, is, wanted) in fixed.into_iter().filter(|(_, is, wanted)| is != wanted) {
        let text = |value: Option<&String>| value.cloned().unwrap_or_else(|| "none".to_owned());
        plan.refuse(format!(
            "the cluster {name}: {what} is {}, infra.toml says {}, and that is not changed in place; run down, then up",
            text(is),
            text(wanted)
        ));
    }
    let sizes = [
        ("node type", found.node_type.clone(), settings.node_type.clone()),
        ("number of nodes", found.nodes.to_string(), settings.nodes.to_string()),
    ];
    for (what, is, wanted) in sizes.into_iter().filter(|(_, is, wanted)| is != wanted && !desired.resize) {
        plan.refuse(format!(
            "the cluster {name}: {what} is {is}, infra.toml says {wanted}; run `up --resize` to change it in place, \
             which interrupts statements and changes what it costs"
        ));
    }
}

/// Changes a cluster in place. AWS takes one change at a time, so that each is waited for (R14).
fn change_cluster(step: &mut ResourceSteps<'_>, desired: &Desired, found: &ClusterState) {
    let wanted = &desired.cluster;
    let settings = &wanted.settings;
    let differ = tags_differ(&wanted.tags, desired, &found.tags);
    if !differ.set.is_empty() {
        step.add_with(Action::TagCluster(differ.set), TAGS_DIFFER, differ.changes.clone());
    }
    if !differ.remove.is_empty() {
        step.add_with(Action::UntagCluster(differ.remove), TAGS_DIFFER, differ.changes);
    }
    // A paused cluster stays so until it is resumed: there is nothing to wait for first.
    let mut at_rest = found.is_ready() || found.status == "paused";
    let mut change = |action: Action, reason: &str, changes: Vec<Change>| {
        if !at_rest {
            step.add(Action::AwaitCluster, format!("it is {}", found.doing()));
        }
        at_rest = true;
        step.add_with(action, reason, changes);
        step.add(Action::AwaitCluster, "until it takes statements");
    };
    if found.status == "paused" {
        change(
            Action::ResumeCluster,
            "it is paused",
            vec![Change::between("status", Some("paused"), Some("available"))],
        );
    }
    let (modification, changes) = modification(desired, found);
    if !changes.is_empty() {
        change(Action::ModifyCluster(modification), "its settings differ", changes);
    }
    if desired.resize && (found.node_type != settings.node_type || found.nodes != settings.nodes) {
        let classic = (found.nodes == 1) != (settings.nodes == 1);
        let action = Action::ResizeCluster { node_type: settings.node_type.clone(), nodes: settings.nodes, classic };
        let changes = vec![
            Change::between("node type", Some(&found.node_type), Some(&settings.node_type)),
            Change::between("nodes", Some(found.nodes), Some(settings.nodes)),
        ];
        let changes = changes.into_iter().filter(|change| change.from != change.to).collect();
        change(action, if classic { "by a classic resize" } else { "by an elastic resize" }, changes);
    }
    if !found.roles.contains_key(&wanted.role) {
        let changes = vec![Change::to("role", &wanted.role)];
        change(Action::AttachRole(wanted.role.clone()), "the role is not attached", changes);
    }
    if !at_rest {
        step.add(Action::AwaitCluster, format!("until it takes statements; it is {}", found.doing()));
    }
}

fn modification(desired: &Desired, found: &ClusterState) -> (Modification, Vec<Change>) {
    let settings = &desired.cluster.settings;
    let (mut change, mut changes) = (Modification::default(), Vec::new());
    // While it is being created it has no address yet, and with it no port.
    if found.port != settings.port && found.port != 0 {
        change.port = Some(settings.port);
        changes.push(Change::between("port", Some(found.port), Some(settings.port)));
    }
    if !found.encrypted {
        change.encrypted = Some(true);
        changes.push(Change::between("encrypted", Some(false), Some(true)));
    }
    if found.public {
        change.public = Some(false);
        changes.push(Change::between("publicly accessible", Some(true), Some(false)));
    }
    if found.snapshot_retention_days != settings.snapshot_retention_days {
        change.snapshot_retention_days = Some(settings.snapshot_retention_days);
        let (from, to) = (found.snapshot_retention_days, settings.snapshot_retention_days);
        changes.push(Change::between("automated snapshots, days", Some(from), Some(to)));
    }
    if settings.kms_key.is_some() && settings.kms_key != found.kms_key {
        change.kms_key.clone_from(&settings.kms_key);
        changes.push(Change::between("KMS key", found.kms_key.as_ref(), settings.kms_key.as_ref()));
    }
    (change, changes)
}
