//! Numbers: TO_CHAR and TO_NUMBER by the fields of a format.

use redshift_sql::datetime::ordinal;

type Answer = Result<Option<String>, String>;

/// Of a format: far more than any number has.
const MOST_SIGNS: usize = 1000;

/// What a format says.
#[derive(Debug, Default)]
struct Format {
    /// Signs of the format before and behind the decimal point, as they were written.
    whole: Vec<char>,
    fraction: Vec<char>,
    has_point: bool,
    unpadded: bool,
    sign: Sign,
    currency: bool,
    /// `L`: the currency stands before the padding.
    currency_first: bool,
    ordinal: Option<&'static str>,
    before: String,
    after: String,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Sign {
    #[default]
    Minus,
    /// S at the front, S at the end.
    First,
    Last,
    /// MI, PL, SG at the end.
    MinusLast,
    PlusLast,
    /// PR: negative numbers in angle brackets.
    Brackets,
}

fn format(text: &str) -> Result<Format, String> {
    if text.len() > MOST_SIGNS {
        return Err(format!("the format of a number has {} signs, and {MOST_SIGNS} at most", text.len()));
    }
    let mut found = Format::default();
    let mut rest = text;
    let mut quoted = false;
    while let Some(first) = rest.chars().next() {
        if quoted || first == '"' {
            match first {
                '"' => quoted = !quoted,
                sign => found.after.push(sign),
            }
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let two = rest.get(..2).map(str::to_uppercase).unwrap_or_default();
        let begun = !found.whole.is_empty() || found.has_point;
        let length = match two.as_str() {
            "FM" => {
                found.unpadded = true;
                2
            }
            "MI" | "SG" => {
                found.sign = if two == "SG" { if begun { Sign::Last } else { Sign::First } } else { Sign::MinusLast };
                2
            }
            "PL" => {
                found.sign = if begun { Sign::PlusLast } else { Sign::First };
                2
            }
            "PR" => {
                found.sign = Sign::Brackets;
                2
            }
            "TH" => {
                found.ordinal = Some(if rest.starts_with('t') { "th" } else { "TH" });
                2
            }
            _ => 0,
        };
        if length > 0 {
            rest = &rest[length..];
            continue;
        }
        match first.to_ascii_uppercase() {
            sign @ ('9' | '0' | ',' | 'G') => {
                // What stood behind the digits so far stands between them.
                if begun && !found.has_point {
                    found.whole.extend(std::mem::take(&mut found.after).chars());
                } else if !begun {
                    found.before.push_str(&std::mem::take(&mut found.after));
                }
                if found.has_point { &mut found.fraction } else { &mut found.whole }.push(if sign == 'G' {
                    ','
                } else {
                    sign
                });
            }
            '.' | 'D' if !found.has_point => found.has_point = true,
            'S' => found.sign = if begun { Sign::Last } else { Sign::First },
            'L' if !begun => found.currency_first = true,
            '$' | 'L' => found.currency = true,
            'V' | 'E' | 'R' => return Err(format!("the local Redshift does not know the field {first} of \"{text}\"")),
            _ if begun => found.after.push(first),
            _ => found.before.push(first),
        }
        rest = &rest[first.len_utf8()..];
    }
    Ok(found)
}

/// RN: a Roman number in 15 places.
fn roman(number: &str, format: &str) -> Option<String> {
    const SIGNS: [(i64, &str); 13] = [
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ];
    let upper = format.to_uppercase();
    let unpadded = upper == "FMRN";
    if upper != "RN" && !unpadded {
        return None;
    }
    let (negative, whole, _) = rounded(number, 0).ok()?;
    let mut left: i64 = whole.parse().ok().filter(|whole| !negative && (1..4000).contains(whole))?;
    let mut text = String::new();
    for (value, sign) in SIGNS {
        while left >= value {
            text.push_str(sign);
            left -= value;
        }
    }
    let text = if format.ends_with('n') { text.to_lowercase() } else { text };
    Some(if unpadded { text } else { format!("{text:>15}") })
}

/// TO_CHAR(number, format); the number comes as its text.
pub fn write(arguments: &[&str]) -> Answer {
    let &[number, format_text] = arguments else { return Err("to_char needs a number and a format".into()) };
    if let Some(roman) = roman(number, format_text) {
        return Ok(Some(roman));
    }
    let format = format(format_text)?;
    let places = format.fraction.iter().filter(|sign| **sign != ',').count();
    let (negative, whole, fraction) = rounded(number, places)?;
    let room = format.whole.iter().filter(|sign| matches!(sign, '9' | '0')).count();
    let is_zero = whole == "0" && fraction.bytes().all(|digit| digit == b'0');
    let digits = if whole == "0" && places > 0 && format.whole.last() != Some(&'0') { "" } else { whole.as_str() };
    let overflow = digits.len() > room;
    let mut body = String::new();
    let first_zero = format.whole.iter().position(|sign| *sign == '0');
    let (mut seen, mut started) = (0, false);
    for (at, sign) in format.whole.iter().enumerate() {
        if *sign == ',' {
            body.push(if started { ',' } else { ' ' });
            continue;
        }
        if !matches!(sign, '9' | '0') {
            body.push(*sign);
            continue;
        }
        let left = room - seen;
        seen += 1;
        if overflow {
            started = true;
            body.push('#');
        } else if left <= digits.len() {
            started = true;
            body.push(char::from(digits.as_bytes()[digits.len() - left]));
        } else if first_zero.is_some_and(|zero| zero <= at) {
            started = true;
            body.push('0');
        } else {
            body.push(' ');
        }
    }
    if format.has_point {
        body.push('.');
        let mut fraction = if overflow { "#".repeat(places) } else { fraction };
        if format.unpadded {
            // FM keeps the digits that the format demands with 0.
            let demanded = format.fraction.iter().rposition(|sign| *sign == '0').map_or(0, |at| at + 1);
            while fraction.len() > demanded && fraction.ends_with('0') {
                fraction.pop();
            }
        }
        body.push_str(&fraction);
    }
    let negative = negative && !is_zero;
    let blanks = body.len() - body.trim_start().len();
    let (padding, mut body) = (body[..blanks].to_owned(), body[blanks..].to_owned());
    if format.currency {
        body.insert(0, '$');
    }
    let (before, after) = match (&format.sign, negative) {
        (Sign::Minus, true) => ("-", ""),
        (Sign::Minus, false) => (" ", ""),
        (Sign::First, negative) => (if negative { "-" } else { "+" }, ""),
        (Sign::Last, negative) => ("", if negative { "-" } else { "+" }),
        (Sign::MinusLast, negative) => ("", if negative { "-" } else { " " }),
        (Sign::PlusLast, negative) => (if negative { "-" } else { " " }, if negative { " " } else { "+" }),
        (Sign::Brackets, true) => ("<", ">"),
        (Sign::Brackets, false) => (" ", " "),
    };
    let ordinal = match (format.ordinal, negative, whole.parse::<i64>()) {
        (Some(case), false, Ok(value)) => {
            let suffix = ordinal(value);
            if case == "TH" { suffix.to_uppercase() } else { suffix.to_owned() }
        }
        _ => String::new(),
    };
    let currency = if format.currency_first { "$" } else { "" };
    let written = format!("{}{currency}{padding}{before}{body}{ordinal}{after}{}", format.before, format.after);
    Ok(Some(if format.unpadded { written.trim().to_owned() } else { written }))
}

/// Sign, whole digits and so many digits behind the point, rounded half away from zero.
fn rounded(number: &str, places: usize) -> Result<(bool, String, String), String> {
    let plain = match number.contains(['e', 'E']) {
        true => format!("{:.1$}", number.parse::<f64>().map_err(|_| format!("{number} is not a number"))?, places + 2),
        false => number.to_owned(),
    };
    let (negative, digits) = match plain.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, plain.as_str()),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|digit| digit.is_ascii_digit()) {
        return Err(format!("{number} is not a number that TO_CHAR can write"));
    }
    let mut all: Vec<u8> = whole.bytes().chain(fraction.bytes().chain(std::iter::repeat(b'0')).take(places)).collect();
    if fraction.as_bytes().get(places).is_some_and(|digit| *digit >= b'5') {
        let mut at = all.len();
        loop {
            match at.checked_sub(1) {
                None => {
                    all.insert(0, b'1');
                    break;
                }
                Some(before) if all[before] == b'9' => {
                    all[before] = b'0';
                    at = before;
                }
                Some(before) => {
                    all[before] += 1;
                    break;
                }
            }
        }
    }
    let text = String::from_utf8(all).map_err(|_| "not a number".to_owned())?;
    let (whole, fraction) = text.split_at(text.len() - places);
    let whole = whole.trim_start_matches('0');
    Ok((negative, if whole.is_empty() { "0".to_owned() } else { whole.to_owned() }, fraction.to_owned()))
}

/// TO_NUMBER(text, format): the digits, the sign and the point; how many places there are is in the format.
pub fn parse(arguments: &[&str]) -> Answer {
    let &[text, format_text] = arguments else { return Err("to_number needs a text and a format".into()) };
    let format = format(format_text)?;
    let negative = text.contains('-') || text.contains('<');
    let mut written = String::from(if negative { "-" } else { "" });
    let mut found = false;
    for sign in text.chars() {
        match sign {
            digit if digit.is_ascii_digit() => {
                found = true;
                written.push(digit);
            }
            '.' if format.has_point => written.push('.'),
            '.' => break,
            _ => {}
        }
    }
    match found {
        true => Ok(Some(written)),
        false => Err(format!("\"{text}\" has no number in the format \"{format_text}\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_written_by_their_format() {
        for (number, format, expected) in [
            ("125.8", "999.99", " 125.80"),
            ("-125.8", "999.99", "-125.80"),
            ("-125.8", "999D99S", "125.80-"),
            ("-125.8", "999D999PR", "<125.800>"),
            ("1234567", "9,999,999", " 1,234,567"),
            ("12", "9,999", "    12"),
            ("12", "00000", " 00012"),
            ("0.5", "0.99", " 0.50"),
            ("0.5", "9.99", "  .50"),
            ("485", "FM999", "485"),
            ("12345", "999", " ###"),
            ("1234.567", "$9,999.99", " $1,234.57"),
            ("22", "99th", " 22nd"),
            ("9.995", "9.99", " #.##"),
        ] {
            let written = write(&[number, format]).expect("written").expect("not null");
            assert_eq!(written, expected, "{number} {format}");
        }
        assert_eq!(parse(&["12,454.8-", "99G999D9S"]), Ok(Some("-12454.8".into())));
    }
}
