//! System views, which each session creates when it reads them, over the catalog as the session sees it.

use super::super::Session;
use super::Warehouse;

const TABLES: &str = "select relname from pg_class where relkind = 'r' order by relname";

fn session(w: &Warehouse) -> Session {
    Session::new(w.session.system.clone(), "dwhadmin").expect("session")
}

fn names(session: &mut Session, w: &Warehouse, sql: &str) -> Vec<String> {
    let outcome = session.run(sql, &w.access, 1).unwrap_or_else(|error| panic!("{sql}\n{error}"));
    outcome.rows.expect("rows").rows.iter().map(|row| super::shown(&row[0])).collect()
}

#[test]
fn a_session_sees_its_own_transaction_and_what_others_have_committed() {
    let mut w = Warehouse::new();
    let mut other = session(&w);
    w.does("create table a (x int)");
    assert_eq!(names(&mut other, &w, TABLES), ["a"]);
    w.does("begin");
    w.does("create table b (x int)");
    assert_eq!(w.rows(TABLES), ["a", "b"]);
    assert_eq!(names(&mut other, &w, TABLES), ["a"]);
    w.does("drop table a");
    assert_eq!(w.rows(TABLES), ["b"]);
    w.does("rollback");
    assert_eq!(w.rows(TABLES), ["a"]);
    w.does("begin");
    w.does("create table c (x int)");
    assert_eq!(w.rows(TABLES), ["a", "c"]);
    w.does("commit");
    assert_eq!(names(&mut other, &w, TABLES), ["a", "c"]);
    assert_eq!(w.rows(TABLES), ["a", "c"]);
}

#[test]
fn views_of_a_session_are_no_relations_of_the_user() {
    let mut w = Warehouse::new();
    w.rows("select count(*) from stl_query, svv_tables");
    w.does("create view v as select 1 as a");
    assert_eq!(w.rows("select table_name from information_schema.tables"), ["v"]);
    assert_eq!(w.rows("select viewname from pg_views"), ["v"]);
}

#[test]
fn a_transaction_reads_views_that_it_is_the_first_to_read() {
    let mut w = Warehouse::new();
    w.does("create table a (x int)");
    for end in ["rollback", "commit"] {
        w.does("begin");
        w.does("insert into a values (1)");
        assert_eq!(
            w.rows("select column_name, data_type from information_schema.columns where table_name = 'a'"),
            ["x|integer"]
        );
        assert_eq!(w.rows("select count(*) from svv_mv_info"), ["0"]);
        w.does(end);
        assert_eq!(w.rows(TABLES), ["a"]);
    }
    assert_eq!(w.rows("select count(*) from a"), ["1"]);
}

#[test]
fn a_users_view_over_system_views_is_read_by_every_session() {
    let mut w = Warehouse::new();
    w.does("create table a (x int)");
    w.does("create view big as select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where relkind = 'r'");
    w.does("create view late as select relname from pg_catalog.pg_class where relkind = 'r' with no schema binding");
    w.does("create view again as select relname from big");
    for view in ["again", "late", "big"] {
        let mut other = session(&w);
        assert_eq!(names(&mut other, &w, &format!("select relname from {view}")), ["a"]);
        w.does("create table b (x int)");
        assert_eq!(names(&mut other, &w, &format!("select relname from {view} order by relname")), ["a", "b"]);
        w.does("drop table b");
    }
}

/// <https://docs.aws.amazon.com/redshift/latest/dg/r_search_path.html>: PG_CATALOG is searched before every other schema.
#[test]
fn system_views_are_found_beside_names_of_the_users() {
    let mut w = Warehouse::new();
    w.does("create table a (x int)");
    let named = "with pg_class as (select relname from pg_catalog.pg_class where relkind = 'r') select * from pg_class";
    assert_eq!(w.rows(named), ["a"]);
    assert_eq!(w.rows("select count(*) from a temp, pg_class where pg_class.relname = 'a'"), ["0"]);
    assert_eq!(w.rows("select pg_class.relname from pg_class where relname = 'a'"), ["a"]);
    assert_eq!(w.refuses("select * from redshift_catalog_relations"), "42P01");
}
