//! The audit tables of the warehouse: a row for each load that was committed, and, where loads append, the objects
//! whose records are in a staging table.

use std::collections::BTreeMap;

use super::source::KnownObjects;
use super::sql::SqlFile;
use crate::config::Mode;
use crate::error::{Error, Result};
use crate::load_report::{LoadReport, SourceReport};
use crate::location::Location;
use crate::warehouse::Warehouse;

/// The statements of `sql/audit/`, which are the program's own and built into it.
macro_rules! audit {
    ($name:literal) => {
        ($name, include_str!(concat!("../../sql/audit/", $name, ".sql")))
    };
}

/// Bytes of a report that fit its column.
const REPORT_BYTES: usize = 65_535;

fn statement(audit: (&str, &str), variables: &[(&'static str, String)]) -> Result<String> {
    let file = SqlFile::parse(format!("sql/audit/{}.sql", audit.0).into(), audit.1)?;
    file.with_variables(&variables.iter().cloned().collect::<BTreeMap<_, _>>())
}

/// The table of the objects that are in a staging table.
pub fn objects_table(staging: &str) -> String {
    format!("sparkify_infra_{staging}_objects")
}

/// The table of the records that COPY rejected from a staging table.
pub fn rejected_table(staging: &str) -> String {
    format!("sparkify_infra_{staging}_rejected")
}

/// A line of a source, of which records are kept; by default, that before all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeptLine {
    pub file: String,
    pub line: u64,
}

/// The tables of the audit, made where they are missing.
pub fn creates(staging: &[&str]) -> Result<Vec<String>> {
    let mut creates = vec![statement(audit!("create_loads"), &[])?];
    for table in staging {
        creates.push(statement(audit!("create_objects"), &[("objects", objects_table(table))])?);
        creates.push(statement(audit!("create_rejected"), &[("rejected", rejected_table(table))])?);
    }
    Ok(creates)
}

/// The objects whose records are in a staging table.
pub async fn known(warehouse: &Warehouse, staging: &str) -> Result<KnownObjects> {
    let sql = statement(audit!("known_objects"), &[("objects", objects_table(staging))])?;
    let rows = match warehouse.query(&sql).await? {
        Ok(rows) => rows,
        // Before the first load: a dry run looks without making tables.
        Err(error) if error.is_absent_relation() => return Ok(KnownObjects::new()),
        Err(error) => return Err(Error::failed("cannot read which objects are loaded already").because(error)),
    };
    let pair = |row: Vec<Option<String>>| {
        let mut values = row.into_iter();
        Some((values.next()??, values.next()??))
    };
    Ok(rows.rows.into_iter().filter_map(pair).collect())
}

/// A statement that divides by zero unless a table of objects has so many: it ends the transaction that it is in.
pub fn fail_unless_known(objects: &str, known: usize) -> String {
    format!("select 1 / (case when count(distinct key) = {known} then 1 else 0 end) from {objects}")
}

/// Remembers the objects of a list that lies in S3.
pub fn copy_objects(staging: &str, list: &Location, role: &str) -> Result<String> {
    let from = ("from", list.to_string());
    statement(audit!("copy_objects"), &[("objects", objects_table(staging)), from, ("iam_role", role.to_owned())])
}

/// Keeps rejected records, of which a list lies in S3.
pub fn copy_rejected(staging: &str, list: &Location, role: &str) -> Result<String> {
    let from = ("from", list.to_string());
    statement(audit!("copy_rejected"), &[("rejected", rejected_table(staging)), from, ("iam_role", role.to_owned())])
}

/// The records that are kept of a staging table: run, file, line, column, reason, text. Those of the next lines behind this
/// one, as many lines as it takes for so many records or bytes.
pub fn rejected_records(staging: &str, behind: &KeptLine, records: u64, bytes: u64) -> Result<String> {
    let variables = [
        ("rejected", rejected_table(staging)),
        ("file", behind.file.clone()),
        ("line", behind.line.to_string()),
        ("records", records.to_string()),
        ("bytes", bytes.to_string()),
    ];
    statement(audit!("rejected_records"), &variables)
}

/// Removes the records of the lines behind one, up to another.
pub fn delete_rejected(staging: &str, behind: &KeptLine, last: &KeptLine) -> Result<String> {
    let variables = [
        ("rejected", rejected_table(staging)),
        ("file", behind.file.clone()),
        ("line", behind.line.to_string()),
        ("last_file", last.file.clone()),
        ("last_line", last.line.to_string()),
    ];
    statement(audit!("delete_rejected"), &variables)
}

/// The INSERT of a load's own row.
pub fn insert_load(run: &str, started: &str, mode: Mode, report: &LoadReport) -> Result<String> {
    let sum = |count: fn(&SourceReport) -> u64| report.sources.iter().map(count).sum::<u64>().to_string();
    let fingerprints: Vec<String> =
        report.sources.iter().map(|source| format!("{}={}", source.table, source.fingerprint)).collect();
    let variables = [
        ("run", run.to_owned()),
        ("started", started.trim_end_matches('Z').replace('T', " ")),
        ("seconds", format!("{:.3}", report.took.as_secs_f64())),
        ("mode", mode.to_string()),
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("fingerprint", clipped(fingerprints.join(" "), 1024)),
        ("staged", sum(|source| source.staged)),
        ("rejected", sum(|source| source.rejected)),
        ("report", report_json(report)),
    ];
    statement(audit!("insert_load"), &variables)
}

/// The report as JSON; without the rejected rows and keys where it would be too long with them.
fn report_json(report: &LoadReport) -> String {
    let whole = report.json().to_string();
    if whole.len() <= REPORT_BYTES {
        return whole;
    }
    let mut short = report.clone();
    for source in &mut short.sources {
        source.rejections.clear();
        source.unmatched_keys = None;
    }
    let short = short.json().to_string();
    if short.len() <= REPORT_BYTES { short } else { "{}".to_owned() }
}

fn clipped(mut text: String, bytes: usize) -> String {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}
