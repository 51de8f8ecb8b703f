//! SQL errors in Redshift's words.

use std::io;
use std::path::Path;

use super::duckdb_error::DuckError;
use super::duckdb_errors::{self, NO_SPILL};
use crate::disk;
use redshift_sql::TranslateError;

/// What Redshift answers when a statement fails: SQLSTATE and message, without the `ERROR:` in front.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("ERROR: {message}")]
pub struct SqlError {
    pub sqlstate: &'static str,
    pub message: String,
}

impl SqlError {
    pub fn new(sqlstate: &'static str, message: impl Into<String>) -> Self {
        Self { sqlstate, message: message.into() }
    }

    pub fn syntax(message: impl Into<String>) -> Self {
        Self::new("42601", message)
    }

    /// The local Redshift does not have this, and says so instead of running something else.
    pub fn unsupported(construct: &str) -> Self {
        Self::new("0A000", format!("{construct} is not supported by the local Redshift"))
    }

    /// A file or a directory that cannot be used: a full disk is called by its name, which is PostgreSQL's 53100.
    pub fn from_io(what: &str, path: &Path, error: &io::Error) -> Self {
        let path = path.display();
        match disk::is_full(error) {
            true => Self::new(
                "53100",
                format!("Disk Full: no room left to write to {path}; free some, and it goes on without a restart"),
            ),
            false => Self::new("58030", format!("{what} {path}: {error}")),
        }
    }

    /// Returns true if a relation is missing, or a view is not of what it was made of any more.
    pub fn is_out_of_view(&self) -> bool {
        self.is_missing_relation() || self.message.contains("Contents of view were altered")
    }

    pub fn is_missing_relation(&self) -> bool {
        self.sqlstate == "42P01"
    }

    /// Returns true if there is no room for what does not fit into memory.
    pub fn is_unspilled(&self) -> bool {
        self.sqlstate == "53100" && self.message.starts_with(NO_SPILL)
    }

    pub fn from_duckdb(error: &duckdb::Error) -> Self {
        match error {
            duckdb::Error::DuckDBFailure(_, Some(text)) => duckdb_errors::translate(&DuckError::new(text)),
            other => duckdb_errors::translate(&DuckError::new(&other.to_string())),
        }
    }
}

impl From<TranslateError> for SqlError {
    fn from(TranslateError { sqlstate, message }: TranslateError) -> Self {
        Self { sqlstate, message }
    }
}

/// For what the translation asks of the catalog.
impl From<SqlError> for TranslateError {
    fn from(SqlError { sqlstate, message }: SqlError) -> Self {
        Self { sqlstate, message }
    }
}

impl From<duckdb::Error> for SqlError {
    fn from(error: duckdb::Error) -> Self {
        Self::from_duckdb(&error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_has_a_code_of_its_own() {
        let told = |text: &str| {
            let error = duckdb::Error::DuckDBFailure(duckdb::ffi::Error::new(1), Some(text.to_owned()));
            SqlError::from_duckdb(&error)
        };
        let full = told("IO Error: Could not write file \"dev.duckdb.wal\": No space left on device");
        assert_eq!(full.sqlstate, "53100");
        assert!(full.message.contains("dev.duckdb.wal"), "{}", full.message);
        let checkpoint =
            "Failed to create checkpoint because of error: Could not write file \"dev.duckdb\": File too large";
        let fatal = told(&format!("FATAL Error: {checkpoint}"));
        assert_eq!((fatal.sqlstate, fatal.message.starts_with("FATAL Error: ")), ("53100", true), "{fatal}");
        let spilled =
            told("Out of Memory Error: failed to offload data block of size 256.0 KiB (9.7 MiB/9.8 MiB used).\nThis");
        assert!(spilled.is_unspilled() && !full.is_unspilled());
        assert_eq!(told("Out of Memory Error: could not allocate block").sqlstate, "53200");
        let at = |kind: io::ErrorKind| SqlError::from_io("cannot write to", Path::new("a/dir"), &kind.into());
        assert_eq!(at(io::ErrorKind::PermissionDenied).sqlstate, "58030");
        for kind in [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded, io::ErrorKind::FileTooLarge] {
            let full = at(kind);
            assert!(full.sqlstate == "53100" && full.message.contains("no room left to write to a/dir"), "{full}");
        }
        let text = told("Conversion Error: Could not convert string 'No space left on device' to INT32");
        assert_eq!(text.sqlstate, "22P02");
    }
}
