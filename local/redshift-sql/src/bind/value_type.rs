//! The types of expressions: those of columns, and what a value without a column may be.

use crate::types::{Type, VARBYTE_MAX, VARCHAR_MAX};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueType {
    Of(Type),
    /// An interval without a qualifier.
    Interval,
    /// A text in quotes or a parameter: it takes the type of what it stands beside.
    Untyped,
    /// NULL, which has any type.
    Null,
    /// Known to DuckDB alone: an array, or a column of a relation that is not there yet.
    Unknown,
}

/// Digits of a number where it stands beside a DECIMAL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digits {
    pub precision: u8,
    pub scale: u8,
}

/// The most digits of a DECIMAL.
pub const MAX_PRECISION: u8 = 38;

impl ValueType {
    pub const TEXT: Self = Self::Of(Type::Varchar(VARCHAR_MAX));
    pub const BYTES: Self = Self::Of(Type::Varbyte(VARBYTE_MAX));
    pub const BOOLEAN: Self = Self::Of(Type::Boolean);
    pub const INTEGER: Self = Self::Of(Type::Integer);
    pub const BIGINT: Self = Self::Of(Type::BigInt);
    pub const DOUBLE: Self = Self::Of(Type::Double);
    pub const DATE: Self = Self::Of(Type::Date);
    pub const TIMESTAMP: Self = Self::Of(Type::Timestamp);
    pub const TIMESTAMPTZ: Self = Self::Of(Type::TimestampTz);
    pub const TIME: Self = Self::Of(Type::Time);
    pub const TIMETZ: Self = Self::Of(Type::TimeTz);
    pub const SUPER: Self = Self::Of(Type::Super);

    pub fn known(self) -> Option<Type> {
        match self {
            Self::Of(known) => Some(known),
            _ => None,
        }
    }

    pub fn is_text(self) -> bool {
        matches!(self, Self::Of(Type::Varchar(_) | Type::Char(_)))
    }

    /// True for VARBYTE.
    pub fn is_bytes(self) -> bool {
        matches!(self, Self::Of(Type::Varbyte(_)))
    }

    /// True for intervals with a qualifier and without one.
    pub fn is_interval(self) -> bool {
        matches!(self, Self::Interval | Self::Of(Type::Interval(_)))
    }

    /// True for an interval of years and months.
    pub fn is_year_to_month(self) -> bool {
        matches!(self, Self::Of(Type::Interval(kind)) if kind.is_year_to_month())
    }

    /// The type of what is computed of intervals of this one: it has all of the units.
    pub fn widest_interval(self) -> Self {
        match self {
            Self::Of(Type::Interval(kind)) => Self::Of(Type::Interval(kind.widest())),
            other => other,
        }
    }

    /// The type of the sum of two intervals, and of what holds both.
    fn common_interval(self, other: Self) -> Self {
        let (one, two) = (self.widest_interval(), other.widest_interval());
        if one == two { one } else { Self::Interval }
    }

    pub fn is_super(self) -> bool {
        self == Self::SUPER
    }

    /// True for DATE, TIMESTAMP and TIMESTAMPTZ.
    pub fn is_date(self) -> bool {
        matches!(self, Self::Of(Type::Date | Type::Timestamp | Type::TimestampTz))
    }

    pub fn is_integer(self) -> bool {
        matches!(self, Self::Of(Type::SmallInt | Type::Integer | Type::BigInt))
    }

    pub fn is_decimal(self) -> bool {
        matches!(self, Self::Of(Type::Decimal(..)))
    }

    fn is_float(self) -> bool {
        matches!(self, Self::Of(Type::Real | Type::Double))
    }

    pub fn is_number(self) -> bool {
        self.is_integer() || self.is_decimal() || self.is_float()
    }

    /// The digits of an exact number.
    pub fn digits(self) -> Option<Digits> {
        let (precision, scale) = match self {
            Self::Of(Type::SmallInt) => (5, 0),
            Self::Of(Type::Integer) => (10, 0),
            Self::Of(Type::BigInt) => (19, 0),
            Self::Of(Type::Decimal(precision, scale)) => (precision, scale),
            _ => return None,
        };
        Some(Digits { precision, scale })
    }

    /// The type that holds values of both: of the branches of a CASE, of the sides of a UNION.
    pub fn common(self, other: Self) -> Self {
        match (self, other) {
            (one, two) if one == two => one,
            (Self::Null, known) | (known, Self::Null) => known,
            // A literal is as long as it is.
            (Self::Untyped, text) | (text, Self::Untyped) if text.is_text() => Self::TEXT,
            (Self::Untyped, known) | (known, Self::Untyped) => known,
            (one, two) if one.is_text() && two.is_text() => Self::TEXT,
            (one, two) if one.is_bytes() && two.is_bytes() => Self::BYTES,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (one, two) if one.is_super() || two.is_super() => Self::SUPER,
            (one, two) if one.is_date() && two.is_date() => match one == Self::DATE || two == Self::DATE {
                true if one != Self::TIMESTAMPTZ && two != Self::TIMESTAMPTZ => Self::TIMESTAMP,
                _ => Self::TIMESTAMPTZ,
            },
            (Self::TIME, Self::TIMETZ) | (Self::TIMETZ, Self::TIME) => Self::TIMETZ,
            (one, two) if one.is_interval() && two.is_interval() => one.common_interval(two),
            (one, two) if one.is_number() && two.is_number() => one.common_number(two),
            _ => Self::Unknown,
        }
    }

    /// True where this type, which holds values of both, has a zone, and one of them has none.
    pub fn adds_zone_to(self, one: Self, two: Self) -> bool {
        let has_none = |kind| matches!(kind, Self::DATE | Self::TIMESTAMP);
        self == Self::TIMESTAMPTZ && (has_none(one) || has_none(two))
    }

    fn common_number(self, other: Self) -> Self {
        if self.is_float() || other.is_float() {
            return if self == other { self } else { Self::DOUBLE };
        }
        match (self.digits(), other.digits()) {
            (Some(one), Some(two)) if self.is_decimal() || other.is_decimal() => {
                let scale = one.scale.max(two.scale);
                let whole = (one.precision - one.scale).max(two.precision - two.scale);
                Self::Of(Type::Decimal((whole + scale).min(MAX_PRECISION), scale))
            }
            (Some(one), Some(two)) => {
                if one.precision >= two.precision {
                    self
                } else {
                    other
                }
            }
            _ => Self::Unknown,
        }
    }

    /// The sum or the difference of two numbers.
    fn sum(self, other: Self) -> Self {
        match self.common_number(other) {
            Self::Of(Type::Decimal(precision, scale)) => {
                Self::Of(Type::Decimal((precision + 1).min(MAX_PRECISION), scale))
            }
            common => common,
        }
    }

    fn product(self, other: Self) -> Self {
        match (self.digits(), other.digits()) {
            (Some(one), Some(two)) if self.is_decimal() || other.is_decimal() => Self::Of(Type::Decimal(
                (one.precision + two.precision + 1).min(MAX_PRECISION),
                (one.scale + two.scale).min(MAX_PRECISION),
            )),
            _ => self.common_number(other),
        }
    }

    /// The type of `self + other`.
    pub fn plus(self, other: Self) -> Self {
        match (self, other) {
            (one, two) if one.is_bytes() || two.is_bytes() => Self::BYTES,
            (one, two) if one.is_number() && two.is_number() => one.sum(two),
            (one, two) if one.is_interval() && two.is_interval() => one.common_interval(two),
            // "the result is a date if it is a YEAR TO MONTH interval, and a timestamp if it is a DAY TO SECOND interval"
            (Self::DATE, months) | (months, Self::DATE) if months.is_year_to_month() => Self::DATE,
            (Self::DATE, time) | (time, Self::DATE) if time.is_interval() || time == Self::TIME => Self::TIMESTAMP,
            (Self::DATE, Self::TIMETZ) | (Self::TIMETZ, Self::DATE) => Self::TIMESTAMPTZ,
            (date, count) | (count, date) if date.is_date() && (count.is_integer() || count.is_interval()) => date,
            (Self::TIME | Self::TIMETZ, span) if span.is_interval() => self,
            (one, two) if one.is_text() && (two.is_text() || two == Self::Untyped) => Self::TEXT,
            (Self::Untyped, two) if two.is_text() => Self::TEXT,
            (Self::Untyped, Self::Untyped) => Self::TEXT,
            (one, two) => one.converted(two),
        }
    }

    /// The type of `self - other`.
    pub fn minus(self, other: Self) -> Self {
        match (self, other) {
            (one, two) if one.is_number() && two.is_number() => one.sum(two),
            (Self::DATE, Self::DATE | Self::Untyped) => Self::INTEGER,
            (Self::DATE, months) if months.is_year_to_month() => Self::DATE,
            (Self::DATE, span) if span.is_interval() => Self::TIMESTAMP,
            (one, two) if one.is_date() && (two.is_date() || two.is_text() || two == Self::Untyped) => Self::Interval,
            (date, count) if date.is_date() && (count.is_integer() || count.is_interval()) => date,
            (one, two) if one.is_interval() && two.is_interval() => one.common_interval(two),
            (Self::TIME | Self::TIMETZ, span) if span.is_interval() => self,
            (one, two) => one.converted(two),
        }
    }

    /// The type of `self * other`.
    pub fn times(self, other: Self) -> Self {
        match (self, other) {
            (one, two) if one.is_number() && two.is_number() => one.product(two),
            (span, _) | (_, span) if span.is_interval() => span.widest_interval(),
            (one, two) => one.converted(two),
        }
    }

    /// The type of `self / other`.
    pub fn over(self, other: Self) -> Self {
        match (self, other) {
            (span, _) if span.is_interval() => span.widest_interval(),
            (one, two) if one.is_number() && two.is_number() => {
                one.quotient(two).unwrap_or_else(|| one.common_number(two))
            }
            (one, two) => one.converted(two),
        }
    }

    /// The type of `self % other`.
    pub fn modulo(self, other: Self) -> Self {
        match self.is_number() && other.is_number() {
            true => self.common_number(other),
            false => self.converted(other),
        }
    }

    /// The quotient of two exact numbers of which one is a DECIMAL, as the reference computes it (Computations with
    /// numeric values).
    pub fn quotient(self, by: Self) -> Option<Self> {
        const LEAST_SCALE: i16 = 4;
        if !self.is_decimal() && !by.is_decimal() {
            return None;
        }
        let wide = |digits: Digits| (i16::from(digits.precision), i16::from(digits.scale));
        let ((precision1, scale1), (precision2, scale2)) = (wide(self.digits()?), wide(by.digits()?));
        let most = i16::from(MAX_PRECISION);
        let scale = LEAST_SCALE.max(scale1 + precision2 - scale2 + 1);
        let precision = precision1 - scale1 + scale2 + scale;
        let fitting = if precision > most { LEAST_SCALE.max(most + scale - precision) } else { scale };
        let narrow = |number: i16| u8::try_from(number.clamp(0, most)).unwrap_or(MAX_PRECISION);
        Some(Self::Of(Type::Decimal(narrow(precision), narrow(fitting))))
    }

    /// The type of an operation in which a text becomes a number: beside a number a literal takes its type, and any other
    /// text becomes a double.
    fn converted(self, other: Self) -> Self {
        let is_operand = |kind: Self| kind.is_super() || kind.is_number() || kind == Self::Untyped;
        match (self, other) {
            (one, two) if (one.is_super() || two.is_super()) && is_operand(one) && is_operand(two) => Self::SUPER,
            (Self::Null, known) | (known, Self::Null) if known.is_number() => known,
            (Self::Untyped, known) | (known, Self::Untyped) if known.is_number() => known,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (one, two) if one.is_textual() && (two.is_textual() || two.is_number()) => Self::DOUBLE,
            (one, two) if one.is_number() && two.is_textual() => Self::DOUBLE,
            _ => Self::Unknown,
        }
    }

    /// True for what is a text in DuckDB.
    pub fn is_textual(self) -> bool {
        self.is_text() || self.is_super() || self == Self::Untyped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> ValueType {
        ValueType::Of(Type::from_name(name).expect("type"))
    }

    #[test]
    fn a_quotient_has_the_places_of_the_reference() {
        let over = |left: &str, right: &str| of(left).quotient(of(right));
        assert_eq!(over("numeric(8,2)", "numeric(8,2)"), Some(of("numeric(17,9)")));
        assert_eq!(over("numeric(18,0)", "integer"), Some(of("numeric(29,11)")));
        assert_eq!(over("numeric(38,0)", "bigint"), Some(of("numeric(38,4)")));
        assert_eq!(over("numeric(38,10)", "numeric(20,2)"), Some(of("numeric(38,8)")));
        assert_eq!(over("integer", "bigint"), None);
        assert_eq!(over("double precision", "numeric(8,2)"), None);
    }

    #[test]
    fn operators_answer_the_types_of_the_reference() {
        assert_eq!(of("timestamp without time zone").minus(of("integer")), of("timestamp without time zone"));
        assert_eq!(of("date").minus(of("date")), of("integer"));
        assert_eq!(of("date").plus(ValueType::Interval), of("timestamp without time zone"));
        assert_eq!(of("integer").plus(of("bigint")), of("bigint"));
        assert_eq!(of("numeric(8,2)").times(of("integer")), of("numeric(19,2)"));
        assert_eq!(of("character varying(9)").times(of("integer")), of("double precision"));
        assert_eq!(ValueType::Untyped.over(of("integer")), of("integer"));
        assert_eq!(of("numeric(8,2)").common(of("integer")), of("numeric(12,2)"));
    }
}
