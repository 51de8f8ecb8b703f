//! ALTER SCHEMA and OWNER TO: everything that is kept under a schema's name goes with it.

use super::Warehouse;

#[test]
fn a_schema_that_is_renamed_takes_everything_along() {
    let mut w = Warehouse::new();
    w.does("create user keeper password disable");
    w.does("create schema sa authorization keeper");
    w.does("create table sa.parent (id int primary key, s varchar(3) not null encode zstd default 'x') distkey(id)");
    w.does("create table sa.t (n int identity(1,1), id int references sa.parent (id))");
    w.does("create table public.child (id int references sa.parent (id))");
    w.does("insert into sa.parent values (7, 'abc')");
    w.does("insert into sa.t (id) values (7), (8)");
    w.does("create view sa.upper_view as select s from sa.base_view where sa.base_view.id = 7 with no schema binding");
    w.does("create view sa.base_view as select * from sa.parent");
    w.does("create view sa.on_view as select sa.base_view.id as one from sa.base_view");
    w.does("create view outside as select p.id, o.one from sa.parent p join sa.on_view o on p.id = o.one");
    w.does("create materialized view sa.m as select count(*) as n from public.child");
    w.does("create view sa.elsewhere as select id from public.child with no schema binding");
    w.does("create function sa.twice (int) returns int immutable as $$ select $1 * 2 $$ language sql");
    w.does("grant usage on schema sa to reader");
    w.does("grant select on sa.t to reader");
    w.does("comment on column sa.t.id is 'of the parent'");
    w.does("alter table sa.t owner to keeper");
    w.does("set search_path to sb, sa");

    w.does("alter schema sa rename to sb");

    assert_eq!(w.rows("select nspname from pg_namespace where nspname in ('sa', 'sb')"), ["sb"]);
    assert_eq!(
        w.rows("select u.usename from pg_namespace n join pg_user u on u.usesysid = n.nspowner where nspname = 'sb'"),
        ["keeper"]
    );
    assert_eq!(w.rows("select tableowner from pg_tables where tablename = 't'"), ["keeper"]);
    assert_eq!(w.rows("select n, id from t order by n"), ["1|7", "2|8"]);
    w.does("insert into t (id) values (9)");
    assert_eq!(w.rows("select max(n) from sb.t"), ["3"]);
    assert_eq!(w.refuses("insert into sb.parent values (8, 'long')"), "22001");
    assert_eq!(
        w.rows("select \"column\", type, encoding, distkey, \"notnull\" from pg_table_def where tablename = 'parent'"),
        ["id|integer|az64|true|true", "s|character varying(3)|zstd|false|true"]
    );
    assert_eq!(w.rows("select id, s from base_view"), ["7|abc"]);
    assert_eq!(w.rows("select id, one from public.outside"), ["7|7"]);
    assert_eq!(w.rows("select id from elsewhere"), Vec::<String>::new());
    assert_eq!(w.rows("select twice(4)"), ["8"]);
    w.does("insert into public.child values (7)");
    w.does("refresh materialized view sb.m");
    assert_eq!(w.rows("select n from sb.m"), ["1"]);
    assert_eq!(w.rows("select \"schema\" from stv_mv_info"), ["sb"]);
    assert_eq!(w.rows("select namespace_name from svv_relation_privileges where identity_name = 'reader'"), ["sb"]);
    assert_eq!(w.rows("select namespace_name from svv_schema_privileges"), ["sb"]);
    assert_eq!(w.rows("show grants on schema sb").len(), 1);
    assert_eq!(w.rows("select remarks from svv_columns where remarks is not null"), ["of the parent"]);
    assert_eq!(
        w.rows("select constraint_schema from information_schema.referential_constraints order by 1"),
        ["public", "sb"]
    );
    assert_eq!(w.refuses("drop table sb.parent"), "2BP01");
    // What is not bound reads what it was written to read.
    assert_eq!(w.refuses("select * from upper_view"), "42P01");
    assert_eq!(w.refuses("select * from sa.t"), "42P01");
    w.does("create schema sa");
    assert_eq!(w.refuses("drop schema sb"), "2BP01");
    w.does("drop schema sb cascade");
    assert!(w.rows("select * from pg_tables where schemaname = 'sb'").is_empty());
}

#[test]
fn a_schema_is_renamed_or_given_away_or_that_is_refused() {
    let mut w = Warehouse::new();
    w.does("create schema s");
    w.does("create schema other");
    for (wrong, sqlstate) in [
        ("alter schema nosuch rename to n", "3F000"),
        ("alter schema redshift_system rename to n", "3F000"),
        ("alter schema s rename to other", "42P06"),
        ("alter schema public rename to n", "0A000"),
        ("alter schema s owner to nobody", "42704"),
        ("alter schema s quota 50 gb", "0A000"),
        ("alter schema s rename n", "42601"),
        ("alter schema s rename to n now", "42601"),
        ("create schema q quota 50 gb", "0A000"),
        ("create schema s", "42P06"),
        ("create schema q authorization nobody", "42704"),
    ] {
        assert_eq!(w.refuses(wrong), sqlstate, "{wrong}");
    }
    w.does("create schema if not exists s");
    // A transaction takes it back.
    w.does("create table s.t as select 1 as a");
    w.does("begin");
    w.does("alter schema s rename to n");
    assert_eq!(w.rows("select a from n.t"), ["1"]);
    w.does("rollback");
    assert_eq!(w.rows("select a from s.t"), ["1"]);
}

#[test]
fn owners_are_told() {
    let mut w = Warehouse::new();
    w.does("create user keeper password disable");
    w.does("create schema s");
    w.does("create table s.t (a int)");
    w.does("create view s.v as select a from s.t");
    w.does("alter schema s owner to keeper");
    w.does("alter table s.t owner to keeper");
    w.does("alter table s.v owner to keeper");
    w.does("alter table s.t add column b int");
    w.does("alter table s.t rename to u");
    let id = w.rows("select usesysid from pg_user where usename = 'keeper'");
    assert_eq!(w.rows("select schema_owner from svv_all_schemas where schema_name = 's'"), id);
    assert_eq!(w.rows("select nspowner from pg_namespace where nspname = 's'"), id);
    assert_eq!(w.rows("select distinct relowner from pg_class where relname in ('u', 'v')"), id);
    assert_eq!(w.rows("select tableowner from pg_tables where tablename = 'u'"), ["keeper"]);
    assert_eq!(w.rows("select viewowner from pg_views where viewname = 'v'"), ["keeper"]);
    assert_eq!(w.rows("select schema_owner from information_schema.schemata where schema_name = 's'"), ["keeper"]);
    assert_eq!(w.refuses("alter table s.u owner to nobody"), "42704");
    w.does("alter table s.u owner to dwhadmin");
    assert_eq!(w.rows("select tableowner from pg_tables where tablename = 'u'"), ["dwhadmin"]);
    w.does("drop table s.u cascade");
    w.does("create table s.u (a int)");
    w.does("alter table s.u owner to keeper");
    w.does("drop table s.u");
    w.does("create table s.u (a int)");
    assert_eq!(w.rows("select tableowner from pg_tables where tablename = 'u'"), ["dwhadmin"]);
}
