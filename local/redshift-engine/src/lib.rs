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
mod backend_rows;
mod backends;
mod batch;
mod blank;
mod cancel;
mod catalog;
mod check;
mod clock;
mod cluster_principals;
mod connection_log;
mod copies;
mod copy;
mod create_table_as;
mod cursor;
mod database;
mod database_files;
mod database_list;
mod ddl;
mod dependency;
mod directory_storage;
pub mod disk;
mod dml;
mod duckdb_error;
mod duckdb_errors;
mod empty_views;
mod ending;
mod engine;
mod error;
mod execute;
mod explain;
mod external;
mod function;
#[cfg(test)]
mod fuzz;
mod grant;
mod history;
mod idle_instances;
mod instance;
mod isolation;
mod keys;
mod late_binding_view;
mod locking;
mod locks;
mod log_mark;
mod maintenance;
mod materialized;
mod memory;
mod new_database;
mod notice;
mod open_engines;
mod owner;
mod parquet_schema;
mod permission;
mod place;
mod prepared;
mod principals;
mod procedure;
mod relations;
mod removal;
mod reopen;
mod result;
mod rights;
mod row_function;
mod schema;
mod serializable;
mod session;
mod session_authorization;
mod session_settings;
mod session_views;
mod setting_defaults;
mod settings;
mod show;
mod statement_record;
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
mod unload_log;
mod view;
mod view_rewrite;
mod warehouses;

pub use backends::{Backend, Ending};
pub use cancel::Cancel;
pub use check::{Check, check};
pub use clock::now_millis;
pub use copy::{Access, Progress, Seen};
pub use directory_storage::DirectoryStorage;
pub use engine::Engine;
pub use error::SqlError;
pub use execute::Outcome;
pub use memory::MemoryLimit;
pub use notice::Notice;
pub use parquet_schema::{ParquetColumn, parquet_columns};
pub use place::{Place, Slices};
pub use redshift_sql::{
    Parameter, ParameterKind, Parameters, TableAttributes, Type, is_on_leader_node, parse_table, verb_behind_with,
};
pub use result::{ResultColumn, ResultSet, Rows, Value, double_text};
pub use session::Session;
pub use storage::{Address, ListedObject, ObjectReader, ObjectWriter, ReadError, Storage, StorageProvider};
pub use stored_rows::StoredRows;
pub use warehouses::Warehouses;
