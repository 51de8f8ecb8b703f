//! Regular expressions, and SIMILAR TO. Positions count characters from 1.

use std::cell::RefCell;

use regex::{Regex, RegexBuilder};

type Answer = Result<Option<String>, String>;

thread_local! {
    /// Rows of one statement mostly share a pattern.
    static LAST: RefCell<Option<(String, Pattern)>> = const { RefCell::new(None) };
}

/// Bytes that a compiled pattern may take.
const PATTERN_BYTES: usize = 1 << 20;

/// A pattern of POSIX's kind, or with the parameter `p` of Perl's, which may look around.
enum Pattern {
    Posix(Regex),
    Perl(fancy_regex::Regex),
}

impl Pattern {
    fn compile(pattern: &str, insensitive: bool, perl: bool) -> Result<Self, String> {
        let invalid = |error: String| format!("Invalid regular expression '{pattern}': {error}");
        if perl {
            let mut builder = fancy_regex::RegexBuilder::new(pattern);
            let built = builder.case_insensitive(insensitive).delegate_size_limit(PATTERN_BYTES).build();
            return built.map(Self::Perl).map_err(|error| invalid(error.to_string()));
        }
        let built = RegexBuilder::new(pattern).case_insensitive(insensitive).size_limit(PATTERN_BYTES).build();
        built.map(Self::Posix).map_err(|error| invalid(error.to_string()))
    }

    fn count(&self, text: &str) -> Result<usize, String> {
        match self {
            Self::Posix(regex) => Ok(regex.find_iter(text).count()),
            Self::Perl(regex) => {
                regex.find_iter(text).try_fold(0, |count, found| found.map(|_| count + 1)).map_err(gave_up)
            }
        }
    }

    /// Where a match begins and ends, or its first group, after so many others.
    fn nth(&self, text: &str, skipped: usize, group: bool) -> Result<Option<(usize, usize)>, String> {
        let at = usize::from(group);
        match self {
            Self::Posix(regex) => {
                let found = regex.captures_iter(text).nth(skipped);
                Ok(found.and_then(|found| found.get(at)).map(|found| (found.start(), found.end())))
            }
            Self::Perl(regex) => {
                let found = regex.captures_iter(text).nth(skipped).transpose().map_err(gave_up)?;
                Ok(found.and_then(|found| found.get(at)).map(|found| (found.start(), found.end())))
            }
        }
    }

    fn replace(&self, text: &str, template: &str) -> Result<String, String> {
        match self {
            Self::Posix(regex) => Ok(regex.replace_all(text, template).into_owned()),
            Self::Perl(regex) => regex.try_replacen(text, 0, template).map(Into::into).map_err(gave_up),
        }
    }
}

fn gave_up(error: fancy_regex::Error) -> String {
    format!("The regular expression could not be matched: {error}")
}

/// Finds with a pattern and its parameters: `i` ignores case, `c` does not.
fn with<T>(pattern: &str, parameters: &str, act: impl FnOnce(&Pattern) -> Result<T, String>) -> Result<T, String> {
    let insensitive = match parameters.chars().rfind(|flag| matches!(flag, 'i' | 'c')) {
        Some(flag) => flag == 'i',
        None => false,
    };
    if let Some(unknown) = parameters.chars().find(|flag| !matches!(flag, 'i' | 'c' | 'e' | 'p')) {
        return Err(format!("Invalid regular expression parameter '{unknown}'"));
    }
    let perl = parameters.contains('p');
    let key = format!("{}{}{pattern}", u8::from(insensitive), u8::from(perl));
    LAST.with_borrow_mut(|last| {
        if last.as_ref().is_none_or(|(known, _)| *known != key) {
            *last = Some((key, Pattern::compile(pattern, insensitive, perl)?));
        }
        match last {
            Some((_, compiled)) => act(compiled),
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
    with(pattern, parameters, |regex| Ok(Some(regex.count(&text[start..])?.to_string())))
}

/// (text, pattern, position, occurrence, option, parameters): where a match begins, or what comes after it (option 1).
pub fn position(arguments: &[&str]) -> Answer {
    let &[text, pattern, position, occurrence, option, parameters] = arguments else {
        return Err("regexp_instr".into());
    };
    let start = start(text, position)?;
    let skipped = number(occurrence)?.saturating_sub(1);
    with(pattern, parameters, |regex| {
        let found = regex.nth(&text[start..], skipped, parameters.contains('e'))?;
        let byte = found.map(|(begin, end)| start + if option == "1" { end } else { begin });
        Ok(Some(byte.map_or(0, |byte| text[..byte].chars().count() + 1).to_string()))
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
        Ok(Some(format!("{}{}", &text[..start], regex.replace(&text[start..], &template)?)))
    })
}

/// (text, pattern, position, occurrence, parameters); nothing found is an empty string. With `e` it is the first group.
pub fn substring(arguments: &[&str]) -> Answer {
    let &[text, pattern, position, occurrence, parameters] = arguments else { return Err("regexp_substr".into()) };
    let start = start(text, position)?;
    let skipped = number(occurrence)?.saturating_sub(1);
    with(pattern, parameters, |regex| {
        let text = &text[start..];
        let found = regex.nth(text, skipped, parameters.contains('e'))?;
        Ok(Some(found.map_or(String::new(), |(begin, end)| text[begin..end].to_owned())))
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
    with(&regex, "", |regex| Ok(Some((regex.count(text)? > 0).to_string())))
}
