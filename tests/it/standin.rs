//! The stand-in answers as AWS does: clusters that take their time, statements that run on their own, Redshift's words.

use aws_sdk_redshiftdata::types::StatusString;

use crate::project::{BUCKET, Project, Sdk};
use crate::serve::here;

fn warehouse() -> (Project, Sdk) {
    let project = Project::with_sample(1, 1);
    let _ = project.run(["up"]).succeeded();
    let sdk = project.cloud();
    (project, sdk)
}

fn status(sdk: &Sdk) -> Option<String> {
    let found = sdk.block_on(sdk.redshift.describe_clusters().cluster_identifier("twin").send()).ok()?;
    found.clusters?.into_iter().next()?.cluster_status
}

#[test]
fn a_cluster_comes_and_goes_through_its_states() {
    let project = Project::empty();
    let sdk = project.cloud_with(Default::default());
    let create =
        sdk.redshift.create_cluster().cluster_identifier("twin").node_type("ra3.large").cluster_type("single-node");
    let create = create.master_username("admin").manage_master_password(true);
    sdk.block_on(create.clone().send()).unwrap();
    assert_eq!(status(&sdk).as_deref(), Some("creating"));
    let delete = sdk.redshift.delete_cluster().cluster_identifier("twin").skip_final_cluster_snapshot(true);
    let refused = sdk.block_on(delete.clone().send()).unwrap_err().into_service_error();
    assert!(refused.is_invalid_cluster_state_fault(), "{refused:?}");
    let again = sdk.block_on(create.send()).unwrap_err().into_service_error();
    assert!(again.is_cluster_already_exists_fault(), "{again:?}");
    while status(&sdk).as_deref() == Some("creating") {}
    assert_eq!(status(&sdk).as_deref(), Some("available"));

    let secrets = || sdk.block_on(sdk.secrets.list_secrets().send()).unwrap().secret_list.unwrap_or_default();
    assert_eq!(secrets().len(), 1);
    let snapshot = sdk.block_on(sdk.redshift.delete_cluster().cluster_identifier("twin").send());
    assert!(snapshot.is_err(), "a final snapshot needs a name");
    sdk.block_on(delete.send()).unwrap();
    assert_eq!(status(&sdk).as_deref(), Some("deleting"));
    while status(&sdk).is_some() {}
    assert!(secrets().is_empty(), "the managed secret goes with its cluster");
}

#[test]
fn wrong_clusters_are_refused() {
    let project = Project::empty();
    let sdk = project.cloud_with(Default::default());
    let good = || {
        let call =
            sdk.redshift.create_cluster().cluster_identifier("twin").node_type("ra3.large").cluster_type("single-node");
        call.master_username("admin").manage_master_password(true)
    };
    let cases = [
        (good().cluster_identifier("Twin--1"), "ClusterIdentifier"),
        (good().node_type("dc2.large"), "node type"),
        (good().cluster_type("multi-node"), "between 2 and 100"),
        (good().number_of_nodes(3), "single-node"),
        (good().encrypted(false), "Unencrypted"),
        (good().port(1234), "port"),
        (good().master_user_password("Secret123"), "ManageMasterPassword"),
        (good().automated_snapshot_retention_period(0), "retention"),
        (
            good().iam_roles("arn:aws:iam::000000000000:role/none"),
            "The IAM role arn:aws:iam::000000000000:role/none is not valid",
        ),
    ];
    for (call, says) in cases {
        let error = format!("{:?}", sdk.block_on(call.send()).expect_err(says));
        assert!(error.contains(says), "{says}: {error}");
    }
    assert!(status(&sdk).is_none());
}

#[test]
fn statements_run_on_their_own_and_can_be_cancelled() {
    let (_project, sdk) = warehouse();
    let submit = |sql: &str| {
        let call =
            sdk.data.execute_statement().cluster_identifier("sparkify").database("dwh").db_user("dwhadmin").sql(sql);
        sdk.block_on(call.send()).unwrap().id.unwrap()
    };
    let describe = |id: &str, wait: i32| {
        sdk.block_on(sdk.data.describe_statement().id(id).wait_time_seconds(wait).send()).unwrap()
    };
    sdk.sql("create table n (x bigint)").unwrap();
    sdk.sql("insert into n values (1),(2),(3),(4),(5),(6),(7),(8),(9),(10)").unwrap();
    for _ in 0..2 {
        sdk.sql("insert into n select a.x from n a cross join n b").unwrap();
    }
    let long = submit("select count(*) from n a cross join n b cross join n c where (a.x * b.x + c.x) % 11 = 10");
    assert!(!matches!(describe(&long, 0).status, Some(StatusString::Finished)), "it runs on its own");
    sdk.block_on(sdk.data.cancel_statement().id(&long).send()).unwrap();
    let ended = describe(&long, 30);
    assert_eq!(ended.status, Some(StatusString::Aborted), "{:?}", ended.error);
    assert!(sdk.block_on(sdk.data.cancel_statement().id(&long).send()).is_err(), "it has ended");

    let failed = describe(&submit("select * from nowhere"), 30);
    assert_eq!(failed.status, Some(StatusString::Failed));
    assert_eq!(failed.error.as_deref(), Some("ERROR: relation \"nowhere\" does not exist"));
    assert!(sdk.block_on(sdk.data.describe_statement().id("no-such-id").send()).is_err());
}

#[test]
fn a_batch_is_one_transaction() {
    let (_project, sdk) = warehouse();
    sdk.sql("create table t (a integer)").unwrap();
    let batch = |sqls: &[&str]| {
        let call =
            sdk.data.batch_execute_statement().cluster_identifier("sparkify").database("dwh").db_user("dwhadmin");
        let id = sdk
            .block_on(call.set_sqls(Some(sqls.iter().map(ToString::to_string).collect())).wait_time_seconds(30).send());
        let id = id.unwrap().id.unwrap();
        sdk.block_on(sdk.data.describe_statement().id(id).wait_time_seconds(30).send()).unwrap()
    };
    let failed = batch(&["insert into t values (1)", "insert into t values ('x')", "insert into t values (3)"]);
    assert_eq!(failed.status, Some(StatusString::Failed));
    let parts: Vec<_> =
        failed.sub_statements.unwrap().into_iter().map(|part| part.status.unwrap().as_str().to_owned()).collect();
    assert_eq!(parts, ["FINISHED", "FAILED", "ABORTED"]);
    assert_eq!(sdk.value("select count(*) from t"), "0");
    let done = batch(&["insert into t values (1),(2)", "select a from t order by a"]);
    let second = sdk.block_on(sdk.data.get_statement_result().id(format!("{}:2", done.id)).send()).unwrap();
    assert_eq!(second.records.len(), 2);
}

#[test]
fn a_session_keeps_its_transaction() {
    let (_project, sdk) = warehouse();
    sdk.sql("create table t (a integer)").unwrap();
    let first = sdk.data.execute_statement().cluster_identifier("sparkify").database("dwh").db_user("dwhadmin");
    let first = sdk.block_on(first.session_keep_alive_seconds(60).sql("begin").wait_time_seconds(30).send()).unwrap();
    let session = first.session_id.unwrap();
    let run = |sql: &str| {
        let id = sdk.block_on(sdk.data.execute_statement().session_id(&session).sql(sql).send()).unwrap().id.unwrap();
        sdk.block_on(sdk.data.describe_statement().id(id).wait_time_seconds(30).send()).unwrap()
    };
    run("insert into t values (1)");
    assert_eq!(sdk.value("select count(*) from t"), "0", "not committed yet");
    assert!(run("select nonsense").error.is_some());
    let ignored = run("select 1").error.unwrap();
    assert!(ignored.contains("current transaction is aborted"), "{ignored}");
    run("rollback");
    run("begin");
    run("insert into t values (2)");
    run("commit");
    assert_eq!(sdk.rows("select a from t"), [["2"]]);
}

#[test]
fn sql_means_what_it_means_in_redshift() {
    let (_project, sdk) = warehouse();
    for (sql, value) in [
        ("select 7 / 2", "3"),
        ("select cast(1.6 as int)", "2"),
        ("select nvl(null, 'x')", "x"),
        ("select nvl2(1, 'a', 'b')", "a"),
        ("select decode(2, 1, 'one', 2, 'two', 'many')", "two"),
        ("select len('abc')", "3"),
        ("select dateadd(month, 2, '2018-11-30'::date)", "2019-01-30 00:00:00"),
        ("select dateadd(hour, -1, timestamp '2018-11-01 00:30:00')", "2018-10-31 23:30:00"),
        ("select datediff(day, '2018-11-01'::date, '2018-11-05'::date)", "4"),
        ("select date_part(dow, timestamp '2018-11-04 10:00:00')", "0"),
        ("select extract(week from timestamp '2018-11-01 20:57:10')", "44"),
        ("select timestamp 'epoch' + 1541105830796 / 1000 * interval '1 second'", "2018-11-01 20:57:10"),
        ("select to_char(timestamp '2018-11-01 20:57:10', 'YYYY-MM-DD HH24:MI')", "2018-11-01 20:57"),
        (
            "select listagg(x, '-') within group (order by x desc) from (select 'a' as x union all select 'b') as t",
            "b-a",
        ),
        ("select json_extract_path_text('{\"a\":{\"b\":5}}', 'a', 'b')", "5"),
        ("select cast(3 as float) / 2", "1.5"),
        ("select count(*) from stv_slices", "2"),
    ] {
        assert_eq!(sdk.sql(sql).map(|rows| rows[0][0].clone()), Ok(value.to_owned()), "{sql}");
    }
    let nulls = "select x from (select 1 as x union all select null) as t order by x";
    assert_eq!(sdk.rows(nulls), [["1"], ["NULL"]]);
    assert_eq!(sdk.rows(&format!("{nulls} desc")), [["NULL"], ["1"]]);
}

#[test]
fn tables_are_as_their_ddl_says() {
    let (_project, sdk) = warehouse();
    sdk.sql("CREATE TABLE \"Plays\" (ID int IDENTITY(0,1) PRIMARY KEY, Level varchar(4) ENCODE zstd, \"Time\" timestamp SORTKEY, who varchar DISTKEY, x decimal default 7) DISTSTYLE KEY")
        .unwrap();
    sdk.sql("insert into plays (level, who) values ('free', 'a'), ('paid', 'b')").unwrap();
    assert_eq!(sdk.rows("select id, LEVEL, x from Plays order by ID"), [["0", "free", "7"], ["1", "paid", "7"]]);
    let definition = sdk.rows(
        "select \"column\", type, encoding, distkey, sortkey, \"notnull\" from pg_table_def where tablename = 'plays'",
    );
    assert_eq!(definition[0], ["id", "integer", "az64", "false", "0", "true"]);
    assert_eq!(definition[1], ["level", "character varying(4)", "zstd", "false", "0", "false"]);
    assert_eq!(definition[2], ["time", "timestamp without time zone", "none", "false", "1", "false"]);
    assert_eq!(definition[3], ["who", "character varying(256)", "lzo", "true", "0", "false"]);
    assert_eq!(definition[4][1], "numeric(18,0)");
    assert_eq!(
        sdk.rows("select diststyle, sortkey1 from svv_table_info where \"table\" = 'plays'"),
        [["KEY(who)", "time"]]
    );

    for (sql, says) in [
        ("insert into plays (level) values ('premium')", "value too long for type character varying(4)"),
        ("insert into plays (id, level) values (null, 'x')", "cannot set an identity column to a value"),
        ("create table plays (a int)", "Relation \"plays\" already exists"),
        ("select nothing from plays", "column \"nothing\" does not exist"),
        ("select * from duckdb_tables()", "is not supported by the local Redshift"),
        ("select read_text('/etc/passwd')", "function read_text() is not supported by the local Redshift"),
        ("select 1; select 2", "cannot insert multiple commands"),
        ("selekt 1", "syntax error at or near \"selekt\""),
        ("create table t (a geometry)", "type \"geometry\" is not supported"),
        ("create table t (a int) distkey(b)", "column \"b\" named in key does not exist"),
        ("create model m from t target a function f", "CREATE MODEL is not supported"),
    ] {
        let error = sdk.sql(sql).expect_err(sql);
        assert!(error.starts_with("ERROR: ") && error.contains(says), "{sql}\n{error}");
    }
    sdk.sql("create table if not exists plays (id int)").unwrap();
    sdk.sql("drop table plays").unwrap();
    sdk.sql("create table plays (id int identity(5,5), a int)").unwrap();
    sdk.sql("insert into plays (a) values (1)").unwrap();
    assert_eq!(sdk.value("select id from plays"), "5");
}

#[test]
fn a_backslash_escapes_in_a_literal_as_it_does_in_redshift() {
    let (_project, sdk) = warehouse();
    for (sql, text) in [
        (r"select 'l\'auto'", "l'auto"),
        (r"select 'it''s'", "it's"),
        (r"select 'C:\\temp'", r"C:\temp"),
        // The parser's printer would end these early, or change them.
        (r"select 'two '''' quotes'", "two '' quotes"),
        (r"select nvl(null, 'a''''b')", "a''b"),
        (r"select len('a''''b')", "4"),
        (r"select decode(1, 1, 'q\\''', 'z')", r"q\'"),
        (r"select 'x' where 'a''''b' like 'a%b'", "x"),
        (r"select 'a\\''; drop table users; --'", r"a\'; drop table users; --"),
        (r"select 'a\\''$t0$ b' || 'c'", r"a\'$t0$ bc"),
        (r"select replace('x''''y', '''''', '-')", "x-y"),
        (r"select 'a\nb'", "a\nb"),
    ] {
        assert_eq!(sdk.value(sql), text, "{sql}");
    }
}

#[test]
fn top_n_is_limit_n() {
    let (_project, sdk) = warehouse();
    sdk.sql("create table n (a integer)").unwrap();
    sdk.sql("insert into n values (3), (1), (2)").unwrap();
    assert_eq!(sdk.rows("select top 2 a from n order by a desc"), [["3"], ["2"]]);
    assert_eq!(sdk.rows("select count(*) from (select top 2 a from n) as t"), [["2"]]);
    let error = sdk.sql("select top 2 a from n limit 1").expect_err("both");
    assert!(error.contains("TOP and LIMIT"), "{error}");
}

#[test]
fn truncate_commits() {
    let (_project, sdk) = warehouse();
    sdk.sql("create table t (a integer)").unwrap();
    sdk.sql("insert into t values (1)").unwrap();
    let call = sdk.data.batch_execute_statement().cluster_identifier("sparkify").database("dwh").db_user("dwhadmin");
    let batch = sdk.block_on(call.sqls("truncate t").sqls("select nonsense").wait_time_seconds(30).send()).unwrap();
    let id = batch.id.unwrap();
    let ended = sdk.block_on(sdk.data.describe_statement().id(id).wait_time_seconds(30).send()).unwrap();
    assert_eq!(ended.status, Some(StatusString::Failed));
    assert_eq!(sdk.value("select count(*) from t"), "0");
}

#[test]
fn buckets_are_as_aws_makes_them() {
    let (_project, sdk) = warehouse();
    let block = sdk.block_on(sdk.s3.get_public_access_block().bucket(BUCKET).send()).unwrap();
    assert_eq!(block.public_access_block_configuration.unwrap().block_public_policy, Some(true));
    let tags = sdk.block_on(sdk.s3.get_bucket_tagging().bucket(BUCKET).send()).unwrap().tag_set;
    assert!(tags.iter().any(|tag| tag.key == "sparkify-infra:stack" && tag.value == "sparkify"), "{tags:?}");

    // Made without the tool, which would put tags that are missing.
    let tag = aws_sdk_s3::types::Tag::builder().key("k").value("v").build().unwrap();
    let place =
        aws_sdk_s3::types::CreateBucketConfiguration::builder().location_constraint("us-west-2".into()).tags(tag);
    let create = sdk.s3.create_bucket().bucket("tagged-at-birth").create_bucket_configuration(place.build());
    sdk.block_on(create.send()).unwrap();
    let tags = sdk.block_on(sdk.s3.get_bucket_tagging().bucket("tagged-at-birth").send()).unwrap().tag_set;
    assert_eq!((tags[0].key.as_str(), tags[0].value.as_str()), ("k", "v"));

    let public = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::{BUCKET}/*"}}}}"#
    );
    assert!(
        sdk.block_on(sdk.s3.put_bucket_policy().bucket(BUCKET).policy(public).send()).is_err(),
        "BlockPublicPolicy"
    );
    assert!(sdk.block_on(sdk.s3.put_bucket_policy().bucket(BUCKET).policy("{}").send()).is_err(), "malformed");
    let stranger = sdk.s3.list_objects_v2().bucket(BUCKET).expected_bucket_owner("111111111111");
    assert!(sdk.block_on(stranger.send()).is_err(), "ExpectedBucketOwner");
    let write = sdk.s3.put_object().bucket("udacity-dend").key("x").body(b"x".to_vec().into());
    assert!(sdk.block_on(write.send()).is_err(), "a mounted bucket is not ours to write");

    sdk.put(BUCKET, "a/b", "hello");
    let range = sdk.block_on(sdk.s3.get_object().bucket(BUCKET).key("a/b").range("bytes=1-3").send()).unwrap();
    assert_eq!(sdk.block_on(range.body.collect()).unwrap().to_vec(), b"ell");
    assert!(sdk.block_on(sdk.s3.delete_bucket().bucket(BUCKET).send()).is_err(), "not empty");
    let bad =
        sdk.s3.put_object().bucket(BUCKET).key("c").content_md5("AAAAAAAAAAAAAAAAAAAAAA==").body(b"x".to_vec().into());
    assert!(sdk.block_on(bad.send()).is_err(), "a wrong checksum is refused");
    let none = sdk.s3.put_object().bucket(BUCKET).key("c").content_md5("MTIz").body(b"x".to_vec().into());
    assert!(sdk.block_on(none.send()).is_err(), "a malformed one too");
}

#[test]
fn uploads_in_parts_and_versions() {
    let (project, sdk) = warehouse();
    let large = vec![b'x'; 6 << 20];
    let upload =
        sdk.block_on(sdk.s3.create_multipart_upload().bucket(BUCKET).key("big").send()).unwrap().upload_id.unwrap();
    let mut parts = aws_sdk_s3::types::CompletedMultipartUpload::builder();
    for (number, body) in [(1, large.clone()), (2, b"end".to_vec())] {
        let call =
            sdk.s3.upload_part().bucket(BUCKET).key("big").upload_id(&upload).part_number(number).body(body.into());
        let etag = sdk.block_on(call.send()).unwrap().e_tag;
        parts = parts.parts(aws_sdk_s3::types::CompletedPart::builder().part_number(number).set_e_tag(etag).build());
    }
    let complete =
        sdk.s3.complete_multipart_upload().bucket(BUCKET).key("big").upload_id(&upload).multipart_upload(parts.build());
    let done = sdk.block_on(complete.send()).unwrap();
    assert!(done.e_tag.unwrap().ends_with("-2\""));
    let tail = sdk
        .block_on(sdk.s3.get_object().bucket(BUCKET).key("big").range(format!("bytes={}-", large.len() - 1)).send())
        .unwrap();
    assert_eq!(sdk.block_on(tail.body.collect()).unwrap().to_vec(), b"xend");

    let on = aws_sdk_s3::types::VersioningConfiguration::builder().status("Enabled".into()).build();
    sdk.block_on(sdk.s3.put_bucket_versioning().bucket(BUCKET).versioning_configuration(on).send()).unwrap();
    sdk.put(BUCKET, "v", "1");
    sdk.put(BUCKET, "v", "2");
    sdk.block_on(sdk.s3.delete_object().bucket(BUCKET).key("v").send()).unwrap();
    assert!(sdk.block_on(sdk.s3.get_object().bucket(BUCKET).key("v").send()).is_err());
    let listed = sdk.block_on(sdk.s3.list_object_versions().bucket(BUCKET).prefix("v").send()).unwrap();
    assert_eq!((listed.versions().len(), listed.delete_markers().len()), (2, 1));
    sdk.block_on(sdk.s3.create_multipart_upload().bucket(BUCKET).key("left-open").send()).unwrap();
    drop(sdk);
    // Versions, markers and uploads in progress do not stand in the way of down.
    let _ = project.run(["down"]).succeeded();
    assert_eq!(project.everything(), Vec::<String>::new());
}

#[test]
fn objects_of_every_size_come_back_as_they_went_in() {
    let project = Project::with_sample(1, 1);
    let sdk = project.cloud();
    sdk.block_on(sdk.s3.create_bucket().bucket("sizes").create_bucket_configuration(here()).send()).unwrap();
    // Beside the record, beside the store's records, and in a file; line ends and NULs are bytes as any other.
    let bytes_of = |size: usize| -> Vec<u8> { (0..size).map(|at| b"\n\0\xff{}"[at % 5]).collect() };
    let sizes = [0, 1, 2 << 10, (2 << 10) + 1, 256 << 10, (256 << 10) + 1];
    for size in sizes {
        let call = sdk.s3.put_object().bucket("sizes").key(format!("\u{e9}/{size}\n")).body(bytes_of(size).into());
        sdk.block_on(call.content_type("a/b").metadata("m", "1").send()).unwrap();
    }
    drop(sdk);
    let sdk = project.cloud();
    let listed = sdk.block_on(sdk.s3.list_objects_v2().bucket("sizes").send()).unwrap();
    let mut listed: Vec<_> = listed.contents().iter().map(|object| object.size().unwrap_or(-1) as usize).collect();
    listed.sort_unstable();
    assert_eq!(listed, sizes);
    for size in sizes {
        let get = || sdk.s3.get_object().bucket("sizes").key(format!("\u{e9}/{size}\n"));
        let found = sdk.block_on(get().send()).unwrap();
        assert_eq!(found.content_type(), Some("a/b"));
        assert_eq!(found.metadata().unwrap()["m"], "1");
        assert_eq!(found.version_id(), None);
        assert_eq!(sdk.block_on(found.body.collect()).unwrap().to_vec(), bytes_of(size), "{size}");
        if size > 1 {
            let end = sdk.block_on(get().range(format!("bytes=1-{}", size - 2)).send()).unwrap();
            assert_eq!(sdk.block_on(end.body.collect()).unwrap().to_vec(), &bytes_of(size)[1..size - 1]);
        }
    }
    let on = aws_sdk_s3::types::VersioningConfiguration::builder().status("Enabled".into()).build();
    sdk.block_on(sdk.s3.put_bucket_versioning().bucket("sizes").versioning_configuration(on).send()).unwrap();
    sdk.put("sizes", "\u{e9}/1\n", "other");
    let found = sdk.block_on(sdk.s3.head_object().bucket("sizes").key("\u{e9}/1\n").send()).unwrap();
    let newest = found.version_id().unwrap().to_owned();
    assert_ne!(newest, "null");
    let before = sdk.s3.get_object().bucket("sizes").key("\u{e9}/1\n").version_id("null");
    let before = sdk.block_on(before.send()).unwrap();
    assert_eq!((before.version_id(), before.content_length()), (Some("null"), Some(1)));
    sdk.block_on(sdk.s3.delete_object().bucket("sizes").key("\u{e9}/1\n").version_id(newest).send()).unwrap();
    let found = sdk.block_on(sdk.s3.head_object().bucket("sizes").key("\u{e9}/1\n").send()).unwrap();
    assert_eq!((found.version_id(), found.content_length()), (Some("null"), Some(1)));
}
