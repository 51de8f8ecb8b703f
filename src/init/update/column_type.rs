//! The type of a column as `sql/schema/` writes it: which values it takes, and which wider type takes the others.

use crate::init::infer::{self, VARCHAR_MAX, is_number};
use crate::init::times::{self, Order};

/// Digits of the longest number of a BIGINT.
const BIGINT_DIGITS: u8 = 19;
/// Every number of so many digits is a double, too.
const DOUBLE_DIGITS: u8 = 15;

/// A type of Redshift's, as far as values are compared with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    Boolean,
    /// SMALLINT, INTEGER and BIGINT: bits.
    Whole(u8),
    /// Precision and scale.
    Decimal(u8, u8),
    Real,
    Double,
    Date,
    /// Whether it has a zone.
    Timestamp(bool),
    /// Bytes.
    Varchar(usize),
    /// Bytes.
    Char(usize),
    Super,
    /// A type that takes any value: it is not compared.
    Other,
}

/// How a COPY reads texts.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// NULL AS; `None` where nothing is said.
    pub null_as: Option<String>,
    /// DATEFORMAT; `None` for 'auto', and where nothing is said.
    pub date_format: Option<String>,
    /// TIMEFORMAT; `None` for 'auto', and where nothing is said.
    pub time_format: Option<String>,
    /// TRUNCATECOLUMNS: no text is too long.
    pub truncates: bool,
}

impl ColumnType {
    /// Reads a type without its column's attributes.
    pub fn parse(text: &str) -> Self {
        let lower = text.to_lowercase();
        let (words, numbers) = match lower.split_once('(') {
            Some((name, rest)) => {
                let (numbers, behind) = rest.split_once(')').unwrap_or((rest, ""));
                (format!("{name} {behind}"), numbers.to_owned())
            }
            None => (lower, String::new()),
        };
        let words: Vec<&str> = words.split_whitespace().collect();
        let mut numbers = numbers.split(',').map(|number| number.trim().to_owned());
        let (first, second) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
        let bytes = |otherwise: usize| match first.as_str() {
            "max" => VARCHAR_MAX,
            number => number.parse().unwrap_or(otherwise),
        };
        match words.as_slice() {
            ["boolean" | "bool"] => Self::Boolean,
            ["smallint" | "int2"] => Self::Whole(16),
            ["integer" | "int" | "int4"] => Self::Whole(32),
            ["bigint" | "int8"] => Self::Whole(64),
            ["numeric" | "decimal"] => Self::Decimal(first.parse().unwrap_or(18), second.parse().unwrap_or(0)),
            ["real" | "float4"] => Self::Real,
            ["float"] if first.parse::<u8>().is_ok_and(|bits| bits <= 24) => Self::Real,
            ["double", "precision"] | ["float8" | "float"] => Self::Double,
            ["date"] => Self::Date,
            ["timestamp"] | ["timestamp", "without", "time", "zone"] => Self::Timestamp(false),
            ["timestamptz"] | ["timestamp", "with", "time", "zone"] => Self::Timestamp(true),
            ["varchar" | "nvarchar"] | ["character" | "char", "varying"] => Self::Varchar(bytes(256)),
            ["text"] => Self::Varchar(256),
            ["char" | "character" | "nchar"] => Self::Char(bytes(1)),
            ["bpchar"] => Self::Char(256),
            ["super"] => Self::Super,
            _ => Self::Other,
        }
    }

    pub fn is_time(self) -> bool {
        matches!(self, Self::Date | Self::Timestamp(_))
    }

    pub fn is_text(self) -> bool {
        matches!(self, Self::Varchar(_) | Self::Char(_))
    }

    /// Returns true if COPY puts a text into a column of this type, and loses nothing of it.
    pub fn takes(self, text: &str, reading: &Reading) -> bool {
        let value = text.trim();
        match self {
            Self::Super | Self::Other => true,
            Self::Varchar(bytes) | Self::Char(bytes) => reading.truncates || text.len() <= bytes,
            // COPY loads it as NULL.
            _ if value.is_empty() => true,
            Self::Boolean => {
                let words = ["true", "false", "t", "f", "yes", "no", "y", "n", "1", "0"];
                words.iter().any(|word| value.eq_ignore_ascii_case(word))
            }
            Self::Whole(bits) => is_number(value) && value.parse::<i128>().is_ok_and(|number| fits(number, bits)),
            Self::Decimal(precision, scale) => is_number(value) && takes_decimal(value, precision, scale),
            Self::Real => is_number(value),
            Self::Double => is_number(value) && value.parse::<i128>().map_or(true, is_double),
            Self::Date => takes_date(value, reading),
            Self::Timestamp(has_zone) => takes_time(value, has_zone, reading),
        }
    }

    /// Returns true if a column of this type holds all values of another, whose texts have at most so many bytes.
    pub fn holds(self, other: Self, longest: usize) -> bool {
        match (self, other) {
            (Self::Super | Self::Other, _) | (_, Self::Other) => true,
            (Self::Varchar(bytes) | Self::Char(bytes), _) => other != Self::Super && longest <= bytes,
            (Self::Whole(bits), Self::Whole(others)) => bits >= others,
            (Self::Decimal(precision, scale), Self::Decimal(others, others_scale)) => {
                scale >= others_scale && whole_digits(precision, scale) >= whole_digits(others, others_scale)
            }
            (Self::Decimal(precision, scale), Self::Whole(bits)) => {
                whole_digits(precision, scale)
                    >= match bits {
                        16 => 5,
                        32 => 10,
                        _ => BIGINT_DIGITS,
                    }
            }
            (Self::Double, Self::Real) => true,
            (Self::Double, Self::Whole(bits)) => bits <= 32,
            (Self::Timestamp(zone), Self::Timestamp(others)) => zone || !others,
            (Self::Timestamp(_), Self::Date) => true,
            _ => self == other,
        }
    }

    /// The type for a column of this one that does not take all values: the inferred one where it holds those of this type,
    /// else a text. `longest` is bytes of the longest text, `has_nested` whether an object or a list is too long as a text.
    pub fn widened(self, inferred: &str, longest: usize, has_nested: bool) -> String {
        let wider = Self::parse(inferred);
        match (self, wider) {
            (Self::Varchar(_) | Self::Char(_), Self::Super) if has_nested => inferred.to_owned(),
            (Self::Varchar(_) | Self::Char(_), _) => infer::varchar(longest),
            (Self::Whole(_), Self::Double) => inferred.to_owned(),
            (Self::Decimal(precision, _), Self::Double) if precision <= DOUBLE_DIGITS => inferred.to_owned(),
            (Self::Decimal(_, scale), Self::Whole(_)) if scale > 0 && scale <= 38 - BIGINT_DIGITS => {
                format!("numeric({}, {scale})", BIGINT_DIGITS + scale)
            }
            _ if !wider.is_text() && wider.holds(self, usize::MAX) => inferred.to_owned(),
            _ => infer::varchar(longest),
        }
    }
}

fn whole_digits(precision: u8, scale: u8) -> u8 {
    precision.saturating_sub(scale)
}

fn fits(number: i128, bits: u8) -> bool {
    let most = 1_i128 << (bits - 1);
    (-most..most).contains(&number)
}

/// Returns true if a double is this number exactly.
fn is_double(number: i128) -> bool {
    (number as f64) as i128 == number
}

/// Places behind the point are rounded, unless there are to be none.
fn takes_decimal(text: &str, precision: u8, scale: u8) -> bool {
    let most = usize::from(whole_digits(precision, scale));
    if text.contains(['e', 'E']) {
        return text.parse::<f64>().is_ok_and(|number| number.abs() < 10_f64.powi(most as i32));
    }
    let digits = text.trim_start_matches('-');
    let (whole, places) = digits.split_once('.').unwrap_or((digits, ""));
    whole.trim_start_matches('0').len() <= most && (scale > 0 || places.bytes().all(|digit| digit == b'0'))
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}

fn takes_date(text: &str, reading: &Reading) -> bool {
    let format = reading.date_format.as_deref();
    match times::read(text) {
        Some(day) => !day.has_time && reads_order(day.order, format),
        // What other patterns read is for COPY to say.
        None => format.is_some_and(|pattern| numeric_pattern(pattern).is_none()) && has_digit(text),
    }
}

fn takes_time(text: &str, has_zone: bool, reading: &Reading) -> bool {
    match reading.time_format.as_deref() {
        Some(epoch) if epoch.to_lowercase().starts_with("epoch") => text.parse::<f64>().is_ok(),
        Some(_) => has_digit(text),
        None => times::read(text).is_some_and(|time| {
            let is_day = !time.has_time && reads_order(time.order, reading.date_format.as_deref());
            (has_zone || !time.has_zone) && (is_day || reads_order(time.order, None))
        }),
    }
}

/// Returns true if COPY reads a day of this order with a DATEFORMAT, or with 'auto'.
fn reads_order(order: Order, format: Option<&str>) -> bool {
    match (order, format.map(numeric_pattern)) {
        (Order::Certain, None | Some(None)) | (Order::Numbers { .. }, Some(None)) => true,
        (Order::Certain, Some(Some(_))) => false,
        (Order::Numbers { month_first, separator, .. }, None) => month_first && separator == '/',
        (Order::Numbers { month_first, day_first, separator }, Some(Some((is_month_first, sign)))) => {
            separator == sign && if is_month_first { month_first } else { day_first }
        }
    }
}

/// Parses `DD.MM.YYYY` and its like: whether the month is first, and the separator; `None` for other patterns.
fn numeric_pattern(pattern: &str) -> Option<(bool, char)> {
    let sign = pattern.chars().nth(2).filter(|sign| matches!(sign, '/' | '-' | '.'))?;
    let is = |first: &str, second: &str| pattern == format!("{first}{sign}{second}{sign}YYYY");
    match (is("MM", "DD"), is("DD", "MM")) {
        (true, _) => Some((true, sign)),
        (_, true) => Some((false, sign)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(data_type: &str, text: &str) -> bool {
        ColumnType::parse(data_type).takes(text, &Reading::default())
    }

    #[test]
    fn types_in_all_their_words() {
        for (text, expected) in [
            ("INT", ColumnType::Whole(32)),
            ("character varying(20)", ColumnType::Varchar(20)),
            ("varchar ( max )", ColumnType::Varchar(VARCHAR_MAX)),
            ("text", ColumnType::Varchar(256)),
            ("char(2)", ColumnType::Char(2)),
            ("Double Precision", ColumnType::Double),
            ("decimal", ColumnType::Decimal(18, 0)),
            ("numeric(10, 2)", ColumnType::Decimal(10, 2)),
            ("timestamp with time zone", ColumnType::Timestamp(true)),
            ("timestamp without time zone", ColumnType::Timestamp(false)),
            ("geometry", ColumnType::Other),
        ] {
            assert_eq!(ColumnType::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn values_that_a_column_takes() {
        for (data_type, text, expected) in [
            ("integer", "2147483647", true),
            ("integer", "2147483648", false),
            ("integer", "1.5", false),
            ("integer", "01067", false),
            ("integer", "", true),
            ("varchar(2)", "é", true),
            ("varchar(2)", "éa", false),
            ("numeric(5, 2)", "999.999", true),
            ("numeric(5, 2)", "1000", false),
            ("numeric(38, 0)", "1.5", false),
            ("double precision", "9007199254740993", false),
            ("double precision", "1e300", true),
            ("boolean", "Yes", true),
            ("boolean", "2", false),
            ("date", "2018-11-30", true),
            ("date", "2018-11-30 10:00:00", false),
            ("date", "11/30/2018", true),
            ("date", "30/11/2018", false),
            ("timestamp", "2018-11-30T10:20:30", true),
            ("timestamp", "2018-11-30T10:20:30Z", false),
            ("timestamptz", "2018-11-30", true),
            ("super", "anything", true),
        ] {
            assert_eq!(takes(data_type, text), expected, "{data_type} {text}");
        }
        let reading = Reading {
            date_format: Some("DD.MM.YYYY".into()),
            time_format: Some("epochmillisecs".into()),
            truncates: true,
            null_as: None,
        };
        let takes = |data_type: &str, text: &str| ColumnType::parse(data_type).takes(text, &reading);
        assert!(takes("date", "30.11.2018") && !takes("date", "2018-11-30") && !takes("date", "11.30.2018"));
        assert!(takes("timestamp", "1541105830796") && takes("varchar(1)", "long"));
    }

    #[test]
    fn a_wider_type_holds_what_was_there() {
        for (was, inferred, expected) in [
            ("integer", "bigint", "bigint"),
            ("integer", "numeric(38, 0)", "numeric(38, 0)"),
            ("integer", "double precision", "double precision"),
            ("bigint", "varchar(16)", "varchar(32)"),
            ("boolean", "integer", "varchar(32)"),
            ("date", "timestamp", "timestamp"),
            ("timestamp", "timestamptz", "timestamptz"),
            ("numeric(5, 2)", "bigint", "numeric(21, 2)"),
            ("numeric(38, 0)", "double precision", "varchar(32)"),
            ("double precision", "bigint", "varchar(32)"),
            ("varchar(16)", "varchar(32)", "varchar(32)"),
            ("varchar(16)", "super", "super"),
            ("integer", "super", "super"),
        ] {
            assert_eq!(ColumnType::parse(was).widened(inferred, 20, true), expected, "{was} {inferred}");
        }
        assert_eq!(ColumnType::parse("varchar(16)").widened("super", 20, false), "varchar(32)");
    }
}
