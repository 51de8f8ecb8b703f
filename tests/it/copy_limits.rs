//! COPY of what never ends: rows without an end, more bad rows than anyone reads, objects that unpack to anything.

use std::time::{Duration, Instant};

use aws_sdk_redshiftdata::types::StatusString;

use crate::copy::{from, gzip, put, put_bytes, warehouse};
use crate::project::Sdk;

#[test]
fn a_row_without_an_end_ends_the_copy_and_not_the_database() {
    let (_project, sdk) = warehouse();
    sdk.sql("create table t (a integer, b varchar(100))").unwrap();
    sdk.sql("insert into t values (1, 'kept')").unwrap();
    put_bytes(&sdk, "open.csv.gz", gzip(&format!("1,\"{}", "x\n".repeat(16 << 20))));
    put_bytes(&sdk, "line.txt.gz", gzip(&"x".repeat(32 << 20)));
    for (key, options) in [("open.csv.gz", "csv gzip maxerror 100000"), ("line.txt.gz", "gzip maxerror 100000")] {
        let error = sdk.sql(&format!("copy t from {} {options}", from(key))).unwrap_err();
        assert!(error.contains(key) && error.contains("larger than 4194304 bytes"), "{error}");
    }
    assert_eq!(sdk.rows("select * from t"), [["1", "kept"]]);
}

#[test]
fn a_hundred_thousand_bad_rows_are_all_told() {
    let (_project, sdk) = warehouse();
    sdk.sql("create table t (a integer, b varchar(100))").unwrap();
    // Each quote is closed by the next line's, and something follows it.
    put_bytes(&sdk, "bad.csv.gz", gzip(&"1,\"never closed\n".repeat(2 * 100_100)));
    let started = Instant::now();
    let error = sdk.sql(&format!("copy t from {} csv gzip maxerror 100000", from("bad.csv.gz"))).unwrap_err();
    assert!(error.contains("Check 'sys_load_error_detail'"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
    assert_eq!(sdk.value("select count(*) from sys_load_error_detail"), "100000");
    assert_eq!(sdk.value("select max(line_number) from stl_load_errors"), "199999");
    assert_eq!(sdk.value("select error_count from sys_load_history"), "100000");
    assert_eq!(sdk.value("select count(*) from t"), "0");
}

/// Cancels a statement once it has read something, and says how long it took to end.
fn cancelled(sdk: &Sdk, sql: &str) -> Duration {
    let submit = sdk.data.execute_statement().cluster_identifier("sparkify").database("dwh").db_user("dwhadmin");
    let id = sdk.block_on(submit.sql(sql).send()).unwrap().id.unwrap();
    let running = "select count(*) from sys_load_history where status = 'running' and loaded_bytes > 10000000";
    while sdk.value(running) == "0" {
        let so_far = sdk.block_on(sdk.data.describe_statement().id(&id).send()).unwrap();
        assert!(matches!(so_far.status, Some(StatusString::Submitted | StatusString::Started)), "{sql}: {so_far:?}");
    }
    let asked = Instant::now();
    sdk.block_on(sdk.data.cancel_statement().id(&id).send()).unwrap();
    let ended = sdk.block_on(sdk.data.describe_statement().id(&id).wait_time_seconds(30).send()).unwrap();
    assert_eq!(ended.status, Some(StatusString::Aborted), "{sql}: {:?}", ended.error);
    asked.elapsed()
}

#[test]
fn a_cancel_ends_a_copy_wherever_it_is() {
    let (_project, sdk) = warehouse();
    sdk.sql("create table t (a integer)").unwrap();
    // Each frame unpacks to 64 MB, all of them to 64 GB.
    let frame = |line: &str| zstd::encode_all(line.repeat((64 << 20) / line.len()).as_bytes(), 1).unwrap();
    put_bytes(&sdk, "blank.zst", frame("\n").repeat(1000));
    // Parquet is unpacked by its ending.
    put_bytes(&sdk, "blank.gz", gzip(&"\n".repeat(4 << 20)).repeat(2000));
    put_bytes(&sdk, "rows.zst", frame("1234567\n").repeat(1000));
    for (key, options) in [
        ("blank.zst", "csv ignoreblanklines zstd"),
        ("blank.zst", "csv ignoreheader 9000000000 zstd"),
        ("blank.zst", "json 'auto' zstd"),
        ("blank.gz", "parquet"),
        ("rows.zst", "csv zstd"),
    ] {
        let took = cancelled(&sdk, &format!("copy t from {} {options}", from(key)));
        assert!(took < Duration::from_secs(3), "{options}: {took:?}");
    }
    assert_eq!(sdk.value("select count(*) from t"), "0");
    put(&sdk, "one.csv", "1\n");
    sdk.sql(&format!("copy t from {} csv", from("one.csv"))).unwrap();
    assert_eq!(sdk.value("select count(*) from t"), "1");
}
