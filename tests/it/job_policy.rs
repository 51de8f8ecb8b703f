//! `policy`: with what it prints, and with nothing more, every command works; without any one of its actions one does not.

use std::collections::BTreeSet;

use sparkify_local::Pace;

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
    let used = served.faults.actions();
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
