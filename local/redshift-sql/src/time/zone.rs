//! Time zones, and CONVERT_TIMEZONE.

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

use super::datetime::{Answer, read};

/// (source zone, target zone, timestamp without a zone)
pub fn convert_timezone(arguments: &[&str]) -> Answer {
    let &[source, target, time] = arguments else { return Err("convert_timezone needs two zones and a time".into()) };
    let there = zone(source)?.to_ambiguous_zoned(read(time)?).compatible().map_err(|error| error.to_string())?;
    let here = Timestamp::from(there).to_zoned(zone(target)?).datetime();
    Ok(Some(here.strftime("%Y-%m-%d %H:%M:%S.%6f").to_string()))
}

/// A zone by its IANA name, by an abbreviation, or as an offset. POSIX counts `+8` to the west.
pub fn zone(name: &str) -> Result<TimeZone, String> {
    let hours = match name.to_uppercase().as_str() {
        "UTC" | "GMT" | "Z" | "ZULU" => Some(0),
        "EST" => Some(-5),
        "EDT" => Some(-4),
        "CST" => Some(-6),
        "CDT" => Some(-5),
        "MST" => Some(-7),
        "MDT" => Some(-6),
        "PST" => Some(-8),
        "PDT" => Some(-7),
        "CET" => Some(1),
        "CEST" => Some(2),
        "JST" => Some(9),
        "BST" => Some(1),
        _ => None,
    };
    if let Some(hours) = hours {
        return Ok(TimeZone::fixed(Offset::constant(hours)));
    }
    if let Ok(zone) = TimeZone::get(name) {
        return Ok(zone);
    }
    let offset = (|| {
        let (sign, rest) = match (name.rsplit_once('-'), name.rsplit_once('+')) {
            (_, Some((_, rest))) => (-1, rest),
            (Some((_, rest)), None) => (1, rest),
            (None, None) => (-1, name),
        };
        let (hours, minutes) = rest.split_once(':').unwrap_or((rest, "0"));
        let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
        let seconds = hours.checked_mul(3600)?.checked_add(minutes.checked_mul(60)?)?;
        Offset::from_seconds(seconds.checked_mul(sign)?).ok()
    })();
    offset.map(TimeZone::fixed).ok_or_else(|| format!("time zone \"{name}\" not recognized"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones() {
        let convert = |from, to, time| convert_timezone(&[from, to, time]).map(Option::unwrap_or_default);
        assert_eq!(
            convert("UTC", "America/New_York", "2013-02-16 10:00:00").expect("zone"),
            "2013-02-16 05:00:00.000000"
        );
        assert_eq!(convert("EST", "PST", "2008-03-05 12:25:29").expect("zone"), "2008-03-05 09:25:29.000000");
        assert_eq!(convert("UTC", "UTC+2", "2008-03-05 12:00:00").expect("zone"), "2008-03-05 10:00:00.000000");
        assert!(convert("UTC", "Nowhere/City", "2008-03-05 12:00:00").is_err());
    }
}
