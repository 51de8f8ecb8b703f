//! Users, groups and roles are those of the whole cluster (r_Users), and each of its databases is a file of its own: what one
//! has changed is written beside them, and the others take it over with their next session.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use duckdb::Connection;

use super::disk::write_private;
use super::error::SqlError;
use super::session::Session;
use super::system::System;
use super::transaction_state::Transaction;
use crate::sync::locked;
use redshift_sql::literal;

/// No database is called so.
const FILE: &str = ".principals.json";

/// The tables, and the types of their columns.
const TABLES: [(&str, &str); 5] = [
    (
        "redshift_users",
        r#"[{"name":"VARCHAR","id":"INTEGER","creates_databases":"BOOLEAN","is_superuser":"BOOLEAN","password":"VARCHAR","valid_until":"TIMESTAMP","reads_system_log":"BOOLEAN"}]"#,
    ),
    ("redshift_user_groups", r#"[{"name":"VARCHAR","id":"INTEGER"}]"#),
    ("redshift_group_members", r#"[{"group_name":"VARCHAR","user_name":"VARCHAR"}]"#),
    ("redshift_roles", r#"[{"name":"VARCHAR","id":"INTEGER","owner":"VARCHAR"}]"#),
    (
        "redshift_role_grants",
        r#"[{"role_name":"VARCHAR","grantee":"VARCHAR","grantee_type":"VARCHAR","admin_option":"BOOLEAN"}]"#,
    ),
];

/// A state of the file; `None` where there is none.
pub type Stamp = Option<(Option<SystemTime>, u64)>;

fn path(system: &System) -> PathBuf {
    system.directory().join(FILE)
}

fn unusable(path: &Path) -> impl Fn(std::io::Error) -> SqlError {
    move |error| SqlError::from_io("cannot use", path, &error)
}

fn stamp(path: &Path) -> Result<Stamp, SqlError> {
    match path.metadata() {
        Ok(found) => Ok(Some((found.modified().ok(), found.len()))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unusable(path)(error)),
    }
}

/// Takes over what another database has changed. Where nothing has changed, nothing is asked of the database.
///
/// # Errors
/// Where the file cannot be read, or the tables cannot be written.
pub fn follow(connection: &Connection, system: &System) -> Result<(), SqlError> {
    let path = path(system);
    let mut seen = locked(&system.principals_seen);
    let now = stamp(&path)?;
    if *seen == Some(now) {
        return Ok(());
    }
    let has_own = "SELECT (SELECT count(*) FROM redshift_system.redshift_users) \
                   + (SELECT count(*) FROM redshift_system.redshift_user_groups) > 0";
    match now {
        // Those that were made before there was a file are published with it.
        None if connection.query_row(has_own, [], |row| row.get::<_, bool>(0))? => {
            *seen = Some(publish(connection, &path)?);
            return Ok(());
        }
        None => {}
        Some(_) => {
            let own = dump(connection)?;
            let joined = "SELECT count(*) > 0 FROM redshift_system.redshift_cluster_principals";
            let has_joined: bool = connection.query_row(joined, [], |row| row.get(0))?;
            let theirs = std::fs::read_to_string(&path).map_err(unusable(&path))?;
            if theirs != own {
                take_over(connection, &theirs, has_joined)?;
                system.catalog_changed();
            }
            if !has_joined {
                *seen = Some(publish(connection, &path)?);
                return Ok(());
            }
        }
    }
    *seen = Some(now);
    Ok(())
}

/// What the tables have becomes what the file has. What a database had before it knew of others is kept.
fn take_over(connection: &Connection, theirs: &str, has_joined: bool) -> Result<(), SqlError> {
    let mut statements = vec!["BEGIN".to_owned()];
    for (table, types) in TABLES {
        let rows = format!(
            "SELECT unnest(from_json(json_extract({}, '$.{table}'), {}), recursive := true)",
            literal(theirs),
            literal(types)
        );
        let kept = format!("redshift_system.{table}");
        match has_joined {
            true => statements.push(format!("DELETE FROM {kept}; INSERT INTO {kept} BY NAME {rows}")),
            false => {
                let key = types.split('"').nth(1).unwrap_or_default();
                statements.push(format!(
                    "INSERT INTO {kept} BY NAME SELECT * FROM ({rows}) AS theirs WHERE {key} NOT IN (SELECT {key} FROM {kept})"
                ));
            }
        }
    }
    statements.push("COMMIT".to_owned());
    let done = connection.execute_batch(&statements.join("; "));
    if done.is_err() {
        let _ = connection.execute_batch("ROLLBACK");
    }
    Ok(done?)
}

/// The rows of the tables, in an order.
fn dump(connection: &Connection) -> Result<String, SqlError> {
    let mut parts = Vec::new();
    for (table, _) in TABLES {
        let sql = format!(
            "SELECT coalesce(CAST(to_json(list(t ORDER BY t)) AS VARCHAR), '[]') FROM redshift_system.{table} t"
        );
        let rows: String = connection.query_row(&sql, [], |row| row.get(0))?;
        parts.push(format!("\"{table}\":{rows}"));
    }
    Ok(format!("{{{}}}", parts.join(",")))
}

/// Writes what the tables have for the other databases.
fn publish(connection: &Connection, path: &Path) -> Result<Stamp, SqlError> {
    const JOINED: &str = "redshift_system.redshift_cluster_principals";
    connection.execute_batch(&format!("INSERT INTO {JOINED} SELECT true WHERE NOT EXISTS (FROM {JOINED})"))?;
    let content = dump(connection)?;
    let new = path.with_extension("new");
    write_private(&new, content.as_bytes()).map_err(unusable(&new))?;
    std::fs::rename(&new, path).map_err(unusable(path))?;
    stamp(path)
}

impl Session {
    /// What other databases have changed is taken over before a statement about users, groups or roles. In a transaction it
    /// is not seen.
    pub(super) fn follow_cluster(&self) -> Result<(), SqlError> {
        match self.transaction {
            Transaction::None => follow(&self.connection, &self.system),
            _ => Ok(()),
        }
    }

    /// Users, groups or roles have changed: the other databases are told, when it is committed.
    pub(super) fn principals_changed(&mut self) -> Result<(), SqlError> {
        if self.transaction != Transaction::None {
            self.scope.has_principals = true;
            return Ok(());
        }
        let mut seen = locked(&self.system.principals_seen);
        *seen = Some(publish(&self.connection, &path(&self.system))?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{Access, DirectoryStorage, MemoryLimit, Place, Session, Warehouses};

    fn run(session: &mut Session, access: &Access, sql: &str) -> Result<i64, String> {
        session.run(sql, access, 1).map(|outcome| outcome.count).map_err(|error| error.to_string())
    }

    #[test]
    fn a_user_of_one_database_is_one_of_the_others() {
        let directory = tempfile::tempdir().expect("directory");
        let warehouses = Warehouses::new(directory.path().join("warehouses"), MemoryLimit::default());
        let place = Place::new("w", "dev", "admin");
        let access = Access::new(place.clone(), Arc::new(DirectoryStorage::new(directory.path())));
        let session = |database: &str, user: &str| {
            warehouses.engine("w", database, place.slices).expect("engine").session(user).expect("session")
        };
        let mut dev = session("dev", "admin");
        run(&mut dev, &access, "create database other").expect("created");
        let mut other = session("other", "admin");
        run(&mut other, &access, "create table t (a int)").expect("created");
        for sql in ["create user ann password disable", "create role r", "grant role r to ann"] {
            run(&mut dev, &access, sql).expect(sql);
        }
        // What is rolled back is nobody's.
        for sql in ["begin", "create user eve password disable", "rollback"] {
            run(&mut dev, &access, sql).expect(sql);
        }
        let denied = "permission denied for relation t";
        let mut ann = session("other", "ann");
        assert!(run(&mut ann, &access, "select * from t").expect_err("denied").contains(denied));
        run(&mut other, &access, "grant select on t to role r").expect("granted");
        run(&mut ann, &access, "select * from t").expect("granted");
        run(&mut other, &access, "set session authorization eve").expect_err("was rolled back");
        for sql in ["begin", "drop user ann", "create user bob password disable createuser", "commit"] {
            run(&mut other, &access, sql).expect(sql);
        }
        run(&mut dev, &access, "set session authorization bob").expect("known");
        run(&mut session("dev", "admin"), &access, "set session authorization ann").expect_err("dropped");
    }
}
