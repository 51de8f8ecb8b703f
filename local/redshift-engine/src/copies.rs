//! Databases that are copied from others, and databases that go. A copy is attached to an instance of DuckDB that may have
//! served other copies before: to make an instance, with all functions, takes several times as long as all the rest.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::database_files::{check_name, remove_files};
use super::engine::Engine;
use super::error::SqlError;
use super::idle_instances::absolute;
use super::instance::Instance;
use super::new_database;
use super::place::Place;
use super::session::Session;
use super::system::System;
use super::warehouses::Warehouses;
use crate::sync::locked;
use redshift_sql::IsolationLevel;

/// How long DROP DATABASE waits for connections that are about to end.
const ENDING: Duration = Duration::from_millis(300);
const LOOK_AGAIN: Duration = Duration::from_millis(5);

fn missing(name: &str) -> SqlError {
    SqlError::new("3D000", format!("database \"{name}\" does not exist"))
}

impl Warehouses {
    /// Copies a database with everything in it; the copy is open when this returns.
    ///
    /// # Errors
    /// Where there is no such template, or a database of the name already.
    pub fn copy_database(&self, place: &Place, template: &str, name: &str) -> Result<(), SqlError> {
        check_name(name)?;
        if !self.has(place, template) {
            return Err(missing(template));
        }
        if self.has(place, name) {
            return Err(SqlError::new("42P04", format!("database \"{name}\" already exists")));
        }
        let directory = absolute(&self.directory.join(&place.id));
        let source = self.engine(&place.id, template, place.slices)?;
        remove_files(&directory, name)?;
        let instance = || self.copies.take(&directory).map_or_else(|| Instance::new(&directory, self.memory.limit), Ok);
        let opened = source
            .copy_files(&directory, name)
            .and_then(|()| instance())
            .and_then(|instance| Engine::open_copy(&directory, name, &self.memory, instance, template));
        let engine = match opened {
            Ok(engine) => engine,
            Err(error) => {
                remove_files(&directory, name)?;
                return Err(error);
            }
        };
        let key = (place.id.clone(), name.to_owned());
        self.insert(key, engine);
        Ok(())
    }

    /// Drops a database, whoever is connected to it.
    ///
    /// # Errors
    /// Where there is none, or it is the one that the warehouse was created with.
    pub fn drop_database(&self, place: &Place, name: &str) -> Result<(), SqlError> {
        if name == place.database {
            let message = format!("cannot drop \"{name}\", which the warehouse was created with; it can be reset");
            return Err(SqlError::new("55006", message));
        }
        if !self.has(place, name) {
            return Err(missing(name));
        }
        self.discard(place, name)
    }

    /// Makes a database what it was: its template's copy, or empty where it has none.
    ///
    /// # Errors
    /// Where there is no such database.
    pub fn reset_database(&self, place: &Place, name: &str) -> Result<(), SqlError> {
        if !self.has(place, name) {
            return Err(missing(name));
        }
        let key = (place.id.clone(), name.to_owned());
        let template = self.open.all().get(&key).and_then(|engine| engine.template.clone());
        self.discard(place, name)?;
        match template.filter(|template| self.has(place, template)) {
            Some(template) => self.copy_database(place, &template, name),
            None => self.engine(&place.id, name, place.slices).map(drop),
        }
    }

    /// Copies every database into a directory, those of each warehouse into one of its own.
    ///
    /// # Errors
    /// Where one cannot be copied.
    pub fn copy_all(&self, target: &Path) -> Result<(), SqlError> {
        let _nobody_opens = self.open.nobody_opens();
        let open = self.open.all().clone();
        for warehouse in entries(&self.directory)? {
            let id = warehouse.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let target = target.join(&id);
            std::fs::create_dir_all(&target).map_err(|error| unusable(&target, &error))?;
            for file in entries(&warehouse)? {
                let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let database = name.split('.').next().unwrap_or_default().to_owned();
                match open.get(&(id.clone(), database.clone())) {
                    Some(engine) if name.ends_with(".duckdb") => engine.copy_files(&target, &database)?,
                    None if file.is_file() => {
                        std::fs::copy(&file, target.join(&name)).map_err(|error| unusable(&file, &error))?;
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Makes the databases those of a directory that `copy_all` has filled. Sessions that are left end.
    ///
    /// # Errors
    /// Where one cannot be copied.
    pub fn replace_all(&self, source: &Path) -> Result<(), SqlError> {
        let _nobody_opens = self.open.nobody_opens();
        self.open.all().drain().for_each(|(_, engine)| engine.system().end());
        locked(&self.copies.dropped).clear();
        for warehouse in entries(&self.directory)? {
            std::fs::remove_dir_all(&warehouse).map_err(|error| unusable(&warehouse, &error))?;
        }
        for warehouse in entries(source)? {
            let target = self.directory.join(warehouse.file_name().unwrap_or_default());
            std::fs::create_dir_all(&target).map_err(|error| unusable(&target, &error))?;
            for file in entries(&warehouse)? {
                let to = target.join(file.file_name().unwrap_or_default());
                std::fs::copy(&file, to).map_err(|error| unusable(&file, &error))?;
            }
        }
        Ok(())
    }

    fn discard(&self, place: &Place, name: &str) -> Result<(), SqlError> {
        let key = (place.id.clone(), name.to_owned());
        let gate = self.open.gate(&key);
        let _gate = locked(&gate);
        let engine = self.open.all().remove(&key);
        if let Some(engine) = engine {
            engine.system().end();
            self.copies.keep(engine);
        }
        remove_files(&self.directory.join(&place.id), name)
    }
}

fn unusable(path: &Path, error: &std::io::Error) -> SqlError {
    SqlError::from_io("cannot use", path, error)
}

/// What lies in a directory; nothing where there is none.
fn entries(directory: &Path) -> Result<Vec<PathBuf>, SqlError> {
    match std::fs::read_dir(directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        found => {
            let paths = found.and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect());
            paths.map_err(|error| unusable(directory, &error))
        }
    }
}

/// CREATE DATABASE, beside the session's.
pub fn create_beside(session: &Session, name: &str, isolation: Option<IsolationLevel>) -> Result<i64, SqlError> {
    session.refuse_in_transaction("CREATE DATABASE")?;
    check_name(name)?;
    let directory = session.system.directory();
    if directory.join(format!("{name}.duckdb")).exists() {
        return Err(SqlError::new("42P04", format!("database \"{name}\" already exists")));
    }
    new_database::create(directory, name, isolation).map(|()| 0)
}

pub fn drop_database(session: &Session, name: &str, force: bool) -> Result<i64, SqlError> {
    session.refuse_in_transaction("DROP DATABASE")?;
    drop_beside(&session.system, name, force).map(|()| 0)
}

/// DROP DATABASE of one that lies beside the session's. Without FORCE nobody may be connected to it.
fn drop_beside(system: &System, name: &str, force: bool) -> Result<(), SqlError> {
    check_name(name)?;
    if name == system.name() {
        return Err(SqlError::new("55006", "cannot drop the currently open database"));
    }
    if name == "dev" {
        return Err(SqlError::new("55006", "cannot drop the database \"dev\""));
    }
    let directory = system.directory();
    if !directory.join(format!("{name}.duckdb")).exists() {
        return Err(missing(name));
    }
    let warehouse = directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let begun = Instant::now();
    while system.siblings().is_some_and(|all| !all.close(&warehouse, name, force)) {
        if begun.elapsed() > ENDING {
            return Err(SqlError::new("55006", format!("database \"{name}\" is being accessed by other users")));
        }
        std::thread::sleep(LOOK_AGAIN);
    }
    remove_files(directory, name)
}

#[cfg(test)]
mod tests {
    use super::super::{MemoryLimit, Slices};
    use super::*;

    const SLICES: Slices = Slices { nodes: 1, per_node: 2 };

    fn place() -> Place {
        Place::new("c", "dev", "admin")
    }

    #[test]
    fn a_copy_has_what_its_template_has_and_changes_nothing_in_it() {
        let directory = tempfile::tempdir().expect("directory");
        let warehouses = Warehouses::new(directory.path().to_owned(), MemoryLimit::new(0));
        let session = |name: &str| {
            let engine = warehouses.engine("c", name, SLICES).expect("engine");
            engine.session("admin").expect("session")
        };
        let template = session("dev");
        template.connection.execute_batch("CREATE TABLE public.t AS SELECT 1 AS a").expect("table");
        let rows = |name: &str| -> (String, i64, String) {
            let sql = "SELECT current_database(), (SELECT count(*) FROM t), redshift_initcap('ab')";
            let session = session(name);
            session.connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).expect("rows")
        };
        for _ in 0..3 {
            warehouses.copy_database(&place(), "dev", "one").expect("copied");
            assert_eq!(rows("one"), ("one".to_owned(), 1, "Ab".to_owned()));
            session("one").connection.execute_batch("INSERT INTO t VALUES (2)").expect("inserted");
            assert_eq!(rows("one").1, 2);
            warehouses.reset_database(&place(), "one").expect("reset");
            assert_eq!((rows("one").1, rows("dev").1), (1, 1));
            warehouses.drop_database(&place(), "one").expect("dropped");
            assert_eq!(warehouses.databases(&place()), ["dev"]);
        }
        assert!(locked(&warehouses.copies.dropped).len() <= 2, "an instance serves again");
        // With what a transaction has not committed yet, the log is copied as well.
        template.connection.execute_batch("INSERT INTO t VALUES (2); BEGIN; INSERT INTO t VALUES (3)").expect("open");
        warehouses.copy_database(&place(), "dev", "two").expect("copied");
        assert_eq!(rows("two").1, 2);
    }

    #[test]
    fn sessions_of_a_database_that_is_gone_end() {
        let directory = tempfile::tempdir().expect("directory");
        let warehouses = Warehouses::new(directory.path().to_owned(), MemoryLimit::new(0));
        warehouses.copy_database(&place(), "dev", "one").expect("copied");
        let mut left = warehouses.engine("c", "one", SLICES).expect("engine").session("admin").expect("session");
        left.follow_database().expect("it is there");
        let refused = |error: Option<SqlError>| error.map(|error| error.sqlstate);
        let system = warehouses.engine("c", "dev", SLICES).expect("engine").system().clone();
        assert_eq!(refused(drop_beside(&system, "one", false).err()), Some("55006"), "somebody is connected");
        drop_beside(&system, "one", true).expect("by force");
        assert_eq!(refused(left.follow_database().err()), Some("57P01"));
        for (name, code) in [("one", "3D000"), ("dev", "55006"), ("../one", "42602")] {
            assert_eq!(refused(drop_beside(&system, name, true).err()), Some(code), "{name}");
        }
        for (template, name, code) in [("none", "x", "3D000"), ("dev", "dev", "42P04"), ("dev", "a/b", "42602")] {
            assert_eq!(refused(warehouses.copy_database(&place(), template, name).err()), Some(code), "{name}");
        }
        assert_eq!(refused(warehouses.drop_database(&place(), "dev").err()), Some("55006"));
    }
}
