//! Times of a day as Redshift reads them, with and without a zone (r_Date_and_time_literals).

use jiff::Timestamp;

use super::civil;
use super::zone::zone;

type Answer = Result<Option<String>, String>;

/// A text where a TIME is meant, as DuckDB reads it; any other text as it is.
pub fn normalize(arguments: &[&str]) -> Answer {
    let text = arguments.concat();
    let read = read(&text).map(|(micros, _)| civil::time_text(micros));
    Ok(Some(read.unwrap_or(text)))
}

/// The same where a TIMETZ is meant: in UTC, as Redshift keeps it.
pub fn normalize_zoned(arguments: &[&str]) -> Answer {
    let text = arguments.concat();
    Ok(Some(read_zoned(&text).map_or(text, |micros| format!("{}+00", civil::time_text(micros)))))
}

/// The microseconds of a TIMETZ in UTC; one without a zone is in UTC.
pub fn read_zoned(text: &str) -> Option<i64> {
    let (micros, offset) = read(text)?;
    match offset {
        0 => Some(micros),
        seconds => Some((micros - seconds * 1_000_000).rem_euclid(civil::DAY_MICROS)),
    }
}

/// Microseconds, and the seconds of the zone to the east of UTC.
fn read(text: &str) -> Option<(i64, i64)> {
    let text = text.trim();
    let end = text.find(|sign: char| !sign.is_ascii_digit() && !matches!(sign, ':' | '.')).unwrap_or(text.len());
    let (time, rest) = text.split_at(end);
    let micros = civil::read_time(time)?;
    let rest = rest.trim_start();
    let half = ["AM", "PM"].into_iter().find(|half| {
        let is_half = rest.get(..2).is_some_and(|word| word.eq_ignore_ascii_case(half));
        is_half && rest.get(2..3).is_none_or(|next| next == " ")
    });
    let (micros, rest) = match half {
        Some(half) => (in_half(micros, half == "PM")?, rest[2..].trim_start()),
        None => (micros, rest),
    };
    Some((micros, if rest.is_empty() { 0 } else { offset(rest)? }))
}

/// A time of a clock with twelve hours.
fn in_half(micros: i64, is_afternoon: bool) -> Option<i64> {
    const HOUR: i64 = 3_600_000_000;
    let is_hour = (1..=12).contains(&(micros / HOUR));
    is_hour.then(|| micros % (12 * HOUR) + if is_afternoon { 12 * HOUR } else { 0 })
}

/// `+02`, `-0830`, `+05:30`, or the name of a zone as it is today.
fn offset(text: &str) -> Option<i64> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return Some(zone(text).ok()?.to_offset(Timestamp::now()).seconds().into()),
    };
    let digits = if digits.len() < 3 { format!("{digits:0>2}00") } else { digits.replace(':', "") };
    let (hours, minutes): (i64, i64) = (digits.get(..2)?.parse().ok()?, digits.get(2..)?.parse().ok()?);
    (digits.len() == 4 && hours < 15 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_kept_in_utc() {
        for (text, utc) in [
            ("20:41:19 UTC", "20:41:19+00"),
            ("204119 UTC", "20:41:19+00"),
            ("20:00:00 PST", "04:00:00+00"),
            ("00:58:00-05", "05:58:00+00"),
            ("04:05:06.5+05:30", "22:35:06.5+00"),
            ("04:05 PM", "16:05:00+00"),
            ("12:05:01 am -0100", "01:05:01+00"),
            ("nothing", "nothing"),
            ("13:05 PM", "13:05 PM"),
        ] {
            assert_eq!(normalize_zoned(&[text]), Ok(Some(utc.into())), "{text}");
        }
        assert_eq!(normalize(&["040506"]), Ok(Some("04:05:06".into())));
        assert_eq!(normalize(&["04:05:06 PM"]), Ok(Some("16:05:06".into())));
    }
}
