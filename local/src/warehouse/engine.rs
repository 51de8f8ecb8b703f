//! The engine of one database: a DuckDB file that holds the data, set up to mean what Redshift means.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use duckdb::{Config, Connection};
use sha2::{Digest, Sha256};

use super::copy;
use super::error::SqlError;
use super::function;
use super::session::Session;
use super::show;
use super::system::System;
use crate::account::now_millis;
use crate::sync::locked;

/// Memory that DuckDB may use before it spills to disk.
const MEMORY: &str = "256MB";

/// How a cluster divides its work (C5).
#[derive(Debug, Clone, Copy)]
pub struct Slices {
    pub nodes: i64,
    pub per_node: i64,
}

impl Slices {
    pub fn count(self) -> usize {
        usize::try_from(self.nodes * self.per_node).unwrap_or(1)
    }
}

pub struct Engine {
    base: Mutex<Connection>,
    system: System,
    next_query: AtomicI64,
}

impl Engine {
    pub fn open(directory: &Path, database: &str, slices: Slices) -> Result<Self, SqlError> {
        let unusable =
            |error: std::io::Error| SqlError::new("58030", format!("cannot use {}: {error}", directory.display()));
        std::fs::create_dir_all(directory).map_err(unusable)?;
        // Redshift divides integers into integers and takes NULL for the largest value. Nothing outside the file
        // is reachable from SQL.
        let config = Config::default()
            .max_memory(MEMORY)?
            .enable_external_access(false)?
            .enable_autoload_extension(false)?
            .with("autoinstall_known_extensions", "false")?
            .with("integer_division", "true")?
            // What cannot be bound is read a second time, and must not have ended the transaction by then.
            .with("default_transaction_invalidation_policy", "SYNTACTIC_ERRORS_DO_NOT_INVALIDATE")?
            .with("default_null_order", "nulls_last_on_asc_first_on_desc")?;
        let base = Connection::open_with_flags(directory.join(format!("{database}.duckdb")), config)?;
        function::register(&base)?;
        make_catalog(&base)?;
        base.register_table_function::<copy::CopyRows>(copy::FUNCTION)?;
        fill_slices(&base, slices)?;
        let system = System::new(base.try_clone()?, directory.to_owned());
        Ok(Self { base: Mutex::new(base), system, next_query: AtomicI64::new(now_millis()) })
    }

    /// A new session of a database user.
    pub fn session(&self, user: &str) -> Result<Session, SqlError> {
        let connection = locked(&self.base).try_clone()?;
        Session::new(connection, self.system.clone(), user)
    }

    /// A query id, as Redshift numbers its queries.
    pub fn next_query(&self) -> i64 {
        self.next_query.fetch_add(1, Ordering::Relaxed)
    }
}

/// The system tables, views and macros. They are kept in the file: made once, and again where they have changed.
fn make_catalog(connection: &Connection) -> Result<(), SqlError> {
    let texts = [include_str!("system.sql"), &show::settings_view(), function::MACROS].concat();
    let mark = format!("{:x}", Sha256::digest(&texts));
    let sql = "SELECT count(*) FROM duckdb_views() WHERE view_name = 'redshift_made' AND contains(sql, ?)";
    let made: i64 = connection.query_row(sql, [&mark], |row| row.get(0))?;
    if made > 0 {
        return Ok(());
    }
    // As one: each transaction would wait for the disk.
    let mark = format!("CREATE OR REPLACE VIEW redshift_system.redshift_made AS SELECT '{mark}' AS mark");
    Ok(connection.execute_batch(&format!("BEGIN; {texts}; {mark}; COMMIT"))?)
}

/// STV_SLICES tells how many slices the cluster has, and so how many files COPY loads at once (C5).
fn fill_slices(connection: &Connection, slices: Slices) -> Result<(), SqlError> {
    connection.execute_batch("DELETE FROM redshift_system.stv_slices")?;
    let Slices { nodes, per_node } = slices;
    let sql = "INSERT INTO redshift_system.stv_slices \
               SELECT range // ?, range, range % ?, 'D' FROM range(?)";
    connection.execute(sql, [per_node, per_node, nodes * per_node])?;
    Ok(())
}
