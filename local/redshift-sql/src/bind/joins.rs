//! Joins, and the columns of query blocks that they merge.

use sqlparser::ast::{Expr, JoinConstraint, JoinOperator};

use super::value_type::ValueType;

/// A column of a query block, as it is written in full.
#[derive(Debug, Clone)]
pub struct Output {
    pub name: String,
    pub expr: Expr,
    pub value_type: ValueType,
}

/// Returns the condition of a join.
pub fn constraint(operator: &JoinOperator) -> Option<&JoinConstraint> {
    match operator {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint)
        | JoinOperator::Right(constraint)
        | JoinOperator::RightOuter(constraint)
        | JoinOperator::FullOuter(constraint)
        | JoinOperator::CrossJoin(constraint) => Some(constraint),
        _ => None,
    }
}
