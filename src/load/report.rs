//! What a load did, in numbers.

use std::time::Duration;

use super::reconcile::Reconciliation;
use super::sql::SqlFile;
use crate::error::{Error, Kind, Result};

#[derive(Debug, Clone)]
pub struct LoadReport {
    pub sources: Vec<SourceReport>,
    pub tables: Vec<TableReport>,
    pub checks: Vec<CheckReport>,
    pub reconciliations: Vec<Reconciliation>,
    pub took: Duration,
}

/// One source and the staging table it went to.
#[derive(Debug, Clone)]
pub struct SourceReport {
    pub source: String,
    pub location: String,
    pub objects: u64,
    /// Zero-byte objects that were not read.
    pub markers: u64,
    pub bytes: u64,
    /// `None` where the source was copied from where it lies.
    pub parts: Option<u64>,
    /// Records counted while gathering.
    pub records: Option<u64>,
    pub table: String,
    pub staged: u64,
    pub rejected: u64,
    pub rejections: Vec<String>,
}

impl SourceReport {
    /// Every record that was gathered is staged or rejected.
    pub fn check(&self) -> Result<()> {
        match self.records {
            Some(records) if records != self.staged + self.rejected => Err(Error::new(
                Kind::CheckFailed,
                format!(
                    "{}: {records} records were gathered, but {} rows staged and {} rejected",
                    self.source, self.staged, self.rejected
                ),
            )
            .hint("The star is as the last good load left it.")),
            _ => Ok(()),
        }
    }
}

#[derive(Debug, Clone)]
pub struct TableReport {
    pub table: String,
    pub title: String,
    pub rows: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    Error,
    Warn,
}

impl Severity {
    pub fn of(file: &SqlFile) -> Result<Self> {
        match file.settings.get("severity").map(String::as_str) {
            None | Some("error") => Ok(Self::Error),
            Some("warn") => Ok(Self::Warn),
            Some(other) => {
                Err(Error::usage(format!("{}: severity is error or warn, not {other}", file.path.display())))
            }
        }
    }
}

#[derive(Debug, Clone)]
pub struct CheckReport {
    pub name: String,
    pub question: String,
    pub offending: u64,
}
