//! `policy`: with what it prints, and with nothing more, every command works; without any one of its actions one does not.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use sparkify_local::{Needed, Pace};

use crate::calls::{drift, many_versions};
use crate::project::{ACCOUNT, BUCKET, Project};
use crate::served::Served;

/// Needed only where Ctrl-C comes while a statement runs.
const ON_INTERRUPT: &str = "redshift-data:CancelStatement";

/// Without it nothing fails: a warning says that AWS did not tell what it offers (R38).
const FOR_ADVICE: &str = "redshift:DescribeOrderableClusterOptions";

/// With the last snapshot, which wants a right of its own.
fn served() -> Served {
    let project = Project::with_sample(3, 20);
    project.edit("infra.toml", "[cluster]", "[cluster]\nfinal_snapshot = \"last\"");
    Served::new(project, Pace::AT_ONCE)
}

fn actions(served: &Served) -> BTreeSet<String> {
    let told = served.run(["policy"]).succeeded().stdout;
    let policy: serde_json::Value = serde_json::from_str(&told).unwrap();
    let statements = policy["Statement"].as_array().unwrap().iter();
    let all = statements.flat_map(|statement| statement["Action"].as_array().unwrap());
    all.map(|action| action.as_str().unwrap().to_owned()).collect()
}

/// Every command, with what other hands do meanwhile. `false` where one of them fails.
fn every_command_works(served: &Served, allowed: Option<&BTreeSet<String>>) -> bool {
    served.faults.allow_only(allowed.cloned());
    let works = |command: &[&str]| served.run(command.iter().copied()).code == 0;
    let meanwhile = |act: &dyn Fn()| {
        served.faults.allow_only(None);
        act();
        served.faults.allow_only(allowed.cloned());
        true
    };
    works(&["up"])
        && meanwhile(&|| drift(served))
        && works(&["up", "--expires=2h"])
        && works(&["up", "--expires=never"])
        && meanwhile(&|| change_settings(served))
        && works(&["up", "--resize"])
        && works(&["load"])
        && works(&["load", "--check"])
        && works(&["status", "--tables"])
        && works(&["query", "select count(*) from songs"])
        && meanwhile(&|| many_versions(served, 100))
        && works(&["down"])
        && works(&["down", "--all-expired"])
        // Without infra.toml and without a role.
        && served.run_elsewhere(["down", "--stack=sparkify", "--region=us-west-2", "--final-snapshot=last"]).code == 0
}

fn change_settings(served: &Served) {
    let text = std::fs::read_to_string(served.project.path("infra.toml")).unwrap();
    if !text.contains("nodes = 3") {
        served.project.edit("infra.toml", "nodes = 1", "nodes = 3\nport = 5440");
    }
    let sdk = served.sdk();
    sdk.block_on(async {
        sdk.redshift.pause_cluster().cluster_identifier("sparkify").send().await.unwrap();
        let rule = aws_sdk_s3::types::OwnershipControlsRule::builder();
        let rule = rule.object_ownership(aws_sdk_s3::types::ObjectOwnership::ObjectWriter).build().unwrap();
        let controls = aws_sdk_s3::types::OwnershipControls::builder().rules(rule).build().unwrap();
        sdk.s3.put_bucket_ownership_controls().bucket(BUCKET).ownership_controls(controls).send().await.unwrap();
        let readonly = "arn:aws:iam::aws:policy/ReadOnlyAccess";
        sdk.iam.attach_role_policy().role_name("sparkify-warehouse").policy_arn(readonly).send().await.unwrap();
        sdk.iam.create_instance_profile().instance_profile_name("machines").send().await.unwrap();
        let add = sdk.iam.add_role_to_instance_profile().instance_profile_name("machines");
        add.role_name("sparkify-warehouse").send().await.unwrap();
    });
}

#[test]
fn with_it_and_nothing_more_every_command_works() {
    let served = served();
    let policy = actions(&served);
    served.faults.clear();
    assert!(every_command_works(&served, Some(&policy)));
    let used = served.faults.needs().into_iter().map(|need| need.action).collect();
    let idle: Vec<&String> = policy.difference(&used).filter(|action| *action != ON_INTERRUPT).collect();
    assert!(idle.is_empty(), "nothing needs {idle:?}");
}

#[test]
fn without_any_one_of_its_actions_a_command_fails() {
    let policy = actions(&served());
    for action in policy.iter().filter(|action| ![ON_INTERRUPT, FOR_ADVICE].contains(&action.as_str())) {
        let served = served();
        let rest = policy.iter().filter(|other| *other != action).cloned().collect();
        assert!(!every_command_works(&served, Some(&rest)), "every command works without {action}");
    }
}

/// A role with these managed policies, taken on.
fn take_on_job(served: &mut Served, policies: &[String]) {
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{ACCOUNT}:root"}},"Action":"sts:AssumeRole"}}}}"#
    );
    let sdk = served.sdk();
    let credentials = sdk.block_on(async {
        sdk.iam.create_role().role_name("job").assume_role_policy_document(trust).send().await.unwrap();
        for (number, policy) in policies.iter().enumerate() {
            let create = sdk.iam.create_policy().policy_name(format!("least-{number}")).policy_document(policy);
            let arn = create.send().await.unwrap().policy.unwrap().arn.unwrap();
            sdk.iam.attach_role_policy().role_name("job").policy_arn(arn).send().await.unwrap();
        }
        let arn = format!("arn:aws:iam::{ACCOUNT}:role/job");
        sdk.sts.assume_role().role_arn(arn).role_session_name("nightly").send().await.unwrap().credentials.unwrap()
    });
    served.session = Some([credentials.access_key_id, credentials.secret_access_key, credentials.session_token]);
}

#[test]
fn a_role_that_may_do_no_more_runs_every_command_on_this_stack_and_none_on_another() {
    let mut served = served();
    let policy = served.run(["policy"]).succeeded().stdout;
    take_on_job(&mut served, &[policy]);
    let _ = served.run(["up"]).succeeded();
    assert!(every_command_works(&served, None));
    served.project.edit("infra.toml", "stack = \"sparkify\"", "stack = \"others\"");
    let says = ["cannot", "assumed-role/job/nightly is not authorized to perform: iam:GetRole"];
    let _ = served.run(["up"]).failed(1, &says);
}

/// R46: a managed policy takes 6,144 characters.
#[test]
fn what_is_too_long_for_one_managed_policy_is_printed_in_parts() {
    let mut served = Served::new(Project::with_sample(3, 20), Pace::AT_ONCE);
    let good = std::fs::read_to_string(served.project.path("infra.toml")).unwrap();
    let source = |n| format!("[sources.table_{n}]\nurl = \"s3://acme-raw-data/erp/exports/table_{n}/\"\n");
    let sources: String = (0..200).map(source).collect();
    std::fs::write(served.project.path("infra.toml"), format!("{good}\n{sources}")).unwrap();
    let whole = served.run(["policy"]).succeeded();
    assert!(whole.stderr.contains("a managed policy takes 6144"), "{}", whole.stderr);
    let last = whole.stderr.split("to `--part ").nth(1).unwrap().split('`').next().unwrap();
    let number: usize = last.parse().unwrap();
    let _ = served.run(["policy", "--part", &(number + 1).to_string()]).failed(2, &["has the parts 1 to"]);
    let _ = served.run(["policy", "--part=0"]).failed(2, &["has the parts 1 to"]);
    let part = |n: usize| served.run(["policy", "--part", &n.to_string()]).succeeded().stdout;
    let parts: Vec<String> = (1..=number).map(part).collect();
    take_on_job(&mut served, &parts);
    for command in ["up", "load", "down"] {
        let _ = served.run([command]).succeeded();
    }
}

/// A command of the programs that `.ci/foreign` installs to judge policies, in the project; `None` where they are not there.
fn judge(served: &Served, variable: &str, program: &str, script: &str) -> Option<Command> {
    let Some(place) = std::env::var_os(variable).map(PathBuf::from) else {
        // Past the test harness, which keeps what tests print to itself.
        let _ = writeln!(std::io::stderr(), "NOT RUN: {script}, because {variable} is not set (.ci/foreign sets it)");
        return None;
    };
    let own = place.join(program);
    let mut command = Command::new(if own.exists() { own } else { program.into() });
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(script)).env("NODE_PATH", &place);
    command.current_dir(served.project.path("."));
    Some(command)
}

fn agrees(mut command: Command) {
    let ended = command.output().unwrap();
    let texts = [ended.stdout, ended.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(ended.status.success() && texts[0].contains("all as it should be"), "{}\n{}", texts[0], texts[1]);
}

/// Writes what `policy` prints for this stack and for another one, and what the role may do.
fn write_policies(served: &Served) {
    let write = |name: &str, text: &str| std::fs::write(served.project.path(name), text).unwrap();
    write("policy.json", &served.run(["policy"]).succeeded().stdout);
    served.project.edit("infra.toml", "stack = \"sparkify\"", "stack = \"others\"");
    write("others.json", &served.run(["policy"]).succeeded().stdout);
    served.project.edit("infra.toml", "stack = \"others\"", "stack = \"sparkify\"");
    let _ = served.run(["up"]).succeeded();
    let sdk = served.sdk();
    let call = sdk.iam.get_role_policy().role_name("sparkify-warehouse").policy_name("read-what-load-reads");
    let document = sdk.block_on(call.send()).unwrap().policy_document;
    write("role.json", &percent_encoding::percent_decode_str(&document).decode_utf8_lossy());
    let _ = served.run(["down"]).succeeded();
}

#[test]
fn a_linter_from_elsewhere_finds_nothing() {
    let served = served();
    let Some(mut linter) = judge(&served, "SPARKIFY_TEST_POLICY", "python", "tests/clients/policy_linter.py") else {
        return;
    };
    write_policies(&served);
    linter.args(["policy.json", "others.json", "role.json"]);
    agrees(linter);
}

/// What each command needs, as the stand-in asked for it, is allowed by an evaluator that was not written here, too, and
/// by the policy of another stack it is not.
#[test]
fn an_evaluator_from_elsewhere_agrees() {
    let served = Served::new(Project::with_sample(3, 20), Pace::AT_ONCE);
    let evaluator = || judge(&served, "SPARKIFY_TEST_SIMULATE", "node", "tests/clients/policy_simulator.cjs");
    let (Some(mut ours), Some(mut others)) = (evaluator(), evaluator()) else { return };
    let mut needs = BTreeSet::new();
    let mut run = |command: &[&str]| {
        served.faults.clear();
        let _ = served.run(command.iter().copied()).succeeded();
        needs.extend(served.faults.needs());
    };
    run(&["up"]);
    drift(&served);
    run(&["up"]);
    run(&["up", "--expires=2h"]);
    run(&["up", "--expires=never"]);
    change_settings(&served);
    run(&["up", "--resize"]);
    for load in [&["load"][..], &["load", "--mode=append"], &["load", "--check"]] {
        run(load);
    }
    run(&["status", "--tables"]);
    run(&["query", "select count(*) from songs"]);
    many_versions(&served, 100);
    run(&["down"]);
    write_policies(&served);
    let write = |name: &str, is_asked: &dyn Fn(&str, &str) -> bool| {
        let is_asked =
            |need: &&Needed| need.resource.as_deref().is_some_and(|resource| is_asked(&need.action, resource));
        let asked: Vec<_> = needs.iter().filter(is_asked).collect();
        assert!(asked.len() > 40, "{name} has {}", asked.len());
        std::fs::write(served.project.path(name), serde_json::to_string(&asked).unwrap()).unwrap();
    };
    write("needs.json", &|_, _| true);
    // Each stack looks for its own among all clusters and snapshots.
    write("own.json", &|action, resource| {
        resource.contains("sparkify") && !action.starts_with("redshift:DescribeCluster")
    });
    ours.args(["policy.json", "needs.json", "true"]);
    agrees(ours);
    others.args(["others.json", "own.json", "false"]);
    agrees(others);
}

/// The table by which the stand-in authorises is what its script makes of the published reference.
#[test]
fn the_table_of_actions_is_made_from_the_reference() {
    let served = Served::new(Project::bare(), Pace::AT_ONCE);
    let Some(mut maker) = judge(&served, "SPARKIFY_TEST_POLICY", "python", ".ci/service_authorization") else { return };
    let made = maker.output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/local/aws/src/iam/service_authorization.txt");
    assert!(made.stdout == std::fs::read(path).unwrap(), "make it anew: .ci/service_authorization > {path}");
}
