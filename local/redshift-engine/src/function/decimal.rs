//! Quotients of decimals, to the last of their places.

/// Of any decimal.
const MOST_PLACES: u32 = 38;

type Answer = Result<Option<String>, String>;

/// A quotient with so many places, those behind them cut off.
pub fn divide(arguments: &[&str]) -> Answer {
    let &[dividend, divisor, places] = arguments else { return Err("a quotient needs two numbers".into()) };
    let places = places.parse().ok().filter(|places| *places <= MOST_PLACES);
    let places: u32 = places.ok_or_else(|| format!("{} is no number of places", arguments[2]))?;
    let quotient =
        Decimal::read(dividend).zip(Decimal::read(divisor)).and_then(|(left, right)| left.over(right, places));
    quotient.map(|units| Some(written(units, places))).ok_or_else(|| "Numeric data overflow (result precision)".into())
}

/// An exact number.
#[derive(Debug, Clone, Copy)]
pub struct Decimal {
    /// Of its last place.
    pub units: i128,
    pub places: u32,
}

impl Decimal {
    pub fn read(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let units = format!("{whole}{fraction}").parse().ok()?;
        Some(Self { units, places: u32::try_from(fraction.len()).ok()? })
    }

    /// In units of so many places; `None` where it is too large.
    pub fn over(&self, by: Self, places: u32) -> Option<i128> {
        let mut quotient = self.units.checked_div(by.units)?;
        let mut rest = self.units.checked_rem(by.units)?;
        for _ in self.places..places + by.places {
            rest = rest.checked_mul(10)?;
            quotient = quotient.checked_mul(10)?.checked_add(rest / by.units)?;
            rest %= by.units;
        }
        let too_many = self.places.saturating_sub(places + by.places);
        quotient.checked_div(10_i128.checked_pow(too_many)?)
    }
}

/// The number of so many units.
pub fn written(units: i128, places: u32) -> String {
    let places = usize::try_from(places).unwrap_or_default();
    let digits = format!("{:0>1$}", units.unsigned_abs(), places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let sign = if units < 0 { "-" } else { "" };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::divide;

    #[test]
    fn quotients_are_exact_to_their_places() {
        for (left, right, places, expected) in [
            ("10", "3", "4", "3.3333"),
            ("-2.00", "3", "13", "-0.6666666666666"),
            ("728.00", "109.20", "9", "6.666666666"),
            ("0.0001", "99999999999999999999999999999999999999", "4", "0.0000"),
            ("99999999999999999999999999999999999999", "1", "0", "99999999999999999999999999999999999999"),
            ("1.00000000000000000000", "8", "4", "0.1250"),
            ("7", "2", "0", "3"),
        ] {
            assert_eq!(divide(&[left, right, places]), Ok(Some(expected.into())), "{left} / {right}");
        }
        assert!(divide(&["99999999999999999999999999999999999999", "0.1", "4"]).is_err());
    }
}
