//! Nothing that a client sends as a statement makes the translation panic.

use crate::testing::fuzz_corpus;
use crate::{Parameter, Parameters, TranslateOptions, split, translate, with_large_stack};

/// Reads a text as statements, with names folded and kept.
fn read(text: &str) {
    let value = |value: &str| Parameter::text(value);
    let parameters: Parameters = [("1".to_owned(), value("1")), ("name".to_owned(), value("it's"))].into();
    for statement in split(text).unwrap_or_default() {
        for keeps_case in [false, true] {
            let reading = TranslateOptions::new(None, keeps_case);
            with_large_stack(&statement, || {
                let _ = translate(&statement, &parameters, reading);
                let _ = translate(&statement, &Parameters::default(), reading);
            });
        }
    }
}

#[test]
fn the_translation_of_sql() {
    fuzz_corpus(concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/sql"), |input| read(&String::from_utf8_lossy(input)));
}
