//! COPY from S3: the statement, the objects it reads, the records in them, and the rows that come of them. UNLOAD to
//! S3 is the way back.

mod access;
mod chunk;
mod columns;
mod convert;
#[cfg(test)]
mod fuzz_entry;
mod invalid_chars;
mod json;
mod json_values;
mod parquet;
mod parse;
mod progress;
mod records;
mod repair;
mod run;
mod scan;
mod source;
mod statement;
mod text;
mod timestamp;
mod unload;

pub use access::Access;
pub(crate) use columns::{Batch, Column};
pub(crate) use convert::{Cell, Rules};
pub(crate) use json::Layout;
pub(crate) use json_values::{for_each_value, skip_lines};
pub(crate) use parquet::fetch;
pub use progress::{Progress, Seen};
pub(crate) use run::{append, is_full};
pub use scan::{CopyRows, FUNCTION};
pub(crate) use source::{Opener, manifest};
pub use statement::{copy, unload};
pub(crate) use text::{Field, TextRecord, TextRecords, fields};
pub(crate) use timestamp::TimeFormat;

#[cfg(test)]
pub use fuzz_entry::{read_json, read_text};
