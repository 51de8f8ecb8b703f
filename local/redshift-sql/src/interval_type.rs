//! The types of intervals with a qualifier: INTERVAL YEAR TO MONTH and INTERVAL DAY TO SECOND (r_interval_data_types).

use sqlparser::ast::{DateTimeField, Interval, IntervalFields};

use crate::error::TranslateError;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum IntervalUnit {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
}

use IntervalUnit::{Day, Hour, Minute, Month, Second, Year};

const UNITS: [(IntervalUnit, &str); 6] =
    [(Year, "year"), (Month, "month"), (Day, "day"), (Hour, "hour"), (Minute, "minute"), (Second, "second")];

/// The qualifier of an interval: its units, and the digits that its seconds have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntervalType {
    pub first: IntervalUnit,
    pub last: IntervalUnit,
    pub precision: u8,
}

/// Digits of seconds where none are named, and the most there are.
const MAX_PRECISION: u8 = 6;

impl IntervalType {
    pub const YEAR_TO_MONTH: Self = Self { first: Year, last: Month, precision: MAX_PRECISION };
    pub const DAY_TO_SECOND: Self = Self { first: Day, last: Second, precision: MAX_PRECISION };

    /// The qualifier of a type; `None` where it has none.
    ///
    /// # Errors
    /// 22023 for a precision beyond 6.
    pub fn of(fields: Option<&IntervalFields>, precision: Option<u64>) -> Result<Option<Self>, TranslateError> {
        let Some(fields) = fields else { return Ok(None) };
        let (first, last) = match fields {
            IntervalFields::Year => (Year, Year),
            IntervalFields::Month => (Month, Month),
            IntervalFields::Day => (Day, Day),
            IntervalFields::Hour => (Hour, Hour),
            IntervalFields::Minute => (Minute, Minute),
            IntervalFields::Second => (Second, Second),
            IntervalFields::YearToMonth => (Year, Month),
            IntervalFields::DayToHour => (Day, Hour),
            IntervalFields::DayToMinute => (Day, Minute),
            IntervalFields::DayToSecond => (Day, Second),
            IntervalFields::HourToMinute => (Hour, Minute),
            IntervalFields::HourToSecond => (Hour, Second),
            IntervalFields::MinuteToSecond => (Minute, Second),
        };
        Self::new(first, last, precision).map(Some)
    }

    /// The qualifier of a literal; `None` where it has none, or one that Redshift does not have.
    ///
    /// # Errors
    /// 22023 for a precision beyond 6.
    pub fn of_literal(literal: &Interval) -> Result<Option<Self>, TranslateError> {
        let Some(first) = literal.leading_field.as_ref().and_then(unit) else { return Ok(None) };
        let last = match &literal.last_field {
            Some(last) => unit(last),
            None => Some(first),
        };
        let Some(last) = last.filter(|last| first <= *last && (first <= Month) == (*last <= Month)) else {
            return Err(TranslateError::syntax("syntax error in the qualifier of an interval"));
        };
        Self::new(first, last, literal.fractional_seconds_precision.or(literal.leading_precision)).map(Some)
    }

    fn new(first: IntervalUnit, last: IntervalUnit, precision: Option<u64>) -> Result<Self, TranslateError> {
        let precision = u8::try_from(precision.unwrap_or(MAX_PRECISION.into())).unwrap_or(u8::MAX);
        match precision <= MAX_PRECISION {
            true => Ok(Self { first, last, precision }),
            false => Err(TranslateError::new("22023", "interval precision must be between 0 and 6")),
        }
    }

    pub fn is_year_to_month(self) -> bool {
        self.last <= Month
    }

    /// The type with all units.
    pub fn widest(self) -> Self {
        if self.is_year_to_month() { Self::YEAR_TO_MONTH } else { Self::DAY_TO_SECOND }
    }

    pub fn short_name(self) -> &'static str {
        if self.is_year_to_month() { "intervaly2m" } else { "intervald2s" }
    }

    /// The name in the catalog, with the qualifier where it leaves units out.
    pub fn name(self) -> String {
        let of = |unit: IntervalUnit| UNITS.into_iter().find(|(known, _)| *known == unit).map_or("", |(_, name)| name);
        match self == self.widest() {
            true => self.short_name().into(),
            false => format!("{}({} to {} {})", self.short_name(), of(self.first), of(self.last), self.precision),
        }
    }

    /// The inverse of `name`, of what stands before the parenthesis and in it.
    pub fn from_name(base: &str, arguments: &str) -> Option<Self> {
        let widest = match base {
            "intervaly2m" => Self::YEAR_TO_MONTH,
            "intervald2s" => Self::DAY_TO_SECOND,
            _ => return None,
        };
        if arguments.is_empty() {
            return Some(widest);
        }
        let of = |name: &str| UNITS.into_iter().find(|(_, known)| *known == name).map(|(unit, _)| unit);
        let mut words = arguments.split(' ').filter(|word| *word != "to");
        Some(Self { first: of(words.next()?)?, last: of(words.next()?)?, precision: words.next()?.parse().ok()? })
    }
}

fn unit(field: &DateTimeField) -> Option<IntervalUnit> {
    Some(match field {
        DateTimeField::Year | DateTimeField::Years => Year,
        DateTimeField::Month | DateTimeField::Months => Month,
        DateTimeField::Day | DateTimeField::Days => Day,
        DateTimeField::Hour | DateTimeField::Hours => Hour,
        DateTimeField::Minute | DateTimeField::Minutes => Minute,
        DateTimeField::Second | DateTimeField::Seconds => Second,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_found_by_its_name() {
        let short = IntervalType { first: Hour, last: Second, precision: 3 };
        for kind in [IntervalType::YEAR_TO_MONTH, IntervalType::DAY_TO_SECOND, short] {
            let name = kind.name();
            let (base, arguments) = name.split_once('(').unwrap_or((&name, ""));
            assert_eq!(IntervalType::from_name(base, arguments.trim_end_matches(')')), Some(kind));
        }
    }
}
