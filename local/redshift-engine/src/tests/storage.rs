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
