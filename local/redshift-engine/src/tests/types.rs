//! Types in COPY and UNLOAD.

use super::Warehouse;

#[test]
fn bytes_are_loaded_and_unloaded_in_hexadecimal_digits() {
    let mut w = Warehouse::new();
    let bucket = w.directory.path().join("b");
    std::fs::create_dir_all(&bucket).expect("directory");
    std::fs::write(bucket.join("in.csv"), "1,00ff\n2,\n3,6162\n").expect("object");
    w.does("create table t (a int, b varbyte(2))");
    w.does("copy t from 's3://b/in.csv' iam_role default csv");
    assert_eq!(w.rows("select a, b from t order by a"), ["1|00ff", "2|NULL", "3|6162"]);
    w.does("unload ('select a, b from t order by a') to 's3://b/out/' iam_role default csv parallel off");
    assert_eq!(std::fs::read_to_string(bucket.join("out/000")).expect("unloaded"), "1,00ff\n2,\n3,6162\n");
    w.does("unload ('select a, b from t order by a') to 's3://b/parquet/' iam_role default parquet parallel off");
    w.does("truncate t");
    w.does("copy t from 's3://b/parquet/' iam_role default format parquet");
    assert_eq!(w.rows("select a, b from t order by a"), ["1|00ff", "2|NULL", "3|6162"]);

    std::fs::write(bucket.join("long.csv"), "1,00ff00\n").expect("object");
    w.refuses("copy t from 's3://b/long.csv' iam_role default csv");
    std::fs::write(bucket.join("bad.csv"), "1,0g\n").expect("object");
    w.refuses("copy t from 's3://b/bad.csv' iam_role default csv");
    assert_eq!(w.refuses("copy t from 's3://b/in.csv' iam_role default json 'auto'"), "0A000");
}

#[test]
fn times_with_a_zone_are_loaded_and_unloaded_in_utc() {
    let mut w = Warehouse::new();
    let bucket = w.directory.path().join("b");
    std::fs::create_dir_all(&bucket).expect("directory");
    std::fs::write(bucket.join("in"), "1|20:00:00 PST\n2|\n3|04:05:06.5+00\n").expect("object");
    w.does("create table t (a int, b timetz)");
    w.does("copy t from 's3://b/in' iam_role default delimiter '|'");
    assert_eq!(w.rows("select a, b from t order by a"), ["1|04:00:00+00", "2|NULL", "3|04:05:06.5+00"]);
    w.does("unload ('select b from t where a <> 2 order by a') to 's3://b/out/' iam_role default csv parallel off");
    assert_eq!(std::fs::read_to_string(bucket.join("out/000")).expect("unloaded"), "04:00:00+00\n04:05:06.5+00\n");
}

#[test]
fn intervals_are_loaded_and_unloaded_as_they_are_shown() {
    let mut w = Warehouse::new();
    let bucket = w.directory.path().join("b");
    std::fs::create_dir_all(&bucket).expect("directory");
    std::fs::write(bucket.join("in"), "1|1-2|36:00:00.5\n2||\n3|5 mons|1 day 2 hours\n").expect("object");
    w.does("create table t (a int, b interval year to month, c interval day to second)");
    w.does("copy t from 's3://b/in' iam_role default delimiter '|'");
    let loaded = ["1|1 year 2 mons|1 day 12:00:00.5", "2|NULL|NULL", "3|5 mons|1 day 02:00:00"];
    assert_eq!(w.rows("select a, b, c from t order by a"), loaded);
    w.does("unload ('select a, b, c from t order by a') to 's3://b/out/' iam_role default parallel off");
    w.does("truncate t");
    w.does("copy t from 's3://b/out/' iam_role default delimiter '|'");
    assert_eq!(w.rows("select a, b, c from t order by a"), loaded);
}
