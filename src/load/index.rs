//! Which line of a gathered part came from which line of which object: one file beside each part, read only when a
//! line has to be led back.

use crate::error::{Error, Result};

const LEVEL: i32 = 3;

/// The index of one part while it is written: `first line, tab, key` for each object, and where lines of it were left out
/// before those `tab, their number`; compressed.
pub struct IndexWriter(zstd::stream::write::Encoder<'static, Vec<u8>>);

impl IndexWriter {
    pub fn new() -> Result<Self> {
        zstd::stream::write::Encoder::new(Vec::new(), LEVEL).map(Self).map_err(unwritable)
    }

    /// The object whose content begins at this line of the part, behind so many lines of its own. Lines count from 1.
    pub fn add(&mut self, first_line: u64, key: &str, skipped_lines: u64) -> Result<()> {
        use std::io::Write;
        // A key may hold anything but must stay on its line.
        let key = serde_json::to_string(key).map_err(|error| unwritable(error.into()))?;
        let skipped = if skipped_lines > 0 { format!("\t{skipped_lines}") } else { String::new() };
        writeln!(self.0, "{first_line}\t{key}{skipped}").map_err(unwritable)
    }

    pub fn finish(self) -> Result<Vec<u8>> {
        self.0.finish().map_err(unwritable)
    }
}

fn unwritable(cause: std::io::Error) -> Error {
    Error::failed("cannot write the index of a part").because(cause)
}

/// The index of one part: for each object its first line there, its key, and the lines of it that were left out before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Index(Vec<(u64, String, u64)>);

impl Index {
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let unreadable = |cause: std::io::Error| Error::failed("cannot read the index of a part").because(cause);
        let text = zstd::decode_all(bytes).map_err(unreadable)?;
        let malformed = || unreadable(std::io::Error::other("it is not an index"));
        let line = |line: &str| {
            // JSON has no tab inside a string.
            let mut fields = line.split('\t');
            let (first, key) = (fields.next()?.parse().ok()?, serde_json::from_str(fields.next()?).ok()?);
            let skipped = fields.next().map_or(Some(0), |skipped| skipped.parse().ok())?;
            Some((first, key, skipped))
        };
        let text = String::from_utf8(text).map_err(|_| malformed())?;
        text.lines().map(line).collect::<Option<_>>().map(Self).ok_or_else(malformed)
    }

    /// The keys of the part's objects, in their order.
    pub fn keys(&self) -> Vec<&str> {
        self.0.iter().map(|(_, key, _)| key.as_str()).collect()
    }

    /// The object and line behind a line of the part.
    pub fn origin(&self, line: u64) -> Option<(&str, u64)> {
        let after = self.0.partition_point(|(first, ..)| *first <= line);
        let (first, key, skipped) = self.0.get(after.checked_sub(1)?)?;
        Some((key, skipped + line - first + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_leads_back_to_its_object() {
        let mut writer = IndexWriter::new().expect("writer");
        for (first, key, skipped) in [(1, "a", 0), (2, "b\n\t", 0), (7, "c", 2)] {
            writer.add(first, key, skipped).expect("added");
        }
        let index = Index::read(&writer.finish().expect("written")).expect("read");
        assert_eq!(index.origin(1), Some(("a", 1)));
        assert_eq!(index.origin(6), Some(("b\n\t", 5)));
        assert_eq!(index.origin(8), Some(("c", 4)));
        assert_eq!(index.origin(0), None);
        assert!(Index::read(b"nonsense").is_err());
    }
}
