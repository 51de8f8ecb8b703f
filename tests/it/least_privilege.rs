//! The role may read what load reads, and nothing else: a permission that is missing fails a load, and so does one
//! that nobody uses fail this test.

use serde_json::Value;
use sparkify_local::{Behaviors, Pace};

use crate::project::{ACCOUNT, Project, Sdk};
use crate::served::Served;

const ROLE: &str = "sparkify-warehouse";
const POLICY: &str = "read-what-load-reads";

fn policy(sdk: &Sdk) -> Value {
    let call = sdk.iam.get_role_policy().role_name(ROLE).policy_name(POLICY);
    let document = sdk.block_on(call.send()).unwrap().policy_document;
    serde_json::from_str(&percent_encoding::percent_decode_str(&document).decode_utf8_lossy()).unwrap()
}

fn put_policy(sdk: &Sdk, policy: &Value) {
    let call = sdk.iam.put_role_policy().role_name(ROLE).policy_name(POLICY).policy_document(policy.to_string());
    sdk.block_on(call.send()).unwrap();
}

/// The policy with one statement, or one resource of it, taken out; each in turn.
fn reduced(policy: &Value) -> Vec<(String, Value)> {
    let statements = policy["Statement"].as_array().unwrap();
    let mut all = Vec::new();
    for (at, statement) in statements.iter().enumerate() {
        let resources = statement["Resource"].as_array().cloned().unwrap_or_default();
        if resources.len() < 2 {
            let mut less = policy.clone();
            less["Statement"].as_array_mut().unwrap().remove(at);
            all.push((statement.to_string(), less));
            continue;
        }
        for (which, resource) in resources.iter().enumerate() {
            let mut less = policy.clone();
            less["Statement"][at]["Resource"].as_array_mut().unwrap().remove(which);
            all.push((resource.to_string(), less));
        }
    }
    all
}

#[test]
fn every_permission_is_needed() {
    let project = Project::with_sample(30, 60);
    let _ = project.run(["up"]).succeeded();
    let whole = policy(&project.cloud());
    let cases = reduced(&whole);
    assert_eq!(cases.len(), 5, "{whole:#}");
    for (taken, less) in cases {
        put_policy(&project.cloud(), &less);
        let output = project.run(["load"]);
        assert_eq!(output.code, 1, "load does not need {taken}");
        assert!(output.stderr.contains("Access Denied,Status 403"), "without {taken}:\n{}", output.stderr);
    }
    // up puts back what is missing, and load works again.
    let up = project.run(["up"]).succeeded();
    assert!(up.stderr.contains("put the policy of role"), "{}", up.stderr);
    let _ = project.run(["load"]).succeeded();
}

#[test]
fn a_role_that_is_not_attached_or_not_trusted_cannot_be_used() {
    let project = Project::with_sample(5, 20);
    let _ = project.run(["up"]).succeeded();
    let sdk = project.cloud();
    sdk.sql("create table events (page varchar(32))").unwrap();
    let copy = |role: &str| {
        let copy = format!("copy events from 's3://udacity-dend/log_data/' iam_role '{role}' json 'auto'");
        sdk.sql(&copy).unwrap_err()
    };
    assert!(copy("arn:aws:iam::000000000000:role/other").contains("is not authorized to assume IAM Role"));
    let arn = "arn:aws:iam::000000000000:role/sparkify-infra/sparkify/sparkify-warehouse";
    let trust = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}"#;
    sdk.block_on(sdk.iam.update_assume_role_policy().role_name(ROLE).policy_document(trust).send()).unwrap();
    assert!(copy(arn).contains("is not authorized to assume IAM Role"));
    let other_account = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"redshift.amazonaws.com"},
        "Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:SourceAccount":"111111111111"}}}}"#;
    sdk.block_on(sdk.iam.update_assume_role_policy().role_name(ROLE).policy_document(other_account).send()).unwrap();
    assert!(copy(arn).contains("is not authorized to assume IAM Role"));
}

/// R46: what is cut off the prefixes is said.
#[test]
fn the_policy_of_two_hundred_tables_fits() {
    let project = Project::with_sample(5, 20);
    let good = std::fs::read_to_string(project.path("infra.toml")).unwrap();
    let with = |place: &str| {
        let source = |n| format!("[sources.table_{n}]\nurl = \"s3://{place}/table_{n}/\"\n");
        let sources: String = (0..200).map(source).collect();
        std::fs::write(project.path("infra.toml"), format!("{good}\n{sources}")).unwrap();
    };
    with("raw");
    let short = project.run(["plan"]).succeeded();
    assert!(!short.stdout.contains("beside the sources"), "{}", short.stdout);
    with("acme-raw-data/erp/exports/every/night");
    let up = project.run(["up"]).succeeded();
    assert!(up.stderr.contains("may read what lies beside the sources, too"), "{}", up.stderr);
    let policy = policy(&project.cloud()).to_string();
    assert!(policy.len() <= 10_240, "{}", policy.len());
    let again = project.run(["up"]).succeeded();
    assert!(again.stderr.contains("nothing to do"), "{}", again.stderr);
    let _ = project.run(["load"]).succeeded();
}

/// A trust with this condition on the account that Redshift acts for.
fn trust_if(operator: &str, account: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{{"Service":"redshift.amazonaws.com"}},
        "Action":"sts:AssumeRole","Condition":{{"{operator}":{{"aws:SourceAccount":"{account}"}}}}}}}}"#
    )
}

/// R34: no source says which of the two Redshift does.
#[test]
fn the_role_works_whether_redshift_names_its_account_or_not() {
    for sends_source_account in [false, true] {
        let behaviors = Behaviors { sends_source_account, ..Behaviors::default() };
        let served = Served::playing(Project::with_sample(5, 20), Pace::AT_ONCE, behaviors);
        let _ = served.run(["up"]).succeeded();
        let _ = served.run(["load"]).succeeded();
        let sdk = served.sdk();
        sdk.sql("create table events (page varchar(32))").unwrap();
        let copies_with = |trust: String| {
            let call = sdk.iam.update_assume_role_policy().role_name(ROLE).policy_document(trust);
            sdk.block_on(call.send()).unwrap();
            let role = format!("arn:aws:iam::{ACCOUNT}:role/sparkify-infra/sparkify/{ROLE}");
            sdk.sql(&format!("copy events from 's3://udacity-dend/log_data/' iam_role '{role}' json 'auto'")).is_ok()
        };
        // A key that must be there refuses a Redshift that does not send it.
        assert_eq!(copies_with(trust_if("StringEquals", ACCOUNT)), sends_source_account);
        // Redshift of another account is kept out where it says so.
        assert_eq!(copies_with(trust_if("StringEqualsIfExists", "111111111111")), !sends_source_account);
        let up = served.run(["up"]).succeeded();
        assert!(up.stderr.contains("put the trust policy of role"), "{}", up.stderr);
        let _ = served.run(["load"]).succeeded();
    }
}
