//! Regular expressions, and SIMILAR TO. Positions count characters from 1.

use std::cell::RefCell;

use regex::{Regex, RegexBuilder};

type Answer = Result<Option<String>, String>;

thread_local! {
    /// Rows of one statement mostly share a pattern.
    static LAST: RefCell<Option<(String, Regex)>> = const { RefCell::new(None) };
}

/// Bytes that a compiled pattern may take.
const PATTERN_BYTES: usize = 1 << 20;

/// Finds with a pattern and its parameters: `i` ignores case, `c` does not.
fn with<T>(pattern: &str, parameters: &str, act: impl FnOnce(&Regex) -> T) -> Result<T, String> {
    let insensitive = match parameters.chars().rfind(|flag| matches!(flag, 'i' | 'c')) {
        Some(flag) => flag == 'i',
        None => false,
    };
    if let Some(unknown) = parameters.chars().find(|flag| !matches!(flag, 'i' | 'c' | 'e' | 'p')) {
        return Err(format!("Invalid regular expression parameter '{unknown}'"));
    }
    let key = format!("{}{pattern}", u8::from(insensitive));
    LAST.with_borrow_mut(|last| {
        if last.as_ref().is_none_or(|(known, _)| *known != key) {
            let built = RegexBuilder::new(pattern).case_insensitive(insensitive).size_limit(PATTERN_BYTES).build();
            let compiled = built.map_err(|error| format!("Invalid regular expression '{pattern}': {error}"))?;
            *last = Some((key, compiled));
        }
        match last {
            Some((_, compiled)) => Ok(act(compiled)),
            None => Err("a pattern got lost".into()),
        }
    })
}

/// The byte where the n-th character begins.
fn start(text: &str, position: &str) -> Result<usize, String> {
    let position: usize = position.parse().map_err(|_| "The position must be a positive integer".to_owned())?;
    let before = position.checked_sub(1).ok_or("The position must be greater than 0")?;
    Ok(text.char_indices().nth(before).map_or(text.len(), |(at, _)| at))
}

fn number(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| format!("{text} is not a positive integer"))
}

/// (text, pattern, position, parameters)
pub fn count(arguments: &[&str]) -> Answer {
    let &[text, pattern, position, parameters] = arguments else { return Err("regexp_count".into()) };
    let start = start(text, position)?;
    with(pattern, parameters, |regex| Some(regex.find_iter(&text[start..]).count().to_string()))
}

/// (text, pattern, position, occurrence, option, parameters): where a match begins, or what comes after it (option 1).
pub fn position(arguments: &[&str]) -> Answer {
    let &[text, pattern, position, occurrence, option, parameters] = arguments else {
        return Err("regexp_instr".into());
    };
    let start = start(text, position)?;
    let skipped = number(occurrence)?.saturating_sub(1);
    with(pattern, parameters, |regex| {
        let found = regex.captures_iter(&text[start..]).nth(skipped);
        let found = found.and_then(|found| if parameters.contains('e') { found.get(1) } else { found.get(0) });
        let byte = found.map(|found| start + if option == "1" { found.end() } else { found.start() });
        Some(byte.map_or(0, |byte| text[..byte].chars().count() + 1).to_string())
    })
}

/// (text, pattern, replacement, position, parameters): all matches; `$1` and `\1` stand for groups.
pub fn replace(arguments: &[&str]) -> Answer {
    let &[text, pattern, replacement, position, parameters] = arguments else { return Err("regexp_replace".into()) };
    let start = start(text, position)?;
    let mut template = String::new();
    let mut signs = replacement.chars().peekable();
    while let Some(sign) = signs.next() {
        match (sign, signs.peek()) {
            ('$' | '\\', Some(digit)) if digit.is_ascii_digit() => {
                template.push_str(&format!("${{{digit}}}"));
                signs.next();
            }
            ('$', _) => template.push_str("$$"),
            (other, _) => template.push(other),
        }
    }
    with(pattern, parameters, |regex| {
        Some(format!("{}{}", &text[..start], regex.replace_all(&text[start..], template.as_str())))
    })
}

/// (text, pattern, position, occurrence, parameters); nothing found is an empty string. With `e` it is the first group.
pub fn substring(arguments: &[&str]) -> Answer {
    let &[text, pattern, position, occurrence, parameters] = arguments else { return Err("regexp_substr".into()) };
    let start = start(text, position)?;
    let skipped = number(occurrence)?.saturating_sub(1);
    with(pattern, parameters, |regex| {
        let found = regex.captures_iter(&text[start..]).nth(skipped);
        let found = found.and_then(|found| if parameters.contains('e') { found.get(1) } else { found.get(0) });
        Some(found.map_or(String::new(), |found| found.as_str().to_owned()))
    })
}

/// (text, pattern, escape): SIMILAR TO is a pattern of LIKE with alternatives, repetition, groups and classes.
pub fn similar(arguments: &[&str]) -> Answer {
    let &[text, pattern, escape] = arguments else { return Err("similar to".into()) };
    let mut regex = String::from("(?s)^(?:");
    let mut signs = pattern.chars();
    let mut in_class = false;
    while let Some(sign) = signs.next() {
        if escape.starts_with(sign) {
            regex.push_str(&regex::escape(&signs.next().map(String::from).unwrap_or_default()));
            continue;
        }
        match sign {
            '[' => in_class = true,
            ']' => in_class = false,
            _ => {}
        }
        match sign {
            '%' if !in_class => regex.push_str(".*"),
            '_' if !in_class => regex.push('.'),
            '.' | '^' | '$' | '\\' if !in_class => regex.push_str(&regex::escape(&sign.to_string())),
            other => regex.push(other),
        }
    }
    regex.push_str(")$");
    with(&regex, "", |regex| Some(regex.is_match(text).to_string()))
}
