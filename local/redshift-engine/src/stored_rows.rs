//! Rows that are kept until somebody asks for them: the first ones in memory, the rest in a file that goes with them. What
//! a process leaves that is killed goes when its database is opened again.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

use tempfile::TempPath;

use super::error::SqlError;
use super::result::{ResultColumn, Rows, Value};

/// Rows and bytes of one block, which is read as a whole.
const BLOCK_ROWS: usize = 1000;
const BLOCK_BYTES: u64 = 256 << 10;
/// Bytes of a result that stay in memory.
const MEMORY_BYTES: u64 = 16 << 10;

#[derive(Debug)]
pub struct StoredRows {
    pub columns: Vec<ResultColumn>,
    /// Where the file lies, and of which database it is.
    directory: Arc<Path>,
    database: Arc<str>,
    most_bytes: u64,
    blocks: Vec<Block>,
    /// Rows of all blocks together.
    in_blocks: usize,
    /// Rows that are no whole block yet, and their bytes.
    last: Vec<Vec<Value>>,
    last_bytes: u64,
    bytes: u64,
    /// Open while rows are written.
    file: Option<File>,
    path: Option<TempPath>,
    written: u64,
}

#[derive(Debug)]
struct Block {
    /// The number of its first row.
    first: usize,
    body: Body,
}

#[derive(Debug)]
enum Body {
    /// Encoded as in the file: thousands of small results wait for a day (R21).
    Memory(Box<[u8]>),
    File {
        offset: u64,
        bytes: usize,
    },
}

impl StoredRows {
    /// No rows yet, of a database; `most_bytes` is what they may come to.
    pub fn new(directory: Arc<Path>, database: Arc<str>, most_bytes: u64) -> Self {
        Self {
            columns: Vec::new(),
            directory,
            database,
            most_bytes,
            blocks: Vec::new(),
            in_blocks: 0,
            last: Vec::new(),
            last_bytes: 0,
            bytes: 0,
            file: None,
            path: None,
            written: 0,
        }
    }

    /// Removes what an earlier process left of a database's results.
    pub fn remove_left(directory: &Path, database: &str) {
        let files = std::fs::read_dir(directory).into_iter().flatten().flatten();
        let prefix = prefix(database);
        for file in files.filter(|file| file.file_name().to_string_lossy().starts_with(&prefix)) {
            let _ = std::fs::remove_file(file.path());
        }
    }

    /// No more rows come: the file is opened again where it is read, and what is kept takes no more than it needs.
    ///
    /// # Errors
    /// Where the last rows cannot be written.
    pub fn close(&mut self) -> Result<(), SqlError> {
        let sealed = if self.last.is_empty() { Ok(()) } else { self.seal() };
        self.file = None;
        self.last = Vec::new();
        self.blocks.shrink_to_fit();
        self.columns.shrink_to_fit();
        sealed
    }

    pub fn count(&self) -> usize {
        self.in_blocks + self.last.len()
    }

    /// Bytes of the values, roughly as they are sent.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Rows from `start` on, `count` of them or as many as there are.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn page(&self, start: usize, count: usize) -> Result<Vec<Vec<Value>>, SqlError> {
        let end = start.saturating_add(count).min(self.count());
        let mut found = Vec::with_capacity(end.saturating_sub(start));
        if start < self.in_blocks {
            let begins_at = self.blocks.partition_point(|block| block.first <= start) - 1;
            for block in self.blocks[begins_at..].iter().take_while(|block| block.first < end) {
                let wanted = start.saturating_sub(block.first)..;
                let mut rows = match &block.body {
                    Body::Memory(encoded) => self.decoded(encoded)?,
                    Body::File { offset, bytes } => self.decoded(&self.read(*offset, *bytes)?)?,
                };
                found.extend(rows.drain(wanted));
            }
        }
        found.extend_from_slice(self.last.get(start.saturating_sub(self.in_blocks)..).unwrap_or_default());
        found.truncate(end.saturating_sub(start));
        Ok(found)
    }

    fn read(&self, offset: u64, bytes: usize) -> Result<Vec<u8>, SqlError> {
        let unreadable = |error| self.unusable(&error);
        let path = self.path.as_ref().ok_or_else(|| self.unusable(&std::io::ErrorKind::NotFound.into()))?;
        let mut encoded = vec![0; bytes];
        let mut file = File::open(path).map_err(unreadable)?;
        file.seek(SeekFrom::Start(offset)).map_err(unreadable)?;
        file.read_exact(&mut encoded).map_err(unreadable)?;
        Ok(encoded)
    }

    fn decoded(&self, encoded: &[u8]) -> Result<Vec<Vec<Value>>, SqlError> {
        let (mut rest, mut rows) = (encoded, Vec::new());
        while !rest.is_empty() {
            let row = (0..self.columns.len()).map(|_| decode(&mut rest)).collect::<Option<Vec<_>>>();
            rows.push(row.ok_or_else(|| self.unusable(&std::io::ErrorKind::InvalidData.into()))?);
            if self.columns.is_empty() {
                break;
            }
        }
        Ok(rows)
    }

    fn push(&mut self, row: Vec<Value>) -> Result<(), SqlError> {
        let bytes = row.iter().map(Value::bytes).sum::<u64>();
        self.bytes += bytes;
        if self.bytes > self.most_bytes {
            let most = self.most_bytes >> 20;
            return Err(SqlError::new("54000", format!("the result has more than {most} MB, which is the most")));
        }
        self.last_bytes += bytes;
        self.last.push(row);
        if self.last.len() < BLOCK_ROWS && self.last_bytes < BLOCK_BYTES {
            return Ok(());
        }
        self.seal()
    }

    /// Makes a block of the last rows.
    fn seal(&mut self) -> Result<(), SqlError> {
        let rows = std::mem::take(&mut self.last);
        self.last_bytes = 0;
        let (first, count) = (self.in_blocks, rows.len());
        let mut encoded = Vec::new();
        rows.iter().flatten().for_each(|value| encode(value, &mut encoded));
        let body = if self.bytes <= MEMORY_BYTES { Body::Memory(encoded.into()) } else { self.write(&encoded)? };
        self.blocks.push(Block { first, body });
        self.in_blocks += count;
        Ok(())
    }

    fn write(&mut self, encoded: &[u8]) -> Result<Body, SqlError> {
        if self.file.is_none() {
            let named = tempfile::Builder::new().prefix(&prefix(&self.database)).tempfile_in(&self.directory);
            let (file, path) = named.map_err(|error| self.unusable(&error))?.into_parts();
            (self.file, self.path) = (Some(file), Some(path));
        }
        if let Some(mut file) = self.file.as_ref() {
            file.write_all(encoded).map_err(|error| self.unusable(&error))?;
        }
        let offset = self.written;
        self.written += encoded.len() as u64;
        Ok(Body::File { offset, bytes: encoded.len() })
    }

    fn unusable(&self, error: &std::io::Error) -> SqlError {
        SqlError::from_io("cannot keep the rows of a result in", &self.directory, error)
    }
}

/// How the files of a database's results are called.
fn prefix(database: &str) -> String {
    format!("{database}.result-")
}

impl Rows for StoredRows {
    fn begin(&mut self, columns: Vec<ResultColumn>) -> Result<(), SqlError> {
        self.columns = columns;
        Ok(())
    }

    fn rows(&mut self, rows: Vec<Vec<Value>>) -> Result<(), SqlError> {
        rows.into_iter().try_for_each(|row| self.push(row))
    }
}

/// A letter for the kind, then the value; texts have their length before them.
fn encode(value: &Value, to: &mut Vec<u8>) {
    match value {
        Value::Null => to.push(b'n'),
        Value::Boolean(flag) => to.push(if *flag { b't' } else { b'f' }),
        Value::Long(number) => {
            to.push(b'l');
            to.extend_from_slice(&number.to_le_bytes());
        }
        Value::Double(number) => {
            to.push(b'd');
            to.extend_from_slice(&number.to_le_bytes());
        }
        Value::Text(text) => {
            to.push(b's');
            to.extend_from_slice(&(text.len() as u64).to_le_bytes());
            to.extend_from_slice(text.as_bytes());
        }
    }
}

fn decode(from: &mut &[u8]) -> Option<Value> {
    let mut take = |count: usize| {
        let (taken, rest) = from.split_at_checked(count)?;
        *from = rest;
        Some(taken)
    };
    Some(match take(1)? {
        b"n" => Value::Null,
        b"t" => Value::Boolean(true),
        b"f" => Value::Boolean(false),
        b"l" => Value::Long(i64::from_le_bytes(take(8)?.try_into().ok()?)),
        b"d" => Value::Double(f64::from_le_bytes(take(8)?.try_into().ok()?)),
        b"s" => {
            let length = u64::from_le_bytes(take(8)?.try_into().ok()?);
            Value::Text(String::from_utf8(take(usize::try_from(length).ok()?)?.to_vec()).ok()?)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str) -> ResultColumn {
        ResultColumn { name: name.to_owned(), type_name: "varchar", precision: 0, scale: 0 }
    }

    fn row(number: i64) -> Vec<Value> {
        let other = match number % 3 {
            0 => Value::Null,
            1 => Value::Boolean(number % 2 == 0),
            _ => Value::Double(f64::NAN),
        };
        vec![Value::Long(number), Value::Text(format!("{number} é\0 {}", "x".repeat(100))), other]
    }

    #[test]
    fn every_page_is_what_was_put_in() {
        let directory = tempfile::tempdir().expect("directory");
        let mut stored = StoredRows::new(directory.path().into(), "dwh".into(), u64::MAX);
        stored.begin(["a", "b", "c"].map(column).to_vec()).expect("begin");
        for start in (0..12_345).step_by(7) {
            stored.rows((start..(start + 7).min(12_345)).map(row).collect()).expect("rows");
        }
        stored.close().expect("closed");
        assert_eq!(stored.count(), 12_345);
        assert_eq!(
            (stored.blocks.capacity(), stored.last.capacity()),
            (stored.blocks.len(), 0),
            "nothing is in reserve"
        );
        assert!(stored.path.is_some(), "the rest is on the disk");
        for (start, count) in [(0, 1000), (999, 2), (1500, 3000), (12_000, 1000), (12_345, 5), (0, 12_345)] {
            let wanted: Vec<_> = (start..(start + count).min(12_345)).map(|at| row(at as i64)).collect();
            let found = stored.page(start, count).expect("page");
            assert_eq!(format!("{found:?}"), format!("{wanted:?}"), "{start}");
        }
        let files = || std::fs::read_dir(directory.path()).expect("directory").count();
        assert_eq!(files(), 1);
        drop(stored);
        assert_eq!(files(), 0, "the file goes with the rows");
        std::fs::write(directory.path().join("dwh.result-x1"), "left").expect("file");
        std::fs::write(directory.path().join("dwh2.result-x1"), "another database's").expect("file");
        StoredRows::remove_left(directory.path(), "dwh");
        assert_eq!(files(), 1);
    }

    #[test]
    fn a_result_has_its_most() {
        let directory = tempfile::tempdir().expect("directory");
        let mut stored = StoredRows::new(directory.path().into(), "dwh".into(), 1 << 20);
        stored.begin(["a", "b", "c"].map(column).to_vec()).expect("begin");
        let refused = (0..100_000).map(row).try_for_each(|row| stored.rows(vec![row]));
        assert_eq!(refused.expect_err("too much").sqlstate, "54000");
    }
}
