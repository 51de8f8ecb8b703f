//! SHOW TABLE: parts of the statement that it answers.

use super::Warehouse;

fn shown(w: &mut Warehouse, table: &str) -> String {
    w.rows(&format!("show table {table}")).join("\n")
}

#[test]
fn keys_follow_their_columns() {
    let mut w = Warehouse::new();
    w.does("create table artists (artist_id int not null, name varchar(20) unique, at int)");
    w.does("alter table artists add constraint one primary key (artist_id)");
    w.does("alter table artists rename column artist_id to id");
    w.does("alter table artists drop column name");
    let shown = shown(&mut w, "artists");
    assert!(shown.contains("    PRIMARY KEY (id)\n)") && !shown.contains("UNIQUE"), "{shown}");
}

#[test]
fn encodings_are_those_that_were_asked_for() {
    let mut w = Warehouse::new();
    w.does("create table t (a int, b int)");
    w.does("alter table t add column c varchar(5) encode zstd default 'x' || 'y'");
    let shown = shown(&mut w, "t");
    assert!(shown.contains("c character varying(5) DEFAULT 'x' || 'y' ENCODE zstd"), "{shown}");
}

#[test]
fn defaults_are_as_they_were_written() {
    let mut w = Warehouse::new();
    w.does("create table t (a int, c timestamp default getdate()) sortkey(a)");
    let shown = shown(&mut w, "t");
    assert!(shown.contains("c timestamp without time zone DEFAULT getdate() ENCODE az64"), "{shown}");
}
