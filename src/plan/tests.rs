mod any_state;

use std::collections::BTreeMap;
use std::path::Path;

use super::*;
use crate::config::Config;
use crate::resource::{BucketState, ClusterState, Desired, Expiry, RoleState, role};

const ACCOUNT: &str = "123456789012";
const NOW: &str = "2026-11-22T10:00:00Z";

fn wanted() -> (Names, Desired) {
    let config = Config::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("infra.toml")).expect("infra.toml");
    let desired = Desired::from_config(&config, ACCOUNT, Expiry::Keep, "run-1".into(), false);
    (Names::from_config(&config, ACCOUNT), desired)
}

/// What `up` leaves, as AWS would show it.
fn healthy(names: &Names, desired: &Desired) -> Observed {
    let settings = &desired.cluster.settings;
    Observed {
        role: Some(RoleState {
            arn: names.role_arn.clone(),
            path: names.role_path.clone(),
            trust: desired.role.trust.clone(),
            tags: desired.role.tags.clone(),
            inline: BTreeMap::from([(role::POLICY.to_owned(), desired.role.permissions.clone())]),
            attached: Default::default(),
            instance_profiles: Default::default(),
            created: None,
        }),
        bucket: Some(BucketState {
            tags: desired.bucket.tags.clone(),
            policy: Some(desired.bucket.policy.clone()),
            blocks_public_access: true,
            encryption: Some("AES256".into()),
            ownership: Some("BucketOwnerEnforced".into()),
            ..BucketState::default()
        }),
        cluster: Some(ClusterState {
            status: "available".into(),
            availability: "Available".into(),
            node_type: settings.node_type.clone(),
            nodes: settings.nodes,
            database: settings.database.clone(),
            admin: settings.admin.clone(),
            port: settings.port,
            encrypted: true,
            tags: desired.cluster.tags.clone(),
            roles: BTreeMap::from([(names.role_arn.clone(), "in-sync".into())]),
            snapshot_retention_days: settings.snapshot_retention_days,
            ..ClusterState::default()
        }),
        snapshots: Vec::new(),
    }
}

/// The steps in words, without the resources.
fn verbs(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(|step| format!("{} {}", step.action.verb(), step.kind)).collect()
}

#[test]
fn from_nothing_everything_is_created_in_order() {
    let (names, desired) = wanted();
    let expected = [
        "create role",
        "put the policy of role",
        "create bucket",
        "block public access to bucket",
        "encrypt bucket",
        "put the policy of bucket",
        "create cluster",
        "wait for cluster",
    ];
    assert_eq!(verbs(&bring_up(&names, &desired, &Observed::default())), expected);
}

#[test]
fn what_costs_by_the_hour_goes_first_and_the_role_last() {
    let (names, desired) = wanted();
    let mut observed = healthy(&names, &desired);
    assert!(bring_up(&names, &desired, &observed).is_empty());
    if let Some(bucket) = &mut observed.bucket {
        bucket.contents = Contents { objects: 900, versions: 1500, markers: 600, uploads: 2, bytes: 7 };
    }
    let down = take_down(&names, &observed, None);
    let expected = [
        "delete cluster",
        "delete the policy of bucket",
        "empty bucket",
        "delete bucket",
        "wait for the end of cluster",
        "delete the policy of role",
        "delete role",
    ];
    assert_eq!(verbs(&down), expected);
    let mut writes = vec!["s3:AbortMultipartUpload"; 2];
    writes.extend(["s3:DeleteObjects"; 3]);
    assert_eq!(down.steps[2].action.writes(), writes);
    assert!(take_down(&names, &Observed::default(), None).is_empty());
}

#[test]
fn drift_is_changed_back_and_shown_field_by_field() {
    let (names, desired) = wanted();
    let mut observed = healthy(&names, &desired);
    if let Some(role) = &mut observed.role {
        role.inline.clear();
        role.trust["Statement"][0]["Principal"]["Service"] = "ec2.amazonaws.com".into();
        role.attached.insert("arn:aws:iam::aws:policy/AdministratorAccess".into());
    }
    if let Some(bucket) = &mut observed.bucket {
        bucket.blocks_public_access = false;
        bucket.policy = None;
        bucket.tags.insert("team".into(), "theirs".into());
    }
    if let Some(cluster) = &mut observed.cluster {
        cluster.roles.clear();
        cluster.public = true;
    }
    let plan = bring_up(&names, &desired, &observed);
    let expected = [
        "tag role",
        "put the trust policy of role",
        "put the policy of role",
        "block public access to bucket",
        "put the policy of bucket",
        "modify cluster",
        "wait for cluster",
        "attach the role to cluster",
        "wait for cluster",
    ];
    assert_eq!(verbs(&plan), expected);
    let field = "trust.Statement[0].Principal.Service";
    let noted = Tags::from([(tags::CHANGED.to_owned(), "run-1".to_owned())]);
    assert_eq!(plan.steps[0].action, Action::TagRole(noted));
    assert_eq!(
        plan.steps[1].changes,
        [Change::between(field, Some("ec2.amazonaws.com"), Some("redshift.amazonaws.com"))]
    );
    assert_eq!(plan.steps[5].changes, [Change::between("publicly accessible", Some(true), Some(false))]);
    assert!(plan.notes.iter().any(|note| note.contains("AdministratorAccess")), "{:?}", plan.notes);
}

#[test]
fn tags_of_others_stay() {
    let (names, mut desired) = wanted();
    let mut observed = healthy(&names, &desired);
    if let Some(bucket) = &mut observed.bucket {
        bucket.tags.insert("team".into(), "theirs".into());
    }
    desired.bucket.tags.insert("owner".into(), "me".into());
    let plan = bring_up(&names, &desired, &observed);
    let Action::TagBucket(tags) = &plan.steps[0].action else { panic!("{plan:?}") };
    assert_eq!((tags["team"].as_str(), tags["owner"].as_str()), ("theirs", "me"));
}

#[test]
fn what_is_not_ours_is_refused_and_never_touched() {
    let (names, desired) = wanted();
    for stack in [None, Some("other")] {
        let mut observed = healthy(&names, &desired);
        if let Some(bucket) = &mut observed.bucket {
            bucket.tags.clear();
            bucket.tags.extend(stack.map(|stack| (tags::STACK.to_owned(), stack.to_owned())));
        }
        for plan in [bring_up(&names, &desired, &observed), take_down(&names, &observed, None)] {
            assert!(plan.is_empty());
            assert_eq!(plan.refusals.len(), 1, "{:?}", plan.refusals);
        }
    }
}

#[test]
fn what_cannot_be_changed_in_place_is_refused() {
    let (names, mut desired) = wanted();
    let mut observed = healthy(&names, &desired);
    if let Some(cluster) = &mut observed.cluster {
        cluster.node_type = "ra3.xlplus".into();
        cluster.database = "other".into();
    }
    assert_eq!(bring_up(&names, &desired, &observed).refusals.len(), 2);
    desired.resize = true;
    let plan = bring_up(&names, &desired, &observed);
    assert_eq!(plan.refusals.len(), 1, "{:?}", plan.refusals);
    if let Some(cluster) = &mut observed.cluster {
        cluster.database = desired.cluster.settings.database.clone();
    }
    assert_eq!(verbs(&bring_up(&names, &desired, &observed)), ["resize cluster", "wait for cluster"]);
}

#[test]
fn a_stack_that_moved_is_refused_and_found_by_down() {
    let (names, desired) = wanted();
    let observed = healthy(&names, &desired);
    let renamed = Names { bucket: "another".into(), cluster: "another".into(), ..names.clone() };
    let mut elsewhere = observed.clone();
    (elsewhere.bucket, elsewhere.cluster) = (None, None);
    let plan = bring_up(&renamed, &desired, &elsewhere);
    assert_eq!(plan.refusals.len(), 2, "{:?}", plan.refusals);
    assert_eq!(renamed.with_role_tags(observed.role.as_ref()), names);
}

#[test]
fn a_stack_of_another_region_is_refused_for_that_alone() {
    let (names, desired) = wanted();
    let mut observed = healthy(&names, &desired);
    (observed.bucket, observed.cluster) = (None, None);
    if let Some(role) = &mut observed.role {
        role.tags.insert(tags::REGION.to_owned(), "eu-west-1".into());
        role.tags.insert(tags::BUCKET.to_owned(), "sparkify-123456789012-eu-west-1".into());
    }
    let plan = bring_up(&names, &desired, &observed);
    assert_eq!(plan.refusals.len(), 1, "{:?}", plan.refusals);
    assert!(plan.refusals[0].contains("is in eu-west-1") && plan.refusals[0].contains("down --region eu-west-1"));
    assert!(plan.is_empty());
}

#[test]
fn a_cluster_that_is_being_deleted_is_waited_out_and_created_anew() {
    let (names, desired) = wanted();
    let mut observed = healthy(&names, &desired);
    for status in ["deleting", "final-snapshot"] {
        if let Some(cluster) = &mut observed.cluster {
            // What cannot be changed in place goes with it.
            (cluster.status, cluster.database) = (status.into(), "other".into());
        }
        let plan = bring_up(&names, &desired, &observed);
        assert_eq!(verbs(&plan), ["wait for the end of cluster", "create cluster", "wait for cluster"], "{status}");
        assert!(plan.steps[0].reason.contains(status), "{}", plan.steps[0].reason);
    }
    if let Some(cluster) = &mut observed.cluster {
        cluster.tags.clear();
    }
    assert_eq!(bring_up(&names, &desired, &observed).refusals.len(), 1, "somebody else's");
}

#[test]
fn every_state_of_a_cluster_has_its_way_down() {
    let (names, desired) = wanted();
    let mut observed = healthy(&names, &desired);
    (observed.bucket, observed.role) = (None, None);
    let mut down = |status: &str| {
        if let Some(cluster) = &mut observed.cluster {
            cluster.status = status.into();
        }
        verbs(&take_down(&names, &observed, None))
    };
    for status in ["creating", "modifying", "rebooting", "renaming", "resizing", "rotating-keys", "updating-hsm"] {
        assert_eq!(down(status), ["wait for cluster", "delete cluster", "wait for the end of cluster"], "{status}");
    }
    for status in ["available", "paused", "storage-full", "hardware-failure", "incompatible-network"] {
        assert_eq!(down(status), ["delete cluster", "wait for the end of cluster"], "{status}");
    }
    for status in ["deleting", "final-snapshot"] {
        assert_eq!(down(status), ["wait for the end of cluster"], "{status}");
    }
}

#[test]
fn the_final_snapshot_is_decided_before_the_first_call() {
    let (names, desired) = wanted();
    let mut observed = healthy(&names, &desired);
    let snapshot = FinalSnapshot { name: "last".into(), retention_days: 7 };
    let plan = take_down(&names, &observed, Some(&snapshot));
    assert_eq!(plan.steps[0].action, Action::DeleteCluster(Some(snapshot.clone())));
    observed.snapshots = vec!["last".into()];
    assert_eq!(take_down(&names, &observed, Some(&snapshot)).refusals.len(), 1);
}

#[test]
fn an_expiry_is_kept_until_it_has_passed_or_another_is_asked_for() {
    let at_least = Expiry::AtLeast { at: "2026-11-22T12:00:00Z".into(), now: NOW.into() };
    let (past, future, new) =
        ("2026-11-21T00:00:00Z".to_owned(), "2026-12-01T00:00:00Z".to_owned(), "2026-11-22T12:00:00Z".to_owned());
    assert_eq!(at_least.resolve(Some(&future)), Some(&future));
    assert_eq!(at_least.resolve(Some(&past)), Some(&new));
    assert_eq!(at_least.resolve(None), Some(&new));
    assert_eq!(Expiry::Never.resolve(Some(&future)), None);
    assert_eq!(Expiry::Keep.resolve(Some(&past)), Some(&past));
    assert_eq!(Expiry::Exactly(new.clone()).resolve(Some(&future)), Some(&new));
}
