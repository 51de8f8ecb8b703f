//! The records of a COPY, one after the other: each becomes a row, or is rejected with the reason.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::columns::{Batch, Column};
use super::convert::{Cell, Rejection, rejection};
use super::invalid_chars;
use super::run::Load;
use super::text::{Field, TextRecord, fields};
use crate::error::SqlError;
use redshift_sql::TextFormat;

impl Load<'_> {
    /// A value of JSON.
    pub(super) fn value(&mut self, value: &RawValue, file: &str, line: u64, batch: &mut Batch) -> Result<(), SqlError> {
        if !self.layout.takes(value.get()) {
            return self.reject(
                file,
                line,
                None,
                rejection(1216, "Invalid input line: a JSON object was expected"),
                value.get(),
                "",
            );
        }
        let record = match self.layout.record(value) {
            Ok(record) => record,
            Err(error) => {
                return self.reject(
                    file,
                    line,
                    None,
                    rejection(1216, format!("Invalid input line: {error}")),
                    value.get(),
                    "",
                );
            }
        };
        let convert = |position: usize, column: &Column| self.rules.convert(record[position], column.data_type);
        match self.cells(convert) {
            Ok(row) => self.keep(&row, batch),
            Err((position, why)) => {
                let text = record[position].map_or("", RawValue::get);
                return self.reject(file, line, Some(position), why, value.get(), text);
            }
        }
        Ok(())
    }

    /// A row's values, or the first that cannot be loaded and why.
    fn cells<'v>(
        &self,
        convert: impl Fn(usize, &Column) -> Result<Cell<'v>, Rejection>,
    ) -> Result<Vec<Cell<'v>>, (usize, Rejection)> {
        let cell = |(position, column): (usize, &Column)| match convert(position, column) {
            Ok(Cell::Null) if column.not_null => Err((position, rejection(1213, "Missing data for not-null field"))),
            converted => converted.map_err(|why| (position, why)),
        };
        self.columns.iter().enumerate().map(cell).collect()
    }

    fn keep(&mut self, row: &[Cell<'_>], batch: &mut Batch) {
        self.rows += 1;
        self.opener.progress.add_rows(1);
        if !self.copy.no_load {
            batch.push(row);
        }
    }

    /// A record of text, field by field.
    pub(super) fn record(
        &mut self,
        record: &TextRecord,
        format: &TextFormat,
        file: &str,
        batch: &mut Batch,
    ) -> Result<(), SqlError> {
        let raw = String::from_utf8_lossy(&record.raw);
        let mut found = match fields(&record.raw, format) {
            Ok(found) => found,
            Err(reason) => return self.reject(file, record.line, None, rejection(1214, reason), &raw, ""),
        };
        let width = self.columns.len();
        // A delimiter may stand behind the last field.
        if found.len() == width + 1 && found.last().is_some_and(|last| last.bytes.is_empty()) {
            found.pop();
        }
        if found.len() > width {
            return self.reject(file, record.line, None, rejection(1202, "Extra column(s) found"), &raw, "");
        }
        if found.len() < width && !format.fill {
            return self.reject(file, record.line, Some(found.len()), rejection(1214, "Delimiter not found"), &raw, "");
        }
        // Borrowed where all of it is UTF-8.
        let invalid: Vec<usize> = match raw {
            Cow::Borrowed(_) => Vec::new(),
            Cow::Owned(_) => (0..found.len()).filter(|at| std::str::from_utf8(&found[*at].bytes).is_err()).collect(),
        };
        if let Some(&at) = invalid.iter().find(|at| !self.replaces(**at)) {
            let (why, value) = (invalid_chars::reason(&found[at].bytes), String::from_utf8_lossy(&found[at].bytes));
            return self.reject(file, record.line, Some(at), why, &raw, &value);
        }
        let texts = match found.iter().map(|field| self.text(field, format)).collect::<Result<Vec<_>, _>>() {
            Ok(texts) => texts,
            Err(why) => return self.reject(file, record.line, None, why, &raw, ""),
        };
        let text = |position: usize| texts.get(position).and_then(Option::as_deref);
        let convert = |position: usize, column: &Column| match text(position) {
            Some(text) => self.rules.convert_text(text.into(), column.data_type),
            None => Ok(Cell::Null),
        };
        match self.cells(convert) {
            Ok(row) => {
                self.keep(&row, batch);
                self.note_replaced(file, record.line, &invalid, &raw);
            }
            Err((position, why)) => {
                let value = text(position).unwrap_or_default();
                return self.reject(file, record.line, Some(position), why, &raw, value);
            }
        }
        Ok(())
    }

    /// The text of a field; `None` where it stands for NULL.
    fn text(&self, field: &Field<'_>, format: &TextFormat) -> Result<Option<String>, Rejection> {
        if !field.quoted && *field.bytes == *format.null.as_bytes() {
            return Ok(None);
        }
        let text = match std::str::from_utf8(&field.bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => invalid_chars::replaced(&field.bytes, self.copy.replacement.unwrap_or('?')),
        };
        match text.contains('\0') {
            true => Err(rejection(1212, "Invalid null byte - field longer than 1 byte")),
            false => Ok(Some(text)),
        }
    }
}
