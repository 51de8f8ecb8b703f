//! One part while it grows: objects joined as they are, compressed, with the index that leads back. Parquet is compressed by
//! itself, and joined by its row groups.

use std::io::Write;

use bytes::Bytes;

use super::copy_format::CopyKind;
use super::fault::Fault;
use super::index::IndexWriter;
use super::parquet_file::{ParquetFile, ParquetJoin};
use crate::config::Compression;
use crate::error::{Error, Result};

const ZSTD_LEVEL: i32 = 3;

/// An object's bytes, checked: how many records and lines they have.
#[derive(Default)]
pub struct CheckedContent {
    pub key: String,
    pub bytes: Bytes,
    pub records: u64,
    /// For Parquet, rows.
    pub lines: u64,
    /// Lines of the object that stand before the bytes.
    pub skipped_lines: u64,
    /// The last of them: the header of a text.
    pub header: Option<Bytes>,
}

enum PartContent {
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
    Gzip(flate2::write::GzEncoder<Vec<u8>>),
    Parquet(ParquetJoin),
}

/// A part before it is finished.
pub struct Part {
    content: PartContent,
    index: IndexWriter,
    next_line: u64,
    pub records: u64,
}

impl Part {
    pub fn new(kind: CopyKind, compression: Compression) -> Result<Self> {
        let content = match (kind, compression) {
            (CopyKind::Parquet, _) => PartContent::Parquet(ParquetJoin::default()),
            (_, Compression::Zstd) => {
                PartContent::Zstd(zstd::stream::write::Encoder::new(Vec::new(), ZSTD_LEVEL).map_err(unwritable)?)
            }
            // No time and no name in the header: the same input gives the same bytes.
            (_, Compression::Gzip) => {
                PartContent::Gzip(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default()))
            }
        };
        Ok(Self { content, index: IndexWriter::new()?, next_line: 1, records: 0 })
    }

    /// Adds an object and answers whether it could be: Parquet of another schema needs another part.
    pub fn add(&mut self, object: &CheckedContent) -> Result<bool> {
        let is_added = match &mut self.content {
            PartContent::Zstd(encoder) => write_lines(encoder, object).map_err(unwritable).map(|()| true),
            PartContent::Gzip(encoder) => write_lines(encoder, object).map_err(unwritable).map(|()| true),
            PartContent::Parquet(join) => add_parquet(join, object),
        }?;
        if is_added && object.lines > 0 {
            self.index.add(self.next_line, &object.key, object.skipped_lines)?;
            self.next_line += object.lines;
            self.records += object.records;
        }
        Ok(is_added)
    }

    /// The part's bytes, and its index's.
    pub fn finish(self) -> Result<(Vec<u8>, Vec<u8>)> {
        let bytes = match self.content {
            PartContent::Zstd(encoder) => encoder.finish(),
            PartContent::Gzip(encoder) => encoder.finish(),
            PartContent::Parquet(join) => Ok(join.finish()),
        };
        Ok((bytes.map_err(unwritable)?, self.index.finish()?))
    }
}

/// The object's bytes as they are, and a newline where it ends without one: without a line it would be a record.
fn write_lines(encoder: &mut impl Write, object: &CheckedContent) -> std::io::Result<()> {
    encoder.write_all(&object.bytes)?;
    match object.lines == 0 || object.bytes.ends_with(b"\n") {
        true => Ok(()),
        false => encoder.write_all(b"\n"),
    }
}

fn add_parquet(join: &mut ParquetJoin, object: &CheckedContent) -> Result<bool> {
    let unreadable = |fault: Fault| Error::failed(format!("cannot join {}: {}", object.key, fault.reason));
    let file = ParquetFile::new(&object.bytes).map_err(unreadable)?;
    if !join.takes(&file) {
        return Ok(false);
    }
    join.add(&file).map_err(unreadable)?;
    Ok(true)
}

fn unwritable(error: std::io::Error) -> Error {
    Error::failed("cannot compress a part").because(error)
}

/// Lines that the bytes take up in a part, where the last one always ends.
pub fn count_lines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|&&byte| byte == b'\n').count() as u64 + u64::from(!bytes.ends_with(b"\n"))
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::super::index::Index;
    use super::*;

    #[test]
    fn lines_behind_headers_lead_back() {
        let mut part = Part::new(CopyKind::Json, Compression::Zstd).expect("part");
        for (key, text, skipped_lines) in [("a", "1\n2", 1), ("b", "", 3), ("c", "3\n", 2)] {
            let lines = text.lines().count() as u64;
            let bytes = Bytes::from_static(text.as_bytes());
            let object =
                CheckedContent { key: key.to_owned(), bytes, lines, skipped_lines, ..CheckedContent::default() };
            part.add(&object).expect("added");
        }
        let (compressed, index) = part.finish().expect("finished");
        assert_eq!(zstd::decode_all(compressed.as_slice()).expect("zstd"), b"1\n2\n3\n");
        let index = Index::read(&index).expect("index");
        assert_eq!([1, 2, 3].map(|line| index.origin(line)), [("a", 2), ("a", 3), ("c", 3)].map(Some));
    }

    proptest::proptest! {
        /// Nothing is lost, added or reordered, and every line leads back to where it came from.
        #[test]
        fn a_part_is_its_objects_and_its_index_leads_back(
            texts in proptest::collection::vec("(\\{\\}|\\{\\}\n|\\{\n\\}|\\{\\} \\{\\}\n\n|\n\\{\\})", 1..40),
            gzip in proptest::bool::ANY,
        ) {
            let compression = if gzip { Compression::Gzip } else { Compression::Zstd };
            let mut part = Part::new(CopyKind::Json, compression).expect("part");
            for (at, text) in texts.iter().enumerate() {
                let bytes = Bytes::copy_from_slice(text.as_bytes());
                let (key, lines) = (at.to_string(), count_lines(&bytes));
                part.add(&CheckedContent { key, bytes, records: 1, lines, ..CheckedContent::default() }).expect("added");
            }
            proptest::prop_assert_eq!(part.records, texts.len() as u64);
            let (compressed, index) = part.finish().expect("finished");
            let mut joined = String::new();
            match gzip {
                true => drop(flate2::read::GzDecoder::new(compressed.as_slice()).read_to_string(&mut joined).expect("gzip")),
                false => joined = String::from_utf8(zstd::decode_all(compressed.as_slice()).expect("zstd")).expect("text"),
            }
            let index = Index::read(&index).expect("index");
            for (number, line) in (1..).zip(joined.lines()) {
                let (key, origin) = index.origin(number).expect("origin");
                let original = &texts[key.parse::<usize>().expect("number")];
                proptest::prop_assert_eq!(original.lines().nth(origin as usize - 1), Some(line));
            }
            let ended = |text: &String| if text.ends_with('\n') { text.clone() } else { format!("{text}\n") };
            proptest::prop_assert_eq!(joined, texts.iter().map(ended).collect::<String>());
        }
    }
}
