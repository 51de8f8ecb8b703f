//! The fast way from bytes to rows. It knows no rejected rows: at the first thing that is not as it should be it gives
//! up, and the careful way says what it was.

use duckdb::arrow::record_batch::RecordBatch;
use serde_json::value::RawValue;

use super::columns::{Batch, Column};
use super::convert::{Cell, Rules};
use super::json::{Layout, Record};
use super::json_values::MAX_OBJECT_BYTES;

/// What parsing needs to know.
#[derive(Clone, Copy)]
pub struct Parser<'a> {
    pub columns: &'a [Column],
    pub layout: &'a Layout,
    pub rules: &'a Rules,
}

/// Not everything was as it should be; nothing is said of what.
#[derive(Debug)]
pub struct GaveUp;

pub type Parsed = Result<RecordBatch, GaveUp>;

impl Parser<'_> {
    /// The rows of one piece: of its lines, where each is an object, as it mostly is; else of its values.
    pub fn parse(self, piece: &[u8]) -> Parsed {
        self.parse_lines(piece).or_else(|_| self.parse_values(piece))
    }

    fn parse_lines(self, piece: &[u8]) -> Parsed {
        let mut rows = Rows::of(self);
        for line in piece.split(|&byte| byte == b'\n') {
            if line.len() > MAX_OBJECT_BYTES {
                return Err(GaveUp);
            }
            if line.trim_ascii().is_empty() {
                continue;
            }
            let mut deserializer = serde_json::Deserializer::from_slice(line);
            rows.add(|layout, record| layout.read(&mut deserializer, record))?;
            deserializer.end().map_err(|_| GaveUp)?;
        }
        rows.finish()
    }

    fn parse_values(self, piece: &[u8]) -> Parsed {
        let mut rows = Rows::of(self);
        for value in serde_json::Deserializer::from_slice(piece).into_iter::<&RawValue>() {
            let value = value.map_err(|_| GaveUp)?;
            if value.get().len() > MAX_OBJECT_BYTES {
                return Err(GaveUp);
            }
            rows.add(|layout, record| layout.read(&mut serde_json::Deserializer::from_str(value.get()), record))?;
        }
        rows.finish()
    }
}

/// The rows of a piece as they come.
struct Rows<'p, 'a> {
    parser: Parser<'p>,
    batch: Batch,
    record: Record<'a>,
}

impl<'p, 'a> Rows<'p, 'a> {
    fn of(parser: Parser<'p>) -> Self {
        Self { parser, batch: Batch::new(parser.columns), record: parser.layout.empty() }
    }

    fn add(
        &mut self,
        read: impl FnOnce(&Layout, &mut Record<'a>) -> Result<(), serde_json::Error>,
    ) -> Result<(), GaveUp> {
        let Parser { columns, layout, rules } = self.parser;
        read(layout, &mut self.record).map_err(|_| GaveUp)?;
        for (at, (raw, column)) in self.record.iter().zip(columns).enumerate() {
            match rules.convert(*raw, column.data_type) {
                Ok(Cell::Null) if column.not_null => return Err(GaveUp),
                Ok(cell) => self.batch.push_cell(at, &cell),
                Err(_) => return Err(GaveUp),
            }
        }
        self.batch.rows += 1;
        Ok(())
    }

    fn finish(mut self) -> Parsed {
        self.batch.take().map_err(|_| GaveUp)
    }
}
