//! Rows with bytes that are no UTF-8: ACCEPTINVCHARS replaces them in columns of VARCHAR, and STL_REPLACEMENTS names
//! the first of such rows (copy-parameters-data-conversion).

use serde_json::value::RawValue;

use super::columns::Batch;
use super::convert::rejection;
use super::invalid_chars;
use super::run::{Load, clip};
use crate::error::SqlError;
use crate::system::Replacement;
use redshift_sql::Type;

/// Rows that STL_REPLACEMENTS names of one COPY: as many as Redshift does for a slice.
const MOST_NOTED: usize = 100;

impl Load<'_> {
    /// Returns true if such bytes are replaced in a column.
    pub(super) fn replaces(&self, column: usize) -> bool {
        let is_varchar = self.columns.get(column).is_some_and(|column| matches!(column.data_type, Type::Varchar(_)));
        is_varchar && self.copy.replacement.is_some()
    }

    /// Loads a value that is JSON but for such bytes; those under keys that no column takes do not matter.
    pub(super) fn repaired(&mut self, bytes: &[u8], file: &str, line: u64, batch: &mut Batch) -> Result<(), SqlError> {
        let text = invalid_chars::replaced(bytes, self.copy.replacement.unwrap_or('?'));
        let value: &RawValue = match serde_json::from_str(&text) {
            Ok(value) => value,
            Err(error) => {
                let why = rejection(1216, format!("Invalid input line: {error}"));
                return self.reject(file, line, None, why, &text, "");
            }
        };
        let record = self.layout.record(value).unwrap_or_default();
        // The text is as long as the bytes are: what stands in one stands in the other.
        let original = |raw: &RawValue| {
            let start = raw.get().as_ptr() as usize - text.as_ptr() as usize;
            &bytes[start..start + raw.get().len()]
        };
        let is_invalid = |at: &usize| record[*at].is_some_and(|raw| std::str::from_utf8(original(raw)).is_err());
        let invalid: Vec<usize> = (0..record.len()).filter(is_invalid).collect();
        let raw_line = String::from_utf8_lossy(bytes);
        if let Some(&at) = invalid.iter().find(|at| !self.replaces(**at)) {
            let found = record[at].map(original).unwrap_or_default();
            let found = found.strip_prefix(b"\"").and_then(|inside| inside.strip_suffix(b"\"")).unwrap_or(found);
            let why = invalid_chars::reason(found);
            return self.reject(file, line, Some(at), why, &raw_line, &String::from_utf8_lossy(found));
        }
        let before = self.rows;
        self.value(value, file, line, batch)?;
        if self.rows > before {
            self.note_replaced(file, line, &invalid, &raw_line);
        }
        Ok(())
    }

    /// Counts a row in which such bytes were replaced in these columns.
    pub(super) fn note_replaced(&mut self, file: &str, line: u64, columns: &[usize], raw_line: &str) {
        let Some(column) = columns.first().and_then(|column| self.columns.get(*column)) else { return };
        self.replaced += 1;
        if self.replacements.len() < MOST_NOTED {
            let (file, column) = (file.to_owned(), column.name.clone());
            self.replacements.push(Replacement { file, line, column, raw_line: clip(raw_line) });
        }
    }
}
