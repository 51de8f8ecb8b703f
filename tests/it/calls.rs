//! Which calls are made, one by one: no more than needed, and no write that the plan does not show.

use sparkify_local::Pace;

use crate::project::{BUCKET, Output, Project};
use crate::served::Served;

pub fn is_write(call: &str) -> bool {
    let operation = call.split(':').nth(1).unwrap_or_default();
    // A cancel and a describe change nothing that is kept.
    !["Get", "List", "Describe", "Head", "Cancel"].iter().any(|read| operation.starts_with(read))
}

/// The writes that a dry run shows, from its JSON lines.
pub fn shown(output: &Output, event: &str) -> Vec<String> {
    let planned = output.event(event);
    let steps = planned["steps"].as_array().unwrap().iter();
    steps.flat_map(|step| step["writes"].as_array().unwrap()).map(|write| write.as_str().unwrap().to_owned()).collect()
}

/// The writes that a dry run of this command shows, and those that the command then makes.
fn shown_and_made(served: &Served, command: &[&str]) -> (Vec<String>, Vec<String>) {
    let event = if command[0] == "load" { "load_planned" } else { "planned" };
    let options = ["--dry-run", "--output=json"];
    served.faults.clear();
    let dry = served.run(command.iter().copied().chain(options)).succeeded();
    let wrote: Vec<String> = served.faults.calls().into_iter().filter(|call| is_write(call)).collect();
    assert_eq!(wrote, Vec::<String>::new(), "{command:?} --dry-run");
    let made = served.calls_of(command.iter().copied());
    (shown(&dry, event), made.into_iter().filter(|call| is_write(call)).collect())
}

fn assert_as_shown(served: &Served, command: &[&str]) {
    let (shown, made) = shown_and_made(served, command);
    assert_eq!(shown, made, "{command:?}");
    assert!(!made.is_empty(), "{command:?} wrote nothing");
}

#[test]
fn what_is_shown_is_what_is_done() {
    let served = Served::new(Project::with_sample(30, 40), Pace::AT_ONCE);
    assert_as_shown(&served, &["up"]);
    assert_as_shown(&served, &["up", "--expires=2h"]);
    assert_as_shown(&served, &["up", "--expires=never"]);
    served.project.edit("infra.toml", "nodes = 1", "nodes = 3");
    served.project.edit(
        "infra.toml",
        "[cluster]",
        "[tags]\nteam = \"data\"\n[cluster]\nport = 5440\nfinal_snapshot = \"last\"",
    );
    assert_as_shown(&served, &["up", "--resize"]);
    drift(&served);
    assert_as_shown(&served, &["up"]);

    // Sources are copied side by side: what they write comes in no certain order.
    let (mut shown, mut made) = shown_and_made(&served, &["load"]);
    shown.sort();
    made.sort();
    assert_eq!(shown, made);
    let (mut shown, mut made) = shown_and_made(&served, &["load", "--recreate"]);
    shown.sort();
    made.sort();
    assert_eq!(shown, made);

    // Another state of the source: the parts of the one before go.
    let _ = served.project.run(["sample", "data", "--songs=35", "--events=40", "--days=3", "--seed=4"]).succeeded();
    let (mut shown, mut made) = shown_and_made(&served, &["load"]);
    shown.sort();
    made.sort();
    assert_eq!(shown, made);
    assert!(made.contains(&"s3:DeleteObjects".to_owned()), "{made:?}");

    many_versions(&served, 1200);
    assert_as_shown(&served, &["down"]);
    assert_eq!(served.run(["plan", "--detailed-exitcode"]).code, 5);
}

/// Changes by another hand.
pub fn drift(served: &Served) {
    let sdk = served.sdk();
    sdk.block_on(async {
        sdk.iam.delete_role_policy().role_name("sparkify-warehouse").policy_name("read-what-load-reads").send().await.unwrap();
        let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
        sdk.iam.update_assume_role_policy().role_name("sparkify-warehouse").policy_document(trust).send().await.unwrap();
        sdk.s3.delete_public_access_block().bucket(BUCKET).send().await.unwrap();
        sdk.s3.delete_bucket_policy().bucket(BUCKET).send().await.unwrap();
        let call = sdk.redshift.modify_cluster().cluster_identifier("sparkify").publicly_accessible(true);
        call.automated_snapshot_retention_period(9).send().await.unwrap();
        let role = format!("arn:aws:iam::{}:role/sparkify-infra/sparkify/sparkify-warehouse", crate::project::ACCOUNT);
        sdk.redshift.modify_cluster_iam_roles().cluster_identifier("sparkify").remove_iam_roles(role).send().await.unwrap();
    });
}

pub fn many_versions(served: &Served, count: usize) {
    let sdk = served.sdk();
    let on = aws_sdk_s3::types::VersioningConfiguration::builder().status("Enabled".into()).build();
    sdk.block_on(async {
        sdk.s3.put_bucket_versioning().bucket(BUCKET).versioning_configuration(on).send().await.unwrap();
        for _ in 0..count / 100 {
            let puts = (0..100)
                .map(|n| sdk.s3.put_object().bucket(BUCKET).key(format!("k{n}")).body(b"x".to_vec().into()).send());
            futures::future::try_join_all(puts).await.unwrap();
        }
        sdk.s3.put_object().bucket(BUCKET).key("one more").body(b"x".to_vec().into()).send().await.unwrap();
        for n in 0..7 {
            sdk.s3.delete_object().bucket(BUCKET).key(format!("k{n}")).send().await.unwrap();
        }
        sdk.s3.create_multipart_upload().bucket(BUCKET).key("left open").send().await.unwrap();
    });
}

#[test]
fn ten_thousand_versions_and_a_deny_do_not_stand_in_the_way_of_down() {
    let served = Served::new(Project::empty(), Pace::AT_ONCE);
    let _ = served.run(["up"]).succeeded();
    many_versions(&served, 10_000);
    let deny = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::{BUCKET}","arn:aws:s3:::{BUCKET}/*"]}}]}}"#
    );
    let sdk = served.sdk();
    let counted = served.run(["down", "--dry-run"]).succeeded().stdout;
    assert!(counted.contains("94 objects in 10001 versions"), "{}", &counted[..900]);
    assert!(counted.contains("7 delete markers, 1 uploads in progress"), "{}", &counted[..900]);
    assert_eq!(counted.lines().filter(|line| line.contains(&format!("s3://{BUCKET}/"))).count(), 10_001 + 7 + 1);
    sdk.block_on(sdk.s3.put_bucket_policy().bucket(BUCKET).policy(deny).send()).unwrap();
    assert!(sdk.block_on(sdk.s3.get_bucket_tagging().bucket(BUCKET).send()).is_err(), "the deny holds");
    let calls = served.calls_of(["down"]);
    assert_eq!(served.everything(), Vec::<String>::new());
    let count = |name: &str| calls.iter().filter(|call| *call == name).count();
    assert_eq!((count("s3:DeleteObjects"), count("s3:AbortMultipartUpload")), (11, 1));
}

#[test]
fn no_more_calls_than_needed() {
    let served = Served::new(Project::empty(), Pace::AT_ONCE);
    let calls = |command: &[&str]| {
        let mut calls = served.calls_of(command.iter().copied());
        // What is looked at side by side is looked at in no certain order.
        let writes = calls.iter().position(|call| is_write(call)).unwrap_or(calls.len());
        calls[..writes].sort();
        let proof = calls.iter().rposition(|call| is_write(call)).map_or(0, |at| at + 1).max(writes);
        calls[proof..].sort();
        calls.join("\n")
    };
    insta::assert_snapshot!(calls(&["up"]), @r#"
    iam:GetRole
    redshift:DescribeClusters
    redshift:DescribeOrderableClusterOptions
    s3:GetBucketTagging
    sts:GetCallerIdentity
    iam:CreateRole
    iam:PutRolePolicy
    s3:CreateBucket
    s3:GetBucketTagging
    s3:PutPublicAccessBlock
    s3:PutBucketEncryption
    s3:PutBucketPolicy
    redshift:CreateCluster
    redshift:DescribeClusters
    "#);
    insta::assert_snapshot!(calls(&["up"]), @r#"
    iam:GetRole
    iam:GetRolePolicy
    iam:ListAttachedRolePolicies
    iam:ListRolePolicies
    redshift:DescribeClusters
    s3:GetBucketEncryption
    s3:GetBucketOwnershipControls
    s3:GetBucketPolicy
    s3:GetBucketTagging
    s3:GetPublicAccessBlock
    sts:GetCallerIdentity
    "#);
    let reads = calls(&["up"]);
    for command in ["plan", "status"] {
        assert_eq!(calls(&[command]), reads, "{command}");
    }
    insta::assert_snapshot!(calls(&["down"]), @r#"
    iam:GetRole
    iam:GetRolePolicy
    iam:ListAttachedRolePolicies
    iam:ListInstanceProfilesForRole
    iam:ListRolePolicies
    redshift:DescribeClusterSnapshots
    redshift:DescribeClusters
    s3:GetBucketPolicy
    s3:GetBucketTagging
    s3:ListMultipartUploads
    s3:ListObjectVersions
    sts:GetCallerIdentity
    redshift:DeleteCluster
    s3:DeleteBucketPolicy
    s3:DeleteBucket
    redshift:DescribeClusters
    iam:DeleteRolePolicy
    iam:DeleteRole
    iam:GetRole
    iam:ListRoles
    redshift:DescribeClusterSnapshots
    redshift:DescribeClusters
    redshift:DescribeClusters
    s3:GetBucketTagging
    secretsmanager:DescribeSecret
    "#);
    insta::assert_snapshot!(calls(&["down"]), @r#"
    iam:GetRole
    iam:GetRole
    iam:ListRoles
    redshift:DescribeClusterSnapshots
    redshift:DescribeClusterSnapshots
    redshift:DescribeClusters
    redshift:DescribeClusters
    redshift:DescribeClusters
    s3:GetBucketTagging
    s3:GetBucketTagging
    secretsmanager:DescribeSecret
    sts:GetCallerIdentity
    "#);
}
