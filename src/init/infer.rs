//! Which type holds all values of a column that were seen, with room for those that come.

use std::borrow::Cow;

use serde_json::Value;

/// Redshift's longest VARCHAR, in bytes; a text inside a SUPER is no longer.
pub const VARCHAR_MAX: usize = 65_535;
/// The most digits of a DECIMAL.
const DECIMAL_DIGITS: usize = 38;
/// Every whole number up to this one is a double, too.
const EXACT_DOUBLE: u64 = 1 << 53;
/// Where no value was ever seen.
const UNSEEN_VARCHAR: usize = 256;

/// What was seen of a column.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    values: u64,
    booleans: u64,
    integers: u64,
    /// Of those that fit a BIGINT.
    largest: u64,
    /// Digits of the longest one that does not.
    digits: usize,
    floats: u64,
    days: u64,
    times: u64,
    zones: u64,
    nested: u64,
    longest: usize,
    /// Bytes of the longest text in an object or a list.
    longest_nested: usize,
}

impl Seen {
    /// A JSON value as it is written: a number keeps all of its digits.
    pub fn json(&mut self, raw: &str) {
        match raw.as_bytes().first() {
            Some(b'n') | None => return,
            Some(b't' | b'f') => {
                self.booleans += 1;
                self.longest = self.longest.max(raw.len());
            }
            Some(b'"') => self.string(&unquoted(raw)),
            Some(b'{' | b'[') => {
                self.nested += 1;
                let longest = serde_json::from_str::<Value>(raw).map_or(0, |value| longest_text(&value));
                self.longest_nested = self.longest_nested.max(longest);
            }
            Some(_) => self.number(raw),
        }
        self.values += 1;
    }

    /// A field of a CSV file, where an empty one is no value.
    pub fn field(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.values += 1;
        match text {
            "true" | "false" | "TRUE" | "FALSE" | "True" | "False" => {
                self.booleans += 1;
                self.longest = self.longest.max(text.len());
            }
            // 007 is no number: its zeros would be lost.
            text if is_number(text) => self.number(text),
            text => self.string(text),
        }
    }

    fn number(&mut self, text: &str) {
        self.longest = self.longest.max(text.len());
        match (text.parse::<i64>(), text.contains(['.', 'e', 'E'])) {
            (Ok(number), _) => {
                self.integers += 1;
                self.largest = self.largest.max(number.unsigned_abs());
            }
            (Err(_), true) => self.floats += 1,
            (Err(_), false) => {
                self.integers += 1;
                self.digits = self.digits.max(text.trim_start_matches('-').len());
            }
        }
    }

    fn string(&mut self, text: &str) {
        self.longest = self.longest.max(text.len());
        if text.parse::<jiff::civil::Date>().is_ok() && text.len() == 10 {
            self.days += 1;
        } else if let Some(has_zone) = time(text) {
            self.times += 1;
            self.zones += u64::from(has_zone);
        }
    }

    pub fn is_time(&self) -> bool {
        self.values > 0 && self.days + self.times == self.values
    }

    /// Bytes of the longest text, where COPY takes none of this length.
    pub fn too_long(&self) -> Option<usize> {
        let longest = if self.nested > 0 { self.longest.max(self.longest_nested) } else { self.longest };
        (longest > VARCHAR_MAX).then_some(longest)
    }

    /// Whether a double would change some of the whole numbers.
    fn are_too_large_for_doubles(&self) -> bool {
        self.integers > 0 && (self.digits > 0 || self.largest > EXACT_DOUBLE)
    }

    pub fn data_type(&self) -> String {
        match self.values {
            0 => format!("varchar({UNSEEN_VARCHAR})"),
            all if self.nested > 0 => {
                debug_assert!(self.nested <= all, "each value is counted once");
                "super".to_owned()
            }
            all if self.booleans == all => "boolean".to_owned(),
            // Numbers that count something grow.
            all if self.integers == all && self.digits == 0 && self.largest < 1 << 30 => "integer".to_owned(),
            all if self.integers == all && self.digits == 0 => "bigint".to_owned(),
            all if self.integers == all && self.digits <= DECIMAL_DIGITS => "numeric(38, 0)".to_owned(),
            all if self.integers + self.floats == all && !self.are_too_large_for_doubles() => {
                "double precision".to_owned()
            }
            all if self.days == all => "date".to_owned(),
            _ if self.is_time() && self.zones > 0 => "timestamptz".to_owned(),
            _ if self.is_time() => "timestamp".to_owned(),
            _ => format!("varchar({})", (self.longest * 3 / 2).next_power_of_two().clamp(16, VARCHAR_MAX)),
        }
    }
}

/// The text of a JSON string. One that is no Unicode is measured as it is written.
fn unquoted(raw: &str) -> Cow<'_, str> {
    let inside = raw.trim_matches('"');
    match inside.contains('\\') {
        false => inside.into(),
        true => serde_json::from_str::<String>(raw).map_or(inside.into(), Cow::Owned),
    }
}

/// Bytes of the longest text in a value.
fn longest_text(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(values) => values.iter().map(longest_text).max().unwrap_or(0),
        Value::Object(fields) => fields.values().map(longest_text).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_padded = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'-' | b'+'));
    is_plain && !is_padded && digits.starts_with(|sign: char| sign.is_ascii_digit()) && text.parse::<f64>().is_ok()
}

/// Whether a text is a day with a time, as COPY reads it with TIMEFORMAT 'auto'; and whether it has a zone.
fn time(text: &str) -> Option<bool> {
    let (day, rest) = text.split_at_checked(10)?;
    let clock = rest.strip_prefix(['T', ' '])?;
    day.parse::<jiff::civil::Date>().ok()?;
    let end = clock.find(['Z', '+', '-']).unwrap_or(clock.len());
    let (clock, zone) = clock.split_at(end);
    clock.trim_end().parse::<jiff::civil::Time>().ok()?;
    let is_zone = zone.is_empty() || zone == "Z" || zone[1..].bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
    is_zone.then_some(!zone.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[Value]) -> String {
        let mut seen = Seen::default();
        values.iter().for_each(|value| seen.json(&value.to_string()));
        seen.data_type()
    }

    #[test]
    fn no_digit_of_a_whole_number_is_lost() {
        let of = |values: &[&str]| {
            let (mut json, mut csv) = (Seen::default(), Seen::default());
            values.iter().for_each(|value| json.json(value));
            values.iter().for_each(|value| csv.field(value));
            assert_eq!(json.data_type(), csv.data_type());
            json.data_type()
        };
        let digits = "12345678901234567890123456789012345678";
        assert_eq!(of(&["9223372036854775807", "-9223372036854775808"]), "bigint");
        assert_eq!(of(&["9223372036854775808", "1"]), "numeric(38, 0)");
        assert_eq!(of(&[digits]), "numeric(38, 0)");
        assert_eq!(of(&[&format!("-{digits}")]), "numeric(38, 0)");
        assert_eq!(of(&[&format!("{digits}9")]), "varchar(64)");
        assert_eq!(of(&["9007199254740993", "0.5"]), "varchar(32)");
        assert_eq!(of(&[digits, "1e3"]), "varchar(64)");
        assert_eq!(of(&["9007199254740992", "0.5"]), "double precision");
    }

    #[test]
    fn texts_that_no_column_holds_are_known() {
        let too_long = |raw: String| {
            let mut seen = Seen::default();
            seen.json(&raw);
            seen.too_long()
        };
        let text = "x".repeat(VARCHAR_MAX);
        assert_eq!(too_long(format!("\"{text}\"")), None);
        assert_eq!(too_long(format!("\"{text}\\n\"")), Some(VARCHAR_MAX + 1));
        assert_eq!(too_long(format!("{{\"a\": [1, \"{text}x\"]}}")), Some(VARCHAR_MAX + 1));
        assert_eq!(too_long(format!("{{\"a\": [\"{text}\", \"{text}\"]}}")), None);
    }

    #[test]
    fn types_hold_what_was_seen() {
        use serde_json::json;
        assert_eq!(of(&[json!(1), json!(null), json!(-7)]), "integer");
        assert_eq!(of(&[json!(1_541_105_830_796_i64)]), "bigint");
        assert_eq!(of(&[json!(18_446_744_073_709_551_615_u64)]), "numeric(38, 0)");
        assert_eq!(of(&[json!(1), json!(2.5)]), "double precision");
        assert_eq!(of(&[json!(true)]), "boolean");
        assert_eq!(of(&[json!(true), json!(1)]), "varchar(16)");
        assert_eq!(of(&[json!("2018-11-30")]), "date");
        assert_eq!(of(&[json!("2018-11-30T10:20:30"), json!("2018-11-30")]), "timestamp");
        assert_eq!(of(&[json!("2018-11-30T10:20:30.123Z")]), "timestamptz");
        assert_eq!(of(&[json!("2018-11-30 10:20:30+02:00")]), "timestamptz");
        assert_eq!(of(&[json!("not a day"), json!("2018-11-30")]), "varchar(16)");
        assert_eq!(of(&[json!("x".repeat(100))]), "varchar(256)");
        assert_eq!(of(&[json!({"a": 1}), json!("x")]), "super");
        assert_eq!(of(&[json!(null)]), "varchar(256)");
        let mut zip = Seen::default();
        ["01067", "10115"].iter().for_each(|field| zip.field(field));
        assert_eq!(zip.data_type(), "varchar(16)");
        let mut price = Seen::default();
        ["1.50", "", "-2"].iter().for_each(|field| price.field(field));
        assert_eq!(price.data_type(), "double precision");
    }
}
