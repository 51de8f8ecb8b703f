//! The open databases of all clusters and workgroups.

use std::path::PathBuf;
use std::sync::{Arc, Weak};

use duckdb::params;

use super::database_files;
use super::engine::Engine;
use super::error::SqlError;
use super::idle_instances::IdleInstances;
use super::memory::{Memory, MemoryLimit};
use super::open_engines::{Key, OpenEngines};
use super::place::{Place, Slices};
use super::system::Siblings;
use crate::clock::now_millis;
use crate::sync::locked;

/// The open engines.
#[derive(Clone)]
pub struct Warehouses {
    pub(super) directory: PathBuf,
    pub(super) memory: Memory,
    pub(super) open: Arc<OpenEngines>,
    pub(super) copies: IdleInstances,
}

impl Warehouses {
    /// Warehouses below a directory, whose statements use so much memory together.
    pub fn new(directory: PathBuf, memory: MemoryLimit) -> Self {
        Self { directory, memory: memory.into(), open: Arc::default(), copies: Default::default() }
    }

    /// The engine of a database; it is made when it is first asked for.
    ///
    /// # Errors
    /// Where its files cannot be used.
    pub fn engine(&self, cluster: &str, database: &str, slices: Slices) -> Result<Arc<Engine>, SqlError> {
        let key = (cluster.to_owned(), database.to_owned());
        if let Some(engine) = self.open_engine(&key) {
            return Ok(engine);
        }
        let gate = self.open.gate(&key);
        let _gate = locked(&gate);
        if let Some(engine) = self.open_engine(&key) {
            return Ok(engine);
        }
        let _opening = self.open.opening();
        let engine = Engine::open(&self.directory.join(cluster), database, slices, self.memory.clone())?;
        Ok(self.insert(key, engine))
    }

    fn open_engine(&self, key: &Key) -> Option<Arc<Engine>> {
        self.open.all().get(key).cloned()
    }

    pub(super) fn insert(&self, key: Key, engine: Engine) -> Arc<Engine> {
        engine.system().join(Arc::downgrade(&self.open) as Weak<dyn Siblings>);
        let engine = Arc::new(engine);
        let mut engines = self.open.all();
        engines.insert(key, engine.clone());
        engines.values().for_each(|engine| engine.share_memory(engines.len()));
        engine
    }

    /// Gives back memory that databases do not need. Answers whether there is nothing left to do.
    pub fn release_memory(&self, is_again: bool) -> bool {
        let engines: Vec<_> = self.open.all().values().cloned().collect();
        engines.iter().filter(|engine| !engine.release_memory(engines.len(), is_again)).count() == 0
    }

    /// Returns true if there is such a database: the first one, or one that CREATE DATABASE made.
    pub fn has(&self, place: &Place, database: &str) -> bool {
        database == place.database || self.databases(place).iter().any(|found| found == database)
    }

    /// The databases that are there, by the files that hold them.
    pub fn databases(&self, place: &Place) -> Vec<String> {
        let mut names = database_files::names(&self.directory.join(&place.id));
        names.push(place.database.clone());
        names.sort();
        names.dedup();
        names
    }

    /// Returns true if a user that CREATE USER made has this password, in whichever database it was made.
    ///
    /// # Errors
    /// Where a database cannot be opened.
    pub fn admits(&self, place: &Place, user: &str, password: &str) -> Result<bool, SqlError> {
        let hash = redshift_sql::md5_of(password, user);
        for database in self.databases(place) {
            let session = self.engine(&place.id, &database, place.slices)?.session(user)?;
            let sql = "SELECT count(*) > 0 FROM redshift_system.redshift_users WHERE name = ? AND password = ? \
                       AND (valid_until IS NULL OR valid_until > make_timestamp(? * 1000))";
            if session.connection.query_row(sql, params![user, hash, now_millis()], |row| row.get(0))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// No new statement reaches a cluster that is being deleted.
    pub fn stop(&self, cluster: &str) {
        self.copies.forget(&self.directory.join(cluster));
        self.open.wait_for_cluster(cluster);
        self.open.all().retain(|(id, _), engine| {
            let stays = id != cluster;
            if !stays {
                engine.system().end();
            }
            stays
        });
    }

    /// Removes all databases of a cluster.
    ///
    /// # Errors
    /// Where a file cannot be removed.
    pub fn delete(&self, cluster: &str) -> Result<(), SqlError> {
        self.stop(cluster);
        let directory = self.directory.join(cluster);
        match std::fs::remove_dir_all(&directory) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(SqlError::from_io("cannot use the local state in", &directory, &error))
            }
            _ => Ok(()),
        }
    }
}
