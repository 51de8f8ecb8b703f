//! Reports what a load did, in numbers: the loader fills it in, events carry it, and views show it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::error::{Error, FailureKind, Result};
use crate::location::Location;

/// Unmatched keys of a source that are listed.
const KEYS_SHOWN: usize = 100;

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
    /// Objects that an earlier load has loaded.
    pub known: u64,
    pub bytes: u64,
    /// A hash of the keys, sizes and ETags of the objects.
    pub fingerprint: String,
    /// The manifest that COPY read, where it was not the source's prefix.
    pub manifest: Option<Location>,
    /// `None` where the source was copied from where it lies.
    pub parts: Option<u64>,
    /// Records counted while gathering.
    pub records: Option<u64>,
    pub table: String,
    pub staged: u64,
    pub rejected: u64,
    pub rejections: Vec<String>,
    /// The table that keeps the rejected rows, where they are kept.
    pub quarantine: Option<String>,
    /// Keys of JSON that no column takes; `None` where they were not compared.
    pub unmatched_keys: Option<Vec<UnknownKey>>,
    /// A remark on a source that could not be checked.
    pub remark: Option<&'static str>,
}

impl LoadReport {
    /// As docs/output.md promises it, and as the audit table keeps it.
    pub fn json(&self) -> Value {
        let check = |check: &CheckReport| json!({ "check": check.name, "question": check.question, "offending": check.offending });
        json!({
            "seconds": self.took.as_secs_f64(),
            "sources": self.sources.iter().map(SourceReport::json).collect::<Vec<_>>(),
            "tables": self.tables.iter().map(TableReport::json).collect::<Vec<_>>(),
            "checks": self.checks.iter().map(check).collect::<Vec<_>>(),
            "reconciliations": self.reconciliations.iter().map(Reconciliation::json).collect::<Vec<_>>(),
        })
    }
}

impl SourceReport {
    pub fn json(&self) -> Value {
        let key =
            |unknown: &UnknownKey| json!({ "key": unknown.key, "objects": unknown.objects, "first": unknown.first });
        let unmatched_keys =
            self.unmatched_keys.as_ref().map(|keys| keys.iter().take(KEYS_SHOWN).map(key).collect::<Vec<_>>());
        json!({
            "source": self.source, "location": self.location, "objects": self.objects, "markers": self.markers,
            "known": self.known, "bytes": self.bytes, "fingerprint": self.fingerprint, "parts": self.parts,
            "records": self.records, "table": self.table, "staged": self.staged, "rejected": self.rejected,
            "rejections": self.rejections, "quarantine": self.quarantine,
            "quarantined": self.quarantine.as_ref().map_or(0, |_| self.rejected), "unmatched_keys": unmatched_keys,
            "remark": self.remark,
        })
    }

    /// Every record that was gathered is staged or rejected.
    pub fn check(&self) -> Result<()> {
        match self.records {
            Some(records) if records != self.staged + self.rejected => Err(Error::new(
                FailureKind::CheckFailed,
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
    /// Rows that the table has now.
    pub rows: u64,
    /// `None` where the table was filled anew.
    pub changes: Option<Changes>,
}

/// Rows that an append touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changes {
    pub added: u64,
    pub changed: u64,
    pub removed: u64,
}

impl TableReport {
    fn json(&self) -> Value {
        let count = |count: fn(&Changes) -> u64| self.changes.as_ref().map(count);
        json!({
            "table": self.table, "rows": self.rows, "added": count(|changes| changes.added),
            "changed": count(|changes| changes.changed), "removed": count(|changes| changes.removed),
        })
    }
}

#[derive(Debug, Clone)]
pub struct CheckReport {
    pub name: String,
    pub question: String,
    pub offending: u64,
}

/// A key that no column takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownKey {
    pub key: String,
    /// JSON objects that have it.
    pub objects: u64,
    /// File and line of the first of them.
    pub first: Option<String>,
}

/// Which side of the sum a line stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    In,
    Kept,
    LeftOut,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SumLine {
    pub side: Side,
    pub what: String,
    pub rows: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconciliation {
    pub name: String,
    pub title: String,
    pub lines: Vec<SumLine>,
}

impl Reconciliation {
    pub fn json(&self) -> Value {
        let side = |side: Side| match side {
            Side::In => "in",
            Side::Kept => "kept",
            Side::LeftOut => "left out",
        };
        let line = |line: &SumLine| json!({ "side": side(line.side), "what": line.what, "rows": line.rows });
        json!({ "name": self.name, "lines": self.lines.iter().map(line).collect::<Vec<_>>() })
    }
}
