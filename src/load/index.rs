//! Which line of a gathered part came from which line of which object: one file beside each part, read only when a
//! line has to be led back.

use crate::error::{Error, Result};

const LEVEL: i32 = 3;

/// The index of one part while it is written: `first line, tab, key` for each object, compressed.
pub struct IndexWriter(zstd::stream::write::Encoder<'static, Vec<u8>>);

impl IndexWriter {
    pub fn new() -> Result<Self> {
        zstd::stream::write::Encoder::new(Vec::new(), LEVEL).map(Self).map_err(unwritable)
    }

    /// The object whose content begins at this line of the part. Lines count from 1.
    pub fn add(&mut self, first_line: u64, key: &str) -> Result<()> {
        use std::io::Write;
        // A key may hold anything but must stay on its line.
        let key = serde_json::to_string(key).map_err(|error| unwritable(error.into()))?;
        writeln!(self.0, "{first_line}\t{key}").map_err(unwritable)
    }

    pub fn finish(self) -> Result<Vec<u8>> {
        self.0.finish().map_err(unwritable)
    }
}

fn unwritable(cause: std::io::Error) -> Error {
    Error::failed("cannot write the index of a part").because(cause)
}

/// The index of one part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Index(Vec<(u64, String)>);

impl Index {
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let unreadable = |cause: std::io::Error| Error::failed("cannot read the index of a part").because(cause);
        let text = zstd::decode_all(bytes).map_err(unreadable)?;
        let malformed = || unreadable(std::io::Error::other("it is not an index"));
        let line = |line: &str| {
            let (first, key) = line.split_once('\t')?;
            Some((first.parse().ok()?, serde_json::from_str(key).ok()?))
        };
        let text = String::from_utf8(text).map_err(|_| malformed())?;
        text.lines().map(line).collect::<Option<_>>().map(Self).ok_or_else(malformed)
    }

    /// The object and line behind a line of the part.
    pub fn origin(&self, line: u64) -> Option<(&str, u64)> {
        let after = self.0.partition_point(|(first, _)| *first <= line);
        let (first, key) = self.0.get(after.checked_sub(1)?)?;
        Some((key, line - first + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_leads_back_to_its_object() {
        let mut writer = IndexWriter::new().expect("writer");
        for (first, key) in [(1, "a"), (2, "b\n\t"), (7, "c")] {
            writer.add(first, key).expect("added");
        }
        let index = Index::read(&writer.finish().expect("written")).expect("read");
        assert_eq!(index.origin(1), Some(("a", 1)));
        assert_eq!(index.origin(6), Some(("b\n\t", 5)));
        assert_eq!(index.origin(8), Some(("c", 2)));
        assert_eq!(index.origin(0), None);
        assert!(Index::read(b"nonsense").is_err());
    }
}
