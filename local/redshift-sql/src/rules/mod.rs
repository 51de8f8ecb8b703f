//! The rules that write a statement for DuckDB, by what they are about.

pub mod arithmetic;
pub mod build_query;
pub mod calls;
pub mod casts;
pub mod column_names;
pub mod comparison;
pub mod construct;
pub mod date_functions;
pub mod exclude;
pub mod expansion;
pub mod expression;
pub mod external_tables;
pub mod function_names;
pub mod functions;
pub mod json_path;
pub mod normalize;
pub mod ordered_aggregates;
pub mod outer_join_operator;
pub mod rows_apart;
pub mod super_ordering;
pub mod super_values;
pub mod table_factors;
pub mod type_functions;
pub mod varbyte;
pub mod windows;
pub mod zones;
