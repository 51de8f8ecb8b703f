//! Days, times of day and timestamps as numbers and as texts, over Redshift's whole range: 4713 BC to 294276 AD, which
//! jiff's range is a part of. The calendar is the Gregorian one throughout, as in PostgreSQL; the year 0 is 1 BC.

/// Microseconds of a day.
pub const DAY_MICROS: i64 = 86_400_000_000;
/// The first and the last day, since 1970.
const FIRST_DAY: i64 = days_of(-4712, 1, 1);
const LAST_DAY: i64 = days_of(294_276, 12, 31);
/// What DuckDB keeps for infinity; its last timestamp is of 294247 AD.
const INFINITY: i64 = i64::MAX;
/// Days of 400 years, after which the calendar repeats itself.
const CYCLE_DAYS: i64 = 146_097;

/// The number of a day, by the days of a year that begins in March.
const fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let cycle = year.div_euclid(400);
    let of_cycle = year - cycle * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    cycle * CYCLE_DAYS + of_cycle * 365 + of_cycle / 4 - of_cycle / 100 + of_year - 719_468
}

/// Year, month and day of a day's number.
fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let cycle = days.div_euclid(CYCLE_DAYS);
    let of_cycle = days - cycle * CYCLE_DAYS;
    let year = (of_cycle - of_cycle / 1460 + of_cycle / 36_524 - of_cycle / 146_096) / 365;
    let of_year = of_cycle - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + cycle * 400 + i64::from(month <= 2), month, day)
}

/// Days since 1970; `None` for what is no day, or out of range.
pub fn date(year: i64, month: i64, day: i64) -> Option<i32> {
    let days = (year.abs() < 1_000_000 && (1..=12).contains(&month) && (1..=31).contains(&day))
        .then(|| days_of(year, month, day))?;
    let exists = (FIRST_DAY..=LAST_DAY).contains(&days) && date_of(days) == (year, month, day);
    if exists { i32::try_from(days).ok() } else { None }
}

/// Microseconds since 1970 of a time on a day; `None` where no timestamp reaches.
pub fn timestamp(days: i32, micros: i64) -> Option<i64> {
    in_range(i64::from(days).checked_mul(DAY_MICROS)?.checked_add(micros)?)
}

/// A timestamp, where it is within the range.
pub fn in_range(micros: i64) -> Option<i64> {
    (micros >= FIRST_DAY * DAY_MICROS && micros != INFINITY).then_some(micros)
}

/// Microseconds since 1970 of a time of jiff's, whose own timestamps end before 9999-12-31.
pub fn from_jiff(time: jiff::civil::DateTime) -> Option<i64> {
    let days = date(time.year().into(), time.month().into(), time.day().into())?;
    let seconds = i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
    timestamp(days, seconds * 1_000_000 + i64::from(time.subsec_nanosecond()) / 1000)
}

/// The days of `YYYY-MM-DD`, before or after Christ.
pub fn read_date(text: &str, is_bc: bool) -> Option<i32> {
    let (year, rest) = text.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    let year = number(year, 4, 6).filter(|year| *year > 0)?;
    date(if is_bc { 1 - year } else { year }, number(month, 2, 2)?, number(day, 2, 2)?)
}

/// The microseconds of `HH:MM`, `HH:MM:SS.ffffff`, `HHMM` or `HHMMSS`, up to 24:00:00. A leap second is the next one.
pub fn read_time(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = whole.split(':');
    let (hour, minute, second) = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(hour), Some(minute), second, None) => (hour, minute, second),
        (Some(digits), None, ..) if matches!(digits.len(), 4 | 6) => {
            (digits.get(..2)?, digits.get(2..4)?, digits.get(4..).filter(|second| !second.is_empty()))
        }
        _ => return None,
    };
    if second.is_none() && whole.len() < text.len() {
        return None;
    }
    let (hour, minute, second) = (number(hour, 1, 2)?, number(minute, 2, 2)?, number(second.unwrap_or("00"), 2, 2)?);
    let micros = match fraction.get(..fraction.len().min(9))? {
        "" => 0,
        // Half a microsecond is rounded up, as in PostgreSQL.
        digits => (number(&format!("{digits:0<9}"), 9, 9)? + 500) / 1000,
    };
    let micros = ((hour * 60 + minute) * 60 + second) * 1_000_000 + micros;
    (minute < 60 && second <= 60 && micros <= DAY_MICROS).then_some(micros)
}

/// The microseconds of what `timestamp_text` writes.
pub fn read_timestamp(text: &str) -> Option<i64> {
    let (text, is_bc) = without_era(text);
    let (date, time) = text.split_once([' ', 'T'])?;
    timestamp(read_date(date, is_bc)?, read_time(time.strip_suffix("+00").unwrap_or(time))?)
}

/// What stands before the era, and whether it is before Christ.
pub fn without_era(text: &str) -> (&str, bool) {
    match text.len().checked_sub(3).and_then(|at| text.split_at_checked(at)) {
        Some((rest, era)) if era.eq_ignore_ascii_case(" bc") => (rest, true),
        Some((rest, era)) if era.eq_ignore_ascii_case(" ad") => (rest, false),
        _ => (text, false),
    }
}

/// `2018-11-01`, `0044-03-15 BC`.
pub fn parse_date(text: &str) -> Option<i32> {
    let (date, is_bc) = without_era(text);
    read_date(date, is_bc)
}

/// `2018-11-01`, `2018-11-01 20:57:10.796`, `2018-11-01T20:57:10Z`, `2018-11-01 20:57:10+05:30`, each before Christ too. An
/// offset is passed over without a zone.
pub fn parse_timestamp(text: &str, is_zoned: bool) -> Option<i64> {
    let (text, is_bc) = without_era(text);
    let (date, time) = text.split_once([' ', 'T']).unwrap_or((text, "00:00:00"));
    let time = time.trim_end_matches('Z').trim();
    let (time, offset) = match time.find(['+', '-']) {
        Some(at) => (time[..at].trim(), offset_seconds(&time[at..])?),
        None => (time, 0),
    };
    let offset = if is_zoned { offset * 1_000_000 } else { 0 };
    timestamp(read_date(date, is_bc)?, read_time(time)? - offset)
}

/// `J2451187`, `J2451187 04:05:06.789`: the Julian day, of which 2440588 is 1970-01-01.
pub fn parse_julian(text: &str) -> Option<i64> {
    let (day, time) = text.split_once(' ').unwrap_or((text, "00:00:00"));
    let days = number(day.strip_prefix(['J', 'j'])?, 1, 9)? - 2_440_588;
    let days = (FIRST_DAY..=LAST_DAY).contains(&days).then_some(days)?;
    timestamp(i32::try_from(days).ok()?, read_time(time.trim())?)
}

/// `+5`, `+05`, `-0530`, `+05:30`; less than 16 hours, as in PostgreSQL.
fn offset_seconds(text: &str) -> Option<i64> {
    let digits: String = text[1..].chars().filter(|sign| *sign != ':').collect();
    number(&digits, 1, 4)?;
    let (hours, minutes) = digits.split_at(digits.len().min(2));
    let hours = number(hours, 1, 2)?;
    let minutes = if minutes.is_empty() { 0 } else { number(minutes, 1, 2)? };
    let seconds = hours * 3600 + minutes * 60;
    (hours < 16 && minutes < 60).then_some(if text.starts_with('-') { -seconds } else { seconds })
}

/// A day as DuckDB reads it.
pub fn duck_date(days: i32) -> String {
    date_text(days).replace(" BC", " (BC)")
}

/// A timestamp as DuckDB reads it.
pub fn duck_timestamp(micros: i64) -> String {
    let days = i32::try_from(micros.div_euclid(DAY_MICROS)).unwrap_or(i32::MAX);
    format!("{} {}", duck_date(days), time_text(micros.rem_euclid(DAY_MICROS)))
}

/// Digits, at least and at most so many.
fn number(digits: &str, least: usize, most: usize) -> Option<i64> {
    let is_number = (least..=most).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { digits.parse().ok() } else { None }
}

/// The date, and what follows a time of it where it is before Christ.
fn parts(days: i64) -> (String, &'static str) {
    let (year, month, day) = date_of(days);
    let (year, era) = if year > 0 { (year, "") } else { (1 - year, " BC") };
    (format!("{year:04}-{month:02}-{day:02}"), era)
}

/// A day as Redshift shows it.
pub fn date_text(days: i32) -> String {
    match days {
        i32::MAX => "infinity".into(),
        days if days <= -i32::MAX => "-infinity".into(),
        days => {
            let (date, era) = parts(days.into());
            date + era
        }
    }
}

/// A time of day as Redshift shows it.
pub fn time_text(micros: i64) -> String {
    let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
    let time = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    match fraction {
        0 => time,
        fraction => format!("{time}.{fraction:06}").trim_end_matches('0').to_owned(),
    }
}

/// A timestamp as Redshift shows it; one with a zone in UTC (`session_zone` writes those of other zones).
pub fn timestamp_text(micros: i64, is_zoned: bool) -> String {
    match micros {
        INFINITY => "infinity".into(),
        micros if micros <= -INFINITY => "-infinity".into(),
        micros => {
            let (date, era) = parts(micros.div_euclid(DAY_MICROS));
            let zone = if is_zoned { "+00" } else { "" };
            format!("{date} {}{zone}{era}", time_text(micros.rem_euclid(DAY_MICROS)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_jiffs_is_the_same_day_here() {
        let mut day = jiff::civil::Date::MIN;
        let mut days = days_of(-9999, 1, 1);
        loop {
            let (year, month, of_month) = (i64::from(day.year()), i64::from(day.month()), i64::from(day.day()));
            assert_eq!((date_of(days), days_of(year, month, of_month)), ((year, month, of_month), days));
            if year >= -4712 {
                assert_eq!(date(year, month, of_month).map(i64::from), Some(days));
            }
            match day.tomorrow() {
                Ok(next) => (day, days) = (next, days + 1),
                Err(_) => break,
            }
        }
        assert_eq!(days, days_of(9999, 12, 31));
    }

    #[test]
    fn timestamps_are_those_of_jiff() {
        // A step that is no divisor of a day, over 16,000 years.
        for micros in (-200_000_000_000_000_000..253_402_200_000_000_000).step_by(9_876_543_211_357) {
            let text = timestamp_text(micros, false);
            assert_eq!(read_timestamp(&text), Some(micros), "{text}");
            let time = jiff::Timestamp::from_microsecond(micros).map(|time| jiff::tz::Offset::UTC.to_datetime(time));
            let time = time.expect("jiff's range");
            assert_eq!(from_jiff(time), Some(micros));
            if time.year() > 0 {
                assert_eq!(time.strftime("%Y-%m-%d %H:%M:%S%.f").to_string(), text);
            }
        }
    }

    #[test]
    fn the_ends_of_the_range() {
        for text in ["4713-01-01 BC", "0001-12-31 BC", "0001-01-01", "9999-12-31", "12345-02-28", "294276-12-31"] {
            let (date, is_bc) = text.strip_suffix(" BC").map_or((text, false), |date| (date, true));
            assert_eq!(read_date(date, is_bc).map(date_text).as_deref(), Some(text));
        }
        for text in ["0000-01-01", "294277-01-01", "2023-02-29", "2023-00-01", "2023-1-01", "20230101", "-2023-01-01"] {
            assert_eq!(read_date(text, false), None, "{text}");
        }
        assert_eq!(read_date("4714-12-31", true), None);
        for text in ["9999-12-31 23:59:59.999999", "0044-03-15 10:00:00 BC", "294247-01-10 04:00:54.775806"] {
            assert_eq!(read_timestamp(text).map(|micros| timestamp_text(micros, false)).as_deref(), Some(text));
        }
        assert_eq!(read_timestamp("294247-01-10 04:00:54.775807"), None);
        assert_eq!(read_timestamp("294276-12-31 00:00:00"), None);
        assert_eq!(
            timestamp_text(read_timestamp("9999-12-31 23:59:59+00").unwrap_or(0), true),
            "9999-12-31 23:59:59+00"
        );
        assert_eq!([timestamp_text(i64::MAX, true), timestamp_text(-i64::MAX, false)], ["infinity", "-infinity"]);
        assert_eq!([date_text(i32::MAX), date_text(-i32::MAX)], ["infinity", "-infinity"]);
    }

    #[test]
    fn times_of_day_end_at_midnight() {
        for (text, micros) in [
            ("00:00:00", 0),
            ("24:00:00", DAY_MICROS),
            ("23:59:60", DAY_MICROS),
            ("1:02", 3_720_000_000),
            ("010203.5", 3_723_500_000),
            ("01:02:03.1234567", 3_723_123_457),
        ] {
            assert_eq!(read_time(text), Some(micros), "{text}");
        }
        for text in ["24:00:00.000001", "24:01:00", "25:00:00", "12:60:00", "12:00:61", "12", "12:00.5", "", "-1:00:00"]
        {
            assert_eq!(read_time(text), None, "{text}");
        }
        assert_eq!([time_text(DAY_MICROS), time_text(3_723_500_000)], ["24:00:00", "01:02:03.5"]);
    }
}
