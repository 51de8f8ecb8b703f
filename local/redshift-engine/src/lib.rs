//! Warehouses as Redshift's: one DuckDB file for each database of a cluster, opened when it is first used. `redshift-sql`
//! translates the statements; COPY and UNLOAD reach objects through [`Storage`].
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use redshift_engine::{Access, DirectoryStorage, MemoryLimit, Place, SqlError, Warehouses};
//!
//! # fn main() -> Result<(), SqlError> {
//! let place = Place::new("warehouse", "dev", "admin");
//! let warehouses = Warehouses::new("warehouses".into(), MemoryLimit::default());
//! let engine = warehouses.engine(&place.id, &place.database, place.slices)?;
//! let mut session = engine.session(&place.admin)?;
//! // `s3://music/songs.json` is the file `buckets/music/songs.json`.
//! let access = Access::new(place, Arc::new(DirectoryStorage::new("buckets")));
//! session.run("create table songs (title varchar(100))", &access, engine.next_query())?;
//! session.run("copy songs from 's3://music/songs.json' iam_role default json 'auto'", &access, engine.next_query())?;
//! # Ok(())
//! # }
//! ```

mod activity;
mod append;
mod batch;
mod blank;
mod cancel;
mod catalog;
mod check;
mod clock;
mod copies;
mod copy;
mod cursor;
mod database;
mod ddl;
mod dependency;
mod directory_storage;
pub mod disk;
mod dml;
mod duckdb_error;
mod duckdb_errors;
mod engine;
mod error;
mod execute;
mod function;
#[cfg(test)]
mod fuzz;
mod history;
mod keys;
mod late_binding_view;
mod log_mark;
mod maintenance;
mod materialized;
mod memory;
mod owner;
mod parquet_schema;
mod prepared;
mod principals;
mod relations;
mod removal;
mod reopen;
mod result;
mod schema;
mod session;
mod session_settings;
mod setting_defaults;
mod settings;
mod show;
pub mod statement_threads;
mod storage;
mod stored_rows;
mod super_value;
pub mod sync;
mod system;
mod system_views;
#[cfg(test)]
mod tests;
mod transaction;
mod transaction_state;
mod translation;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use duckdb::params;

use memory::Memory;
use sync::locked;

pub use cancel::Cancel;
pub use check::{Check, check};
pub use clock::now_millis;
pub use copy::{Access, Progress, Seen};
pub use directory_storage::DirectoryStorage;
pub use engine::{Engine, Slices};
pub use error::SqlError;
pub use execute::Outcome;
pub use memory::MemoryLimit;
pub use parquet_schema::{ParquetColumn, parquet_columns};
pub use redshift_sql::{
    Parameter, ParameterKind, Parameters, TableAttributes, Type, is_on_leader_node, parse_table, verb_behind_with,
};
pub use result::{ResultColumn, ResultSet, Rows, Value, double_text};
pub use session::Session;
pub use storage::{Address, ListedObject, ObjectReader, ObjectWriter, ReadError, Storage, StorageProvider};
pub use stored_rows::StoredRows;

/// A cluster or a workgroup, as far as its warehouse is concerned.
#[derive(Debug, Clone)]
pub struct Place {
    /// The name of its directory: the cluster's, or the namespace's behind a point, which no cluster has; `@` and the region
    /// follow where it is not at home.
    pub id: String,
    pub region: String,
    pub database: String,
    pub admin: String,
    pub slices: Slices,
    /// ARNs of the roles that it may assume.
    pub roles: Vec<String>,
    pub default_role: Option<String>,
    /// The ARN of the secret that holds the admin's password, where it is managed.
    pub secret: Option<String>,
}

impl Place {
    /// A warehouse of one node, which no role is attached to.
    pub fn new(id: &str, database: &str, admin: &str) -> Self {
        Self {
            id: id.to_owned(),
            region: "us-east-1".to_owned(),
            database: database.to_owned(),
            admin: admin.to_owned(),
            slices: Slices { nodes: 1, per_node: 2 },
            roles: Vec::new(),
            default_role: None,
            secret: None,
        }
    }
}

/// By cluster and database.
type Engines = HashMap<(String, String), Arc<Engine>>;

/// The open engines.
#[derive(Clone)]
pub struct Warehouses {
    directory: PathBuf,
    memory: Memory,
    open: Arc<Mutex<Engines>>,
    copies: copies::Copies,
}

impl Warehouses {
    /// Warehouses below a directory, whose statements use so much memory together.
    pub fn new(directory: PathBuf, memory: MemoryLimit) -> Self {
        Self { directory, memory: memory.into(), open: Arc::default(), copies: Default::default() }
    }

    fn engines(&self) -> std::sync::MutexGuard<'_, Engines> {
        locked(&self.open)
    }

    /// The engine of a database; it is made when it is first asked for.
    ///
    /// # Errors
    /// Where its files cannot be used.
    pub fn engine(&self, cluster: &str, database: &str, slices: Slices) -> Result<Arc<Engine>, SqlError> {
        let mut engines = self.engines();
        let key = (cluster.to_owned(), database.to_owned());
        if let Some(engine) = engines.get(&key) {
            return Ok(engine.clone());
        }
        let engine = Engine::open(&self.directory.join(cluster), database, slices, self.memory.clone())?;
        Ok(self.insert(&mut engines, key, engine))
    }

    fn insert(&self, engines: &mut Engines, key: (String, String), engine: Engine) -> Arc<Engine> {
        engine.system().join(&self.open);
        let engine = Arc::new(engine);
        engines.insert(key, engine.clone());
        engines.values().for_each(|engine| engine.share_memory(engines.len()));
        engine
    }

    /// Gives back memory that databases do not need. Answers whether there is nothing left to do.
    pub fn release_memory(&self, is_again: bool) -> bool {
        let engines: Vec<_> = self.engines().values().cloned().collect();
        engines.iter().filter(|engine| !engine.release_memory(engines.len(), is_again)).count() == 0
    }

    /// Whether there is such a database: the first one, or one that CREATE DATABASE made.
    pub fn has(&self, place: &Place, database: &str) -> bool {
        database == place.database || self.databases(place).iter().any(|found| found == database)
    }

    /// The databases that are there, by the files that hold them.
    pub fn databases(&self, place: &Place) -> Vec<String> {
        let files = std::fs::read_dir(self.directory.join(&place.id)).into_iter().flatten().flatten();
        let name = |file: std::fs::DirEntry| file.file_name().to_str()?.strip_suffix(".duckdb").map(str::to_owned);
        let mut names: Vec<String> = files.filter_map(name).collect();
        names.push(place.database.clone());
        names.sort();
        names.dedup();
        names
    }

    /// Whether a user that CREATE USER made has this password, in whichever database it was made.
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
        self.engines().retain(|(id, _), engine| {
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
