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
pub use progress::{Progress, Seen};
pub use scan::{CopyRows, FUNCTION};
pub use statement::{copy, unload};

#[cfg(test)]
pub use fuzz_entry::{read_json, read_text};
