//! Records of a file by the lines that they stand on, as COPY cuts its text into records: found while the file is read piece
//! by piece, so that no more of it is held than one record.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use super::fault::Fault;
use super::plain_json::BYTE_ORDER_MARK;
use super::record_format::{ParseState, ParseStep, RecordFormat};

/// Bytes that a record may have; of a longer one, up to twice as many are picked.
pub const RECORD_BYTES: usize = 65_535;
/// The longest JSON object that COPY takes: at this length it is taken for malformed.
const JSON_BYTES: usize = 4 << 20;

/// A record without the end of its line.
fn trimmed(record: &[u8]) -> &[u8] {
    let record = record.strip_suffix(b"\n").unwrap_or(record);
    record.strip_suffix(b"\r").unwrap_or(record)
}

/// A record that stands on a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PickedRecord {
    /// The line that it begins on.
    pub line: u64,
    /// How many records come before it in the file.
    pub number: u64,
    pub text: Vec<u8>,
}

/// The records by the lines that were asked for: several where they share a line.
pub type PickedRecords = BTreeMap<u64, Vec<PickedRecord>>;

/// Picks records out of a text that is written to it: those with one of the wanted lines among their own. COPY may number a
/// record by its first line or by its last.
#[derive(Debug)]
pub struct RecordPicker {
    format: RecordFormat,
    /// Lines, from 1.
    wanted: BTreeSet<u64>,
    /// Lines of a header, which are no records.
    header_lines: u64,
    state: ParseState,
    /// The record so far, and the line it begins on.
    text: Vec<u8>,
    begins: u64,
    /// The line of the next byte.
    line: u64,
    /// Bytes of a byte-order mark so far; its full length, too, once there can be none.
    mark: usize,
    number: u64,
    found: PickedRecords,
    fault: Option<Fault>,
}

impl RecordPicker {
    pub fn new(format: RecordFormat, wanted: BTreeSet<u64>, header_lines: u64) -> Self {
        Self {
            format,
            wanted,
            header_lines,
            state: ParseState::Between,
            text: Vec::new(),
            begins: 1,
            line: 1,
            mark: 0,
            number: 0,
            found: PickedRecords::new(),
            fault: None,
        }
    }

    /// True if no more records are wanted, or a fault ended the search.
    pub fn is_done(&self) -> bool {
        let begins = if matches!(self.state, ParseState::Between) { self.line } else { self.begins };
        self.fault.is_some() || self.wanted.last().is_none_or(|last| *last < begins)
    }

    /// The records by their lines, at the end of the text.
    ///
    /// # Errors
    /// Where the end of a record is uncertain.
    pub fn finish(&mut self) -> Result<PickedRecords, Fault> {
        self.read_mark();
        while !self.is_done() {
            match &self.state {
                ParseState::Between => break,
                ParseState::Csv { cursor, .. } => match cursor.end() {
                    Ok(()) => self.pick(),
                    Err(fault) => self.fault = Some(fault),
                },
                ParseState::Json(_) => {
                    let behind = self.first_line_alone();
                    self.read(&behind);
                }
                ParseState::Line { .. } => self.pick(),
            }
        }
        match self.fault.take() {
            Some(fault) => Err(fault),
            None => Ok(std::mem::take(&mut self.found)),
        }
    }

    /// Reads what has come of a byte-order mark, where it is none.
    fn read_mark(&mut self) {
        let come = std::mem::replace(&mut self.mark, BYTE_ORDER_MARK.len());
        if come < BYTE_ORDER_MARK.len() {
            self.read(&BYTE_ORDER_MARK[..come]);
        }
    }

    /// Reads a piece of the text, and again what was taken for a part of a record before and is none.
    fn read(&mut self, piece: &[u8]) {
        let mut waiting = self.scan(piece);
        while let Some(next) = waiting.pop() {
            let again = self.scan(&next);
            waiting.extend(again);
        }
    }

    /// Scans a piece; answers the bytes to read again, the last of them first.
    fn scan(&mut self, piece: &[u8]) -> Vec<Vec<u8>> {
        // `from` is where the bytes begin that are not in `text` yet.
        let (mut from, mut at) = (0, 0);
        while let Some(byte) = piece.get(at).copied() {
            if matches!(self.state, ParseState::Between) {
                if self.is_done() {
                    return Vec::new();
                }
                if self.line <= self.header_lines || self.format == RecordFormat::Json && byte.is_ascii_whitespace() {
                    self.line += u64::from(byte == b'\n');
                    at += 1;
                    continue;
                }
                (self.begins, from) = (self.line, at);
                self.state = ParseState::at(self.format, byte, self.line);
            }
            at += 1;
            let is_line_end = byte == b'\n';
            match self.state.step(byte) {
                Ok(ParseStep::Inside) if is_line_end && self.is_oversized(at - from) => {
                    let reason = "the JSON object that begins here is larger than 4 MB, the most that COPY takes";
                    self.fault = Some(Fault { line: self.begins, column: 1, reason: reason.to_owned() });
                    return Vec::new();
                }
                Ok(ParseStep::Inside) => self.line += u64::from(is_line_end),
                Ok(ParseStep::Ends) => {
                    self.take(&piece[from..at]);
                    self.pick();
                    self.line += u64::from(is_line_end);
                    from = at;
                }
                Ok(ParseStep::Malformed) => {
                    self.take(&piece[from..at]);
                    return vec![piece[at..].to_vec(), self.first_line_alone()];
                }
                Err(fault) => {
                    self.fault = Some(fault);
                    return Vec::new();
                }
            }
        }
        if !matches!(self.state, ParseState::Between) {
            self.take(&piece[from..]);
        }
        Vec::new()
    }

    /// Returns true if a JSON object is so long, with these bytes, that it is not waited for its end.
    fn is_oversized(&self, more: usize) -> bool {
        self.format == RecordFormat::Json && self.text.len() + more > JSON_BYTES
    }

    /// Adds to the record, as far as it may be kept or read again.
    fn take(&mut self, bytes: &[u8]) {
        let most = if self.format == RecordFormat::Json { 2 * JSON_BYTES } else { 2 * RECORD_BYTES };
        let room = most.saturating_sub(self.text.len()).min(bytes.len());
        self.text.extend_from_slice(&bytes[..room]);
    }

    /// Ends the record on this line, and keeps it where one of its lines is wanted.
    fn pick(&mut self) {
        let text = trimmed(&self.text);
        let text = &text[..text.len().min(2 * RECORD_BYTES)];
        for line in self.wanted.range(self.begins..=self.line) {
            let record = PickedRecord { line: self.begins, number: self.number, text: text.to_vec() };
            self.found.entry(*line).or_default().push(record);
        }
        self.number += 1;
        self.text.clear();
        self.state = ParseState::Between;
    }

    /// As COPY reads malformed JSON: the line that it begins on is a record. Answers the lines behind it, to be read again.
    fn first_line_alone(&mut self) -> Vec<u8> {
        self.line = self.begins;
        match self.text.iter().position(|byte| *byte == b'\n') {
            Some(newline) => {
                let behind = self.text.split_off(newline + 1);
                self.pick();
                self.line += 1;
                behind
            }
            None => {
                self.state = ParseState::Line { escapes: false, is_escaped: false };
                Vec::new()
            }
        }
    }
}

impl Write for RecordPicker {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut rest = bytes;
        while let Some(expected) = BYTE_ORDER_MARK.get(self.mark)
            && let Some((byte, behind)) = rest.split_first()
        {
            if byte == expected {
                (self.mark, rest) = (self.mark + 1, behind);
            } else {
                self.read_mark();
            }
        }
        for line in rest.split_inclusive(|byte| *byte == b'\n') {
            if self.is_done() {
                break;
            }
            self.read(line);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSV: RecordFormat = RecordFormat::Csv { quote: b'"', delimiter: Some(b',') };

    /// The records on these lines, which must not depend on how the text is split.
    fn found(format: RecordFormat, text: &str, lines: &[u64], header_lines: u64) -> Result<PickedRecords, Fault> {
        let found = |piece: usize| {
            let mut picker = RecordPicker::new(format, lines.iter().copied().collect(), header_lines);
            text.as_bytes().chunks(piece).for_each(|piece| picker.write_all(piece).expect("written"));
            picker.finish()
        };
        let whole = found(text.len().max(1));
        assert_eq!((found(1), found(3)), (whole.clone(), whole.clone()), "{text:?}");
        whole
    }

    /// The texts of the records that stand on these lines.
    fn picked(format: RecordFormat, text: &str, lines: &[u64]) -> Vec<(u64, Vec<String>)> {
        let text_of = |record: PickedRecord| String::from_utf8(record.text).expect("text");
        let whole = found(format, text, lines, 0).expect("found");
        whole.into_iter().map(|(line, records)| (line, records.into_iter().map(text_of).collect())).collect()
    }

    /// The first lines of the records that stand on these lines.
    fn first_lines(format: RecordFormat, text: &str, lines: &[u64]) -> Vec<u64> {
        found(format, text, lines, 0).expect("found").into_values().flatten().map(|record| record.line).collect()
    }

    fn one(line: u64, record: &str) -> (u64, Vec<String>) {
        (line, vec![record.to_owned()])
    }

    #[test]
    fn json_is_picked_as_copy_reads_it() {
        let text = "{\"a\":1}\n{\"a\":\n 2}\n{\"a\": \"cut\n{\"a\":4} {\"a\":5}\nnonsense\r\n{\"b\":{}} x\n[6]";
        let expected = [
            one(2, "{\"a\":\n 2}"),
            one(4, "{\"a\": \"cut"),
            (5, vec!["{\"a\":4}".to_owned(), "{\"a\":5}".to_owned()]),
            one(6, "nonsense"),
            (7, vec!["{\"b\":{}}".to_owned(), "x".to_owned()]),
            one(8, "[6]"),
        ];
        assert_eq!(picked(RecordFormat::Json, text, &[2, 4, 5, 6, 7, 8]), expected);
        assert_eq!(picked(RecordFormat::Json, text, &[8]), expected[5..]);
        assert!(picked(RecordFormat::Json, text, &[9]).is_empty());
        // What is cut off at the end swallows no line behind it.
        let cut = "{\"a\":\n{\"a\":2}\n{\"a\":\n";
        assert_eq!(
            picked(RecordFormat::Json, cut, &[1, 2, 3]),
            [one(1, "{\"a\":"), one(2, "{\"a\":2}"), one(3, "{\"a\":")]
        );
        assert_eq!(picked(RecordFormat::Json, "\u{feff}{\"a\":1}", &[1]), [one(1, "{\"a\":1}")]);
        assert!(picked(RecordFormat::Lines, "\u{feff}", &[1]).is_empty());
        assert_eq!(picked(RecordFormat::Lines, "\u{fefe}a", &[1]), [one(1, "\u{fefe}a")]);
    }

    #[test]
    fn a_record_is_picked_by_its_first_line_and_by_its_last() {
        let pretty = "{\n \"a\": 1\n}\n{\n \"a\": {\n }\n}\n\n{\"a\": 3}\n";
        let second = "{\n \"a\": {\n }\n}";
        for line in [4, 5, 7] {
            assert_eq!(picked(RecordFormat::Json, pretty, &[line]), [one(line, second)]);
            assert_eq!(first_lines(RecordFormat::Json, pretty, &[line]), [4]);
        }
        assert_eq!(picked(RecordFormat::Json, pretty, &[9]), [one(9, "{\"a\": 3}")]);
        // Records that share a line cannot be distinguished.
        let shared = "{\n} {\n}";
        assert_eq!(picked(RecordFormat::Json, shared, &[2]), [(2, vec!["{\n}".to_owned(), "{\n}".to_owned()])]);
        for line in [2, 3] {
            assert_eq!(picked(CSV, "h\n1,\"a\nb\"\n3,x", &[line]), [one(line, "1,\"a\nb\"")]);
            assert_eq!(first_lines(CSV, "h\n1,\"a\nb\"\n3,x", &[line]), [2]);
        }
        // What COPY rejects on each of its lines is one record.
        let same = found(CSV, "1,\"a\nb\"\n", &[1, 2], 0).expect("found");
        assert_eq!(same[&1], same[&2]);
    }

    #[test]
    fn where_quotes_are_not_certain_nothing_is_picked() {
        let inside = "a quote stands inside a value, and the line ends before it is closed";
        let fault = |text: &str, line: u64| found(CSV, text, &[line], 1).map_err(|fault| (fault.line, fault.reason));
        assert_eq!(fault("a,b\n2,5\" pipe\n3,x\n", 3), Err((2, inside.to_owned())));
        assert_eq!(fault("a,b\n2,5\" pipe\n3,x\n", 2), Err((2, inside.to_owned())));
        let open = "the quote that opens on this line is not closed";
        assert_eq!(fault("a,b\n2,x\n3,\"y\n4,z\n", 4), Err((3, open.to_owned())));
        // What lies behind the last that is wanted, and the header, are not looked at.
        for (text, line) in [("a,b\n2,x\n3,5\" pipe\n", 2), ("a,5\" b\n2,x\n", 2)] {
            assert_eq!(fault(text, line).expect("found").len(), 1, "{text}");
        }
    }

    #[test]
    fn lines_go_on_behind_quotes_and_backslashes() {
        let csv = "h\n1,\"a\nb\"\n2,\"c\"\"d\"\n3,x";
        assert_eq!(picked(CSV, csv, &[2, 4, 5]), [one(2, "1,\"a\nb\""), one(4, "2,\"c\"\"d\""), one(5, "3,x")]);
        assert_eq!(
            picked(RecordFormat::Escaped, "1|a\\\nb\n2|c\\\\\n3", &[1, 3]),
            [one(1, "1|a\\\nb"), one(3, "2|c\\\\")]
        );
        assert_eq!(picked(RecordFormat::Lines, "a\\\n\"b\n", &[1, 2]), [one(1, "a\\"), one(2, "\"b")]);
        // Of a record that is too long no more is held than shows it.
        let long = format!("1,\"a\n{}\"\n", format!("{}\n", "x".repeat(999)).repeat(400));
        let found = picked_whole(CSV, &long);
        assert!(found.len() > RECORD_BYTES && found.len() < 3 * RECORD_BYTES, "{}", found.len());
    }

    fn picked_whole(format: RecordFormat, text: &str) -> String {
        let mut picker = RecordPicker::new(format, BTreeSet::from([1]), 0);
        picker.write_all(text.as_bytes()).expect("written");
        let found = picker.finish().expect("told").remove(&1).expect("found");
        String::from_utf8(found[0].text.clone()).expect("text")
    }
}
