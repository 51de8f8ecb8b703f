//! Which type holds all values of a column that were seen, with room for those that come.

use std::borrow::Cow;

use serde_json::Value;

use super::convention::{Convention, NULL_WORDS};
use super::date_order::{DateOrder, NumericDates};
use super::times::{self, Order};

/// Redshift's longest VARCHAR, in bytes; a text inside a SUPER is no longer.
pub const VARCHAR_MAX: usize = 65_535;
/// The most digits of a DECIMAL.
const DECIMAL_DIGITS: usize = 38;
/// Every whole number up to this one is a double, too.
const EXACT_DOUBLE: u64 = 1 << 53;
/// Where no value was ever seen.
const UNSEEN_VARCHAR: usize = 256;

/// Statistics of a column's values.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Values, without words that may stand for NULL.
    values: u64,
    /// Fields of CSV that are one of `NULL_WORDS`.
    pub null_words: [u64; NULL_WORDS.len()],
    booleans: u64,
    integers: u64,
    /// The largest that fits a BIGINT.
    largest: u64,
    /// Digits of the longest one that does not.
    digits: usize,
    floats: u64,
    days: u64,
    pub times: u64,
    zones: u64,
    numeric: NumericDates,
    nested: u64,
    /// Bytes of the longest value as a text, but for objects and lists.
    pub longest: usize,
    /// Bytes of the longest text in an object or a list.
    longest_nested: usize,
    /// A type that a file of Parquet names.
    declared: Option<String>,
}

impl Seen {
    /// A column of Parquet, with its type and the bytes of its longest text.
    #[cfg_attr(not(feature = "local"), expect(dead_code, reason = "Parquet is read by DuckDB"))]
    pub fn declared(data_type: String, longest: usize) -> Self {
        Self { declared: Some(data_type), longest, ..Self::default() }
    }

    pub fn merge(&mut self, other: &Self) {
        if let (Some(one), Some(two)) = (&self.declared, &other.declared) {
            self.declared = Some(widest(one, two));
        }
        self.declared = self.declared.take().or_else(|| other.declared.clone());
        self.values += other.values;
        self.null_words.iter_mut().zip(other.null_words).for_each(|(all, more)| *all += more);
        self.booleans += other.booleans;
        self.integers += other.integers;
        self.largest = self.largest.max(other.largest);
        self.digits = self.digits.max(other.digits);
        self.floats += other.floats;
        self.days += other.days;
        self.times += other.times;
        self.zones += other.zones;
        self.numeric.merge(other.numeric);
        self.nested += other.nested;
        self.longest = self.longest.max(other.longest);
        self.longest_nested = self.longest_nested.max(other.longest_nested);
    }

    /// Returns true if each value is an object or a list.
    pub fn is_nested(&self) -> bool {
        self.nested > 0 && self.nested == self.values
    }

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
        if let Some(at) = NULL_WORDS.iter().position(|word| *word == text) {
            self.null_words[at] += 1;
            self.longest = self.longest.max(text.len());
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
            // What no double holds is a text.
            (Err(_), true) => self.floats += u64::from(text.parse::<f64>().is_ok_and(f64::is_finite)),
            (Err(_), false) => {
                self.integers += 1;
                self.digits = self.digits.max(text.trim_start_matches('-').len());
            }
        }
    }

    fn string(&mut self, text: &str) {
        self.longest = self.longest.max(text.len());
        let Some(read) = times::read(text) else { return };
        self.days += u64::from(!read.has_time);
        self.times += u64::from(read.has_time);
        self.zones += u64::from(read.has_zone);
        if let Order::Numbers { month_first, day_first, separator } = read.order {
            self.numeric.merge(NumericDates::one(month_first, day_first, separator));
        }
    }

    /// The same statistics, without words that may stand for NULL.
    pub fn without_words(&self) -> Self {
        Self { null_words: [0; NULL_WORDS.len()], ..self.clone() }
    }

    /// How the days are read; `None` where something else than days was seen.
    pub fn date_order(&self) -> Option<DateOrder> {
        if self.values == 0 || self.days + self.times != self.values {
            return None;
        }
        Some(self.numeric.order(self.values, self.times > 0))
    }

    /// Returns true if a column of dates or times holds it.
    pub fn is_time(&self, convention: &Convention) -> bool {
        ["date", "timestamp", "timestamptz"].contains(&self.data_type(convention).as_str())
    }

    /// Bytes of the longest text, where COPY takes none of this length.
    pub fn too_long(&self) -> Option<usize> {
        let longest = if self.nested > 0 { self.longest.max(self.longest_nested) } else { self.longest };
        (longest > VARCHAR_MAX && self.declared.is_none()).then_some(longest)
    }

    /// Returns true if a double would change some of the whole numbers.
    fn are_too_large_for_doubles(&self) -> bool {
        self.integers > 0 && (self.digits > 0 || self.largest > EXACT_DOUBLE)
    }

    pub fn data_type(&self, convention: &Convention) -> String {
        if let Some(declared) = &self.declared {
            return declared.clone();
        }
        let is_text = (0..).zip(self.null_words).any(|(at, count)| count > 0 && !convention.is_null(at));
        match self.values {
            _ if is_text => self.varchar(),
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
            all => match self.date_order().filter(|order| convention.reads(order, self.times > 0)) {
                None => self.varchar(),
                Some(_) if self.days == all => "date".to_owned(),
                Some(_) if self.zones > 0 => "timestamptz".to_owned(),
                Some(_) => "timestamp".to_owned(),
            },
        }
    }

    fn varchar(&self) -> String {
        varchar(self.longest)
    }
}

/// The longer of two declared types that differ in the length of their texts.
fn widest(one: &str, two: &str) -> String {
    let length = |text: &str| text.strip_prefix("varchar(")?.strip_suffix(')')?.parse::<usize>().ok();
    let is_longer = length(two) > length(one);
    if is_longer { two.to_owned() } else { one.to_owned() }
}

/// A VARCHAR with half as much room again as the longest text takes, in bytes.
pub fn varchar(longest: usize) -> String {
    let room = longest.min(VARCHAR_MAX) * 3 / 2;
    format!("varchar({})", room.next_power_of_two().clamp(16, VARCHAR_MAX))
}

/// The text of a JSON string. One that is no Unicode is measured as it is written.
pub fn unquoted(raw: &str) -> Cow<'_, str> {
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

/// Returns true if a field is a number as COPY reads one. Nothing that would lose a zero or a sign is.
pub(super) fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_padded = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'-' | b'+'));
    let begins = digits.starts_with(|sign: char| sign.is_ascii_digit() || sign == '.');
    is_plain && !is_padded && begins && text.parse::<f64>().is_ok_and(f64::is_finite)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[Value]) -> String {
        let mut seen = Seen::default();
        values.iter().for_each(|value| seen.json(&value.to_string()));
        seen.data_type(&Convention::default())
    }

    #[test]
    fn no_digit_of_a_whole_number_is_lost() {
        let of = |values: &[&str]| {
            let (mut json, mut csv) = (Seen::default(), Seen::default());
            values.iter().for_each(|value| json.json(value));
            values.iter().for_each(|value| csv.field(value));
            let convention = Convention::default();
            assert_eq!(json.data_type(&convention), csv.data_type(&convention));
            json.data_type(&convention)
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
        assert_eq!(of(&["1e400", "0.5"]), "varchar(16)");
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
        let fields = |fields: &[&str]| {
            let mut seen = Seen::default();
            fields.iter().for_each(|field| seen.field(field));
            seen.data_type(&Convention::default())
        };
        assert_eq!(fields(&["01067", "10115"]), "varchar(16)");
        assert_eq!(fields(&["1.50", "", "-2"]), "double precision");
        assert_eq!(fields(&[".5", "-.5", "5."]), "double precision");
        assert_eq!(fields(&["+49123", "1"]), "varchar(16)");
        assert_eq!(fields(&[".", "1"]), "varchar(16)");
        // COPY takes it for NULL where nothing else is said.
        assert_eq!(fields(&["\\N", "1"]), "integer");
        assert_eq!(fields(&["NA", "1"]), "varchar(16)");
    }

    #[test]
    fn days_have_an_order_or_are_texts() {
        let order = |fields: &[&str]| {
            let mut all = Seen::default();
            for field in fields {
                let mut one = Seen::default();
                one.field(field);
                all.merge(&one);
            }
            (all.date_order(), all.data_type(&Convention::default()))
        };
        let of = |order: DateOrder, data_type: &str| (Some(order), data_type.to_owned());
        assert_eq!(order(&["01/02/2018", "11/30/2018"]), of(DateOrder::Auto, "date"));
        assert_eq!(order(&["2018-11-30", "11/30/2018 9:05"]), of(DateOrder::Auto, "timestamp"));
        let pattern = |text: &str| DateOrder::Pattern(text.to_owned());
        assert_eq!(order(&["01/02/2018", "30/11/2018"]), of(pattern("DD/MM/YYYY"), "varchar(16)"));
        assert_eq!(order(&["11-30-2018"]), of(pattern("MM-DD-YYYY"), "varchar(16)"));
        assert_eq!(order(&["01/02/2018"]), of(DateOrder::Ambiguous, "varchar(16)"));
        assert_eq!(order(&["30/11/2018", "11/30/2018"]), of(DateOrder::Mixed, "varchar(16)"));
        assert_eq!(order(&["30/11/2018", "2018-11-30"]), of(DateOrder::Mixed, "varchar(16)"));
        assert_eq!(order(&["30/11/2018", "x"]), (None, "varchar(16)".to_owned()));
    }
}
