//! Nothing that a client sends makes a connection or a statement panic.

use redshift_sql::testing::fuzz_with;

use crate::fuzz_entry::{Warehouse, conversation};

/// Whole connections: startup, password, simple and extended messages.
#[test]
fn the_connections_of_postgresql() {
    let warehouse = Warehouse::new();
    fuzz_with("wire", conversation, |bytes| drop(warehouse.converse(bytes)));
}
