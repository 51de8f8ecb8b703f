//! What AWS takes and offers: ARNs and hosts of every partition, regions of sources, sizes of clusters, names.

use std::collections::BTreeMap;

use aws_sdk_s3::types::CreateBucketConfiguration;
use serde_json::Value;
use sparkify_local::{Fault, Pace};

use crate::copy::ROLE;
use crate::project::{BUCKET, Project, Sdk};
use crate::served::Served;

/// Every ARN in a text is of this partition.
fn assert_partition(text: &str, partition: &str) {
    let arns: Vec<&str> = text.split("arn:").skip(1).collect();
    assert!(!arns.is_empty(), "{text}");
    for arn in arns {
        assert!(arn.starts_with(&format!("{partition}:")), "arn:{arn}\nin {partition}");
    }
}

#[test]
fn up_load_and_down_in_every_partition() {
    for (region, partition, suffix) in [
        ("us-east-1", "aws", "amazonaws.com:"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com:"),
        ("cn-north-1", "aws-cn", "amazonaws.com.cn:"),
        ("eusc-de-east-1", "aws-eusc", "amazonaws.eu:"),
        ("us-iso-east-1", "aws-iso", "c2s.ic.gov:"),
        ("us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov:"),
        ("eu-isoe-west-1", "aws-iso-e", "cloud.adc-e.uk:"),
        ("us-isof-south-1", "aws-iso-f", "csp.hci.ic.gov:"),
    ] {
        let project = Project::with_sample(5, 5);
        project.edit("infra.toml", "us-west-2", region);
        assert_partition(&project.run(["policy"]).succeeded().stdout, partition);
        let planned = project.run(["plan", "--output=json"]).succeeded().stdout;
        assert_partition(&planned, partition);
        let up = project.run(["up"]).succeeded();
        assert!(up.stderr.contains(&format!("sparkify.local.{region}.redshift.{suffix}")), "{}", up.stderr);
        let _ = project.run(["load"]).succeeded();
        let again = project.run(["up"]).succeeded();
        assert!(again.stderr.contains("nothing to do"), "{}", again.stderr);
        let down = project.run(["down"]).succeeded();
        assert!(down.stderr.contains("nothing of the stack sparkify is left"), "{}", down.stderr);
    }
}

#[test]
fn the_stand_in_refuses_arns_of_another_partition() {
    let project = Project::bare();
    let sdk = project.cloud_in("us-gov-west-1", BTreeMap::new());
    let trust = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"redshift.amazonaws.com"},"Action":"sts:AssumeRole"}}"#;
    sdk.block_on(sdk.iam.create_role().role_name("r").assume_role_policy_document(trust).send()).unwrap();
    let read = |partition: &str| {
        let document = format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:{partition}:s3:::b/*"}}}}"#
        );
        sdk.block_on(sdk.iam.put_role_policy().role_name("r").policy_name("p").policy_document(document).send())
            .map_err(|error| format!("{error:?}"))
    };
    let refused = read("aws").unwrap_err();
    assert!(refused.contains("MalformedPolicyDocument"), "{refused}");
    assert!(refused.contains("Partition \\\"aws\\\" is not valid for resource"), "{refused}");
    for partition in ["aws-us-gov", "*"] {
        read(partition).unwrap();
    }
    let attach = |partition: &str| {
        let arn = format!("arn:{partition}:iam::aws:policy/AmazonS3ReadOnlyAccess");
        sdk.block_on(sdk.iam.attach_role_policy().role_name("r").policy_arn(arn).send())
            .map_err(|error| format!("{error:?}"))
    };
    attach("aws-us-gov").unwrap();
    assert!(attach("aws").unwrap_err().contains("InvalidInput"));
}

#[test]
fn what_a_region_or_a_node_type_cannot_have_is_refused_before_any_call() {
    let project = Project::empty();
    let good = std::fs::read_to_string(project.path("infra.toml")).unwrap();
    let key = "nodes = 1\nkms_key = \"arn:aws:kms:cn-north-1:123456789012:key/k\"";
    for (from, to, says) in [
        (
            "gather = \"never\"",
            "gather = \"never\"\nregion = \"us-gov-west-1\"",
            ["25:10", "R40: us-gov-west-1 is in the partition aws-us-gov"],
        ),
        ("nodes = 1", key, ["12:11", "ARN: the ARN of a key"]),
        // The bucket takes its name from the stack.
        ("\"sparkify\"", "\"amzn-s3-demo-x\"", ["5:9", "R28: S3 keeps names with amzn-s3-demo- for itself"]),
        ("\"sparkify\"", "\"sthree\"", ["5:9", "R28: S3 keeps names with sthree- for itself"]),
        (
            "node_type = \"ra3.large\"",
            "node_type = \"rg.xlarge\"",
            [
                "11:9",
                "R38: a cluster of rg.xlarge has at least 2 nodes; one node can be rg.large, ra3.large, ra3.xlplus",
            ],
        ),
        (
            "node_type = \"ra3.large\"\nnodes = 1",
            "node_type = \"ra3.xlplus\"\nnodes = 33",
            ["11:9", "R38: a cluster of ra3.xlplus has at most 32 nodes"],
        ),
    ] {
        std::fs::write(project.path("infra.toml"), good.replacen(from, to, 1)).unwrap();
        let _ = project.run(["up"]).failed(2, &says);
    }
    assert!(!project.path(".sparkify").exists(), "nothing was opened");
    // With a name of its own it is as good as any.
    let named = "[bucket]\nname = \"a-bucket-of-another-name\"\n\n[cluster]";
    let stack = good.replace("\"sparkify\"", "\"amzn-s3-demo-x\"").replace("[cluster]", named);
    std::fs::write(project.path("infra.toml"), stack).unwrap();
    let _ = project.run(["plan"]).succeeded();
}

/// A stack in us-west-2 whose sources lie in eu-west-1.
fn with_sources_elsewhere() -> Served {
    let project = Project::with_sample(20, 40);
    project.edit("infra.toml", "gather = \"always\"", "gather = \"always\"\nregion = \"eu-west-1\"");
    project.edit("infra.toml", "gather = \"never\"", "gather = \"never\"\nregion = \"eu-west-1\"");
    Served::with_data_in("eu-west-1", project, Pace::AT_ONCE)
}

/// The jsonpaths files in the stack's bucket.
fn copies_of_jsonpaths(served: &Served) -> Vec<String> {
    let sdk = served.sdk();
    let listed = sdk.block_on(sdk.s3.list_objects_v2().bucket(BUCKET).prefix("load/").send()).unwrap();
    let keys = listed.contents().iter().filter_map(|object| object.key.clone());
    keys.filter(|key| key.ends_with("/jsonpaths.json")).collect()
}

#[test]
fn a_gathered_source_from_elsewhere_has_its_jsonpaths_file_beside_its_parts() {
    let served = with_sources_elsewhere();
    let _ = served.run(["up"]).succeeded();
    // Copied from where it lies, all of it is there.
    let _ = served.run(["load"]).succeeded();
    assert_eq!(served.sdk().value("select count(*) from staging_events"), "40");
    assert_eq!(copies_of_jsonpaths(&served), Vec::<String>::new());

    served.project.edit("infra.toml", "gather = \"never\"", "gather = \"always\"");
    let _ = served.run(["up"]).succeeded();
    served.faults.clear();
    let planned = served.run(["load", "--dry-run", "--output=json"]).succeeded().stdout;
    let mut planned = planned.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let planned = planned.find(|line| line["event"] == "load_planned").unwrap();
    let steps = planned["steps"].as_array().unwrap().iter();
    let shown = steps.flat_map(|step| step["writes"].as_array().unwrap()).filter(|write| *write == "s3:PutObject");
    let made = served.calls_of(["load"]).into_iter().filter(|call| call == "s3:PutObject");
    assert_eq!(shown.count(), made.count());
    let copies = copies_of_jsonpaths(&served);
    assert_eq!(copies.len(), 1, "{copies:?}");
    assert!(copies[0].starts_with("load/events/"), "{copies:?}");
    let sdk = served.sdk();
    assert_eq!(sdk.value("select count(*) from staging_events where page is not null"), "40");

    // The role reads the copy, and the file itself no more.
    let policy = sdk.iam.get_role_policy().role_name("sparkify-warehouse").policy_name("read-what-load-reads");
    let document = sdk.block_on(policy.send()).unwrap().policy_document;
    assert!(!document.contains("log_json_path"), "{document}");

    // It may change while the source does not: the next load takes it as it is.
    let paths = served.project.path("data/log_json_path.json");
    let text = std::fs::read_to_string(&paths).unwrap();
    std::fs::write(&paths, text.replace("$['page']", "$['nothing']")).unwrap();
    let again = served.run(["load", "--check"]).succeeded();
    assert!(again.stderr.contains("gathered before"), "{}", again.stderr);
    let copied = sdk.block_on(sdk.s3.get_object().bucket(BUCKET).key(&copies[0]).send()).unwrap();
    let copied = sdk.block_on(copied.body.collect()).unwrap().into_bytes();
    assert_eq!(copied, std::fs::read(&paths).unwrap());
}

#[test]
fn the_stand_in_refuses_a_jsonpaths_file_in_another_region_than_the_data() {
    let served = with_sources_elsewhere();
    let _ = served.run(["up"]).succeeded();
    let sdk = served.sdk();
    sdk.sql("create table t (a varchar(10))").unwrap();
    let paths = r#"{"jsonpaths": ["$.a"]}"#;
    // Where the role may read.
    sdk.put(BUCKET, "load/songs/1.json", r#"{"a": "x"}"#);
    sdk.put(BUCKET, "load/songs/paths.json", paths);
    std::fs::write(served.project.path("data/log_json_path.json"), paths).unwrap();
    let here = format!("s3://{BUCKET}/load/songs/");
    let copy = |from: &str, paths: &str, region: &str| {
        sdk.sql(&format!("copy t from '{from}' iam_role '{ROLE}' json '{paths}' {region}"))
    };
    let there = "region 'eu-west-1'";
    for (from, paths, region) in [
        (format!("{here}1.json"), "s3://udacity-dend/log_json_path.json".to_owned(), ""),
        ("s3://udacity-dend/log_data/".to_owned(), format!("{here}paths.json"), there),
    ] {
        let error = copy(&from, &paths, region).unwrap_err();
        assert!(error.contains("PermanentRedirect"), "{error}");
    }
    copy(&format!("{here}1.json"), &format!("{here}paths.json"), "").unwrap();
    copy("s3://udacity-dend/log_data/", "s3://udacity-dend/log_json_path.json", there).unwrap();
    assert_eq!(sdk.value("select count(*) from t"), "41");
}

#[test]
fn a_cluster_that_aws_does_not_offer_is_refused_before_anything_is_created() {
    for (region, size, says) in [
        // Elastic resize goes further than CreateCluster.
        (
            "us-west-2",
            "node_type = \"ra3.xlplus\"\nnodes = 20",
            "a new cluster of ra3.xlplus has at most 16 nodes (R38)",
        ),
        (
            "cn-north-1",
            "node_type = \"rg.large\"\nnodes = 2",
            "AWS does not offer rg.large in cn-north-1; it offers ra3.16xlarge, ra3.4xlarge, ra3.large, ra3.xlplus",
        ),
    ] {
        let project = Project::empty();
        project.edit("infra.toml", "us-west-2", region);
        project.edit("infra.toml", "node_type = \"ra3.large\"\nnodes = 1", size);
        for command in ["plan", "up"] {
            let _ = project.run([command]).failed(1, &["refused, and nothing was changed", says]);
        }
        assert_eq!(project.everything(), Vec::<String>::new());
    }
}

#[test]
fn not_to_be_told_what_aws_offers_stops_nothing() {
    let served = Served::new(Project::empty(), Pace::AT_ONCE);
    for (status, code) in [(403, "AccessDenied"), (501, "NotImplemented")] {
        let fault = Fault::Fail { status, code: code.into(), message: "no answer".into() };
        served.faults.at("redshift:DescribeOrderableClusterOptions", 1, fault);
        let up = served.run(["up"]).succeeded();
        for words in ["it is not known whether AWS offers 1 x ra3.large", code] {
            assert!(up.stderr.contains(words), "'{words}' is not in\n{}", up.stderr);
        }
        let _ = served.run(["down"]).succeeded();
    }
}

#[test]
fn the_stand_in_offers_what_it_creates() {
    let project = Project::bare();
    let sdk = project.cloud_in("us-west-2", BTreeMap::new());
    let offered = |node_type: &str| {
        let call = sdk.redshift.describe_orderable_cluster_options().node_type(node_type);
        let options = sdk.block_on(call.send()).unwrap().orderable_cluster_options.unwrap_or_default();
        assert!(options.iter().all(|option| option.availability_zones()[0].name() == Some("us-west-2a")));
        options.into_iter().map(|option| option.cluster_type.unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(offered("rg.large"), ["single-node", "multi-node"]);
    assert_eq!(offered("rg.xlarge"), ["multi-node"]);
    assert_eq!(offered("dc2.large"), Vec::<String>::new());
    let create = |node_type: &str, nodes: i32| {
        let call = sdk.redshift.create_cluster().cluster_identifier("twin").node_type(node_type);
        let call = call.cluster_type(if nodes == 1 { "single-node" } else { "multi-node" });
        let call = call.set_number_of_nodes((nodes > 1).then_some(nodes));
        sdk.block_on(call.master_username("admin").manage_master_password(true).send())
            .map_err(|error| format!("{error:?}"))
    };
    for (node_type, nodes, says) in [("rg.xlarge", 1, "single-node"), ("ra3.xlplus", 17, "at most 16 nodes")] {
        let error = create(node_type, nodes).expect_err(says);
        assert!(error.contains("InvalidParameterCombination") && error.contains(says), "{error}");
    }
    create("rg.large", 1).unwrap();
}

#[test]
fn a_database_may_have_an_underscore_and_a_dollar_sign() {
    let project = Project::with_sample(5, 5);
    project.edit("infra.toml", "\"dwh\"", "\"my_db$1\"");
    let up = project.run(["up"]).succeeded();
    assert!(up.stderr.contains("database my_db$1 at"), "{}", up.stderr);
    let _ = project.run(["load"]).succeeded();
    let asked = project.run(["query", "select current_database() as db, count(*) as n from songs"]).succeeded();
    assert_eq!(asked.stdout, "db,n\nmy_db$1,5\n");
    let _ = project.run(["down"]).succeeded();
    assert_eq!(project.everything(), Vec::<String>::new());

    project.edit("infra.toml", "my_db$1", "$db");
    let _ = project.run(["up"]).failed(2, &["12:12", "R8: a database's name", "not starting with $"]);
}

#[test]
fn names_that_aws_does_not_take_are_refused_by_the_stand_in() {
    let project = Project::bare();
    let sdk = project.cloud_in("us-east-1", BTreeMap::new());
    for name in ["Dwh", "a-b", "../dwh", ""] {
        let call = sdk.redshift.create_cluster().cluster_identifier("twin").node_type("ra3.large").db_name(name);
        let call = call.cluster_type("single-node").master_username("admin").manage_master_password(true);
        let error = format!("{:?}", sdk.block_on(call.send()).expect_err(name));
        assert!(error.contains("DBName"), "{error}");
    }
    for name in ["amzn-s3-demo-x", "sthree-x", "x-s3alias", "x--ol-s3", "x-an"] {
        let error = format!("{:?}", sdk.block_on(sdk.s3.create_bucket().bucket(name).send()).expect_err(name));
        assert!(error.contains("InvalidBucketName"), "{name}: {error}");
    }
    sdk.block_on(sdk.s3.create_bucket().bucket("x-demo").send()).unwrap();
}

/// A cluster and a bucket with one object, which says where it lies.
fn settle_in(sdk: &Sdk, region: &str) {
    let place = CreateBucketConfiguration::builder().location_constraint(region.into()).build();
    let bucket = format!("data-in-{region}");
    sdk.block_on(sdk.s3.create_bucket().bucket(&bucket).create_bucket_configuration(place).send()).unwrap();
    sdk.put(&bucket, "a.json", &format!(r#"{{"a": "{region}"}}"#));
    let create = sdk.redshift.create_cluster().cluster_identifier("sparkify").node_type("ra3.large").db_name("dwh");
    let create = create.cluster_type("single-node").master_username("dwhadmin").manage_master_password(true);
    sdk.block_on(create.send()).unwrap();
}

#[test]
fn each_region_that_a_client_signs_for_has_its_own() {
    let served = Served::new(Project::bare(), Pace::AT_ONCE);
    let regions = ["us-west-2", "eu-west-1", "ap-south-1"];
    let sdks = regions.map(|region| (region, Sdk::in_region(&served.cloud, region)));
    sdks.iter().for_each(|(region, sdk)| settle_in(sdk, region));
    for (region, sdk) in &sdks {
        let clusters = sdk.block_on(sdk.redshift.describe_clusters().send()).unwrap().clusters.unwrap();
        assert_eq!(clusters.len(), 1, "{region}");
        assert_eq!(clusters[0].availability_zone.as_deref(), Some(format!("{region}a").as_str()));
        let arns = [&clusters[0].cluster_namespace_arn, &clusters[0].master_password_secret_arn];
        assert!(arns.iter().all(|arn| arn.as_deref().unwrap().contains(&format!(":{region}:"))), "{arns:?}");
        let secrets = sdk.block_on(sdk.secrets.list_secrets().send()).unwrap().secret_list.unwrap();
        assert_eq!((secrets.len(), &secrets[0].arn), (1, arns[1]));
        let located = sdk.block_on(sdk.s3.get_bucket_location().bucket(format!("data-in-{region}")).send()).unwrap();
        assert_eq!(located.location_constraint.unwrap().as_str(), *region);

        sdk.sql("create table t (a varchar(20))").unwrap();
        let copy = |from: &str, more: &str| {
            let keys = "access_key_id 'test' secret_access_key 'test'";
            sdk.sql(&format!("copy t from 's3://data-in-{from}/a.json' {keys} json 'auto' {more}"))
        };
        copy(region, "").unwrap();
        let elsewhere = regions.iter().find(|other| *other != region).unwrap();
        assert!(copy(elsewhere, "").unwrap_err().contains("PermanentRedirect"), "{region}");
        copy(elsewhere, &format!("region '{elsewhere}'")).unwrap();
        assert_eq!(sdk.rows("select count(*), count(distinct a) from t"), [["2", "2"]]);
    }
    // What goes in one region stays in the others; the buckets are the account's.
    let (_, first) = &sdks[1];
    let delete = first.redshift.delete_cluster().cluster_identifier("sparkify").skip_final_cluster_snapshot(true);
    first.block_on(delete.send()).unwrap();
    assert!(first.sql("select 1").unwrap_err().contains("doesn't exist in this region"));
    for (_, sdk) in [&sdks[0], &sdks[2]] {
        assert_eq!(sdk.value("select count(*) from t"), "2");
    }
    let buckets = first.block_on(first.s3.list_buckets().send()).unwrap().buckets.unwrap();
    assert_eq!(buckets.len(), regions.len());
}

#[test]
fn a_location_constraint_is_that_of_the_endpoint() {
    let served = Served::new(Project::bare(), Pace::AT_ONCE);
    let create = |region: &str, bucket: &str, constraint: Option<&str>| {
        let sdk = Sdk::in_region(&served.cloud, region);
        let place =
            constraint.map(|place| CreateBucketConfiguration::builder().location_constraint(place.into()).build());
        let call = sdk.s3.create_bucket().bucket(bucket).set_create_bucket_configuration(place);
        sdk.block_on(call.send()).map(drop).map_err(|error| format!("{error:?}"))
    };
    create("us-east-1", "bucket-a", None).unwrap();
    create("us-east-1", "bucket-b", Some("eu-west-1")).unwrap();
    create("eu-west-1", "bucket-c", Some("eu-west-1")).unwrap();
    for (region, constraint, code, says) in [
        ("eu-west-1", None, "IllegalLocationConstraintException", "The unspecified location constraint"),
        ("eu-west-1", Some("eu-west-2"), "IllegalLocationConstraintException", "The eu-west-2 location constraint"),
        ("us-east-1", Some("us-east-1"), "InvalidLocationConstraint", "is not valid"),
    ] {
        let error = create(region, "bucket-d", constraint).unwrap_err();
        assert!(error.contains(code) && error.contains(says), "{error}");
    }
    let sdk = Sdk::in_region(&served.cloud, "us-west-2");
    for (bucket, region) in [("bucket-a", None), ("bucket-b", Some("eu-west-1"))] {
        let found = sdk.block_on(sdk.s3.get_bucket_location().bucket(bucket).send()).unwrap().location_constraint;
        assert_eq!(found.filter(|place| !place.as_str().is_empty()).as_ref().map(|place| place.as_str()), region);
    }
}
