//! Who owns schemas and relations: kept, and shown by the catalog. What nobody is kept for is owned by the admin of the cluster.

use super::batch;
use super::error::SqlError;
use super::rights::Account;
use super::session::Session;
use redshift_sql::{Name, literal};

/// Gives a relation to a user; with an empty name, the schema itself. `admin` is the cluster's, which no CREATE USER made.
pub fn set(session: &Session, admin: &str, schema: &str, relation: &str, owner: &str) -> Result<(), SqlError> {
    require(session, admin, owner)?;
    let place = format!("{}, {}", literal(schema), literal(relation));
    batch::run(
        session,
        &[
            format!("DELETE FROM redshift_system.redshift_owners WHERE (schema_name, object_name) = ({place})"),
            format!("INSERT INTO redshift_system.redshift_owners VALUES ({place}, {})", literal(owner)),
        ],
    )
}

/// Refuses an owner that is no user.
pub fn require(session: &Session, admin: &str, owner: &str) -> Result<(), SqlError> {
    let sql = "SELECT count(*) > 0 FROM redshift_system.redshift_users WHERE name = ?";
    let is_created: bool = session.connection.query_row(sql, [owner], |row| row.get(0))?;
    match is_created || owner == session.user() || owner == admin {
        true => Ok(()),
        false => Err(SqlError::new("42704", format!("user \"{owner}\" does not exist"))),
    }
}

/// A schema that was created belongs to the user of the session.
pub fn note_schema(session: &Session, schema: &str) -> Result<(), SqlError> {
    note(session, schema, "")
}

/// A relation that was created belongs to the user of the session, and has the default privileges that it was created with
/// (r_ALTER_DEFAULT_PRIVILEGES). A view that was replaced stays whose it was.
pub fn note_relation(session: &Session, name: &Name) -> Result<(), SqlError> {
    // A temporary table goes with its session.
    let Some(schema) = &name.schema else { return Ok(()) };
    note(session, schema, &name.table)?;
    let [user, schema, table] = [session.user(), schema, &name.table].map(literal);
    let sql = format!(
        "INSERT INTO redshift_system.redshift_privileges \
         (kind, schema_name, object_name, privilege, identity, identity_type, grantable, grantor) \
         SELECT 'TABLE', {schema}, {table}, privilege, identity, identity_type, bool_or(grantable), {user} \
         FROM redshift_system.redshift_default_privileges d \
         WHERE owner = {user} AND kind = 'TABLE' AND schema_name IN ('', {schema}) AND NOT EXISTS \
             (FROM redshift_system.redshift_privileges p WHERE p.kind = 'TABLE' AND p.schema_name = {schema} \
              AND p.object_name = {table} AND p.privilege = d.privilege AND p.identity = d.identity) \
         GROUP BY privilege, identity, identity_type"
    );
    batch::run(session, &[sql])
}

/// The admin is kept nowhere: what nobody else owns is theirs.
fn note(session: &Session, schema: &str, relation: &str) -> Result<(), SqlError> {
    if matches!(session.account, Account::Admin) {
        return Ok(());
    }
    let [schema, relation, user] = [schema, relation, session.user()].map(literal);
    let sql = format!(
        "INSERT INTO redshift_system.redshift_owners SELECT {schema}, {relation}, {user} WHERE NOT EXISTS \
         (FROM redshift_system.redshift_owners WHERE (schema_name, object_name) = ({schema}, {relation}))"
    );
    batch::run(session, &[sql])
}
