//! Programs that were not written here, against `local serve`: the AWS CLI, boto3, awswrangler, the drivers of Redshift,
//! psql, JDBC, dbt, a browser. `.ci/foreign` installs them and says where they are in SPARKIFY_TEST_CLIENTS; without it,
//! these tests say that they were not run.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use sparkify_local::{ACCESS_KEY, Pace, SECRET_KEY};

use crate::project::{Project, REGION};
use crate::serve::Serving;
use crate::served::Served;
use crate::{real_data, recorded};

/// Runs a script of `tests/clients` against a server of its own, with a sample in the bucket.
fn run(script: &str) {
    run_with(script, &Project::with_sample(100, 300), Path::new("data"));
}

fn run_with(script: &str, project: &Project, data: &Path) {
    let Some(mut command) = client(script, project) else { return };
    let mount = format!("--mount=udacity-dend={}", data.display());
    let mut serve = project.command(["local", "serve", "--port=0", "--in-memory", &mount]);
    serve.env("AWS_REGION", REGION);
    let server = Serving::start(serve);
    command
        .env("AWS_ENDPOINT_URL", format!("http://{}", server.address))
        .env("SPARKIFY_TEST_PID", server.child.id().to_string());
    ends_well(command);
}

/// The kit for an account (docs/aws-kit.md), against a stand-in that answers as AWS does here.
fn kit(served: &Served, stack: &str) -> Option<Command> {
    let mut command = client("../aws/run.py", &served.project)?;
    command
        .args(["--program", env!("CARGO_BIN_EXE_sparkify-infra"), "--out=kit", "--patience=5", "--stack", stack])
        .env("AWS_ENDPOINT_URL", format!("http://{}", served.address()))
        .envs([("AWS_ACCESS_KEY_ID", ACCESS_KEY), ("AWS_SECRET_ACCESS_KEY", SECRET_KEY)]);
    Some(command)
}

/// What a run of the kit wrote, of which `own` must not be told.
pub fn kit_report(project: &Project, own: &[&str]) -> Value {
    for name in ["aws-kit.txt", "report.json", "report.md", "log"] {
        let text = std::fs::read_to_string(project.path("kit").join(name)).unwrap();
        for word in own {
            assert!(!text.contains(word), "{name} names {word}");
        }
    }
    serde_json::from_slice(&std::fs::read(project.path("kit/report.json")).unwrap()).unwrap()
}

#[test]
fn the_kit_for_an_account() {
    let served = Served::new(Project::bare(), Pace::LAPTOP);
    let Some(mut command) = kit(&served, "kit-0a1b2c3d") else { return };
    let ended = command.output().unwrap();
    let told = String::from_utf8_lossy(&ended.stderr);
    assert!(told.contains("It costs at most about"), "{told}");
    assert!(ended.status.success(), "{told}");
    let report = kit_report(&served.project, &["kit-0a1b2c3d", ACCESS_KEY, SECRET_KEY]);
    assert_eq!((&report["failed"], &report["left"]), (&json!([]), &json!([])), "{told}");
    let findings = report["findings"].as_array().unwrap();
    let answer = |what: &str| &findings.iter().find(|finding| finding["what"] == what).unwrap()["answer"];
    assert_eq!(answer("ResultRows of a COPY alone, of 3 rows"), "0");
    assert_eq!(answer("rows in the table"), "11");
    assert!(findings.iter().all(|finding| finding["answer"] != "left out"), "{report}");
    assert_eq!(served.everything(), [""; 0]);
    // A stand-in answers what it answered before: so a recording of AWS can be held against it.
    recorded::compare(&served.project.path("kit/aws-kit.txt"), Pace::AT_ONCE);
}

#[test]
fn a_kit_that_is_stopped_leaves_nothing() {
    let served = Served::new(Project::bare(), Pace::LAPTOP);
    let Some(mut command) = kit(&served, "kit-0a1b2c3d") else { return };
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("-- life.load")), "it does not come to a load");
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    let rest: Vec<String> = lines.collect();
    assert_eq!(child.wait().unwrap().code(), Some(143), "{rest:#?}");
    let report = kit_report(&served.project, &[]);
    assert_eq!((&report["ended"], &report["left"]), (&json!("It was stopped by SIGTERM"), &json!([])), "{rest:#?}");
    assert_eq!(served.everything(), [""; 0]);
}

/// What runs a script of `tests/clients`; `None` where the clients are not installed.
pub fn client(script: &str, project: &Project) -> Option<Command> {
    let Some(bin) = std::env::var_os("SPARKIFY_TEST_CLIENTS").map(PathBuf::from) else {
        // Past the test harness, which keeps what tests print to itself.
        let _ = writeln!(std::io::stderr(), "NOT RUN: {script} (no SPARKIFY_TEST_CLIENTS)");
        return None;
    };
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(script);
    let program = if script.ends_with(".py") { bin.join("python") } else { "bash".into() };
    let found = std::env::var("PATH").unwrap_or_default();
    // What waits for an answer that never comes must not hold up the rest.
    let mut command = Command::new("timeout");
    command
        .arg("180")
        .arg(program)
        .arg(path)
        .current_dir(project.path("."))
        .env_clear()
        .env("PATH", format!("{}:{found}", bin.display()))
        .env("HOME", project.path("."))
        .envs([("AWS_DEFAULT_REGION", REGION), ("AWS_EC2_METADATA_DISABLED", "true")])
        .envs([("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test")])
        // Beside other tests the processors are not the server's alone.
        .env("SPARKIFY_TEST_SECONDS", std::env::var_os("SPARKIFY_TEST_SECONDS").unwrap_or("10".into()))
        .env("SPARKIFY_TEST_MEMORY", std::env::var_os("SPARKIFY_TEST_MEMORY").unwrap_or("1.7".into()))
        .env("SPARKIFY_TEST_MINUTES", std::env::var_os("SPARKIFY_TEST_MINUTES").unwrap_or("0.5".into()))
        .env(
            "SPARKIFY_TEST_OVERWRITE_SECONDS",
            std::env::var_os("SPARKIFY_TEST_OVERWRITE_SECONDS").unwrap_or("12".into()),
        )
        .env("SPARKIFY_TEST_CA", project.path(".sparkify/ca.pem"))
        .env("SPARKIFY_PAGE_PICTURE", std::env::var_os("SPARKIFY_PAGE_PICTURE").unwrap_or_default())
        .env("SPARKIFY_TEST_DBT", std::env::var_os("SPARKIFY_TEST_DBT").unwrap_or_default());
    Some(command)
}

pub fn ends_well(mut command: Command) {
    let ended = command.output().unwrap();
    let texts = [ended.stdout, ended.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(ended.status.success() && texts[0].contains("all as it should be"), "{}\n{}", texts[0], texts[1]);
}

#[test]
fn boto3() {
    run("boto3_client.py");
}

#[test]
fn boto3_and_s3_alone() {
    run("s3_client.py");
}

#[test]
fn awswrangler() {
    run("wrangler_client.py");
}

/// A notebook's way from nothing to a warehouse and back, with psycopg2.
#[test]
fn a_students_project() {
    run("student_project.py");
}

/// Three of them on the original data, to the published numbers.
#[test]
fn projects_on_the_original_data() {
    if let Some(data) = real_data::data() {
        run_with("projects_client.py", &Project::empty(), &data);
    }
}

/// redshift_connector, psycopg 3, asyncpg, awswrangler.redshift, SQLAlchemy, pandas.
#[test]
fn drivers() {
    run("drivers_client.py");
}

#[test]
fn dbt() {
    run("dbt.sh");
}

#[test]
fn aws_cli() {
    run("aws_cli.sh");
}

#[test]
fn psql() {
    run("psql.sh");
}

#[test]
fn jdbc() {
    run("jdbc.sh");
}

#[test]
fn tls() {
    run("tls_client.py");
}

/// Slow readers, statements that wait, half requests, bombs: who means well is answered all the same.
#[test]
fn attacks() {
    run("attack_client.py");
}

/// What a server holds does not grow with what it has done.
#[test]
fn growth() {
    run("growth_client.py");
}

/// Who reads an object that is overwritten or deleted meanwhile gets one version of it, whole.
#[test]
fn overwrites() {
    run("overwrite_client.py");
}

/// A server that is killed under writes, and started again.
#[test]
fn kills() {
    let project = Project::empty();
    if let Some(mut command) = client("kill_client.py", &project) {
        command
            .env("SPARKIFY_TEST_BIN", env!("CARGO_BIN_EXE_sparkify-infra"))
            .env("SPARKIFY_TEST_KILLS", std::env::var_os("SPARKIFY_TEST_KILLS").unwrap_or("8".into()))
            .env("AWS_REGION", REGION);
        ends_well(command);
    }
}

/// `python/`, installed by pip, starts servers of its own.
#[test]
fn pytest() {
    let project = Project::bare();
    if let Some(mut command) = client("pytest.sh", &project) {
        let millis = std::env::var_os("SPARKIFY_TEST_MILLIS").unwrap_or("1000".into());
        command.env("SPARKIFY_INFRA_BIN", env!("CARGO_BIN_EXE_sparkify-infra")).env("SPARKIFY_TEST_MILLIS", millis);
        ends_well(command);
    }
}

/// The page at /_local, in headless Chromium.
#[test]
fn the_page() {
    run("page_client.py");
}
