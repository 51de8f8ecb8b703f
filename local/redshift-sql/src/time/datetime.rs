//! TO_CHAR, TO_DATE and TO_TIMESTAMP, by the fields of a format. Timestamps come and go as texts,
//! `2018-11-30 05:06:07.123456`; those with a zone are in UTC.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;

use super::civil;
use super::format_fields::{Piece, pieces};

pub(super) type Answer = Result<Option<String>, String>;

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const ROMAN: [&str; 12] = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"];
/// The width that names of months and days are padded to.
const NAME_WIDTH: usize = 9;

pub(super) fn read(text: &str) -> Result<DateTime, String> {
    let text = text.strip_suffix("+00").unwrap_or(text);
    // DuckDB's form, which is before the time.
    if let Some((date, time)) = text.split_once(" (BC)") {
        let micros = civil::parse_timestamp(&format!("{date}{time} BC"), false);
        let time = micros.and_then(|micros| Timestamp::from_microsecond(micros).ok());
        return time.map(|time| Offset::UTC.to_datetime(time)).ok_or_else(|| format!("{text} is not a timestamp"));
    }
    text.parse().map_err(|_| format!("{text} is not a timestamp"))
}

/// TO_CHAR(timestamp, format)
pub fn write(arguments: &[&str]) -> Answer {
    let &[time, format] = arguments else { return Err("to_char needs a time and a format".into()) };
    let time = read(time)?;
    let mut written = String::new();
    let mut number: Option<i64> = None;
    for piece in pieces(format) {
        match piece {
            Piece::Field(field, spelled, unpadded) => {
                number = value(field, time);
                match number {
                    Some(value) if unpadded => written.push_str(&value.to_string()),
                    Some(value) => written.push_str(&format!("{value:0width$}", width = width(field))),
                    None => written.push_str(&name(field, spelled, time, unpadded)),
                }
            }
            // The suffix of an ordinal number.
            Piece::Text(text) => match (number.take(), text) {
                (Some(value), "T" | "t") if format.to_uppercase().contains("TH") => {
                    let ordinal = ordinal(value);
                    written.push_str(&if text == "T" { ordinal.to_uppercase() } else { ordinal.to_owned() });
                    number = Some(i64::MIN);
                }
                (Some(i64::MIN), "H" | "h") => {}
                (_, text) => written.push_str(text),
            },
        }
    }
    Ok(Some(written))
}

/// The suffix of an ordinal number.
pub fn ordinal(value: i64) -> &'static str {
    match (value % 10, value % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    }
}

fn width(field: &str) -> usize {
    match field {
        "YYYY" | "IYYY" => 4,
        "YYY" | "IYY" | "DDD" | "IDDD" | "MS" | "FF3" => 3,
        "US" | "FF6" | "FF" => 6,
        "Y" | "I" | "D" | "ID" | "Q" | "W" | "J" | "SSSS" | "SSSSS" => 1,
        _ => 2,
    }
}

/// The number that a field stands for.
fn value(field: &str, time: DateTime) -> Option<i64> {
    let date = time.date();
    let iso = date.iso_week_date();
    let hour12 = if time.hour() % 12 == 0 { 12 } else { time.hour() % 12 };
    // The year 0 is 1 BC.
    let year = i64::from(date.year());
    let year = if year > 0 { year } else { 1 - year };
    Some(match field {
        "YYYY" => year,
        "YYY" => year % 1000,
        "YY" => year % 100,
        "Y" => year % 10,
        "IYYY" => iso.year().into(),
        "IYY" => i64::from(iso.year()) % 1000,
        "IY" => i64::from(iso.year()) % 100,
        "I" => i64::from(iso.year()) % 10,
        "CC" => (year + 99) / 100,
        "Q" => (i64::from(date.month()) + 2) / 3,
        "MM" => date.month().into(),
        "WW" => (i64::from(date.day_of_year()) + 6) / 7,
        "W" => (i64::from(date.day()) + 6) / 7,
        "IW" => iso.week().into(),
        "DDD" => date.day_of_year().into(),
        "IDDD" => i64::from(iso.week() - 1) * 7 + i64::from(date.weekday().to_monday_one_offset()),
        "DD" => date.day().into(),
        "D" => date.weekday().to_sunday_one_offset().into(),
        "ID" => date.weekday().to_monday_one_offset().into(),
        "J" => julian_day(date)?,
        "HH24" => time.hour().into(),
        "HH12" | "HH" => hour12.into(),
        "MI" => time.minute().into(),
        "SS" => time.second().into(),
        "MS" | "FF3" => i64::from(time.subsec_nanosecond()) / 1_000_000,
        "US" | "FF6" | "FF" => i64::from(time.subsec_nanosecond()) / 1_000,
        "SSSS" | "SSSSS" => i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second()),
        _ => return None,
    })
}

fn julian_day(date: Date) -> Option<i64> {
    /// The Julian day of 1970-01-01.
    const EPOCH: i64 = 2_440_588;
    let days = civil::date(date.year().into(), date.month().into(), date.day().into())?;
    Some(EPOCH + i64::from(days))
}

/// The words that a field stands for, in the case that it is written in.
fn name(field: &str, spelled: &str, time: DateTime, unpadded: bool) -> String {
    let month = usize::try_from(time.month() - 1).unwrap_or_default();
    let day = usize::try_from(time.date().weekday().to_sunday_zero_offset()).unwrap_or_default();
    let pad = |name: &str| if unpadded { name.to_owned() } else { format!("{name:NAME_WIDTH$}") };
    let text = match field {
        "MONTH" => pad(MONTHS[month]),
        "MON" => MONTHS[month][..3].to_owned(),
        "DAY" => pad(DAYS[day]),
        "DY" => DAYS[day][..3].to_owned(),
        "RM" => {
            if unpadded {
                ROMAN[month].to_owned()
            } else {
                format!("{:4}", ROMAN[month])
            }
        }
        "AM" | "PM" => if time.hour() < 12 { "AM" } else { "PM" }.to_owned(),
        "A.M." | "P.M." => if time.hour() < 12 { "A.M." } else { "P.M." }.to_owned(),
        "BC" | "AD" => if time.year() > 0 { "AD" } else { "BC" }.to_owned(),
        "B.C." | "A.D." => if time.year() > 0 { "A.D." } else { "B.C." }.to_owned(),
        "Y,YYY" => format!("{},{:03}", time.year() / 1000, time.year() % 1000),
        "TZ" => "UTC".to_owned(),
        "OF" => "+00".to_owned(),
        other => other.to_owned(),
    };
    let mut letters = spelled.chars().filter(char::is_ascii_alphabetic);
    match (letters.next(), letters.next()) {
        (Some(first), _) if first.is_lowercase() => text.to_lowercase(),
        (_, Some(second)) if second.is_lowercase() => text,
        _ => text.to_uppercase(),
    }
}

/// TO_TIMESTAMP(text, format) and TO_DATE: a timestamp.
pub fn parse(arguments: &[&str]) -> Answer {
    let (text, format, strict) = match arguments {
        [text, format, rest @ ..] => (*text, *format, rest.first()),
        _ => return Err("to_timestamp needs a text and a format".into()),
    };
    let unreadable = || format!("Data value \"{text}\" has invalid format for \"{format}\"");
    let mut rest = text.trim_start();
    let (mut year, mut month, mut day, mut day_of_year) = (1_i64, 1_i64, 1_i64, None);
    let (mut hour, mut minute, mut second, mut micros) = (0_i64, 0_i64, 0_i64, 0_i64);
    let mut afternoon = None;
    let all = pieces(format);
    for (at, piece) in all.iter().enumerate() {
        let field = match piece {
            Piece::Text(separator) => {
                rest = match separator.chars().all(char::is_alphanumeric) {
                    true => rest.strip_prefix(separator).ok_or_else(unreadable)?,
                    // Any sign that parts two fields stands for any other.
                    false => rest.strip_prefix(|sign: char| !sign.is_alphanumeric()).unwrap_or(rest),
                };
                continue;
            }
            Piece::Field(field, ..) => *field,
        };
        rest = rest.trim_start();
        if rest.is_empty() {
            break;
        }
        match field {
            "MONTH" | "MON" => {
                let length =
                    if field == "MON" { 3 } else { rest.chars().take_while(char::is_ascii_alphabetic).count() };
                let word = rest.get(..length).filter(|word| word.len() >= 3).ok_or_else(unreadable)?;
                let found = MONTHS
                    .iter()
                    .position(|name| name.get(..word.len()).is_some_and(|name| name.eq_ignore_ascii_case(word)));
                month = i64::try_from(found.ok_or_else(unreadable)?).map_err(|_| unreadable())? + 1;
                rest = &rest[length..];
                continue;
            }
            "DAY" | "DY" => {
                rest = rest.trim_start_matches(|sign: char| sign.is_ascii_alphabetic());
                continue;
            }
            "AM" | "PM" | "A.M." | "P.M." => {
                let first = rest.chars().next().unwrap_or_default().to_ascii_uppercase();
                afternoon = Some(first == 'P');
                rest = rest.trim_start_matches(|sign: char| sign.is_ascii_alphabetic() || sign == '.');
                continue;
            }
            _ => {}
        }
        // A number takes as many digits as its field is wide where another field follows directly.
        let followed = matches!(all.get(at + 1), Some(Piece::Field(..)));
        let most = match field {
            "YYYY" | "IYYY" => 4,
            _ => width(field),
        };
        let most = if followed || most > 1 { most } else { 6 };
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count().min(most);
        let number: i64 = rest[..digits].parse().map_err(|_| unreadable())?;
        rest = &rest[digits..];
        match field {
            "YYYY" | "IYYY" => year = number,
            "YYY" | "YY" | "Y" => year = if number < 70 { 2000 + number } else { 1900 + number },
            "MM" => month = number,
            "DD" => day = number,
            "DDD" => day_of_year = Some(number),
            "HH24" | "HH12" | "HH" => hour = number,
            "MI" => minute = number,
            "SS" => second = number,
            "MS" | "FF3" => micros = number * 10_i64.pow(6 - u32::try_from(digits.min(6)).unwrap_or(6)),
            "US" | "FF6" | "FF" => micros = number * 10_i64.pow(6 - u32::try_from(digits.min(6)).unwrap_or(6)),
            "SSSS" | "SSSSS" => (hour, minute, second) = (number / 3600, number / 60 % 60, number % 60),
            _ => return Err(format!("the local Redshift cannot read the field {field} of \"{format}\"")),
        }
    }
    match afternoon {
        Some(true) if hour < 12 => hour += 12,
        Some(false) if hour == 12 => hour = 0,
        _ => {}
    }
    let out_of_range = || format!("date/time field value out of range: \"{text}\"");
    let month = i8::try_from(month).map_err(|_| unreadable())?;
    let first = Date::new(i16::try_from(year).map_err(|_| unreadable())?, month, 1).map_err(|_| out_of_range())?;
    if !(1..=31).contains(&day) || hour > 24 || minute > 60 || second > 60 {
        return Err(out_of_range());
    }
    // The 31st of a month that has 30 days is the first of the next, unless somebody insists.
    let days = match day_of_year {
        Some(number) => jiff::Span::new().days(number - 1 + i64::from(first.first_of_year().day_of_year()) - 1),
        None if strict == Some(&"true") && day > i64::from(first.days_in_month()) => return Err(out_of_range()),
        None => jiff::Span::new().days(day - 1),
    };
    let first = if day_of_year.is_some() { first.first_of_year() } else { first };
    let time = jiff::Span::new().hours(hour).minutes(minute).seconds(second).microseconds(micros);
    let midnight = first.checked_add(days).map_err(|_| out_of_range())?.to_datetime(jiff::civil::Time::midnight());
    let read = midnight.checked_add(time).map_err(|_| out_of_range())?;
    Ok(Some(shown(read)))
}

pub(super) fn shown(time: DateTime) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S.%6f").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_written_by_their_format() {
        for (format, expected) in [
            ("YYYY-MM-DD HH24:MI:SS", "2009-12-31 23:15:59"),
            ("MONTH", "DECEMBER "),
            ("FMMonth", "December"),
            ("Mon dd, YYYY", "Dec 31, 2009"),
            ("DY, DD-MON-YYYY HH12:MI:SS AM", "THU, 31-DEC-2009 11:15:59 PM"),
            ("Day", "Thursday "),
            ("day", "thursday "),
            ("D ID DDD Q WW IW CC", "5 4 365 4 53 53 21"),
            ("YYYYMMDD", "20091231"),
            ("HH:MI", "11:15"),
            ("DDth", "31st"),
            ("\"week\" W", "week 5"),
            ("MS US", "123 123456"),
        ] {
            let written = write(&["2009-12-31 23:15:59.123456", format]).expect("written").expect("not null");
            assert_eq!(written, expected, "{format}");
        }
    }

    #[test]
    fn times_read_by_their_format() {
        for (text, format, expected) in [
            ("05 Dec 2000", "DD Mon YYYY", "2000-12-05 00:00:00.000000"),
            ("20181130", "YYYYMMDD", "2018-11-30 00:00:00.000000"),
            ("2018-11-30 05:06:07 PM", "YYYY-MM-DD HH12:MI:SS AM", "2018-11-30 17:06:07.000000"),
            ("11/30/18", "MM/DD/YY", "2018-11-30 00:00:00.000000"),
            ("2018-11-30T05:06:07.5", "YYYY-MM-DD\"T\"HH24:MI:SS.MS", "2018-11-30 05:06:07.500000"),
            ("2011-365", "YYYY-DDD", "2011-12-31 00:00:00.000000"),
        ] {
            assert_eq!(parse(&[text, format]).expect("read").as_deref(), Some(expected), "{text}");
        }
        assert!(parse(&["2018-13-01", "YYYY-MM-DD"]).is_err());
        assert!(parse(&["x", "YYYY-MM-DD"]).is_err());
    }
}
