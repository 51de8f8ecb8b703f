//! One JSON value → one value of a column, or the reason why not, in the words of SYS_LOAD_ERROR_DETAIL.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::timestamp::TimeFormat;
use crate::super_value;
use redshift_sql::CopyCommand;
use redshift_sql::Type;
use redshift_sql::{civil, interval, time_of_day};

/// A value ready to be appended. Times are microseconds and days since the epoch, decimals are scaled.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell<'a> {
    Null,
    Text(Cow<'a, str>),
    Integer(i64),
    Decimal(i128),
    Float(f64),
    Boolean(bool),
    Days(i32),
    Micros(i64),
}

/// Why a value cannot be loaded. The codes are those of STL_LOAD_ERRORS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    pub code: i32,
    pub message: String,
}

/// What decides how values are read, taken from the COPY statement once.
#[derive(Debug, Clone)]
pub struct Rules {
    pub truncate: bool,
    pub empty_as_null: bool,
    pub blanks_as_null: bool,
    pub times: TimeFormat,
    pub dates: TimeFormat,
    pub any_date: bool,
    pub round: bool,
    pub trim_blanks: bool,
}

impl Rules {
    /// `None` where a TIMEFORMAT or DATEFORMAT has a field that is not understood.
    pub fn of(copy: &CopyCommand) -> Option<Self> {
        Some(Self {
            truncate: copy.truncate_columns,
            empty_as_null: copy.empty_as_null,
            blanks_as_null: copy.blanks_as_null,
            times: TimeFormat::parse(copy.time_format.as_deref())?,
            dates: TimeFormat::parse(copy.date_format.as_deref())?,
            any_date: copy.any_date,
            round: copy.round,
            trim_blanks: copy.trim_blanks,
        })
    }

    /// A value of JSON.
    pub fn convert<'a>(&self, value: Option<&'a RawValue>, column: Type) -> Result<Cell<'a>, Rejection> {
        let Some(value) = value.filter(|value| value.get() != "null") else { return Ok(Cell::Null) };
        if column == Type::Super {
            return super_cell(super_value::from_raw(value));
        }
        let raw = value.get();
        // Everything else is read from its text: a string's content, or a number as it was written.
        let text: Cow<'a, str> = match raw.as_bytes().first() {
            Some(b'"') => unescape(raw)?,
            _ => raw.into(),
        };
        self.convert_text(text, column)
    }

    /// A field of text.
    pub fn convert_text<'a>(&self, text: Cow<'a, str>, column: Type) -> Result<Cell<'a>, Rejection> {
        match column {
            Type::Super if text.is_empty() => Ok(Cell::Null),
            // Valid JSON is required (ingest-super).
            Type::Super => super_cell(super_value::parse(&text)),
            Type::Char(_) if !text.is_ascii() => Err(no_ascii(&text)),
            Type::Char(limit) | Type::Varchar(limit) => self.characters(text, limit),
            Type::Varbyte(_) if text.is_empty() => Ok(Cell::Null),
            Type::Varbyte(limit) => varbyte(&text, limit),
            _ if text.trim().is_empty() => Ok(Cell::Null),
            Type::SmallInt => integer(&text, "Short", i64::from(i16::MIN), i64::from(i16::MAX)),
            Type::Integer => integer(&text, "Integer", i64::from(i32::MIN), i64::from(i32::MAX)),
            Type::BigInt => integer(&text, "Long", i64::MIN, i64::MAX),
            Type::Decimal(precision, scale) => decimal(&text, precision, scale, self.round),
            Type::Real => float(&text, "Real", f64::from(f32::MAX)),
            Type::Double => float(&text, "Double", f64::MAX),
            Type::Boolean => boolean(&text),
            Type::Date => {
                let invalid = || rejection(1205, "Invalid Date Format - length must be 10 or more");
                match self.dates.days(&text) {
                    None if self.any_date => Ok(Cell::Null),
                    days => days.map(Cell::Days).ok_or_else(invalid),
                }
            }
            Type::Timestamp | Type::TimestampTz => {
                let is_zoned = column == Type::TimestampTz;
                let offset = if is_zoned { "OF" } else { "" };
                let invalid = || {
                    let form = format!("[YYYY-MM-DD HH24:MI:SS{offset}]");
                    rejection(1206, format!("Invalid timestamp format or value {form}"))
                };
                match self.times.micros(&text, is_zoned) {
                    None if self.any_date => Ok(Cell::Null),
                    micros => micros.map(Cell::Micros).ok_or_else(invalid),
                }
            }
            Type::Interval(kind) => {
                let invalid = || rejection(1206, "Invalid interval format or value");
                let span = interval::read(&text, Some(kind)).ok_or_else(invalid)?;
                Ok(Cell::Text(interval::duck_text(span).into()))
            }
            Type::TimeTz => {
                let invalid = || rejection(1206, "Invalid time format or value [HH24:MI:SSOF]");
                let micros = time_of_day::read_zoned(&text).ok_or_else(invalid)?;
                Ok(Cell::Text(format!("{}+00", civil::time_text(micros)).into()))
            }
            Type::Time => {
                let invalid = || rejection(1206, "Invalid time format or value [HH24:MI:SS]");
                let micros = civil::read_time(text.trim()).ok_or_else(invalid)?;
                Ok(Cell::Text(civil::time_text(micros).into()))
            }
        }
    }

    fn characters<'a>(&self, text: Cow<'a, str>, limit: u64) -> Result<Cell<'a>, Rejection> {
        if (self.empty_as_null && text.is_empty()) || (self.blanks_as_null && text.chars().all(char::is_whitespace)) {
            return Ok(Cell::Null);
        }
        let text = match (self.trim_blanks, text) {
            (true, Cow::Borrowed(text)) => text.trim_end_matches(' ').into(),
            (true, Cow::Owned(text)) => text.trim_end_matches(' ').to_owned().into(),
            (false, text) => text,
        };
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        if text.len() <= limit {
            return Ok(Cell::Text(text));
        }
        if !self.truncate {
            return Err(rejection(1204, "String length exceeds DDL length"));
        }
        let mut end = limit;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        Ok(Cell::Text(text[..end].to_owned().into()))
    }
}

/// A CHAR holds characters of one byte (multi-byte-character-load-errors).
fn no_ascii(text: &str) -> Rejection {
    let found = text.chars().find(|character| !character.is_ascii()).unwrap_or_default();
    let bytes: Vec<String> = found.to_string().bytes().map(|byte| format!("{byte:02x}")).collect();
    let message = "Multibyte character not supported for CHAR (Hint: try using VARCHAR). Invalid char:";
    rejection(1220, format!("{message} {}", bytes.join(" ")))
}

/// 1224 is the code that SUPER values are rejected with.
fn super_cell(value: Result<String, String>) -> Result<Cell<'static>, Rejection> {
    value.map(|value| Cell::Text(value.into())).map_err(|reason| rejection(1224, reason))
}

/// Bytes in hexadecimal digits (copy-usage-varbyte), as the text that DuckDB casts to them.
fn varbyte(text: &str, limit: u64) -> Result<Cell<'static>, Rejection> {
    let digits = text.trim();
    let is_hex = digits.len().is_multiple_of(2) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if !is_hex {
        return Err(rejection(1207, "Invalid hexadecimal digit, Type: Varbyte"));
    }
    if digits.len() as u64 / 2 > limit {
        return Err(rejection(1204, "String length exceeds DDL length"));
    }
    let escaped = (0..digits.len()).step_by(2).map(|at| format!("\\x{}", &digits[at..at + 2]));
    Ok(Cell::Text(escaped.collect::<String>().into()))
}

pub fn rejection(code: i32, message: impl Into<String>) -> Rejection {
    Rejection { code, message: message.into() }
}

fn unescape(raw: &str) -> Result<Cow<'_, str>, Rejection> {
    let inside = &raw[1..raw.len() - 1];
    if !inside.contains('\\') {
        return Ok(inside.into());
    }
    let text: String = serde_json::from_str(raw).map_err(|error| rejection(1216, format!("Invalid value: {error}")))?;
    // DuckDB, as Redshift, holds no NUL in a string.
    match text.contains('\0') {
        true => Err(rejection(1212, "Invalid null byte - field longer than 1 byte")),
        false => Ok(text.into()),
    }
}

fn integer(text: &str, name: &str, least: i64, most: i64) -> Result<Cell<'static>, Rejection> {
    let text = text.trim();
    // COPY reads JSON numbers as numbers: 1540919166796.0 is an integer, 4.6 is not.
    let digits = text.strip_suffix(".0").unwrap_or(text);
    match digits.parse::<i64>() {
        Ok(value) if (least..=most).contains(&value) => Ok(Cell::Integer(value)),
        Ok(_) => Err(rejection(1213, format!("Overflow for {name} ({text})"))),
        Err(_) => {
            let sign = usize::from(text.starts_with(['-', '+']));
            let at = text.char_indices().find(|(at, c)| *at >= sign && !c.is_ascii_digit());
            match at {
                Some((at, c)) => Err(rejection(1207, format!("Invalid digit, Value '{c}', Pos {at}, Type: {name}"))),
                None => Err(rejection(1213, format!("Overflow for {name} ({text})"))),
            }
        }
    }
}

/// The first sign that is of no number.
fn invalid_digit(text: &str, name: &str) -> Rejection {
    let is_of_number = |sign: char| sign.is_ascii_digit() || matches!(sign, '.' | '-' | '+');
    let found = text.char_indices().find(|(_, sign)| !is_of_number(*sign));
    let (at, sign) = found.or_else(|| text.char_indices().next()).unwrap_or((0, ' '));
    rejection(1207, format!("Invalid digit, Value '{sign}', Pos {at}, Type: {name}"))
}

/// Infinity is itself where it is written out, and else too large a number.
fn float(text: &str, name: &str, most: f64) -> Result<Cell<'static>, Rejection> {
    let text = text.trim();
    let number: f64 = text.parse().map_err(|_| invalid_digit(text, name))?;
    let is_written = || text.bytes().any(|byte| matches!(byte, b'i' | b'I'));
    match number.abs() > most && !is_written() {
        true => Err(rejection(1213, format!("Overflow for {name} ({text})"))),
        false => Ok(Cell::Float(number)),
    }
}

fn boolean(text: &str) -> Result<Cell<'static>, Rejection> {
    match text.trim().to_lowercase().as_str() {
        "true" | "t" | "1" | "y" | "yes" => Ok(Cell::Boolean(true)),
        "false" | "f" | "0" | "n" | "no" => Ok(Cell::Boolean(false)),
        _ => Err(rejection(1210, "Unknown boolean format - must be one of t, f, true, false, 1, 0, y, n, yes, no")),
    }
}

/// Places beyond the scale of the column are cut off, or with ROUNDEC rounded half away from zero (C18).
fn decimal(text: &str, precision: u8, scale: u8, round: bool) -> Result<Cell<'static>, Rejection> {
    let invalid = || invalid_digit(text.trim(), "Decimal");
    let overflow = || rejection(1208, format!("Numeric data overflow (DECIMAL({precision},{scale}))"));
    let (mantissa, exponent) = match text.trim().split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().map_err(|_| invalid())?),
        None => (text.trim(), 0),
    };
    let (sign, digits) = match mantissa.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.len() + fraction.len() == 0 || !whole.chars().chain(fraction.chars()).all(|c| c.is_ascii_digit()) {
        return Err(invalid());
    }
    let unscaled: i128 = format!("{whole}{fraction}").parse().map_err(|_| overflow())?;
    let places = i32::try_from(fraction.len()).map_err(|_| overflow())?;
    let shift = i32::from(scale).saturating_add(exponent).saturating_sub(places);
    let power = |by: u32| 10_i128.checked_pow(by);
    let scaled = match u32::try_from(shift) {
        Ok(up) => power(up).and_then(|factor| unscaled.checked_mul(factor)).ok_or_else(overflow)?,
        Err(_) => match power(shift.unsigned_abs()) {
            Some(divisor) => {
                let up = round && unscaled % divisor >= divisor / 2;
                unscaled / divisor + i128::from(up)
            }
            None => 0,
        },
    };
    match power(u32::from(precision)) {
        Some(bound) if scaled >= bound => Err(overflow()),
        _ => Ok(Cell::Decimal(sign * scaled)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn convert(json: &str, column: Type) -> Result<Cell<'static>, i32> {
        let rules = Rules {
            truncate: false,
            empty_as_null: false,
            blanks_as_null: false,
            times: TimeFormat::EpochMillis,
            dates: TimeFormat::Default,
            any_date: false,
            round: true,
            trim_blanks: false,
        };
        let raw: &'static RawValue = Box::leak(RawValue::from_string(json.to_owned()).expect("json"));
        rules.convert(Some(raw), column).map_err(|rejection| rejection.code)
    }

    #[test]
    fn numbers_keep_their_text_in_a_varchar() {
        for (json, text) in
            [("112", "112"), ("4.6", "4.6"), ("1e3", "1e3"), ("true", "true"), (r#""a\u00e9\/""#, "aé/")]
        {
            assert_eq!(convert(json, Type::Varchar(10)), Ok(Cell::Text(text.into())));
        }
    }

    #[test]
    fn integers() {
        assert_eq!(convert("1540919166796.0", Type::BigInt), Ok(Cell::Integer(1_540_919_166_796)));
        assert_eq!(convert("\"39\"", Type::Integer), Ok(Cell::Integer(39)));
        assert_eq!(convert("\"\"", Type::Integer), Ok(Cell::Null));
        assert_eq!(convert("4.6", Type::Integer), Err(1207));
        assert_eq!(convert("40000", Type::SmallInt), Err(1213));
    }

    #[test]
    fn decimals_round_and_overflow() {
        assert_eq!(convert("1.005", Type::Decimal(5, 2)), Ok(Cell::Decimal(101)));
        assert_eq!(convert("-1.005", Type::Decimal(5, 2)), Ok(Cell::Decimal(-101)));
        assert_eq!(convert("2.5e2", Type::Decimal(5, 1)), Ok(Cell::Decimal(2500)));
        assert_eq!(convert("1000", Type::Decimal(5, 2)), Err(1208));
        assert_eq!(convert("\"x\"", Type::Decimal(5, 2)), Err(1207));
    }

    #[test]
    fn what_no_float_holds_is_refused() {
        assert_eq!(convert("1e39", Type::Double), Ok(Cell::Float(1e39)));
        assert_eq!(convert("1e39", Type::Real), Err(1213));
        assert_eq!(convert("-1e400", Type::Double), Err(1213));
        assert_eq!(convert("\"-Infinity\"", Type::Real), Ok(Cell::Float(f64::NEG_INFINITY)));
    }

    #[test]
    fn the_end_of_a_day_is_a_time() {
        assert_eq!(convert("\"24:00:00\"", Type::Time), Ok(Cell::Text("24:00:00".into())));
        assert_eq!(convert("\"24:00:01\"", Type::Time), Err(1206));
    }

    #[test]
    fn a_char_has_characters_of_one_byte() {
        assert_eq!(convert("\"e\"", Type::Char(4)), Ok(Cell::Text("e".into())));
        assert_eq!(convert("\"é\"", Type::Char(4)), Err(1220));
        let message = "Multibyte character not supported for CHAR (Hint: try using VARCHAR). Invalid char: c3 a9";
        assert_eq!(no_ascii("café").message, message);
    }

    #[test]
    fn a_varchar_counts_bytes() {
        assert_eq!(convert("\"éé\"", Type::Varchar(4)), Ok(Cell::Text("éé".into())));
        assert_eq!(convert("\"ééé\"", Type::Varchar(4)), Err(1204));
    }
}
