//! Records of a file by the lines that COPY names for them, as it cuts its text into records: the last line of a JSON
//! object (C17), the first of any other record. They are found while the file is read piece by piece, so that little more of
//! it is held than one record.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use serde::de::IgnoredAny;

use super::copy_files::{has_option, option_value};
use super::plain_json::BYTE_ORDER_MARK;
use super::sample::CopyCompression;

/// Bytes that a record may have; a longer one is not looked for its end.
pub const RECORD_BYTES: usize = 65_535;
/// COPY takes no larger JSON object (C9).
const OBJECT_BYTES: usize = 4 << 20;

/// Options of COPY whose records are not lines of text, or cannot be unpacked here.
const OTHER_FORMATS: [&str; 8] = ["parquet", "orc", "avro", "rcfile", "sequencefile", "shapefile", "encrypted", "ssh"];

/// How records are cut out of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordFormat {
    /// JSON objects, or lists where jsonpaths choose from them.
    Json,
    /// A newline in quotes ends no record.
    Csv {
        quote: u8,
    },
    /// A newline behind a backslash ends no record.
    Escaped,
    Lines,
}

impl RecordFormat {
    /// `None` where the COPY reads something else, of which no single record can be kept.
    pub fn new(statement: &str) -> Option<Self> {
        if has_option(statement, &OTHER_FORMATS) || CopyCompression::new(statement).is_none() {
            None
        } else if has_option(statement, &["json"]) {
            Some(Self::Json)
        } else if has_option(statement, &["csv"]) {
            let quote = option_value(statement, "quote").and_then(|quote| quote.bytes().nth(1));
            Some(Self::Csv { quote: quote.unwrap_or(b'"') })
        } else if has_option(statement, &["escape"]) {
            Some(Self::Escaped)
        } else {
            Some(Self::Lines)
        }
    }

    /// The record that a text begins with, and its bytes with the end of its line where it is made of lines; `None` where
    /// it goes on behind the text.
    fn first(self, text: &[u8], at_end: bool) -> Option<(Vec<u8>, usize)> {
        let line = text.iter().position(|byte| *byte == b'\n').map_or(text.len(), |end| end + 1);
        match self {
            Self::Json => first_json(text, line, at_end),
            Self::Lines => Some((trimmed(&text[..line]), line)),
            Self::Csv { quote } => {
                let is_open = text.iter().filter(|byte| **byte == quote).count() % 2 == 1;
                (at_end || !is_open).then(|| (trimmed(text), text.len()))
            }
            Self::Escaped => {
                let content = text.strip_suffix(b"\n").unwrap_or(text);
                let is_open = content.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1;
                (at_end || !is_open).then(|| (trimmed(text), text.len()))
            }
        }
    }

    /// Bytes that are held of a record whose end has not come.
    fn most_held(self) -> usize {
        if self == Self::Json { OBJECT_BYTES } else { 2 * RECORD_BYTES }
    }
}

/// As COPY reads JSON: one value behind the other, and where a line is malformed that line alone.
fn first_json(text: &[u8], line: usize, at_end: bool) -> Option<(Vec<u8>, usize)> {
    let the_line = || Some((trimmed(&text[..line]), line));
    if !matches!(text.first(), Some(b'{' | b'[')) {
        return the_line();
    }
    let mut values = serde_json::Deserializer::from_slice(text).into_iter::<IgnoredAny>();
    match values.next() {
        Some(Ok(_)) => {
            let end = values.byte_offset();
            Some((text[..end].to_vec(), end))
        }
        Some(Err(error)) if error.is_eof() && !at_end => None,
        _ => the_line(),
    }
}

/// A record without the end of its line.
fn trimmed(record: &[u8]) -> Vec<u8> {
    let record = record.strip_suffix(b"\n").unwrap_or(record);
    record.strip_suffix(b"\r").unwrap_or(record).to_vec()
}

/// Picks records out of a text that is written to it.
#[derive(Debug)]
pub struct RecordPicker {
    format: RecordFormat,
    /// Lines, from 1.
    wanted: BTreeSet<u64>,
    /// What was read of a record, and the line it begins on; where nothing is read, that of the next byte.
    text: Vec<u8>,
    begins: u64,
    /// Bytes of `text` before its end is looked for again: to look after every line of a long object would take its square.
    enough: usize,
    /// The line of the next byte.
    line: u64,
    found: BTreeMap<u64, Vec<Vec<u8>>>,
}

impl RecordPicker {
    pub fn new(format: RecordFormat, wanted: BTreeSet<u64>) -> Self {
        Self { format, wanted, text: Vec::new(), begins: 1, enough: 0, line: 1, found: BTreeMap::new() }
    }

    /// Nothing more is wanted.
    pub fn is_done(&self) -> bool {
        self.wanted.is_empty()
    }

    /// The records by their lines, at the end of the text: several where they share one.
    pub fn finish(&mut self) -> BTreeMap<u64, Vec<Vec<u8>>> {
        self.settle(true);
        std::mem::take(&mut self.found)
    }

    fn end_line(&mut self) {
        self.line += 1;
        if self.text.is_empty() {
            self.begins = self.line;
        } else {
            self.settle(false);
        }
    }

    /// Takes the records that are whole out of what was read.
    fn settle(&mut self, at_end: bool) {
        if !at_end && self.text.len() < self.enough {
            return;
        }
        self.enough = 0;
        if self.begins == 1 && self.text.starts_with(BYTE_ORDER_MARK) {
            self.text.drain(..BYTE_ORDER_MARK.len());
        }
        match self.format {
            RecordFormat::Json => self.settle_json(at_end),
            _ => self.settle_lines(at_end),
        }
    }

    /// Nobody knows where an object begins that ends on a line: each is looked at.
    fn settle_json(&mut self, at_end: bool) {
        let mut used = 0;
        loop {
            let blanks = self.text[used..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            self.begins += newlines(&self.text[used..used + blanks]);
            used += blanks;
            let rest = &self.text[used..];
            if rest.is_empty() {
                break;
            }
            let Some((record, length)) = self.first(rest, at_end) else {
                self.enough = 2 * rest.len();
                break;
            };
            let last_line = self.begins + newlines(&record);
            self.begins += newlines(&rest[..length]);
            used += length;
            if self.wanted.contains(&last_line) {
                self.found.entry(last_line).or_default().push(record);
            }
        }
        self.text.drain(..used);
        self.wanted = self.wanted.split_off(&self.begins);
    }

    fn settle_lines(&mut self, at_end: bool) {
        while !self.text.is_empty() {
            let Some((record, used)) = self.first(&self.text, at_end) else { return };
            self.found.insert(self.begins, vec![record]);
            self.begins += newlines(&self.text[..used]);
            self.text.drain(..used);
            self.skip_unwanted();
        }
        self.begins = self.line;
    }

    /// The first record of a text; what is too long in any case is all of it.
    fn first(&self, text: &[u8], at_end: bool) -> Option<(Vec<u8>, usize)> {
        let all = || (text.len() > self.format.most_held()).then(|| (text.to_vec(), text.len()));
        self.format.first(text, at_end).or_else(all)
    }

    /// Drops lines of what was read, up to the next that is wanted.
    fn skip_unwanted(&mut self) {
        self.wanted = self.wanted.split_off(&self.begins);
        while !self.text.is_empty() && self.wanted.first() != Some(&self.begins) {
            let newline = self.text.iter().position(|byte| *byte == b'\n');
            self.text.drain(..newline.map_or(self.text.len(), |at| at + 1));
            self.begins += 1;
        }
    }
}

fn newlines(text: &[u8]) -> u64 {
    text.iter().filter(|byte| **byte == b'\n').count() as u64
}

impl Write for RecordPicker {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut rest = bytes;
        while !rest.is_empty() && !self.is_done() {
            let newline = rest.iter().position(|byte| *byte == b'\n');
            let (line, behind) = rest.split_at(newline.map_or(rest.len(), |at| at + 1));
            rest = behind;
            let is_looked_at = self.format == RecordFormat::Json || self.wanted.first() == Some(&self.begins);
            if is_looked_at || !self.text.is_empty() {
                self.text.extend_from_slice(line);
            }
            if newline.is_some() {
                self.end_line();
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A picker behind what unpacks the text.
pub enum Unpacker {
    No(RecordPicker),
    Gzip(Box<flate2::write::MultiGzDecoder<RecordPicker>>),
    Zstd(zstd::stream::write::Decoder<'static, RecordPicker>),
}

impl Unpacker {
    /// # Errors
    /// Where there is no memory for it.
    pub fn new(compression: CopyCompression, picker: RecordPicker) -> std::io::Result<Self> {
        Ok(match compression {
            CopyCompression::No => Self::No(picker),
            CopyCompression::Gzip => Self::Gzip(Box::new(flate2::write::MultiGzDecoder::new(picker))),
            CopyCompression::Zstd => Self::Zstd(zstd::stream::write::Decoder::new(picker)?),
        })
    }

    /// Takes more of the file; answers whether everything that is wanted was found.
    ///
    /// # Errors
    /// Where it cannot be unpacked.
    pub fn push(&mut self, bytes: &[u8]) -> std::io::Result<bool> {
        match self {
            Self::No(picker) => picker.write_all(bytes)?,
            Self::Gzip(decoder) => decoder.write_all(bytes)?,
            Self::Zstd(decoder) => decoder.write_all(bytes)?,
        }
        Ok(self.picker().is_done())
    }

    /// The records by their lines, once everything was pushed or found.
    ///
    /// # Errors
    /// Where the rest cannot be unpacked.
    pub fn finish(mut self) -> std::io::Result<BTreeMap<u64, Vec<Vec<u8>>>> {
        match &mut self {
            Self::No(_) => {}
            Self::Gzip(decoder) => decoder.flush()?,
            Self::Zstd(decoder) => decoder.flush()?,
        }
        Ok(self.picker().finish())
    }

    fn picker(&mut self) -> &mut RecordPicker {
        match self {
            Self::No(picker) => picker,
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Zstd(decoder) => decoder.get_mut(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The records of these lines, whatever the pieces are that the text comes in.
    fn picked(format: RecordFormat, text: &str, lines: &[u64]) -> Vec<(u64, Vec<String>)> {
        let found = |piece: usize| {
            let mut picker = RecordPicker::new(format, lines.iter().copied().collect());
            text.as_bytes().chunks(piece).for_each(|piece| picker.write_all(piece).expect("written"));
            picker.finish()
        };
        let whole = found(text.len().max(1));
        assert_eq!((found(1), found(3)), (whole.clone(), whole.clone()), "{text:?}");
        let text = |record: Vec<u8>| String::from_utf8(record).expect("text");
        whole.into_iter().map(|(line, records)| (line, records.into_iter().map(text).collect())).collect()
    }

    fn one(line: u64, record: &str) -> (u64, Vec<String>) {
        (line, vec![record.to_owned()])
    }

    #[test]
    fn json_is_picked_as_copy_reads_it() {
        let text = "{\"a\":1}\n{\"a\":\n 2}\n{\"a\": \"cut\n{\"a\":4} {\"a\":5}\nnonsense\r\n{\"b\":{}} x\n[6]";
        let expected = [
            one(3, "{\"a\":\n 2}"),
            one(4, "{\"a\": \"cut"),
            (5, vec!["{\"a\":4}".to_owned(), "{\"a\":5}".to_owned()]),
            one(6, "nonsense"),
            (7, vec!["{\"b\":{}}".to_owned(), "x".to_owned()]),
            one(8, "[6]"),
        ];
        assert_eq!(picked(RecordFormat::Json, text, &[3, 4, 5, 6, 7, 8]), expected);
        assert_eq!(picked(RecordFormat::Json, text, &[8]), expected[5..]);
        assert!(picked(RecordFormat::Json, text, &[2, 9]).is_empty());
        // An object may end where others stand.
        let shared = "{\"a\":\n1} {\"b\":2} {\n}";
        assert_eq!(
            picked(RecordFormat::Json, shared, &[2, 3]),
            [(2, vec!["{\"a\":\n1}".to_owned(), "{\"b\":2}".to_owned()]), one(3, "{\n}")]
        );
        let long = format!("{{\"a\":[\n{}0]}}\n{{\"b\":1}}\n", "0,\n".repeat(9_000));
        assert_eq!(picked(RecordFormat::Json, &long, &[9_003]), [one(9_003, "{\"b\":1}")]);
        // What is cut off at the end swallows no line behind it.
        let cut = "{\"a\":\n{\"a\":2}\n{\"a\":\n";
        assert_eq!(
            picked(RecordFormat::Json, cut, &[1, 2, 3]),
            [one(1, "{\"a\":"), one(2, "{\"a\":2}"), one(3, "{\"a\":")]
        );
        assert_eq!(picked(RecordFormat::Json, "\u{feff}{\"a\":1}", &[1]), [one(1, "{\"a\":1}")]);
    }

    #[test]
    fn lines_go_on_behind_quotes_and_backslashes() {
        let csv = "h\n1,\"a\nb\"\n2,\"c\"\"d\"\n3,x";
        let quoted = RecordFormat::Csv { quote: b'"' };
        assert_eq!(picked(quoted, csv, &[2, 4, 5]), [one(2, "1,\"a\nb\""), one(4, "2,\"c\"\"d\""), one(5, "3,x")]);
        assert_eq!(
            picked(RecordFormat::Escaped, "1|a\\\nb\n2|c\\\\\n3", &[1, 3]),
            [one(1, "1|a\\\nb"), one(3, "2|c\\\\")]
        );
        assert_eq!(picked(RecordFormat::Lines, "a\\\n\"b\n", &[1, 2]), [one(1, "a\\"), one(2, "\"b")]);
        // A quote that is not closed makes one record that is too long, and no copy of the file.
        let open = format!("1,\"a\n{}", format!("{}\n", "x".repeat(999)).repeat(400));
        let found = picked_whole(quoted, &open);
        assert!(found.len() > RECORD_BYTES && found.len() < 3 * RECORD_BYTES, "{}", found.len());
    }

    fn picked_whole(format: RecordFormat, text: &str) -> String {
        let mut picker = RecordPicker::new(format, BTreeSet::from([1]));
        picker.write_all(text.as_bytes()).expect("written");
        let found = picker.finish().remove(&1).expect("found");
        String::from_utf8(found[0].clone()).expect("text")
    }

    #[test]
    fn what_is_packed_is_picked_too() {
        let text: String = (1..5_000).map(|number| format!("{{\"a\":{number}}}\n")).collect();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(text.as_bytes()).expect("gzip");
        let gzip = gzip.finish().expect("gzip");
        let zstd = zstd::encode_all(text.as_bytes(), 3).expect("zstd");
        for (bytes, compression) in [
            (text.as_bytes(), CopyCompression::No),
            (gzip.as_slice(), CopyCompression::Gzip),
            (zstd.as_slice(), CopyCompression::Zstd),
        ] {
            for line in [7, 4_999] {
                let picker = RecordPicker::new(RecordFormat::Json, BTreeSet::from([line]));
                let mut unpacker = Unpacker::new(compression, picker).expect("unpacker");
                for piece in bytes.chunks(100) {
                    if unpacker.push(piece).expect("pushed") {
                        break;
                    }
                }
                let found = unpacker.finish().expect("found");
                assert_eq!(found[&line], [format!("{{\"a\":{line}}}").into_bytes()], "{compression:?}");
            }
        }
    }

    #[test]
    fn the_format_of_a_copy() {
        let of = |options: &str| RecordFormat::new(&format!("copy t from :'from' {options} :options"));
        assert_eq!(of("format as json 'auto' gzip"), Some(RecordFormat::Json));
        assert_eq!(of("csv"), Some(RecordFormat::Csv { quote: b'"' }));
        assert_eq!(of("format as csv quote as '%' ignoreheader 1"), Some(RecordFormat::Csv { quote: b'%' }));
        assert_eq!(
            (of("delimiter ',' escape"), of("delimiter ','")),
            (Some(RecordFormat::Escaped), Some(RecordFormat::Lines))
        );
        for other in ["format as parquet", "csv bzip2", "format orc"] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
