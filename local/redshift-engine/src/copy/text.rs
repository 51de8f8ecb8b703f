//! Records in delimited text, CSV and text of fixed width: one after the other, each with its fields. A record may
//! span lines where a quote or a backslash says so.

use std::borrow::Cow;
use std::io::{BufRead, BufReader, Read};

use super::json_values::MAX_OBJECT_BYTES;
use redshift_sql::{TextFormat, TextShape};

/// A record as it was read.
pub struct TextRecord {
    /// The number of its first line, from 1.
    pub line: u64,
    pub raw: Vec<u8>,
}

/// A field: its bytes, and whether they may stand for NULL.
#[derive(Debug, PartialEq, Eq)]
pub struct Field<'a> {
    pub bytes: Cow<'a, [u8]>,
    pub quoted: bool,
}

pub struct TextRecords<'f> {
    input: BufReader<Box<dyn Read + Send>>,
    format: &'f TextFormat,
    line: u64,
}

impl<'f> TextRecords<'f> {
    pub fn new(input: Box<dyn Read + Send>, format: &'f TextFormat) -> Self {
        Self { input: BufReader::with_capacity(1 << 20, input), format, line: 0 }
    }

    /// The next record; `None` at the end.
    pub fn next(&mut self) -> std::io::Result<Option<TextRecord>> {
        while self.line < self.format.skipped_lines {
            let mut header = Vec::new();
            if self.line(&mut header)? == 0 {
                return Ok(None);
            }
        }
        loop {
            let begin = self.line + 1;
            let mut raw = Vec::new();
            if self.line(&mut raw)? == 0 {
                return Ok(None);
            }
            let mut open = Open::default();
            open.read(&raw, self.format);
            while open.goes_on(self.format) {
                let before = raw.len();
                if self.line(&mut raw)? == 0 {
                    break;
                }
                open.read(&raw[before..], self.format);
            }
            trim_line_end(&mut raw);
            if raw.is_empty() && (self.format.skip_blank_lines || self.is_at_end()?) {
                continue;
            }
            return Ok(Some(TextRecord { line: begin, raw }));
        }
    }

    fn is_at_end(&mut self) -> std::io::Result<bool> {
        Ok(self.input.fill_buf()?.is_empty())
    }

    /// Reads a line behind what is there of its record. A record that is too long has no end that could be trusted.
    fn line(&mut self, record: &mut Vec<u8>) -> std::io::Result<usize> {
        let room = MAX_OBJECT_BYTES as u64 + 1 - record.len() as u64;
        let read = (&mut self.input).take(room).read_until(b'\n', record)?;
        if read > 0 {
            self.line += 1;
        }
        if record.len() <= MAX_OBJECT_BYTES {
            return Ok(read);
        }
        let ends = record[..record.len() - 1].iter().filter(|byte| **byte == b'\n').count() as u64;
        Err(std::io::Error::other(format!(
            "the row on line {} is larger than {MAX_OBJECT_BYTES} bytes, the most that COPY takes; look for a quote that \
             is not closed",
            self.line - ends
        )))
    }
}

fn trim_line_end(raw: &mut Vec<u8>) {
    if raw.last() == Some(&b'\n') {
        raw.pop();
    }
    if raw.last() == Some(&b'\r') {
        raw.pop();
    }
}

/// What is open at the end of a line.
#[derive(Default)]
struct Open {
    quote: bool,
    escaped: bool,
}

impl Open {
    fn read(&mut self, bytes: &[u8], format: &TextFormat) {
        match format.shape {
            TextShape::Csv(quote) => {
                for byte in bytes {
                    self.quote ^= *byte == quote;
                }
            }
            TextShape::Delimited if format.escape => {
                let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
                let slashes = line.iter().rev().take_while(|byte| **byte == b'\\').count();
                self.escaped = slashes % 2 == 1;
            }
            _ => {}
        }
    }

    fn goes_on(&self, format: &TextFormat) -> bool {
        match format.shape {
            TextShape::Csv(_) => self.quote,
            _ => self.escaped,
        }
    }
}

/// The fields of a record, or what is wrong with it.
pub fn fields<'a>(raw: &'a [u8], format: &TextFormat) -> Result<Vec<Field<'a>>, &'static str> {
    match &format.shape {
        TextShape::Csv(quote) => {
            let delimiter = format.delimiter.as_deref().unwrap_or(",").as_bytes();
            csv(raw, delimiter, *quote)
        }
        TextShape::Delimited => {
            let delimiter = format.delimiter.as_deref().unwrap_or("|").as_bytes();
            Ok(delimited(raw, delimiter, format))
        }
        TextShape::FixedWidth(widths) => fixed(raw, widths),
    }
}

fn csv<'a>(raw: &'a [u8], delimiter: &[u8], quote: u8) -> Result<Vec<Field<'a>>, &'static str> {
    let mut found = Vec::new();
    let mut rest = raw;
    loop {
        if rest.first() == Some(&quote) {
            let mut bytes = Vec::new();
            let mut at = 1;
            loop {
                match (rest.get(at), rest.get(at + 1)) {
                    (Some(one), Some(two)) if *one == quote && *two == quote => {
                        bytes.push(quote);
                        at += 2;
                    }
                    (Some(one), _) if *one == quote => break,
                    (Some(byte), _) => {
                        bytes.push(*byte);
                        at += 1;
                    }
                    (None, _) => return Err("Invalid quote formatting for CSV"),
                }
            }
            found.push(Field { bytes: bytes.into(), quoted: true });
            rest = &rest[at + 1..];
            match rest.strip_prefix(delimiter) {
                Some(next) => rest = next,
                None if rest.is_empty() => return Ok(found),
                None => return Err("Invalid quote formatting for CSV"),
            }
            continue;
        }
        match find(rest, delimiter) {
            Some(end) => {
                found.push(Field { bytes: rest[..end].into(), quoted: false });
                rest = &rest[end + delimiter.len()..];
            }
            None => {
                found.push(Field { bytes: rest.into(), quoted: false });
                return Ok(found);
            }
        }
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    match wanted {
        [byte] => bytes.iter().position(|found| found == byte),
        [] => None,
        _ => bytes.windows(wanted.len()).position(|window| window == wanted),
    }
}

fn delimited<'a>(raw: &'a [u8], delimiter: &[u8], format: &TextFormat) -> Vec<Field<'a>> {
    if !format.escape && !format.remove_quotes {
        let mut found = Vec::new();
        let mut rest = raw;
        while let Some(end) = find(rest, delimiter) {
            found.push(Field { bytes: rest[..end].into(), quoted: false });
            rest = &rest[end + delimiter.len()..];
        }
        found.push(Field { bytes: rest.into(), quoted: false });
        return found;
    }
    let mut found = Vec::new();
    let (mut bytes, mut quote, mut quoted, mut at) = (Vec::new(), None, false, 0);
    while at < raw.len() {
        let byte = raw[at];
        if format.escape && byte == b'\\' && at + 1 < raw.len() {
            // What is NULL keeps its backslash.
            if raw[at + 1] == b'N' && bytes.is_empty() {
                bytes.push(b'\\');
            }
            bytes.push(raw[at + 1]);
            at += 2;
        } else if format.remove_quotes && quote.is_none() && bytes.is_empty() && !quoted && matches!(byte, b'"' | b'\'')
        {
            (quote, quoted) = (Some(byte), true);
            at += 1;
        } else if quote == Some(byte) {
            quote = None;
            at += 1;
        } else if quote.is_none() && raw[at..].starts_with(delimiter) {
            found.push(Field { bytes: std::mem::take(&mut bytes).into(), quoted });
            quoted = false;
            at += delimiter.len();
        } else {
            bytes.push(byte);
            at += 1;
        }
    }
    found.push(Field { bytes: bytes.into(), quoted });
    found
}

fn fixed<'a>(raw: &'a [u8], widths: &[usize]) -> Result<Vec<Field<'a>>, &'static str> {
    let mut rest = raw;
    let mut found = Vec::new();
    for width in widths {
        let mut end = 0;
        for _ in 0..*width {
            let Some(first) = rest.get(end) else { break };
            end += match first {
                0xC0..0xE0 => 2,
                0xE0..0xF0 => 3,
                0xF0.. => 4,
                _ => 1,
            };
        }
        if rest.is_empty() {
            return Err("Missing data for a field of fixed width");
        }
        let (field, left) = rest.split_at(end.min(rest.len()));
        found.push(Field { bytes: field.trim_ascii_end().into(), quoted: false });
        rest = left;
    }
    match rest.trim_ascii().is_empty() {
        true => Ok(found),
        false => Err("Extra data behind the last field of fixed width"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_never_ends_is_refused_in_bounded_memory() {
        struct Endless(usize);
        impl Read for Endless {
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                self.0 += buffer.len();
                assert!(self.0 < 4 * MAX_OBJECT_BYTES, "it reads on and on");
                buffer.fill(b'x');
                buffer[0] = b'\n';
                Ok(buffer.len())
            }
        }
        let format = TextFormat {
            shape: TextShape::Csv(b'"'),
            delimiter: None,
            null: String::new(),
            skipped_lines: 0,
            skip_blank_lines: false,
            fill: false,
            escape: false,
            remove_quotes: false,
        };
        let input = std::io::Cursor::new(b"1,2\n\"3".to_vec()).chain(Endless(0));
        let mut records = TextRecords::new(Box::new(input), &format);
        assert_eq!(records.next().expect("read").map(|record| record.raw), Some(b"1,2".to_vec()));
        let error = records.next().map(drop).expect_err("too long").to_string();
        assert!(error.contains("the row on line 2 is larger than 4194304 bytes"), "{error}");
    }

    fn csv_of(line: &str) -> Vec<String> {
        let fields = csv(line.as_bytes(), b",", b'"').expect("fields");
        fields.iter().map(|field| String::from_utf8_lossy(&field.bytes).into_owned()).collect()
    }

    #[test]
    fn quotes_hold_delimiters_and_quotes() {
        assert_eq!(csv_of(r#"1,"a,b",,"say ""hi""""#), ["1", "a,b", "", "say \"hi\""]);
        assert_eq!(csv_of(""), [""]);
        assert!(csv(br#"1,"a"b"#, b",", b'"').is_err());
        assert!(csv(br#"1,"a"#, b",", b'"').is_err());
    }

    #[test]
    fn fields_of_fixed_width_count_characters() {
        let found = fixed("Zürich    12".as_bytes(), &[10, 2]).expect("fields");
        assert_eq!(found[0].bytes.as_ref(), "Zürich".as_bytes());
        assert_eq!(found[1].bytes.as_ref(), b"12");
        assert!(fixed(b"short", &[10, 2]).is_err());
    }
}
