//! What COPY makes of values: times, floats, values of type SUPER, bytes that are no UTF-8; and how they come out again.

use crate::copy::{ROLE, from, put, put_bytes, warehouse};
use crate::project::{BUCKET, Sdk};

/// Lets the warehouse's role write everywhere.
fn may_unload(sdk: &Sdk) {
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
    let shown = project.run(["query", odd]).succeeded();
    assert_eq!(shown.stdout, "a,b,c\nNaN,Infinity,-Infinity\n");
    let shown = project.run(["query", "--format=json", odd]).succeeded();
    assert_eq!(shown.stdout, "{\"a\":\"NaN\",\"b\":\"Infinity\",\"c\":\"-Infinity\"}\n");
    sdk.sql("create table t (a float8, b real, c float8)").unwrap();
    for (unload, copy) in [("csv", "csv"), ("json", "json 'auto'"), ("parquet", "parquet")] {
        let to = format!("'s3://{BUCKET}/load/songs/odd-{unload}' iam_role '{ROLE}'");
        sdk.sql(&format!("unload ('{}') to {to} {unload}", odd.replace('\'', "''"))).unwrap();
        sdk.sql("delete from t").unwrap();
        sdk.sql(&format!("copy t from {to} {copy}")).unwrap();
        assert_eq!(sdk.rows("select * from t"), [["NaN", "inf", "-inf"]], "{unload}");
    }
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
