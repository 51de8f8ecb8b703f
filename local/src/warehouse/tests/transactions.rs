//! Transactions: what one that is READ ONLY refuses, and the modes and levels that are accepted.

use super::Warehouse;

const WRITES: &[&str] = &[
    "insert into t values (2)",
    "update t set a = 3",
    "delete from t",
    "merge into t using s on t.a = s.a when matched then update set a = 4 when not matched then insert values (5)",
    "truncate t",
    "create table n (a int)",
    "select a into n from t",
    "create view n as select a from t",
    "create view n as select a from public.t with no schema binding",
    "create materialized view n as select a from t",
    "alter table t add column b int",
    "drop table t",
    "create schema n",
    "create user somebody password disable",
    "grant select on t to public",
    "comment on table t is 'x'",
    "copy t from 's3://bucket/key' iam_role default",
    "execute changes",
];

#[test]
fn a_read_only_transaction_refuses_writes() {
    let mut w = Warehouse::new();
    w.does("create table t (a int)");
    w.does("create table s (a int)");
    w.does("insert into t values (1)");
    w.does("prepare changes as insert into t values (9)");
    for begin in [
        "begin read only",
        "start transaction isolation level serializable, read only",
        "begin work isolation level read committed read only",
    ] {
        for write in WRITES {
            w.does(begin);
            assert_eq!(w.rows("show transaction_read_only"), ["on"]);
            assert_eq!(w.fails(write), "25006 transaction is read-only", "{begin}; {write}");
            assert_eq!(w.refuses("select 1"), "25P02", "the transaction has failed");
            w.does("rollback");
        }
    }
    assert_eq!(w.rows("select a from t"), ["1"]);
    w.does("insert into t values (2)");
}

#[test]
fn the_mode_of_a_transaction_is_set_before_and_within() {
    let mut w = Warehouse::new();
    w.does("create table t (a int)");
    w.does("begin");
    w.does("set transaction read only");
    assert_eq!(w.refuses("insert into t values (1)"), "25006");
    w.does("rollback");
    // Outside a transaction there is none to set.
    w.does("set transaction read only");
    w.does("insert into t values (1)");
    w.does("begin read only");
    w.does("begin read write");
    assert_eq!(w.session.take_notices(), ["there is already a transaction in progress"]);
    w.does("insert into t values (2)");
    w.does("end transaction");
    w.does("commit");
    assert_eq!(w.session.take_notices(), ["there is no transaction in progress"]);

    w.does("set session characteristics as transaction isolation level repeatable read, read only");
    assert_eq!(w.rows("show default_transaction_read_only"), ["on"]);
    assert_eq!(w.refuses("insert into t values (3)"), "25006");
    w.does("begin");
    assert_eq!(w.refuses("insert into t values (3)"), "25006");
    w.does("rollback");
    w.does("begin read write");
    w.does("insert into t values (3)");
    w.does("commit");
    w.does("set default_transaction_read_only to off");
    w.does("insert into t values (4)");
    assert_eq!(w.rows("select count(*) from t"), ["4"]);

    for (wrong, sqlstate) in [
        ("begin read", "42601"),
        ("begin isolation level chaos", "42601"),
        ("commit prepared 'x'", "42601"),
        ("set transaction_isolation to chaos", "22023"),
    ] {
        assert_eq!(w.refuses(wrong), sqlstate, "{wrong}");
    }
}
