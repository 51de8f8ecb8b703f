//! Quotes of CSV, as COPY takes them: a field that begins with one ends with one.

use std::io::{Error, ErrorKind, Read, Result};

use crate::load::csv_cursor::CsvPlace;

/// Reads CSV, and fails at a field that goes on behind its closing quote: COPY rejects its row.
pub struct QuoteCheck<R> {
    reader: R,
    delimiter: u8,
    place: CsvPlace,
    line: u64,
}

impl<R> QuoteCheck<R> {
    pub fn new(reader: R, delimiter: u8) -> Self {
        Self { reader, delimiter, place: CsvPlace::Begin, line: 1 }
    }

    fn step(&mut self, byte: u8) -> Result<()> {
        let next = match byte {
            b'\n' | b'\r' if self.place != CsvPlace::Quoted => CsvPlace::Begin,
            byte => self.place.next(byte, b'"', Some(self.delimiter)),
        };
        if (self.place, next) == (CsvPlace::Closed, CsvPlace::Bare) {
            let line = self.line;
            let message = format!("line {line}: a field goes on behind its closing quote, and COPY rejects its row");
            return Err(Error::new(ErrorKind::InvalidData, message));
        }
        self.place = next;
        self.line += u64::from(byte == b'\n');
        Ok(())
    }
}

impl<R: Read> Read for QuoteCheck<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let read = self.reader.read(buffer)?;
        buffer[..read].iter().try_for_each(|byte| self.step(*byte))?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> Option<String> {
        let read = QuoteCheck::new(text.as_bytes(), b',').read_to_end(&mut Vec::new());
        read.err().map(|error| error.to_string())
    }

    #[test]
    fn quotes_that_copy_takes_pass_and_others_have_their_line() {
        assert_eq!(fault("a,\"b \"\"c\"\", d\"\r\n\"e\nf\",\n\"\",5\" pipe, \"g\"\n\"h\""), None);
        let says =
            |line| Some(format!("line {line}: a field goes on behind its closing quote, and COPY rejects its row"));
        assert_eq!(fault("a\n\"b \\\"c\\\" d\",1\n"), says(2));
        assert_eq!(fault("\"a\" ,b"), says(1));
    }
}
