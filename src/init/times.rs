//! Texts that are days and times, and the orders of day and month in which they can be read.

/// A date in a text, with or without a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateText {
    pub has_time: bool,
    pub has_zone: bool,
    pub order: Order,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// `2018-11-30`, `30 Nov 2018`, `Nov 30, 2018`: DATEFORMAT 'auto' reads it one way only (automatic-recognition).
    Certain,
    /// `11/30/2018`: which orders make a day of it, and the sign between its numbers.
    Numbers { month_first: bool, day_first: bool, separator: char },
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
/// Longer than any text that is a time.
const LONGEST: usize = 48;

/// Reads a text; `None` where it is no day.
pub fn read(text: &str) -> Option<DateText> {
    if text.len() > LONGEST || !text.starts_with(|sign: char| sign.is_ascii_alphanumeric()) {
        return None;
    }
    if text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok() {
        return Some(DateText { has_time: false, has_zone: false, order: Order::Certain });
    }
    if let Some(has_zone) = iso_time(text) {
        return Some(DateText { has_time: true, has_zone, order: Order::Certain });
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let (date, clock) = match words.split_last() {
        Some((clock, date)) if is_clock(clock) => (date, true),
        _ => (words.as_slice(), false),
    };
    let order = match date {
        [numbers] => numeric(numbers).or_else(|| year_first(numbers)).or_else(|| named(date))?,
        _ => named(date)?,
    };
    Some(DateText { has_time: clock, has_zone: false, order })
}

/// Returns true if a text is a day with a time, as ISO 8601 or PostgreSQL writes it; and whether it has a zone.
fn iso_time(text: &str) -> Option<bool> {
    let (day, rest) = text.split_at_checked(10)?;
    let clock = rest.strip_prefix(['T', ' '])?;
    day.parse::<jiff::civil::Date>().ok()?;
    let end = clock.find(['Z', '+', '-']).unwrap_or(clock.len());
    let (clock, zone) = clock.split_at(end);
    clock.trim_end().parse::<jiff::civil::Time>().ok()?;
    let is_zone = zone.is_empty() || zone == "Z" || zone[1..].bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
    is_zone.then_some(!zone.is_empty())
}

/// `9:05`, `09:05:00`, `09:05:00.5`
fn is_clock(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let numbers: Option<Vec<u8>> = whole.split(':').map(|part| number(part, 2)?.try_into().ok()).collect();
    let is_time = match numbers.as_deref() {
        Some([hour, minute]) => *hour < 24 && *minute < 60 && whole.len() == text.len(),
        Some([hour, minute, second]) => *hour < 24 && *minute < 60 && *second < 60,
        _ => false,
    };
    is_time && !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit())
}

/// Digits, and at most so many of them.
fn number(text: &str, most: usize) -> Option<i16> {
    let is_number = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

fn is_day(year: i16, month: i16, day: i16) -> bool {
    let (Ok(month), Ok(day)) = (month.try_into(), day.try_into()) else { return false };
    jiff::civil::Date::new(year, month, day).is_ok()
}

/// `11/30/2018`, `30.11.2018`, `30-11-2018`
fn numeric(text: &str) -> Option<Order> {
    let separator = text.chars().find(|sign| matches!(sign, '/' | '-' | '.'))?;
    let mut parts = text.split(separator);
    let (one, two) = (number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let year = parts.next().filter(|year| year.len() == 4).and_then(|year| number(year, 4))?;
    let (month_first, day_first) = (is_day(year, one, two), is_day(year, two, one));
    let is_known = parts.next().is_none() && (month_first || day_first);
    is_known.then_some(Order::Numbers { month_first, day_first, separator })
}

/// `2018/11/30`
fn year_first(text: &str) -> Option<Order> {
    let mut parts = text.split('/');
    let year = parts.next().filter(|year| year.len() == 4).and_then(|year| number(year, 4))?;
    let (month, day) = (number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    (parts.next().is_none() && is_day(year, month, day)).then_some(Order::Certain)
}

/// `30 Nov 2018`, `30-Nov-2018`, `November 30, 2018`
fn named(words: &[&str]) -> Option<Order> {
    let parts: Vec<&str> =
        words.iter().flat_map(|word| word.split(['-', '/', ','])).filter(|part| !part.is_empty()).collect();
    let month = |name: &str| {
        let name = name.to_lowercase();
        let is_month = |month: &&str| name == **month || name.len() == 3 && month.starts_with(&name);
        MONTHS.iter().position(is_month).and_then(|at| i16::try_from(at + 1).ok())
    };
    let [one, two, year] = parts[..] else { return None };
    let year = number(year, 4).filter(|_| year.len() == 4)?;
    let (month, day) = match month(one) {
        Some(month) => (month, number(two, 2)?),
        None => (month(two)?, number(one, 2)?),
    };
    is_day(year, month, day).then_some(Order::Certain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_orders_of_day_and_month() {
        let order = |text: &str| read(text).map(|read| read.order);
        let numbers = |month_first, day_first, separator| Some(Order::Numbers { month_first, day_first, separator });
        for text in [
            "2018-11-30",
            "2018/11/30",
            "2018/1/2 00:00",
            "30 Nov 2018",
            "Nov 30, 2018",
            "30-Nov-2018",
            "november 3 2018 9:05",
        ] {
            assert_eq!(order(text), Some(Order::Certain), "{text}");
        }
        assert_eq!(order("11/30/2018"), numbers(true, false, '/'));
        assert_eq!(order("30.11.2018 10:20"), numbers(false, true, '.'));
        assert_eq!(order("1/2/2018"), numbers(true, true, '/'));
        for text in [
            "2018/30/11",
            "2018/11",
            "30/30/2018",
            "2018-02-30",
            "1/2/18",
            "1.2",
            "30 Nov",
            "10:20",
            "1/2/2018/3",
            "Maybe 3 2018",
            "",
        ] {
            assert_eq!(order(text), None, "{text}");
        }
    }

    #[test]
    fn times_and_zones() {
        let parts = |text: &str| read(text).map(|read| (read.has_time, read.has_zone));
        assert_eq!(parts("2018-11-30T10:20:30.123Z"), Some((true, true)));
        assert_eq!(parts("2018-11-30 10:20:30"), Some((true, false)));
        assert_eq!(parts("11/30/2018 9:05"), Some((true, false)));
        assert_eq!(parts("11/30/2018 09:05:10.5"), Some((true, false)));
        assert_eq!(parts("11/30/2018 25:05"), None);
        assert_eq!(parts("11/30/2018 9:05.5"), None);
    }
}
