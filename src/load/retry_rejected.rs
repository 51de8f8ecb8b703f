//! `load --retry-rejected`: the records in quarantine are copied once more, as they stand there now.

use std::collections::BTreeMap;
use std::io::Write;

use super::audit::{self, KeptLine};
use super::copy_batch::CopyBatch;
use super::copy_format::{self, CopyFormat};
use super::copy_options::option_value;
use super::gatherer::Gatherer;
use super::index::IndexWriter;
use super::part_store::index_of;
use super::plan::LoadPlan;
use super::quarantine::{OpenTransaction, RejectedRecord, super_value};
use super::record_format::RecordFormat;
use super::rejected::{ErrorRow, Rejected, SHOWN};
use super::sample::CopyCompression;
use super::source::{KnownObjects, Listing};
use super::sql::SqlFile;
use super::stage::all_of;
use super::staging::Staging;
use super::table_plan::{TableCopy, TablePlan};
use super::{Load, jsonpaths};
use crate::error::{Error, FailureKind, Result};
use crate::interrupt;
use crate::load_report::SourceReport;
use crate::location::Location;
use crate::warehouse::{Done, Session, StatementError};

/// The folder of the records while they are copied, under the prefix of the source's parts.
const FOLDER: &str = "retry";

/// Records of a batch and bytes of their texts, at which it ends with its line. COPY fails at 100,000 rejected rows (C12).
pub const BATCH_RECORDS: u64 = 50_000;
const BATCH_BYTES: u64 = 64 << 20;

/// A record in quarantine, with the text that COPY reads.
struct RetriedRecord {
    record: RejectedRecord,
    text: String,
}

/// The outcome of a retry, of one batch or of all.
#[derive(Default)]
struct Retried {
    staged: u64,
    left: Rejected,
    /// The last line of a batch that others may follow.
    last: Option<KeptLine>,
}

impl Retried {
    fn add(&mut self, batch: Self) {
        self.staged += batch.staged;
        self.left.count += batch.left.count;
        let room = SHOWN.saturating_sub(self.left.shown.len());
        self.left.shown.extend(batch.left.shown.into_iter().take(room));
        self.last = batch.last;
    }

    /// Adds to a failure what earlier batches have changed.
    fn with_earlier(&self, failure: Error) -> Error {
        match self.staged {
            0 => failure,
            staged => failure
                .hint(format!("{staged} records of earlier batches are loaded: run `load --retry-rejected` again.")),
        }
    }
}

impl Load<'_> {
    /// Tries the records again of every source with a quarantine, side by side.
    ///
    /// # Errors
    /// Where no source has one, or any of them fails: all that failed are named.
    pub(super) async fn retry_rejected(&self, plan: &LoadPlan) -> Result<Vec<SourceReport>> {
        let kept = plan.with_quarantine()?;
        match all_of(kept.into_iter().map(|copy| self.retry_table(copy)).collect()).await {
            (_, Some(failure)) => Err(failure),
            (tried, None) => Ok(tried),
        }
    }

    async fn retry_table(&self, TableCopy { file, source }: &TableCopy) -> Result<SourceReport> {
        let (from, listing, known) =
            (self.stack.aws.s3_in(&source.region), Listing::nothing(FOLDER), KnownObjects::new());
        // No source is read.
        let plan = TablePlan::default();
        let staging = Staging { load: self, file, source, listing: &listing, known: &known, from: &from, plan: &plan };
        let stage = format!("retry {}", file.name);
        self.staged(&stage, staging.retry(&stage)).await
    }
}

impl Staging<'_> {
    async fn retry(&self, stage: &str) -> Result<(SourceReport, String)> {
        let load = self.load;
        let paths =
            interrupt::unless_asked(jsonpaths::read(self.from, self.source, &load.stack.config.directory)).await?;
        let gatherer = load.gatherer(self.from, 1, CopyFormat::default());
        // As for parts: the records lie beside the cluster.
        let is_apart = jsonpaths::is_apart(self.source, &load.stack.aws.region, true);
        let paths = jsonpaths::for_copy(&gatherer, self.source, self.listing, paths, is_apart).await?;
        let (mut all, mut behind) = (Retried::default(), Some(KeptLine::default()));
        while let Some(line) = behind {
            let transaction = async || {
                let session = load.warehouse.session("begin").await?;
                let retried = self.retry_batch(&session, stage, &line, paths.as_ref(), &gatherer).await;
                session.end_transaction(retried).await
            };
            let retried = load.once_allowed(stage, transaction).await.map_err(|error| all.with_earlier(error))?;
            match retried {
                Ok(batch) => all.add(batch),
                Err(error) => return Err(all.with_earlier(self.explain(error, &gatherer).await)),
            }
            behind = all.last.take();
        }
        let rejected = audit::rejected_table(&self.file.name);
        let (accepted, left) = (all.staged, all.left.count);
        let detail = match accepted + left {
            0 => format!("nothing is in {rejected}"),
            tried => format!("{accepted} of {tried} rows accepted, {left} left in {rejected}"),
        };
        Ok((self.retry_report(all, rejected), detail))
    }

    /// Copies the records of the next lines and takes out of the quarantine what is staged now, in the transaction that is
    /// open. What COPY rejects again stays, with its new reason, and so does a record without text, which is not tried.
    async fn retry_batch(
        &self,
        session: &Session,
        stage: &str,
        behind: &KeptLine,
        paths: Option<&Location>,
        gatherer: &Gatherer<'_>,
    ) -> Result<std::result::Result<Retried, StatementError>> {
        let table = &self.file.name;
        let [objects, rejected] = [audit::objects_table(table), audit::rejected_table(table)];
        if let Err(error) = session.run(&format!("lock table {table}, {objects}, {rejected}")).await? {
            return Ok(Err(error));
        }
        let mut open = OpenTransaction::new(session);
        let select = audit::rejected_records(table, behind, BATCH_RECORDS, BATCH_BYTES)?;
        let kept = match session.run(&select).await? {
            Ok(done) => self.kept(&done, &mut open).await?,
            Err(error) => return Ok(Err(error)),
        };
        let Some(last) = kept.last().map(RetriedRecord::line) else { return Ok(Ok(Retried::default())) };
        let goes_on = is_full(&kept);
        let format = RecordFormat::new(&self.file.statement).unwrap_or(RecordFormat::Lines);
        let (empty, kept): (Vec<RetriedRecord>, Vec<RetriedRecord>) =
            kept.into_iter().partition(|kept| is_empty(&kept.text, format));
        let (staged, again) = match self.copy_again(&kept, session, stage, paths, gatherer, &mut open).await? {
            Ok(copied) => copied,
            Err(error) => return Ok(Err(error)),
        };
        let kept = kept.into_iter().enumerate();
        let again = kept.filter_map(|(at, kept)| Some((kept.record.rejected_by(again.get(&at)?), "")));
        let mut left: Vec<(RejectedRecord, &str)> = again.collect();
        left.extend(empty.into_iter().map(|kept| (kept.record, ": it is empty now, and was not tried")));
        left.sort_by(|(one, _), (other, _)| (&one.file, one.line).cmp(&(&other.file, other.line)));
        let shown = left.iter().take(SHOWN).map(|(record, note)| {
            let column = record.column_name.iter().map(|column| format!("{column}: ")).collect::<String>();
            format!("{}:{}: {column}{}{note}", record.file, record.line, record.reason)
        });
        let shown: Vec<String> = shown.collect();
        let records: Vec<RejectedRecord> = left.into_iter().map(|(record, _)| record).collect();
        if let Err(error) = session.run(&audit::delete_rejected(table, behind, &last)?).await? {
            return Ok(Err(error));
        }
        if let Err(error) = self.keep(session, &records).await? {
            return Ok(Err(error));
        }
        let left = Rejected { count: records.len() as u64, shown, ..Rejected::default() };
        Ok(Ok(Retried { staged, left, last: goes_on.then_some(last) }))
    }

    /// Copies records in the transaction that is open: how many are staged, and the errors of the others, by their numbers.
    async fn copy_again(
        &self,
        kept: &[RetriedRecord],
        session: &Session,
        stage: &str,
        paths: Option<&Location>,
        gatherer: &Gatherer<'_>,
        open: &mut OpenTransaction<'_>,
    ) -> Result<std::result::Result<(u64, BTreeMap<usize, ErrorRow>), StatementError>> {
        if kept.is_empty() {
            return Ok(Ok((0, BTreeMap::new())));
        }
        let table = &self.file.name;
        let (text, lines) = joined(kept, header_lines(&self.file.statement));
        // COPY takes the address for a prefix: no other name begins with this one. Its index is named up to the dot.
        let key = format!("{}{}.records", gatherer.home(self.source, self.listing).key, table.replace('.', "-"));
        gatherer.put(&index_of(&key), index(kept, &lines)?).await?;
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
        let tried = kept.len() as u64;
        let errors = self.all_rejected(stage, added, Some(tried), open).await?;
        let again = by_record(errors, &lines);
        let left = again.len() as u64;
        if added.rows + left != tried {
            let rejected = audit::rejected_table(table);
            let message =
                format!("{rejected}: {tried} records were tried, but {} rows staged and {left} rejected", added.rows);
            return Err(Error::new(FailureKind::CheckFailed, message).hint(
                "Nothing has changed. Each record is one row: look for one that was corrected into two, or into none.",
            ));
        }
        Ok(Ok((added.rows, again)))
    }

    /// Reads the records in quarantine that the statement selected.
    async fn kept(&self, done: &Done, open: &mut OpenTransaction<'_>) -> Result<Vec<RetriedRecord>> {
        let format = RecordFormat::new(&self.file.statement).unwrap_or(RecordFormat::Lines);
        let (mut kept, mut pages) = (Vec::new(), self.load.warehouse.pages(done));
        while let Some(page) = pages.next().await? {
            for row in page.rows {
                let mut values = row.into_iter();
                let mut next = || values.next().flatten();
                let (run, file, line) = (next().unwrap_or_default(), next().unwrap_or_default(), next());
                let (column_name, reason, text) = (next(), next().unwrap_or_default(), next().unwrap_or_default());
                let line: u64 = line.and_then(|line| line.parse().ok()).unwrap_or_default();
                let record = super_value(text.as_bytes(), format)?;
                kept.push(RetriedRecord {
                    record: RejectedRecord { run, file, line, column_name, reason, record },
                    text,
                });
            }
            open.keep().await?;
        }
        Ok(kept)
    }

    fn retry_report(&self, retried: Retried, rejected: String) -> SourceReport {
        let (source, Retried { staged, left, .. }) = (self.source, retried);
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

impl RetriedRecord {
    fn line(&self) -> KeptLine {
        KeptLine { file: self.record.file.clone(), line: self.record.line }
    }
}

/// Returns true if these are as many records as one batch has, so that others may follow.
fn is_full(kept: &[RetriedRecord]) -> bool {
    let bytes: u64 = kept.iter().map(|kept| kept.text.len() as u64).sum();
    kept.len() as u64 >= BATCH_RECORDS || bytes >= BATCH_BYTES
}

/// Returns true if a text is no record: tabs may stand between empty fields.
fn is_empty(text: &str, format: RecordFormat) -> bool {
    match format {
        RecordFormat::Json => text.trim().is_empty(),
        _ => text.trim_matches([' ', '\r', '\n']).is_empty(),
    }
}

/// Leads the lines of the joined text back to where its records come from.
fn index(kept: &[RetriedRecord], lines: &[u64]) -> Result<Vec<u8>> {
    let mut writer = IndexWriter::new()?;
    for (RetriedRecord { record, .. }, first_line) in kept.iter().zip(lines) {
        let key = Location::parse(&record.file).map_or_else(|_| record.file.clone(), |place| place.key);
        writer.add(*first_line, &key, record.line.saturating_sub(1))?;
    }
    writer.finish()
}

/// The lines at the beginning of a file that a COPY passes over.
pub fn header_lines(statement: &str) -> u64 {
    option_value(statement, "ignoreheader").and_then(|lines| lines.parse().ok()).unwrap_or_default()
}

/// The records as one text behind as many empty lines, and the line that each of them begins on.
fn joined(kept: &[RetriedRecord], header_lines: u64) -> (Vec<u8>, Vec<u64>) {
    let mut text = vec![b'\n'; usize::try_from(header_lines).unwrap_or_default()];
    let (mut lines, mut line) = (Vec::new(), header_lines + 1);
    for RetriedRecord { text: record, .. } in kept {
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
fn by_record(errors: Vec<ErrorRow>, lines: &[u64]) -> BTreeMap<usize, ErrorRow> {
    let mut first = BTreeMap::new();
    for error in errors {
        let record = lines.partition_point(|line| *line <= error.line).saturating_sub(1);
        first.entry(record).or_insert(error);
    }
    first
}

#[cfg(test)]
mod tests {
    use super::super::index::Index;
    use super::*;

    fn kept(text: &str) -> RetriedRecord {
        let (file, reason) = ("s3://b/k".to_owned(), "why".to_owned());
        let record = super_value(text.as_bytes(), RecordFormat::Json).expect("value");
        let record = RejectedRecord { run: "r".to_owned(), file, line: 7, column_name: None, reason, record };
        RetriedRecord { record, text: text.to_owned() }
    }

    #[test]
    fn an_error_leads_back_to_its_record() {
        let records = [kept("1,\"a\nb\""), kept("2,c"), kept("3,d")];
        let (text, lines) = joined(&records, header_lines("copy t from :'from' csv ignoreheader as 2 :options"));
        assert_eq!(String::from_utf8(text).expect("text"), "\n\n1,\"a\nb\"\n2,c\n3,d\n");
        assert_eq!(lines, [3, 5, 6]);
        let error = |line| ErrorRow { line, ..ErrorRow::default() };
        let errors = vec![error(4), error(4), error(6)];
        assert_eq!(by_record(errors, &lines).into_keys().collect::<Vec<_>>(), [0, 2]);
        let index = Index::read(&index(&records, &lines).expect("written")).expect("read");
        assert_eq!([3, 4, 6].map(|line| index.origin(line)), [Some(("k", 7)), Some(("k", 8)), Some(("k", 7))]);
    }

    #[test]
    fn a_batch_that_is_full_is_not_the_last() {
        let record = |bytes: usize| kept(&"x".repeat(bytes));
        assert!(!is_full(&[record(1 << 20)]));
        assert!(is_full(&[record(32 << 20), record(32 << 20)]));
        let batch = |staged, count, shown: usize| {
            let left = Rejected { count, shown: vec![String::new(); shown], ..Rejected::default() };
            Retried { staged, left, last: Some(KeptLine { file: "s3://b/k".to_owned(), line: staged }) }
        };
        let mut all = Retried::default();
        all.add(batch(2, 7, 7));
        all.add(batch(3, 5, 5));
        assert_eq!((all.staged, all.left.count, all.left.shown.len()), (5, 12, SHOWN));
        assert_eq!(all.last.as_ref().map(|last| last.line), Some(3));
        assert!(format!("{:?}", all.with_earlier(Error::failed("cut"))).contains("5 records of earlier batches"));
    }

    #[test]
    fn what_is_empty_is_no_record() {
        let csv = RecordFormat::Csv { quote: b'"', delimiter: Some(b',') };
        assert!(is_empty("", RecordFormat::Json) && is_empty("\t\n", RecordFormat::Json) && is_empty(" \r\n", csv));
        assert!(!is_empty("\t\t", RecordFormat::Lines) && !is_empty("{}", RecordFormat::Json));
    }

    #[test]
    fn a_record_is_written_as_it_was_read() {
        let line = serde_json::to_string(&kept("{\"b\": 1.50, \"a\": null}").record).expect("line");
        let start = r#"{"run":"r","file":"s3://b/k","line":7,"column_name":null,"reason":"why","record":"#;
        assert_eq!(line, format!("{start}{{\"b\": 1.50, \"a\": null}}}}"));
    }
}
