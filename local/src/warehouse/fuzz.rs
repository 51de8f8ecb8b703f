//! Doors for `crate::fuzz` to what reads files.

use super::copy::{read_json, read_text};
use super::function;

/// Calls every function with arguments that stand between line ends.
pub fn functions(text: &str) {
    let arguments: Vec<&str> = text.split('\n').collect();
    function::throw(&arguments);
}

/// Reads bytes as COPY reads JSON, fast and carefully.
pub fn json(bytes: &[u8]) {
    read_json(bytes);
}

/// Reads bytes as delimited text, CSV and text of fixed width.
pub fn text(bytes: &[u8]) {
    read_text(bytes);
}
