//! The whole state at once, over HTTP and by the library: reset, snapshots, databases that are copied for a test.

use std::io::{Read, Write};
use std::net::TcpStream;

use aws_sdk_redshiftdata::types::StatusString;
use aws_sdk_s3::types::CreateBucketConfiguration;
use sparkify_local::{Pace, Reset};

use crate::project::{Project, Sdk};
use crate::served::Served;

const HEADER: &str = "X-Sparkify-Local: 1\r\n";

/// The status and the body of an answer.
fn ask(served: &Served, method: &str, path: &str, header: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(served.address()).unwrap();
    let head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{header}Content-Length: 0\r\n");
    write!(stream, "{head}Connection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
}

/// A cluster, a bucket with a small and a large object, a secret and a security group.
fn fill(sdk: &Sdk) {
    let place = CreateBucketConfiguration::builder().location_constraint("us-west-2".into()).build();
    sdk.block_on(sdk.s3.create_bucket().bucket("kept").create_bucket_configuration(place).send()).unwrap();
    sdk.put("kept", "small", "one");
    sdk.put("kept", "large", &"x".repeat(300_000));
    let create = sdk.redshift.create_cluster().cluster_identifier("sparkify").node_type("ra3.large").db_name("dwh");
    let create = create.cluster_type("single-node").master_username("dwhadmin").manage_master_password(true);
    sdk.block_on(create.send()).unwrap();
    sdk.block_on(sdk.secrets.create_secret().name("own").secret_string("word").send()).unwrap();
    sdk.sql("create table t as select 1 as a").unwrap();
}

fn size(sdk: &Sdk, key: &str) -> Option<i64> {
    let found = sdk.block_on(sdk.s3.head_object().bucket("kept").key(key).send());
    found.ok().and_then(|head| head.content_length)
}

fn endpoint(sdk: &Sdk) -> String {
    let described = sdk.block_on(sdk.redshift.describe_clusters().send()).unwrap().clusters.unwrap();
    format!("{:?}", described[0].endpoint)
}

/// The only value of a query in a database.
fn value_in(sdk: &Sdk, database: &str, sql: &str) -> Result<String, String> {
    sdk.block_on(async {
        let call = sdk.data.execute_statement().cluster_identifier("sparkify").database(database).db_user("dwhadmin");
        let run = call.sql(sql).wait_time_seconds(30).send().await.map_err(|error| format!("{error:?}"))?;
        let id = run.id.unwrap();
        let described = sdk.data.describe_statement().id(&id).wait_time_seconds(30).send().await.unwrap();
        if described.status != Some(StatusString::Finished) {
            return Err(described.error.unwrap_or_default());
        }
        if described.has_result_set != Some(true) {
            return Ok(String::new());
        }
        let result = sdk.data.get_statement_result().id(&id).send().await.unwrap();
        Ok(format!("{:?}", result.records[0][0]))
    })
}

#[test]
fn a_snapshot_brings_everything_back() {
    let served = Served::new(Project::bare(), Pace::AT_ONCE);
    let sdk = served.sdk();
    fill(&sdk);
    let (before, at) = (served.everything(), endpoint(&sdk));
    assert_eq!(ask(&served, "POST", "/_local/snapshots/first", HEADER).0, 200);
    assert_eq!(ask(&served, "GET", "/_local/snapshots", ""), (200, r#"{"snapshots":["first"]}"#.to_owned()));

    sdk.sql("insert into t values (2)").unwrap();
    sdk.sql("create table more (a int)").unwrap();
    sdk.put("kept", "small", "another");
    sdk.block_on(sdk.s3.delete_object().bucket("kept").key("large").send()).unwrap();
    let secret = sdk.secrets.delete_secret().secret_id("own").force_delete_without_recovery(true);
    sdk.block_on(secret.send()).unwrap();
    let create = sdk.redshift.create_cluster().cluster_identifier("second").node_type("ra3.large");
    let create = create.cluster_type("single-node").master_username("admin").manage_master_password(true);
    sdk.block_on(create.send()).unwrap();

    assert_eq!(ask(&served, "POST", "/_local/snapshots/first/restore", HEADER).0, 200);
    assert_eq!((served.everything(), endpoint(&sdk)), (before, at));
    assert_eq!((size(&sdk, "small"), size(&sdk, "large")), (Some(3), Some(300_000)));
    assert_eq!(sdk.secret_value("own"), "word");
    assert_eq!(sdk.value("select count(*) from t"), "1");
    assert!(sdk.sql("select * from more").unwrap_err().contains("does not exist"));
    // What changes after it changes nothing in it.
    sdk.sql("insert into t values (3)").unwrap();
    served.cloud.restore("first").unwrap();
    assert_eq!(sdk.value("select count(*) from t"), "1");
    let (status, message) = ask(&served, "POST", "/_local/snapshots/none/restore", HEADER);
    assert!(status == 404 && message.contains("there are: first"), "{status} {message}");
    assert_eq!(ask(&served, "POST", "/_local/snapshots/.hidden", HEADER).0, 400);
}

#[test]
fn a_reset_leaves_nothing_or_what_it_is_not_asked_for() {
    let served = Served::new(Project::bare(), Pace::AT_ONCE);
    let sdk = served.sdk();
    fill(&sdk);
    let before = served.everything();
    for path in [
        "/_local/reset",
        "/_local/reset?service=s3",
        "/_local/snapshots/a",
        "/_local/databases/sparkify/x?template=dwh",
    ] {
        let (status, message) = ask(&served, "POST", path, "");
        assert!(status == 403 && message.contains("x-sparkify-local"), "{path}: {status} {message}");
    }
    assert_eq!(ask(&served, "POST", "/_local/reset?service=sqs", HEADER).0, 400);
    assert_eq!(served.everything(), before);
    assert_eq!(ask(&served, "POST", "/_local/reset?service=s3", HEADER).0, 200);
    assert!(!served.everything().contains(&"kept".to_owned()));
    assert_eq!(sdk.value("select count(*) from t"), "1", "the rest is there");
    assert_eq!(ask(&served, "POST", "/_local/reset", HEADER).0, 200);
    assert_eq!(served.everything(), Vec::<String>::new());
    // It is as new.
    fill(&sdk);
    assert_eq!(sdk.value("select count(*) from t"), "1");
    served.cloud.reset(&Reset::All).unwrap();
    assert_eq!(served.everything(), Vec::<String>::new());
}

#[test]
fn a_database_for_a_test_is_a_copy_that_comes_and_goes() {
    let served = Served::new(Project::bare(), Pace::AT_ONCE);
    let sdk = served.sdk();
    fill(&sdk);
    let count = |database: &str| value_in(&sdk, database, "select count(*) from t");
    for round in 0..3 {
        let path = format!("/_local/databases/sparkify/test_{round}");
        assert_eq!(ask(&served, "POST", &format!("{path}?template=dwh"), HEADER).0, 200);
        let database = format!("test_{round}");
        value_in(&sdk, &database, "insert into t values (2)").unwrap();
        assert!(count(&database).unwrap().contains("(2)") && count("dwh").unwrap().contains("(1)"));
        assert_eq!(ask(&served, "POST", &format!("/_local/reset?database={database}"), HEADER).0, 200);
        assert!(count(&database).unwrap().contains("(1)"), "as its template");
        let name = value_in(&sdk, &database, "select current_database()").unwrap();
        assert!(name.contains(&database), "{name}");
        assert_eq!(ask(&served, "POST", &format!("{path}?template=dwh"), HEADER).0, 409);
        assert_eq!(ask(&served, "DELETE", &path, HEADER).0, 200);
        assert!(count(&database).unwrap_err().contains("does not exist"));
        assert_eq!(ask(&served, "DELETE", &path, HEADER).0, 404);
    }
    assert_eq!(ask(&served, "POST", "/_local/databases/sparkify/x?template=none", HEADER).0, 404);
    assert_eq!(ask(&served, "POST", "/_local/databases/none/x?template=dwh", HEADER).0, 404);
    assert_eq!(ask(&served, "DELETE", "/_local/databases/sparkify/dwh", HEADER).0, 409);
    // What has the name of a copy that went is no copy.
    assert_eq!(ask(&served, "POST", "/_local/databases/sparkify/one?template=dwh", HEADER).0, 200);
    sdk.sql("drop database one").unwrap();
    sdk.sql("create database one").unwrap();
    assert_eq!(ask(&served, "POST", "/_local/reset?database=one", HEADER).0, 200);
    assert!(count("one").unwrap_err().contains("does not exist"));
    // In SQL, as in Redshift.
    sdk.sql("create database other").unwrap();
    value_in(&sdk, "other", "create table u (a int)").unwrap();
    sdk.sql("drop database other").unwrap();
    assert!(value_in(&sdk, "other", "select 1").unwrap_err().contains("does not exist"));
    for (sql, says) in [
        ("drop database other", "does not exist"),
        ("drop database dwh", "currently open"),
        ("drop database other cascade", "syntax error"),
    ] {
        let error = sdk.sql(sql).unwrap_err();
        assert!(error.contains(says), "{sql}: {error}");
    }
}
