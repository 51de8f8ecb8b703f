//! Records of JSON and CSV files, counted into the columns that they need.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde_json::value::RawValue;

use super::columns::Columns;
use super::first_line::{FirstLine, ROWS_AHEAD, has_blanks_between};
use super::input::{Input, Packed, open};
use super::quotes::QuoteCheck;
use super::update::comparison::Position;
use crate::error::{Error, Result};
use crate::load::plain_json::ListOpener;
use crate::load::record_path::ObjectFields;

/// The most columns of a table.
pub const COLUMNS_MAX: usize = 1_600;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Json,
    /// With its delimiter, and whether the first line has the names.
    Csv(u8, bool),
    #[cfg_attr(not(feature = "local"), expect(dead_code, reason = "Parquet is read by DuckDB"))]
    Parquet,
}

impl Form {
    /// As `FileKind::name`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv(..) => "csv",
            Self::Parquet => "parquet",
        }
    }
}

/// The form, and of CSV and Parquet the names in their order, with the types of Parquet.
pub type Layout = (Form, Vec<String>);

/// # Errors
/// Where there are more columns than a table has.
pub fn fit_a_table(columns: &Columns, path: &Path) -> Result<()> {
    if columns.len() <= COLUMNS_MAX {
        return Ok(());
    }
    Err(Error::usage(format!("{}: a table has at most {COLUMNS_MAX} columns, and here are more", path.display()))
        .hint("Keys that are data belong below one key, which becomes a SUPER; or give each kind of record a folder."))
}

/// Objects in a list, read as they come one after the other.
struct OpenedLists<R> {
    reader: R,
    opener: ListOpener,
    is_list: bool,
}

impl<R: Read> Read for OpenedLists<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.reader.read(buffer)?;
        if self.is_list {
            self.opener.open(&mut buffer[..read]);
        }
        match read == 0 && !buffer.is_empty() && self.opener.is_open() {
            true => Err(std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "the list is cut off")),
            false => Ok(read),
        }
    }
}

/// Whether the first sign opens a list.
fn begins_with_list(reader: &mut impl BufRead) -> std::io::Result<bool> {
    loop {
        let bytes = reader.fill_buf()?;
        let blanks = bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        if blanks < bytes.len() || bytes.is_empty() {
            return Ok(bytes.get(blanks) == Some(&b'['));
        }
        reader.consume(blanks);
    }
}

/// Reads JSON objects, one after the other or in a list, until `share` bytes of the file are read; how many are left.
pub fn json(path: &Path, packed: Packed, share: u64, columns: &mut Columns) -> Result<u64> {
    let Input { mut reader, has_byte_order_mark, mut progress } = open(path, packed, share)?;
    let unreadable = |error| Error::usage(format!("cannot read {}", path.display())).because(error);
    let is_list = begins_with_list(&mut reader).map_err(unreadable)?;
    columns.quirks.has_mark |= has_byte_order_mark;
    columns.quirks.is_list |= is_list;
    // The parser asks for one byte at a time.
    let reader = BufReader::new(OpenedLists { reader, opener: ListOpener::default(), is_list });
    let mut records = serde_json::Deserializer::from_reader(reader).into_iter::<ObjectFields<Box<RawValue>>>();
    loop {
        let position = Position::Byte(records.byte_offset() as u64);
        let Some(record) = records.next() else { return Ok(0) };
        let ObjectFields(fields) = record.map_err(|error| match error.is_data() {
            true => Error::usage(format!("{} is not made of JSON objects", path.display()))
                .because(error)
                .hint("A row is an object: they come one after the other, or in one list."),
            false => Error::usage(format!("{} is not JSON", path.display())).because(error),
        })?;
        columns.records += 1;
        fields.iter().for_each(|(name, value)| columns.json(name, value.get(), position));
        fit_a_table(columns, path)?;
        if let Some(left) = progress.left() {
            return Ok(left);
        }
    }
}

/// The line of the record that begins behind so many bytes of an unpacked JSON file.
///
/// # Errors
/// Where it cannot be read.
pub fn line(path: &Path, packed: Packed, bytes: u64) -> Result<u64> {
    let Input { reader, .. } = open(path, packed, u64::MAX)?;
    let unreadable = |error| Error::usage(format!("cannot read {}", path.display())).because(error);
    let is_between = |sign: u8| sign.is_ascii_whitespace() || matches!(sign, b'[' | b',');
    let mut line = 1;
    for (at, sign) in (0..).zip(reader.bytes()) {
        let sign = sign.map_err(unreadable)?;
        if at >= bytes && !is_between(sign) {
            break;
        }
        line += u64::from(sign == b'\n');
    }
    Ok(line)
}

/// The layout of a CSV file, from its first records; `None` where it is empty.
///
/// # Errors
/// Where it cannot be read.
pub fn csv_layout(path: &Path, packed: Packed) -> Result<Option<Layout>> {
    csv(path, packed, 0, &mut Columns::default()).map(|(_, layout)| layout)
}

/// Reads CSV until `share` bytes of the file are read; how many are left, and the layout of a file that is not empty.
pub fn csv(path: &Path, packed: Packed, share: u64, columns: &mut Columns) -> Result<(u64, Option<Layout>)> {
    let unreadable = |error: csv::Error| Error::usage(format!("{} is not CSV", path.display())).because(error);
    let delimiter = delimiter(path, packed)?;
    let Input { reader, has_byte_order_mark, mut progress } = open(path, packed, share)?;
    let reader = QuoteCheck::new(reader, delimiter);
    let reader = csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(reader);
    let mut records = reader.into_byte_records();
    let Some(header) = records.next() else { return Ok((0, None)) };
    let header = header.map_err(unreadable)?;
    let ahead = records.by_ref().take(ROWS_AHEAD).collect::<std::result::Result<Vec<_>, _>>().map_err(unreadable)?;
    let texts = |record: &csv::ByteRecord| csv::StringRecord::from_byte_record_lossy(record.clone());
    let (first_row, second_row) = (texts(&header), ahead.first().map(texts));
    let first_line = FirstLine::new(&first_row, second_row.as_ref(), &ahead);
    let has_header = !matches!(first_line, FirstLine::Row(_));
    if has_byte_order_mark && !has_header {
        return Err(Error::usage(format!("{} begins with a byte-order mark, which would be data", path.display()))
            .hint("Remove its first three bytes: `tail -c +4 IN > OUT`."));
    }
    if has_header {
        let breaks = header.iter().flatten().filter(|byte| **byte == b'\n').count();
        columns.quirks.header_lines = 1 + breaks as u64;
    }
    let names = first_line.names(&first_row);
    columns.quirks.has_row_names |= first_line == FirstLine::NamesBehindFirst;
    columns.quirks.has_title_line |= matches!(first_line, FirstLine::Title(_));
    for name in &names {
        columns.place(name);
    }
    fit_a_table(columns, path)?;
    let layout = (Form::Csv(delimiter, has_header), names);
    let first = (!has_header).then_some(header).into_iter().chain(ahead).map(Ok);
    for record in first.chain(records) {
        let record = record.map_err(unreadable)?;
        count_row(&record, &layout.1, path, columns)?;
        if let Some(left) = progress.left() {
            return Ok((left, Some(layout)));
        }
    }
    Ok((0, Some(layout)))
}

fn count_row(record: &csv::ByteRecord, names: &[String], path: &Path, columns: &mut Columns) -> Result<()> {
    let line = record.position().map_or(0, csv::Position::line);
    // COPY takes a delimiter behind the last field.
    let has_last_delimiter = record.len() == names.len() + 1 && record.iter().next_back().is_some_and(<[u8]>::is_empty);
    if record.len() > names.len() && !has_last_delimiter {
        let (fields, place) = (record.len(), path.display());
        return Err(Error::usage(format!("{place}:{line}: {fields} fields, and {} columns", names.len()))
            .hint("COPY rejects such a row. Is there a delimiter in a field without quotes?"));
    }
    columns.records += 1;
    let position = Position::Line(line);
    columns.quirks.has_short_rows |= record.len() < names.len();
    for (name, field) in names.iter().zip(record) {
        let text = String::from_utf8_lossy(field);
        columns.quirks.has_invalid_utf8 |= matches!(text, std::borrow::Cow::Owned(_));
        columns.field(name, &text, position);
    }
    Ok(())
}

/// The sign that the first line has most of; a blank where it has none of them, and all lines have as many blanks.
fn delimiter(path: &Path, packed: Packed) -> Result<u8> {
    let mut start = Vec::new();
    let read = open(path, packed, u64::MAX)?.reader.take(1 << 16).read_to_end(&mut start);
    read.map_err(|error| Error::usage(format!("cannot read {}", path.display())).because(error))?;
    let first = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |sign: u8| first.iter().filter(|byte| **byte == sign).count();
    let signs = [b',', b'\t', b';', b'|'].into_iter();
    let most = signs.max_by_key(|sign| (count(*sign), *sign == b',')).unwrap_or(b',');
    Ok(if count(most) == 0 && has_blanks_between(&start) { b' ' } else { most })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_a_file_is_read_and_the_rest_is_counted() {
        let directory = tempfile::tempdir().expect("directory");
        let path = directory.path().join("a.json");
        let records = "{\"a\": 1}\n".repeat(20_000);
        std::fs::write(&path, format!("{records}{{\"b\": 1}}")).expect("file");
        let read = |share| {
            let mut columns = Columns::default();
            let left = json(&path, Packed::No, share, &mut columns).expect("read");
            (left, columns.len())
        };
        assert_eq!(read(u64::MAX), (0, 2));
        let (left, columns) = read(100_000);
        assert!((70_000..=80_008).contains(&left) && columns == 1, "{left} {columns}");
    }

    #[test]
    fn lists_of_objects_are_read_piece_by_piece() {
        let directory = tempfile::tempdir().expect("directory");
        let path = directory.path().join("a.json");
        let read = |text: &str| {
            std::fs::write(&path, text).expect("file");
            let mut columns = Columns::default();
            json(&path, Packed::No, u64::MAX, &mut columns)
                .map(|_| (columns.records, columns.len(), columns.quirks.is_list))
        };
        let records = vec!["{\"a\": [1, {\"b\": \"],[\"}]}"; 5_000].join(",\n");
        assert_eq!(read(&format!("\u{feff}\n [{records}]\n")).expect("list"), (5_000, 1, true));
        // The second record, behind the first and what is in front of it.
        assert_eq!(line(&path, Packed::No, "\n [{\"a\": [1, {\"b\": \"],[\"}]}".len() as u64).expect("line"), 3);
        assert_eq!(read("{\n  \"a\": 1\n}\n{\"b\": []}").expect("objects"), (2, 2, false));
        assert_eq!(read("[]").expect("empty"), (0, 0, true));
        assert!(read(&format!("[{records}")).is_err());
        assert!(read("[1, 2]").expect_err("numbers").to_string().ends_with("a.json is not made of JSON objects"));
    }
}
