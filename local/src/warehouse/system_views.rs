//! The views of `redshift_system`, by their names.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use redshift_sql::Catalog;

/// As `system.sql` defines them.
static NAMES: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
    let definitions = include_str!("system.sql").split("redshift_system.").skip(1);
    definitions.filter_map(|text| text.split([' ', '(', '\n', ';']).next()).collect()
});

#[derive(Debug)]
pub struct SystemViews;

impl Catalog for SystemViews {
    fn is_system_view(&self, name: &str) -> bool {
        NAMES.contains(name)
    }
}
