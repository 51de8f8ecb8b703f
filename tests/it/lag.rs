//! AWS shows late what was created, changed or deleted (R3, R16, R35, R36): everything ends as if it had shown it at once.

use sparkify_local::{Fault, Lags, Pace};

use crate::calls::is_write;
use crate::matrix::{Moment, killed_at, state};
use crate::project::Project;
use crate::served::Served;

/// A stand-in that shows everything late, and a program that gives it a second.
fn late(project: Project) -> Served {
    let mut served = Served::new(project, Pace::AT_ONCE);
    served.settle = 1;
    served.faults.set_lags(Lags::all(2));
    served
}

/// What there is, once everything is shown.
fn everything(served: &Served) -> Vec<String> {
    served.faults.settle();
    served.everything()
}

fn refuse(status: u16, code: &str, message: &str) -> Fault {
    Fault::Fail { status, code: code.into(), message: message.into() }
}

/// The last write of each kind that a command makes, and every CreateBucket, by their places among its calls from 1.
fn writes(served: &Served, command: &[&str]) -> Vec<usize> {
    served.faults.settle();
    let calls = served.calls_of(command.iter().copied());
    let is_last = |at: usize| !calls[at + 1..].contains(&calls[at]) || calls[at] == "s3:CreateBucket";
    (0..calls.len()).filter(|at| is_write(&calls[*at]) && is_last(*at)).map(|at| at + 1).collect()
}

#[test]
fn up_load_and_down_while_everything_is_shown_late() {
    let served = late(Project::with_sample(30, 40));
    let _ = served.run(["up"]).succeeded();
    let _ = served.run(["load"]).succeeded();
    assert_eq!(served.sdk().value("select count(*) from songs"), "30");

    // Another policy of the role, which Redshift does not know yet: COPY is denied, and run again.
    served.project.edit("infra.toml", "gather = \"always\"", "gather = \"never\"");
    let up = served.run(["up"]).succeeded();
    assert!(up.stderr.contains("put the policy of role"), "{}", up.stderr);
    let calls = served.calls_of(["load"]);
    assert!(calls.contains(&"iam:GetRole".to_owned()), "no COPY was denied: {calls:?}");
    assert_eq!(served.sdk().value("select count(*) from staging_songs"), "30");

    // A denial that does not pass is told at once, with what to do.
    served.faults.settle();
    let sdk = served.sdk();
    let policy = sdk.iam.delete_role_policy().role_name("sparkify-warehouse").policy_name("read-what-load-reads");
    sdk.block_on(policy.send()).unwrap();
    served.faults.settle();
    let says = ["Access Denied", "The role is not as infra.toml wants it", "sparkify-infra up"];
    let _ = served.run(["load"]).failed(1, &says);

    let down = served.run(["down"]).succeeded();
    assert!(down.stderr.contains("nothing of the stack sparkify is left"), "{}", down.stderr);
    assert_eq!(everything(&served), Vec::<String>::new());
}

#[test]
fn up_killed_at_any_write_goes_on_while_everything_is_shown_late() {
    let served = late(Project::empty());
    let kills = writes(&served, &["up"]);
    assert!(kills.len() >= 5, "{kills:?}");
    served.faults.settle();
    let good = state(&served);
    let _ = served.run(["down"]).succeeded();
    for nth in kills {
        assert_eq!(everything(&served), Vec::<String>::new());
        killed_at(&served, &["up"], nth, Moment::After);
        let _ = served.run(["up"]).succeeded();
        served.faults.settle();
        assert_eq!(state(&served), good, "killed after call {nth}");
        let _ = served.run(["down"]).succeeded();
        assert_eq!(everything(&served), Vec::<String>::new(), "killed after call {nth}");
    }
}

#[test]
fn up_killed_at_any_write_is_taken_down_while_everything_is_shown_late() {
    let served = late(Project::empty());
    served.project.edit(
        "infra.toml",
        "[cluster]",
        "[bucket]\nname = \"a-bucket-of-another-name\"\n[cluster]\nidentifier = \"other\"",
    );
    let kills = writes(&served, &["up"]);
    let _ = served.run_elsewhere(["down", "--stack=sparkify"]).succeeded();
    for nth in kills {
        assert_eq!(everything(&served), Vec::<String>::new());
        killed_at(&served, &["up"], nth, Moment::After);
        let _ = served.run_elsewhere(["down", "--stack=sparkify", "--region=us-west-2"]).succeeded();
        assert_eq!(everything(&served), Vec::<String>::new(), "killed after call {nth}");
    }
}

#[test]
fn down_killed_at_any_write_goes_on_while_everything_is_shown_late() {
    let served = late(Project::empty());
    let _ = served.run(["up"]).succeeded();
    let kills = writes(&served, &["down"]);
    for nth in kills {
        assert_eq!(everything(&served), Vec::<String>::new());
        let _ = served.run(["up"]).succeeded();
        served.faults.settle();
        killed_at(&served, &["down"], nth, Moment::After);
        let _ = served.run(["down"]).succeeded();
        assert_eq!(everything(&served), Vec::<String>::new(), "killed after call {nth}");
    }
}

#[test]
fn a_rollback_removes_what_is_shown_late() {
    let served = late(Project::empty());
    served.faults.at("redshift:CreateCluster", 1, refuse(400, "InsufficientClusterCapacity", "no room"));
    let says = ["no room", "Rolled back what this run had created: role"];
    let _ = served.run(["up", "--rollback"]).failed(1, &says);
    assert_eq!(everything(&served), Vec::<String>::new());

    // The role is created, and not shown when the rollback looks first.
    served.faults.at("iam:PutRolePolicy", 1, refuse(403, "AccessDenied", "not allowed"));
    let _ = served.run(["up", "--rollback"]).failed(1, &["not allowed", "had created: role"]);
    assert_eq!(everything(&served), Vec::<String>::new());
}

#[test]
fn what_down_cannot_know_it_says() {
    let mut served = Served::new(Project::empty(), Pace::AT_ONCE);
    served.settle = 1;
    let down = served.run(["down"]).succeeded();
    let says = "no role, no bucket, no cluster of the stack was shown in 1 s";
    assert!(down.stderr.contains(says) && down.stderr.contains("again in five minutes"), "{}", down.stderr);
    // What it has seen and taken down is gone, whatever AWS may show late.
    let _ = served.run(["up"]).succeeded();
    let down = served.run(["down"]).succeeded();
    assert!(!down.stderr.contains("again in five minutes"), "{}", down.stderr);
}

#[test]
fn a_role_of_another_region_that_is_shown_late_is_left() {
    let mut served = Served::new(Project::empty(), Pace::AT_ONCE);
    // The role and the bucket, which IAM and S3 list whatever the region.
    served.faults.at("redshift:CreateCluster", 1, refuse(403, "AccessDenied", "not allowed"));
    let _ = served.run(["up"]).failed(1, &["not allowed"]);
    let before = served.everything();
    served.settle = 1;
    served.faults.at("iam:GetRole", 1, refuse(404, "NoSuchEntity", "not shown yet"));
    let down = served.run(["down", "--region=us-east-1"]).succeeded();
    let left = "belongs to the stack sparkify in us-west-2: it is left there";
    assert_eq!(down.stderr.matches(left).count(), 1, "{}", down.stderr);
    assert!(!down.stderr.contains("others under") && !down.stderr.contains("no role"), "{}", down.stderr);
    assert_eq!(served.everything(), before);
}

#[test]
fn a_cluster_that_refuses_to_go_is_there_whatever_a_describe_shows() {
    let served = Served::new(Project::empty(), Pace::AT_ONCE);
    served.project.edit("infra.toml", "[sources.songs]", "[timeouts]\ndelete = \"5s\"\n[sources.songs]");
    let _ = served.run(["up"]).succeeded();
    served.faults.clear();
    served.faults.at("redshift:DeleteCluster", 1, refuse(400, "InvalidClusterState", "There is an operation running"));
    // The look behind the refusal.
    served.faults.at("redshift:DescribeClusters", 2, refuse(404, "ClusterNotFound", "not shown"));
    let _ = served.run(["down"]).succeeded();
    assert_eq!(served.everything(), Vec::<String>::new());
}

#[test]
fn a_step_that_failed_is_no_reason_not_to_look_for_what_is_shown_late() {
    let mut served = Served::new(Project::empty(), Pace::AT_ONCE);
    served.settle = 1;
    let _ = served.run(["up"]).succeeded();
    served.faults.clear();
    // Neither the first look nor the first proof shows the role, and the wait for the cluster's end fails.
    for nth in 1..=2 {
        served.faults.at("iam:GetRole", nth, refuse(404, "NoSuchEntity", "not shown yet"));
    }
    served.faults.at("redshift:DescribeClusters", 2, refuse(403, "AccessDenied", "not today"));
    let _ = served.run(["down"]).failed(3, &["aws iam delete-role --role-name sparkify-warehouse", "not today"]);
    assert_eq!(served.everything(), ["sparkify-warehouse"]);
    let _ = served.run(["down"]).succeeded();
    assert_eq!(served.everything(), Vec::<String>::new());
}

#[test]
fn a_bucket_that_cannot_be_looked_at_just_now_is_not_passed_over() {
    let served = Served::new(Project::empty(), Pace::AT_ONCE);
    served.project.edit("infra.toml", "[cluster]", "[bucket]\nname = \"a-bucket-of-another-name\"\n[cluster]");
    let _ = served.run(["up"]).succeeded();
    // Only the tags lead to the bucket.
    let sdk = served.sdk();
    let policy = sdk.iam.delete_role_policy().role_name("sparkify-warehouse").policy_name("read-what-load-reads");
    sdk.block_on(policy.send()).unwrap();
    sdk.block_on(sdk.iam.delete_role().role_name("sparkify-warehouse").send()).unwrap();
    let before = served.everything();
    served.faults.clear();
    served.faults.at(
        "s3:GetBucketTagging",
        1,
        refuse(409, "OperationAborted", "A conflicting operation is in progress"),
    );
    let down = ["down", "--stack=sparkify", "--region=us-west-2"];
    let _ = served.run_elsewhere(down).failed(1, &["read the tags of the bucket a-bucket-of-another-name"]);
    assert_eq!(served.everything(), before);
    let _ = served.run_elsewhere(down).succeeded();
    assert_eq!(served.everything(), Vec::<String>::new());
}

/// R15: whether AWS answers so is not published.
#[test]
fn snapshots_of_a_cluster_that_is_said_not_to_exist_are_found() {
    let served = Served::new(Project::empty(), Pace::AT_ONCE);
    let _ = served.run(["up"]).succeeded();
    let sdk = served.sdk();
    let snapshot = sdk.redshift.create_cluster_snapshot().cluster_identifier("sparkify");
    sdk.block_on(snapshot.snapshot_identifier("before-the-end").send()).unwrap();
    let down = || {
        served.faults.clear();
        // The calls that name the cluster; behind each of them one asks for all snapshots.
        for nth in [1, 3] {
            let absent = refuse(404, "ClusterNotFound", "Cluster sparkify not found.");
            served.faults.at("redshift:DescribeClusterSnapshots", nth, absent);
        }
        served.run(["down"])
    };
    let _ = down().failed(3, &["snapshot before-the-end", "aws redshift delete-cluster-snapshot"]);
    sdk.block_on(sdk.redshift.delete_cluster_snapshot().snapshot_identifier("before-the-end").send()).unwrap();
    let _ = down().succeeded();
    assert_eq!(served.everything(), Vec::<String>::new());
}

#[test]
fn a_secret_that_stays_is_found_by_its_own_name() {
    let served = Served::new(Project::empty(), Pace::AT_ONCE);
    let _ = served.run(["up"]).succeeded();
    // The list is as old as it may be; the secret is there, until it is looked at again.
    served.faults.set_lags(Lags { secret_list: u32::MAX, secret: 1, ..Lags::default() });
    let says = ["secret redshift!sparkify-dwhadmin", "aws secretsmanager delete-secret"];
    let _ = served.run(["down"]).failed(3, &says);
    let calls = served.calls_of(["down"]);
    assert!(!calls.contains(&"secretsmanager:ListSecrets".to_owned()), "{calls:?}");
}

#[test]
fn an_up_that_was_shown_an_old_state_looks_again() {
    let served = Served::new(Project::empty(), Pace::AT_ONCE);
    let _ = served.run(["up"]).succeeded();
    for (operation, code) in [
        ("iam:GetRole", "NoSuchEntity"),
        ("s3:GetBucketTagging", "NoSuchBucket"),
        ("redshift:DescribeClusters", "ClusterNotFound"),
    ] {
        served.faults.at(operation, 1, refuse(404, code, "an old state"));
        let up = served.run(["up"]).succeeded();
        assert!(up.stderr.contains("looking again") && up.stderr.contains("nothing to do"), "{}", up.stderr);
    }
    let _ = served.run(["down"]).succeeded();
    assert_eq!(served.everything(), Vec::<String>::new());
}

#[test]
fn a_stack_whose_time_was_just_put_off_is_not_taken_down() {
    let mut served = Served::new(Project::empty(), Pace::AT_ONCE);
    served.settle = 1;
    let _ = served.run(["up"]).succeeded();
    let sdk = served.sdk();
    let (key, past) = ("sparkify-infra:expires", "2026-01-01T00:00:00Z");
    let tag = aws_sdk_iam::types::Tag::builder().key(key).value(past).build().unwrap();
    sdk.block_on(sdk.iam.tag_role().role_name("sparkify-warehouse").tags(tag).send()).unwrap();
    served.faults.set_lags(Lags { role: 2, ..Lags::default() });
    let _ = served.run(["up", "--expires=2h"]).succeeded();
    let down = served.run_elsewhere(["down", "--all-expired", "--region=us-west-2"]).succeeded();
    assert!(down.stderr.contains("no stack has expired"), "{}", down.stderr);
    assert_eq!(everything(&served).len(), 4);
}
