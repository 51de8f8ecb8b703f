//! What a statement says beside its answer.

use super::Warehouse;

#[test]
fn a_view_that_is_not_there_is_skipped() {
    let mut w = Warehouse::new();
    w.does("create schema one");
    w.does("create schema two");
    w.does("create view one.unbound as select s from one.missing with no schema binding");
    w.does("set search_path to two");
    w.does("drop view if exists unbound");
    assert_eq!(w.session.take_notices(), ["View \"unbound\" does not exist and will be skipped"]);
    w.does("drop view if exists one.unbound");
    assert!(w.session.take_notices().is_empty(), "it was there");
}

#[test]
fn a_table_that_is_there_is_skipped() {
    let mut w = Warehouse::new();
    w.does("create schema one");
    w.does("set search_path to one, public");
    w.does("create table public.u (a int)");
    w.does("create table if not exists u (a int)");
    assert!(w.session.take_notices().is_empty(), "it is in another schema");
    w.does("create table if not exists u (a int)");
    assert_eq!(w.session.take_notices(), ["Relation \"u\" already exists and will be skipped"]);
}

#[test]
fn a_temporary_table_is_dropped_before_another_of_its_name() {
    let mut w = Warehouse::new();
    w.does("create table base (id int primary key)");
    w.does("create view reads as select id from base");
    w.does("create temp table base (id int)");
    w.does("drop table if exists base");
    assert!(w.session.take_notices().is_empty(), "the temporary one was there");
}

#[test]
fn a_transaction_that_is_open_already_or_is_not_open() {
    let mut w = Warehouse::new();
    w.does("begin read only");
    w.does("begin read write");
    assert_eq!(w.session.take_notices(), ["there is already a transaction in progress"]);
    w.does("end transaction");
    w.does("commit");
    assert_eq!(w.session.take_notices(), ["there is no transaction in progress"]);
}
