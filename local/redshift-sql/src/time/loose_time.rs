//! Texts that are times in one of the many orders that Redshift reads, and DuckDB does not.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::datetime::{MONTHS, parse, shown};
use super::era;
use super::zone::zone;

type Answer = Result<Option<String>, String>;

/// A text where a time is meant, in one of the orders that Redshift reads; any other text as it is.
pub fn normalize(arguments: &[&str]) -> Answer {
    let text = arguments.concat();
    let read = era::duck_text(&text, false).or_else(|| read_loosely(&text).map(shown));
    Ok(Some(read.unwrap_or(text)))
}

/// The same, where a time with a zone is meant: in UTC.
pub fn normalize_zoned(arguments: &[&str]) -> Answer {
    let text = arguments.concat();
    let utc = || match with_zone(text.trim()) {
        Some((rest, zone)) => in_utc(rest, &zone).map(|utc| format!("{}+00", shown(utc))),
        None => read_loosely(&text).map(shown),
    };
    let read = era::duck_text(&text, true).or_else(utc);
    Ok(Some(read.unwrap_or(text)))
}

/// A time of a zone in UTC; `None` also where UTC is beyond jiff's range.
fn in_utc(text: &str, zone: &TimeZone) -> Option<DateTime> {
    let there = read_loosely(text).or_else(|| text.parse().ok())?;
    let utc = zone.to_ambiguous_zoned(there).compatible().ok()?.with_time_zone(TimeZone::UTC);
    Some(utc.datetime())
}

/// What stands before the name of a zone, and the zone.
fn with_zone(text: &str) -> Option<(&str, TimeZone)> {
    let (rest, last) = text.rsplit_once(' ')?;
    let is_name =
        last.starts_with(|sign: char| sign.is_ascii_alphabetic()) && !matches!(last, "AM" | "PM" | "am" | "pm");
    if is_name && rest.contains(':') { Some((rest.trim_end(), zone(last).ok()?)) } else { None }
}

/// Returns true if DuckDB does not read such a time by itself.
pub fn is_loose_time(text: &str) -> bool {
    era::duck_text(text, false).is_some() || loose_time(text).is_some()
}

/// A time in one of the orders that DuckDB does not read by itself.
pub fn loose_time(text: &str) -> Option<DateTime> {
    if text.len() <= MOST_TIME_BYTES { read_loosely(text) } else { None }
}

/// The same in UTC, where a zone is named.
pub fn loose_time_zoned(text: &str) -> Option<DateTime> {
    match with_zone(text.trim()) {
        _ if text.len() > MOST_TIME_BYTES => None,
        Some((rest, zone)) => in_utc(rest, &zone),
        None => read_loosely(text),
    }
}

/// Longer than any text that is a time.
const MOST_TIME_BYTES: usize = 48;

/// True where a zone or an offset is written behind the time.
pub fn names_zone(text: &str) -> bool {
    let text = text.trim();
    let behind = text.split_once(':').map_or("", |(_, rest)| rest);
    with_zone(text).is_some() || behind.contains(['+', '-']) || behind.ends_with(['Z', 'z'])
}

/// A time that is written without a zone.
pub fn without_zone(text: &str) -> Option<DateTime> {
    let text = text.trim();
    let date = || text.parse::<jiff::civil::Date>().ok().map(|date| date.to_datetime(jiff::civil::Time::midnight()));
    read_loosely(text).or_else(|| text.parse().ok()).or_else(date)
}

/// The days and times that have names, in a zone.
pub fn named_in(text: &str, zone: &TimeZone) -> Option<DateTime> {
    named_at(text.trim(), zone.to_datetime(Timestamp::now()))
}

/// The days and times that have names.
fn named(text: &str) -> Option<DateTime> {
    named_at(text, jiff::tz::Offset::UTC.to_datetime(Timestamp::now()))
}

fn named_at(text: &str, now: DateTime) -> Option<DateTime> {
    let midnight = now.date().to_datetime(jiff::civil::Time::midnight());
    match text.to_lowercase().as_str() {
        "now" => Some(now),
        "today" => Some(midnight),
        "tomorrow" => midnight.tomorrow().ok(),
        "yesterday" => midnight.yesterday().ok(),
        _ => None,
    }
}

fn read_loosely(text: &str) -> Option<DateTime> {
    let text = text.trim();
    if let Some(time) = named(text) {
        return Some(time);
    }
    // A time without a zone passes over one that is named.
    if let Some((rest, _)) = with_zone(text) {
        return read_loosely(rest).or_else(|| rest.parse().ok());
    }
    let is_month = |word: &str| {
        word.len() >= 3
            && MONTHS.iter().any(|name| name.get(..word.len()).is_some_and(|name| name.eq_ignore_ascii_case(word)))
    };
    let normal = text.replace([',', '-', '/', '.'], " ").to_uppercase();
    let words: Vec<&str> = normal.split_whitespace().collect();
    let digits = |word: &str, length: usize| word.len() == length && word.bytes().all(|byte| byte.is_ascii_digit());
    // How many words are the date, and its format over them.
    let (taken, format) = match words[..] {
        [date, ..] if digits(date, 8) => (1, "YYYYMMDD"),
        [date, ..] if digits(date, 6) && !text.contains([':', '-']) => (1, "YYMMDD"),
        [year, day, ..] if digits(year, 4) && digits(day, 3) => (2, "YYYY DDD"),
        [year, _, _, ..] if text.contains('.') && !text.contains([':', '-']) && digits(year, 4) => (3, "YYYY MM DD"),
        [month, _, year, ..] if is_month(month) && digits(year, 4) => (3, "MONTH DD YYYY"),
        [_, month, year, ..] if is_month(month) && digits(year, 4) => (3, "DD MONTH YYYY"),
        [year, month, _, ..] if is_month(month) && digits(year, 4) => (3, "YYYY MONTH DD"),
        [year, _, _, ..] if text.contains('/') && digits(year, 4) => (3, "YYYY MM DD"),
        [_, _, year, ..] if text.contains('/') && digits(year, 4) => (3, "MM DD YYYY"),
        [month, day, year, ..] if text.contains('-') && digits(year, 4) && month.len() < 3 && day.len() < 3 => {
            (3, "MM DD YYYY")
        }
        [one, two, year, ..] if text.contains('/') && digits(year, 2) && one.len() < 4 && two.len() < 3 => {
            (3, "MM DD YY")
        }
        // What DuckDB reads by itself, but for the half of the day.
        [year, _, _, ..] if digits(year, 4) && (normal.ends_with("AM") || normal.ends_with("PM")) => (3, "YYYY MM DD"),
        _ => return None,
    };
    // The time keeps the points that were taken for separators above.
    let rest = text.rsplit_once(' ').filter(|(_, last)| matches!(last.to_uppercase().as_str(), "AM" | "PM"));
    let (body, half) = rest.map_or((text, ""), |(body, half)| (body, half));
    let time = match words.len() - taken {
        0 => "",
        _ => body.rsplit_once(' ').map_or("", |(_, time)| time),
    };
    let time_format = match (time.len(), time.contains(':')) {
        (0, _) => "",
        (6, false) => " HH24MISS",
        (4, false) => " HH24MI",
        (_, true) if time.matches(':').count() == 1 => " HH24:MI",
        (_, true) if time.contains('.') => " HH24:MI:SS.US",
        (_, true) => " HH24:MI:SS",
        _ => return None,
    };
    let half_format = if half.is_empty() { "" } else { " AM" };
    let date = words[..taken].join(" ");
    let read = parse(&[&format!("{date} {time} {half}"), &format!("{format}{time_format}{half_format}")]);
    read.ok().flatten().and_then(|text| text.parse().ok())
}
