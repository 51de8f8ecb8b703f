//! Random input for the readers of files and for the functions.

use super::copy::{read_json, read_text};
use super::function;
use redshift_sql::testing::fuzz_corpus;

/// Calls every function with arguments that stand between line ends.
fn functions(text: &str) {
    let arguments: Vec<&str> = text.split('\n').collect();
    function::throw(&arguments);
}

/// Reads bytes as COPY reads JSON, fast and carefully.
fn json(bytes: &[u8]) {
    read_json(bytes);
}

/// Reads bytes as delimited text, CSV and text of fixed width.
fn text(bytes: &[u8]) {
    read_text(bytes);
}

#[test]
fn the_functions() {
    fuzz_corpus(concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/functions"), |input| {
        functions(&String::from_utf8_lossy(input))
    });
}

#[test]
fn the_reader_of_json() {
    fuzz_corpus(concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/json"), json);
}

#[test]
fn the_readers_of_text() {
    fuzz_corpus(concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/text"), text);
}
