//! Texts that are cast to integers.

type Answer = Result<Option<String>, String>;

/// (text, kind, name of the type): the digits of an integer, blanks around them left out. The text of a SUPER (kind
/// `JSON`) and of a TRY_CAST (kinds that begin with `TRY`) is NULL where it is none; any other is refused.
pub fn digits(arguments: &[&str]) -> Answer {
    let &[text, kind, name] = arguments else { return Err("a cast needs a text and a type".into()) };
    if kind.ends_with("JSON") {
        return Ok(from_json(text).filter(|digits| fits(digits, name)));
    }
    let trimmed = text.trim();
    let Some((at, sign)) = invalid_digit(trimmed) else {
        return Ok((!kind.starts_with("TRY") || fits(trimmed, name)).then(|| trimmed.to_owned()));
    };
    match kind.starts_with("TRY") {
        true => Ok(None),
        false => {
            let before = text.chars().take_while(|sign| sign.is_whitespace()).count();
            Err(format!("Invalid digit, Value '{sign}', Pos {}, Type: {name}", before + at))
        }
    }
}

/// The first sign that is none of an integer, and where it stands.
fn invalid_digit(text: &str) -> Option<(usize, char)> {
    let is_sign = |at: usize, sign: char| at == 0 && matches!(sign, '-' | '+');
    text.chars().enumerate().find(|&(at, sign)| !sign.is_ascii_digit() && !is_sign(at, sign))
}

/// A number, or a text of digits; what is neither is NULL.
fn from_json(text: &str) -> Option<String> {
    match serde_json::from_str::<serde_json::Value>(text).ok()? {
        serde_json::Value::String(inner) => {
            let inner = inner.trim();
            invalid_digit(inner).is_none().then(|| inner.to_owned())
        }
        serde_json::Value::Number(number) if invalid_digit(&number.to_string()).is_none() => Some(number.to_string()),
        serde_json::Value::Number(number) => number.as_f64().map(|number| format!("{:.0}", number.round())),
        _ => None,
    }
}

/// Returns true if the type holds it.
fn fits(digits: &str, name: &str) -> bool {
    match name {
        "Short" => digits.parse::<i16>().is_ok(),
        "Integer" => digits.parse::<i32>().is_ok(),
        _ => digits.parse::<i64>().is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::digits;

    #[test]
    fn digits_only_are_an_integer() {
        let cast = |text, kind| digits(&[text, kind, "Integer"]);
        for (text, expected) in [("5", "5"), (" -07 ", "-07"), ("+5", "+5"), ("", "")] {
            assert_eq!(cast(text, "VARCHAR"), Ok(Some(expected.into())), "{text}");
        }
        for (text, sign, at) in
            [("2.87", '.', 1), ("28.98", '.', 2), ("abc", 'a', 0), ("1e3", 'e', 1), (" 1_0", '_', 2)]
        {
            let message = format!("Invalid digit, Value '{sign}', Pos {at}, Type: Integer");
            assert_eq!(cast(text, "VARCHAR"), Err(message), "{text}");
            assert_eq!(cast(text, "TRY VARCHAR"), Ok(None), "{text}");
        }
        assert_eq!(cast("99999999999", "TRY VARCHAR"), Ok(None));
        for (json, expected) in [
            ("1", Some("1")),
            ("\"1\"", Some("1")),
            ("1.7", Some("2")),
            ("\"Good\"", None),
            ("\"1.7\"", None),
            ("true", None),
            ("null", None),
            ("[1]", None),
            ("99999999999", None),
        ] {
            assert_eq!(cast(json, "JSON"), Ok(expected.map(str::to_owned)), "{json}");
        }
    }
}
