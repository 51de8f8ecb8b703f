//! A walk over CSV, byte by byte: which line feeds end a record, and which stand in quotes.

use super::fault::Fault;

/// The position of a reader in a record of CSV.
#[derive(Debug)]
pub struct CsvCursor {
    place: CsvPlace,
    /// An odd number of quotes has come.
    is_odd: bool,
    pub(super) line: u64,
    /// The line of the last quote that opened a field.
    opened: u64,
}

/// The place of the next byte in a field of CSV.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CsvPlace {
    /// Where a field begins.
    Begin,
    Bare,
    Quoted,
    /// After a quote in a quoted field: it ends the field, or is doubled.
    Closed,
}

impl CsvPlace {
    /// The place after a byte that ends no line.
    pub fn next(self, byte: u8, quote: u8, delimiter: Option<u8>) -> Self {
        match self {
            Self::Quoted if byte == quote => Self::Closed,
            Self::Quoted => Self::Quoted,
            Self::Begin | Self::Closed if byte == quote => Self::Quoted,
            Self::Closed if byte == b'\r' => Self::Closed,
            _ if Some(byte) == delimiter => Self::Begin,
            _ => Self::Bare,
        }
    }
}

impl CsvCursor {
    /// At a record that begins on this line.
    pub fn new(line: u64) -> Self {
        Self { place: CsvPlace::Begin, is_odd: false, line, opened: line }
    }

    /// Consumes a line feed; true if the record continues on the next line.
    ///
    /// # Errors
    /// As `is_inside`.
    pub fn end_line(&mut self) -> Result<bool, Fault> {
        let is_inside = self.is_inside()?;
        self.line += u64::from(is_inside);
        Ok(is_inside)
    }

    /// At the end of the text.
    ///
    /// # Errors
    /// As `is_inside`, and where a quote is open.
    pub fn end(&self) -> Result<(), Fault> {
        match self.is_inside()? {
            true => Err(fault(self.opened, "the quote that opens on this line is not closed")),
            false => Ok(()),
        }
    }

    /// Consumes a byte that is no line feed.
    pub fn step(&mut self, byte: u8, quote: u8, delimiter: Option<u8>) {
        self.is_odd ^= byte == quote;
        let next = self.place.next(byte, quote, delimiter);
        if (self.place, next) == (CsvPlace::Begin, CsvPlace::Quoted) {
            self.opened = self.line;
        }
        self.place = next;
    }

    /// Returns true if a line that ends here ends inside quotes.
    ///
    /// # Errors
    /// Where readers of CSV disagree: those that count quotes, and those for which a quote opens only where a field begins.
    fn is_inside(&self) -> Result<bool, Fault> {
        let is_quoted = self.place == CsvPlace::Quoted;
        match is_quoted == self.is_odd {
            true => Ok(is_quoted),
            false => Err(fault(self.line, "a quote stands inside a value, and the line ends before it is closed")),
        }
    }
}

/// Makes a fault of a line.
pub(super) fn fault(line: u64, reason: &str) -> Fault {
    Fault { line, column: 1, reason: reason.to_owned() }
}
