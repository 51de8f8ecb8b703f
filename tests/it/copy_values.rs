//! What COPY makes of values: times, floats, values of type SUPER, bytes that are no UTF-8; and how they come out again.

use crate::copy::{ROLE, from, get, put, put_bytes, warehouse};
use crate::project::{BUCKET, Sdk};

/// Lets the warehouse's role write everywhere.
pub fn may_unload(sdk: &Sdk) {
    let rights = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;
    let grant = sdk.iam.put_role_policy().role_name("sparkify-warehouse").policy_name("unload");
    sdk.block_on(grant.policy_document(rights).send()).unwrap();
}

#[test]
fn nan_and_infinity_come_out_as_they_went_in() {
    let (project, sdk) = warehouse();
    may_unload(&sdk);
    let odd = "select 'NaN'::float8 as a, 'Infinity'::real as b, '-Infinity'::float8 as c";
    assert_eq!(sdk.rows(odd), [["NaN", "inf", "-inf"]]);
    sdk.sql("create table t (a float8, b real, c float8)").unwrap();
    for (unload, copy) in [("csv", "csv"), ("json", "json 'auto'"), ("parquet", "parquet")] {
        let to = format!("'s3://{BUCKET}/load/songs/odd-{unload}' iam_role '{ROLE}'");
        sdk.sql(&format!("unload ('{}') to {to} {unload}", odd.replace('\'', "''"))).unwrap();
        sdk.sql("delete from t").unwrap();
        sdk.sql(&format!("copy t from {to} {copy}")).unwrap();
        assert_eq!(sdk.rows("select * from t"), [["NaN", "inf", "-inf"]], "{unload}");
    }
    // The binary opens the state that the SDK has had.
    drop(sdk);
    let shown = project.run(["query", odd]).succeeded();
    assert_eq!(shown.stdout, "a,b,c\nNaN,Infinity,-Infinity\n");
    let shown = project.run(["query", "--format=json", odd]).succeeded();
    assert_eq!(shown.stdout, "{\"a\":\"NaN\",\"b\":\"Infinity\",\"c\":\"-Infinity\"}\n");
}

#[test]
fn a_super_is_parsed_when_it_is_loaded() {
    let (_project, sdk) = warehouse();
    sdk.sql("create table t (id int, p super)").unwrap();
    let compact = r#"{"a":1,"b":[1,2]}"#;
    put(
        &sdk,
        "layout.json",
        "{\"id\":1,\"p\":{\"a\":1,\"b\":[1,2]}}\n{\"id\":2,\"p\":{ \"a\": 1,\n \"b\": [1, 2] }}\n",
    );
    put(&sdk, "layout.csv", "3,\"{ \"\"a\"\" : 1, \"\"b\"\": [1,2]}\"\n");
    sdk.sql(&format!("copy t from {} json 'auto'", from("layout.json"))).unwrap();
    sdk.sql(&format!("copy t from {} csv", from("layout.csv"))).unwrap();
    assert_eq!(sdk.rows("select p, count(*), min(json_serialize(p)) from t group by p"), [[compact, "3", compact]]);
    let parsed =
        "select json_serialize(json_parse('{ \"a\" : 1.50,\n \"b\": 1e3 }')), can_json_parse('{\"a\":1,\"a\":2}')";
    assert_eq!(sdk.rows(parsed), [["{\"a\":1.50,\"b\":1e+3}", "false"]]);
    let error = sdk.sql("select json_parse('{\"a\":1,\"a\":2}')").unwrap_err();
    assert_eq!(error, "ERROR: JSON_PARSE() error: Duplicate attribute \"a\"");

    let long = format!("{{\"id\":1,\"p\":{{\"signature\":\"{}\",\"ok\":1}}}}\n", "x".repeat(65_536));
    put(&sdk, "bad.json", &(long + "{\"id\":2,\"p\":{\"a\":1,\"a\":2}}\n{\"id\":3,\"p\":[]}\n"));
    put(&sdk, "bad.csv", "4,hello\n5,\"\"\"hello\"\"\"\n");
    sdk.sql("delete from t").unwrap();
    sdk.sql(&format!("copy t from {} json 'auto' maxerror 10", from("bad.json"))).unwrap();
    sdk.sql(&format!("copy t from {} csv maxerror 10", from("bad.csv"))).unwrap();
    assert_eq!(sdk.rows("select id, p from t order by id"), [["3", "[]"], ["5", "\"hello\""]]);
    let rejected =
        "select line_number, trim(colname), err_code, trim(err_reason) from stl_load_errors order by query, 1";
    let mut rejected = sdk.rows(rejected);
    let csv = rejected.pop().unwrap();
    assert_eq!(
        rejected,
        [
            ["1", "p", "1224", "String value exceeds the max size of 65535 bytes"],
            ["2", "p", "1224", "Duplicate attribute \"a\""]
        ]
    );
    assert_eq!(csv[..3], ["1", "p", "1224"]);
}

#[test]
fn bytes_that_are_no_utf8_are_replaced_or_rejected() {
    let (_project, sdk) = warehouse();
    sdk.sql("create table t (id int, v varchar(16), c char(16))").unwrap();
    let json = b"{\"id\":1,\"v\":\"caf\xe9\",\"x\":\"\xff\"}\n{\"id\":2,\"v\":\"ok\",\"x\":\"\xff\"}\n{\"id\":3,\n\"c\":\"\xe9\"}\n{\"id\":4}\n";
    put_bytes(&sdk, "bad.json", json.to_vec());
    put_bytes(&sdk, "bad.csv", b"id,v,c\n1,caf\xe9,\n2,ok,\n3,,\xe9\n4,\xef\xbf\xbd,\n".to_vec());
    let loaded = |key: &str, options: &str| {
        sdk.sql("delete from t").unwrap();
        sdk.sql(&format!("copy t from {} {options}", from(key))).map(|_| sdk.rows("select id, v from t order by id"))
    };
    let rejected = "select line_number, trim(colname), err_code, trim(err_reason) from stl_load_errors \
                    where query = (select max(query) from stl_load_errors) order by 1";
    let reason =
        |hex: &str| format!("String contains invalid or unsupported UTF8 codepoints. Bad UTF8 hex sequence: {hex}");
    for (key, options, first) in [("bad.json", "json 'auto'", 1), ("bad.csv", "csv ignoreheader 1", 2)] {
        let rows = loaded(key, &format!("{options} acceptinvchars as '^' maxerror 5")).unwrap();
        let fourth = if key == "bad.csv" { "\u{fffd}" } else { "NULL" };
        assert_eq!(rows, [["1", "caf^"], ["2", "ok"], ["4", fourth]], "{key}");
        // The third record of JSON ends on the fourth line, as that of CSV does, behind a header.
        let third = ["4".into(), "c".into(), "1220".into(), reason("e9 (error 2)")];
        assert_eq!(sdk.rows(rejected), std::slice::from_ref(&third), "only a VARCHAR takes them");
        let noted = "select filename, line_number, trim(colname) from stl_replacements order by query desc";
        assert_eq!(sdk.rows(noted)[0], [format!("s3://{BUCKET}/load/songs/{key}"), first.to_string(), "v".into()]);
        assert!(loaded(key, options).is_err());
        let rows = loaded(key, &format!("{options} maxerror 5")).unwrap();
        assert_eq!(rows, [["2", "ok"], ["4", fourth]], "what no column takes does not matter");
        assert_eq!(sdk.rows(rejected), [[first.to_string(), "v".into(), "1220".into(), reason("e9 (error 2)")], third]);
    }
    put_bytes(&sdk, "one.json", b"{\"id\":1,\"v\":\"caf\xe9\"}\n".to_vec());
    assert_eq!(loaded("one.json", "json 'auto' acceptinvchars").unwrap(), [["1", "caf?"]]);
    assert_eq!(sdk.value("select count(*) from stl_replacements"), "3");
    let of_queries = "stl_replacements r join stl_query q on r.query = q.query and r.session = q.pid";
    assert_eq!(sdk.value(&format!("select count(*) from {of_queries}")), "3");
    // CHAR holds characters of one byte.
    put(&sdk, "char.csv", "1,é,é\n");
    assert!(loaded("char.csv", "csv").is_err());
    assert!(sdk.rows(rejected)[0][3].starts_with("Multibyte character not supported for CHAR"));
}

#[test]
fn a_record_that_is_too_large_names_its_file_and_line() {
    let (_project, sdk) = warehouse();
    sdk.sql("create table t (id int, v varchar(65535))").unwrap();
    let large = "x".repeat(4 << 20);
    put(&sdk, "many/1.json", "{\"id\":1}\n{\"id\":2}\n");
    put(&sdk, "many/2.json", &format!("{{\"id\":3}}\n\n{{\"id\":4,\"v\":\"{large}\"}}\n{{\"id\":5}}\n"));
    put(&sdk, "rows.csv", &format!("1,x\n2,{large}\n"));
    let place = format!("s3://{BUCKET}/load/songs/many/2.json");
    for options in ["json 'auto'", "json 'auto' maxerror 100"] {
        let error = sdk.sql(&format!("copy t from {} {options}", from("many/"))).unwrap_err();
        assert!(
            error.starts_with(&format!("ERROR: {place}:3: the JSON object is larger than 4194304 bytes")),
            "{error}"
        );
        let noted = "select trim(filename), line_number from stl_load_errors order by query desc limit 1";
        assert_eq!(sdk.rows(noted), [[place.clone(), "3".into()]]);
    }
    let error = sdk.sql(&format!("copy t from {} csv maxerror 100", from("rows.csv"))).unwrap_err();
    assert!(error.contains("rows.csv: the row on line 2 is larger than 4194304 bytes"), "{error}");
    assert_eq!(sdk.value("select count(*) from t"), "0");
}

#[test]
fn lines_before_the_records_are_passed_over() {
    let (_project, sdk) = warehouse();
    sdk.sql("create table t (id int)").unwrap();
    put(&sdk, "header.json", "about {\nthe data\n{\"id\":1}\n{\"id\":\"x\"}\n");
    let copy = |options: &str| sdk.sql(&format!("copy t from {} json 'auto' {options}", from("header.json")));
    assert!(copy("ignoreheader 2").is_err());
    assert_eq!(sdk.value("select max(line_number) from stl_load_errors"), "4");
    copy("ignoreheader as 2 maxerror 2").unwrap();
    assert_eq!(sdk.rows("select * from t"), [["1"]]);
}

#[test]
fn times_of_the_whole_range_go_in_and_out() {
    let (_project, sdk) = warehouse();
    may_unload(&sdk);
    sdk.sql("create table t (d date, at timestamp, tz timestamptz)").unwrap();
    let lines = [
        "4713-01-01 BC,4713-01-01 00:00:00 BC,0044-03-15 10:00:00+02 BC",
        "0001-01-01,2025-09-22 14:42:59-08,2025-09-22 14:42:59-08",
        "9999-12-31,9999-12-31 23:59:59.999999,9999-12-31 23:59:59+00",
        "294276-12-31,294246-12-31 23:59:59,12345-01-02 03:04:05+00",
    ];
    put(&sdk, "times.csv", &lines.join("\n"));
    sdk.sql(&format!("copy t from {} csv", from("times.csv"))).unwrap();
    let rows = sdk.rows("select * from t order by d");
    assert_eq!(
        rows,
        [
            ["4713-01-01 BC", "4713-01-01 00:00:00 BC", "0044-03-15 08:00:00+00 BC"],
            ["0001-01-01", "2025-09-22 14:42:59", "2025-09-22 22:42:59+00"],
            ["9999-12-31", "9999-12-31 23:59:59.999999", "9999-12-31 23:59:59+00"],
            ["294276-12-31", "294246-12-31 23:59:59", "12345-01-02 03:04:05+00"],
        ]
    );
    for (unload, copy) in [("csv", "csv"), ("json", "json 'auto'"), ("parquet", "parquet")] {
        let to = format!("'s3://{BUCKET}/load/songs/times-{unload}' iam_role '{ROLE}'");
        sdk.sql(&format!("unload ('select * from t') to {to} {unload}")).unwrap();
        sdk.sql("create table back (like t)").unwrap();
        sdk.sql(&format!("copy back from {to} {copy}")).unwrap();
        assert_eq!(sdk.rows("select * from back order by d"), rows, "{unload}");
        sdk.sql("drop table back").unwrap();
    }
}

#[test]
fn parquet_is_copied_as_the_reference_says() {
    let (_project, sdk) = warehouse();
    may_unload(&sdk);
    let to = format!("'s3://{BUCKET}/load/songs/pq/' iam_role '{ROLE}'");
    sdk.sql(&format!("unload ('select 1 as id, ''x'' as name') to {to} parquet")).unwrap();
    let file = get(&sdk, "songs/pq/0000_part_00.parquet");
    let copy = |table: &str, key: &str, options: &str| {
        sdk.sql(&format!("delete from {table}")).unwrap();
        let copied = sdk.sql(&format!("copy {table} from {} format as parquet {options}", from(key)));
        copied.map(|_| sdk.rows(&format!("select * from {table}")))
    };
    sdk.sql("create table wide (id int, name varchar(9), more int)").unwrap();
    let error = copy("wide", "pq/", "").unwrap_err();
    assert!(error.contains("Table columns: 3, Data columns: 2"), "{error}");
    assert_eq!(copy("wide", "pq/", "fillrecord").unwrap(), [["1", "x", "NULL"]]);

    sdk.sql("create table document (id int, doc super)").unwrap();
    let error = copy("document", "pq/", "").unwrap_err();
    assert_eq!(error, "ERROR: SUPER column in COPY query requires SERIALIZETOJSON option");
    assert_eq!(copy("document", "pq/", "serializetojson").unwrap(), [["1", "\"x\""]]);

    sdk.sql("create table t (id int, name varchar(9))").unwrap();
    let url = format!("s3://{BUCKET}/load/songs/pq/0000_part_00.parquet");
    for (meta, says) in [
        (String::new(), "File entry does not have 'meta' key."),
        (",\"meta\":{}".into(), "does not have 'content_length'"),
        (format!(",\"meta\":{{\"content_length\":{}}}", file.len() + 1), "the manifest says"),
    ] {
        put(&sdk, "pq.manifest", &format!("{{\"entries\":[{{\"url\":\"{url}\"{meta}}}]}}"));
        let error = copy("t", "pq.manifest", "manifest").unwrap_err();
        assert!(error.contains(says), "{meta}: {error}");
    }
    let meta = format!("\"meta\":{{\"content_length\":{}}}", file.len());
    put(&sdk, "pq.manifest", &format!("{{\"entries\":[{{\"url\":\"{url}\",{meta}}}]}}"));
    assert_eq!(copy("t", "pq.manifest", "manifest").unwrap(), [["1", "x"]]);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut encoder, &file).unwrap();
    put_bytes(&sdk, "zipped.parquet.gz", encoder.finish().unwrap());
    assert_eq!(copy("t", "zipped.parquet.gz", "").unwrap(), [["1", "x"]]);
    assert!(copy("t", "zipped.parquet.gz", "gzip").unwrap_err().contains("GZIP argument is not supported"));
}
