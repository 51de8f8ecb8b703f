//! OWNER TO: the catalogs name an owner by its number.

use super::Warehouse;

#[test]
fn owners_have_their_numbers() {
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
}
