//! COPY and UNLOAD over a storage that is a directory.

use super::Warehouse;

#[test]
fn copy_reads_and_unload_writes_what_the_storage_has() {
    let mut w = Warehouse::new();
    let bucket = w.directory.path().join("b");
    std::fs::create_dir_all(bucket.join("in")).expect("directory");
    let put = |key: &str, text: &str| std::fs::write(bucket.join(key), text).expect("object");
    put("in/1.json", "{\"a\": 1, \"b\": \"x\"}\n");
    put("in/2.json", "{\"a\": 2, \"b\": \"y\"}\n");
    put("manifest", r#"{"entries": [{"url": "s3://b/in/1.json", "mandatory": true}, {"url": "s3://b/none"}]}"#);
    put("broken", r#"{"entries": [{"url": "s3://b/none", "mandatory": true}]}"#);

    w.does("create table t (a int, b varchar(9))");
    w.does("copy t from 's3://b/in/' iam_role default json 'auto'");
    assert_eq!(w.rows("select a, b from t order by a"), ["1|x", "2|y"]);
    w.does("copy t from 's3://b/manifest' iam_role default json 'auto' manifest");
    assert_eq!(w.rows("select count(*) from t"), ["3"]);
    assert_eq!(w.refuses("copy t from 's3://b/broken' iam_role default json 'auto' manifest"), "58030");
    assert!(w.fails("copy t from 's3://b/nothing' iam_role default json 'auto'").contains("'nothing' does not exist"));

    let unload = "unload ('select distinct a, b from t order by a') to 's3://b/out/' iam_role default csv parallel off";
    w.does(unload);
    assert_eq!(std::fs::read_to_string(bucket.join("out/000")).expect("unloaded"), "1,x\n2,y\n");
    assert!(w.fails(unload).contains("is not empty"));
    w.does(&format!("{unload} cleanpath"));
    assert_eq!(std::fs::read_dir(bucket.join("out")).expect("directory").count(), 1);
}

#[test]
fn an_unload_is_in_the_history_with_its_files() {
    let mut w = Warehouse::new();
    std::fs::create_dir_all(w.directory.path().join("b")).expect("directory");
    w.does("create table t (a int)");
    w.does("insert into t values (1), (2)");
    let unload = "unload ('select a from t') to 's3://b/out/' iam_role default csv parallel off";
    w.does(unload);
    let history = "select status, file_format, compression_type, unloaded_location, unloaded_rows, unloaded_files_count, \
                   unloaded_files_size, error_message from sys_unload_history";
    assert_eq!(w.rows(history), ["completed|CSV|None|s3://b/out/|2|1|4|NULL"]);
    let files =
        "select path, line_count, transfer_size, file_format from stl_unload_log where query = pg_last_unload_id()";
    assert_eq!(w.rows(files), ["s3://b/out/000|2|4|CSV"]);
    assert_eq!(w.rows("select file_name, line_count from sys_unload_detail"), ["s3://b/out/000|2"]);
    w.refuses(unload);
    let failed = "select status, unloaded_rows from sys_unload_history where error_message like '%not empty%'";
    assert_eq!(w.rows(failed), ["aborted|NULL"]);
    // It is there although the transaction of the UNLOAD was rolled back.
    w.does("begin");
    w.does(&format!("{unload} cleanpath"));
    w.does("rollback");
    assert_eq!(w.rows("select count(*) from sys_unload_history where status = 'completed'"), ["2"]);
}
