//! COPY from S3: the statement, the objects it reads, the records in them, and the rows that come of them. UNLOAD to
//! S3 is the way back.

mod chunk;
mod columns;
mod conflicts;
mod convert;
mod credential;
#[cfg(test)]
mod doors;
mod invalid_chars;
mod json;
mod json_values;
mod options;
mod parquet;
mod parse;
mod progress;
mod reader;
mod repair;
mod run;
mod scan;
mod source;
mod text;
mod timestamp;
mod unload;
mod unload_options;

pub use options::{CopyCommand, parse};
pub use progress::Progress;
pub use reader::{Reader as TokenReader, near};
pub use run::{Access, run};
pub use scan::{CopyRows, FUNCTION};
pub use unload::unload;
pub use unload_options::{UnloadCommand, parse as parse_unload};

#[cfg(test)]
pub use doors::{read_json, read_text};
