//! `translate` never panics and never overflows its stack: it answers a command or an error, with and without values for
//! the parameters.

#![no_main]

use libfuzzer_sys::fuzz_target;
use redshift_sql::{translate, with_large_stack, Parameter, Parameters};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let values =
        Parameters::from([("1".to_owned(), Parameter::text("1")), ("name".to_owned(), Parameter::text("it's"))]);
    for parameters in [Parameters::default(), values] {
        let _ = with_large_stack(&text, || translate(&text, &parameters, Default::default()));
    }
});
