//! The time zone of a session (r_timezone_config): times come and go as texts in UTC and in the zone.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::civil;
use super::datetime::{self, shown};
use super::format_fields::{Piece, pieces};
use super::loose_time;
use super::zone::zone;

type Answer = Result<Option<String>, String>;

/// The zone that SET TIMEZONE names, by a name that is found again; `None` where it is UTC, or there is none of it.
/// ISO's offsets count to the east, those of POSIX to the west. Abbreviations are no zones, unless the IANA database has them.
pub fn named(value: &str) -> Result<Option<String>, String> {
    const UTC: [&str; 9] =
        ["utc", "gmt", "default", "etc/utc", "etc/gmt", "zulu", "etc/zulu", "etc/greenwich", "greenwich"];
    let unknown = || format!("invalid value for parameter \"timezone\": \"{value}\"");
    let text = value.trim();
    if UTC.contains(&text.to_lowercase().as_str()) {
        return Ok(None);
    }
    if let Ok(found) = TimeZone::get(text) {
        return Ok(found.iana_name().map(str::to_owned));
    }
    let at = text.find(|sign: char| sign.is_ascii_digit() || matches!(sign, '+' | '-')).ok_or_else(unknown)?;
    let (letters, offset) = text.split_at(at);
    let (sign, digits) = match offset.as_bytes().first() {
        Some(b'-') => (-1, &offset[1..]),
        Some(b'+') => (1, &offset[1..]),
        _ => (1, offset),
    };
    let east = if letters.is_empty() { sign } else { -sign };
    let (hours, minutes) = digits.split_once(':').unwrap_or((digits, "0"));
    let (hours, minutes): (u8, u8) = (hours.parse().map_err(|_| unknown())?, minutes.parse().map_err(|_| unknown())?);
    let is_abbreviation =
        letters.is_empty() || letters.len() >= 3 && letters.bytes().all(|sign| sign.is_ascii_alphabetic());
    if !is_abbreviation || hours > 15 || minutes > 59 {
        return Err(unknown());
    }
    let direction = if east > 0 { '-' } else { '+' };
    Ok((hours + minutes > 0).then(|| format!("UTC{direction}{hours:02}:{minutes:02}")))
}

/// (zone, UTC): the time there.
pub fn from_utc(arguments: &[&str]) -> Answer {
    convert(arguments, |zone, time| Some(zone.to_offset(instant(time)?).to_datetime(instant(time)?)))
}

/// (zone, time there): UTC.
pub fn to_utc(arguments: &[&str]) -> Answer {
    convert(arguments, |zone, time| {
        let there = zone.to_ambiguous_zoned(time).compatible().ok()?;
        Some(there.with_time_zone(TimeZone::UTC).datetime())
    })
}

/// A zone by the name that `named` gives it.
pub fn find(name: &str) -> Result<TimeZone, String> {
    if name.starts_with("UTC") { zone(name) } else { TimeZone::get(name).map_err(|error| error.to_string()) }
}

fn convert(arguments: &[&str], change: impl FnOnce(TimeZone, DateTime) -> Option<DateTime>) -> Answer {
    let &[name, time] = arguments else { return Err("a time zone needs a time".into()) };
    if time.contains("infinity") {
        return Ok(Some(time.to_owned()));
    }
    let changed = change(find(name)?, datetime::read(time)?);
    Ok(Some(shown(changed.ok_or_else(|| format!("{time} is out of the range of time zones"))?)))
}

fn instant(utc: DateTime) -> Option<Timestamp> {
    Some(utc.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// (zone, UTC): the time there with its offset, as it is shown.
pub fn written(arguments: &[&str]) -> Answer {
    let &[name, time] = arguments else { return Err("a time zone needs a time".into()) };
    let zone = find(name)?;
    let micros = civil::parse_timestamp(&time.replace(" (BC)", ""), true);
    Ok(Some(match micros {
        Some(micros) if !time.contains("(BC)") => text_of(micros, &zone),
        _ => time.to_owned(),
    }))
}

/// An instant as it is shown in a zone; in UTC where no zone is known of.
pub fn text_of(micros: i64, zone: &TimeZone) -> String {
    let Ok(instant) = Timestamp::from_microsecond(micros) else { return civil::timestamp_text(micros, true) };
    let seconds = zone.to_offset(instant).seconds();
    let local = civil::timestamp_text(micros + i64::from(seconds) * 1_000_000, false);
    let (hours, minutes) = (seconds.abs() / 3600, seconds.abs() / 60 % 60);
    let sign = if seconds < 0 { '-' } else { '+' };
    let offset = if minutes == 0 { format!("{sign}{hours:02}") } else { format!("{sign}{hours:02}:{minutes:02}") };
    match local.strip_suffix(" BC") {
        Some(local) => format!("{local}{offset} BC"),
        None => format!("{local}{offset}"),
    }
}

/// (zone, text): a text where a TIMESTAMPTZ is meant, in UTC; one without a zone is of the session's.
pub fn normalize_zoned(arguments: &[&str]) -> Answer {
    let &[name, text] = arguments else { return Err("a time zone needs a text".into()) };
    let zone = find(name)?;
    let there = match loose_time::named_in(text, &zone) {
        Some(time) => Some(time),
        None if loose_time::names_zone(text) => return loose_time::normalize_zoned(&[text]),
        None => loose_time::without_zone(text),
    };
    let utc = there.and_then(|there| zone.to_ambiguous_zoned(there).compatible().ok());
    // What is not read here is no time to DuckDB either: it would take it for one of UTC.
    Ok(Some(match utc {
        Some(utc) => format!("{}+00", shown(utc.with_time_zone(TimeZone::UTC).datetime())),
        None if matches!(text.trim(), "infinity" | "-infinity") => text.to_owned(),
        None => format!("out of range: {text}"),
    }))
}

/// (zone, text): a text where a DATE or a TIMESTAMP is meant: `today` is the day there.
pub fn normalize(arguments: &[&str]) -> Answer {
    let &[name, text] = arguments else { return Err("a time zone needs a text".into()) };
    match loose_time::named_in(text, &find(name)?) {
        Some(time) => Ok(Some(shown(time))),
        None => loose_time::normalize(&[text]),
    }
}

/// (zone, UTC, format): TO_CHAR of a TIMESTAMPTZ.
pub fn to_char(arguments: &[&str]) -> Answer {
    let &[name, time, format] = arguments else { return Err("to_char needs a time and a format".into()) };
    if pieces(format).iter().any(|piece| matches!(piece, Piece::Field("TZ" | "OF", ..))) {
        return Err("TO_CHAR with TZ or OF in a time zone other than UTC is not supported by the local Redshift".into());
    }
    let there = from_utc(&[name, time])?.unwrap_or_default();
    datetime::write(&[&there, format])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_by_their_names() {
        for (value, name) in [
            ("America/New_York", Some("America/New_York")),
            ("us/pacific", Some("US/Pacific")),
            ("-8:00", Some("UTC+08:00")),
            ("+7:30", Some("UTC-07:30")),
            ("PST8", Some("UTC+08:00")),
            ("PST8PDT", Some("PST8PDT")),
            ("-0:00", None),
            ("GMT", None),
            ("Etc/Greenwich", None),
        ] {
            assert_eq!(named(value), Ok(name.map(str::to_owned)), "{value}");
        }
        for value in ["PDT", "xxx36", "Nowhere/City", ""] {
            assert!(named(value).is_err(), "{value}");
        }
    }

    #[test]
    fn times_in_a_zone_and_in_utc() {
        let new_york = "America/New_York";
        let there = |utc| from_utc(&[new_york, utc]).map(Option::unwrap_or_default);
        assert_eq!(there("2008-06-01 12:00:00+00").as_deref(), Ok("2008-06-01 08:00:00.000000"));
        assert_eq!(there("infinity").as_deref(), Ok("infinity"));
        let shown = |utc| written(&[new_york, utc]).map(Option::unwrap_or_default);
        assert_eq!(shown("2008-12-01 12:00:00.5+00").as_deref(), Ok("2008-12-01 07:00:00.5-05"));
        let read = |text| normalize_zoned(&[new_york, text]).map(Option::unwrap_or_default);
        for text in ["2008-06-01 08:00:00", "20080601 08:00:00", "2008-06-01 12:00:00+00", "2008-06-01 04:00 PST"] {
            assert!(read(text).expect("time").starts_with("2008-06-01 12:00"), "{text} {:?}", read(text));
        }
        assert_eq!(read("2008-06-01").as_deref(), Ok("2008-06-01 04:00:00.000000+00"));
        assert_eq!(to_utc(&["UTC+08:00", "2008-06-01 00:00:00"]), Ok(Some("2008-06-01 08:00:00.000000".into())));
    }
}
