//! GRANT and REVOKE of privileges and roles, and ALTER DEFAULT PRIVILEGES: what is granted is kept in the catalog.

use super::error::SqlError;
use super::permission::denied;
use super::session::Session;
use super::{batch, catalog, empty_views, late_binding_view, schema, system_views};
use redshift_sql::{DefaultPrivileges, Grant, GrantKind, Identity, Name, RoleGrant, literal};

const KEPT: &str = "redshift_system.redshift_privileges";
const ROLES: &str = "redshift_system.redshift_role_grants";
const DEFAULTS: &str = "redshift_system.redshift_default_privileges";

/// An object by its schema and its name, as they are kept.
type Place = (String, String);

/// GRANT or REVOKE of privileges.
///
/// # Errors
/// Where an object, a user, a group or a role does not exist, and 42501 where the user of the session may not grant it.
pub fn apply(session: &Session, grant: &Grant) -> Result<(), SqlError> {
    let mut places = Vec::new();
    for object in &grant.objects {
        places.extend(places_of(session, grant, object)?);
    }
    check_identities(session, &grant.identities)?;
    for place in &places {
        check_grantor(session, grant, place)?;
    }
    let statements: Vec<String> = places.iter().flat_map(|place| changes(session, grant, place)).collect();
    batch::run(session, &statements)
}

/// The objects that a GRANT means by a name.
fn places_of(session: &Session, grant: &Grant, object: &Name) -> Result<Vec<Place>, SqlError> {
    let Name { schema, table } = object;
    let of_schema = |name: &str| schema::require(session, name);
    match grant.kind {
        _ if grant.is_scope => {
            schema.as_ref().map_or(Ok(()), |schema| of_schema(schema))?;
            Ok(vec![(schema.clone().unwrap_or_default(), String::new())])
        }
        GrantKind::Table if grant.in_schemas => {
            of_schema(table)?;
            let sql = "SELECT schema_name, table_name FROM redshift_system.redshift_relations \
                       WHERE schema_name = ? AND NOT temporary \
                       UNION SELECT schema_name, view_name FROM redshift_system.redshift_late_binding_views WHERE schema_name = ?";
            let mut statement = session.connection.prepare(sql)?;
            let row = |row: &duckdb::Row<'_>| Ok((row.get(0)?, row.get(1)?));
            Ok(statement.query_map([table, table], row)?.collect::<Result<_, _>>()?)
        }
        _ if grant.in_schemas => of_schema(table).map(|()| vec![(table.clone(), "*".to_owned())]),
        GrantKind::Table => relation(session, object).map(|place| place.into_iter().collect()),
        GrantKind::Schema => of_schema(table).map(|()| vec![(table.clone(), table.clone())]),
        GrantKind::Database => {
            // This one has no name there: a copy of it has another.
            let name = if table == session.system.name() { String::new() } else { table.clone() };
            Ok(vec![(name.clone(), name)])
        }
        GrantKind::Function | GrantKind::Procedure => {
            Ok(vec![(schema.clone().unwrap_or_else(|| "public".to_owned()), table.clone())])
        }
        GrantKind::Language | GrantKind::System => Ok(vec![(String::new(), table.clone())]),
    }
}

/// A table or view. `None` for a temporary table, which is its session's alone.
fn relation(session: &Session, name: &Name) -> Result<Option<Place>, SqlError> {
    let found = match catalog::found(&session.connection, name)? {
        Some(found) => Some(found),
        None => late_binding_view::find(session, name)?,
    };
    match found {
        Some(Name { schema, table }) => Ok(schema.map(|schema| (schema, table))),
        // Views of the system can be granted, and are read by all.
        None if system_views::contains(&name.table) || empty_views::columns(&name.table).is_some() => {
            Ok(Some(("pg_catalog".to_owned(), name.table.clone())))
        }
        None => Err(SqlError::new("42P01", format!("relation \"{}\" does not exist", name.table))),
    }
}

/// Users whom AWS lets in, and who have no row, are named as IAM names them.
fn check_identities(session: &Session, identities: &[Identity]) -> Result<(), SqlError> {
    for Identity { name, kind, .. } in identities {
        let table = match *kind {
            "user" if name.starts_with("iam") || *name == session.admin || name == session.login() => continue,
            "user" => "redshift_system.redshift_users",
            "group" => "redshift_system.redshift_user_groups",
            "role" => "redshift_system.redshift_roles",
            _ => continue,
        };
        let sql = format!("SELECT count(*) > 0 FROM {table} WHERE name = ?");
        if !session.connection.query_row(&sql, [name], |row| row.get::<_, bool>(0))? {
            return Err(SqlError::new("42704", format!("{kind} \"{name}\" does not exist")));
        }
    }
    Ok(())
}

/// Owners and superusers grant, and who was granted a privilege with the option to.
fn check_grantor(session: &Session, grant: &Grant, (schema, object): &Place) -> Result<(), SqlError> {
    let Some(rights) = session.account.rights() else { return Ok(()) };
    let owned = if grant.kind == GrantKind::Schema { "" } else { object };
    let may = match grant.kind {
        GrantKind::Table | GrantKind::Schema => rights.owns(schema, owned),
        GrantKind::Function | GrantKind::Procedure => rights.owns(schema, ""),
        _ => false,
    };
    let is_granted = || grant.privileges.iter().all(|given| rights.may_grant(grant.kind, schema, object, &given.name));
    let (kind, name) = match grant.kind {
        GrantKind::Table => ("relation", object),
        GrantKind::Database if object.is_empty() => ("database", &session.system.name().to_owned()),
        kind => (&*kind.word().to_lowercase(), object),
    };
    match may || is_granted() {
        true => Ok(()),
        false => Err(denied(format!("permission denied for {kind} {name}"))),
    }
}

/// The statements that change what is kept for an object.
fn changes(session: &Session, grant: &Grant, (schema, object): &Place) -> Vec<String> {
    let mut statements = Vec::new();
    let [schema, object, grantor] = [schema, object, session.user()].map(literal);
    for Identity { name, kind: identity_kind, with_option } in &grant.identities {
        let (identity, identity_kind) = (literal(name), literal(identity_kind));
        for given in &grant.privileges {
            let privilege = literal(&given.name);
            let columns: Vec<Option<&String>> = match given.columns.is_empty() {
                true => vec![None],
                false => given.columns.iter().map(Some).collect(),
            };
            for column in columns {
                let kind = literal(if column.is_some() { "COLUMN" } else { grant.kind.word() });
                let column_name = column.map_or("NULL".to_owned(), |column| literal(column));
                let values = format!("{kind}, {schema}, {object}, {privilege}, {identity}, {identity_kind}");
                let place = format!(
                    "(kind, schema_name, object_name, privilege, identity, identity_type) = ({values}) \
                     AND column_name IS NOT DISTINCT FROM {column_name}"
                );
                let insert = |condition: &str| {
                    format!(
                        "INSERT INTO {KEPT} (kind, schema_name, object_name, privilege, identity, identity_type, grantable, \
                         column_name, grantor) SELECT {values}, {with_option}, {column_name}, {grantor}{condition}"
                    )
                };
                match (grant.is_grant, grant.option_only) {
                    (false, true) => statements.push(format!("UPDATE {KEPT} SET grantable = false WHERE {place}")),
                    (false, false) if column.is_none() && grant.kind == GrantKind::Table => {
                        // With the privilege go those on columns (r_REVOKE).
                        statements.push(format!(
                            "DELETE FROM {KEPT} WHERE kind IN ('TABLE', 'COLUMN') \
                             AND (schema_name, object_name, privilege, identity, identity_type) \
                                 = ({schema}, {object}, {privilege}, {identity}, {identity_kind})"
                        ));
                    }
                    (false, false) => statements.push(format!("DELETE FROM {KEPT} WHERE {place}")),
                    (true, _) if *with_option => {
                        statements.push(format!("DELETE FROM {KEPT} WHERE {place}"));
                        statements.push(insert(""));
                    }
                    // An option that was granted before stays.
                    (true, _) => statements.push(insert(&format!(" WHERE NOT EXISTS (FROM {KEPT} WHERE {place})"))),
                }
            }
        }
    }
    statements
}

/// GRANT ROLE and REVOKE ROLE.
///
/// # Errors
/// Where a user or a role does not exist, and 0LP01 where roles would have each other.
pub fn apply_roles(session: &Session, grant: &RoleGrant) -> Result<(), SqlError> {
    let roles: Vec<Identity> =
        grant.roles.iter().map(|name| Identity { name: name.clone(), kind: "role", with_option: false }).collect();
    check_identities(session, &roles)?;
    check_identities(session, &grant.identities)?;
    for Identity { name: grantee, kind, with_option } in &grant.identities {
        for role in &grant.roles {
            if grant.is_grant && *kind == "role" {
                refuse_circle(session, role, grantee)?;
            }
            let place =
                format!("(role_name, grantee, grantee_type) = ({}, {}, '{kind}')", literal(role), literal(grantee));
            let mut statements = vec![match grant.option_only {
                true => format!("UPDATE {ROLES} SET admin_option = false WHERE {place}"),
                false => format!("DELETE FROM {ROLES} WHERE {place}"),
            }];
            if grant.is_grant {
                let (role, grantee) = (literal(role), literal(grantee));
                statements.push(format!("INSERT INTO {ROLES} VALUES ({role}, {grantee}, '{kind}', {with_option})"));
            }
            batch::run(session, &statements)?;
        }
    }
    Ok(())
}

/// A role is not granted to one that it has itself.
fn refuse_circle(session: &Session, role: &str, grantee: &str) -> Result<(), SqlError> {
    let sql = format!(
        "WITH RECURSIVE had (name) AS (SELECT ? UNION SELECT g.role_name FROM {ROLES} g JOIN had h \
         ON g.grantee = h.name AND g.grantee_type = 'role') SELECT count(*) > 0 FROM had WHERE name = ?"
    );
    match session.connection.query_row(&sql, [role, grantee], |row| row.get(0))? {
        true => Err(SqlError::new("0LP01", format!("role \"{grantee}\" is a member of role \"{role}\""))),
        false => Ok(()),
    }
}

/// ALTER DEFAULT PRIVILEGES.
///
/// # Errors
/// Where a schema, a user, a group or a role does not exist.
pub fn apply_default(session: &Session, change: &DefaultPrivileges) -> Result<(), SqlError> {
    let DefaultPrivileges { users, schemas, grant } = change;
    check_identities(session, &grant.identities)?;
    let of_user = |name: &String| Identity { name: name.clone(), kind: "user", with_option: false };
    check_identities(session, &users.iter().map(of_user).collect::<Vec<_>>())?;
    schemas.iter().try_for_each(|name| schema::require(session, name))?;
    let users = if users.is_empty() { vec![session.user().to_owned()] } else { users.clone() };
    let schemas = if schemas.is_empty() { vec![String::new()] } else { schemas.clone() };
    let mut statements = Vec::new();
    for (user, schema) in users.iter().flat_map(|user| schemas.iter().map(move |schema| (user, schema))) {
        for Identity { name, kind, with_option } in &grant.identities {
            for given in &grant.privileges {
                let [user, schema, object, privilege, name] =
                    [user, schema, grant.kind.word(), &given.name, name].map(literal);
                let values = format!("{user}, {schema}, {object}, {privilege}, {name}, '{kind}'");
                let place = format!("(owner, schema_name, kind, privilege, identity, identity_type) = ({values})");
                statements.push(match grant.option_only {
                    true => format!("UPDATE {DEFAULTS} SET grantable = false WHERE {place}"),
                    false => format!("DELETE FROM {DEFAULTS} WHERE {place}"),
                });
                if grant.is_grant {
                    statements.push(format!("INSERT INTO {DEFAULTS} VALUES ({values}, {with_option})"));
                }
            }
        }
    }
    batch::run(session, &statements)
}
