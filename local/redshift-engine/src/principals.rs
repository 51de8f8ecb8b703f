//! Users, groups and roles come, change and go.

use super::error::SqlError;
use super::session::Session;
use super::{batch, grant};
use redshift_sql::{PrincipalKind, Principals, RoleGrant};

/// Runs a statement about users, groups or roles. The cluster's admin is there without one.
pub fn change(session: &mut Session, change: &Principals) -> Result<i64, SqlError> {
    session.follow_cluster()?;
    if change.new.iter().any(|(kind, name)| *kind == PrincipalKind::User && *name == session.admin) {
        return Err(SqlError::new("42710", format!("user \"{}\" already exists", session.admin)));
    }
    let done = session.defined(|session| apply(session, change))?;
    session.principals_changed().map(|()| done)
}

/// Runs GRANT ROLE or REVOKE ROLE.
pub fn grant_roles(session: &mut Session, change: &RoleGrant) -> Result<i64, SqlError> {
    session.follow_cluster()?;
    let done = session.defined(|session| grant::apply_roles(session, change))?;
    session.principals_changed().map(|()| done)
}

/// Runs a statement where all that it names is as it must be.
fn apply(session: &Session, change: &Principals) -> Result<(), SqlError> {
    let exists = |kind: PrincipalKind, name: &String| -> Result<bool, SqlError> {
        let sql = format!("SELECT count(*) > 0 FROM {} WHERE name = ?", kind.table());
        Ok(session.connection.query_row(&sql, [name], |row| row.get(0))?)
    };
    for (kind, name) in &change.new {
        if exists(*kind, name)? {
            return Err(SqlError::new("42710", format!("{} \"{name}\" already exists", kind.word())));
        }
    }
    for (kind, name) in &change.known {
        if !exists(*kind, name)? {
            return Err(SqlError::new("42704", format!("{} \"{name}\" does not exist", kind.word())));
        }
    }
    let sql = "SELECT (SELECT count(*) FROM redshift_system.redshift_privileges WHERE identity = ? AND identity_type = ?) \
               + (SELECT count(*) FROM redshift_system.redshift_owners WHERE owner = ? AND ? = 'user') \
               + (SELECT count(*) FROM redshift_system.redshift_role_grants WHERE role_name = ? AND ? = 'role') > 0";
    for (kind, name) in &change.unused {
        let word = kind.word();
        if session.connection.query_row(
            sql,
            [name.as_str(), word, name.as_str(), word, name.as_str(), word],
            |row| row.get(0),
        )? && exists(*kind, name)?
        {
            let message =
                format!("{word} \"{name}\" can't be dropped because it owns or has a privilege on some object");
            return Err(SqlError::new("2BP01", message));
        }
    }
    batch::run(session, &change.statements)
}
