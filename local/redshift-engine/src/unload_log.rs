//! The UNLOADs that ran and the files that they wrote, for SYS_UNLOAD_HISTORY and STL_UNLOAD_LOG.

use duckdb::types::{TimeUnit, Value};
use duckdb::{Connection, params};
use redshift_sql::{Compression, UnloadCommand, UnloadFormat};

use super::error::SqlError;
use super::result::counted;
use super::system::System;
use crate::clock::now_millis;

/// An UNLOAD that has ended.
#[derive(Debug)]
pub struct UnloadRecord<'a> {
    pub query: i64,
    pub session: i32,
    /// Milliseconds.
    pub started: i64,
    pub command: &'a UnloadCommand,
    /// The rows that it wrote, or why it failed.
    pub outcome: Result<i64, String>,
    pub files: Vec<UnloadedFile>,
}

/// A file that was written.
#[derive(Debug, Clone)]
pub struct UnloadedFile {
    pub address: String,
    /// As it lies in S3.
    pub bytes: u64,
    pub rows: u64,
}

/// As the views name it.
fn format_name(format: &UnloadFormat) -> &'static str {
    match format {
        UnloadFormat::Delimited | UnloadFormat::FixedWidth(_) => "Text",
        UnloadFormat::Csv => "CSV",
        UnloadFormat::Json => "JSON",
        UnloadFormat::Parquet => "Parquet",
    }
}

fn compression_name(compression: Compression) -> &'static str {
    match compression {
        Compression::None => "None",
        Compression::Gzip => "GZIP",
        Compression::Bzip2 => "BZIP2",
        Compression::Zstd => "ZSTD",
    }
}

impl System {
    /// Notes an UNLOAD that has ended, outside its transaction.
    ///
    /// # Errors
    /// Where the system tables cannot be written.
    pub fn record_unload(&self, unload: &UnloadRecord<'_>) -> Result<(), SqlError> {
        self.database.with_system(|connection| {
            let transaction = connection.unchecked_transaction()?;
            insert_unload(&transaction, unload)?;
            insert_files(&transaction, unload)?;
            transaction.commit()
        })
    }
}

fn insert_unload(connection: &Connection, unload: &UnloadRecord<'_>) -> duckdb::Result<usize> {
    let time = |millis| Value::Timestamp(TimeUnit::Millisecond, millis);
    connection.execute(
        "INSERT INTO redshift_system.redshift_unloads VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            unload.query,
            unload.session,
            if unload.outcome.is_ok() { "completed" } else { "aborted" },
            time(unload.started),
            time(now_millis()),
            format_name(&unload.command.format),
            compression_name(unload.command.compression),
            unload.command.to,
            unload.outcome.as_ref().ok(),
            unload.outcome.as_ref().err(),
        ],
    )
}

fn insert_files(connection: &Connection, unload: &UnloadRecord<'_>) -> duckdb::Result<()> {
    let mut appender = connection.appender_to_db("redshift_unload_files", "redshift_system")?;
    for file in &unload.files {
        appender.append_row(params![unload.query, file.address, counted(file.rows), counted(file.bytes)])?;
    }
    appender.flush()
}
