//! Names without a schema: what the search path finds when a view is made is what the view reads ever after.

use super::Warehouse;

/// Two schemas with a table of the same name, and the first of them in the search path.
fn two_schemas() -> Warehouse {
    let mut w = Warehouse::new();
    for schema in ["one", "two"] {
        w.does(&format!("create schema {schema}"));
        w.does(&format!("create table {schema}.t (s varchar(9))"));
        w.does(&format!("insert into {schema}.t values ('{schema}')"));
    }
    w.does("set search_path to one, public");
    w
}

#[test]
fn a_view_reads_the_same_under_every_search_path() {
    let mut w = two_schemas();
    w.does("create table public.p as select 'public' as s");
    w.does("create view v as with t as (select t.s from t) select s from t union all select s from p");
    w.does("create materialized view m as select s from t");
    w.does("create view l as select s from t with no schema binding");
    w.does("set search_path to two");
    w.does("create table p as select 'wrong' as s");
    assert_eq!(w.rows("select s from one.v order by 1"), ["one", "public"]);
    assert_eq!(w.rows("select s from one.l"), ["one"]);
    w.does("refresh materialized view one.m");
    assert_eq!(w.rows("select s from one.m"), ["one"]);
    // Also after what it reads was renamed, from another search path.
    w.does("alter table one.t rename to u");
    w.does("create table one.t (s varchar(9))");
    assert_eq!(w.rows("select s from one.v order by 1"), ["one", "public"]);
    assert_eq!(w.refuses("drop table one.u"), "2BP01");
    w.does("drop table one.t");
}

#[test]
fn a_late_binding_view_is_in_one_schema() {
    let mut w = two_schemas();
    w.does("create view phantom as select s from one.t with no schema binding");
    w.does("create view unbound as select s from one.missing with no schema binding");
    w.does("set search_path to two");
    assert_eq!(w.refuses("select * from not_there"), "42P01");
    assert_eq!(w.rows("select schemaname from pg_views where viewname = 'phantom'"), ["one"]);
    assert_eq!(w.refuses("select * from phantom"), "42P01");
    assert_eq!(w.refuses("drop view unbound"), "42P01");
    w.does("drop view if exists unbound");
    assert_eq!(w.session.take_notices(), ["View \"unbound\" does not exist and will be skipped"]);
    assert_eq!(w.refuses("drop schema one"), "2BP01");
    w.does("drop view if exists one.unbound");
    assert!(w.session.take_notices().is_empty(), "it was there");
    w.does("create view one.unbound as select 1 as n with no schema binding");
}

#[test]
fn a_late_binding_view_that_is_renamed_leaves_nothing() {
    let mut w = two_schemas();
    w.does("grant select on t to reader");
    for made in 0..2 {
        w.does("create view tmp as select s from one.t with no schema binding");
        w.does("grant select on tmp to reader");
        w.does("comment on view tmp is 'late'");
        if made > 0 {
            w.does("alter table late rename to backup");
        }
        w.does("alter table tmp rename to late");
        w.does("drop view if exists backup cascade");
        assert_eq!(w.refuses("select * from tmp"), "42P01");
        assert_eq!(w.rows("select s from late"), ["one"]);
    }
    assert_eq!(
        w.rows("select definition from pg_views where viewname = 'late'"),
        ["CREATE VIEW one.late AS SELECT s FROM one.t WITH NO SCHEMA BINDING;"]
    );
    assert_eq!(
        w.rows("select relation_name from svv_relation_privileges where identity_name = 'reader' order by 1"),
        ["late", "t"]
    );
    assert_eq!(w.rows("select remarks from svv_tables where table_name = 'late'"), ["late"]);
    // One that cannot be bound has a name, too.
    w.does("create view never as select a from one.missing with no schema binding");
    assert_eq!(w.refuses("alter table never rename to late"), "42P07");
    w.does("alter table never rename to ever");
    w.does("create table missing (a int)");
    assert_eq!(w.refuses("select * from never"), "42P01");
    assert!(w.rows("select * from ever").is_empty());
    // What replaces a view that was bound is read from then on.
    w.does("create or replace view ever as select b from one.gone with no schema binding");
    assert_eq!(w.refuses("select * from ever"), "42P01");
    assert_eq!(w.refuses("create view t as select b from one.gone with no schema binding"), "42P07");
}

#[test]
fn what_is_made_without_a_schema_is_made_in_the_first_of_the_search_path() {
    let mut w = two_schemas();
    w.does("create table public.u (a int)");
    w.does("create table if not exists u (a int)");
    assert!(w.session.take_notices().is_empty(), "it is in another schema");
    w.does("create table if not exists u (a int)");
    assert_eq!(w.session.take_notices(), ["Relation \"u\" already exists and will be skipped"]);
    assert_eq!(w.rows("select table_schema from svv_tables where table_name = 'u' order by 1"), ["one", "public"]);
    w.does("set search_path to nowhere");
    assert_eq!(w.fails("create table lost (a int)"), "3F000 no schema has been selected to create in");
}

#[test]
fn a_materialized_view_is_told_as_one_in_every_schema() {
    let mut w = two_schemas();
    w.does("create materialized view mv auto refresh yes as select s, count(*) as n from t group by s");
    let told = "select table_type from information_schema.tables where table_schema = 'one' and table_name = 'mv'";
    assert_eq!(w.rows(told), ["VIEW"]);
    assert_eq!(
        w.rows("select view_definition from information_schema.views where table_schema = 'one' and table_name = 'mv'"),
        ["CREATE MATERIALIZED VIEW mv AS SELECT s, count(*) AS n FROM t GROUP BY s;"]
    );
    assert_eq!(w.rows("select relkind from pg_class where relname = 'mv'"), ["v"]);
    assert_eq!(w.rows("select autorefresh from stv_mv_info where name = 'mv'"), ["t"]);
    w.does("alter materialized view mv auto refresh no");
    assert_eq!(w.rows("select autorefresh from stv_mv_info where name = 'mv'"), ["f"]);
    w.does("create view reads as select n from mv");
    assert_eq!(w.refuses("drop materialized view mv"), "2BP01");
    w.does("create materialized view other as select 1 as n");
    w.does("drop materialized view mv, other cascade");
    assert_eq!(w.refuses("select * from reads"), "42P01");
    assert!(w.rows("select * from stv_mv_info").is_empty());
    for (wrong, sqlstate) in [
        ("drop materialized view t", "42809"),
        ("refresh materialized view t", "42809"),
        ("drop materialized view mv", "42P01"),
        ("create materialized view n (a) as select 1", "42601"),
        ("create materialized view n nonsense as select 1", "42601"),
    ] {
        assert_eq!(w.refuses(wrong), sqlstate, "{wrong}");
    }
    w.does("create materialized view mv as select s from t");
    assert_eq!(w.refuses("alter table mv add column n int"), "0A000");
    assert_eq!(w.refuses("refresh materialized view mv cascade"), "0A000");
}
