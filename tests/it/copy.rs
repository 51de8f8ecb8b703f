//! COPY on the local Redshift: options, formats, and what is refused.

use crate::project::{BUCKET, Project, Sdk};

pub const ROLE: &str = "arn:aws:iam::000000000000:role/sparkify-infra/sparkify/sparkify-warehouse";

/// A warehouse whose role may read `load/songs/` of its bucket.
pub fn warehouse() -> (Project, Sdk) {
    let project = Project::with_sample(1, 1);
    let _ = project.run(["up"]).succeeded();
    let sdk = project.cloud();
    (project, sdk)
}

pub fn from(key: &str) -> String {
    format!("'s3://{BUCKET}/load/songs/{key}' iam_role '{ROLE}'")
}

pub fn gzip(text: &str) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

pub fn put_bytes(sdk: &Sdk, key: &str, body: Vec<u8>) {
    let call = sdk.s3.put_object().bucket(BUCKET).key(format!("load/songs/{key}")).body(body.into());
    sdk.block_on(call.send()).unwrap();
}

pub fn put(sdk: &Sdk, key: &str, body: &str) {
    put_bytes(sdk, key, body.as_bytes().to_vec());
}

#[test]
fn keys_find_columns_by_name_by_any_case_and_by_path() {
    let (_project, sdk) = warehouse();
    sdk.sql("create table t (firstname varchar(20), itemid integer, extra super)").unwrap();
    put(
        &sdk,
        "a.json",
        r#"{"firstName":"Ada","itemId":1,"extra":{"k":[1,2]},"unknown":true}{"firstname":"Bo","itemid":2}"#,
    );
    put(&sdk, "paths.json.txt", r#"{"jsonpaths":["$['firstName']","$.itemId","$.extra.k[1]"]}"#);
    let copied = |format: &str| {
        sdk.sql("delete from t").unwrap();
        let rows = sdk.copied(&format!("copy t from {} format as json {format}", from("a.json"))).unwrap();
        assert_eq!(rows, 2);
        sdk.rows("select firstname, itemid, extra from t order by coalesce(firstname, ''), itemid")
    };
    assert_eq!(copied("'auto'"), [["NULL", "NULL", "{\"k\":[1,2]}"], ["Bo", "2", "NULL"]]);
    assert_eq!(copied("'auto ignorecase'"), [["Ada", "1", "{\"k\":[1,2]}"], ["Bo", "2", "NULL"]]);
    let paths = format!("'s3://{BUCKET}/load/songs/paths.json.txt'");
    assert_eq!(copied(&paths), [["NULL", "NULL", "NULL"], ["Ada", "1", "2"]]);
}

#[test]
fn records_that_are_lists_and_times_in_many_forms() {
    let (_project, sdk) = warehouse();
    sdk.sql("create table t (id int, name varchar(9), tags super)").unwrap();
    put(&sdk, "lists.json", r#"[1,"Sports",["a","b"]] [2,"Concerts"]"#);
    put(&sdk, "lists.paths.txt", r#"{"jsonpaths":["$[0]","$[1]","$[2][1]"]}"#);
    let paths = format!("'s3://{BUCKET}/load/songs/lists.paths.txt'");
    sdk.sql(&format!("copy t from {} json {paths}", from("lists.json"))).unwrap();
    assert_eq!(sdk.rows("select * from t order by id"), [["1", "Sports", "\"b\""], ["2", "Concerts", "NULL"]]);
    let refused = sdk.sql(&format!("copy t from {} json 'auto'", from("lists.json")));
    assert!(refused.is_err(), "without paths a list is no record");

    sdk.sql("create table times (d date, at timestamp, tz timestamptz, t time)").unwrap();
    for (line, options) in [
        ("2008-01-15|2008-01-15 14:15:57.119568|2008-01-15 14:15:57+00|14:15:57", ""),
        ("2008-01-15|2008-01-15T14:15:57.119568Z|2008-01-15 09:15:57-05|14:15:57", "timeformat 'auto'"),
        ("2008-01-15|2008-01-15 14:15:57-08|2008-01-15 09:15:57-05|14:15:57", ""),
        ("01/15/2008|01/15/2008 14:15:57|2008-01-15 19:45:57+05:30|14:15:57", "dateformat 'auto' timeformat 'auto'"),
        ("Jan-15-2008|2008-01-15 14:15:57|2008-01-15 14:15:57|14:15:57", "dateformat 'auto' timeformat 'auto'"),
        ("2008-01-15|2008-01-15 14:15:57.119568|2008-01-15 14:15:57|14:15:57", "timeformat 'YYYY-MM-DD HH:MI:SS'"),
    ] {
        put(&sdk, "times.txt", line);
        sdk.sql("delete from times").unwrap();
        sdk.sql(&format!("copy times from {} {options}", from("times.txt")))
            .unwrap_or_else(|error| panic!("{line}: {error}"));
        let row = sdk.rows("select d, date_trunc('second', at), tz, t from times").remove(0);
        assert_eq!(row, ["2008-01-15", "2008-01-15 14:15:57", "2008-01-15 14:15:57+00", "14:15:57"], "{line}");
    }
}

#[test]
fn the_end_of_time_is_kept_or_refused() {
    let (_project, sdk) = warehouse();
    sdk.sql("create table times (d date, at timestamp, tz timestamptz, t time)").unwrap();
    put(&sdk, "csv.txt", "9999-12-31,9999-12-31 23:59:59,9999-12-31 23:59:59+00,24:00:00\n");
    let json = r#"{"d":"9999-12-31","at":"9999-12-31T23:59:59","tz":"9999-12-31T23:59:59Z","t":"24:00:00"}"#;
    put(&sdk, "json.json", json);
    sdk.sql(&format!("copy times from {} csv", from("csv.txt"))).unwrap();
    sdk.sql(&format!("copy times from {} json 'auto' timeformat 'auto' dateformat 'auto'", from("json.json"))).unwrap();
    let end = ["9999-12-31", "9999-12-31 23:59:59", "9999-12-31 23:59:59+00", "24:00:00"];
    assert_eq!(sdk.rows("select * from times"), [end, end]);
    assert_eq!(sdk.value("select timestamp '9999-12-31 23:59:59'"), "9999-12-31 23:59:59");
    assert_eq!(sdk.value("select to_char(timestamp '9999-12-31 23:59:59', 'YYYY J')"), "9999 5373484");

    for (line, code) in [
        ("294277-01-01,,,", "1205"),
        (",294277-01-01 00:00:00,,", "1206"),
        (",,2018-11-30T00:00:00Z,", "1206"),
        (",,,24:00:01", "1206"),
    ] {
        put(&sdk, "csv.txt", line);
        assert!(sdk.sql(&format!("copy times from {} csv", from("csv.txt"))).is_err(), "{line}");
        let last = "select err_code from stl_load_errors order by query desc limit 1";
        assert_eq!(sdk.value(last), code, "{line}");
    }
    assert_eq!(sdk.value("select count(*) from times"), "2");
}

#[test]
fn compressed_objects_and_manifests() {
    let (_project, sdk) = warehouse();
    sdk.sql("create table t (a integer)").unwrap();
    put_bytes(&sdk, "g.json.gz", gzip("{\"a\":1}\n{\"a\":2}\n"));
    put_bytes(&sdk, "z.json.zst", zstd::encode_all("{\"a\":3}\n".as_bytes(), 3).unwrap());
    put(&sdk, "p.json", "{\"a\":4}");
    sdk.sql(&format!("copy t from {} json 'auto' gzip", from("g.json.gz"))).unwrap();
    sdk.sql(&format!("copy t from {} json 'auto' zstd", from("z.json.zst"))).unwrap();
    let entry = |key: &str, mandatory: bool| {
        format!("{{\"url\":\"s3://{BUCKET}/load/songs/{key}\",\"mandatory\":{mandatory}}}")
    };
    put(&sdk, "good.manifest", &format!("{{\"entries\":[{},{}]}}", entry("p.json", true), entry("absent.json", false)));
    let copy = format!("copy t from {} json 'auto' manifest maxerror 5 region 'us-west-2'", from("good.manifest"));
    let rows = sdk.copied(&copy).unwrap();
    assert_eq!(rows, 1);
    assert_eq!(sdk.rows("select a from t order by a"), [["1"], ["2"], ["3"], ["4"]]);

    put(&sdk, "bad.manifest", &format!("{{\"entries\":[{}]}}", entry("absent.json", true)));
    let error = sdk.sql(&format!("copy t from {} json 'auto' manifest", from("bad.manifest"))).unwrap_err();
    assert!(error.contains("Status 404,Error NoSuchKey"), "{error}");
    let error = sdk.sql(&format!("copy t from {} json 'auto' gzip", from("p.json"))).unwrap_err();
    assert!(error.starts_with("ERROR: "), "{error}");
    let error = sdk.sql(&format!("copy t from {} json 'auto'", from("nothing/"))).unwrap_err();
    assert_eq!(error, "ERROR: The specified S3 prefix 'load/songs/nothing/' does not exist");
    assert_eq!(sdk.value("select count(*) from t"), "4");
}

#[test]
fn too_long_empty_and_blank() {
    let (_project, sdk) = warehouse();
    sdk.sql("create table t (a varchar(4), b char(2))").unwrap();
    put(
        &sdk,
        "a.json",
        "{\"a\":\"abcdef\",\"b\":\"x\"}\n{\"a\":\"\",\"b\":\"\"}\n{\"a\":\"  \",\"b\":\"y\"}\n{\"a\":\"\\u00e9\\u00e9\\u00e9\"}",
    );
    let copy = |options: &str| sdk.sql(&format!("copy t from {} json 'auto' {options}", from("a.json")));
    let error = copy("").unwrap_err();
    assert_eq!(error, "ERROR: Load into table 't' failed.  Check 'sys_load_error_detail' system table for details.");
    assert_eq!(sdk.value("select count(*) from t"), "0");
    let detail = sdk.rows("select line_number, column_name, column_type, column_length, error_code, error_message from sys_load_error_detail");
    assert_eq!(detail, [["1", "a", "varchar", "4", "1204", "String length exceeds DDL length"]]);
    assert_eq!(sdk.value("select trim(raw_field_value) from stl_load_errors"), "abcdef");

    copy("truncatecolumns emptyasnull blanksasnull").unwrap();
    let rows = sdk.rows("select a, b from t order by coalesce(a, ''), coalesce(b, '')");
    assert_eq!(rows, [["NULL", "NULL"], ["NULL", "y "], ["abcd", "x "], ["éé", "NULL"]]);
    sdk.sql("delete from t").unwrap();
    copy("truncatecolumns").unwrap();
    assert_eq!(sdk.value("select count(*) from t where a = '' or a = '  '"), "2");
}

#[test]
fn maxerror_noload_and_atomicity() {
    let (_project, sdk) = warehouse();
    sdk.sql("create table t (id bigint identity(1,1), a integer not null, d decimal(5,2), at timestamp)").unwrap();
    let lines = [
        "{\"a\":1,\"d\":1.005,\"at\":1541105830796}",
        "{\"a\":\"x\"}",
        "{\"d\":2}",
        "nonsense",
        "{\"a\":2,\"d\":99999}",
        "{\"a\":3,\"at\":null}",
    ];
    put(&sdk, "a.json", &lines.join("\n"));
    let copy = |options: &str| {
        sdk.copied(&format!("copy t from {} json 'auto' timeformat 'epochmillisecs' {options}", from("a.json")))
    };
    assert!(copy("maxerror 4").is_err(), "the fourth error is one too many");
    assert_eq!(sdk.value("select count(*) from t"), "0");
    assert_eq!(copy("maxerror 5 noload").unwrap(), 0);
    assert_eq!(sdk.value("select count(*) from t"), "0");
    assert_eq!(copy("maxerror as 5 compupdate off statupdate on").unwrap(), 2);
    assert_eq!(
        sdk.rows("select a, d, at from t order by a"),
        [["1", "1.00", "2018-11-01 20:57:10.796"], ["3", "NULL", "NULL"]]
    );
    let reasons = sdk.rows("select line_number, error_code from sys_load_error_detail where query_id = (select max(query_id) from sys_load_error_detail) order by 1");
    assert_eq!(reasons, [["2", "1207"], ["3", "1213"], ["4", "1216"], ["5", "1208"]]);
    assert_eq!(
        sdk.rows("select status, loaded_rows, error_count from sys_load_history order by query_id").last().unwrap(),
        &["completed", "2", "4"]
    );
}

#[test]
fn what_is_refused_is_named() {
    let (_project, sdk) = warehouse();
    sdk.sql("create table t (a integer)").unwrap();
    put(&sdk, "a.json", "{\"a\":1}");
    for (sql, says) in [
        (format!("copy t from {} format avro", from("a.json")), "COPY FORMAT AVRO is not supported"),
        (format!("copy t from {} json 'auto' lzop", from("a.json")), "COPY option LZOP is not supported"),
        (format!("copy t from {} json 'auto' delimiter ','", from("a.json")), "cannot stand beside FORMAT JSON"),
        (format!("copy t from {} csv escape", from("a.json")), "CSV is not supported with ESCAPE"),
        (format!("copy t from {} format parquet", from("a.json")), "is not a Parquet file"),
        (format!("copy t from {} json 'auto' frobnicate", from("a.json")), "syntax error at or near \"frobnicate\""),
        (format!("copy t from {} json 'auto' maxerror 100001", from("a.json")), "out of range"),
        (format!("copy absent from {} json 'auto'", from("a.json")), "relation \"absent\" does not exist"),
        (format!("copy t (b) from {} json 'auto'", from("a.json")), "column \"b\" of relation \"t\" does not exist"),
        (format!("copy t from 's3://{BUCKET}/load/songs/a.json' json 'auto'"), "IAM_ROLE"),
        (
            format!("copy t from 's3://{BUCKET}/private/a.json' iam_role '{ROLE}' json 'auto'"),
            "Access Denied,Status 403",
        ),
        (format!("copy t from {} json 'auto' region 'eu-west-1'", from("a.json")), "PermanentRedirect"),
        (format!("copy t from 's3://nowhere-at-all/x' iam_role '{ROLE}' json 'auto'"), "NoSuchBucket"),
        (format!("copy t from 'dynamodb://x' iam_role '{ROLE}' json 'auto'"), "only s3:// addresses"),
    ] {
        let error = sdk.sql(&sql).expect_err(&sql);
        assert!(error.contains(says), "{sql}\n{error}");
    }
}

#[test]
fn the_traps_of_the_data() {
    let (_project, sdk) = warehouse();
    sdk.sql("create table t (name varchar(64), n bigint, ok boolean)").unwrap();
    // No final newline, numbers where strings belong, escapes, control characters, a float that is a whole number.
    let lines = [
        r#"{"name":112,"n":1540919166796.0,"ok":true}"#,
        r#"{"name":4.6,"n":"","ok":"f"}"#,
        r#"{"name":"a\u0013\/\t\"b\"","n":7}"#,
    ];
    put(&sdk, "x/1.json", &lines.join("\n"));
    put(&sdk, "x/2.json", "{\"name\":\" Ã\u{83}Â© \"}");
    put(&sdk, "x/", "");
    sdk.sql(&format!("copy t from {} json 'auto'", from("x/"))).unwrap();
    let rows = sdk.rows("select name, n, ok from t order by name");
    assert_eq!(
        rows,
        [
            [" Ã\u{83}Â© ", "NULL", "NULL"],
            ["112", "1540919166796", "true"],
            ["4.6", "NULL", "false"],
            ["a\u{13}/\t\"b\"", "7", "NULL"]
        ]
    );
}

pub fn get(sdk: &Sdk, key: &str) -> Vec<u8> {
    let object = sdk.block_on(sdk.s3.get_object().bucket(BUCKET).key(format!("load/{key}")).send()).unwrap();
    sdk.block_on(object.body.collect()).unwrap().into_bytes().to_vec()
}

#[test]
fn text_in_all_its_forms() {
    let (_project, sdk) = warehouse();
    sdk.sql("create table t (id integer, name varchar(20), price decimal(8,2), day date)").unwrap();
    let loaded = |text: &str, options: &str| {
        put(&sdk, "t/a.txt", text);
        sdk.sql("delete from t").unwrap();
        sdk.sql(&format!("copy t from {} {options}", from("t/a.txt"))).map(|_| sdk.rows("select * from t order by id"))
    };
    let expected = vec![
        vec!["1".to_owned(), "Zürich".into(), "2.50".into(), "2018-11-30".into()],
        vec!["2".into(), "a,\"b\"\nc".into(), "NULL".into(), "NULL".into()],
    ];
    let csv = "id,name,price,day\n1,Zürich,2.505,2018-11-30\r\n2,\"a,\"\"b\"\"\nc\",,\n";
    assert_eq!(loaded(csv, "csv ignoreheader 1").unwrap(), expected);
    assert_eq!(
        loaded(&csv.replace(',', ";").replace("a;", "a,"), "format as csv delimiter ';' ignoreheader as 1").unwrap(),
        expected
    );
    assert_eq!(loaded("1|Zürich|2.5|2018-11-30\n2|a,\"b\"\\\nc||\n", "escape").unwrap(), expected);
    let piped = |options: &str| loaded("1|Zürich|2.5|20181130\n\n2|\\N|x\n", options);
    assert!(piped("").is_err());
    let error = sdk.rows("select colname, err_code, err_reason from stl_load_errors order by query desc limit 1");
    assert_eq!(error, [["day", "1205", "Invalid Date Format - length must be 10 or more"]]);
    assert_eq!(
        piped("ignoreblanklines fillrecord maxerror 2 dateformat 'YYYYMMDD'").unwrap(),
        [["1", "Zürich", "2.50", "2018-11-30"]]
    );
    assert_eq!(
        loaded("1   Zürich    2.50\n2   Bern      1\n", "fixedwidth 'id:4,name:10,price:5' fillrecord").unwrap(),
        [["1", "Zürich", "2.50", "NULL"], ["2", "Bern", "1.00", "NULL"]]
    );
    assert_eq!(
        loaded("1,'a,b',-,-\n2,\"c\",1,-", "delimiter ',' removequotes null as '-'").unwrap(),
        [["1", "a,b", "NULL", "NULL"], ["2", "c", "1.00", "NULL"]]
    );
    assert_eq!(
        loaded("1\t x  \t1.005\t?\n", "delimiter '\\t' trimblanks roundec acceptanydate").unwrap(),
        [["1", " x", "1.01", "NULL"]]
    );
    assert!(loaded("1|a|1|2018-01-01|more\n", "").is_err());
}

#[test]
fn what_is_unloaded_can_be_copied_back() {
    let (_project, sdk) = warehouse();
    let rights = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;
    let grant = sdk.iam.put_role_policy().role_name("sparkify-warehouse").policy_name("unload");
    let denied = sdk.sql(&format!("unload ('select 1') to 's3://{BUCKET}/load/out/x' iam_role '{ROLE}'")).unwrap_err();
    assert!(denied.contains("Access Denied"), "{denied}");
    sdk.block_on(grant.policy_document(rights).send()).unwrap();
    sdk.sql("create table t (id integer, name varchar(40), price decimal(8,2), at timestamp, ok boolean)").unwrap();
    sdk.sql(r#"insert into t values (1, 'a "quoted", name', 2.50, '2018-11-30 01:02:03.5', true), (2, null, null, null, false), (3, 'line\nbreak|pipe', -1, '2018-01-01', null)"#).unwrap();
    let rows = sdk.rows("select * from t order by id");
    sdk.sql("create table back (like t)").unwrap();
    for (unload, copy) in [
        ("format csv", "csv"),
        ("csv header gzip", "csv ignoreheader 1 gzip"),
        ("delimiter ';' addquotes escape zstd", "delimiter ';' removequotes escape zstd"),
        ("json bzip2", "json 'auto' bzip2"),
        ("format json", "json 'auto'"),
        ("format as parquet", "format as parquet"),
        ("parallel off delimiter '|' escape null as '@'", "escape null as '@'"),
    ] {
        let prefix = format!("out/{}/", unload.replace([' ', '\'', ';', '|', '@'], "-"));
        let to =
            format!("unload ('select * from t') to 's3://{BUCKET}/load/{prefix}' iam_role '{ROLE}' {unload} manifest");
        assert_eq!(sdk.sql_counted(&to).unwrap_or_else(|error| panic!("{unload}: {error}")).1, 3);
        let again = sdk.sql(&to).unwrap_err();
        assert!(again.contains("destination on S3 is not empty"), "{again}");
        sdk.sql(&format!("{to} allowoverwrite")).unwrap();
        sdk.sql("delete from back").unwrap();
        let manifest =
            format!("copy back from 's3://{BUCKET}/load/{prefix}manifest' iam_role '{ROLE}' manifest {copy}");
        sdk.sql(&manifest).unwrap_or_else(|error| panic!("{copy}: {error}"));
        let mut found = sdk.rows("select * from back order by id");
        // Text has no way to tell an empty string from NULL where nothing is said of it.
        found[1][1] = "NULL".into();
        assert_eq!(found, rows, "{unload}");
    }
    let marked = format!("unload ('select * from t') to 's3://{BUCKET}/load/songs/marked/' iam_role '{ROLE}' parquet");
    sdk.sql(&marked).unwrap();
    for (key, body) in [("marked/_SUCCESS", vec![]), ("marked/sub/", vec![]), ("zipped/1.gz", gzip("7|x|1||\n"))] {
        put_bytes(&sdk, key, body);
    }
    put(&sdk, "zipped/2.gz", "");
    sdk.sql("delete from back").unwrap();
    sdk.sql(&format!("copy back from {} parquet", from("marked/"))).unwrap();
    sdk.sql(&format!("copy back from {} gzip", from("zipped/"))).unwrap();
    assert_eq!(sdk.rows("select id from back order by id"), [["1"], ["2"], ["3"], ["7"]]);
    sdk.sql(&format!(
        "unload ('select id, ok, name from t') to 's3://{BUCKET}/load/parts' iam_role '{ROLE}' csv partition by (ok)"
    ))
    .unwrap();
    assert_eq!(get(&sdk, "parts/ok=true/0000_part_00"), b"1,\"a \"\"quoted\"\", name\"\n");
    assert_eq!(sdk.value("select pg_last_unload_count()"), "0", "a session of its own");
    let json =
        format!("unload ('select id, name from t where id = 2') to 's3://{BUCKET}/load/one' iam_role '{ROLE}' json");
    sdk.sql(&json).unwrap();
    assert_eq!(get(&sdk, "one0000_part_00.json"), b"{\"id\":2,\"name\":null}\n");
    let super_ = format!("unload ('select array(1, 2) as list') to 's3://{BUCKET}/load/two' iam_role '{ROLE}' json");
    sdk.sql(&super_).unwrap();
    assert_eq!(get(&sdk, "two0000_part_00.json"), b"{\"list\":[1,2]}\n");
    let limited = format!("unload ('select 1 limit 1') to 's3://{BUCKET}/load/three' iam_role '{ROLE}'");
    assert!(sdk.sql(&limited).unwrap_err().contains("LIMIT"));
}

#[test]
fn every_one_of_many_rows_comes_back() {
    let (_project, sdk) = warehouse();
    let rights = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;
    let grant = sdk.iam.put_role_policy().role_name("sparkify-warehouse").policy_name("unload");
    sdk.block_on(grant.policy_document(rights).send()).unwrap();
    sdk.sql("create table digit (x bigint)").unwrap();
    sdk.sql("insert into digit values (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)").unwrap();
    let joined = "from digit a cross join digit b cross join digit c cross join digit d cross join digit e";
    let number = "a.x + 10 * b.x + 100 * c.x + 1000 * d.x + 10000 * e.x";
    sdk.sql(&format!("create table n as select {number} as x, 'row ' || ({number}) as name {joined}")).unwrap();
    sdk.sql("create table back (x bigint, name varchar(20))").unwrap();
    let all = "select count(*), count(distinct x), sum(x), min(name), max(name) from ";
    for (unload, copy) in [("csv", "csv"), ("parquet", "parquet"), ("json gzip", "json 'auto' gzip")] {
        let prefix = format!("songs/many-{}/", unload.replace(' ', "-"));
        let to = format!("'s3://{BUCKET}/load/{prefix}' iam_role '{ROLE}'");
        assert_eq!(sdk.sql_counted(&format!("unload ('select * from n') to {to} {unload}")).unwrap().1, 100_000);
        sdk.sql("delete from back").unwrap();
        sdk.sql(&format!("copy back from {to} {copy}")).unwrap();
        assert_eq!(sdk.rows(&format!("{all} back")), sdk.rows(&format!("{all} n")), "{unload}");
    }
}
