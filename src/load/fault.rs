//! A mistake in the content of an object, with its place.

/// A mistake in an object's content, and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub line: u64,
    pub column: u64,
    pub reason: String,
}

/// Converts an error of the JSON parser; text that ends early is reported as `cut_off`.
pub fn malformed(error: &serde_json::Error, cut_off: &str) -> Fault {
    let text = error.to_string();
    let reason = match error.is_eof() {
        true => cut_off,
        false => text.split(" at line ").next().unwrap_or(&text),
    };
    Fault { line: error.line() as u64, column: error.column() as u64, reason: reason.to_owned() }
}

/// A fault at a byte.
pub fn fault(bytes: &[u8], at: usize, reason: &str) -> Fault {
    let (line, before) = (line_of(bytes, at), &bytes[..at]);
    let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
    Fault { line, column: (at - line_start) as u64 + 1, reason: reason.to_owned() }
}

/// The line of a byte, from 1.
pub fn line_of(bytes: &[u8], at: usize) -> u64 {
    bytes[..at].iter().filter(|&&byte| byte == b'\n').count() as u64 + 1
}
