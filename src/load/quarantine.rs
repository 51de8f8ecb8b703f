//! Rows that COPY rejects, kept as they are in a table beside the staging table: in the transaction that fills it, so that
//! each record of a source is either staged or kept, whenever a load dies.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::audit;
use super::copied::{Copied, CopyAttempt};
use super::copy_batch::Added;
use super::copy_format::{CopyFormat, CopyKind};
use super::copy_options::has_option;
use super::part::{CheckedContent, Part};
use super::record_format::RecordFormat;
use super::rejected::{ErrorRow, Origins, Rejected};
use super::staging::Staging;
use crate::bucket_keys::gathered_prefix;
use crate::config::Compression;
use crate::error::{Error, FailureKind, Result};
use crate::retry::Backoff;
use crate::statement_process::StatementProcess;
use crate::warehouse::{Session, StatementError};

/// C12: the most that COPY takes. It fails at so many rejected rows, and passes over one less.
const MAXERROR: u32 = 100_000;
/// A session that runs nothing for longer than this is given a statement, so that it does not end
/// (`SESSION_SECONDS`).
const IDLE: Duration = Duration::from_secs(30);
/// Bytes of a reason and of a column that fit the table.
const REASON_BYTES: usize = 1024;
const COLUMN_BYTES: usize = 128;

/// A record in the table of rejected ones, as a line of JSON that COPY reads into it.
#[derive(Debug, Serialize)]
pub struct RejectedRecord {
    /// The load that read it.
    pub run: String,
    /// The original file and line.
    pub file: String,
    pub line: u64,
    pub column_name: Option<String>,
    pub reason: String,
    pub record: Box<RawValue>,
}

impl RejectedRecord {
    /// Sets column and reason from an error of COPY.
    pub fn rejected_by(mut self, error: &ErrorRow) -> Self {
        self.column_name = Some(clipped(&error.column, COLUMN_BYTES)).filter(|column| !column.is_empty());
        self.reason = clipped(&error.reason, REASON_BYTES);
        self
    }
}

/// The COPY with the most rejected rows that it can pass over, unless it says itself how many.
pub fn with_maxerror(copy: String) -> String {
    match has_option(&copy, &["maxerror", "ignoreallerrors"]) {
        true => copy,
        // A comment may be at its end.
        false => format!("{copy}\nmaxerror {MAXERROR}"),
    }
}

/// The text of a record as a value for SUPER: JSON that SUPER takes as it is, anything else as a string. What a VARCHAR of
/// Redshift cannot hold becomes U+FFFD: bytes that are no UTF-8, and NUL.
pub fn super_value(text: &[u8], format: RecordFormat) -> Result<Box<RawValue>> {
    let text = String::from_utf8_lossy(text).replace('\0', "\u{fffd}");
    let unwritable = |error: serde_json::Error| Error::failed("cannot write a rejected record").because(error);
    let json = match format == RecordFormat::Json && is_super(&text) {
        true => text,
        false => serde_json::to_string(&text).map_err(unwritable)?,
    };
    RawValue::from_string(json).map_err(unwritable)
}

/// Returns true if a text is a JSON object or list that SUPER takes: with numbers that are not too large, without NUL,
/// and with each key once.
fn is_super(text: &str) -> bool {
    let is_opened = text.starts_with(['{', '[']) && !text.contains("\\u0000");
    let value = serde_json::from_str::<Value>(text).ok().filter(|_| is_opened);
    value.is_some_and(|value| keys(&value) == colons(text))
}

/// The keys of all objects in a value, where a repeated one counts once.
fn keys(value: &Value) -> usize {
    match value {
        Value::Array(values) => values.iter().map(keys).sum(),
        Value::Object(fields) => fields.len() + fields.values().map(keys).sum::<usize>(),
        _ => 0,
    }
}

/// Colons of a JSON text outside its strings: one behind each key.
fn colons(text: &str) -> usize {
    let (mut colons, mut in_string, mut is_escaped) = (0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = in_string,
            b'"' => in_string = !in_string,
            b':' if !in_string => colons += 1,
            _ => {}
        }
    }
    colons
}

/// A session whose transaction is open while something else is read.
pub struct OpenTransaction<'a> {
    session: &'a Session,
    used: Instant,
}

impl<'a> OpenTransaction<'a> {
    pub fn new(session: &'a Session) -> Self {
        Self { session, used: Instant::now() }
    }

    /// Runs a statement where none has run for a while: an idle session ends, and its transaction with it.
    ///
    /// # Errors
    /// Where the Data API cannot be asked. That the session has ended is for the next statement to say.
    pub async fn keep(&mut self) -> Result<()> {
        if self.used.elapsed() >= IDLE {
            let _ = self.session.run("select 1").await?;
            self.used = Instant::now();
        }
        Ok(())
    }
}

impl Staging<'_> {
    /// Runs the batch of a COPY, and keeps what the COPY rejects, in one transaction.
    pub(super) async fn copy_and_keep(
        &self,
        attempt: &CopyAttempt<'_>,
    ) -> Result<std::result::Result<Copied, StatementError>> {
        let load = self.load;
        let transaction = async || {
            let session = load.warehouse.session("begin").await?;
            let copied = self.copied_in(&session, attempt).await;
            session.end_transaction(copied).await
        };
        load.once_allowed(attempt.stage, transaction).await
    }

    async fn copied_in(
        &self,
        session: &Session,
        attempt: &CopyAttempt<'_>,
    ) -> Result<std::result::Result<Copied, StatementError>> {
        let (load, table) = (self.load, &self.file.name);
        let CopyAttempt { stage, batch, records, is_last, gatherer } = *attempt;
        let added = match batch.run_in(session, table).await? {
            Ok(added) => added,
            Err(error) => return Ok(Err(error)),
        };
        let mut open = OpenTransaction::new(session);
        let errors = self.all_rejected(stage, added, records, &mut open).await?;
        if !is_last && self.plan.widens && errors.iter().any(ErrorRow::is_too_long) {
            let message = format!("texts are too long for columns of {table}, which can be wider");
            return Ok(Err(StatementError { message, process: added.process }));
        }
        let mut origins = Origins::new(gatherer, self.source);
        let kept = self.records_of(&errors, &mut origins, &mut open).await?;
        let count = kept.len() as u64;
        if let Some(records) = records.filter(|records| *records != added.rows + count) {
            let message =
                format!("{table}: {records} records were read, but {} rows staged and {count} rejected", added.rows);
            return Err(Error::new(FailureKind::CheckFailed, message)
                .hint("Nothing was loaded. The system views may show late what was rejected: run load again."));
        }
        if let Err(error) = self.keep(session, &kept).await? {
            return Ok(Err(error));
        }
        let rejected = Rejected::from_rows(&load.warehouse, added.process, &errors, count, &mut origins).await;
        Ok(Ok(Copied { staged: added.rows, rejected }))
    }

    /// Adds records to the table of rejected ones, in the transaction that is open.
    ///
    /// # Errors
    /// Where they cannot be written to S3. The inner error is that of the COPY.
    pub(super) async fn keep(
        &self,
        session: &Session,
        records: &[RejectedRecord],
    ) -> Result<std::result::Result<(), StatementError>> {
        if records.is_empty() {
            return Ok(Ok(()));
        }
        let table = &self.file.name;
        let mut part = Part::new(CopyKind::Json, Compression::Zstd)?;
        for record in records {
            let line = serde_json::to_vec(record)
                .map_err(|error| Error::failed("cannot write a rejected record").because(error))?;
            part.add(&CheckedContent { bytes: line.into(), records: 1, lines: 1, ..CheckedContent::default() })?;
        }
        let key = format!("{}rejected-{table}.json.zst", gathered_prefix(&self.source.name));
        let list = self.load.gatherer(self.from, 1, CopyFormat::default()).put(&key, part.finish()?.0).await?;
        let copy = audit::copy_rejected(table, &list, &self.load.stack.names.role_arn)?;
        Ok(session.run(&copy).await?.map(drop))
    }

    /// Everything that a COPY has rejected. The system views may show it late (C17): they are asked until they show as many
    /// rows as are missing, of `records` where those were counted, else as SYS_LOAD_HISTORY says.
    ///
    /// # Errors
    /// Where they do not show it in time: nothing may be lost.
    pub(super) async fn all_rejected(
        &self,
        stage: &str,
        added: Added,
        records: Option<u64>,
        open: &mut OpenTransaction<'_>,
    ) -> Result<Vec<ErrorRow>> {
        let load = self.load;
        let mut backoff = Backoff::until(Instant::now() + load.stack.config.timeouts.settle);
        loop {
            let missing = match records {
                Some(records) => Some(records.saturating_sub(added.rows)),
                None => self.errors_in_history(added.process).await?,
            };
            match missing {
                Some(0) => return Ok(Vec::new()),
                Some(missing) => {
                    let (rows, _) = ErrorRow::read_all(&load.warehouse, added.process, None).await?;
                    if rows.len() as u64 >= missing {
                        return Ok(rows);
                    }
                }
                None => {}
            }
            open.keep().await?;
            if !backoff.next(&load.stack.events, stage, "the system views to show what was rejected").await? {
                let table = &self.file.name;
                let of = missing.map(|missing| format!(" all {missing} of them")).unwrap_or_default();
                return Err(Error::failed(format!("the system views do not show{of} what COPY rejected from {table}"))
                    .hint("Nothing was loaded, so that nothing is lost. Run load again, with a longer --settle."));
            }
        }
    }

    /// How many errors SYS_LOAD_HISTORY counts of the COPY of a process; `None` as long as it does not show its end.
    pub(super) async fn errors_in_history(&self, process: StatementProcess) -> Result<Option<u64>> {
        let Some(of_process) = process.condition("session_id", "start_time") else { return Ok(None) };
        // The tables of the tool's own are filled by COPYs of the same process.
        let sql = format!(
            "select max(error_count) from sys_load_history where {of_process} and status = 'completed' \
             and table_name not like '%sparkify_infra_%'"
        );
        let rows = self.load.warehouse.query(&sql).await?;
        let rows = rows.map_err(|error| Error::failed("cannot read how many rows COPY rejected").because(error))?;
        Ok(rows.number())
    }
}

fn clipped(text: &str, bytes: usize) -> String {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_passes_over_as_many_rows_as_it_says_or_can() {
        let bounded = "copy t from 's3://b/maxerror' csv MAXERROR 5".to_owned();
        assert_eq!(with_maxerror(bounded.clone()), bounded);
        let copy = with_maxerror("copy t (maxerror) from 's3://b/maxerror' csv -- all".to_owned());
        assert_eq!(copy, "copy t (maxerror) from 's3://b/maxerror' csv -- all\nmaxerror 100000");
    }

    #[test]
    fn a_record_is_json_as_it_was_or_a_string() {
        let value = |text: &[u8], format| super_value(text, format).expect("value").get().to_owned();
        assert_eq!(value(b"{\"b\": 1.50, \"a\":\n1}", RecordFormat::Json), "{\"b\": 1.50, \"a\":\n1}");
        assert_eq!(value(b"[1, \"x\"]", RecordFormat::Json), "[1, \"x\"]");
        assert_eq!(value(b"{\"a\": \"cut", RecordFormat::Json), r#""{\"a\": \"cut""#);
        assert_eq!(value(br#"{"a":"\u0000"}"#, RecordFormat::Json), r#""{\"a\":\"\\u0000\"}""#);
        for other in ["{\"a\":{\"b\":1,\"b\":2}}", "{\"a\":1e999}", "{} {}", "\"text\"", "1"] {
            assert!(value(other.as_bytes(), RecordFormat::Json).starts_with('"'), "{other}");
        }
        let colons = "{\"a:\\\":\": {\"b\": [{\"c\": \":\"}, {\"c\": 1}]}}";
        assert_eq!(value(colons.as_bytes(), RecordFormat::Json), colons);
        assert_eq!(
            value(b"[1],\"x\0\xff\"", RecordFormat::Csv { quote: b'"', delimiter: None }),
            "\"[1],\\\"x\u{fffd}\u{fffd}\\\"\""
        );
    }
}
