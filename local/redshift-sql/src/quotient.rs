//! Quotients of decimals: Redshift gives them places by those of the two numbers, where DuckDB makes a double of them.
//! Only DuckDB knows the types of what is divided, and tells them where it cannot bind a function: so a statement is read
//! once more for each of its divisions.

use std::cell::RefCell;
use std::collections::HashMap;

use sqlparser::ast::Expr;

use super::functions;
use crate::error::TranslateError;

/// A function that no types fit.
pub const ASKS: &str = "redshift_quotient";
/// The most digits of a DECIMAL.
const MAX_PRECISION: i16 = 38;
/// The fewest places of a quotient.
const LEAST_SCALE: i16 = 4;

/// Which division of a statement: its number, and its text, since one statement may be written out as several.
type Key = (usize, String);

/// What is known of the divisions of one statement.
#[derive(Debug, Default)]
pub struct Quotients {
    /// `None` where DuckDB's meaning is Redshift's.
    types: RefCell<HashMap<Key, Option<Number>>>,
    asked: RefCell<Option<Key>>,
}

/// An exact number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Number {
    precision: i16,
    scale: i16,
    is_decimal: bool,
}

impl Quotients {
    /// Begins to read the statement once more.
    pub fn begin(&self) {
        self.asked.take();
    }

    /// A division as DuckDB is to have it; `None` as it stands.
    pub fn write(&self, number: usize, left: &Expr, right: &Expr) -> Result<Option<Expr>, TranslateError> {
        let key = (number, format!("{left} / {right}"));
        match self.types.borrow().get(&key) {
            Some(None) => return Ok(None),
            Some(Some(Number { precision, scale, .. })) => {
                return functions::written(&format!(
                    "CAST(redshift_divided({left}, {right}, '{scale}') AS DECIMAL({precision}, {scale}))"
                ));
            }
            None => {}
        }
        // One at a time: what is divided further out has its type from what is further in.
        let mut asked = self.asked.borrow_mut();
        if asked.is_some() {
            return Ok(None);
        }
        *asked = Some(key);
        functions::written(&format!("{ASKS}({left}, {right}, 0)"))
    }

    /// Takes the types from what DuckDB says; whether they are there.
    pub fn learn(&self, error: &TranslateError) -> bool {
        let call = error.message.strip_prefix("function ").and_then(|call| call.strip_prefix(ASKS));
        let (Some(call), Some(key)) = (call, self.asked.take()) else { return false };
        let mut numbers = call.trim_start_matches('(').split(", ").map(Number::of);
        let quotient = match (numbers.next().flatten(), numbers.next().flatten()) {
            (Some(left), Some(right)) => left.over(right),
            _ => None,
        };
        self.types.borrow_mut().insert(key, quotient);
        true
    }
}

impl Number {
    /// By the name of a type; `None` for doubles, and for what is no number.
    fn of(name: &str) -> Option<Self> {
        let whole = |precision| Some(Self { precision, scale: 0, is_decimal: false });
        match name {
            "tinyint" | "smallint" => whole(5),
            "integer" => whole(10),
            "bigint" => whole(19),
            "hugeint" => whole(MAX_PRECISION),
            _ => {
                let (precision, scale) = name.strip_prefix("decimal(")?.strip_suffix(')')?.split_once(',')?;
                Some(Self { precision: precision.parse().ok()?, scale: scale.parse().ok()?, is_decimal: true })
            }
        }
    }

    /// The type of a quotient, as the reference computes it (Computations with numeric values); `None` for integers.
    fn over(self, by: Self) -> Option<Self> {
        let scale = LEAST_SCALE.max(self.scale + by.precision - by.scale + 1);
        let precision = self.precision - self.scale + by.scale + scale;
        let fitting = match precision > MAX_PRECISION {
            true => LEAST_SCALE.max(MAX_PRECISION + scale - precision),
            false => scale,
        };
        let quotient = Self { precision: precision.min(MAX_PRECISION), scale: fitting, is_decimal: true };
        (self.is_decimal || by.is_decimal).then_some(quotient)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quotient_has_the_places_of_the_reference() {
        let number = |name| Number::of(name).unwrap();
        let over = |left, right| number(left).over(number(right)).map(|found| (found.precision, found.scale));
        assert_eq!(over("decimal(8,2)", "decimal(8,2)"), Some((17, 9)));
        assert_eq!(over("decimal(18,0)", "integer"), Some((29, 11)));
        assert_eq!(over("decimal(38,0)", "bigint"), Some((38, 4)));
        assert_eq!(over("decimal(38,10)", "decimal(20,2)"), Some((38, 8)));
        assert_eq!(over("integer", "bigint"), None);
        assert!(Number::of("double precision").is_none() && Number::of("character varying").is_none());
    }
}
