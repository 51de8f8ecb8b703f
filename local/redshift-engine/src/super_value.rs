//! Values of type SUPER from JSON: parsed when they are loaded, and written without the blanks of their source
//! (ingest-super, super-configurations).

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::value::RawValue;

/// limitations-super: a text within a SUPER is no longer than a VARCHAR.
const MAX_STRING_BYTES: usize = 65_535;
/// limitations-super: levels of arrays and objects.
const MAX_DEPTH: usize = 1_000;
/// Digits of a DECIMAL.
const MAX_DIGITS: usize = 38;

/// A JSON text as the SUPER value that JSON_PARSE makes of it, or what is wrong with it.
pub fn parse(text: &str) -> Result<String, String> {
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| format!("Invalid JSON: {error}"))?;
    from_raw(raw)
}

/// JSON_PARSE.
pub fn json_parse(arguments: &[&str]) -> Result<Option<String>, String> {
    parse(&arguments.concat()).map(Some).map_err(|reason| format!("JSON_PARSE() error: {reason}"))
}

/// CAN_JSON_PARSE.
pub fn can_json_parse(arguments: &[&str]) -> Result<Option<String>, String> {
    Ok(Some(parse(&arguments.concat()).is_ok().to_string()))
}

/// JSON that is well-formed as a SUPER value.
pub fn from_raw(raw: &RawValue) -> Result<String, String> {
    let (text, bytes) = (raw.get(), raw.get().as_bytes());
    let mut written = String::with_capacity(text.len());
    // The names of each object that is open; none for an array.
    let mut open: Vec<Option<HashSet<Cow<'_, str>>>> = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        at += 1;
        match byte {
            b' ' | b'\n' | b'\r' | b'\t' => {}
            b'"' => {
                at = string_end(bytes, start);
                let (value, length) = string(&text[start..at])?;
                written.push_str(&value);
                if bytes[at..].iter().find(|next| !next.is_ascii_whitespace()) != Some(&b':') {
                    if length > MAX_STRING_BYTES {
                        return Err(format!("String value exceeds the max size of {MAX_STRING_BYTES} bytes"));
                    }
                } else if let Some(Some(names)) = open.last_mut() {
                    if names.contains(&value) {
                        return Err(format!("Duplicate attribute {value}"));
                    }
                    names.insert(value);
                }
            }
            b'-' | b'0'..=b'9' => {
                let is_in_number = |next: &&u8| matches!(next, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-');
                at += bytes[at..].iter().take_while(is_in_number).count();
                written.push_str(&number(&text[start..at])?);
            }
            b'{' | b'[' => {
                open.push((byte == b'{').then(HashSet::new));
                if open.len() > MAX_DEPTH {
                    return Err(format!("Nesting is deeper than {MAX_DEPTH} levels"));
                }
                written.push(char::from(byte));
            }
            b'}' | b']' => {
                open.pop();
                written.push(char::from(byte));
            }
            // Colons, commas, and the letters of true, false and null.
            _ => written.push(char::from(byte)),
        }
    }
    Ok(written)
}

/// Where the string that begins here ends, its quotes included.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// A string with its quotes, in the shortest form, and the bytes that it stands for.
fn string(token: &str) -> Result<(Cow<'_, str>, usize), String> {
    if !token.contains('\\') {
        return Ok((token.into(), token.len().saturating_sub(2)));
    }
    let text: String = serde_json::from_str(token).map_err(|error| format!("Invalid JSON: {error}"))?;
    Ok((serde_json::Value::from(text.as_str()).to_string().into(), text.len()))
}

/// An integer or a decimal keeps its digits; what has an exponent, or more digits than a decimal, is a float, which
/// Redshift shows as `2.22e+0` (r_is_float).
fn number(text: &str) -> Result<Cow<'_, str>, String> {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if text == "-0" {
        return Ok("0".into());
    }
    if digits <= MAX_DIGITS && !text.contains(['e', 'E']) {
        return Ok(text.into());
    }
    let float = text.parse::<f64>().ok().filter(|float| float.is_finite());
    let written = format!("{:e}", float.ok_or_else(|| format!("Number out of range: {text}"))?);
    Ok(match written.contains("e-") {
        true => written.into(),
        false => written.replace('e', "e+").into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_no_blanks_of_its_source() {
        for (json, value) in [
            ("{ \"a\": 1,\n \"b\": [1, 2] }", r#"{"a":1,"b":[1,2]}"#),
            ("\t\"a b\" ", "\"a b\""),
            (r#"{"a b":"c : d","e":[true ,null]}"#, r#"{"a b":"c : d","e":[true,null]}"#),
            (r#"["\u0041\/\u00e9\n\"\\ "]"#, r#"["A/é\n\"\\ "]"#),
            ("[1.50, 1.0, -0, -0.5, 1e3, 2.22E0, 25e-8]", "[1.50,1.0,0,-0.5,1e+3,2.22e+0,2.5e-7]"),
            ("12345678901234567890123456789012345678", "12345678901234567890123456789012345678"),
            ("[100000000000000000000000000000000000000]", "[1e+38]"),
            (r#"{"a":{"a":1},"b":[{"a":1},{"a":2}]}"#, r#"{"a":{"a":1},"b":[{"a":1},{"a":2}]}"#),
        ] {
            assert_eq!(parse(json).as_deref(), Ok(value), "{json}");
            assert_eq!(parse(value).as_deref(), Ok(value), "it is parsed to itself");
        }
    }

    #[test]
    fn what_no_super_holds_is_refused() {
        let long = |bytes: usize| format!("{{\"k\":[\"{}\"]}}", "x".repeat(bytes));
        assert!(parse(&long(65_535)).is_ok());
        assert_eq!(parse(&long(65_536)), Err("String value exceeds the max size of 65535 bytes".into()));
        let name = format!("{{\"{}\":1}}", "x".repeat(65_536));
        assert!(parse(&name).is_ok(), "a name is no value");
        // Each escape is six bytes here and two there.
        assert!(parse(&format!("\"{}\"", "\\u00e9".repeat(32_767))).is_ok());
        assert!(parse(&format!("\"{}\"", "\\u00e9".repeat(32_768))).is_err());
        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(parse(&deep(1_000)).is_ok());
        assert!(parse(&deep(1_001)).is_err());
        for (json, says) in [
            (r#"{"a":1,"b":2,"a":3}"#, "Duplicate attribute \"a\""),
            (r#"[{"x":1,"\u0078":2}]"#, "Duplicate attribute \"x\""),
            ("1e400", "Number out of range: 1e400"),
            ("{", "Invalid JSON"),
            (r#""\ud800""#, "Invalid JSON"),
            ("hello", "Invalid JSON"),
        ] {
            let error = parse(json).expect_err(json);
            assert!(error.starts_with(says), "{json}: {error}");
        }
    }
}
