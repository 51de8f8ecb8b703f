//! Doors for `crate::fuzz` to what reads statements and files.

use super::copy::{read_json, read_text};
use super::function;
use redshift_sql::{Parameter, Parameters, Reading};

/// Reads a text as statements, with names folded and kept.
pub fn sql(text: &str) {
    let value = |value: &str| Parameter::text(value);
    let parameters: Parameters = [("1".to_owned(), value("1")), ("name".to_owned(), value("it's"))].into();
    for statement in redshift_sql::split(text).unwrap_or_default() {
        for keeps_case in [false, true] {
            let reading = Reading::new(None, keeps_case);
            redshift_sql::with_room(&statement, || {
                let _ = redshift_sql::translate(&statement, &parameters, reading);
                let _ = redshift_sql::translate(&statement, &Parameters::default(), reading);
            });
        }
    }
}

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
