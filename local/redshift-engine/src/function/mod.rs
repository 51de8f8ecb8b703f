//! Redshift's functions that DuckDB lacks or means otherwise: macros in SQL, over functions from texts to a text that
//! are written here. Users reach only the macros: the rewriter refuses a name that it does not know.

mod array;
mod decimal;
mod growing;
mod integer;
mod number;
mod pattern;
mod super_number;
mod super_order;
mod super_tree;
mod text;
mod varbyte;

use std::error::Error;
use std::sync::Arc;

use duckdb::Connection;
use duckdb::arrow::array::{Array, AsArray, RecordBatch, StringBuilder};
use duckdb::arrow::datatypes::DataType;
use duckdb::vscalar::arrow::{ArrowFunctionSignature, VArrowScalar};

use super::error::SqlError;
use super::super_value;
use redshift_sql::{datetime, interval, loose_time, session_zone, time_of_day, zone};

/// From texts to a text; `None` is NULL. NULL for any argument is NULL without asking.
type Body = fn(&[&str]) -> Result<Option<String>, String>;

/// By the names that the macros call them by.
const FUNCTIONS: &[(&str, Body)] = &[
    ("redshift_array_distinct", array::distinct),
    ("redshift_array_except", array::except),
    ("redshift_array_flatten", array::flatten),
    ("redshift_array_intersection", array::intersection),
    ("redshift_array_overlap", array::overlap),
    ("redshift_array_positions", array::positions),
    ("redshift_array_sort", array::sort),
    ("redshift_array_union", array::union),
    ("redshift_can_json_parse", super_value::can_json_parse),
    ("redshift_convert_timezone", zone::convert_timezone),
    ("redshift_crc32", text::crc32),
    ("redshift_difference", text::difference),
    ("redshift_digits", integer::digits),
    ("redshift_divide", decimal::divide),
    ("redshift_from_utc", session_zone::from_utc),
    ("redshift_fnv_hash", text::fnv_hash),
    ("redshift_initcap", text::initcap),
    ("redshift_interval_of_text", interval::of_text),
    ("redshift_interval_shown", interval::shown),
    ("redshift_json_kind", text::json_kind),
    ("redshift_json_parse", super_value::json_parse),
    ("redshift_json_text", text::json_text),
    ("redshift_listagg", text::listagg),
    ("redshift_lpad", growing::pad_left),
    ("redshift_murmur3", text::murmur3),
    ("redshift_normal_time", loose_time::normalize),
    ("redshift_normal_time_of_day", time_of_day::normalize),
    ("redshift_normal_timetz", time_of_day::normalize_zoned),
    ("redshift_normal_zoned_time", loose_time::normalize_zoned),
    ("redshift_object_transform", super_order::object_transform),
    ("redshift_parse_datetime", datetime::parse),
    ("redshift_parse_number", number::parse),
    ("redshift_regexp_count", pattern::count),
    ("redshift_regexp_instr", pattern::position),
    ("redshift_regexp_replace", pattern::replace),
    ("redshift_regexp_substr", pattern::substring),
    ("redshift_repeat", growing::repeat),
    ("redshift_replace", growing::replace),
    ("redshift_rpad", growing::pad_right),
    ("redshift_sha2", text::sha2),
    ("redshift_similar", pattern::similar),
    ("redshift_soundex", text::soundex),
    ("redshift_split_to_array", growing::split_to_array),
    ("redshift_strtol", text::strtol),
    ("redshift_super_arithmetic", super_number::arithmetic),
    ("redshift_super_compare", super_order::compare),
    ("redshift_super_digits", super_number::digits),
    ("redshift_super_float", super_number::from_float),
    ("redshift_super_key", super_order::key),
    ("redshift_super_names", super_order::attribute_names),
    ("redshift_super_number", super_number::shortened),
    ("redshift_super_order", super_order::order),
    ("redshift_to_char_number", number::write),
    ("redshift_to_char_time", datetime::write),
    ("redshift_to_utc", session_zone::to_utc),
    ("redshift_truncate", text::truncate),
    ("redshift_varbyte_bit", varbyte::bit),
    ("redshift_varbyte_bits", varbyte::bits),
    ("redshift_varbyte_digits", varbyte::digits),
    ("redshift_varbyte_number", varbyte::number),
    ("redshift_zone_normal_time", session_zone::normalize),
    ("redshift_zone_normal_zoned_time", session_zone::normalize_zoned),
    ("redshift_zone_to_char", session_zone::to_char),
    ("redshift_zone_written", session_zone::written),
];

/// Throws arguments at every function, for the tests with random input.
#[cfg(test)]
pub fn throw(arguments: &[&str]) {
    for (_, body) in FUNCTIONS {
        let _ = body(arguments);
    }
}

/// Makes the functions known to a database that was opened.
pub fn register(connection: &Connection) -> Result<(), SqlError> {
    for (name, body) in FUNCTIONS {
        connection.register_scalar_function_with_state::<TextFunction>(name, &Some(*body))?;
    }
    Ok(())
}

/// Bytes that one call answers for all of its rows, of which it gets 2,048: nothing can interrupt it. Texts of 65,535 bytes
/// stay below.
const MOST_BATCH_BYTES: usize = 512 << 20;

struct TextFunction;

impl VArrowScalar for TextFunction {
    type State = Option<Body>;

    fn invoke(body: &Self::State, input: RecordBatch) -> Result<Arc<dyn Array>, Box<dyn Error>> {
        let body = body.ok_or("a function without a body")?;
        let columns: Vec<_> = input.columns().iter().map(|column| column.as_string::<i32>()).collect();
        let mut answers = StringBuilder::with_capacity(input.num_rows(), input.num_rows() * 16);
        let mut arguments = Vec::with_capacity(columns.len());
        let mut bytes = 0;
        for row in 0..input.num_rows() {
            arguments.clear();
            arguments.extend(columns.iter().filter(|column| !column.is_null(row)).map(|column| column.value(row)));
            let answer = if arguments.len() == columns.len() { body(&arguments)? } else { None };
            bytes += answer.as_ref().map_or(0, String::len);
            if bytes > MOST_BATCH_BYTES {
                return Err("Result size exceeds the limit of 512 MB for the rows that are computed at once".into());
            }
            answers.append_option(answer);
        }
        Ok(Arc::new(answers.finish()))
    }

    fn signatures() -> Vec<ArrowFunctionSignature> {
        vec![ArrowFunctionSignature::variadic(DataType::Utf8, DataType::Utf8)]
    }
}
