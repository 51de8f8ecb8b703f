//! Dates and times as COPY reads them: the default form, `auto`, the epoch keywords, and patterns.

use crate::warehouse::function::loose_time;

/// How texts become times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimeFormat {
    /// `YYYY-MM-DD HH:MI:SS`, with or without fractions and an offset.
    Default,
    /// `auto`: any order of day and month that Redshift knows.
    Auto,
    EpochSeconds,
    EpochMillis,
    /// A pattern, as strptime writes it.
    Pattern(String),
}

impl TimeFormat {
    /// Reads a TIMEFORMAT or DATEFORMAT string. The epoch keywords are case-sensitive (C10).
    pub fn parse(format: Option<&str>) -> Option<Self> {
        match format {
            None => Some(Self::Default),
            Some("auto") => Some(Self::Auto),
            Some("epochsecs") => Some(Self::EpochSeconds),
            Some("epochmillisecs") => Some(Self::EpochMillis),
            Some(pattern) => to_strptime(pattern).map(Self::Pattern),
        }
    }

    /// Microseconds since the epoch, UTC.
    pub fn micros(&self, text: &str) -> Option<i64> {
        let text = text.trim();
        match self {
            Self::EpochSeconds => decimal_micros(text, 1_000_000),
            Self::EpochMillis => decimal_micros(text, 1_000),
            Self::Default => plain(text),
            Self::Auto => plain(text).or_else(|| loose_time(text).map(micros)),
            Self::Pattern(pattern) => {
                // A fraction may follow the seconds, though the pattern has none.
                let (text, fraction) = match text.rsplit_once('.') {
                    Some((text, digits)) if pattern.ends_with("%S") && is_number(digits) => (text, digits),
                    _ => (text, ""),
                };
                let parsed = jiff::fmt::strtime::parse(pattern, text).ok()?;
                let time = parsed.to_time().unwrap_or(jiff::civil::Time::midnight());
                let below = decimal_micros(&format!("0.{fraction}"), 1_000_000)?;
                Some(micros(parsed.to_date().ok()?.to_datetime(time)) + below)
            }
        }
    }

    /// Days since the epoch.
    pub fn days(&self, text: &str) -> Option<i32> {
        i32::try_from(self.micros(text)?.div_euclid(86_400_000_000)).ok()
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `2018-11-01`, `2018-11-01 20:57:10.796`, `2018-11-01T20:57:10Z`, `2018-11-01 20:57:10+05:30`.
fn plain(text: &str) -> Option<i64> {
    let (date, time) = text.split_once([' ', 'T']).unwrap_or((text, "00:00:00"));
    let time = time.trim_end_matches('Z').trim();
    let (time, offset) = match time.find(['+', '-']) {
        Some(at) => (time[..at].trim(), offset_seconds(&time[at..])?),
        None => (time, 0),
    };
    let date: jiff::civil::Date = date.parse().ok()?;
    let time: jiff::civil::Time = time.parse().ok()?;
    Some(micros(date.to_datetime(time)) - offset * 1_000_000)
}

/// `+5`, `+05`, `-0530`, `+05:30`; less than 16 hours, as in PostgreSQL.
fn offset_seconds(text: &str) -> Option<i64> {
    let digits: String = text[1..].chars().filter(|sign| *sign != ':').collect();
    if !is_number(&digits) || digits.len() > 4 {
        return None;
    }
    let (hours, minutes) = digits.split_at(digits.len().min(2));
    let hours: i64 = hours.parse().ok()?;
    let minutes: i64 = if minutes.is_empty() { 0 } else { minutes.parse().ok()? };
    let seconds = hours * 3600 + minutes * 60;
    (hours < 16 && minutes < 60).then_some(if text.starts_with('-') { -seconds } else { seconds })
}

fn micros(datetime: jiff::civil::DateTime) -> i64 {
    datetime.to_zoned(jiff::tz::TimeZone::UTC).map_or(0, |zoned| zoned.timestamp().as_microsecond())
}

/// `1541105830796` or `1541105830.796`, in units of which a second has `1_000_000 / unit`.
fn decimal_micros(text: &str, unit: i64) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole: i64 = whole.parse().ok()?;
    let fraction: f64 = if fraction.is_empty() { 0.0 } else { format!("0.{fraction}").parse().ok()? };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "below one unit, which is at most a million"
    )]
    let below = (fraction * unit as f64).round() as i64;
    let whole = whole.checked_mul(unit)?;
    if text.starts_with('-') { whole.checked_sub(below) } else { whole.checked_add(below) }
}

/// Redshift's pattern → strptime's; `None` where a field has no counterpart.
fn to_strptime(pattern: &str) -> Option<String> {
    const FIELDS: [(&str, &str); 12] = [
        ("YYYY", "%Y"),
        ("YY", "%y"),
        ("MONTH", "%B"),
        ("MON", "%b"),
        ("MM", "%m"),
        ("DD", "%d"),
        ("HH24", "%H"),
        ("HH12", "%I"),
        ("HH", "%H"),
        ("MI", "%M"),
        ("SS", "%S"),
        ("AM", "%p"),
    ];
    let (mut rest, mut translated) = (pattern, String::new());
    while let Some(first) = rest.chars().next() {
        let upper = rest.to_uppercase();
        match FIELDS.iter().find(|(name, _)| upper.starts_with(name)) {
            Some((name, directive)) => {
                translated.push_str(directive);
                rest = rest.get(name.len()..)?;
            }
            None if first.is_alphabetic() && first != 'T' => return None,
            None => {
                translated.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    Some(translated)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_time() {
        let read = |format: Option<&str>, text: &str| TimeFormat::parse(format).expect("format").micros(text);
        assert_eq!(read(Some("epochmillisecs"), "1541105830796"), Some(1_541_105_830_796_000));
        assert_eq!(read(Some("epochsecs"), "1541105830"), Some(1_541_105_830_000_000));
        assert_eq!(read(None, "2018-11-01 20:57:10.796"), Some(1_541_105_830_796_000));
        assert_eq!(read(Some("auto"), "2018-11-01"), Some(1_541_030_400_000_000));
        assert_eq!(read(Some("DD.MM.YYYY HH24:MI"), "01.11.2018 20:57"), Some(1_541_105_820_000_000));
        assert_eq!(read(Some("auto"), "11/01/2018 20:57:10"), Some(1_541_105_830_000_000));
        assert_eq!(read(Some("YYYY-MM-DD HH:MI:SS"), "2018-11-01 20:57:10.796"), Some(1_541_105_830_796_000));
        assert_eq!(read(None, "2018-11-01 20:57:10+00"), Some(1_541_105_830_000_000));
        assert_eq!(read(None, "2018-11-01 20:57:10-05:30"), Some(1_541_125_630_000_000));
        assert_eq!(read(None, "2018-11-01 20:57:10+5"), Some(1_541_087_830_000_000));
        assert_eq!(read(None, "2018-11-01 20:57:10+16"), None);
        assert_eq!(read(None, "2018-11-01 20:57:10-09202036854775808"), None);
        assert_eq!(read(None, "2018-11-01 20:57:10-+5"), None);
        assert_eq!(read(Some("epochsecs"), "-0.5"), Some(-500_000));
        assert_eq!(read(Some("epochsecs"), "9223372036854775807"), None);
        assert_eq!(read(None, "11/01/2018"), None);
        assert_eq!(read(None, "1541105830796"), None);
        assert_eq!(TimeFormat::parse(Some("EPOCHMILLISECS")), None);
    }
}
