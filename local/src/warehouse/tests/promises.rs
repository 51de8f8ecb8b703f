//! Statements that once said done and did nothing: honoured, or refused.

use super::Warehouse;

#[test]
fn settings_that_change_answers_are_honoured_or_refused() {
    let mut w = Warehouse::new();
    for (wrong, sqlstate) in [
        ("set nosuch to 1", "42704"),
        ("reset nosuch", "42704"),
        ("set server_version to '9'", "55P02"),
        ("set datestyle to 'ISO, DMY'", "0A000"),
        ("set client_encoding to latin1", "0A000"),
        ("set json_serialization_enable to true", "0A000"),
        ("set enable_numeric_rounding = on", "0A000"),
        ("set cast_super_null_on_error to off", "0A000"),
    ] {
        assert_eq!(w.refuses(wrong), sqlstate, "{wrong}");
    }
    for known in [
        "set datestyle to 'ISO'",
        "set datestyle to iso, mdy",
        "set client_encoding to 'UTF8'",
        "set enable_numeric_rounding to default",
        "set cast_super_null_on_error to true",
        "set statement_timeout to 60000",
        "set application_name = 'x'",
        "reset all",
    ] {
        w.does(known);
    }
}

#[test]
fn maintenance_is_of_what_is_there() {
    let mut w = Warehouse::new();
    w.does("create table t (a int, b int)");
    for known in [
        "analyze",
        "analyze verbose t",
        "analyze t (a, b) predicate columns",
        "analyze public.t",
        "vacuum",
        "vacuum full",
        "vacuum sort only t to 75 percent boost",
        "vacuum delete only public.t",
        "lock t",
        "lock table t, public.t in access exclusive mode",
    ] {
        w.does(known);
    }
    for wrong in ["analyze nosuch", "vacuum full nosuch", "lock t, nosuch", "analyze nosuch.t"] {
        assert_eq!(w.refuses(wrong), "42P01", "{wrong}");
    }
    for wrong in ["analyze compression t", "discard all"] {
        assert_eq!(w.refuses(wrong), "0A000", "{wrong}");
    }
    assert_eq!(w.refuses("truncate t cascade"), "42601");
}

#[test]
fn users_are_what_was_said_of_them() {
    let mut w = Warehouse::new();
    w.does("create table t (a int)");
    w.does("create group readers");
    w.does("create user ann password 'Abcd1234' in group readers valid until '2031-02-03' connection limit 5 syslog access unrestricted session timeout 120");
    let until = "select valuntil from pg_user where usename = 'ann'";
    assert_eq!(w.rows(until), ["2031-02-03 00:00:00"]);
    w.does("alter user ann with valid until '2032-01-01' createdb");
    assert_eq!(w.rows(until), ["2032-01-01 00:00:00"]);
    for (wrong, sqlstate) in [
        ("alter user ann set search_path to x", "0A000"),
        ("create user eve password 'sha256|0123'", "0A000"),
        ("alter user ann nonsense", "42601"),
        ("alter user nosuch createdb", "42704"),
        ("create user eve password disable in group nosuch", "42704"),
        ("create group more with user nosuch", "42704"),
        ("alter group readers add user nosuch", "42704"),
        ("alter group readers add user ann, nosuch", "42704"),
    ] {
        assert_eq!(w.refuses(wrong), sqlstate, "{wrong}");
    }
    w.does("grant select on t to ann");
    assert_eq!(w.refuses("drop user ann"), "2BP01");
    w.does("create user bea password disable");
    assert_eq!(w.refuses("alter user ann rename to bea"), "42710");
    w.does("alter user ann rename to eve");
    assert_eq!(w.rows("select identity_name from svv_relation_privileges"), ["eve"]);
    w.does("revoke select on t from eve");
    w.does("alter table t owner to eve");
    assert_eq!(w.refuses("drop user eve"), "2BP01");
    w.does("drop table t");
    w.does("drop user eve");
    assert_eq!(w.rows("select count(*) from pg_user where usename = 'eve'"), ["0"]);
}

#[test]
fn a_grant_option_can_be_revoked_and_schemas_must_be_there() {
    let mut w = Warehouse::new();
    w.does("create table t (a int)");
    w.does("grant select, insert on t to ann with grant option");
    w.does("revoke grant option for select on t from ann");
    assert_eq!(
        w.rows("select privilege_type, admin_option from svv_relation_privileges order by 1"),
        ["INSERT|true", "SELECT|false"]
    );
    for wrong in ["grant usage on schema nosuch to ann", "grant select on all tables in schema nosuch to ann"] {
        assert_eq!(w.refuses(wrong), "3F000", "{wrong}");
    }
}

#[test]
fn a_database_is_created_as_it_was_asked_for_or_not_at_all() {
    let mut w = Warehouse::new();
    for wrong in [
        "create database d collate case_insensitive",
        "create database d with owner somebody",
        "create database d from datashare x of account '1'",
    ] {
        assert_eq!(w.refuses(wrong), "0A000", "{wrong}");
    }
    assert_eq!(w.refuses("create database d nonsense"), "42601");
    w.does("create database d with connection limit unlimited isolation level snapshot collate case_sensitive");
    assert_eq!(w.refuses("create database d"), "42P04");
}

#[test]
fn a_view_can_be_read_or_is_refused() {
    let mut w = Warehouse::new();
    w.does("create table cust (id int)");
    w.does("create table ord (cid int)");
    w.does("insert into cust values (1), (2)");
    w.does("insert into ord values (2)");
    for binding in ["", " with no schema binding"] {
        let view = "create view active as select id from public.cust \
                    where exists (select 1 from public.ord where ord.cid = cust.id)";
        match w.run(&format!("{view}{binding}")) {
            Ok(_) => {
                assert_eq!(w.rows("select id from active"), ["2"]);
                w.does("drop view active");
            }
            Err(error) => assert_eq!(error.sqlstate, "0A000"),
        }
    }
}

#[test]
fn views_depend_on_what_they_read() {
    let mut w = Warehouse::new();
    w.does("create table base (a int)");
    w.does("create view on_base as select a from base");
    w.does("create view on_view as select a from on_base");
    assert_eq!(w.rows("select count(*) from pg_rewrite"), ["2"]);
    let reads = "select v.relname, t.relname from pg_depend d join pg_rewrite r on r.oid = d.objid \
                 join pg_class v on v.oid = r.ev_class join pg_class t on t.oid = d.refobjid \
                 where d.deptype = 'n' order by 1";
    assert_eq!(w.rows(reads), ["on_base|base", "on_view|on_base"]);
}
