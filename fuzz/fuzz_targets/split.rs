//! `split` never panics: it cuts a text at byte positions.

#![no_main]

use libfuzzer_sys::fuzz_target;
use redshift_sql::split;

fuzz_target!(|bytes: &[u8]| {
    let _ = split(&String::from_utf8_lossy(bytes));
});
