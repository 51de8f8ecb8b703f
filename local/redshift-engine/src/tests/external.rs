//! External tables over a storage that is a directory.

use super::Warehouse;

const SCHEMA: &str =
    "create external schema s from data catalog database 'd' iam_role default create external database if not exists";

fn warehouse() -> Warehouse {
    let mut w = Warehouse::new();
    w.does(SCHEMA);
    w
}

impl Warehouse {
    fn put(&self, key: &str, bytes: impl AsRef<[u8]>) {
        let path = self.directory.path().join("b").join(key);
        std::fs::create_dir_all(path.parent().expect("parent")).expect("directory");
        std::fs::write(path, bytes).expect("object");
    }
}

#[test]
fn delimited_text_is_read_when_a_statement_runs() {
    let mut w = warehouse();
    w.put("t/1.txt", "id|name|amount\n1|one|1.50\n2|two|x\n");
    w.put("t/deeper/2.txt", "id|name|amount\n3|a name that is too long|2.25|surplus\n4\n");
    for hidden in ["t/_SUCCESS", "t/.x", "t/#x", "t/x~", "tt/other.txt"] {
        w.put(hidden, "9|hidden|9\n");
    }
    w.does(
        "create external table s.t (id int, name varchar(5), amount decimal(8,2)) row format delimited fields \
         terminated by '|' stored as textfile location 's3://b/t' table properties ('skip.header.line.count'='1')",
    );
    let all = ["1|one|1.50", "2|two|NULL", "3|NULL|2.25", "4|NULL|NULL"];
    assert_eq!(w.rows("select * from s.t order by id"), all);
    assert_eq!(
        w.rows("select s.t.name, t.id, x.amount from s.t join s.t x on x.id = t.id where t.id = 1"),
        ["one|1|1.50"]
    );
    w.put("t/3.txt", "\n5|five|5\n");
    assert_eq!(w.rows("select count(*) from s.t"), ["5"]);
    let paths = "select \"$path\", \"$size\", * from s.t where id in (1, 4) order by id";
    assert_eq!(w.rows(paths), ["s3://b/t/1.txt|34|1|one|1.50", "s3://b/t/deeper/2.txt|56|4|NULL|NULL"]);
    assert_eq!(w.rows("select t.*, count(\"$path\") over () as n from s.t where id = 1"), ["1|one|1.50|1"]);

    w.does("create table l as select id, name from s.t");
    w.does("insert into l select id + 10, name from s.t where id < 3");
    assert_eq!(w.rows("select count(*), max(id) from l"), ["7|12"]);
    assert_eq!(w.rows("select l.id from l join s.t on t.id = l.id where t.amount > 2 order by 1"), ["3", "5"]);
    w.does("create view v as select id, \"$path\" as p from s.t with no schema binding");
    assert_eq!(w.rows("select * from v where id = 1"), ["1|s3://b/t/1.txt"]);
    w.put("t/4.txt", "\n6|six|6\n");
    assert_eq!(w.rows("select count(*) from v"), ["6"]);
    assert_eq!(w.rows("select count(*) from v"), ["6"]);
    w.does("begin");
    assert_eq!(w.rows("select count(*) from v, s.t where t.id = v.id"), ["6"]);
    assert_eq!(
        w.fails("create external table s.u (a int) location 's3://b/t'"),
        "25001 CREATE EXTERNAL TABLE cannot run inside a transaction block"
    );
    w.does("rollback");
    w.does("create materialized view m as select count(*) as n from s.t");
    assert_eq!(w.rows("select n from m"), ["6"]);
    w.put("t/5.txt", "\n7|seven|7\n");
    w.does("refresh materialized view m");
    assert_eq!(w.rows("select n from m"), ["7"]);
    assert_eq!(
        w.rows("select table_name from svv_tables where table_schema = 'main' or table_name like 'ext%'"),
        Vec::<String>::new()
    );
    w.does("drop table s.t");
    assert_eq!(w.refuses("select * from v"), "42P01");
}

#[test]
fn partitions_have_their_values() {
    let mut w = warehouse();
    w.put("p/day=1/a.csv", "1,\"a,\"\"b\"\n");
    w.put("p/day=2/a.csv", "2,c\n");
    w.does(
        "create external table s.p (id bigint, name varchar(9)) partitioned by (day date, n smallint) \
         row format serde 'org.apache.hadoop.hive.serde2.OpenCSVSerde' location 's3://b/p/'",
    );
    assert_eq!(w.rows("select * from s.p"), Vec::<String>::new());
    w.does(
        "alter table s.p add partition (day='2024-01-01', n='1') location 's3://b/p/day=1' \
         partition (day='2024-01-02', n='x') location 's3://b/p/day=2/'",
    );
    assert_eq!(w.rows("select * from s.p order by id"), ["1|a,\"b|2024-01-01|1", "2|c|2024-01-02|NULL"]);
    let again = "partition (day='2024-01-01', n='1') location 's3://b/none/'";
    assert_eq!(w.fails(&format!("alter table s.p add {again}")), "42710 Partition already exists.");
    w.does(&format!("alter table s.p add if not exists {again}"));
    w.does("alter table s.p partition (day='2024-01-01', n='1') set location 's3://b/none/'");
    assert_eq!(w.rows("select id from s.p"), ["2"]);
    assert_eq!(
        w.rows("select schemaname, tablename, \"values\", location from svv_external_partitions order by location"),
        [r#"s|p|["2024-01-01","1"]|s3://b/none/"#, r#"s|p|["2024-01-02","x"]|s3://b/p/day=2/"#]
    );
    w.does("alter table s.p drop partition (day='2024-01-02', n='x')");
    assert_eq!(w.rows("select count(*) from s.p"), ["0"]);
    assert_eq!(w.refuses("alter table s.p drop partition (day='2024-01-02')"), "42601");
    assert_eq!(w.refuses("alter table s.p drop partition (day='2024-01-02', n='x')"), "42704");
}

#[test]
fn a_json_object_stands_in_each_line() {
    let mut w = warehouse();
    w.put(
        "j/1.json",
        "{\"Id\": 1, \"name\": \"one\", \"at\": \"2024-01-02 03:04:05\"}\n{\"id\": \"x\", \"name\": {\"k\": 1}}\n",
    );
    let create = |properties: &str| {
        format!(
            "create external table s.j (id int, name varchar(20), at timestamp) \
             row format serde 'org.openx.data.jsonserde.JsonSerDe' {properties} stored as textfile location 's3://b/j/'"
        )
    };
    w.does(&create(""));
    assert_eq!(w.rows("select * from s.j order by id"), ["1|one|2024-01-02 03:04:05", "NULL|{\"k\": 1}|NULL"]);
    w.put("j/2.json", "no json\n{\"id\": 3}\n");
    assert!(w.fails("select * from s.j").contains("File 's3://b/j/2.json' line 1"));
    w.does("drop table s.j");
    w.does(&create("with serdeproperties ('ignore.malformed.json'='true')"));
    assert_eq!(w.rows("select count(*), count(id) from s.j"), ["4|2"]);
}

#[test]
fn parquet_has_the_types_of_the_table() {
    let mut w = warehouse();
    std::fs::create_dir_all(w.directory.path().join("b")).expect("directory");
    w.does("create table l (id int, name varchar(20), amount decimal(8,2), day date, at timestamp, ok boolean)");
    w.does("insert into l values (1, 'one', 1.5, '2024-01-02', '2024-01-02 03:04:05', true), (2, 'too long', null, null, null, null)");
    w.does("unload ('select * from l') to 's3://b/q/' iam_role default parquet");
    w.does(
        "create external table s.q (ok boolean, at timestamp, day date, amount decimal(8,2), name varchar(5), id int, more int) \
         partitioned by (k decimal(5,2)) stored as parquet location 's3://b/q/'",
    );
    w.does("alter table s.q add partition (k='-0.5') location 's3://b/q/'");
    assert_eq!(
        w.rows("select * from s.q order by id"),
        ["true|2024-01-02 03:04:05|2024-01-02|1.50|one|1|NULL|-0.50", "NULL|NULL|NULL|NULL|NULL|2|NULL|-0.50"]
    );
    w.does("create external table s.r (id varchar(9)) stored as parquet location 's3://b/q/'");
    let refused = w.fails("select id from s.r");
    assert!(
        refused.contains("has an incompatible Parquet schema for column 'id'. Column type: CHARACTER VARYING(9)"),
        "{refused}"
    );
    // What failed leaves nothing behind.
    assert_eq!(w.rows("select count(*) from s.q"), ["2"]);
    w.does("begin read only");
    assert_eq!(w.rows("select count(*) from s.q"), ["2"]);
    w.does("commit");
    w.does("unload ('select id from s.q') to 's3://b/out/' iam_role default csv parallel off");
    w.does("begin");
    w.does("declare c cursor for select id from s.q order by id");
    assert_eq!(w.rows("fetch all c"), ["1", "2"]);
    w.does("end");
}

#[test]
fn the_catalog_shows_what_was_created() {
    let mut w = warehouse();
    w.does(
        "create external table s.t (id int, name varchar(5)) partitioned by (day date) row format delimited fields \
         terminated by '\\t' location 's3://b/t/' table properties ('numRows'='5')",
    );
    assert_eq!(
        w.rows("select schemaname, databasename, eskind, esoptions from svv_external_schemas"),
        ["s|d|1|{\"IAM_ROLE\":\"default\"}"]
    );
    assert_eq!(w.rows("select databasename from svv_external_databases"), ["d"]);
    assert_eq!(
        w.rows("select schemaname, tablename, tabletype, location, serde_parameters, compressed, parameters from svv_external_tables"),
        [r#"s|t|TABLE|s3://b/t/|{"field.delim":"\t","serialization.format":"\t"}|0|{"EXTERNAL":"TRUE","numRows":"5"}"#]
    );
    assert_eq!(
        w.rows("select columnname, external_type, columnnum, part_key from svv_external_columns order by columnnum"),
        ["id|int|1|0", "name|varchar(5)|2|0", "day|date|3|1"]
    );
    assert_eq!(w.rows("select count(*) from pg_class where relname = 't'"), ["0"]);
    assert_eq!(w.rows("select count(*) from pg_namespace where nspname = 's'"), ["1"]);
    assert_eq!(w.refuses("drop schema s drop external database"), "2BP01");
    w.does("drop schema s");
    assert_eq!(w.refuses("select * from s.t"), "42P01");
    w.does("create external schema s2 from data catalog database 'd' iam_role default");
    assert_eq!(w.rows("select schemaname, tablename from svv_external_tables"), ["s2|t"]);
    w.does("drop schema s2 drop external database cascade");
    assert_eq!(w.rows("select count(*) from svv_external_databases"), ["0"]);
    assert_eq!(w.refuses("create external schema s from data catalog database 'd' iam_role default"), "3D000");
}

#[test]
fn files_are_read_as_their_table_says() {
    let mut w = warehouse();
    w.put("d/1", "05-01-2017|2017-05-01 11:30:59.000000\nmay-01-2017|2017-05-01T11:30:59\n2017-05-01|x\n");
    w.does(
        "create external table s.d (a date, b timestamp) row format delimited fields terminated by '|' \
         location 's3://b/d/'",
    );
    let dates = ["2017-05-01|2017-05-01 11:30:59", "2017-05-01|NULL", "2017-05-01|NULL"];
    assert_eq!(w.rows("select * from s.d order by 1, 2"), dates);

    let create = |properties: &str| {
        format!(
            "create external table s.c (a int, b varchar(9)) row format serde \
             'org.apache.hadoop.hive.serde2.OpenCSVSerde' {properties} location 's3://b/c/'"
        )
    };
    w.put("c/1.csv", "1,\"x\ny\"\n");
    w.does(&create(""));
    assert!(w.fails("select * from s.c").contains("a line end in a field of OpenCSVSerde"));
    w.does("drop table s.c");
    w.does(&create("with serdeproperties ('wholeFile'='true')"));
    assert_eq!(w.rows("select * from s.c"), ["1|x\ny"]);
    w.put("c/2.csv", "2,a\\b\n");
    assert!(w.fails("select * from s.c").contains("an escape in a field of OpenCSVSerde"));
    w.put("c/2.csv", "2,\"a\n");
    assert!(w.fails("select * from s.c").starts_with("XX000 Spectrum Scan Error: File 's3://b/c/2.csv' line 1"));
    w.put("c/2.csv", b"2,\xff\n");
    assert!(w.fails("select * from s.c").contains("invalid UTF-8"));
    w.put("c/2.csv.snappy", "");
    w.put("c/2.csv", "2,a\n");
    assert!(w.fails("select * from s.c").contains("snappy"));

    let size = std::fs::metadata(w.directory.path().join("b/d/1")).expect("object").len();
    w.put(
        "m/manifest",
        format!(
            r#"{{"entries": [{{"url": "s3://b/d/1", "meta": {{"content_length": {size}}}}},
                             {{"url": "s3://b/x", "meta": {{"content_length": 1}}}}]}}"#
        ),
    );
    w.does(
        "create external table s.m (a date) row format delimited fields terminated by '|' location 's3://b/m/manifest'",
    );
    assert_eq!(w.rows("select count(*) from s.m"), ["3"]);
    assert_eq!(w.refuses("create external table s.n (\"$path\" int) location 's3://b/m/'"), "42701");
    assert_eq!(w.refuses("select \"$path\" from s.d natural join s.m"), "0A000");
    assert_eq!(w.refuses("create temp table \"external:s:m\" (a int)"), "0A000");
    w.does("create external table s.none (a int) location 's3://nosuch/x/'");
    assert_eq!(w.rows("select count(*) from s.none"), ["0"]);
}
