//! What a bill depends on: whose things are touched, what a signal and a failure leave, what passes by itself.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use sparkify_local::{Fault, Pace};

use crate::project::{BUCKET, Project};
use crate::served::Served;

fn served() -> Served {
    Served::new(Project::empty(), Pace::AT_ONCE)
}

fn refuse(code: &str, message: &str) -> Fault {
    Fault::Fail { status: 403, code: code.into(), message: message.into() }
}

#[test]
fn a_role_or_cluster_of_the_same_name_is_refused_by_name() {
    let served = served();
    let sdk = served.sdk();
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    let role = sdk.iam.create_role().role_name("sparkify-warehouse").assume_role_policy_document(trust);
    sdk.block_on(role.send()).unwrap();
    for command in ["plan", "up", "down"] {
        let says = ["refused, and nothing was changed", "role sparkify-warehouse", "was not created by sparkify-infra"];
        let _ = served.run([command]).failed(1, &says);
    }
    let _ = served.run_elsewhere(["down", "--stack=sparkify"]).failed(1, &["was not created by sparkify-infra"]);
    assert_eq!(served.everything(), ["sparkify-warehouse"]);
    sdk.block_on(sdk.iam.delete_role().role_name("sparkify-warehouse").send()).unwrap();

    // Another stack's cluster under our name.
    served.project.edit("infra.toml", "stack = \"sparkify\"", "stack = \"other\"");
    served.project.edit("infra.toml", "[cluster]", "[cluster]\nidentifier = \"sparkify\"");
    let _ = served.run(["up"]).succeeded();
    served.project.edit("infra.toml", "stack = \"other\"", "stack = \"sparkify\"");
    let _ = served.run(["up"]).failed(1, &["the cluster sparkify exists and belongs to the stack other"]);
    let _ = served.run(["down", "--stack=other"]).succeeded();
    assert_eq!(served.everything(), Vec::<String>::new());
}

#[test]
fn another_account_is_not_touched() {
    let served = served();
    served.project.edit("infra.toml", "# account = \"123456789012\"", "account = \"123456789012\"");
    served.faults.clear();
    let _ = served.run(["up"]).failed(1, &["infra.toml is for account 123456789012", "000000000000"]);
    assert_eq!(served.faults.calls(), ["sts:GetCallerIdentity"]);
    // A bucket of somebody else answers every look with 403.
    served.project.edit("infra.toml", "account = \"123456789012\"", "");
    served.faults.at("s3:GetBucketTagging", 1, refuse("AccessDenied", "Access Denied"));
    let _ = served.run(["up"]).failed(1, &[BUCKET, "belongs to another account", "bucket.name"]);
    assert_eq!(served.everything(), Vec::<String>::new());
}

#[test]
fn what_cannot_be_read_is_not_absent() {
    let served = served();
    let _ = served.run(["up"]).succeeded();
    for operation in ["iam:GetRole", "iam:GetRolePolicy", "s3:GetBucketPolicy", "redshift:DescribeClusters"] {
        served.faults.clear();
        served.faults.at(operation, 1, refuse("AccessDenied", "not today"));
        let _ = served.run(["up"]).failed(1, &["AccessDenied", "not today"]);
        let wrote = served.faults.calls().iter().any(|call| call.contains(":Put") || call.contains(":Create"));
        assert!(!wrote, "{operation}: {:?}", served.faults.calls());
    }
}

#[test]
fn what_passes_is_waited_out() {
    let soon = Duration::from_millis(200);
    let slow = Pace { creating: soon, propagating: soon, appearing: soon, settling: soon, ..Pace::AT_ONCE };
    let served = Served::new(Project::empty(), slow);
    let up = served.run(["up"]).succeeded();
    assert!(up.stderr.contains("ready the warehouse"), "{}", up.stderr);
    let tries = served.faults.calls().iter().filter(|call| *call == "redshift:CreateCluster").count();
    assert!(tries > 1, "IAM was not known yet");
    // Available, and still refusing: until it has settled.
    let _ = served.run(["down"]).succeeded();
    assert_eq!(served.everything(), Vec::<String>::new());

    let _ = served.run(["up"]).succeeded();
    for _ in 0..2 {
        let busy = "There is an operation running on the Cluster.";
        served.faults.at(
            "redshift:DeleteCluster",
            1,
            Fault::Fail { status: 400, code: "InvalidClusterState".into(), message: busy.into() },
        );
    }
    let _ = served.run(["down"]).succeeded();
    assert_eq!(served.everything(), Vec::<String>::new());
}

#[test]
fn a_cluster_in_any_state_of_r14() {
    let served = served();
    let _ = served.run(["up"]).succeeded();
    for stuck in ["hardware-failure", "incompatible-network", "incompatible-restore", "incompatible-hsm"] {
        served.cloud.force_status("sparkify", Some(stuck)).unwrap();
        let _ = served.run(["up"]).failed(1, &[stuck, "will not come out of it"]);
        let _ = served.run(["load"]).failed(1, &[stuck]);
        assert_eq!(served.run(["status"]).code, 6, "{stuck}");
        let _ = served.run(["down"]).succeeded();
        assert_eq!(served.everything(), Vec::<String>::new(), "{stuck}");
        let _ = served.run(["up"]).succeeded();
    }
    // What is waited for says so, and the deadline ends it.
    served.project.edit("infra.toml", "[sources.songs]", "[timeouts]\ncreate = 1\ndelete = 1\n[sources.songs]");
    for passing in ["modifying", "rebooting", "resizing", "rotating-keys"] {
        served.cloud.force_status("sparkify", Some(passing)).unwrap();
        let _ = served.run(["up"]).failed(1, &[passing, "after 1 s", "[timeouts]"]);
        assert_eq!(served.run(["status"]).code, 6);
    }
    let down = served.run(["down"]).failed(3, &["cluster sparkify", "aws redshift delete-cluster", "rotating-keys"]);
    assert!(down.stderr.contains("aws iam delete-role --role-name sparkify-warehouse"), "{}", down.stderr);
    // The bucket went, the role stays as long as it says where the cluster is.
    assert_eq!(served.everything(), ["sparkify-warehouse", "sparkify", "redshift!sparkify-dwhadmin"]);
    served.cloud.force_status("sparkify", None).unwrap();
    let sdk = served.sdk();
    sdk.block_on(sdk.redshift.pause_cluster().cluster_identifier("sparkify").send()).unwrap();
    let up = served.run(["up"]).succeeded();
    assert!(up.stderr.contains("resume cluster sparkify"), "{}", up.stderr);
    let _ = served.run_elsewhere(["down", "--stack=sparkify"]).succeeded();
    assert_eq!(served.everything(), Vec::<String>::new());
}

#[test]
fn leftovers_are_named_with_what_removes_them() {
    let served = served();
    let _ = served.run(["up"]).succeeded();
    let sdk = served.sdk();
    sdk.put(BUCKET, "kept", "1");
    // Somebody else's policy on our role is told of, left by up, and detached by down.
    let arn = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
    sdk.block_on(sdk.iam.attach_role_policy().role_name("sparkify-warehouse").policy_arn(arn).send()).unwrap();
    let again = served.run(["up"]).succeeded();
    assert!(again.stderr.contains(&format!("the policy {arn} is attached")), "{}", again.stderr);
    assert!(again.stderr.contains("nothing to do"), "{}", again.stderr);
    served.faults.at("s3:DeleteObjects", 1, refuse("AccessDenied", "a hold is on it"));
    let says = [
        "the teardown left something behind",
        "aws s3 rb s3://sparkify-000000000000-us-west-2 --force",
        "aws iam delete-role",
        "a hold is on it",
    ];
    let _ = served.run(["down"]).failed(3, &says);
    // What costs money by the hour is gone all the same.
    assert_eq!(served.everything(), ["sparkify-warehouse", BUCKET]);
    // What cannot be looked at is not proven gone.
    served.faults.clear();
    served.faults.at("iam:ListRoles", 1, refuse("AccessDenied", "no list"));
    let _ = served.run(["down"]).failed(3, &["cannot prove", "no list"]);
    let _ = served.run(["down"]).succeeded();
    assert_eq!(served.everything(), Vec::<String>::new());
}

#[test]
fn the_final_snapshot_is_kept_on_purpose() {
    let served = served();
    served.project.edit(
        "infra.toml",
        "[cluster]",
        "[cluster]\nfinal_snapshot = \"last-one\"\nfinal_snapshot_retention_days = 7",
    );
    let _ = served.run(["up"]).succeeded();
    let dry = served.run(["down", "--dry-run"]).succeeded();
    assert!(
        dry.stdout.contains("with the final snapshot last-one, which stays 7 days and is billed"),
        "{}",
        dry.stdout
    );
    let down = served.run(["down"]).succeeded();
    assert!(down.stderr.contains("kept final snapshot last-one"), "{}", down.stderr);
    let _ = served.run(["down"]).succeeded();
    // The name is taken: said before anything is deleted.
    let _ = served.run(["up"]).succeeded();
    let _ = served.run(["down"]).failed(1, &["a snapshot last-one of the cluster sparkify exists already"]);
    assert_eq!(served.everything().len(), 4);
    // Without infra.toml the cluster's own tag knows; a snapshot that nobody wants is a leftover.
    let _ = served.run_elsewhere(["down", "--stack=sparkify"]).failed(1, &["last-one"]);
    let other = served.run_elsewhere(["down", "--stack=sparkify", "--final-snapshot=another"]);
    let _ =
        other.failed(3, &["snapshot last-one", "aws redshift delete-cluster-snapshot --snapshot-identifier last-one"]);
    let sdk = served.sdk();
    for id in ["last-one", "another"] {
        sdk.block_on(sdk.redshift.delete_cluster_snapshot().snapshot_identifier(id).send()).unwrap();
    }
    let _ = served.run(["down"]).succeeded();
}

#[test]
fn all_expired_takes_down_what_has_passed_and_nothing_else() {
    let served = served();
    let _ = served.run(["up", "--expires=1s"]).succeeded();
    served.project.edit("infra.toml", "stack = \"sparkify\"", "stack = \"lives-on\"\nexpires = \"1h\"");
    let _ = served.run(["up"]).succeeded();
    served.project.edit("infra.toml", "stack = \"lives-on\"\nexpires = \"1h\"", "stack = \"for-ever\"");
    let _ = served.run(["up"]).succeeded();
    let before = served.everything();
    assert_eq!(before.len(), 12);
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    loop {
        let down = served.run_elsewhere(["down", "--all-expired"]).succeeded();
        if down.stderr.contains("the stack sparkify expired at") {
            break;
        }
        assert!(down.stderr.contains("no stack has expired"), "{}", down.stderr);
        assert!(std::time::Instant::now() < deadline, "it never expired");
    }
    let left = served.everything();
    assert_eq!(left.len(), 8, "{left:?}");
    assert!(left.iter().all(|name| name.contains("lives-on") || name.contains("for-ever")), "{left:?}");
}

#[test]
fn rollback_removes_what_this_run_made_and_only_that() {
    let served = served();
    for operation in ["iam:PutRolePolicy", "s3:CreateBucket", "s3:PutBucketPolicy", "redshift:CreateCluster"] {
        served.faults.clear();
        served.faults.at(operation, 1, refuse("AccessDenied", "not allowed"));
        let _ =
            served.run(["up", "--rollback"]).failed(1, &["not allowed", "Rolled back what this run had created: role"]);
        assert_eq!(served.everything(), Vec::<String>::new(), "{operation}");
    }
    // A role that an earlier run made stays.
    served.faults.at("s3:CreateBucket", 1, refuse("AccessDenied", "not allowed"));
    let failed = served.run(["up"]).failed(1, &["There is now: role sparkify-warehouse.", "Run `up` again to go on"]);
    assert!(!failed.stderr.contains("USD"), "{}", failed.stderr);
    served.faults.at("redshift:CreateCluster", 1, refuse("InsufficientClusterCapacity", "no room"));
    let _ = served.run(["up", "--rollback"]).failed(1, &["no room", &format!("had created: bucket {BUCKET}.")]);
    assert_eq!(served.everything(), ["sparkify-warehouse"]);
}

#[test]
fn a_failed_up_says_what_exists_and_what_it_costs() {
    let served = served();
    served.project.edit("infra.toml", "[sources.songs]", "[timeouts]\ncreate = \"1s\"\n[sources.songs]");
    let slow = Served::new(Project::empty(), Pace { creating: Duration::from_secs(600), ..Pace::AT_ONCE });
    slow.project.edit("infra.toml", "[sources.songs]", "[timeouts]\ncreate = \"1s\"\n[sources.songs]");
    let says =
        ["still creating after 1 s", "There is now: role", "cluster sparkify (creating)", "about 0.54 USD an hour"];
    let _ = slow.run(["up"]).failed(1, &says);
}

/// Starts the command, waits for a line, sends the signal, and answers the exit code and all that was said.
fn signalled(served: &Served, arguments: &[&str], at: &str, signal: &str) -> (i32, String) {
    let mut command = served.command(arguments.iter().copied());
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let (mut said, mut sent) = (String::new(), false);
    for line in BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok) {
        if line.contains(at) && !sent {
            sent = true;
            let process = child.id().to_string();
            assert!(std::process::Command::new("kill").args([signal, &process]).status().unwrap().success());
        }
        said.push_str(&line);
        said.push('\n');
    }
    assert!(sent, "'{at}' is not in\n{said}");
    (child.wait().unwrap().code().unwrap_or(-1), said)
}

#[test]
fn a_signal_stops_at_a_safe_point_and_says_how_to_go_on() {
    let slow = Pace { creating: Duration::from_secs(600), ..Pace::AT_ONCE };
    let served = Served::new(Project::empty(), slow);
    for (signal, code, name) in [("-INT", 130, "SIGINT"), ("-TERM", 143, "SIGTERM")] {
        let (exit, said) = signalled(&served, &["up"], "...  wait for cluster", signal);
        assert_eq!(exit, code, "{said}");
        let says =
            [format!("stopped by {name}"), "cluster sparkify (creating)".into(), "Run `up` again to go on".into()];
        for words in says {
            assert!(said.contains(&words), "'{words}' is not in\n{said}");
        }
    }
    let (exit, said) = signalled(&served, &["down"], "...  wait for cluster", "-INT");
    assert_eq!(exit, 130, "{said}");
    assert!(said.contains("Run `down` again"), "{said}");
}

#[test]
fn a_signal_cancels_the_statement_and_keeps_the_last_good_load() {
    let served = Served::new(Project::with_sample(30, 60), Pace::AT_ONCE);
    let _ = served.run(["up"]).succeeded();
    let _ = served.run(["load"]).succeeded();
    let count = |sql: &str| served.sdk().value(sql);
    let good = count("select count(*) from songs");
    // A statement that would run for minutes.
    let slow = "-- One song.\ninsert into songs select song_id, title, artist_id, year, duration from staging_songs where (select \
                count(*) from staging_events b, staging_events c, staging_events d, staging_events e, staging_events f, \
                staging_events g where (b.ts + c.ts + d.ts + e.ts + f.ts + g.ts) % 7 = 1) = 0;\n";
    std::fs::write(served.project.path("sql/transform/03_songs.sql"), slow).unwrap();
    let (exit, said) = signalled(&served, &["load"], "...  transform", "-INT");
    assert_eq!(exit, 130, "{said}");
    assert!(said.contains("stopped by SIGINT"), "{said}");
    assert_eq!(count("select count(*) from songs"), good);
    assert!(said.contains("The star is as the last good load left it"), "{said}");
    let _ = served.run(["down"]).succeeded();
}

#[test]
fn no_secret_is_told_or_written() {
    let served = Served::new(Project::with_sample(10, 20), Pace::AT_ONCE);
    let run = |arguments: &[&str]| {
        let mut command = served.command(arguments.iter().copied());
        command.env("SPARKIFY_LOG", "trace").env("AWS_SESSION_TOKEN", "a-token-that-opens-everything");
        let output = served.project.output_of(command);
        output.stdout + &output.stderr
    };
    let mut said = run(&["up", "--output=json"]);
    let secret = served.sdk().secret_value("redshift!sparkify-dwhadmin");
    let secret: serde_json::Value = serde_json::from_str(&secret).unwrap();
    let password = secret["password"].as_str().unwrap();
    assert!(password.len() > 20);
    for command in [&["load"][..], &["load", "--output=json"], &["status", "--tables"], &["down", "--dry-run"]] {
        said += &run(command);
    }
    // Errors too.
    std::fs::write(served.project.path("sql/transform/03_songs.sql"), "-- One song.\nselect nonsense;\n").unwrap();
    said += &run(&["load"]);
    let mut files = vec![served.project.home.path().to_owned()];
    let mut bytes = said.into_bytes();
    while let Some(path) = files.pop() {
        match path.is_dir() {
            true => files.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path())),
            false => bytes.extend(std::fs::read(path).unwrap()),
        }
    }
    let needles = [password, sparkify_local::SECRET_KEY, "a-token-that-opens-everything"];
    for needle in needles {
        let found = bytes.windows(needle.len()).position(|window| window == needle.as_bytes());
        let context = found.map(|at| String::from_utf8_lossy(&bytes[at.saturating_sub(300)..at + 60]).into_owned());
        assert_eq!(context, None, "a secret was told");
    }
}
