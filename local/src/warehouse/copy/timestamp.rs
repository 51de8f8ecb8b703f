//! Dates and times as COPY reads them: the default form, `auto`, the epoch keywords, and patterns.

/// How texts become times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimeFormat {
    /// `YYYY-MM-DD HH:MI:SS`, with or without fractions; also what `auto` reads here.
    Default,
    EpochSeconds,
    EpochMillis,
    /// A pattern, as strptime writes it.
    Pattern(String),
}

impl TimeFormat {
    /// Reads a TIMEFORMAT or DATEFORMAT string. The epoch keywords are case-sensitive (C10).
    pub fn parse(format: Option<&str>) -> Option<Self> {
        match format {
            None | Some("auto") => Some(Self::Default),
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
            Self::Default => {
                let (date, time) = text.split_once([' ', 'T']).unwrap_or((text, "00:00:00"));
                let date: jiff::civil::Date = date.parse().ok()?;
                let time: jiff::civil::Time = time.trim_end_matches('Z').trim().parse().ok()?;
                Some(micros(date.to_datetime(time)))
            }
            Self::Pattern(pattern) => {
                let parsed = jiff::fmt::strtime::parse(pattern, text).ok()?;
                let time = parsed.to_time().unwrap_or(jiff::civil::Time::midnight());
                Some(micros(parsed.to_date().ok()?.to_datetime(time)))
            }
        }
    }

    /// Days since the epoch.
    pub fn days(&self, text: &str) -> Option<i32> {
        i32::try_from(self.micros(text)?.div_euclid(86_400_000_000)).ok()
    }
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
    whole.checked_mul(unit)?.checked_add(below)
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
        assert_eq!(read(None, "1541105830796"), None);
        assert_eq!(TimeFormat::parse(Some("EPOCHMILLISECS")), None);
    }
}
