//! The kinds of objects that privileges are for, and the privileges that there are on each (r_GRANT).

/// The kind of object that a privilege is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantKind {
    Table,
    Schema,
    Database,
    Function,
    Procedure,
    Language,
    /// Not on an object: what a role may do (r_roles-system-privileges).
    System,
}

impl GrantKind {
    /// Its word in the catalog.
    pub fn word(self) -> &'static str {
        match self {
            Self::Table => "TABLE",
            Self::Schema => "SCHEMA",
            Self::Database => "DATABASE",
            Self::Function => "FUNCTION",
            Self::Procedure => "PROCEDURE",
            Self::Language => "LANGUAGE",
            Self::System => "SYSTEM",
        }
    }

    /// The privileges that there are on objects of the kind: those of ALL.
    pub fn privileges(self) -> &'static [&'static str] {
        match self {
            Self::Table => &["SELECT", "INSERT", "UPDATE", "DELETE", "DROP", "REFERENCES", "ALTER", "TRUNCATE"],
            Self::Schema => &["CREATE", "USAGE", "ALTER", "DROP"],
            Self::Database => &["CREATE", "TEMPORARY", "USAGE", "ALTER"],
            Self::Function | Self::Procedure => &["EXECUTE"],
            Self::Language => &["USAGE"],
            Self::System => SYSTEM,
        }
    }
}

/// What can be granted to roles (r_roles-system-privileges).
const SYSTEM: &[&str] = &[
    "CREATE USER",
    "DROP USER",
    "ALTER USER",
    "CREATE ROLE",
    "DROP ROLE",
    "GRANT ROLE",
    "CREATE SCHEMA",
    "DROP SCHEMA",
    "CREATE TABLE",
    "DROP TABLE",
    "ALTER TABLE",
    "TRUNCATE TABLE",
    "CREATE OR REPLACE FUNCTION",
    "CREATE OR REPLACE EXTERNAL FUNCTION",
    "DROP FUNCTION",
    "CREATE OR REPLACE PROCEDURE",
    "DROP PROCEDURE",
    "CREATE OR REPLACE VIEW",
    "DROP VIEW",
    "CREATE MODEL",
    "DROP MODEL",
    "CREATE DATASHARE",
    "ALTER DATASHARE",
    "DROP DATASHARE",
    "CREATE LIBRARY",
    "DROP LIBRARY",
    "CANCEL",
    "VACUUM",
    "ANALYZE",
    "ACCESS SYSTEM TABLE",
    "ACCESS CATALOG",
    "ALTER DEFAULT PRIVILEGES",
    "EXPLAIN RLS",
    "IGNORE RLS",
    "EXPLAIN MASKING",
];
