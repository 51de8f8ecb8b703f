//! `load --retry-rejected`: the records in quarantine are copied once more, as they stand there now.

use std::collections::BTreeMap;
use std::io::Write;

use super::copied::Copied;
use super::copy_batch::CopyBatch;
use super::copy_files::{self, option_value};
use super::copy_format::{self, CopyFormat};
use super::gather::Gatherer;
use super::quarantine::{OpenTransaction, RejectedRecord, super_value};
use super::record_picker::RecordFormat;
use super::rejected::{ErrorRow, Rejected, SHOWN};
use super::report::SourceReport;
use super::sample::CopyCompression;
use super::source::{Known, Listing};
use super::sql::SqlFile;
use super::stage::{Staging, all_of};
use super::{Load, audit, jsonpaths};
use crate::config::Source;
use crate::error::{Error, Kind, Result};
use crate::interrupt;
use crate::location::Location;
use crate::warehouse::{Done, Session, StatementError};

/// Where the records lie while they are copied, under the prefix of the source's parts.
const FOLDER: &str = "retry";

/// A record in quarantine, with the text that COPY reads.
struct Kept {
    record: RejectedRecord,
    text: String,
}

impl Load<'_> {
    /// Tries the records again of every source with a quarantine, side by side.
    ///
    /// # Errors
    /// Where no source has one, or any of them fails: all that failed are named.
    pub(super) async fn retry_rejected(&self, sources: &[Source]) -> Result<Vec<SourceReport>> {
        let files = copy_files::read(&self.config.directory)?;
        let mut work = Vec::new();
        for (file, source) in self.with_quarantine(&files, sources)? {
            work.push(self.retry_table(file, source));
        }
        match all_of(work).await {
            (_, Some(failure)) => Err(failure),
            (tried, None) => Ok(tried),
        }
    }

    /// The files of `sql/copy/` whose rejected rows are kept.
    ///
    /// # Errors
    /// Where there is none.
    pub(super) fn with_quarantine<'s>(
        &self,
        files: &'s [SqlFile],
        sources: &'s [Source],
    ) -> Result<Vec<(&'s SqlFile, &'s Source)>> {
        let mut found = Vec::new();
        for file in files {
            let source = self.source_of(file, sources)?;
            found.extend(source.quarantine.then_some((file, source)));
        }
        match found.is_empty() {
            true => {
                Err(Error::usage("no source keeps the rows that its COPY rejects, so that none can be tried again")
                    .hint("Set `quarantine = true` for [sources.NAME] in infra.toml, and run `load`."))
            }
            false => Ok(found),
        }
    }

    async fn retry_table(&self, file: &SqlFile, source: &Source) -> Result<SourceReport> {
        let (from, listing, known) = (self.aws.s3_in(&source.region), Listing::nothing(FOLDER), Known::new());
        let staging = Staging { load: self, file, source, listing: &listing, known: &known, from: &from };
        let stage = format!("retry {}", file.name);
        self.staged(&stage, staging.retry(&stage)).await
    }
}

impl Staging<'_> {
    async fn retry(&self, stage: &str) -> Result<(SourceReport, String)> {
        let load = self.load;
        let paths = interrupt::unless_asked(jsonpaths::read(self.from, self.source, &load.config.directory)).await?;
        let gatherer = load.gatherer(self.from, 1, CopyFormat::default());
        // As for parts: the records lie beside the cluster.
        let paths = jsonpaths::for_copy(&gatherer, self.source, self.listing, paths, true).await?;
        let transaction = async || {
            let session = load.warehouse.session("begin").await?;
            let copied = self.retry_in(&session, stage, paths.as_ref(), &gatherer).await;
            session.end_transaction(copied).await
        };
        let copied = match load.once_allowed(stage, transaction).await? {
            Ok(copied) => copied,
            Err(error) => return Err(self.explain(error, &gatherer).await),
        };
        let rejected = audit::rejected_table(&self.file.name);
        let (accepted, left) = (copied.staged, copied.rejected.count);
        let detail = match accepted + left {
            0 => format!("nothing is in {rejected}"),
            tried => format!("{accepted} of {tried} rows accepted, {left} left in {rejected}"),
        };
        Ok((self.retry_report(copied, rejected), detail))
    }

    /// Copies the records and takes out of the quarantine what is staged now, in the transaction that is open. What COPY
    /// rejects again stays, with its new reason.
    async fn retry_in(
        &self,
        session: &Session,
        stage: &str,
        paths: Option<&Location>,
        gatherer: &Gatherer<'_>,
    ) -> Result<std::result::Result<Copied, StatementError>> {
        let table = &self.file.name;
        let [objects, rejected] = [audit::objects_table(table), audit::rejected_table(table)];
        if let Err(error) = session.run(&format!("lock table {table}, {objects}, {rejected}")).await? {
            return Ok(Err(error));
        }
        let kept = match session.run(&audit::rejected_records(table)?).await? {
            Ok(done) => self.kept(&done).await?,
            Err(error) => return Ok(Err(error)),
        };
        if kept.is_empty() {
            return Ok(Ok(Copied { staged: 0, rejected: Rejected::default() }));
        }
        let (text, lines) = joined(&kept, header_lines(&self.file.statement));
        // COPY takes the address for a prefix: no other name begins with this one.
        let key = format!("{}{table}.records", gatherer.home(self.source, self.listing).key);
        let object = gatherer.put(&key, packed(text, &self.file.statement)?).await?;
        let mut batch = CopyBatch::default();
        batch.count_before(table);
        let statement = copy_format::for_records(&self.file.statement);
        let file = SqlFile { statement, ..self.file.clone() };
        batch.add_copy(self.copy_from(&file, object.to_string(), String::new(), paths)?);
        batch.count_after(table);
        let added = match batch.run_in(session, table).await? {
            Ok(added) => added,
            Err(error) => return Ok(Err(error)),
        };
        let (tried, mut open) = (kept.len() as u64, OpenTransaction::new(session));
        let errors = self.all_rejected(stage, added, Some(tried), &mut open).await?;
        let again = by_record(&errors, &lines);
        let left = again.len() as u64;
        if added.rows + left != tried {
            let message =
                format!("{rejected}: {tried} records were tried, but {} rows staged and {left} rejected", added.rows);
            return Err(Error::new(Kind::CheckFailed, message).hint(
                "Nothing has changed. Each record is one row: look for one that was corrected into two, or into none.",
            ));
        }
        let kept = kept.into_iter().enumerate();
        let records = kept.filter_map(|(at, kept)| Some(kept.record.rejected_by(again.get(&at)?)));
        let records: Vec<RejectedRecord> = records.collect();
        if let Err(error) = session.run(&format!("delete from {rejected}")).await? {
            return Ok(Err(error));
        }
        if let Err(error) = self.keep(session, &records).await? {
            return Ok(Err(error));
        }
        let shown = records.iter().take(SHOWN).map(|record| {
            let column = record.column_name.iter().map(|column| format!("{column}: ")).collect::<String>();
            format!("{}:{}: {column}{}", record.file, record.line, record.reason)
        });
        let rejected = Rejected { count: left, shown: shown.collect(), ..Rejected::default() };
        Ok(Ok(Copied { staged: added.rows, rejected }))
    }

    /// What is in quarantine.
    async fn kept(&self, done: &Done) -> Result<Vec<Kept>> {
        let format = RecordFormat::new(&self.file.statement).unwrap_or(RecordFormat::Lines);
        let (mut kept, mut pages) = (Vec::new(), self.load.warehouse.pages(done));
        while let Some(page) = pages.next().await? {
            for row in page.rows {
                let mut values = row.into_iter();
                let mut next = || values.next().flatten();
                let (run, file, line) = (next().unwrap_or_default(), next().unwrap_or_default(), next());
                let (column_name, reason, text) = (next(), next().unwrap_or_default(), next().unwrap_or_default());
                let line: u64 = line.and_then(|line| line.parse().ok()).unwrap_or_default();
                if text.trim().is_empty() {
                    let rejected = audit::rejected_table(&self.file.name);
                    let message = format!("{rejected}: the record of {file}:{line} was emptied");
                    return Err(Error::new(Kind::CheckFailed, message)
                        .hint("Nothing has changed. Write a record there, or delete the row that is not wanted."));
                }
                let record = super_value(text.as_bytes(), format)?;
                kept.push(Kept { record: RejectedRecord { run, file, line, column_name, reason, record }, text });
            }
        }
        Ok(kept)
    }

    fn retry_report(&self, copied: Copied, rejected: String) -> SourceReport {
        let (source, Copied { staged, rejected: left }) = (self.source, copied);
        SourceReport {
            source: source.name.clone(),
            location: source.location.to_string(),
            objects: 0,
            markers: 0,
            known: 0,
            bytes: 0,
            fingerprint: self.listing.fingerprint.clone(),
            manifest: None,
            parts: Some(0),
            records: Some(staged + left.count),
            table: self.file.name.clone(),
            staged,
            rejected: left.count,
            rejections: left.shown,
            quarantine: Some(rejected),
            unmatched_keys: None,
            remark: None,
        }
    }
}

/// The lines at the beginning of a file that a COPY passes over.
fn header_lines(statement: &str) -> u64 {
    option_value(statement, "ignoreheader").and_then(|lines| lines.parse().ok()).unwrap_or_default()
}

/// The records as one text behind as many empty lines, and the line that each of them begins on.
fn joined(kept: &[Kept], header_lines: u64) -> (Vec<u8>, Vec<u64>) {
    let (mut text, mut lines, mut line) = (Vec::new(), Vec::new(), 1);
    for _ in 0..header_lines {
        text.push(b'\n');
        line += 1;
    }
    for Kept { text: record, .. } in kept {
        lines.push(line);
        text.extend_from_slice(record.as_bytes());
        text.push(b'\n');
        line += record.matches('\n').count() as u64 + 1;
    }
    (text, lines)
}

/// The text as the COPY unpacks it.
fn packed(text: Vec<u8>, statement: &str) -> Result<Vec<u8>> {
    let unwritable = |error: std::io::Error| Error::failed("cannot compress the rejected records").because(error);
    match CopyCompression::new(statement) {
        Some(CopyCompression::Gzip) => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(&text).map_err(unwritable)?;
            encoder.finish().map_err(unwritable)
        }
        Some(CopyCompression::Zstd) => zstd::encode_all(text.as_slice(), 0).map_err(unwritable),
        Some(CopyCompression::No) | None => Ok(text),
    }
}

/// The first error of each record, by its number: a record goes on to the line that the next begins on.
fn by_record<'e>(errors: &'e [ErrorRow], lines: &[u64]) -> BTreeMap<usize, &'e ErrorRow> {
    let mut first = BTreeMap::new();
    for error in errors {
        let record = lines.partition_point(|line| *line <= error.line).saturating_sub(1);
        first.entry(record).or_insert(error);
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(text: &str) -> Kept {
        let (file, reason) = ("s3://b/k".to_owned(), "why".to_owned());
        let record = super_value(text.as_bytes(), RecordFormat::Json).expect("value");
        let record = RejectedRecord { run: "r".to_owned(), file, line: 7, column_name: None, reason, record };
        Kept { record, text: text.to_owned() }
    }

    #[test]
    fn an_error_leads_back_to_its_record() {
        let records = [kept("1,\"a\nb\""), kept("2,c"), kept("3,d")];
        let (text, lines) = joined(&records, header_lines("copy t from :'from' csv ignoreheader as 2 :options"));
        assert_eq!(String::from_utf8(text).expect("text"), "\n\n1,\"a\nb\"\n2,c\n3,d\n");
        assert_eq!(lines, [3, 5, 6]);
        let error = |line| ErrorRow { line, ..ErrorRow::default() };
        let errors = [error(4), error(4), error(6)];
        assert_eq!(by_record(&errors, &lines).into_keys().collect::<Vec<_>>(), [0, 2]);
    }

    #[test]
    fn a_record_is_written_as_it_was_read() {
        let line = serde_json::to_string(&kept("{\"b\": 1.50, \"a\": null}").record).expect("line");
        let start = r#"{"run":"r","file":"s3://b/k","line":7,"column_name":null,"reason":"why","record":"#;
        assert_eq!(line, format!("{start}{{\"b\": 1.50, \"a\": null}}}}"));
    }
}
