//! The first row of a query, for what takes one row.

use crate::error::SqlError;
use crate::result::{ResultColumn, Rows, Value};

#[derive(Default)]
pub struct FirstRow {
    pub columns: Vec<ResultColumn>,
    pub row: Option<Vec<Value>>,
    /// The number of rows.
    pub count: usize,
}

impl Rows for FirstRow {
    fn begin(&mut self, columns: Vec<ResultColumn>) -> Result<(), SqlError> {
        *self = Self { columns, row: None, count: 0 };
        Ok(())
    }

    fn rows(&mut self, rows: Vec<Vec<Value>>) -> Result<(), SqlError> {
        self.count += rows.len();
        let first = rows.into_iter().next();
        self.row = self.row.take().or(first);
        Ok(())
    }
}

/// Rows that nobody wants.
pub struct Discarded;

impl Rows for Discarded {
    fn begin(&mut self, _: Vec<ResultColumn>) -> Result<(), SqlError> {
        Ok(())
    }

    fn rows(&mut self, _: Vec<Vec<Value>>) -> Result<(), SqlError> {
        Ok(())
    }
}
