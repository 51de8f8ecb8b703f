//! The records behind the rows that COPY rejected, out of the files that it read: byte for byte what it saw.

use std::collections::{BTreeMap, BTreeSet};

use aws_smithy_types::byte_stream::error::Error as ByteStreamError;
use serde::de::IgnoredAny;

use super::quarantine::{OpenTransaction, RejectedRecord, super_value};
use super::record_format::RecordFormat;
use super::record_picker::{PickedRecord, PickedRecords, RECORD_BYTES, RecordPicker};
use super::rejected::{ErrorRow, Origins};
use super::retry_rejected::header_lines;
use super::sample::CopyCompression;
use super::staging::Staging;
use super::unpacker::Unpacker;
use crate::aws::failed;
use crate::bucket_keys::gathered_prefix;
use crate::config::Compression;
use crate::download::PATIENCE;
use crate::error::{Error, FailureKind, Result};
use crate::interrupt;
use crate::location::Location;
use crate::retry::{BrokenBody, retry};

/// `file_name` is a character(256) in the system views.
const FILE_NAME_BYTES: usize = 256;

impl Staging<'_> {
    /// The records behind the rows that COPY rejected, out of the files that it read.
    ///
    /// # Errors
    /// Where a file cannot be read or has no such record, or a record is too long to be kept.
    pub(super) async fn records_of(
        &self,
        errors: &[ErrorRow],
        origins: &mut Origins<'_>,
        open: &mut OpenTransaction<'_>,
    ) -> Result<Vec<RejectedRecord>> {
        let mut files: BTreeMap<&str, BTreeMap<u64, Vec<&ErrorRow>>> = BTreeMap::new();
        for error in errors {
            files.entry(&error.file).or_default().entry(error.line).or_default().push(error);
        }
        let format = RecordFormat::new(&self.file.statement).unwrap_or(RecordFormat::Lines);
        let mut kept = Vec::new();
        for (file, lines) in files {
            let found = self.read_records(file, format, lines.keys().copied().collect(), open).await;
            let mut found = found.map_err(|error| with_cut_off_name(error, file))?;
            let mut seen = BTreeSet::new();
            for (line, errors) in lines {
                let picked = found.remove(&line).unwrap_or_default();
                let (original, original_line) = origins.find(file, line).await;
                for (picked, error) in each_with_error(picked, &errors, &original, original_line)? {
                    // COPY has named several of its lines.
                    if !seen.insert(picked.number) {
                        continue;
                    }
                    let text = picked.text;
                    let (file, line) = origins.find(file, picked.line).await;
                    if text.len() > RECORD_BYTES {
                        let bytes = text.len();
                        return Err(Error::failed(format!(
                            "{file}:{line}: COPY rejected a record that is too long to be kept: {bytes} bytes or more, and \
                             {RECORD_BYTES} is the most"
                        ))
                        .hint(format!("Nothing was loaded. It was rejected for: {}", error.reason)));
                    }
                    check_whole(&text, format, error, &file, line)?;
                    let record = super_value(&text, format)?;
                    let (run, file, reason) = (self.load.run.clone(), file.clone(), String::new());
                    let record = RejectedRecord { run, file, line, column_name: None, reason, record };
                    kept.push(record.rejected_by(error));
                }
                open.keep().await?;
            }
        }
        Ok(kept)
    }

    /// The records that stand on these lines of a file that COPY read. Where its body breaks off, it is read again.
    async fn read_records(
        &self,
        file: &str,
        format: RecordFormat,
        lines: BTreeSet<u64>,
        open: &mut OpenTransaction<'_>,
    ) -> Result<PickedRecords> {
        let doing = format!("read what COPY rejected in {file}");
        let read = async || self.read_records_once(file, format, lines.clone(), open).await;
        retry(&self.load.stack.events, &doing, PATIENCE, read).await
    }

    async fn read_records_once(
        &self,
        file: &str,
        format: RecordFormat,
        lines: BTreeSet<u64>,
        open: &mut OpenTransaction<'_>,
    ) -> Result<PickedRecords> {
        let (load, unreadable) = (self.load, || Error::failed(format!("cannot read what COPY rejected in {file}")));
        let location = Location::parse(file).map_err(|message| unreadable().because(message))?;
        let is_part =
            location.bucket == load.stack.names.bucket && location.key.starts_with(&gathered_prefix(&self.source.name));
        let (s3, compression) = match is_part {
            true => (&load.stack.aws.s3, part_compression(load.stack.config.compression)),
            false => (self.from, CopyCompression::new(&self.file.statement).unwrap_or(CopyCompression::No)),
        };
        let mut call = s3.get_object().bucket(&location.bucket).key(&location.key);
        // It must still be the one that was listed.
        let listed = self.listing.kept().unwrap_or_default().iter().find(|object| object.key == location.key);
        if let Some(object) = listed.filter(|_| !is_part) {
            call = call.if_match(&object.etag);
        }
        let found = call.send();
        let found = interrupt::unless_asked(async {
            found.await.map_err(|error| failed(&format!("read what COPY rejected in {file}"), &error))
        });
        let mut body = found.await?.body;
        let header_lines = if is_part { 0 } else { header_lines(&self.file.statement) };
        let picker = RecordPicker::new(format, lines, header_lines);
        let mut unpacker = Unpacker::new(compression, picker).map_err(|error| unreadable().because(error))?;
        loop {
            let piece = interrupt::unless_asked(async {
                let broken = |error: ByteStreamError| {
                    Error::new(FailureKind::Unreachable, format!("cannot read {file} to its end"))
                        .because(BrokenBody(error.to_string()))
                };
                body.try_next().await.map_err(broken)
            });
            let Some(piece) = piece.await? else { break };
            if unpacker.push(&piece).map_err(|error| unreadable().because(error))? {
                break;
            }
            open.keep().await?;
        }
        let found = unpacker.finish().map_err(|error| unreadable().because(error))?;
        found.map_err(|fault| {
            Error::failed(format!("{file}:{}: {}, so that rejected records cannot be told", fault.line, fault.reason))
                .hint("Nothing was loaded. Correct the file, or remove `quarantine = true` from the source.")
        })
    }
}

fn part_compression(compression: Compression) -> CopyCompression {
    match compression {
        Compression::Zstd => CopyCompression::Zstd,
        Compression::Gzip => CopyCompression::Gzip,
    }
}

/// Adds a hint to a name that may be cut off: it is as long as the system views show one.
fn with_cut_off_name(error: Error, file: &str) -> Error {
    match file.len() == FILE_NAME_BYTES {
        true => error.hint(format!(
            "The system views show {FILE_NAME_BYTES} characters of a name: it may be cut off. Nothing was loaded. Give the \
             source shorter keys, gather it, or remove `quarantine = true`."
        )),
        false => error,
    }
}

/// The records of a line, each with what COPY said of it.
///
/// # Errors
/// Where there are none, or COPY rejected some of several, and it is unknown which.
fn each_with_error<'e>(
    mut texts: Vec<PickedRecord>,
    errors: &[&'e ErrorRow],
    file: &str,
    line: u64,
) -> Result<Vec<(PickedRecord, &'e ErrorRow)>> {
    if texts.len() == 1 {
        // A row with several errors is one record.
        let only = texts.pop().zip(errors.first().copied());
        return Ok(only.into_iter().collect());
    }
    if texts.is_empty() || errors.len() < texts.len() {
        let (records, rejected) = (texts.len(), errors.len());
        return Err(Error::failed(format!(
            "{file}:{line}: COPY rejected {rejected} records of this line, on which {records} stand: which is not known"
        ))
        .hint("Nothing was loaded. Write one record a line, or remove `quarantine = true` from the source."));
    }
    Ok(texts.into_iter().zip(errors.iter().copied()).collect())
}

/// Refuses a piece of JSON that is no whole value, where COPY has read one: it is not what COPY rejected.
fn check_whole(text: &[u8], format: RecordFormat, error: &ErrorRow, file: &str, line: u64) -> Result<()> {
    let is_whole = || serde_json::from_slice::<IgnoredAny>(text).is_ok();
    if format != RecordFormat::Json || error.is_malformed() || is_whole() {
        return Ok(());
    }
    Err(Error::failed(format!(
        "{file}:{line}: COPY rejected a value of JSON here, and no whole JSON stands on the line"
    ))
    .hint(format!("Nothing was loaded. It was rejected for: {}", error.reason)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_of_json_is_kept_only_where_copy_found_it_malformed() {
        let checked = |text: &str, column: &str, code: &str| {
            let error = ErrorRow { column: column.to_owned(), code: code.to_owned(), ..ErrorRow::default() };
            check_whole(text.as_bytes(), RecordFormat::Json, &error, "s3://b/k", 7).map_err(|error| error.to_string())
        };
        assert_eq!(checked("{\n\"a\": 1\n}", "a", "1207"), Ok(()));
        assert_eq!(checked("}", "", "1216"), Ok(()));
        let message = checked("}", "a", "1207").expect_err("a piece");
        assert!(message.starts_with("s3://b/k:7: COPY rejected a value of JSON here"), "{message}");
    }

    #[test]
    fn a_name_that_may_be_cut_off_is_said_to_be() {
        let hints = |bytes: usize| {
            let error = with_cut_off_name(Error::failed("cannot read"), &"n".repeat(bytes));
            format!("{error:?}").contains("it may be cut off")
        };
        assert_eq!((hints(255), hints(256)), (false, true));
    }

    #[test]
    fn records_of_one_line_are_kept_where_all_of_them_were_rejected() {
        let error = ErrorRow::default();
        let record = PickedRecord { line: 7, number: 0, text: b"{}".to_vec() };
        let texts = |count: usize| vec![record.clone(); count];
        let count = |records, errors: usize| {
            each_with_error(texts(records), &vec![&error; errors], "s3://b/k", 7).map(|kept| kept.len())
        };
        assert_eq!(count(1, 1).expect("one"), 1);
        assert_eq!(count(1, 2).expect("with two errors"), 1);
        assert_eq!(count(2, 2).expect("both"), 2);
        for (records, errors) in [(2, 1), (0, 1)] {
            let message = count(records, errors).expect_err("unknown").to_string();
            assert!(message.starts_with("s3://b/k:7: "), "{message}");
        }
    }
}
