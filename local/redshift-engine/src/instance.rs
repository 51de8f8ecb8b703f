//! Instances of DuckDB, set up to mean what Redshift means.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use duckdb::{Config, Connection};
use sha2::{Digest, Sha256};

use super::activity::{self, Activity};
use super::copy;
use super::error::SqlError;
use super::function;
use super::memory::MemoryLimit;
use super::place::Slices;
use super::setting_defaults::settings_view;
use super::system_views;

/// An instance of DuckDB that has what Redshift has.
pub struct Instance {
    pub connection: Connection,
    pub activity: Arc<Activity>,
}

impl Instance {
    /// Has no database yet. Those that are attached to it lie in `directory`.
    pub fn new(directory: &Path, memory: MemoryLimit) -> Result<Self, SqlError> {
        let activity = Arc::default();
        Ok(Self { connection: new_connection(directory, memory, &activity)?, activity })
    }
}

pub fn new_connection(directory: &Path, memory: MemoryLimit, activity: &Arc<Activity>) -> Result<Connection, SqlError> {
    // For a name that no other instance of this process has; what an earlier process left under it is removed.
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let spilled = directory.join(format!("instance-{}.tmp", NUMBER.fetch_add(1, Ordering::Relaxed)));
    let _ = std::fs::remove_dir_all(&spilled);
    let base = Connection::open_in_memory_with_flags(config(&spilled, memory)?)?;
    register(&base, activity)?;
    let directory = redshift_sql::literal(&directory.to_string_lossy());
    // A copy that is closed late must not write to files that another one has by then.
    base.execute_batch(&format!(
        "SET GLOBAL allowed_directories = [{directory}]; SET GLOBAL enable_external_access = false; \
         PRAGMA disable_checkpoint_on_shutdown"
    ))?;
    Ok(base)
}

pub fn attach(instance: &Connection, directory: &Path, name: &str) -> Result<(), SqlError> {
    let path = directory.join(format!("{name}.duckdb"));
    Ok(instance.execute_batch(&format!("ATTACH {} AS \"{name}\"", redshift_sql::literal(&path.to_string_lossy())))?)
}

/// Opens the file, and gives DuckDB what Redshift has.
pub fn open_file(
    path: &Path,
    spilled: &Path,
    slices: Slices,
    memory: MemoryLimit,
    activity: &Arc<Activity>,
) -> Result<Connection, SqlError> {
    // Nothing outside the file is reachable from SQL.
    let base = Connection::open_with_flags(path, config(spilled, memory)?.enable_external_access(false)?)?;
    register(&base, activity)?;
    make_catalog(&base)?;
    fill_slices(&base, slices)?;
    Ok(base)
}

/// The functions that DuckDB calls us by, and the time zone that they count in.
fn register(base: &Connection, activity: &Arc<Activity>) -> Result<(), SqlError> {
    set_time_zone(base)?;
    function::register(base)?;
    activity::register(base, activity)?;
    Ok(base.register_table_function::<copy::CopyRows>(copy::FUNCTION)?)
}

/// What DuckDB is set to. Redshift divides integers into integers and takes NULL for the largest value.
fn config(spilled: &Path, memory: MemoryLimit) -> duckdb::Result<Config> {
    Config::default()
        .max_memory(&format!("{}B", memory.for_each_of(1)))?
        .with("temp_directory", spilled.to_string_lossy())?
        .enable_autoload_extension(false)?
        .with("autoinstall_known_extensions", "false")?
        .with("integer_division", "true")?
        // What cannot be bound is read a second time, and must not have ended the transaction by then.
        .with("default_transaction_invalidation_policy", "SYNTACTIC_ERRORS_DO_NOT_INVALIDATE")?
        .with("default_null_order", "nulls_last_on_asc_first_on_desc")
}

/// Sets the time zone to UTC, Redshift's default, where a prebuilt libduckdb has ICU: that takes the machine's. Without ICU
/// it is UTC. <https://docs.aws.amazon.com/redshift/latest/dg/r_timezone_config.html>
fn set_time_zone(connection: &Connection) -> Result<(), SqlError> {
    if cfg!(feature = "bundled") {
        return Ok(());
    }
    let sql = "SELECT count(*) FROM duckdb_settings() WHERE name = 'TimeZone'";
    let settings: i64 = connection.query_row(sql, [], |row| row.get(0))?;
    if settings > 0 {
        connection.execute_batch("SET GLOBAL TimeZone = 'UTC'")?;
    }
    Ok(())
}

/// The system tables, views and macros. They are kept in the file: made once, and again where they have changed.
fn make_catalog(connection: &Connection) -> Result<(), SqlError> {
    // The functions read tables of a session.
    let tables = [system_views::CATALOG_TABLES, system_views::DEFINITIONS];
    let texts = [&tables.concat(), &settings_view(), redshift_sql::MACROS, system_views::PRIVILEGE_FUNCTIONS].concat();
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
    let Slices { nodes, per_node } = slices;
    // Nothing is written where nothing changes: a database can be opened on a full disk.
    let sql = "SELECT count(*) = ? AND max(localslice) = ? FROM redshift_system.stv_slices";
    let filled: Option<bool> = connection.query_row(sql, [nodes * per_node, per_node - 1], |row| row.get(0))?;
    if filled == Some(true) {
        return Ok(());
    }
    connection.execute_batch("DELETE FROM redshift_system.stv_slices")?;
    let sql = "INSERT INTO redshift_system.stv_slices \
               SELECT range // ?, range, range % ?, 'D' FROM range(?)";
    connection.execute(sql, [per_node, per_node, nodes * per_node])?;
    Ok(())
}
