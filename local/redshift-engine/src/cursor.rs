//! Cursors of a transaction that is open: each one's rows as DECLARE found them, and how many of them were fetched.

use std::collections::HashMap;

use super::error::SqlError;
use super::result::{self, ResultColumn, Rows, Value};
use super::stored_rows::StoredRows;

/// Rows that are handed on at once.
const BATCH_ROWS: usize = 1000;

#[derive(Default)]
pub struct Cursors(HashMap<String, Cursor>);

struct Cursor {
    rows: StoredRows,
    next: usize,
    /// From `next` on, read already: a block of them is decoded as a whole.
    read: std::vec::IntoIter<Vec<Value>>,
}

impl Cursors {
    pub fn clear(&mut self) {
        self.0.clear();
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn columns(&self, name: &str) -> Option<Vec<ResultColumn>> {
        self.0.get(name).map(|cursor| cursor.rows.columns.clone())
    }

    /// # Errors
    /// 42P03 where a cursor of this name is open.
    pub fn vacant(&self, name: &str) -> Result<(), SqlError> {
        match self.0.contains_key(name) {
            true => Err(SqlError::new("42P03", format!("cursor \"{name}\" already exists"))),
            false => Ok(()),
        }
    }

    pub fn open(&mut self, name: String, rows: StoredRows) {
        self.0.insert(name, Cursor { rows, next: 0, read: Vec::new().into_iter() });
    }

    /// Hands on the next rows, all that are left where no count is given; answers how many there were.
    ///
    /// # Errors
    /// 34000 where there is no cursor of this name.
    pub fn fetch(&mut self, name: &str, count: Option<u64>, to: &mut dyn Rows) -> Result<i64, SqlError> {
        let cursor = self.0.get_mut(name).ok_or_else(|| missing(name))?;
        let left = cursor.rows.count() - cursor.next;
        let count = count.map_or(left, |count| usize::try_from(count).unwrap_or(usize::MAX).min(left));
        to.begin(cursor.rows.columns.clone())?;
        let mut wanted = count;
        while wanted > 0 {
            if cursor.read.len() == 0 {
                cursor.read = cursor.rows.page(cursor.next, BATCH_ROWS)?.into_iter();
            }
            let rows: Vec<_> = cursor.read.by_ref().take(wanted).collect();
            if rows.is_empty() {
                break;
            }
            cursor.next += rows.len();
            wanted -= rows.len();
            to.rows(rows)?;
        }
        Ok(result::counted(count))
    }

    /// # Errors
    /// 34000 where there is no cursor of this name.
    pub fn close(&mut self, name: &str) -> Result<i64, SqlError> {
        self.0.remove(name).map(|_| 0).ok_or_else(|| missing(name))
    }
}

fn missing(name: &str) -> SqlError {
    SqlError::new("34000", format!("cursor \"{name}\" does not exist"))
}
