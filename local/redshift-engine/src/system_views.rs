//! The system tables and views, by families. DuckDB's SQL, run once when the file of a database is created; a view stands
//! after those that it reads.

use std::collections::BTreeSet;
use std::sync::LazyLock;

/// The schema of the system views and functions, the last of every search path.
pub(super) const SYSTEM_SCHEMA: &str = "redshift_system";

/// The definitions of all of them.
pub const DEFINITIONS: &str = concat!(
    include_str!("system/kept.sql"),
    include_str!("system/statements.sql"),
    include_str!("system/relations.sql"),
    include_str!("system/pg.sql"),
    include_str!("system/privileges.sql"),
    include_str!("system/information_schema.sql"),
    include_str!("system/stl.sql"),
    include_str!("system/stv.sql"),
    include_str!("system/sys.sql"),
    include_str!("system/svv.sql"),
);

static NAMES: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
    let definitions = DEFINITIONS.split("redshift_system.").skip(1);
    definitions.filter_map(|text| text.split([' ', '(', '\n', ';']).next()).collect()
});

/// Returns true if `redshift_system` has a view of this name.
pub fn contains(name: &str) -> bool {
    NAMES.contains(name)
}
