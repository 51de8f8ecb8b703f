//! Numbers in a SUPER, whose types are those of their digits: whole numbers, decimals, and floats, which have an exponent.

use std::cmp::Ordering;

use super::decimal::{Decimal, written};

/// A number by its dynamic type.
#[derive(Debug, Clone, Copy)]
pub enum SuperNumber {
    Exact(Decimal),
    Float(f64),
}

impl SuperNumber {
    pub fn read(text: &str) -> Option<Self> {
        match text.contains(['e', 'E']) {
            true => text.parse().ok().map(Self::Float),
            false => Decimal::read(text).map(Self::Exact).or_else(|| text.parse().ok().map(Self::Float)),
        }
    }

    pub fn float(self) -> f64 {
        match self {
            Self::Float(float) => float,
            Self::Exact(decimal) => written(decimal.units, decimal.places).parse().unwrap_or(f64::NAN),
        }
    }

    /// The same text for the same number, whatever its type.
    pub fn canonical(self) -> String {
        let exact = match self {
            Self::Exact(decimal) => Some(decimal),
            Self::Float(float) => Decimal::read(&float.to_string()),
        };
        match exact {
            Some(decimal) => trimmed(&written(decimal.units, decimal.places)),
            None => self.float().to_string(),
        }
    }

    pub fn compare(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Exact(left), Self::Exact(right)) => match aligned(left, right) {
                Some((left, right, _)) => Some(left.cmp(&right)),
                None => self.float().partial_cmp(&other.float()),
            },
            _ => self.float().partial_cmp(&other.float()),
        }
    }

    /// `left op right` as the static types of both compute it; `None` beyond the digits of a DECIMAL.
    fn computed(self, op: &str, other: Self) -> Option<Self> {
        let (Self::Exact(left), Self::Exact(right)) = (self, other) else {
            return Some(Self::Float(float(self.float(), op, other.float())));
        };
        let exact = |units: Option<i128>, places: u32| Some(Self::Exact(Decimal { units: units?, places }));
        match op {
            "*" => exact(left.units.checked_mul(right.units), left.places + right.places),
            "/" if left.places == 0 && right.places == 0 => exact(left.units.checked_div(right.units), 0),
            "/" => {
                let places = QUOTIENT_PLACES.max(left.places + right.places);
                exact(left.over(right, places), places)
            }
            _ => {
                let (left, right, places) = aligned(left, right)?;
                match op {
                    "+" => exact(left.checked_add(right), places),
                    "-" => exact(left.checked_sub(right), places),
                    _ => exact(left.checked_rem(right), places),
                }
            }
        }
    }

    fn is_zero(self) -> bool {
        self.float() == 0.0
    }
}

/// Places of a quotient of which one side is a decimal.
const QUOTIENT_PLACES: u32 = 9;

fn float(left: f64, op: &str, right: f64) -> f64 {
    match op {
        "+" => left + right,
        "-" => left - right,
        "*" => left * right,
        "/" => left / right,
        _ => left % right,
    }
}

/// Both numbers in units of as many places.
fn aligned(left: Decimal, right: Decimal) -> Option<(i128, i128, u32)> {
    let places = left.places.max(right.places);
    let units = |number: Decimal| number.units.checked_mul(10_i128.checked_pow(places - number.places)?);
    Some((units(left)?, units(right)?, places))
}

/// Without zeros at the end of its places.
fn trimmed(number: &str) -> String {
    match number.contains('.') {
        true => number.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => number.to_owned(),
    }
}

/// (operator, number, number): NULL where one of them is no number.
pub fn arithmetic(arguments: &[&str]) -> Result<Option<String>, String> {
    let &[op, left, right] = arguments else { return Err("an operator needs two values".into()) };
    let (Some(left), Some(right)) = (SuperNumber::read(left), SuperNumber::read(right)) else { return Ok(None) };
    if matches!(op, "/" | "%") && right.is_zero() {
        return Err("Divide by zero".into());
    }
    match left.computed(op, right) {
        Some(SuperNumber::Exact(Decimal { units, places })) => Ok(Some(match op {
            "/" => trimmed(&written(units, places)),
            _ => written(units, places),
        })),
        Some(SuperNumber::Float(float)) if float.is_finite() => Ok(Some(float_text(float))),
        _ => Err("Numeric data overflow (result precision)".into()),
    }
}

/// A float as a SUPER has it: `2.22e+0` (r_is_float).
pub fn float_text(float: f64) -> String {
    let written = format!("{float:e}");
    match written.contains("e-") {
        true => written,
        false => written.replace('e', "e+"),
    }
}

/// The number that an aggregate has computed, without zeros at its end.
pub fn shortened(arguments: &[&str]) -> Result<Option<String>, String> {
    let total = arguments.concat();
    Ok(Some(if total.contains('e') { total } else { trimmed(&total) }))
}

/// A float as a SUPER.
pub fn from_float(arguments: &[&str]) -> Result<Option<String>, String> {
    let text = arguments.concat();
    let float = text.parse::<f64>().ok().filter(|float| float.is_finite());
    float.map(|float| Some(float_text(float))).ok_or_else(|| format!("{text} is no value of a SUPER"))
}

/// DECIMAL_PRECISION, or DECIMAL_SCALE for `scale`; NULL for what is no decimal.
pub fn digits(arguments: &[&str]) -> Result<Option<String>, String> {
    let &[what, value] = arguments else { return Err("a decimal is missing".into()) };
    let Some(SuperNumber::Exact(decimal)) = SuperNumber::read(value) else { return Ok(None) };
    let all = written(decimal.units, decimal.places).bytes().filter(u8::is_ascii_digit).count();
    let leading = if decimal.units.unsigned_abs() < 10_u128.saturating_pow(decimal.places) { 1 } else { 0 };
    Ok(Some(match what {
        "scale" => decimal.places.to_string(),
        _ => (all - leading.min(usize::try_from(decimal.places).unwrap_or(0))).to_string(),
    }))
}

#[cfg(test)]
mod tests {
    use super::{arithmetic, digits};

    #[test]
    fn numbers_are_computed_by_their_own_types() {
        for (left, op, right, expected) in [
            ("5", "+", "1", Some("6")),
            ("5", "/", "2", Some("2")),
            ("5.0", "/", "2", Some("2.5")),
            ("0.1", "+", "0.2", Some("0.3")),
            ("1.5", "*", "2", Some("3.0")),
            ("7", "%", "4", Some("3")),
            ("1e+0", "+", "1", Some("2e+0")),
            ("\"5\"", "+", "1", None),
            ("null", "-", "1", None),
        ] {
            let answer = arithmetic(&[op, left, right]).expect("number");
            assert_eq!(answer.as_deref(), expected, "{left} {op} {right}");
        }
        assert!(arithmetic(&["/", "1", "0"]).is_err());
    }

    #[test]
    fn decimals_have_the_digits_that_they_are_written_with() {
        for (number, precision, scale) in [("3.14159", "6", "5"), ("12", "2", "0"), ("0.05", "2", "2")] {
            assert_eq!(digits(&["precision", number]).expect("number").as_deref(), Some(precision));
            assert_eq!(digits(&["scale", number]).expect("number").as_deref(), Some(scale));
        }
        assert_eq!(digits(&["scale", "1e+3"]), Ok(None));
    }
}
