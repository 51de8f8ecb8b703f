//! Expressions that are computed without a query. Whatever is not certain is left to one: other types, and numbers that are
//! too great.

use redshift_sql::procedure::{Datum, Simple, SimpleOperator};
use redshift_sql::{Type, VARCHAR_MAX};

use super::execution::Execution;
use super::values;
use crate::error::SqlError;

/// A value of a type that is computed with here.
enum Operand {
    /// NULL without a type.
    Null,
    Boolean(Option<bool>),
    Integer(Option<i64>, Type),
    Text(Option<String>),
}

impl Execution<'_, '_> {
    /// The value of a simple expression; `None` where a query has to tell.
    pub fn compute(&self, expression: &Simple) -> Result<Option<Datum>, SqlError> {
        Ok(match expression {
            Simple::Variable(reference) => Some(self.read(reference)?),
            other => self.operand(other)?.map(Operand::into_datum),
        })
    }

    fn operand(&self, expression: &Simple) -> Result<Option<Operand>, SqlError> {
        Ok(match expression {
            Simple::Null => Some(Operand::Null),
            Simple::Boolean(is_true) => Some(Operand::Boolean(Some(*is_true))),
            Simple::Integer(number) => Some(Operand::Integer(Some((*number).into()), Type::Integer)),
            Simple::Text(text) => Some(Operand::Text(Some(text.clone()))),
            Simple::Variable(reference) => Operand::of(self.read(reference)?),
            Simple::Not(operand) => match self.operand(operand)? {
                Some(Operand::Boolean(is_true)) => Some(Operand::Boolean(is_true.map(|is_true| !is_true))),
                _ => None,
            },
            Simple::IsNull(operand) => {
                let found = self.operand(operand)?;
                found.map(|operand| Operand::Boolean(Some(operand.into_datum().text.is_none())))
            }
            Simple::Binary(left, operator, right) => match (self.operand(left)?, self.operand(right)?) {
                (Some(left), Some(right)) => binary(left, *operator, right),
                _ => None,
            },
        })
    }
}

impl Operand {
    fn of(value: Datum) -> Option<Self> {
        Some(match value.data_type {
            Type::Boolean => Self::Boolean(value.text.map(|text| text == "t")),
            Type::Integer | Type::BigInt => match value.text {
                Some(digits) => Self::Integer(Some(digits.parse().ok()?), value.data_type),
                None => Self::Integer(None, value.data_type),
            },
            Type::Varchar(_) => Self::Text(value.text),
            _ => return None,
        })
    }

    fn into_datum(self) -> Datum {
        match self {
            Self::Null => values::null(),
            Self::Boolean(is_true) => {
                Datum::new(Type::Boolean, is_true.and_then(|is_true| values::boolean(is_true).text))
            }
            Self::Integer(number, data_type) => Datum::new(data_type, number.map(|number| number.to_string())),
            Self::Text(text) => Datum::new(Type::Varchar(VARCHAR_MAX), text),
        }
    }
}

fn binary(left: Operand, operator: SimpleOperator, right: Operand) -> Option<Operand> {
    match (left, right) {
        (Operand::Integer(left, one), Operand::Integer(right, two)) => {
            let data_type = if (one, two) == (Type::Integer, Type::Integer) { Type::Integer } else { Type::BigInt };
            integers(left, operator, right, data_type)
        }
        (Operand::Boolean(left), Operand::Boolean(right)) => booleans(left, operator, right),
        (left @ (Operand::Text(_) | Operand::Integer(..)), right @ (Operand::Text(_) | Operand::Integer(..)))
            if operator == SimpleOperator::Concatenate =>
        {
            let (left, right) = (left.into_datum().text, right.into_datum().text);
            Some(Operand::Text(left.zip(right).map(|(left, right)| left + &right)))
        }
        // Blanks at the end of a text do not count.
        (Operand::Text(left), Operand::Text(right)) if operator == SimpleOperator::Equal => {
            let equal = left.zip(right).map(|(left, right)| left.trim_end_matches(' ') == right.trim_end_matches(' '));
            Some(Operand::Boolean(equal))
        }
        _ => None,
    }
}

fn integers(left: Option<i64>, operator: SimpleOperator, right: Option<i64>, data_type: Type) -> Option<Operand> {
    let compared = |compare: fn(&i64, &i64) -> bool| {
        Some(Operand::Boolean(left.zip(right).map(|(left, right)| compare(&left, &right))))
    };
    let computed = |compute: fn(i64, i64) -> Option<i64>| {
        let number = match left.zip(right) {
            Some((left, right)) => Some(compute(left, right)?),
            None => None,
        };
        let fits = data_type == Type::BigInt || number.is_none_or(|number| i32::try_from(number).is_ok());
        fits.then_some(Operand::Integer(number, data_type))
    };
    match operator {
        SimpleOperator::Add => computed(i64::checked_add),
        SimpleOperator::Subtract => computed(i64::checked_sub),
        SimpleOperator::Multiply => computed(i64::checked_mul),
        SimpleOperator::Equal => compared(i64::eq),
        SimpleOperator::Less => compared(i64::lt),
        SimpleOperator::LessOrEqual => compared(i64::le),
        SimpleOperator::Concatenate | SimpleOperator::And | SimpleOperator::Or => None,
    }
}

/// AND and OR with NULL as the unknown.
fn booleans(left: Option<bool>, operator: SimpleOperator, right: Option<bool>) -> Option<Operand> {
    let result = match operator {
        SimpleOperator::And => match (left, right) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        },
        SimpleOperator::Or => match (left, right) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        },
        SimpleOperator::Equal => left.zip(right).map(|(left, right)| left == right),
        _ => return None,
    };
    Some(Operand::Boolean(result))
}
