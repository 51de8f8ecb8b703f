//! COPY from S3: the statement, the objects it reads, the records in them, and the rows that come of them.

mod chunk;
mod columns;
mod convert;
mod json;
mod options;
mod parse;
mod run;
mod scan;
mod source;
mod timestamp;

pub use options::{CopyCommand, parse};
pub use run::{Access, run};
pub use scan::{CopyRows, FUNCTION};
