//! How far a COPY is: the system views tell it while it runs, and keep it when it has ended (C17).

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// One COPY, as SYS_LOAD_HISTORY and STV_LOAD_STATE show it.
#[derive(Debug)]
pub struct Progress {
    pub query: i64,
    /// The process that it runs in.
    pub session: i32,
    pub table: String,
    pub source: String,
    /// Milliseconds since the epoch.
    pub started: i64,
    /// `json`, `text` or `parquet`.
    pub format: &'static str,
    /// Bytes of each object, as it lies in S3.
    pub sizes: Vec<u64>,
    opened: AtomicU64,
    opened_bytes: AtomicU64,
    read: AtomicU64,
    rows: AtomicU64,
    /// Lines or records that were found in each object, loaded or not.
    lines: Vec<AtomicU64>,
}

/// A look at it. Bytes are those in S3 but for `read`, which counts what they unpack to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    pub files: u64,
    pub files_scanned: u64,
    pub bytes: u64,
    pub bytes_scanned: u64,
    pub read: u64,
    pub rows: u64,
}

impl Progress {
    pub fn new(
        query: i64,
        session: i32,
        table: &str,
        source: &str,
        started: i64,
        format: &'static str,
        sizes: Vec<u64>,
    ) -> Arc<Self> {
        let lines = sizes.iter().map(|_| AtomicU64::new(0)).collect();
        Arc::new(Self {
            query,
            session,
            table: table.to_owned(),
            source: source.to_owned(),
            started,
            format,
            sizes,
            opened: AtomicU64::new(0),
            opened_bytes: AtomicU64::new(0),
            read: AtomicU64::new(0),
            rows: AtomicU64::new(0),
            lines,
        })
    }

    /// An object of so many bytes is about to be read.
    pub fn open(&self, bytes: u64) {
        self.opened.fetch_add(1, Ordering::Relaxed);
        self.opened_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub fn add_rows(&self, rows: usize) {
        self.rows.fetch_add(rows as u64, Ordering::Relaxed);
    }

    /// So many more lines were found in the object of this number.
    pub fn scanned(&self, object: usize, lines: usize) {
        if let Some(known) = self.lines.get(object) {
            known.fetch_add(lines as u64, Ordering::Relaxed);
        }
    }

    /// Lines of each object.
    pub fn lines(&self) -> impl Iterator<Item = u64> {
        self.lines.iter().map(|lines| lines.load(Ordering::Relaxed))
    }

    pub fn seen(&self) -> Seen {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Seen {
            files: self.sizes.len() as u64,
            files_scanned: of(&self.opened),
            bytes: self.sizes.iter().sum(),
            bytes_scanned: of(&self.opened_bytes),
            read: of(&self.read),
            rows: of(&self.rows),
        }
    }

    /// Counts what is read, unpacked.
    pub fn counted(self: &Arc<Self>, input: impl Read + Send + 'static) -> Box<dyn Read + Send> {
        Box::new(Counted { input, progress: self.clone() })
    }
}

struct Counted<R> {
    input: R,
    progress: Arc<Progress>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.progress.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
