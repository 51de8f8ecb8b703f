//! What a user may do: what they own, and what was granted to them, to PUBLIC, to their groups and to their roles. It is
//! loaded once for each state of the catalog. Superusers may do everything, and nothing is loaded for them.

use std::collections::{HashMap, HashSet};

use duckdb::OptionalExt;

use super::error::SqlError;
use super::session::Session;
use redshift_sql::GrantKind;

/// The role whose members may do what superusers may.
const SUPERUSER_ROLE: &str = "sys:superuser";

/// What shows the tables of the system that superusers alone see, and the rows of others.
pub const ACCESS_SYSTEM_TABLE: &str = "ACCESS SYSTEM TABLE";

/// What the roles of the system have (r_roles-default).
const SYSTEM_ROLES: &[(&str, &[&str])] = &[
    ("sys:monitor", &[ACCESS_SYSTEM_TABLE, "ACCESS CATALOG"]),
    ("sys:operator", &[ACCESS_SYSTEM_TABLE, "ACCESS CATALOG", "ANALYZE", "VACUUM", "CANCEL"]),
    (
        "sys:dba",
        &[
            ACCESS_SYSTEM_TABLE,
            "ACCESS CATALOG",
            "ANALYZE",
            "VACUUM",
            "CANCEL",
            "CREATE SCHEMA",
            "DROP SCHEMA",
            "CREATE TABLE",
            "DROP TABLE",
            "TRUNCATE TABLE",
            "CREATE OR REPLACE PROCEDURE",
            "DROP PROCEDURE",
            "CREATE OR REPLACE FUNCTION",
            "DROP FUNCTION",
            "CREATE OR REPLACE EXTERNAL FUNCTION",
            "CREATE OR REPLACE VIEW",
            "DROP VIEW",
        ],
    ),
    ("sys:secadmin", &["CREATE USER", "ALTER USER", "DROP USER", "CREATE ROLE", "DROP ROLE", "GRANT ROLE"]),
];

/// A user of a session.
#[derive(Debug, Default)]
pub enum Account {
    /// The admin of the cluster, and whom AWS lets in under a name that no CREATE USER made.
    #[default]
    Admin,
    /// One that CREATE USER made with CREATEUSER.
    Superuser,
    Restricted(Box<Rights>),
}

/// A privilege on an object: its kind, schema, name and column, which is empty for all of them.
type Granted = (String, String, String, String, String);

/// What a user may do who is no superuser.
#[derive(Debug)]
pub struct Rights {
    pub user: String,
    pub creates_databases: bool,
    /// True where the system views show what others have done.
    pub reads_system_log: bool,
    owned: HashSet<(String, String)>,
    /// And whether the user may grant it.
    granted: HashMap<Granted, bool>,
    system: HashSet<String>,
    roles: HashMap<String, bool>,
}

impl Account {
    /// What a user may do.
    pub fn load(session: &Session, user: &str) -> Result<Self, SqlError> {
        if user == session.admin {
            return Ok(Self::Admin);
        }
        let sql = "SELECT is_superuser, creates_databases, coalesce(reads_system_log, false) FROM redshift_system.redshift_users WHERE name = ?";
        let row = |row: &duckdb::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        match session.connection.query_row(sql, [user], row).optional()? {
            None => Ok(Self::Admin),
            Some((true, ..)) => Ok(Self::Superuser),
            Some((false, creates_databases, reads_system_log)) => {
                let loaded = Rights::load(session, user)?;
                let reads_system_log = reads_system_log || loaded.has_system(ACCESS_SYSTEM_TABLE);
                let rights = Rights { creates_databases, reads_system_log, ..loaded };
                Ok(match rights.has_role(SUPERUSER_ROLE) {
                    true => Self::Superuser,
                    false => Self::Restricted(Box::new(rights)),
                })
            }
        }
    }

    /// `None` for users who may do everything.
    pub fn rights(&self) -> Option<&Rights> {
        match self {
            Self::Restricted(rights) => Some(rights),
            _ => None,
        }
    }
}

impl Rights {
    fn load(session: &Session, user: &str) -> Result<Self, SqlError> {
        let sql = "SELECT p.kind, p.schema_name, p.object_name, coalesce(p.column_name, ''), p.privilege, bool_or(p.grantable) \
                   FROM redshift_system.redshift_privileges p JOIN redshift_system.redshift_identities(?) i \
                   ON p.identity = i.identity AND p.identity_type = i.identity_type GROUP BY ALL";
        let mut statement = session.connection.prepare(sql)?;
        let row = |row: &duckdb::Row<'_>| {
            Ok(((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?), row.get::<_, bool>(5)?))
        };
        let granted: HashMap<Granted, bool> = statement.query_map([user], row)?.collect::<Result<_, _>>()?;
        let sql = "SELECT schema_name, object_name FROM redshift_system.redshift_owners WHERE owner = ?";
        let mut statement = session.connection.prepare(sql)?;
        let row = |row: &duckdb::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let owned = statement.query_map([user], row)?.collect::<Result<_, _>>()?;
        let sql = "SELECT i.identity, coalesce(bool_or(g.admin_option), false) FROM redshift_system.redshift_identities(?) i \
                   LEFT JOIN redshift_system.redshift_role_grants g \
                   ON g.role_name = i.identity AND g.grantee = ? AND g.grantee_type = 'user' \
                   WHERE i.identity_type = 'role' GROUP BY i.identity";
        let mut statement = session.connection.prepare(sql)?;
        let row = |row: &duckdb::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let roles: HashMap<String, bool> = statement.query_map([user, user], row)?.collect::<Result<_, _>>()?;
        let own = SYSTEM_ROLES.iter().filter(|(role, _)| roles.contains_key(*role));
        let own = own.flat_map(|(_, privileges)| privileges.iter().map(|name| (*name).to_owned()));
        let of_roles = granted.keys().filter(|(kind, ..)| kind == GrantKind::System.word());
        let system = of_roles.map(|(.., privilege)| privilege.clone()).chain(own).collect();
        let user = user.to_owned();
        Ok(Self { user, creates_databases: false, reads_system_log: false, owned, granted, system, roles })
    }

    /// Returns true for the owner of a relation; of a schema, where the name of the relation is empty.
    pub fn owns(&self, schema: &str, relation: &str) -> bool {
        self.owned.contains(&(schema.to_owned(), relation.to_owned()))
    }

    /// A privilege on an object, or on all objects of its kind in its schema or in the database.
    pub fn has(&self, kind: GrantKind, schema: &str, object: &str, privilege: &str) -> bool {
        let scopes = [(schema, object), (schema, ""), ("", "")];
        scopes.iter().any(|(schema, object)| self.granted(kind.word(), schema, object, "", privilege).is_some())
    }

    pub fn has_column(&self, schema: &str, relation: &str, column: &str, privilege: &str) -> bool {
        self.granted("COLUMN", schema, relation, column, privilege).is_some()
    }

    /// Returns true if there is a privilege of this name on any column of a relation.
    pub fn has_columns(&self, schema: &str, relation: &str, privilege: &str) -> bool {
        self.granted.keys().any(|(kind, of_schema, of_relation, _, name)| {
            kind == "COLUMN" && of_schema == schema && of_relation == relation && name == privilege
        })
    }

    pub fn may_grant(&self, kind: GrantKind, schema: &str, object: &str, privilege: &str) -> bool {
        self.granted(kind.word(), schema, object, "", privilege) == Some(true)
    }

    fn granted(&self, kind: &str, schema: &str, object: &str, column: &str, privilege: &str) -> Option<bool> {
        let [kind, schema, object, column, privilege] = [kind, schema, object, column, privilege].map(str::to_owned);
        self.granted.get(&(kind, schema, object, column, privilege)).copied()
    }

    /// A privilege of roles that is on no object, such as CREATE USER.
    pub fn has_system(&self, privilege: &str) -> bool {
        self.system.contains(privilege)
    }

    pub fn has_role(&self, role: &str) -> bool {
        self.roles.contains_key(role)
    }

    pub fn may_grant_role(&self, role: &str) -> bool {
        self.has_system("GRANT ROLE") || self.roles.get(role) == Some(&true)
    }

    pub fn may_use(&self, schema: &str) -> bool {
        self.owns(schema, "") || self.has(GrantKind::Schema, schema, schema, "USAGE")
    }

    /// Returns true if the user may create relations in a schema.
    pub fn may_create_in(&self, schema: &str) -> bool {
        self.owns(schema, "") || self.has(GrantKind::Schema, schema, schema, "CREATE")
    }

    /// `database` is the one of the session.
    pub fn has_on_database(&self, database: &str, privilege: &str) -> bool {
        ["", database].iter().any(|name| self.has(GrantKind::Database, name, name, privilege))
    }
}
