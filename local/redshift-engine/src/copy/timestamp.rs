//! Dates and times as COPY reads them: the default form, `auto`, the epoch keywords, and patterns.

use redshift_sql::civil;
use redshift_sql::loose_time::{loose_time, loose_time_zoned};

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

    /// Microseconds since the epoch, UTC; `None` for what is no time, or out of Redshift's range. Without a zone one that
    /// the text names is passed over.
    pub fn micros(&self, text: &str, is_zoned: bool) -> Option<i64> {
        let text = text.trim();
        let micros = match self {
            Self::EpochSeconds => decimal_micros(text, 1_000_000)?,
            Self::EpochMillis => decimal_micros(text, 1_000)?,
            // ISO 8601 is for 'auto' alone.
            Self::Default if text.contains('T') => return None,
            Self::Default => civil::parse_timestamp(text, is_zoned)?,
            Self::Auto => {
                civil::parse_timestamp(text, is_zoned).or_else(|| civil::parse_julian(text)).or_else(|| {
                    let loose = if is_zoned { loose_time_zoned(text) } else { loose_time(text) };
                    civil::from_jiff(loose?)
                })?
            }
            Self::Pattern(pattern) => {
                // A fraction may follow the seconds, though the pattern has none.
                let (text, fraction) = match text.rsplit_once('.') {
                    Some((text, digits)) if pattern.ends_with("%S") && is_number(digits) => (text, digits),
                    _ => (text, ""),
                };
                let parsed = jiff::fmt::strtime::parse(pattern, text).ok()?;
                let below = decimal_micros(&format!("0.{fraction}"), 1_000_000)?;
                civil::from_jiff(parsed.to_date().ok()?.to_datetime(parsed.to_time().ok()?))? + below
            }
        };
        civil::in_range(micros)
    }

    /// Days since the epoch. Dates reach further than timestamps.
    pub fn days(&self, text: &str) -> Option<i32> {
        let text = text.trim();
        if let (Self::Default | Self::Auto, Some(days)) = (self, civil::parse_date(text)) {
            return Some(days);
        }
        let micros = match self {
            Self::Default => civil::parse_timestamp(text, false)?,
            _ => self.micros(text, false)?,
        };
        i32::try_from(micros.div_euclid(civil::DAY_MICROS)).ok()
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
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
        let read = |format: Option<&str>, text: &str| TimeFormat::parse(format).expect("format").micros(text, true);
        assert_eq!(read(Some("epochmillisecs"), "1541105830796"), Some(1_541_105_830_796_000));
        assert_eq!(read(Some("epochsecs"), "1541105830"), Some(1_541_105_830_000_000));
        assert_eq!(read(None, "2018-11-01 20:57:10.796"), Some(1_541_105_830_796_000));
        assert_eq!(read(Some("auto"), "2018-11-01"), Some(1_541_030_400_000_000));
        assert_eq!(read(Some("DD.MM.YYYY HH24:MI"), "01.11.2018 20:57"), Some(1_541_105_820_000_000));
        assert_eq!(read(Some("auto"), "11/01/2018 20:57:10"), Some(1_541_105_830_000_000));
        assert_eq!(read(Some("auto"), "2018/11/01 20:57:10"), Some(1_541_105_830_000_000));
        assert_eq!(read(Some("auto"), "2018/11/01"), Some(1_541_030_400_000_000));
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
        assert_eq!(read(None, "2018-11-01T20:57:10Z"), None);
        assert_eq!(read(Some("auto"), "2018-11-01T20:57:10Z"), Some(1_541_105_830_000_000));
        assert_eq!(read(Some("auto"), "12/17/1997 07:37:16 PST"), Some(882_373_036_000_000));
        assert_eq!(read(Some("auto"), "J2458424 20:57:10"), Some(1_541_105_830_000_000));
        assert_eq!(read(None, "J2458424 20:57:10"), None);
        assert_eq!(TimeFormat::parse(Some("EPOCHMILLISECS")), None);
    }

    #[test]
    fn a_time_without_a_zone_passes_over_one() {
        let read = |text: &str| TimeFormat::Auto.micros(text, false);
        for text in ["2025-09-22T14:42:59+05:30", "2025-09-22 14:42:59-08", "09/22/2025 14:42:59 PST"] {
            assert_eq!(read(text), Some(1_758_552_179_000_000), "{text}");
        }
        assert_eq!(read("2025-09-22 14:42:59+99"), None);
    }

    #[test]
    fn the_end_of_time_is_itself_or_nothing() {
        let end = 253_402_300_799_000_000;
        for format in [None, Some("auto"), Some("YYYY-MM-DD HH24:MI:SS")] {
            let format = TimeFormat::parse(format).expect("format");
            assert_eq!(format.micros("9999-12-31 23:59:59", true), Some(end));
            assert_eq!(format.micros("9999-12-31 23:59:59", false), Some(end));
        }
        assert_eq!(TimeFormat::EpochSeconds.micros("253402300799", true), Some(end));
        assert_eq!(TimeFormat::Auto.micros("12/31/9999 23:59:59", false), Some(end));
        assert_eq!(TimeFormat::Default.days("9999-12-31"), Some(2_932_896));
        assert_eq!(TimeFormat::Default.days("294276-12-31"), Some(106_762_939));
        for text in ["294277-01-01 00:00:00", "294276-12-31 00:00:00", "4714-01-01 00:00:00 BC", "2018-02-30 00:00:00"]
        {
            assert_eq!(TimeFormat::Default.micros(text, false), None, "{text}");
        }
        // One microsecond more is what DuckDB has for infinity.
        assert_eq!(TimeFormat::EpochMillis.micros("9223372036854775.807", true), None);
        assert_eq!(TimeFormat::EpochSeconds.micros("-300000000000", true), None);
    }
}
