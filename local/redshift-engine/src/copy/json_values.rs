//! A stream of JSON values, found one after the other however they are laid out.

use std::io::{BufRead, BufReader, Read};

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::error::SqlError;

/// Bytes read at a time.
const CHUNK_BYTES: usize = 1 << 20;
/// C9: a JSON object larger than this is refused.
pub const MAX_OBJECT_BYTES: usize = 4 << 20;

/// What is wrong at a line of an object.
pub struct Malformed {
    /// The last of a value that is whole, else the first: where what is no JSON ends, nobody knows.
    pub line: u64,
    pub reason: String,
    /// The line, or the value where that is whole and only holds bytes that are no UTF-8.
    pub bytes: Vec<u8>,
    pub is_json: bool,
}

/// Bytes that are kept of what is malformed.
const MALFORMED_BYTES: usize = 4096;

/// Calls `each` with every JSON value of a file and the line it ends on, the one that the error tables name (C17), in
/// bounded memory. What is not JSON goes to `malformed`, and reading goes on at the next line; a value that is too large
/// goes there too, and is the end (C9).
pub fn for_each_value(
    mut input: Box<dyn Read + Send>,
    file: &str,
    mut each: impl FnMut(&RawValue, u64) -> Result<(), SqlError>,
    mut malformed: impl FnMut(Malformed) -> Result<(), SqlError>,
) -> Result<(), SqlError> {
    let unreadable = |error: std::io::Error| SqlError::new("XX000", format!("cannot read {file}: {error}"));
    let mut buffer: Vec<u8> = Vec::new();
    let (mut start, mut line, mut at_end) = (0, 1, false);
    loop {
        let rest = &buffer[start..];
        let too_large = match scan(rest, at_end, &mut line, &mut each)? {
            Scanned::NeedsMore { .. } if at_end => return Ok(()),
            Scanned::NeedsMore { used } if rest.len() - used > MAX_OBJECT_BYTES + CHUNK_BYTES => Some(used),
            Scanned::NeedsMore { used } => {
                start += used;
                None
            }
            Scanned::TooLarge { used } => Some(used),
            // What was read is not moved for each malformed line.
            Scanned::Malformed { used, next_line, found } => {
                line = next_line;
                malformed(found)?;
                start += used;
                continue;
            }
        };
        if let Some(used) = too_large {
            let (rest, blank) = (&rest[used..], blanks(&rest[used..]));
            line += count_lines(&rest[..blank]);
            let reason = format!("the JSON object is larger than {MAX_OBJECT_BYTES} bytes, the most that COPY takes");
            let bytes = rest[blank..].iter().take(MALFORMED_BYTES).copied().collect();
            // That it is one too many is no news.
            let _ = malformed(Malformed { line, reason: reason.clone(), bytes, is_json: false });
            return Err(SqlError::new("XX000", format!("{file}:{line}: {reason}")));
        }
        buffer.drain(..start);
        start = 0;
        at_end = (&mut input).take(CHUNK_BYTES as u64).read_to_end(&mut buffer).map_err(unreadable)? == 0;
    }
}

/// IGNOREHEADER: what comes behind so many lines.
pub fn skip_lines(input: Box<dyn Read + Send>, lines: u64) -> std::io::Result<Box<dyn Read + Send>> {
    if lines == 0 {
        return Ok(input);
    }
    let mut input = BufReader::new(input);
    for _ in 0..lines {
        if input.skip_until(b'\n')? == 0 {
            break;
        }
    }
    Ok(Box::new(input))
}

enum Scanned {
    /// All values that are whole were seen; `used` bytes are done with.
    NeedsMore { used: usize },
    /// A line that is not JSON, or a value that is not UTF-8; what comes behind it, and on which line.
    Malformed { used: usize, next_line: u64, found: Malformed },
    /// The value behind `used` bytes is larger than COPY takes.
    TooLarge { used: usize },
}

fn scan(
    buffer: &[u8],
    at_end: bool,
    line: &mut u64,
    each: &mut impl FnMut(&RawValue, u64) -> Result<(), SqlError>,
) -> Result<Scanned, SqlError> {
    let mut used = 0;
    let mut values = serde_json::Deserializer::from_slice(buffer).into_iter::<&RawValue>();
    loop {
        match values.next() {
            None => {
                *line += count_lines(&buffer[used..]);
                return Ok(Scanned::NeedsMore { used: buffer.len() });
            }
            Some(Ok(value)) if value.get().len() > MAX_OBJECT_BYTES => return Ok(Scanned::TooLarge { used }),
            Some(Ok(value)) => {
                let start = value.get().as_ptr() as usize - buffer.as_ptr() as usize;
                *line += count_lines(&buffer[used..start]) + count_lines(value.get().as_bytes());
                each(value, *line)?;
                used = start + value.get().len();
            }
            Some(Err(error)) => {
                let rest = &buffer[used..];
                let blank = blanks(rest);
                let begin = *line + count_lines(&rest[..blank]);
                if let Some(end) = whole_value(rest) {
                    let bytes = rest[blank..end].to_vec();
                    let next_line = begin + count_lines(&bytes);
                    let found = Malformed { line: next_line, reason: reason(&error), bytes, is_json: true };
                    return Ok(Scanned::Malformed { used: used + end, next_line, found });
                }
                let end = rest[blank..].iter().position(|&byte| byte == b'\n').map(|at| blank + at);
                // The value, or the malformed line, may go on in the next chunk.
                if !at_end && (error.is_eof() || end.is_none()) {
                    return Ok(Scanned::NeedsMore { used });
                }
                let bytes = rest[blank..end.unwrap_or(rest.len())].iter().take(MALFORMED_BYTES).copied().collect();
                let found = Malformed { line: begin, reason: reason(&error), bytes, is_json: false };
                let used = used + end.map_or(rest.len(), |end| end + 1);
                return Ok(Scanned::Malformed { used, next_line: begin + 1, found });
            }
        }
    }
}

/// Where the first value ends, if it is JSON whatever the bytes of its strings are.
fn whole_value(bytes: &[u8]) -> Option<usize> {
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<IgnoredAny>();
    values.next()?.ok()?;
    Some(values.byte_offset()).filter(|end| *end <= MAX_OBJECT_BYTES)
}

/// How many blanks come first.
fn blanks(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

fn count_lines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|&&byte| byte == b'\n').count() as u64
}

/// serde_json's reason without its own line and column, which count from somewhere else.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> (Vec<(u64, String)>, Vec<u64>) {
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        let input = Box::new(std::io::Cursor::new(text.to_owned().into_bytes()));
        for_each_value(
            input,
            "s3://b/k",
            |value, line| {
                good.push((line, value.get().to_owned()));
                Ok(())
            },
            |malformed| {
                bad.push(malformed.line);
                Ok(())
            },
        )
        .expect("read");
        (good, bad)
    }

    #[test]
    fn a_value_that_is_too_large_names_its_file_and_line() {
        for (bytes, whole) in [(MAX_OBJECT_BYTES, true), (3 * MAX_OBJECT_BYTES, false)] {
            let text = format!("{{\"a\":1}}\n\n{{\"a\":\n\"{}\"}}\n{{\"a\":3}}\n", "x".repeat(bytes));
            let (mut seen, mut rejected) = (0, Vec::new());
            let read = for_each_value(
                Box::new(std::io::Cursor::new(text.into_bytes())),
                "s3://b/k",
                |_, _| {
                    seen += 1;
                    Ok(())
                },
                |malformed| {
                    rejected.push((malformed.line, malformed.bytes.len()));
                    Err(SqlError::new("XX000", "Load into table failed"))
                },
            );
            let message = read.expect_err("too large").message;
            assert!(message.starts_with("s3://b/k:3: the JSON object is larger than 4194304 bytes"), "{message}");
            assert_eq!((seen, rejected), (1, vec![(3, MALFORMED_BYTES)]), "{whole}");
        }
    }

    #[test]
    fn a_value_with_bytes_that_are_no_utf8_is_whole() {
        let text = b"{\"a\":\n\"caf\xe9\"} {\"a\":2}\n\xff\n{\"a\":3}".to_vec();
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        for_each_value(
            Box::new(std::io::Cursor::new(text)),
            "s3://b/k",
            |value, line| {
                good.push((line, value.get().to_owned()));
                Ok(())
            },
            |malformed| {
                bad.push((malformed.line, malformed.is_json, malformed.bytes));
                Ok(())
            },
        )
        .expect("read");
        assert_eq!(good, [(2, "{\"a\":2}".to_owned()), (4, "{\"a\":3}".to_owned())]);
        assert_eq!(bad, [(2, true, b"{\"a\":\n\"caf\xe9\"}".to_vec()), (3, false, b"\xff".to_vec())]);
    }

    #[test]
    fn records_are_found_however_they_are_laid_out_by_their_last_lines() {
        let (good, bad) = lines("{\"a\":1}{\"a\":2}\n\n{\n \"a\":3\n}\n{\"a\":4}");
        assert_eq!(good.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 1, 5, 6]);
        assert!(bad.is_empty());
    }

    #[test]
    fn reading_goes_on_after_a_malformed_line() {
        let (good, bad) = lines("{\"a\":1}\n{\"a\":\n{\"a\":3}\nnonsense\n{\"a\":5}\n{\"a\"");
        assert_eq!(bad.last(), Some(&6));
        assert_eq!(good.first(), Some(&(1, "{\"a\":1}".to_owned())));
        assert_eq!(good.last(), Some(&(5, "{\"a\":5}".to_owned())));
    }

    #[test]
    fn values_longer_than_a_chunk_are_whole() {
        let long = format!("{{\"a\":\"{}\"}}\n{{\"b\":1}}", "x".repeat(3 * CHUNK_BYTES));
        let (good, bad) = lines(&long);
        assert_eq!((good.len(), bad.len()), (2, 0));
        assert_eq!(good[1].0, 2);
    }
}
