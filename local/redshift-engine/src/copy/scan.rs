//! COPY's rows as a table function, so that DuckDB parses and stores them on all processors.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Read;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, Weak};

use duckdb::Connection;
use duckdb::arrow::record_batch::RecordBatch;
use duckdb::core::{DataChunkHandle, LogicalTypeHandle, LogicalTypeId};
use duckdb::vtab::arrow::{record_batch_to_duckdb_data_chunk, to_duckdb_logical_type};
use duckdb::vtab::{BindInfo, InitInfo, TableFunctionInfo, VTab};

use super::chunk::Chunks;
use super::columns::{Batch, Column};
use super::convert::Rules;
use super::json::Layout;
use super::json_values::MAX_OBJECT_BYTES;
use super::parse::{GaveUp, Parser};
use super::progress::Progress;
use crate::error::SqlError;
use crate::sync::locked;

/// The name of the table function, which no statement of a user can reach: unknown functions are refused.
pub const FUNCTION: &str = "redshift_copy_rows";
/// Rows of one chunk of DuckDB's.
const VECTOR: usize = 2048;

/// Why a scan stopped before its end.
#[derive(Debug)]
pub enum Stopped {
    /// The object of this number is not as it should be: the careful way says how.
    GaveUp(usize),
    Failed(SqlError),
}

type Opened = Result<Option<Box<dyn Read + Send>>, SqlError>;

/// Objects one after the other, in pieces.
struct Source {
    /// Opens the object of a number; `None` behind the last.
    open: Box<dyn FnMut(usize) -> Opened + Send>,
    next: usize,
    chunks: Option<Chunks>,
}

/// One COPY under way.
pub struct Scan {
    columns: Vec<Column>,
    layout: Layout,
    rules: Rules,
    progress: Arc<Progress>,
    source: Mutex<Source>,
    ready: Mutex<Vec<RecordBatch>>,
    stopped: Mutex<Option<Stopped>>,
}

/// The scans under way, by the number that a statement names them by. DuckDB gives a table function nothing but values, or
/// a raw pointer, which safe code cannot follow. A scan belongs to its COPY: no entry keeps one.
static SCANS: Mutex<BTreeMap<i64, Weak<Scan>>> = Mutex::new(BTreeMap::new());
static NEXT: AtomicI64 = AtomicI64::new(1);

impl Scan {
    pub fn new(
        columns: Vec<Column>,
        layout: Layout,
        rules: Rules,
        progress: Arc<Progress>,
        open: impl FnMut(usize) -> Opened + Send + 'static,
    ) -> Self {
        let source = Mutex::new(Source { open: Box::new(open), next: 0, chunks: None });
        Self { columns, layout, rules, progress, source, ready: Mutex::default(), stopped: Mutex::default() }
    }

    /// Runs a statement in which `FUNCTION(:scan)` stands for the rows, and answers how many it changed or counted.
    pub fn run(self, connection: &Connection, statement: impl FnOnce(&str) -> String) -> Result<u64, Stopped> {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let scan = Arc::new(self);
        locked(&SCANS).insert(number, Arc::downgrade(&scan));
        let done = connection.execute(&statement(&format!("{FUNCTION}({number})")), []);
        locked(&SCANS).remove(&number);
        let stopped = locked(&scan.stopped).take();
        match (stopped, done) {
            (None, Ok(rows)) => Ok(rows as u64),
            (Some(stopped), _) => Err(stopped),
            (None, Err(error)) => Err(Stopped::Failed(error.into())),
        }
    }

    /// Some rows; `None` at the end.
    fn next(&self) -> Result<Option<RecordBatch>, Stopped> {
        loop {
            if let Some(batch) = self.ready_rows() {
                return Ok(Some(batch));
            }
            let Some((object, piece)) = self.piece()? else { return Ok(None) };
            let parser = Parser { columns: &self.columns, layout: &self.layout, rules: &self.rules };
            let batch = parser.parse(&piece).map_err(|GaveUp| Stopped::GaveUp(object))?;
            self.progress.scanned(object, batch.num_rows());
            if batch.num_rows() > 0 {
                locked(&self.ready).push(batch);
            }
        }
    }

    fn ready_rows(&self) -> Option<RecordBatch> {
        let mut ready = locked(&self.ready);
        let batch = ready.pop()?;
        if batch.num_rows() <= VECTOR {
            return Some(batch);
        }
        ready.push(batch.slice(VECTOR, batch.num_rows() - VECTOR));
        Some(batch.slice(0, VECTOR))
    }

    /// The next piece, and the number of its object.
    fn piece(&self) -> Result<Option<(usize, Vec<u8>)>, Stopped> {
        let mut source = locked(&self.source);
        loop {
            let object = source.next;
            if source.chunks.is_none() {
                match (source.open)(object).map_err(Stopped::Failed)? {
                    Some(input) => source.chunks = Some(Chunks::new(input, MAX_OBJECT_BYTES)),
                    None => return Ok(None),
                }
            }
            let piece = match source.chunks.as_mut().map(Chunks::next) {
                Some(Ok(piece)) => piece,
                // What cannot be read, and what is too long, is told by the careful way.
                Some(Err(_)) => return Err(Stopped::GaveUp(object)),
                None => None,
            };
            match piece {
                Some(piece) => return Ok(Some((object, piece))),
                None => {
                    source.chunks = None;
                    source.next += 1;
                }
            }
        }
    }
}

/// The table function.
pub struct CopyRows;

impl VTab for CopyRows {
    type InitData = ();
    type BindData = Arc<Scan>;

    fn bind(bind: &BindInfo) -> Result<Self::BindData, Box<dyn Error>> {
        let number = bind.get_parameter(0).to_int64();
        let scan = locked(&SCANS).get(&number).and_then(Weak::upgrade).ok_or("no COPY of this number is under way")?;
        for field in Batch::new(&scan.columns).schema().fields() {
            bind.add_result_column(field.name(), to_duckdb_logical_type(field.data_type())?);
        }
        Ok(scan)
    }

    fn init(init: &InitInfo) -> Result<Self::InitData, Box<dyn Error>> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        init.set_max_threads(threads as u64);
        Ok(())
    }

    fn func(function: &TableFunctionInfo<Self>, output: &mut DataChunkHandle) -> Result<(), Box<dyn Error>> {
        let scan = function.get_bind_data();
        match scan.next() {
            Ok(Some(rows)) => {
                scan.progress.add_rows(rows.num_rows());
                record_batch_to_duckdb_data_chunk(&rows, output)
            }
            Ok(None) => {
                output.set_len(0);
                Ok(())
            }
            Err(stopped) => {
                locked(&scan.stopped).get_or_insert(stopped);
                Err("COPY stopped".into())
            }
        }
    }

    fn parameters() -> Option<Vec<LogicalTypeHandle>> {
        Some(vec![LogicalTypeHandle::from(LogicalTypeId::Bigint)])
    }
}
