//! Who owns schemas and relations, where that was said: kept, and shown by the catalog. What was not said is owned by whoever
//! asks.

use super::batch;
use super::error::SqlError;
use super::session::Session;
use redshift_sql::literal;

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
