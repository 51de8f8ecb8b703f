use std::collections::BTreeMap;
use std::path::Path;

use super::*;
use crate::config::Config;

const ACCOUNT: &str = "123456789012";

fn wanted() -> (Names, Desired) {
    let config = Config::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("infra.toml")).expect("infra.toml");
    (Names::of(&config, ACCOUNT), Desired::of(&config, ACCOUNT))
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
        }),
        bucket: Some(BucketState {
            tags: desired.bucket.tags.clone(),
            policy: Some(desired.bucket.policy.clone()),
            blocks_public_access: true,
            encryption: Some("AES256".into()),
            ownership: Some("BucketOwnerEnforced".into()),
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
            public: false,
            tags: desired.cluster.tags.clone(),
            roles: BTreeMap::from([(names.role_arn.clone(), "in-sync".into())]),
            endpoint: None,
            secret: None,
        }),
    }
}

fn actions(plan: &Plan) -> Vec<Action> {
    plan.steps.iter().map(|step| step.action.clone()).collect()
}

#[test]
fn from_nothing_everything_is_created_in_order() {
    let (names, desired) = wanted();
    let plan = plan(&names, Some(&desired), &Observed::default());
    use Action::*;
    let expected = [
        CreateRole,
        PutRolePolicy,
        CreateBucket,
        BlockPublicAccess,
        EncryptBucket,
        PutBucketPolicy,
        CreateCluster,
        AwaitCluster,
    ];
    assert_eq!(actions(&plan), expected);
}

#[test]
fn a_healthy_stack_needs_nothing_and_goes_down_in_reverse() {
    let (names, desired) = wanted();
    let observed = healthy(&names, &desired);
    assert!(plan(&names, Some(&desired), &observed).is_empty());
    let down = plan(&names, None, &observed);
    use Action::*;
    let expected = [
        DeleteCluster,
        AwaitClusterGone,
        DeleteBucketPolicy,
        EmptyBucket,
        DeleteBucket,
        DeleteRolePolicy(role::POLICY.into()),
        DeleteRole,
    ];
    assert_eq!(actions(&down), expected);
    assert!(plan(&names, None, &Observed::default()).is_empty());
}

#[test]
fn drift_is_changed_back() {
    let (names, desired) = wanted();
    let mut observed = healthy(&names, &desired);
    if let Some(role) = &mut observed.role {
        role.inline.clear();
        role.trust = serde_json::json!({});
    }
    if let Some(bucket) = &mut observed.bucket {
        bucket.blocks_public_access = false;
        bucket.policy = None;
    }
    if let Some(cluster) = &mut observed.cluster {
        cluster.roles.clear();
    }
    use Action::*;
    let expected = [PutTrust, PutRolePolicy, BlockPublicAccess, PutBucketPolicy, AttachRole, AwaitCluster];
    assert_eq!(actions(&plan(&names, Some(&desired), &observed)), expected);
}

#[test]
fn what_is_not_ours_is_refused_and_never_touched() {
    let (names, desired) = wanted();
    for stack in [None, Some("other")] {
        let mut observed = healthy(&names, &desired);
        if let Some(bucket) = &mut observed.bucket {
            bucket.tags.clear();
            bucket.tags.extend(stack.map(|stack| (crate::resource::STACK_TAG.to_owned(), stack.to_owned())));
        }
        for desired in [Some(&desired), None] {
            let plan = plan(&names, desired, &observed);
            assert!(plan.is_empty());
            assert_eq!(plan.refusals.len(), 1, "{:?}", plan.refusals);
        }
    }
}

#[test]
fn what_cannot_be_changed_in_place_is_refused() {
    let (names, desired) = wanted();
    let mut observed = healthy(&names, &desired);
    if let Some(cluster) = &mut observed.cluster {
        cluster.node_type = "ra3.xlplus".into();
        cluster.public = true;
    }
    let plan = plan(&names, Some(&desired), &observed);
    assert!(plan.is_empty());
    assert_eq!(plan.refusals.len(), 2);
}

#[test]
fn a_cluster_in_transition_is_waited_out_before_it_is_deleted() {
    let (names, desired) = wanted();
    let mut observed = healthy(&names, &desired);
    observed.bucket = None;
    observed.role = None;
    if let Some(cluster) = &mut observed.cluster {
        cluster.status = "modifying".into();
    }
    use Action::*;
    assert_eq!(actions(&plan(&names, None, &observed)), [AwaitSettledCluster, DeleteCluster, AwaitClusterGone]);
    if let Some(cluster) = &mut observed.cluster {
        cluster.status = "deleting".into();
    }
    assert_eq!(actions(&plan(&names, None, &observed)), [AwaitClusterGone]);
    assert!(!plan(&names, Some(&desired), &observed).refusals.is_empty());
}
