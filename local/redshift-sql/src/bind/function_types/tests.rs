//! That every function has a type.

use super::*;
use crate::rules::function_names::{KNOWN, OF_TEXTS};

/// Whose answers are arrays, or are of no use in an expression.
const WITHOUT_A_TYPE: &[&str] = &["_pg_expandarray", "current_schemas"];

#[test]
fn every_function_has_a_type() {
    assert!(FUNCTIONS.is_sorted_by_key(|(name, _)| *name));
    let names = KNOWN.iter().copied().chain(OF_TEXTS.iter().map(|(name, _)| *name));
    let untyped = |name: &&str| {
        special(name, &[ValueType::INTEGER; 2]).is_none()
            && FUNCTIONS.binary_search_by_key(name, |(known, _)| known).is_err()
    };
    let missing: Vec<&str> = names.filter(untyped).collect();
    assert_eq!(missing, WITHOUT_A_TYPE);
}

#[test]
fn aggregates_answer_the_types_of_the_reference() {
    assert_eq!(answer("sum", &[ValueType::INTEGER]), ValueType::BIGINT);
    assert_eq!(answer("sum", &[ValueType::Of(Type::Decimal(8, 2))]), ValueType::Of(Type::Decimal(38, 2)));
    assert_eq!(answer("lag", &[ValueType::TEXT, ValueType::INTEGER]), ValueType::TEXT);
    let decoded = answer("decode", &[ValueType::INTEGER, ValueType::INTEGER, ValueType::TEXT, ValueType::Untyped]);
    assert_eq!(decoded, ValueType::TEXT);
    assert_eq!(answer("my_own", &[ValueType::INTEGER]), ValueType::Unknown);
}
