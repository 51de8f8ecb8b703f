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
