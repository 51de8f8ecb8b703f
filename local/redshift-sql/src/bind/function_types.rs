//! The types that functions answer, by Redshift's names.

use crate::bind::literals::type_named;
use crate::bind::value_type::{MAX_PRECISION, ValueType};
use crate::rules::type_functions;
use crate::types::{Type, VARCHAR_MAX};

/// How the type of a call follows from those of its arguments.
#[derive(Debug, Clone, Copy)]
enum Answers {
    Always(ValueType),
    /// That of the first argument.
    First,
    /// The type that holds all arguments.
    Common,
    /// The same, without the first argument.
    CommonOfRest,
}

use Answers::{Always, Common, CommonOfRest, First};

const TEXT: Answers = Always(ValueType::Of(Type::Varchar(VARCHAR_MAX)));
const BYTES: Answers = Always(ValueType::BYTES);
const BOOLEAN: Answers = Always(ValueType::Of(Type::Boolean));
const INTEGER: Answers = Always(ValueType::Of(Type::Integer));
const BIGINT: Answers = Always(ValueType::Of(Type::BigInt));
const DOUBLE: Answers = Always(ValueType::Of(Type::Double));
const DATE: Answers = Always(ValueType::Of(Type::Date));
const TIMESTAMP: Answers = Always(ValueType::Of(Type::Timestamp));
const TIMESTAMPTZ: Answers = Always(ValueType::Of(Type::TimestampTz));
const SUPER: Answers = Always(ValueType::Of(Type::Super));

/// In order of the names.
const FUNCTIONS: &[(&str, Answers)] = &[
    ("abs", First),
    ("acos", DOUBLE),
    ("add_months", TIMESTAMP),
    ("any_value", First),
    ("array", SUPER),
    ("array_concat", SUPER),
    ("array_contains", BOOLEAN),
    ("array_distinct", SUPER),
    ("array_except", SUPER),
    ("array_flatten", SUPER),
    ("array_intersection", SUPER),
    ("array_position", INTEGER),
    ("array_positions", SUPER),
    ("array_sort", SUPER),
    ("array_to_string", TEXT),
    ("array_union", SUPER),
    ("arrays_overlap", BOOLEAN),
    ("ascii", INTEGER),
    ("asin", DOUBLE),
    ("atan", DOUBLE),
    ("atan2", DOUBLE),
    ("bit_and", First),
    ("bit_or", First),
    ("bool_and", BOOLEAN),
    ("bool_or", BOOLEAN),
    ("bpcharcmp", INTEGER),
    ("bttext_pattern_cmp", INTEGER),
    ("can_json_parse", BOOLEAN),
    ("cbrt", DOUBLE),
    ("char_length", INTEGER),
    ("character_length", INTEGER),
    ("charindex", INTEGER),
    ("chr", TEXT),
    ("coalesce", Common),
    ("col_description", TEXT),
    ("concat", TEXT),
    ("convert_timezone", TIMESTAMP),
    ("cos", DOUBLE),
    ("cot", DOUBLE),
    ("count", BIGINT),
    ("crc32", TEXT),
    ("cume_dist", DOUBLE),
    ("current_database", TEXT),
    ("current_date", DATE),
    ("current_schema", TEXT),
    ("current_setting", TEXT),
    ("current_timestamp", TIMESTAMPTZ),
    ("current_user", TEXT),
    ("current_user_id", INTEGER),
    ("current_user_name", TEXT),
    ("date", DATE),
    ("date_add", TIMESTAMP),
    ("date_cmp", INTEGER),
    ("date_cmp_timestamp", INTEGER),
    ("date_cmp_timestamptz", INTEGER),
    ("date_diff", BIGINT),
    ("date_part", DOUBLE),
    ("date_part_year", INTEGER),
    ("dateadd", TIMESTAMP),
    ("datediff", BIGINT),
    ("datepart", DOUBLE),
    ("decimal_precision", INTEGER),
    ("decimal_scale", INTEGER),
    ("degrees", DOUBLE),
    ("dense_rank", BIGINT),
    ("dexp", DOUBLE),
    ("difference", INTEGER),
    ("dlog1", DOUBLE),
    ("dlog10", DOUBLE),
    ("exp", DOUBLE),
    ("first_value", First),
    ("fnv_hash", BIGINT),
    ("format_encoding", TEXT),
    ("format_type", TEXT),
    ("from_hex", BYTES),
    ("from_varbyte", TEXT),
    ("func_sha1", TEXT),
    ("get_array_length", INTEGER),
    ("getbit", INTEGER),
    ("getdate", TIMESTAMP),
    ("greatest", Common),
    ("has_any_column_privilege", BOOLEAN),
    ("has_column_privilege", BOOLEAN),
    ("has_database_privilege", BOOLEAN),
    ("has_function_privilege", BOOLEAN),
    ("has_language_privilege", BOOLEAN),
    ("has_schema_privilege", BOOLEAN),
    ("has_table_privilege", BOOLEAN),
    ("hll", BIGINT),
    ("ifnull", Common),
    ("initcap", TEXT),
    ("interval_cmp", INTEGER),
    ("is_array", BOOLEAN),
    ("is_bigint", BOOLEAN),
    ("is_boolean", BOOLEAN),
    ("is_char", BOOLEAN),
    ("is_decimal", BOOLEAN),
    ("is_float", BOOLEAN),
    ("is_integer", BOOLEAN),
    ("is_object", BOOLEAN),
    ("is_scalar", BOOLEAN),
    ("is_smallint", BOOLEAN),
    ("is_valid_json", BOOLEAN),
    ("is_valid_json_array", BOOLEAN),
    ("is_varchar", BOOLEAN),
    ("json_array_length", INTEGER),
    ("json_extract_array_element_text", TEXT),
    ("json_extract_path_text", TEXT),
    ("json_parse", SUPER),
    ("json_serialize", TEXT),
    ("json_size", INTEGER),
    ("json_typeof", TEXT),
    ("lag", First),
    ("last_day", DATE),
    ("last_value", First),
    ("lead", First),
    ("least", Common),
    ("left", TEXT),
    ("len", INTEGER),
    ("length", INTEGER),
    ("listagg", TEXT),
    ("ln", DOUBLE),
    ("log", DOUBLE),
    ("lower_attribute_names", SUPER),
    ("lpad", TEXT),
    ("max", First),
    ("md5", TEXT),
    ("min", First),
    ("mod", Common),
    ("months_between", DOUBLE),
    ("murmur3_32_hash", INTEGER),
    ("next_day", DATE),
    ("now", TIMESTAMPTZ),
    ("nth_value", First),
    ("ntile", BIGINT),
    ("nullif", First),
    ("nvl", Common),
    ("nvl2", CommonOfRest),
    ("obj_description", TEXT),
    ("object", SUPER),
    ("object_transform", SUPER),
    ("octet_length", INTEGER),
    ("octetindex", INTEGER),
    ("percent_rank", DOUBLE),
    ("pg_backend_pid", INTEGER),
    ("pg_cancel_backend", INTEGER),
    ("pg_encoding_to_char", TEXT),
    ("pg_function_is_visible", BOOLEAN),
    ("pg_get_constraintdef", TEXT),
    ("pg_get_expr", TEXT),
    ("pg_get_function_arguments", TEXT),
    ("pg_get_function_result", TEXT),
    ("pg_get_indexdef", TEXT),
    ("pg_get_ruledef", TEXT),
    ("pg_get_triggerdef", TEXT),
    ("pg_get_userbyid", TEXT),
    ("pg_get_viewdef", TEXT),
    ("pg_last_copy_count", BIGINT),
    ("pg_last_copy_id", INTEGER),
    ("pg_last_query_id", INTEGER),
    ("pg_last_unload_count", BIGINT),
    ("pg_last_unload_id", INTEGER),
    ("pg_size_pretty", TEXT),
    ("pg_table_is_visible", BOOLEAN),
    ("pg_table_size", BIGINT),
    ("pg_terminate_backend", INTEGER),
    ("pg_type_is_visible", BOOLEAN),
    ("pgdate_part", DOUBLE),
    ("pi", DOUBLE),
    ("position", INTEGER),
    ("pow", DOUBLE),
    ("power", DOUBLE),
    ("quote_ident", TEXT),
    ("quote_literal", TEXT),
    ("radians", DOUBLE),
    ("random", DOUBLE),
    ("rank", BIGINT),
    ("ratio_to_report", DOUBLE),
    ("regexp_count", INTEGER),
    ("regexp_instr", INTEGER),
    ("regexp_replace", TEXT),
    ("regexp_substr", TEXT),
    ("regprocedureout", TEXT),
    ("repeat", TEXT),
    ("replace", TEXT),
    ("replicate", TEXT),
    ("reverse", TEXT),
    ("right", TEXT),
    ("row_number", BIGINT),
    ("rpad", TEXT),
    ("session_user", TEXT),
    ("sha", TEXT),
    ("sha1", TEXT),
    ("sha2", TEXT),
    ("shobj_description", TEXT),
    ("sin", DOUBLE),
    ("slice_num", INTEGER),
    ("soundex", TEXT),
    ("split_part", TEXT),
    ("split_to_array", SUPER),
    ("sqrt", DOUBLE),
    ("stddev", DOUBLE),
    ("stddev_pop", DOUBLE),
    ("stddev_samp", DOUBLE),
    ("strpos", INTEGER),
    ("strtol", BIGINT),
    ("subarray", SUPER),
    ("substr", TEXT),
    ("substring", TEXT),
    ("sysdate", TIMESTAMP),
    ("tan", DOUBLE),
    ("textin", TEXT),
    ("textlen", INTEGER),
    ("timeofday", TEXT),
    ("timestamp_cmp", INTEGER),
    ("timestamp_cmp_date", INTEGER),
    ("timestamp_cmp_timestamptz", INTEGER),
    ("timestamptz_cmp", INTEGER),
    ("timestamptz_cmp_date", INTEGER),
    ("timestamptz_cmp_timestamp", INTEGER),
    ("to_char", TEXT),
    ("to_date", DATE),
    ("to_hex", TEXT),
    ("to_timestamp", TIMESTAMPTZ),
    ("to_varbyte", BYTES),
    ("translate", TEXT),
    ("upper_attribute_names", SUPER),
    ("user", TEXT),
    ("var_pop", DOUBLE),
    ("var_samp", DOUBLE),
    ("variance", DOUBLE),
    ("version", TEXT),
];

/// The type of a call; `Unknown` for a function that is not in the list, as one of the user's.
pub fn answer(name: &str, arguments: &[ValueType]) -> ValueType {
    let common =
        |arguments: &[ValueType]| arguments.iter().copied().reduce(ValueType::common).unwrap_or(ValueType::Unknown);
    if let Some(special) = special(name, arguments) {
        return special;
    }
    let Ok(at) = FUNCTIONS.binary_search_by_key(&name, |(known, _)| known) else { return ValueType::Unknown };
    match FUNCTIONS[at].1 {
        Always(answer) => answer,
        First => arguments.first().copied().unwrap_or(ValueType::Unknown),
        Common => common(arguments),
        CommonOfRest => common(arguments.get(1..).unwrap_or_default()),
    }
}

/// True for functions of Redshift's.
pub fn is_known(name: &str) -> bool {
    special(name, &[]).is_some() || FUNCTIONS.binary_search_by_key(&name, |(known, _)| known).is_ok()
}

/// True for functions whose arguments have one type together, which is that of the answer.
pub fn is_common(name: &str) -> bool {
    let found = FUNCTIONS.binary_search_by_key(&name, |(known, _)| known);
    found.is_ok_and(|at| matches!(FUNCTIONS[at].1, Common | CommonOfRest))
}

/// True for the places of the results among so many arguments of DECODE: value, search, result, …, otherwise.
pub fn is_result_of_decode(at: usize, count: usize) -> bool {
    at > 0 && (at.is_multiple_of(2) || at + 1 == count)
}

/// Those of which the type depends on more.
fn special(name: &str, arguments: &[ValueType]) -> Option<ValueType> {
    let first = arguments.first().copied().unwrap_or(ValueType::Unknown);
    Some(match name {
        // A whole number has no places to be taken; the places of the answer are a matter of the value.
        "round" | "trunc" | "ceil" | "ceiling" | "floor" => match first {
            ValueType::Of(Type::Timestamp | Type::TimestampTz | Type::Date) => ValueType::DATE,
            decimal @ ValueType::Of(Type::Decimal(..)) if arguments.len() > 1 => decimal,
            ValueType::Of(Type::Decimal(precision, _)) => ValueType::Of(Type::Decimal(precision, 0)),
            ValueType::Untyped => ValueType::DOUBLE,
            number => number,
        },
        "abs" if first == ValueType::Untyped => ValueType::DOUBLE,
        name if type_functions::named(name).is_some() && arguments.len() == 1 => {
            type_functions::named(name).map_or(ValueType::Unknown, |data_type| type_named(&data_type))
        }
        "sum" => match first {
            ValueType::Of(Type::SmallInt | Type::Integer) => ValueType::BIGINT,
            ValueType::Of(Type::BigInt) => ValueType::Of(Type::Decimal(MAX_PRECISION, 0)),
            ValueType::Of(Type::Decimal(_, scale)) => ValueType::Of(Type::Decimal(MAX_PRECISION, scale)),
            ValueType::Of(Type::Real | Type::Double) => ValueType::DOUBLE,
            span if span.is_interval() => span.widest_interval(),
            ValueType::SUPER => ValueType::SUPER,
            _ => ValueType::Unknown,
        },
        "avg" => match first {
            span if span.is_interval() => span.widest_interval(),
            integer if integer.is_integer() => ValueType::BIGINT,
            ValueType::Of(Type::Decimal(_, scale)) => ValueType::Of(Type::Decimal(MAX_PRECISION, scale)),
            ValueType::Of(Type::Real | Type::Double) => ValueType::DOUBLE,
            ValueType::SUPER => ValueType::SUPER,
            _ => ValueType::Unknown,
        },
        "median" | "percentile_cont" => match first {
            // DuckDB answers the instant between two days.
            ValueType::DATE => ValueType::TIMESTAMP,
            date if date.is_date() => date,
            _ => ValueType::DOUBLE,
        },
        "percentile_disc" => first,
        "concat" | "substring" | "substr" if arguments.iter().any(|kind| kind.is_bytes()) => ValueType::BYTES,
        // "The same data type as the input" (r_UPPER, r_LOWER, r_BTRIM, r_LTRIM, r_RTRIM).
        "btrim" | "lower" | "ltrim" | "rtrim" | "trim" | "upper" => {
            if first.is_text() {
                first
            } else {
                ValueType::TEXT
            }
        }
        "sign" => match first {
            ValueType::SUPER => ValueType::SUPER,
            ValueType::Of(Type::Real | Type::Double) => ValueType::DOUBLE,
            _ => ValueType::Of(Type::Decimal(1, 0)),
        },
        "date_trunc" => match arguments.get(1) {
            Some(&(ValueType::TIME | ValueType::TIMETZ)) => ValueType::Interval,
            _ => ValueType::TIMESTAMP,
        },
        "dateadd" | "date_add" => match arguments.get(2) {
            Some(&time @ (ValueType::TIME | ValueType::TIMETZ)) => time,
            _ => return None,
        },
        "timezone" => match arguments.get(1) {
            Some(&ValueType::TIMESTAMPTZ) => ValueType::TIMESTAMP,
            Some(&(ValueType::TIMESTAMP | ValueType::DATE)) => ValueType::TIMESTAMPTZ,
            _ => ValueType::Unknown,
        },
        "decode" => {
            let results = arguments.iter().enumerate().filter(|(at, _)| is_result_of_decode(*at, arguments.len()));
            results.map(|(_, result)| *result).reduce(ValueType::common).unwrap_or(ValueType::Unknown)
        }
        // Those of a literal are integers, see `functions::rewrite`.
        "generate_series" => match arguments.iter().all(|argument| *argument == ValueType::INTEGER) {
            true => ValueType::INTEGER,
            false => ValueType::BIGINT,
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
