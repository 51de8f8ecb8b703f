//! The system tables and views, by families, in DuckDB's SQL. Tables, and what the engine itself reads, are created with the file
//! of a database; the views are temporary ones that a session creates when a statement reads them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The schema of the system tables and functions, the last of every search path.
pub(super) const SYSTEM_SCHEMA: &str = "redshift_system";

/// What the file of a database has.
pub const DEFINITIONS: &str = concat!(include_str!("system/kept.sql"), include_str!("system/relations.sql"));

/// The functions that tell of privileges, which stand after the other functions.
pub const PRIVILEGE_FUNCTIONS: &str = include_str!("system/privilege_functions.sql");

/// The tables of a session that the views of the catalog read, and what fills them.
pub const CATALOG_TABLES: &str = include_str!("system/catalog_tables.sql");
const CATALOG_ROWS: &str = include_str!("system/catalog_rows.sql");

const VIEWS: &str = concat!(
    include_str!("system/statements.sql"),
    include_str!("system/pg.sql"),
    include_str!("system/privileges.sql"),
    include_str!("system/information_schema.sql"),
    include_str!("system/stl.sql"),
    include_str!("system/stv.sql"),
    include_str!("system/sys.sql"),
    include_str!("system/svv.sql"),
);

/// The statements that create the views, by their names.
static STATEMENTS: LazyLock<BTreeMap<&str, String>> = LazyLock::new(|| {
    by_name(VIEWS, "CREATE TEMP VIEW ", " AS")
        .map(|(name, text)| (name, format!("CREATE OR REPLACE TEMP VIEW {text}")))
        .collect()
});

/// The statements that create the tables of the catalog and fill them, by their names.
static TABLES: LazyLock<BTreeMap<&str, String>> = LazyLock::new(|| {
    let rows: BTreeMap<&str, &str> = by_name(CATALOG_ROWS, "INSERT INTO temp.main.", " BY NAME").collect();
    let table = |(name, text): (&'static str, &'static str)| {
        let rows = rows.get(name)?;
        Some((name, format!("CREATE OR REPLACE TEMP TABLE {text}; INSERT INTO temp.main.{rows}")))
    };
    by_name(CATALOG_TABLES, "CREATE TEMP TABLE ", " (").filter_map(table).collect()
});

/// The statements of a file that begin so, each by the name that stands before `end`.
fn by_name(
    file: &'static str,
    begin: &'static str,
    end: &'static str,
) -> impl Iterator<Item = (&'static str, &'static str)> {
    let texts = file.split(begin).skip(1).filter_map(|text| text.split(";\n").next());
    texts.filter_map(move |text| Some((text.split_once(end)?.0, text)))
}

/// The statements that create a system view, or a table of the catalog; `None` where there is none of this name.
pub fn definition(name: &str) -> Option<&'static str> {
    STATEMENTS.get(name).or_else(|| TABLES.get(name)).map(String::as_str)
}

/// The names of the tables of the catalog.
pub fn catalog_tables() -> impl Iterator<Item = &'static str> {
    TABLES.keys().copied()
}

/// Returns true if there is a system view of this name.
pub fn contains(name: &str) -> bool {
    STATEMENTS.contains_key(name)
}

/// Their names.
#[cfg(test)]
pub fn names() -> impl Iterator<Item = &'static str> {
    STATEMENTS.keys().copied()
}
