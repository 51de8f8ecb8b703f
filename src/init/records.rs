//! Records of JSON and CSV files, counted into the columns that they need.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};
use std::path::Path;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::infer::Seen;
use crate::error::{Error, Result};
use crate::files;

/// The most columns of a table.
const COLUMNS_MAX: usize = 1_600;
/// Records between two looks at how much of a file was read.
const LOOKED_EVERY: u64 = 256;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Json,
    /// With its delimiter, and whether the first line has the names.
    Csv(u8, bool),
}

/// The form, and of CSV the names in their order.
pub type Layout = (Form, Vec<String>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packed {
    No,
    Gzip,
    Zstd,
}

/// What was seen of the records of one table.
#[derive(Default)]
pub struct Columns {
    all: Vec<Column>,
    places: HashMap<String, usize>,
    records: u64,
    files: usize,
    /// Two keys of one object that are one column, the first that were seen.
    pub twice: Option<(String, String)>,
}

struct Column {
    name: String,
    seen: Seen,
    has_capitals: bool,
    /// The last record that has it.
    record: u64,
    first_file: usize,
    last_file: usize,
}

impl Columns {
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The next file begins.
    pub fn begin_file(&mut self) {
        self.files += 1;
    }

    /// Whether the file at hand shares so few keys with those before it that its records are of another kind.
    pub fn is_of_another_kind(&self) -> bool {
        let count = |is: fn(&Column, usize) -> bool| self.all.iter().filter(|column| is(column, self.files)).count();
        let own = count(|column, file| column.last_file == file);
        let new = count(|column, file| column.first_file == file);
        let (shared, before) = (own - new, self.all.len() - new);
        own > 0 && before > 0 && 2 * shared <= own.min(before)
    }

    /// Whether a key has capitals: COPY matches it only where it ignores case.
    pub fn has_capitals(&self) -> bool {
        self.all.iter().any(|column| column.has_capitals)
    }

    /// Names and what was seen, in the order in which they were first seen.
    pub fn into_seen(self) -> Vec<(String, Seen)> {
        self.all.into_iter().map(|column| (column.name, column.seen)).collect()
    }

    fn place(&mut self, name: &str, folded: String) -> usize {
        if let Some(place) = self.places.get(&folded) {
            return *place;
        }
        let (file, place) = (self.files, self.all.len());
        let (name, seen) = (name.to_owned(), Seen::default());
        self.all.push(Column { name, seen, has_capitals: false, record: 0, first_file: file, last_file: file });
        self.places.insert(folded, place);
        place
    }

    /// The column of a key of the record at hand. Redshift folds names: keys that differ in their case only are one.
    fn of(&mut self, name: &str) -> &mut Seen {
        let folded = name.to_lowercase();
        let has_capitals = folded != name;
        let place = self.place(name, folded);
        let column = &mut self.all[place];
        if column.record == self.records && self.twice.is_none() {
            self.twice = Some((column.name.clone(), name.to_owned()));
        }
        column.record = self.records;
        column.last_file = self.files;
        column.has_capitals |= has_capitals;
        &mut column.seen
    }

    fn fit_a_table(&self, path: &Path) -> Result<()> {
        if self.all.len() <= COLUMNS_MAX {
            return Ok(());
        }
        Err(Error::usage(format!("{}: a table has at most {COLUMNS_MAX} columns, and here are more", path.display()))
            .hint(
                "Keys that are data belong below one key, which becomes a SUPER; or give each kind of record a folder.",
            ))
    }
}

/// A file while it is read.
struct Input {
    reader: BufReader<Box<dyn Read>>,
    has_byte_order_mark: bool,
    progress: Progress,
}

/// How far a file is read: packed bytes.
struct Progress {
    file: File,
    share: u64,
    records: u64,
}

impl Progress {
    /// Counts a record; the bytes that are left where it was the last that is read.
    fn left(&mut self) -> Option<u64> {
        self.records += 1;
        if !self.records.is_multiple_of(LOOKED_EVERY) {
            return None;
        }
        let at = self.file.stream_position().ok()?;
        let size = self.file.metadata().ok()?.len();
        (at >= self.share && at < size).then(|| size - at)
    }
}

fn open(path: &Path, packed: Packed, share: u64) -> Result<Input> {
    let unreadable = |error| Error::usage(format!("cannot read {}", path.display())).because(error);
    let file = files::open(path).map_err(unreadable)?;
    // Both handles have one position.
    let progress = Progress { file: file.try_clone().map_err(unreadable)?, share, records: 0 };
    let unpacked: Box<dyn Read> = match packed {
        Packed::No => Box::new(file),
        Packed::Gzip => Box::new(flate2::read::MultiGzDecoder::new(BufReader::new(file))),
        Packed::Zstd => Box::new(zstd::stream::read::Decoder::new(file).map_err(unreadable)?),
    };
    let mut reader = BufReader::new(unpacked);
    let start = reader.fill_buf().map_err(unreadable)?;
    if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") {
        return Err(Error::usage(format!("{} is UTF-16", path.display()))
            .hint("Convert it: `iconv -f UTF-16 -t UTF-8 IN > OUT`."));
    }
    let has_byte_order_mark = start.starts_with(BYTE_ORDER_MARK);
    if has_byte_order_mark {
        reader.consume(BYTE_ORDER_MARK.len());
    }
    Ok(Input { reader, has_byte_order_mark, progress })
}

/// The fields of a JSON object in their order, each value as it is written.
struct Fields(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct FieldsVisitor;

        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(FieldsVisitor)
    }
}

/// Reads JSON objects until `share` bytes of the file are read; how many are left.
pub fn json(path: &Path, packed: Packed, share: u64, columns: &mut Columns) -> Result<u64> {
    let Input { reader, has_byte_order_mark, mut progress } = open(path, packed, share)?;
    if has_byte_order_mark {
        return Err(Error::usage(format!(
            "{} begins with a byte-order mark, which JSON does not have",
            path.display()
        ))
        .hint("Remove its first three bytes: `tail -c +4 IN > OUT`."));
    }
    for record in serde_json::Deserializer::from_reader(reader).into_iter::<Fields>() {
        let Fields(fields) = record.map_err(|error| match error.is_data() {
            true => Error::usage(format!("{} is not JSON objects, one after the other", path.display()))
                .because(error)
                .hint("COPY reads objects. An array is taken apart by `jq -c '.[]'`."),
            false => Error::usage(format!("{} is not JSON", path.display())).because(error),
        })?;
        columns.records += 1;
        fields.iter().for_each(|(name, value)| columns.of(name).json(value.get()));
        columns.fit_a_table(path)?;
        if let Some(left) = progress.left() {
            return Ok(left);
        }
    }
    Ok(0)
}

/// Reads CSV until `share` bytes of the file are read; how many are left, and the layout of a file that is not empty.
pub fn csv(path: &Path, packed: Packed, share: u64, columns: &mut Columns) -> Result<(u64, Option<Layout>)> {
    let unreadable = |error: csv::Error| Error::usage(format!("{} is not CSV", path.display())).because(error);
    let delimiter = delimiter(path, packed)?;
    let Input { reader, has_byte_order_mark, mut progress } = open(path, packed, share)?;
    let reader = csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(reader);
    let mut records = reader.into_records();
    let Some(header) = records.next() else { return Ok((0, None)) };
    let header = header.map_err(unreadable)?;
    let second = records.next().transpose().map_err(unreadable)?;
    let has_header = has_header(&header, second.as_ref());
    if has_byte_order_mark && !has_header {
        return Err(Error::usage(format!("{} begins with a byte-order mark, which would be data", path.display()))
            .hint("Remove its first three bytes: `tail -c +4 IN > OUT`."));
    }
    let names = names(&header, has_header);
    for name in &names {
        columns.place(name, name.to_lowercase());
    }
    columns.fit_a_table(path)?;
    let first = (!has_header).then_some(header).into_iter().chain(second).map(Ok);
    for record in first.chain(records) {
        let record = record.map_err(unreadable)?;
        if record.len() > names.len() {
            let line = record.position().map_or(0, csv::Position::line);
            let (fields, place) = (record.len(), path.display());
            return Err(Error::usage(format!("{place}:{line}: {fields} fields, and {} columns", names.len()))
                .hint("COPY rejects such a row: mend it, or give each form a folder of its own."));
        }
        columns.records += 1;
        for (name, field) in names.iter().zip(&record) {
            columns.of(name).field(field);
        }
        if let Some(left) = progress.left() {
            return Ok((left, Some((Form::Csv(delimiter, has_header), names))));
        }
    }
    Ok((0, Some((Form::Csv(delimiter, has_header), names))))
}

/// The sign that the first line has most of.
fn delimiter(path: &Path, packed: Packed) -> Result<u8> {
    let mut start = Vec::new();
    let read = open(path, packed, u64::MAX)?.reader.take(1 << 16).read_to_end(&mut start);
    read.map_err(|error| Error::usage(format!("cannot read {}", path.display())).because(error))?;
    let first = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |sign: u8| first.iter().filter(|byte| **byte == sign).count();
    let signs = [b',', b'\t', b';', b'|'].into_iter();
    Ok(signs.max_by_key(|sign| (count(*sign), *sign == b',')).unwrap_or(b','))
}

/// Names are texts; a year may be one where there are texts above numbers beside it.
fn has_header(first: &csv::StringRecord, second: Option<&csv::StringRecord>) -> bool {
    let is_number = |field: &str| field.trim().parse::<f64>().is_ok();
    let is_text = |field: &str| !field.trim().is_empty() && !is_number(field);
    let is_value = |field: &str| field.trim().starts_with(|sign: char| sign.is_ascii_digit() || sign == '-');
    let above = |(at, field): (usize, &str)| {
        is_text(field) && !is_value(field) && second.and_then(|row| row.get(at)).is_some_and(is_value)
    };
    first.iter().any(is_text) && (!first.iter().any(is_number) || first.iter().enumerate().any(above))
}

fn names(header: &csv::StringRecord, has_header: bool) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (at, field) in header.iter().enumerate() {
        let name = field.trim();
        let taken = |name: &str| names.iter().any(|other| other.eq_ignore_ascii_case(name));
        names.push(match has_header && !name.is_empty() {
            false => format!("column_{}", at + 1),
            true if taken(name) => format!("{name}_{}", at + 1),
            true => name.to_owned(),
        });
    }
    names
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
            (left, columns.into_seen().len())
        };
        assert_eq!(read(u64::MAX), (0, 2));
        let (left, columns) = read(100_000);
        assert!((70_000..=80_008).contains(&left) && columns == 1, "{left} {columns}");
    }
}
