//! Whose stack is it? Target, account and region are named before anything else is said, and what infra.toml does not
//! name is left alone.

#[cfg(target_os = "linux")]
use std::io::Write;
use std::io::{BufRead, BufReader};
#[cfg(target_os = "linux")]
use std::process::Command;
use std::process::Stdio;

use sparkify_local::{Fault, Pace};

use crate::project::{BUCKET, Project};
use crate::served::Served;

const LOCAL: &str = "target local: account 000000000000, region us-west-2";

fn served() -> Served {
    Served::new(Project::empty(), Pace::AT_ONCE)
}

#[test]
fn the_first_line_of_every_command_names_target_account_and_region() {
    let project = Project::with_sample(30, 60);
    let commands: [&[&str]; 10] = [
        &["plan"],
        &["up"],
        &["load"],
        &["load", "--check"],
        &["status"],
        &["query", "select 1 as n"],
        &["policy"],
        &["down", "--dry-run"],
        &["down"],
        &["down", "--all-expired"],
    ];
    for command in commands {
        let told = project.run(command.iter().copied()).succeeded();
        assert_eq!(told.stderr.lines().next(), Some(LOCAL), "{command:?}");
    }
    let demo = project.run(["demo", "--songs=30", "--events=60"]).succeeded();
    assert_eq!(demo.stderr.lines().next(), Some(LOCAL));

    let served = served();
    let up = served.run(["up"]).succeeded();
    let at = format!("target aws at http://{}: account 000000000000, region us-west-2", served.address());
    assert_eq!(up.stderr.lines().next(), Some(at.as_str()));
    // Also of a run that fails.
    let failed = served.run(["query", "select * from nowhere"]).failed(1, &[]);
    assert_eq!(failed.stderr.lines().next(), Some(at.as_str()));
}

#[test]
fn the_first_event_names_them_too() {
    let project = Project::empty();
    for command in [&["up"][..], &["plan"], &["status"], &["down"]] {
        let told = project.run(command.iter().copied().chain(["--output=json"])).succeeded();
        let first: serde_json::Value = serde_json::from_str(told.stdout.lines().next().unwrap()).unwrap();
        let fields = ["event", "target", "account", "region"].map(|field| first[field].as_str().unwrap().to_owned());
        assert_eq!(fields, ["scope", "local", "000000000000", "us-west-2"], "{command:?}");
    }
    // What these print on standard output is theirs alone.
    let _ = project.run(["up", "--quiet"]).succeeded();
    let query = project.run(["query", "--output=json", "select 1 as n"]).succeeded();
    assert_eq!((query.stdout.as_str(), query.stderr.lines().next()), ("{\"n\":1}\n", Some(LOCAL)));
    let policy = project.run(["policy", "--output=json"]).succeeded();
    assert!(serde_json::from_str::<serde_json::Value>(&policy.stdout).unwrap()["Statement"].is_array());
}

#[test]
fn a_quiet_command_names_them_where_it_says_anything() {
    let project = Project::empty();
    let _ = project.run(["load", "--quiet"]).failed(1, &[&format!("{LOCAL}\nerror: there is no cluster sparkify")]);
    assert_eq!(project.run(["up", "--quiet"]).succeeded().stderr, "");
    let query = project.run(["query", "--quiet", "select * from nowhere"]).failed(1, &[]);
    assert!(query.stderr.starts_with(&format!("{LOCAL}\nerror: ")), "{}", query.stderr);
    assert_eq!(project.run(["down", "--quiet"]).succeeded().stderr, "");
    let down = project.run(["down", "--quiet"]).succeeded();
    assert!(down.stderr.starts_with(&format!("{LOCAL}\nwarning: ")), "{}", down.stderr);
    assert_eq!(down.stderr.matches(LOCAL).count(), 1, "{}", down.stderr);

    let served = served();
    let _ = served.run(["up"]).succeeded();
    let denied = Fault::Fail { status: 403, code: "AccessDenied".into(), message: "not allowed".into() };
    served.faults.at("redshift:DeleteCluster", 1, denied);
    let at = format!("target aws at http://{}: account 000000000000, region us-west-2\nfailed ", served.address());
    let down = served.run(["down", "--quiet"]).failed(3, &["not allowed"]);
    assert!(down.stderr.starts_with(&at), "{}", down.stderr);
}

#[test]
fn down_on_the_local_target_that_finds_nothing_asks_for_aws() {
    let project = Project::empty();
    let asks = "AWS was not looked at: did you mean `down --target aws`?";
    for command in [&["down"][..], &["down", "--dry-run"], &["down", "--quiet"], &["down", "--all-expired"]] {
        let down = project.run(command.iter().copied()).succeeded();
        assert!(down.stderr.contains(asks), "{command:?}\n{}", down.stderr);
    }
    let gone = project.run(["down", "--output=json"]).succeeded();
    assert_eq!(gone.event("gone")["target"], "local");
    assert!(gone.event("warning")["message"].as_str().unwrap().contains(asks));

    // Where there was something, or where AWS was looked at, nobody is asked.
    let _ = project.run(["up"]).succeeded();
    let down = project.run(["down"]).succeeded();
    assert!(down.stderr.contains(&format!("Looked again for ({LOCAL})")), "{}", down.stderr);
    assert!(!down.stderr.contains(asks), "{}", down.stderr);
    let on_aws = served().run(["down"]).succeeded();
    assert!(!on_aws.stderr.contains(asks), "{}", on_aws.stderr);
}

#[test]
fn a_stack_of_the_same_name_in_another_region_is_left_alone() {
    let served = served();
    let _ = served.run(["up"]).succeeded();
    let before = served.everything();
    served.project.edit("infra.toml", "region = \"us-west-2\"", "region = \"us-east-1\"");
    let is_there =
        ["the stack sparkify is in us-west-2, as its role sparkify-warehouse says, and infra.toml says us-east-1"];
    for command in [&["plan"][..], &["up"], &["up", "--resize", "--rollback"]] {
        let refused = served.run(command.iter().copied()).failed(1, &is_there);
        assert!(refused.stderr.contains("choose another `stack` for us-east-1"), "{}", refused.stderr);
    }
    let status = served.run(["status", "--output=json"]).failed(6, &[]);
    assert!(status.event("status")["refusals"].to_string().contains(is_there[0]), "{}", status.stdout);
    for command in [&["down"][..], &["down", "--dry-run"], &["down", "--stack=sparkify"]] {
        let refused = served.run(command.iter().copied()).failed(1, &is_there);
        let says = ["refused, and nothing was changed", "--region us-west-2` deletes it there"];
        assert!(says.iter().all(|words| refused.stderr.contains(words)), "{}", refused.stderr);
    }
    assert_eq!(served.everything(), before);
    let _ = served.run(["down", "--region=us-west-2"]).succeeded();
    assert_eq!(served.everything(), Vec::<String>::new());
}

#[test]
fn down_in_one_region_leaves_the_role_and_the_bucket_of_another() {
    let served = served();
    // The role and the bucket, which IAM and S3 list whatever the region.
    let refused = Fault::Fail { status: 403, code: "AccessDenied".into(), message: "not allowed".into() };
    served.faults.at("redshift:CreateCluster", 1, refused);
    let _ = served.run(["up"]).failed(1, &["not allowed"]);
    let before = served.everything();
    assert_eq!(before, ["sparkify-warehouse", BUCKET]);

    let _ = served.run(["down", "--region=nowhere"]).failed(2, &["--region nowhere: a region looks like us-west-2"]);
    let by_file = served.run(["down", "--region=us-east-1"]).succeeded();
    let by_name = served.run_elsewhere(["down", "--stack=sparkify", "--region=us-east-1"]).succeeded();
    for down in [by_file, by_name] {
        let left = "the role sparkify-warehouse belongs to the stack sparkify in us-west-2: it is left there";
        assert!(down.stderr.contains(left), "{}", down.stderr);
        assert!(!down.stderr.contains("others under"), "{}", down.stderr);
    }
    assert_eq!(served.everything(), before);

    // Where nothing names a region the role does, and the line about it is said again.
    let down = served.run_elsewhere(["down", "--stack=sparkify"]).succeeded();
    let lines: Vec<&str> = down.stderr.lines().filter(|line| line.starts_with("target aws")).collect();
    assert_eq!(lines.len(), 2, "{}", down.stderr);
    assert!(lines[0].ends_with("region us-east-1") && lines[1].ends_with("region us-west-2"), "{lines:?}");
    assert_eq!(served.everything(), Vec::<String>::new());
}

/// util-linux's: a pseudo-terminal around a command.
#[cfg(target_os = "linux")]
const SCRIPT: &str = "/usr/bin/script";

/// Returns true if a test can have a terminal; says which cannot be run where not.
#[cfg(target_os = "linux")]
fn has_terminals(test: &str) -> bool {
    let has_script = std::path::Path::new(SCRIPT).exists();
    if !has_script {
        let _ = writeln!(std::io::stderr(), "NOT RUN: {test}, because there is no {SCRIPT}");
    }
    has_script
}

/// Runs the binary at a terminal, into which this is typed: its exit code, and all that the terminal shows.
#[cfg(target_os = "linux")]
fn typed(served: &Served, arguments: &[&str], answer: &str, ci: &str) -> (i32, String) {
    let inner = served.command(arguments.iter().copied());
    let program = inner.get_program().to_str().unwrap().to_owned();
    let line = format!("'{program}' {}", arguments.join(" "));
    let mut script = Command::new(SCRIPT);
    script.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    script.current_dir(inner.get_current_dir().unwrap()).env_clear();
    script.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?)))).env("CI", ci);
    let mut child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(answer.as_bytes()).unwrap();
    let ended = child.wait_with_output().unwrap();
    (ended.status.code().unwrap_or(-1), String::from_utf8_lossy(&ended.stdout).into_owned())
}

#[cfg(target_os = "linux")]
#[test]
fn down_on_aws_asks_at_a_terminal() {
    if !has_terminals("down_on_aws_asks_at_a_terminal") {
        return;
    }
    let served = served();
    let _ = served.run(["up"]).succeeded();
    let before = served.everything();
    let question = "Delete all of the stack sparkify in account 000000000000, us-west-2? [y/N]";
    // The last is the end of input.
    for answer in ["n\n", "\n", "yes, but\n", ""] {
        let (code, shown) = typed(&served, &["down"], answer, "");
        assert_eq!(code, 7, "{shown}");
        assert!(shown.contains(question) && shown.contains("nothing was deleted"), "{shown}");
        assert_eq!(served.everything(), before, "{answer:?}");
    }
    let (code, shown) = typed(&served, &["down", "--output=json"], "n\n", "");
    assert!(code == 7 && shown.contains("\"kind\":\"declined\""), "{code} {shown}");
    let (code, shown) = typed(&served, &["down", "--dry-run"], "", "");
    assert!(code == 0 && !shown.contains(question), "{code} {shown}");
    assert_eq!(served.everything(), before);

    let (code, shown) = typed(&served, &["down"], "y\n", "");
    assert!(code == 0 && shown.contains(question), "{code} {shown}");
    assert_eq!(served.everything(), Vec::<String>::new());
    // Where there is nothing to delete there is nothing to ask.
    let (code, shown) = typed(&served, &["down"], "", "");
    assert!(code == 0 && !shown.contains(question), "{code} {shown}");
    for (arguments, ci) in [(&["down", "--yes"][..], ""), (&["down"][..], "true")] {
        let _ = served.run(["up"]).succeeded();
        let (code, shown) = typed(&served, arguments, "", ci);
        assert!(code == 0 && !shown.contains(question), "{code} {shown}");
        assert_eq!(served.everything(), Vec::<String>::new());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn down_asks_also_about_what_is_shown_late() {
    if !has_terminals("down_asks_also_about_what_is_shown_late") {
        return;
    }
    let mut served = served();
    served.settle = 2;
    let _ = served.run(["up"]).succeeded();
    let before = served.everything();
    let question = "Delete all of the stack sparkify in account 000000000000, us-west-2? [y/N]";
    for (answer, ends) in [("n\n", 7), ("y\n", 0)] {
        // The first look shows nothing (R16, R35, R36), so that its plan has nothing to ask about.
        for (operation, code) in [
            ("iam:GetRole", "NoSuchEntity"),
            ("s3:GetBucketTagging", "NoSuchBucket"),
            ("redshift:DescribeClusters", "ClusterNotFound"),
        ] {
            let absent = Fault::Fail { status: 404, code: code.into(), message: "not shown yet".into() };
            served.faults.at(operation, 1, absent);
        }
        let (code, shown) = typed(&served, &["down"], answer, "");
        assert_eq!((code, shown.matches(question).count()), (ends, 1), "{shown}");
        let left = if ends == 0 { Vec::new() } else { before.clone() };
        assert_eq!(served.everything(), left);
    }
}

/// In us-east-1 CreateBucket succeeds for a bucket that is there already (R30).
#[test]
fn a_bucket_that_somebody_else_tagged_is_not_taken_over() {
    let served = served();
    served.faults.clear();
    let sdk = served.sdk();
    // The plan shows no bucket; behind the create call it has the tags of another.
    let tag_it = move || {
        use aws_sdk_s3::types::{Tag, Tagging};
        let tag = Tag::builder().key("owner").value("somebody").build().unwrap();
        let tags = Tagging::builder().tag_set(tag).build().unwrap();
        sdk.block_on(sdk.s3.put_bucket_tagging().bucket(BUCKET).tagging(tags).send()).unwrap();
    };
    let act = Box::new(move || std::thread::spawn(tag_it).join().unwrap());
    served.faults.at("s3:GetBucketTagging", 2, Fault::Meanwhile(act));
    let stays = "refused, and what this run has done before stays";
    let says = [BUCKET, "exists and was not created by sparkify-infra", stays, "There is now: role"];
    let _ = served.run(["up"]).failed(1, &says);
    let sdk = served.sdk();
    let tags = sdk.block_on(sdk.s3.get_bucket_tagging().bucket(BUCKET).send()).unwrap().tag_set;
    assert_eq!(tags.iter().map(|tag| tag.key.as_str()).collect::<Vec<_>>(), ["owner"]);
}

#[test]
fn up_waits_out_a_cluster_of_its_own_that_is_being_deleted() {
    let served = served();
    let _ = served.run(["up"]).succeeded();
    served.cloud.force_status("sparkify", Some("deleting")).unwrap();
    let plan = served.run(["plan"]).succeeded();
    let says = "wait for the end of cluster sparkify (it is deleting, and is created again when it is gone)";
    assert!(plan.stdout.contains(says), "{}", plan.stdout);

    served.faults.clear();
    let mut child = served.command(["up"]).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let (sdk, mut said) = (served.sdk(), String::new());
    for line in BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok) {
        if line.starts_with("...  wait for the end of cluster") {
            served.cloud.force_status("sparkify", None).unwrap();
            let delete = sdk.redshift.delete_cluster().cluster_identifier("sparkify").skip_final_cluster_snapshot(true);
            sdk.block_on(delete.send()).unwrap();
        }
        said.push_str(&line);
        said.push('\n');
    }
    assert!(child.wait().unwrap().success(), "{said}");
    assert!(said.contains("done wait for the end of cluster") && said.contains("ready the warehouse"), "{said}");
    let calls = served.faults.calls();
    let at = |name: &str| calls.iter().position(|call| call == name);
    assert!(at("redshift:DeleteCluster").is_some() && at("redshift:DeleteCluster") < at("redshift:CreateCluster"));
    let _ = served.run(["status"]).succeeded();
    let _ = served.run(["down"]).succeeded();
    assert_eq!(served.everything(), Vec::<String>::new());
}

#[test]
fn what_aws_keeps_is_named() {
    let served = served();
    let kept = ["the service-linked role AWSServiceRoleForRedshift", "the cluster subnet group default"];
    let names = |text: &str, before: &str| kept.iter().all(|what| text.contains(&format!("{before} {what}")));
    let plan = served.run(["plan"]).succeeded();
    assert!(names(&plan.stdout, "AWS keeps"), "{}", plan.stdout);
    let _ = served.run(["up"]).succeeded();
    // Where no cluster is made or deleted there is nothing to say.
    let again = served.run(["up"]).succeeded();
    assert!(!again.stderr.contains("AWS keeps"), "{}", again.stderr);
    let dry = served.run(["down", "--dry-run"]).succeeded();
    assert!(names(&dry.stdout, "AWS keeps"), "{}", dry.stdout);
    let down = served.run(["down"]).succeeded();
    assert!(names(&down.stderr, "kept by AWS"), "{}", down.stderr);
    assert!(down.stderr.contains("nothing of the stack sparkify is left. Looked again"), "{}", down.stderr);
    let _ = served.run(["up"]).succeeded();
    let gone = served.run(["down", "--output=json"]).succeeded().event("gone");
    assert_eq!((gone["kept"].as_array().unwrap().len(), gone["kept_by_aws"].as_array().unwrap().len()), (0, 2));
    // Another group is somebody's own.
    served.project.edit("infra.toml", "[cluster]", "[cluster]\nsubnet_group = \"mine\"");
    let plan = served.run(["plan"]).succeeded();
    assert!(plan.stdout.contains(kept[0]) && !plan.stdout.contains(kept[1]), "{}", plan.stdout);

    // The local target has neither.
    let project = Project::empty();
    for command in ["up", "down"] {
        let told = project.run([command]).succeeded();
        assert!(!told.stderr.contains("AWS keeps") && !told.stderr.contains("kept by AWS"), "{}", told.stderr);
    }
}
