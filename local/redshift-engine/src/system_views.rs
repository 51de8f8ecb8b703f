//! The views of `redshift_system`, by their names.

use std::collections::BTreeSet;
use std::sync::LazyLock;

/// The schema of the system views and functions, the last of every search path.
pub(super) const SYSTEM_SCHEMA: &str = "redshift_system";

/// As `system.sql` defines them.
static NAMES: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
    let definitions = include_str!("system.sql").split("redshift_system.").skip(1);
    definitions.filter_map(|text| text.split([' ', '(', '\n', ';']).next()).collect()
});

/// Whether `redshift_system` has a view of this name.
pub fn contains(name: &str) -> bool {
    NAMES.contains(name)
}
