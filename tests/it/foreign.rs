//! Against servers that were not written here: moto and LocalStack, started by `.ci/foreign`, which says where they
//! are. Without them nothing is tested here, and the test says so.

use std::io::Write as _;

use serde_json::json;

use crate::clients::{client, kit_report};
use crate::project::{Output, Project, REGION};

/// Writes past the test's own capture, so that it is seen also where the test passes.
fn not_run(name: &str, variable: &str) {
    let _ = writeln!(std::io::stderr(), "NOT RUN: {name}, because {variable} is not set (.ci/foreign sets it)");
}

fn round(variable: &str, name: &str, bucket_tags_stay: bool) {
    let Ok(endpoint) = std::env::var(variable) else { return not_run(name, variable) };
    let project = Project::empty();
    // A stack of this run alone, wherever the server has been used before.
    let stack = format!("run-{:08x}", fastrand::u32(..));
    project.edit("infra.toml", "stack = \"sparkify\"", &format!("stack = \"{stack}\""));
    let run = |arguments: &[&str]| -> Output {
        let mut command = project.command(arguments.iter().copied());
        command
            .env("SPARKIFY_TARGET", "aws")
            .env("AWS_ENDPOINT_URL", &endpoint)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_EC2_METADATA_DISABLED", "true");
        project.output_of(command)
    };
    let plan = run(&["plan"]).succeeded();
    assert!(plan.stdout.contains("3 to create, 4 to change, 0 to delete"), "{}", plan.stdout);
    assert_eq!(run(&["plan", "--detailed-exitcode"]).code, 5);
    assert_eq!(run(&["status"]).code, 6);
    let up = run(&["up", "--expires=2h"]).succeeded();
    assert!(up.stderr.contains("ready the warehouse"), "{}", up.stderr);
    assert_eq!(up.stderr.contains("dropped the tags"), !bucket_tags_stay, "{}", up.stderr);
    let again = run(&["up"]).succeeded();
    assert!(again.stderr.contains("nothing to do"), "{}", again.stderr);
    assert_eq!(run(&["plan", "--detailed-exitcode"]).code, 0);
    let status = run(&["status"]).succeeded();
    assert!(status.stdout.contains("is ready: database dwh at"), "{}", status.stdout);

    // Changes in place that these servers know.
    project.edit("infra.toml", "nodes = 1", "nodes = 2\nsnapshot_retention_days = 3");
    let _ = run(&["up"]).failed(1, &["number of nodes is 1, infra.toml says 2", "up --resize"]);
    project.edit("infra.toml", "nodes = 2", "nodes = 1");
    let _ = run(&["up", "--expires=never"]).succeeded();
    let status = run(&["status", "--output=json"]).succeeded().event("status");
    for resource in status["resources"].as_array().unwrap() {
        assert!(resource["until"].is_null() && resource["drift"].as_array().unwrap().is_empty(), "{status}");
    }

    // A stack that only the role's tags lead to.
    let _ = run(&["down", "--dry-run"]).succeeded();
    let _ = run(&["down", &format!("--stack={stack}"), "--config=nowhere/infra.toml"]).succeeded();
    let down = run(&["down"]).succeeded();
    assert!(down.stderr.contains("nothing of the stack"), "{}", down.stderr);
    assert_eq!(run(&["status"]).code, 6);
    // The Data API is not covered: moto answers made-up rows, LocalStack none at all.
}

#[test]
fn moto() {
    round("SPARKIFY_TEST_MOTO", "moto", false);
}

#[test]
fn localstack() {
    round("SPARKIFY_TEST_LOCALSTACK", "LocalStack", true);
}

/// Everything at a server whose name has a word in it.
const LOOK: &str = "import boto3, sys
c = boto3.client
names = [r['RoleName'] for r in c('iam').list_roles()['Roles']] + [b['Name'] for b in c('s3').list_buckets()['Buckets']]
names += [r['ClusterIdentifier'] for r in c('redshift').describe_clusters()['Clusters']]
names += [s['Name'] for s in c('secretsmanager').list_secrets()['SecretList']]
print(*[name for name in names if sys.argv[1] in name])";

/// The kit for an account (docs/aws-kit.md), where nothing runs SQL and some operations are missing: what can be asked is
/// asked, and all of it goes.
#[test]
fn the_kit_at_moto() {
    let Ok(endpoint) = std::env::var("SPARKIFY_TEST_MOTO") else { return not_run("the kit", "SPARKIFY_TEST_MOTO") };
    let project = Project::bare();
    let stack = format!("kit-{:08x}", fastrand::u32(..));
    let Some(mut command) = client("../aws/run.py", &project) else { return };
    command.args([
        "--program",
        env!("CARGO_BIN_EXE_sparkify-infra"),
        "--out=kit",
        "--patience=2",
        "--stack",
        stack.as_str(),
    ]);
    let ended = command.env("AWS_ENDPOINT_URL", &endpoint).output().unwrap();
    let told = String::from_utf8_lossy(&ended.stderr);
    // moto's account is no stand-in's of ours, and so is replaced as one's own would be.
    let report = kit_report(&project, &["123456789012", &stack]);
    assert_eq!(report["left"], json!([]), "{told}");
    let missing = ["account.orderable", "account.cluster", "statements.answers_sql", "account.attach"];
    assert_eq!(report["failed"], json!(missing), "{told}");
    assert_eq!(ended.status.code(), Some(1), "{told}");
    let python = std::path::PathBuf::from(std::env::var_os("SPARKIFY_TEST_CLIENTS").unwrap()).join("python");
    let mut look = std::process::Command::new(python);
    look.args(["-c", LOOK, &stack]).env("AWS_ENDPOINT_URL", &endpoint).env("AWS_DEFAULT_REGION", REGION);
    let found = look.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test").output().unwrap();
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stderr));
    assert_eq!(String::from_utf8_lossy(&found.stdout).trim(), "");
}
