//! From any state, a plan that is carried out leaves nothing to be planned.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::*;
use super::{ACCOUNT, NOW, wanted};
use crate::resource::{BucketState, ClusterState, Expiry, RoleState, role};

/// What AWS would show after a step.
fn after(action: &Action, names: &Names, observed: &mut Observed) {
    let Observed { role, bucket, cluster, .. } = observed;
    let ours = |tags: &mut Tags, set: &Tags| tags.extend(set.clone());
    match action {
        Action::CreateRole(desired) => {
            *role = Some(RoleState {
                arn: names.role_arn.clone(),
                path: names.role_path.clone(),
                trust: desired.trust.clone(),
                tags: desired.tags.clone(),
                inline: BTreeMap::new(),
                attached: Default::default(),
                instance_profiles: Default::default(),
                created: None,
            });
        }
        Action::CreateBucket(desired) => {
            let ownership = Some("BucketOwnerEnforced".into());
            *bucket = Some(BucketState { tags: desired.tags.clone(), ownership, ..BucketState::default() });
        }
        Action::CreateCluster(desired) => {
            let settings = &desired.settings;
            *cluster = Some(ClusterState {
                status: "creating".into(),
                node_type: settings.node_type.clone(),
                nodes: settings.nodes,
                database: settings.database.clone(),
                admin: settings.admin.clone(),
                encrypted: true,
                tags: desired.tags.clone(),
                roles: BTreeMap::from([(desired.role.clone(), "adding".into())]),
                snapshot_retention_days: settings.snapshot_retention_days,
                kms_key: settings.kms_key.clone(),
                ..ClusterState::default()
            });
        }
        Action::DeleteRole => *role = None,
        Action::DeleteBucket => *bucket = None,
        Action::DeleteCluster(_) => cluster.iter_mut().for_each(|cluster| cluster.status = "deleting".into()),
        Action::AwaitClusterGone => *cluster = None,
        Action::AwaitCluster => {
            // A wait never ends for one that is paused.
            for cluster in cluster.iter_mut().filter(|cluster| cluster.status != "paused") {
                (cluster.status, cluster.availability) = ("available".into(), "Available".into());
                cluster.roles.values_mut().for_each(|status| *status = "in-sync".into());
            }
        }
        Action::AwaitSettledCluster => cluster.iter_mut().for_each(|cluster| cluster.status = "available".into()),
        _ => {}
    }
    if let Some(role) = role {
        match action {
            Action::PutTrust(trust) => role.trust = trust.clone(),
            Action::TagRole(tags) => ours(&mut role.tags, tags),
            Action::UntagRole(keys) => role.tags.retain(|key, _| !keys.contains(key)),
            Action::PutRolePolicy(policy) => drop(role.inline.insert(role::POLICY.to_owned(), policy.clone())),
            Action::DeleteRolePolicy(name) => drop(role.inline.remove(name)),
            Action::DetachRolePolicy(arn) => drop(role.attached.remove(arn)),
            Action::LeaveInstanceProfile(name) => drop(role.instance_profiles.remove(name)),
            _ => {}
        }
    }
    if let Some(bucket) = bucket {
        match action {
            Action::BlockPublicAccess => bucket.blocks_public_access = true,
            Action::EncryptBucket => bucket.encryption = Some("AES256".into()),
            Action::OwnBucketObjects => bucket.ownership = Some("BucketOwnerEnforced".into()),
            Action::TagBucket(tags) => bucket.tags = tags.clone(),
            Action::PutBucketPolicy(policy) => bucket.policy = Some(policy.clone()),
            Action::DeleteBucketPolicy => bucket.policy = None,
            Action::EmptyBucket(_) => bucket.contents = Contents::default(),
            _ => {}
        }
    }
    if let Some(cluster) = cluster {
        match action {
            Action::TagCluster(tags) => ours(&mut cluster.tags, tags),
            Action::UntagCluster(keys) => cluster.tags.retain(|key, _| !keys.contains(key)),
            Action::ModifyCluster(change) => {
                cluster.status = "modifying".into();
                cluster.port = change.port.unwrap_or(cluster.port);
                cluster.encrypted = change.encrypted.unwrap_or(cluster.encrypted);
                cluster.public = change.public.unwrap_or(cluster.public);
                let retention = change.snapshot_retention_days;
                cluster.snapshot_retention_days = retention.unwrap_or(cluster.snapshot_retention_days);
                cluster.kms_key = change.kms_key.clone().or(cluster.kms_key.take());
            }
            Action::ResizeCluster { node_type, nodes, .. } => {
                cluster.status = "resizing".into();
                (cluster.node_type, cluster.nodes) = (node_type.clone(), *nodes);
            }
            Action::ResumeCluster => cluster.status = "resuming".into(),
            Action::AttachRole(role) => drop(cluster.roles.insert(role.clone(), "adding".into())),
            _ => {}
        }
    }
}

fn tags_of(names: &Names) -> impl Strategy<Value = Tags> + use<> {
    let own =
        Tags::from([(tags::STACK.to_owned(), names.stack.clone()), (tags::BUCKET.to_owned(), names.bucket.clone())]);
    let more = proptest::collection::btree_map(
        "team|env|sparkify-infra:expires|sparkify-infra:final-snapshot",
        "[a-c]|2026-11-2[0-9]T00:00:00Z",
        0..3,
    );
    more.prop_map(move |more| own.clone().into_iter().chain(more).collect())
}

prop_compose! {
    fn any_role(names: Names)(
        tags in tags_of(&names),
        trust in prop_oneof![Just(serde_json::json!({})), Just(crate::resource::policy::trust(ACCOUNT))],
        policies in proptest::collection::btree_map("read-what-load-reads|other", Just(serde_json::json!({"a": [1]})), 0..2),
        attached in proptest::collection::btree_set("arn:[a-b]", 0..2),
    ) -> RoleState {
        RoleState {
            arn: names.role_arn.clone(), path: names.role_path.clone(), trust, tags, inline: policies, attached,
            instance_profiles: Default::default(), created: None,
        }
    }
}

prop_compose! {
    fn any_bucket(names: Names)(
        tags in tags_of(&names),
        policy in proptest::option::of(Just(serde_json::json!({"Statement": []}))),
        blocks_public_access in any::<bool>(),
        encryption in proptest::option::of(Just("aws:kms".to_owned())),
        ownership in proptest::option::of(Just("ObjectWriter".to_owned())),
        versions in 0..5000_u64,
    ) -> BucketState {
        let contents = Contents { versions, ..Contents::default() };
        BucketState { tags, policy, blocks_public_access, encryption, ownership, contents, is_locked: false }
    }
}

prop_compose! {
    fn any_cluster(names: Names)(
        tags in tags_of(&names),
        status in "available|creating|modifying|paused|resizing|deleting|storage-full|hardware-failure|rebooting",
        node_type in "ra3.large|ra3.xlplus",
        nodes in 1..4_i32,
        database in "dwh|dwh|dwh|dev",
        port in prop_oneof![Just(0), Just(5439), Just(5431)],
        encrypted in any::<bool>(),
        public in any::<bool>(),
        attached in any::<bool>(),
        snapshot_retention_days in 1..4_i32,
    ) -> ClusterState {
        let role = attached.then(|| (names.role_arn.clone(), "adding".to_owned()));
        ClusterState {
            status, availability: "Modifying".into(), node_type, nodes, database, admin: "dwhadmin".into(), port,
            encrypted, public, tags, roles: role.into_iter().collect(), snapshot_retention_days,
            ..ClusterState::default()
        }
    }
}

fn any_observed(names: Names) -> impl Strategy<Value = Observed> {
    let role = proptest::option::of(any_role(names.clone()));
    let bucket = proptest::option::of(any_bucket(names.clone()));
    let cluster = proptest::option::of(any_cluster(names));
    (role, bucket, cluster).prop_map(|(role, bucket, cluster)| Observed {
        role,
        bucket,
        cluster,
        snapshots: Vec::new(),
    })
}

fn any_expiry() -> impl Strategy<Value = Expiry> {
    let at = "2026-11-2[3-9]T00:00:00Z";
    prop_oneof![
        Just(Expiry::Keep),
        Just(Expiry::Never),
        at.prop_map(Expiry::Exactly),
        at.prop_map(|at| Expiry::AtLeast { at, now: NOW.into() }),
    ]
}

proptest! {
    /// Whatever is wanted and whatever is there: applying the plan gives a plan with nothing to do.
    #[test]
    fn a_plan_that_was_applied_leaves_nothing_to_do(
        observed in any_observed(wanted().0),
        expiry in any_expiry(),
        resize in any::<bool>(),
        nodes in 1..4_i32,
        retention in 1..4_i32,
        kms_key in proptest::option::of(Just("arn:aws:kms:us-west-2:123456789012:key/k".to_owned())),
        tags in proptest::collection::btree_map("team|env", "[a-c]", 0..3),
    ) {
        let (names, mut desired) = wanted();
        (desired.expiry, desired.resize) = (expiry, resize);
        let settings = &mut desired.cluster.settings;
        (settings.nodes, settings.snapshot_retention_days, settings.kms_key) = (nodes, retention, kms_key);
        for wanted in [&mut desired.role.tags, &mut desired.bucket.tags, &mut desired.cluster.tags] {
            wanted.extend(tags.clone());
        }
        let plan = bring_up(&names, &desired, &observed);
        let mut then = observed.clone();
        plan.steps.iter().for_each(|step| after(&step.action, &names, &mut then));
        if plan.refusals.is_empty() {
            // The address comes with the end of creation, and with it the port that was asked for.
            then.cluster.iter_mut().filter(|cluster| cluster.port == 0).for_each(|cluster| cluster.port = 5439);
            let again = bring_up(&names, &desired, &then);
            prop_assert!(again.is_empty() && again.refusals.is_empty(), "{:?}\n{:?}", again.steps, again.refusals);
        } else {
            prop_assert!(plan.is_empty());
        }
        let down = take_down(&names, &observed, None);
        let mut then = observed;
        down.steps.iter().for_each(|step| after(&step.action, &names, &mut then));
        prop_assert!(then == Observed::default(), "{:?}", then);
        prop_assert!(take_down(&names, &then, None).is_empty());
    }
}
