//! Files of text: delimited, CSV, or a JSON object in each line. A value that its column cannot hold is NULL, so is a
//! field that a line does not have, and what a line has too many is passed over.

use std::cell::RefCell;

use super::files::{Files, Target, scan_error};
use super::source::{Object, compression};
use crate::copy::{Cell, Field, Layout, TextRecord, TextRecords, fields, for_each_value, skip_lines};
use crate::error::SqlError;
use redshift_sql::{JsonFormat, TextFormat};

/// Delimited text and CSV.
pub fn load_lines(files: &Files<'_>, format: &TextFormat, target: &mut Target<'_>) -> Result<(), SqlError> {
    let columns = &files.columns[..files.table.columns.len()];
    for object in files.objects {
        let constants = files.constants(object);
        let input = files.opener.open_as(&object.address, compression(&object.address, files.table)?)?;
        let mut records = TextRecords::new(input, format);
        while let Some(record) = records.next().map_err(|error| scan_error(object, &error.to_string()))? {
            files.session.check_cancelled()?;
            refuse_unread(files, object, &record)?;
            let broken = |reason| scan_error(object, &format!("line {}: {reason}", record.line));
            let found = fields(&record.raw, format).map_err(broken)?;
            let mut cells = Vec::with_capacity(columns.len());
            for (at, column) in columns.iter().enumerate() {
                let text = found.get(at).map(|field| text(field, format)).transpose();
                cells.push(match text.map_err(broken)?.flatten() {
                    Some(text) => files.rules.convert_text(text.into(), column.data_type).unwrap_or(Cell::Null),
                    None => Cell::Null,
                });
            }
            target.push(&cells, &constants)?;
        }
    }
    Ok(())
}

/// What OpenCSVSerde reads otherwise than COPY reads CSV.
fn refuse_unread(files: &Files<'_>, object: &Object, record: &TextRecord) -> Result<(), SqlError> {
    let escape = files.table.escape();
    let what = match record.raw.iter().find(|byte| escape == Some(**byte) || **byte == b'\n') {
        None => return Ok(()),
        Some(b'\n') if files.table.is_whole_file() => return Ok(()),
        Some(b'\n') => "a line end in a field of OpenCSVSerde without 'wholeFile'='true'",
        Some(_) => "an escape in a field of OpenCSVSerde",
    };
    Err(SqlError::unsupported(&format!("{what} ({}, line {})", object.address, record.line)))
}

/// The text of a field; `None` where it stands for NULL.
fn text<'f>(field: &'f Field<'_>, format: &TextFormat) -> Result<Option<&'f str>, &'static str> {
    if !field.quoted && *field.bytes == *format.null.as_bytes() {
        return Ok(None);
    }
    match std::str::from_utf8(&field.bytes) {
        Ok(text) if !text.contains('\0') => Ok(Some(text)),
        Ok(_) => Err("has a NUL in a text"),
        Err(_) => Err("has invalid UTF-8 character(s)"),
    }
}

/// A JSON object in each line; keys find their columns whatever their case.
pub fn load_json(files: &Files<'_>, format: &JsonFormat, target: &mut Target<'_>) -> Result<(), SqlError> {
    let columns = &files.columns[..files.table.columns.len()];
    let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    let layout = Layout::new(format, None, &names)?;
    let skipped = files.table.skipped_lines()?;
    for object in files.objects {
        let constants = files.constants(object);
        let input = files.opener.open_as(&object.address, compression(&object.address, files.table)?)?;
        let unreadable = |error: std::io::Error| scan_error(object, &error.to_string());
        let target = RefCell::new(&mut *target);
        let malformed = |line: u64, reason: &str| match files.table.ignores_malformed_json() {
            true => target.borrow_mut().push(&vec![Cell::Null; columns.len()], &constants),
            false => Err(scan_error(object, &format!("line {}: {reason}", line + skipped))),
        };
        for_each_value(
            skip_lines(input, skipped).map_err(unreadable)?,
            &object.address.to_string(),
            |value, line| {
                files.session.check_cancelled()?;
                if !layout.takes(value.get()) || value.get().contains('\n') {
                    return malformed(line, "a JSON object in one line was expected");
                }
                let record = match layout.record(value) {
                    Ok(record) => record,
                    Err(error) => return malformed(line, &error.to_string()),
                };
                let values = record.iter().zip(columns);
                let cells: Vec<Cell<'_>> = values
                    .map(|(raw, column)| files.rules.convert(*raw, column.data_type).unwrap_or(Cell::Null))
                    .collect();
                target.borrow_mut().push(&cells, &constants)
            },
            |found| malformed(found.line, &found.reason),
        )?;
    }
    Ok(())
}
