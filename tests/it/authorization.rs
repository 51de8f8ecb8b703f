//! The stand-in asks for every action that AWS's Service Authorization Reference names for a call, on what the call names,
//! and under the conditions that each action knows (R33).

use aws_config::{BehaviorVersion, Region};
use aws_sdk_s3::config::Credentials;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, ObjectOwnership, Tag,
    VersioningConfiguration,
};
use serde_json::{Value, json};
use sparkify_local::Pace;

use crate::project::{ACCOUNT, Project, REGION};
use crate::served::Served;

/// Key, secret and token of a role that may do this and no more.
fn role_with(served: &Served, name: &str, statements: &Value) -> [String; 3] {
    let trust = json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:root") } } });
    let policy = json!({ "Version": "2012-10-17", "Statement": statements });
    let sdk = served.sdk();
    let credentials = sdk.block_on(async {
        sdk.iam.create_role().role_name(name).assume_role_policy_document(trust.to_string()).send().await.unwrap();
        let put = sdk.iam.put_role_policy().role_name(name).policy_name("p").policy_document(policy.to_string());
        put.send().await.unwrap();
        let arn = format!("arn:aws:iam::{ACCOUNT}:role/{name}");
        sdk.sts.assume_role().role_arn(arn).role_session_name("test").send().await.unwrap().credentials.unwrap()
    });
    [credentials.access_key_id, credentials.secret_access_key, credentials.session_token]
}

/// S3 as such a role sees it.
fn s3_of(served: &Served, name: &str, statements: &Value) -> aws_sdk_s3::Client {
    let [key, secret, token] = role_with(served, name, statements);
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(Credentials::new(key, secret, Some(token), None, "test"))
        .http_client(served.cloud.http_client())
        .force_path_style(true);
    aws_sdk_s3::Client::from_conf(config.build())
}

fn allow(actions: &[&str], resource: &str) -> Value {
    json!({ "Effect": "Allow", "Action": actions, "Resource": resource })
}

/// `Ok`, or the code of the refusal.
fn told<T, E: ProvideErrorMetadata>(answer: Result<T, E>) -> String {
    answer.map_or_else(|error| error.code().unwrap_or("no code").to_owned(), |_| "Ok".to_owned())
}

#[test]
fn a_bucket_with_tags_and_an_owner_wants_more_than_create_bucket() {
    let served = Served::new(Project::bare(), Pace::AT_ONCE);
    let (create, tag, own) = ("s3:CreateBucket", "s3:TagResource", "s3:PutBucketOwnershipControls");
    let cases: [(&[&str], [&str; 3]); 3] = [
        (&[create], ["Ok", "AccessDenied", "AccessDenied"]),
        (&[create, tag], ["Ok", "Ok", "AccessDenied"]),
        (&[create, own], ["Ok", "AccessDenied", "Ok"]),
    ];
    for (n, (actions, expected)) in cases.into_iter().enumerate() {
        let s3 = s3_of(&served, &format!("role-{n}"), &allow(actions, "arn:aws:s3:::made-*"));
        let make = |what: &str, tags: Option<Tag>, ownership: Option<ObjectOwnership>| {
            let configuration = CreateBucketConfiguration::builder();
            let configuration = configuration.location_constraint(BucketLocationConstraint::from(REGION));
            let configuration = configuration.set_tags(tags.map(|tag| vec![tag])).build();
            let call = s3.create_bucket().bucket(format!("made-{what}-{n}")).set_object_ownership(ownership);
            told(served.sdk().block_on(call.create_bucket_configuration(configuration).send()))
        };
        let team = Tag::builder().key("team").value("data").build().unwrap();
        let made = [
            make("plain", None, None),
            make("tagged", Some(team), None),
            make("owned", None, Some(ObjectOwnership::BucketOwnerEnforced)),
        ];
        assert_eq!(made, expected, "{actions:?}");
        assert_eq!(told(served.sdk().block_on(s3.create_bucket().bucket("another").send())), "AccessDenied");
    }
}

#[test]
fn tags_and_versions_of_objects_are_rights_of_their_own() {
    let served = Served::new(Project::bare(), Pace::AT_ONCE);
    let sdk = served.sdk();
    let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    let version = sdk.block_on(async {
        let place = CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::from(REGION));
        sdk.s3.create_bucket().bucket("kept").create_bucket_configuration(place.build()).send().await.unwrap();
        sdk.s3.put_bucket_versioning().bucket("kept").versioning_configuration(on).send().await.unwrap();
        let put = sdk.s3.put_object().bucket("kept").key("k").body(b"1".to_vec().into());
        put.send().await.unwrap().version_id.unwrap()
    });
    let cases: [(&[&str], [&str; 4]); 3] = [
        (&["s3:PutObject", "s3:GetObject"], ["Ok", "AccessDenied", "Ok", "AccessDenied"]),
        (&["s3:PutObject", "s3:PutObjectTagging"], ["Ok", "Ok", "AccessDenied", "AccessDenied"]),
        (&["s3:GetObjectVersion"], ["AccessDenied", "AccessDenied", "AccessDenied", "Ok"]),
    ];
    for (n, (actions, expected)) in cases.into_iter().enumerate() {
        let s3 = s3_of(&served, &format!("role-{n}"), &allow(actions, "arn:aws:s3:::kept/*"));
        let put = || s3.put_object().bucket("kept").key("new").body(b"2".to_vec().into());
        let get = || s3.get_object().bucket("kept").key("k");
        let answers = sdk.block_on(async {
            [
                told(put().send().await),
                told(put().tagging("team=data").send().await),
                told(get().send().await),
                told(get().version_id(&version).send().await),
            ]
        });
        assert_eq!(answers, expected, "{actions:?}");
    }
}

/// R33: the first cluster of an account makes a role of Redshift's own.
#[test]
fn the_role_of_redshift_itself_is_made_once() {
    let mut served = Served::new(Project::empty(), Pace::AT_ONCE);
    let printed: Value = serde_json::from_str(&served.run(["policy"]).succeeded().stdout).unwrap();
    let mut statements = printed["Statement"].as_array().unwrap().clone();
    let is_about = |statement: &Value| statement["Action"][0] == "iam:CreateServiceLinkedRole";
    let linked = statements.iter().find(|statement| is_about(statement)).unwrap();
    assert_eq!(linked["Condition"], json!({ "StringEquals": { "iam:AWSServiceName": "redshift.amazonaws.com" } }));
    statements.retain(|statement| !is_about(statement));
    let session = role_with(&served, "job", &json!(statements));
    served.session = Some(session.clone());
    let _ = served.run(["up"]).failed(1, &["is not authorized to perform: iam:CreateServiceLinkedRole on resource"]);
    served.session = None;
    let _ = served.run(["up"]).succeeded();
    let _ = served.run(["down"]).succeeded();
    served.session = Some(session);
    let _ = served.run(["up"]).succeeded();
}

/// A role may be passed to the service that the policy names, and to no other; the role is that of the call.
#[test]
fn passing_a_role_is_asked_for_the_role_that_is_passed() {
    let served = Served::new(Project::empty(), Pace::AT_ONCE);
    let _ = served.run(["up"]).succeeded();
    let sdk = served.sdk();
    let arn = |name: &str| format!("arn:aws:iam::{ACCOUNT}:role/{name}");
    let trust = json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": { "Service": "redshift.amazonaws.com" } } });
    for name in ["one", "other"] {
        let call = sdk.iam.create_role().role_name(name).assume_role_policy_document(trust.to_string());
        sdk.block_on(call.send()).unwrap();
    }
    for (n, (service, passed)) in
        [("redshift.amazonaws.com", "one"), ("redshift.amazonaws.com", "other"), ("ec2.amazonaws.com", "one")]
            .into_iter()
            .enumerate()
    {
        let mut pass = allow(&["iam:PassRole"], &arn("one"));
        pass["Condition"] = json!({ "StringEquals": { "iam:PassedToService": service } });
        let statements = json!([allow(&["redshift:ModifyClusterIamRoles"], "*"), pass]);
        let [key, secret, token] = role_with(&served, &format!("job-{n}"), &statements);
        let config = aws_sdk_redshift::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(REGION))
            .credentials_provider(Credentials::new(key, secret, Some(token), None, "test"))
            .http_client(served.cloud.http_client());
        let redshift = aws_sdk_redshift::Client::from_conf(config.build());
        let call = redshift.modify_cluster_iam_roles().cluster_identifier("sparkify").add_iam_roles(arn(passed));
        let expected = if (service, passed) == ("redshift.amazonaws.com", "one") { "Ok" } else { "AccessDenied" };
        assert_eq!(told(sdk.block_on(call.send())), expected, "{passed} to {service}");
    }
}
