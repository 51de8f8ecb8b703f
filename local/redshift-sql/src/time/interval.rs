//! Intervals: as they are read by their qualifier, and as they are shown (r_interval_data_types).

use super::civil::{DAY_MICROS, time_text};
use crate::interval_type::{IntervalType, IntervalUnit};

type Answer = Result<Option<String>, String>;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
/// Days of a month where a part of one is read, as in PostgreSQL.
const MONTH_DAYS: i64 = 30;

/// Months, and microseconds: a day has 24 hours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    pub months: i64,
    pub micros: i64,
}

/// (text, type): an interval of the type, as DuckDB reads it.
pub fn of_text(arguments: &[&str]) -> Answer {
    let &[text, name] = arguments else { return Err("an interval needs a text and a type".into()) };
    let (base, qualifier) = name.split_once('(').unwrap_or((name, ""));
    let kind = IntervalType::from_name(base, qualifier.trim_end_matches(')'));
    let span = kind.and_then(|kind| read(text, Some(kind)));
    Ok(Some(span.map(duck_text).ok_or_else(|| format!("invalid input syntax for type {base}: \"{text}\""))?))
}

/// An interval of DuckDB's, as Redshift shows it.
pub fn shown(arguments: &[&str]) -> Answer {
    let text = arguments.concat();
    Ok(Some(read(&text, None).map(text_of).ok_or_else(|| format!("{text} is not an interval"))?))
}

/// An interval that is written out, without the units that its type does not have.
pub fn read(text: &str, kind: Option<IntervalType>) -> Option<Span> {
    let mut span = Span::default();
    let lower = text.to_lowercase().replace(['@', ','], " ");
    let last = kind.map_or(IntervalUnit::Second, |kind| kind.last);
    let mut words = lower.split_whitespace().peekable();
    words.peek()?;
    while let Some(word) = words.next() {
        if word == "ago" {
            span = Span { months: -span.months, micros: -span.micros };
            continue;
        }
        let (number, unit) = word.split_at(word.find(|sign: char| sign.is_ascii_alphabetic()).unwrap_or(word.len()));
        let next_is_unit = |next: &&str| next.starts_with(|sign: char| sign.is_ascii_alphabetic()) && **next != *"ago";
        match unit {
            "" if number.contains(':') => span.micros = span.micros.checked_add(clock(number, kind)?)?,
            "" if number.trim_start_matches(['-', '+']).contains('-') => {
                let (years, months) = number.rsplit_once('-')?;
                let (years_count, months): (i64, i64) = (years.parse().ok()?, months.parse().ok()?);
                let months = if years.starts_with('-') { -months } else { months };
                span.months = span.months.checked_add(years_count.checked_mul(12)?.checked_add(months)?)?;
            }
            "" => match words.next_if(next_is_unit) {
                Some(unit) => add(&mut span, number, unit)?,
                // `1 12:30`: days before a time of day.
                None if words.peek().is_some_and(|next| next.contains(':')) => add(&mut span, number, "day")?,
                None => add(&mut span, number, unit_name(last))?,
            },
            unit => add(&mut span, number, unit)?,
        }
    }
    Some(kind.map_or(span, |kind| within(span, kind)))
}

fn unit_name(unit: IntervalUnit) -> &'static str {
    match unit {
        IntervalUnit::Year => "year",
        IntervalUnit::Month => "month",
        IntervalUnit::Day => "day",
        IntervalUnit::Hour => "hour",
        IntervalUnit::Minute => "minute",
        IntervalUnit::Second => "second",
    }
}

/// What is smaller than the last unit is cut off.
fn within(span: Span, kind: IntervalType) -> Span {
    let fraction = 10_i64.pow(6 - u32::from(kind.precision.min(6)));
    let (months, micros) = match kind.last {
        IntervalUnit::Year => (12, 0),
        IntervalUnit::Month => (1, 0),
        IntervalUnit::Day => (0, DAY_MICROS),
        IntervalUnit::Hour => (0, HOUR),
        IntervalUnit::Minute => (0, MINUTE),
        IntervalUnit::Second => (0, fraction),
    };
    let cut = |value: i64, unit: i64| value.checked_div(unit).map_or(0, |count| count * unit);
    Span { months: cut(span.months, months), micros: cut(span.micros, micros) }
}

/// `H:M`, `H:M:S.f`, and of MINUTE TO SECOND `M:S.f`.
fn clock(text: &str, kind: Option<IntervalType>) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let parts: Vec<&str> = digits.split(':').collect();
    let is_of_minutes =
        kind.is_some_and(|kind| kind.first == IntervalUnit::Minute && kind.last == IntervalUnit::Second);
    let (hours, minutes, seconds) = match parts[..] {
        [minutes, seconds] if is_of_minutes || seconds.contains('.') => ("0", minutes, seconds),
        [hours, minutes] => (hours, minutes, "0"),
        [hours, minutes, seconds] => (hours, minutes, seconds),
        _ => return None,
    };
    let whole = |text: &str, unit: i64| text.parse::<i64>().ok().filter(|count| *count >= 0)?.checked_mul(unit);
    let micros = whole(hours, HOUR)?.checked_add(whole(minutes, MINUTE)?)?.checked_add(scaled(seconds, SECOND)?)?;
    Some(sign * micros)
}

/// A decimal number of times a unit, to the microsecond.
fn scaled(number: &str, unit: i64) -> Option<i64> {
    let (sign, digits) = match number.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, number.strip_prefix('+').unwrap_or(number)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
    if !all_digits || whole.len() + fraction.len() == 0 || fraction.len() > 12 {
        return None;
    }
    let places = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let units: i128 = format!("{whole}{fraction}").parse().ok()?;
    i64::try_from(sign * units.checked_mul(unit.into())? / places).ok()
}

fn add(span: &mut Span, number: &str, unit: &str) -> Option<()> {
    let months = match unit {
        "y" | "yr" | "yrs" | "year" | "years" => Some(12),
        "mon" | "mons" | "month" | "months" => Some(1),
        "qtr" | "qtrs" | "quarter" | "quarters" => Some(3),
        "dec" | "decade" | "decades" => Some(120),
        "c" | "cent" | "century" | "centuries" => Some(1_200),
        _ => None,
    };
    if let Some(months) = months {
        // A part of a month is so many days.
        let days = scaled(number, months * MONTH_DAYS * DAY_MICROS)?;
        let whole = days / (MONTH_DAYS * DAY_MICROS);
        span.months = span.months.checked_add(whole)?;
        span.micros = span.micros.checked_add(days - whole * MONTH_DAYS * DAY_MICROS)?;
        return Some(());
    }
    let micros = match unit {
        "w" | "week" | "weeks" => 7 * DAY_MICROS,
        "d" | "day" | "days" => DAY_MICROS,
        "h" | "hr" | "hrs" | "hour" | "hours" => HOUR,
        "m" | "min" | "mins" | "minute" | "minutes" => MINUTE,
        "s" | "sec" | "secs" | "second" | "seconds" => SECOND,
        "ms" | "msec" | "msecs" | "millisecond" | "milliseconds" => 1_000,
        "us" | "usec" | "usecs" | "microsecond" | "microseconds" => 1,
        _ => return None,
    };
    span.micros = span.micros.checked_add(scaled(number, micros)?)?;
    Some(())
}

/// An interval as DuckDB reads it.
pub fn duck_text(span: Span) -> String {
    let (days, micros) = (span.micros / DAY_MICROS, span.micros % DAY_MICROS);
    format!("{} months {days} days {micros} microseconds", span.months)
}

/// An interval in the style `postgres`, which is the default of IntervalStyle.
pub fn text_of(span: Span) -> String {
    let (days, micros) = (span.micros / DAY_MICROS, span.micros % DAY_MICROS);
    let parts = [(span.months / 12, "year"), (span.months % 12, "mon"), (days, "day")];
    let counted = |(count, unit): (i64, &str)| format!("{count} {unit}{}", if count == 1 { "" } else { "s" });
    let mut written: Vec<String> = parts.into_iter().filter(|(count, _)| *count != 0).map(counted).collect();
    if micros != 0 || written.is_empty() {
        let is_below = parts.iter().any(|(count, _)| *count < 0);
        let sign = if micros < 0 {
            "-"
        } else if is_below {
            "+"
        } else {
            ""
        };
        written.push(format!("{sign}{}", time_text(micros.abs())));
    }
    written.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_as(text: &str, kind: IntervalType) -> String {
        read(text, Some(kind)).map_or("none".into(), text_of)
    }

    #[test]
    fn intervals_are_read_by_their_qualifier() {
        let of = |first, last| IntervalType { first, last, precision: 6 };
        use IntervalUnit::{Day, Hour, Minute, Month, Second, Year};
        for (text, kind, wanted) in [
            ("23", of(Month, Month), "1 year 11 mons"),
            ("-2", of(Day, Day), "-2 days"),
            ("1-2", of(Month, Month), "1 year 2 mons"),
            ("-1-2", of(Year, Month), "-1 years -2 mons"),
            ("13 day 1 hour 1 minute 1.123 seconds", of(Second, Second), "13 days 01:01:01.123"),
            ("1 day 1 hour 1 minute 1.123 seconds", of(Minute, Minute), "1 day 01:01:00"),
            ("2 days 1:1:1.123456", of(Hour, Minute), "2 days 01:01:00"),
            ("1 year 1 day", of(Day, Second), "1 day"),
            ("25 hours", of(Day, Second), "1 day 01:00:00"),
            ("1 12:30", of(Day, Minute), "1 day 12:30:00"),
            ("1:2", of(Minute, Second), "00:01:02"),
            ("1.5 years", of(Year, Month), "1 year 6 mons"),
            ("20 months", of(Year, Year), "1 year"),
            ("3 hours ago", of(Day, Second), "-03:00:00"),
            ("1w 2d 3h", of(Day, Second), "9 days 03:00:00"),
            ("0", of(Day, Second), "00:00:00"),
            ("soon", of(Day, Second), "none"),
            ("", of(Day, Second), "none"),
        ] {
            assert_eq!(read_as(text, kind), wanted, "{text}");
        }
        let milliseconds = IntervalType { precision: 3, ..IntervalType::DAY_TO_SECOND };
        assert_eq!(read_as("1.123456", milliseconds), "00:00:01.123");
    }

    #[test]
    fn intervals_of_duckdb_are_shown() {
        for (text, wanted) in [
            ("1 year 2 months 3 days 04:05:06.5", "1 year 2 mons 3 days 04:05:06.5"),
            ("-1 days", "-1 days"),
            ("-1 months", "-1 mons"),
            ("00:00:00", "00:00:00"),
            ("-00:00:01", "-00:00:01"),
            ("1 month -1 days", "1 mon -1 days"),
        ] {
            assert_eq!(shown(&[text]), Ok(Some(wanted.into())), "{text}");
        }
    }
}
