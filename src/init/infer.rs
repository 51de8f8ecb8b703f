//! Which type holds all values of a column that were seen, with room for those that come.

use serde_json::Value;

/// Redshift's longest VARCHAR, in bytes.
const VARCHAR_MAX: usize = 65_535;
/// Where no value was ever seen.
const UNSEEN_VARCHAR: usize = 256;

/// What was seen of a column.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    values: u64,
    booleans: u64,
    integers: u64,
    largest: u64,
    too_large: bool,
    floats: u64,
    days: u64,
    times: u64,
    zones: u64,
    nested: u64,
    longest: usize,
}

impl Seen {
    pub fn json(&mut self, value: &Value) {
        match value {
            Value::Null => return,
            Value::Bool(flag) => {
                self.booleans += 1;
                self.longest = self.longest.max(flag.to_string().len());
            }
            Value::Number(number) => self.number(&number.to_string()),
            Value::String(text) => self.string(text),
            Value::Array(_) | Value::Object(_) => self.nested += 1,
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
                self.too_large = true;
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

    pub fn data_type(&self) -> String {
        match self.values {
            0 => format!("varchar({UNSEEN_VARCHAR})"),
            all if self.nested > 0 => {
                debug_assert!(self.nested <= all, "each value is counted once");
                "super".to_owned()
            }
            all if self.booleans == all => "boolean".to_owned(),
            all if self.integers == all && self.too_large => "numeric(38, 0)".to_owned(),
            // Numbers that count something grow.
            all if self.integers == all && self.largest < 1 << 30 => "integer".to_owned(),
            all if self.integers == all => "bigint".to_owned(),
            all if self.integers + self.floats == all => "double precision".to_owned(),
            all if self.days == all => "date".to_owned(),
            _ if self.is_time() && self.zones > 0 => "timestamptz".to_owned(),
            _ if self.is_time() => "timestamp".to_owned(),
            _ => format!("varchar({})", (self.longest * 3 / 2).next_power_of_two().clamp(16, VARCHAR_MAX)),
        }
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
        values.iter().for_each(|value| seen.json(value));
        seen.data_type()
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
