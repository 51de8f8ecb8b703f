//! Statements that once said done and did nothing: honoured, or refused.

use super::Warehouse;

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
