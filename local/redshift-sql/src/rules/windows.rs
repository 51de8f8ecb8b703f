//! Windows that Redshift refuses and DuckDB computes.

use sqlparser::ast::{WindowFrameUnits, WindowType};

use crate::error::TranslateError;

/// Those that want a frame where they have an order, in order themselves.
const FRAMED: &[&str] = &[
    "avg",
    "count",
    "first_value",
    "last_value",
    "max",
    "min",
    "nth_value",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "sum",
    "var_pop",
    "var_samp",
    "variance",
];

/// *A frame beside the order*, and in rows.
pub fn check(function: &str, over: &WindowType) -> Result<(), TranslateError> {
    let WindowType::WindowSpec(spec) = over else { return Ok(()) };
    match &spec.window_frame {
        Some(frame) if frame.units != WindowFrameUnits::Rows => {
            Err(TranslateError::new("0A000", format!("{} clause of window functions not yet implemented", frame.units)))
        }
        None if !spec.order_by.is_empty() && FRAMED.binary_search(&function).is_ok() => Err(TranslateError::new(
            "42601",
            "Aggregate window functions with an ORDER BY clause require a frame clause",
        )),
        _ => Ok(()),
    }
}
