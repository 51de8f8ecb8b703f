//! Functions of strings whose answer is longer than what they are given. DuckDB's own are used where the answer is
//! short: they would make one of any length, in one step that nothing can interrupt.

type Answer = Result<Option<String>, String>;

/// Bytes of a string that functions work on, where `enable_large_strings_opt_in` is not set (r_enable_large_strings_opt_in).
pub const MOST_BYTES: usize = 65_535;
/// Bytes of a SUPER.
const MOST_SUPER_BYTES: usize = 16_000_000;

/// Says that a string would be longer than Redshift makes one.
const TOO_LONG: &str = "Result size exceeds the limit of 65535 bytes";
/// Says that a SUPER would be larger than there is one.
const TOO_LARGE: &str = "Result size exceeds the limit of 16000000 bytes of a SUPER";

fn fits(bytes: Option<usize>) -> Result<(), String> {
    match bytes {
        Some(0..=MOST_BYTES) => Ok(()),
        _ => Err(TOO_LONG.into()),
    }
}

fn number(text: &str) -> Result<usize, String> {
    let number: i64 = text.parse().map_err(|_| format!("{text} is not a number"))?;
    // What is negative counts as nothing.
    Ok(usize::try_from(number).unwrap_or(0))
}

/// REPEAT(text, times).
pub fn repeat(arguments: &[&str]) -> Answer {
    let &[text, times] = arguments else { return Err("repeat needs a string and a number".into()) };
    let times = number(times)?;
    fits(text.len().checked_mul(times))?;
    Ok(Some(text.repeat(times)))
}

/// LPAD(text, characters, fill).
pub fn pad_left(arguments: &[&str]) -> Answer {
    pad(arguments, |text, filling| filling + text)
}

/// RPAD(text, characters, fill).
pub fn pad_right(arguments: &[&str]) -> Answer {
    pad(arguments, |text, filling| text.to_owned() + &filling)
}

fn pad(arguments: &[&str], join: impl FnOnce(&str, String) -> String) -> Answer {
    let &[text, length, fill] = arguments else { return Err("a string is padded to a length".into()) };
    let (length, present) = (number(length)?, text.chars().count());
    if present >= length || fill.is_empty() {
        return Ok(Some(text.chars().take(length).collect()));
    }
    // A character has a byte at least.
    fits(Some(length))?;
    let filling: String = fill.chars().cycle().take(length - present).collect();
    fits(Some(text.len() + filling.len()))?;
    Ok(Some(join(text, filling)))
}

/// REPLACE(text, what, by).
pub fn replace(arguments: &[&str]) -> Answer {
    let &[text, what, by] = arguments else { return Err("replace needs three strings".into()) };
    if what.is_empty() {
        return Ok(Some(text.to_owned()));
    }
    if by.len() > what.len() {
        let growth = text.matches(what).count().checked_mul(by.len() - what.len());
        fits(growth.and_then(|growth| growth.checked_add(text.len())))?;
    }
    Ok(Some(text.replace(what, by)))
}

/// SPLIT_TO_ARRAY(text, delimiter): a list of strings in a SUPER.
pub fn split_to_array(arguments: &[&str]) -> Answer {
    let &[text, delimiter] = arguments else { return Err("split_to_array needs two strings".into()) };
    let parts: Vec<&str> = match delimiter {
        "" => text.split_inclusive(|_: char| true).collect(),
        _ => text.split(delimiter).collect(),
    };
    let list = serde_json::to_string(&parts).map_err(|error| error.to_string())?;
    if list.len() > MOST_SUPER_BYTES {
        return Err(TOO_LARGE.into());
    }
    Ok(Some(list))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(function: fn(&[&str]) -> Answer, arguments: &[&str]) -> Option<usize> {
        function(arguments).ok().flatten().map(|text| text.len())
    }

    #[test]
    fn answers_end_at_the_limit() {
        assert_eq!(answer(repeat, &["x", "65535"]), Some(MOST_BYTES));
        assert_eq!(repeat(&["x", "65536"]), Err(TOO_LONG.into()));
        assert_eq!(repeat(&["xy", &i64::MAX.to_string()]), Err(TOO_LONG.into()));
        assert_eq!(repeat(&["x", "-1"]), Ok(Some(String::new())));
        assert_eq!(answer(pad_left, &["x", "65535", " "]), Some(MOST_BYTES));
        assert_eq!(pad_left(&["x", "40000", "é"]), Err(TOO_LONG.into()));
        assert_eq!(pad_right(&["x", "2000000000", "ab"]), Err(TOO_LONG.into()));
        let long = "x".repeat(30_000);
        assert_eq!(replace(&[&long, "x", &long]), Err(TOO_LONG.into()));
        assert_eq!(answer(replace, &[&long, "x", "yy"]), Some(60_000));
        assert_eq!(split_to_array(&[&",".repeat(6_000_000), ","]), Err(TOO_LARGE.into()));
    }

    #[test]
    fn short_answers_are_the_usual_ones() {
        assert_eq!(pad_left(&["abc", "5", "xy"]), Ok(Some("xyabc".into())));
        assert_eq!(pad_right(&["é", "3", "ab"]), Ok(Some("éab".into())));
        assert_eq!(pad_right(&["abc", "2", "x"]), Ok(Some("ab".into())));
        assert_eq!(split_to_array(&["a|\"b\"||é", "|"]), Ok(Some(r#"["a","\"b\"","","é"]"#.into())));
        assert_eq!(split_to_array(&["", ","]), Ok(Some(r#"[""]"#.into())));
    }
}
