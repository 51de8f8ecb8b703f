//! ALTER TABLE and COMMENT: what they say is done is done, and what is not done is refused.

use super::Warehouse;

const TYPES: &str = "select column_name, data_type from information_schema.columns where table_name = 'made' \
                     order by ordinal_position";

#[test]
fn a_table_from_a_query_keeps_its_types_when_it_is_altered() {
    for made in [
        "create table made as select 1 id, 'a'::varchar(10) s, 1.50::decimal(8,2) d, json_parse('[1]') j",
        "select 1 id, 'a'::varchar(10) s, 1.50::decimal(8,2) d, json_parse('[1]') j into made",
    ] {
        let mut w = Warehouse::new();
        w.does(made);
        let before = w.rows(TYPES);
        assert_eq!(before, ["id|integer", "s|character varying", "d|numeric", "j|super"]);
        w.does("alter table made add column extra int");
        assert_eq!(w.rows(TYPES), [before.as_slice(), &["extra|integer".to_owned()]].concat());
        w.does("alter table made drop column extra");
        w.does("alter table made alter column id encode zstd");
        assert_eq!(w.rows(TYPES), before);
        w.does("alter table made rename to other");
        w.does("create table made (like other)");
        assert_eq!(w.rows(TYPES), before);
        assert_eq!(w.rows("select id, s, d, j from other"), ["1|a|1.50|[1]"]);
    }
}

#[test]
fn a_column_that_ignores_case_goes_on_ignoring_it() {
    let mut w = Warehouse::new();
    w.does("create table ci (s varchar(9) collate case_insensitive)");
    w.does("insert into ci values ('John'), ('JOHN')");
    w.does("alter table ci add column n int");
    w.does("alter table ci alter column s type varchar(20)");
    assert_eq!(w.rows("select count(*) from ci where s = 'john'"), ["2"]);
    w.does("create table same (like ci)");
    w.does("insert into same select * from ci");
    assert_eq!(w.rows("select count(*) from same where s = 'john'"), ["2"]);
    assert_eq!(w.refuses("create table de (s varchar(9) collate german)"), "0A000");
}

#[test]
fn encodings_are_those_that_were_asked_for() {
    let mut w = Warehouse::new();
    w.does("create table t (a int, b int)");
    w.does("alter table t add column c varchar(5) encode zstd default 'x' || 'y'");
    w.does("alter table t alter column a encode raw, alter column b encode delta");
    assert_eq!(
        w.rows("select \"column\", encoding from pg_table_def where tablename = 't'"),
        ["a|none", "b|delta", "c|zstd"]
    );
    let shown = w.rows("show table t").join("\n");
    assert!(shown.contains("c character varying(5) DEFAULT 'x' || 'y' ENCODE zstd"), "{shown}");
    w.does("alter table t alter encode auto");
    for wrong in [
        "create table u (a int encode best)",
        "alter table t add column d int encode best",
        "alter table t alter column a encode best",
    ] {
        assert_eq!(w.refuses(wrong), "22023", "{wrong}");
    }
}

#[test]
fn what_alter_table_does_not_do_it_refuses() {
    let mut w = Warehouse::new();
    w.does("create table t (a varchar(5))");
    w.does("create view v as select a from t");
    w.does("create schema s");
    for (wrong, sqlstate) in [
        ("alter table t rename to s.t", "42601"),
        ("alter table t alter column a type varchar(9) using upper(a)", "42601"),
        ("alter table t add column if not exists b int", "42601"),
        ("alter table t alter encode nonsense", "22023"),
        ("alter table nosuch alter encode auto", "42P01"),
        ("alter table v add column b int", "42809"),
        ("create unlogged table u (a int)", "0A000"),
        ("create temp table u (a int) on commit drop", "0A000"),
    ] {
        assert_eq!(w.refuses(wrong), sqlstate, "{wrong}");
    }
    w.does("begin");
    assert_eq!(w.refuses("alter table t alter column a type varchar(9)"), "25001");
    w.does("rollback");
}

#[test]
fn comments_are_kept_or_refused() {
    let mut w = Warehouse::new();
    w.does("create table t (a int, b int)");
    w.does("comment on table t is $dbt_comment$it's$dbt_comment$");
    w.does("comment on column t.a is $$one 'a'$$");
    assert_eq!(w.rows("select description from pg_description order by objsubid"), ["it's", "one 'a'"]);
    w.does("alter table t rename column a to c");
    assert_eq!(
        w.rows("select column_name, remarks from svv_columns where table_name = 't' order by 1"),
        ["b|NULL", "c|one 'a'"]
    );
    w.does("alter table t drop column c");
    w.does("alter table t add column c int");
    assert_eq!(w.rows("select description from pg_description"), ["it's"]);
    assert_eq!(w.refuses("comment on column t.nosuch is 'x'"), "42703");
    assert_eq!(
        w.fails("comment on database dwh is 'x'"),
        "0A000 COMMENT ON DATABASE is not supported by the local Redshift"
    );
}
