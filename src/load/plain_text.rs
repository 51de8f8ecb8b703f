//! CSV and delimited text as COPY reads it: where the header ends, where the records are, and how many there are.

use std::ops::Range;

use bytes::Bytes;

use super::copy_format::TextRules;
use super::csv_cursor::{CsvCursor, fault};
use super::fault::Fault;
use super::part::CheckedContent;
use super::plain_json::{BYTE_ORDER_MARK, unpacked};

const UTF16_MARKS: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

/// The records of an object, unpacked, as other objects' records can follow.
///
/// # Errors
/// As `body`, and where it cannot be unpacked.
pub fn plain(bytes: Bytes, rules: &TextRules) -> Result<CheckedContent, Fault> {
    let text = unpacked(bytes)?;
    let found = body(&text, rules)?;
    let header = found.header.map(|header| text.slice(header));
    let mut bytes = text.slice(found.bytes.clone());
    if !found.blank_returns.is_empty() {
        let mut returns = found.blank_returns.iter().map(|at| at - found.bytes.start).peekable();
        let is_kept = |(at, _): &(usize, &u8)| returns.next_if_eq(at).is_none();
        bytes = bytes.iter().enumerate().filter(is_kept).map(|(_, byte)| *byte).collect();
    }
    let (records, lines, skipped_lines) = (found.records, found.lines, found.skipped_lines);
    Ok(CheckedContent { bytes, records, lines, skipped_lines, header, ..CheckedContent::default() })
}

/// Where the records of an object are.
#[derive(Debug)]
struct TextBody {
    /// Their bytes: neither a byte-order mark nor a header, nor a blank line at the end, which COPY passes over.
    bytes: Range<usize>,
    /// The last line of the header, without its end.
    header: Option<Range<usize>>,
    /// Lines before the records.
    skipped_lines: u64,
    lines: u64,
    records: u64,
    /// Carriage returns of blank lines that are no records: COPY passes over lines that are a line feed alone.
    blank_returns: Vec<usize>,
}

/// Finds the records.
///
/// # Errors
/// Where the end of a record is uncertain, or the object is not UTF-8.
fn body(text: &[u8], rules: &TextRules) -> Result<TextBody, Fault> {
    if UTF16_MARKS.iter().any(|mark| text.starts_with(mark)) {
        return Err(fault(1, "it is UTF-16, and only UTF-8 is joined"));
    }
    if has_returns_alone(text, rules.quote) {
        return Err(fault(1, "its lines end with carriage returns alone"));
    }
    let mut at = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    let (mut header, mut skipped_lines) = (None, 0);
    while skipped_lines < rules.header_lines && at < text.len() {
        let end = line_end(text, at);
        skipped_lines += 1;
        if has_odd_quotes(&text[at..end], rules.quote) {
            return Err(fault(skipped_lines, "a quote in the header is not closed on its line"));
        }
        header = Some(at..at + without_end(&text[at..end]).len());
        at = end;
    }
    let mut found =
        TextBody { bytes: at..text.len(), header, skipped_lines, lines: 0, records: 0, blank_returns: Vec::new() };
    let mut is_blank = false;
    while at < text.len() {
        let (end, lines) = record(text, at, rules, skipped_lines + found.lines + 1)?;
        let was_blank = std::mem::replace(&mut is_blank, without_end(&text[at..end]).is_empty());
        if is_blank {
            // Another one before it would be passed over in its place at the end of a part.
            if end == text.len() && was_blank && !rules.ignores_blank_lines {
                let line = skipped_lines + found.lines;
                return Err(fault(line, "it ends with blank lines, which are records without `ignoreblanklines`"));
            }
            if end == text.len() {
                found.bytes.end = at;
                break;
            }
            if rules.ignores_blank_lines {
                found.blank_returns.extend((end - at == 2).then_some(at));
                found.lines += 1;
                at = end;
                continue;
            }
        }
        found.records += 1;
        found.lines += lines;
        at = end;
    }
    Ok(found)
}

/// The first record, without its end; `None` where there is none.
pub fn first_record<'a>(text: &'a [u8], rules: &TextRules) -> Option<&'a [u8]> {
    let (end, _) = record(text, 0, rules, 1).ok()?;
    Some(without_end(&text[..end])).filter(|record| !record.is_empty())
}

/// The end of the record that begins at `at`, behind its line feed, and how many lines it has; it begins on `line`.
fn record(text: &[u8], at: usize, rules: &TextRules, line: u64) -> Result<(usize, u64), Fault> {
    let Some(quote) = rules.quote else { return Ok((line_end(text, at), 1)) };
    let mut cursor = CsvCursor::new(line);
    for (offset, byte) in text[at..].iter().enumerate() {
        if *byte == b'\n' {
            if !cursor.end_line()? {
                return Ok((at + offset + 1, cursor.line - line + 1));
            }
        } else {
            cursor.step(*byte, quote, rules.delimiter);
        }
    }
    cursor.end()?;
    Ok((text.len(), cursor.line - line + 1))
}

/// Returns true if a text has lines, and none of them ends with a line feed.
fn has_returns_alone(text: &[u8], quote: Option<u8>) -> bool {
    let (mut is_quoted, mut has_return) = (false, false);
    let last = text.len().saturating_sub(1);
    for (at, byte) in text.iter().enumerate() {
        match *byte {
            b'\n' => return false,
            b'\r' => has_return |= !is_quoted && at < last,
            byte => is_quoted ^= Some(byte) == quote,
        }
    }
    has_return
}

fn has_odd_quotes(line: &[u8], quote: Option<u8>) -> bool {
    line.iter().filter(|byte| Some(**byte) == quote).count() % 2 == 1
}

fn line_end(text: &[u8], at: usize) -> usize {
    text[at..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |newline| at + newline + 1)
}

fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The column names of a header, in lower case; `None` where it is no list of names.
pub fn column_names(header: &[u8], rules: &TextRules) -> Option<Vec<String>> {
    let names: Vec<String> = fields(header, rules)?.iter().map(|name| name.trim().to_lowercase()).collect();
    let is_name = |name: &String| name.starts_with(|first: char| first.is_alphabetic() || first == '_');
    let is_distinct = |(at, name): (usize, &String)| !names[..at].contains(name);
    let is_list = names.len() > 1 && names.iter().all(is_name) && names.iter().enumerate().all(is_distinct);
    is_list.then_some(names)
}

/// The fields of a line; `None` in text of fixed width.
pub fn fields(line: &[u8], rules: &TextRules) -> Option<Vec<String>> {
    let delimiter = rules.delimiter?;
    let (mut fields, mut is_quoted) = (vec![Vec::new()], false);
    for byte in line {
        if Some(*byte) == rules.quote {
            is_quoted = !is_quoted;
        } else if *byte == delimiter && !is_quoted {
            fields.push(Vec::new());
        } else if let Some(field) = fields.last_mut() {
            field.push(*byte);
        }
    }
    Some(fields.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSV: TextRules = TextRules {
        delimiter: Some(b','),
        quote: Some(b'"'),
        header_lines: 1,
        ignores_blank_lines: false,
        fills_records: false,
    };
    const PIPED: TextRules = TextRules { delimiter: Some(b'|'), quote: None, header_lines: 0, ..CSV };

    /// The joined bytes, and how many lines and records they are.
    fn read(text: &str, rules: &TextRules) -> Result<(String, u64, u64), (u64, String)> {
        let found = body(text.as_bytes(), rules).map_err(|fault| (fault.line, fault.reason))?;
        Ok((text[found.bytes].to_owned(), found.lines, found.records))
    }

    #[test]
    fn records_are_counted_and_the_header_goes() {
        for (text, rules, joined, lines, records) in [
            ("a,b\n1,x\n2,y\n", &CSV, "1,x\n2,y\n", 2, 2),
            ("\u{feff}a,b\r\n1,x\r\n2,y", &CSV, "1,x\r\n2,y", 2, 2),
            ("a,b\n1,\"x\ny,\"\"\n\"\n2,y\n", &CSV, "1,\"x\ny,\"\"\n\"\n2,y\n", 4, 2),
            ("a,b\n1,5\" \"x\n\n2,\"y\"\r\n", &CSV, "1,5\" \"x\n\n2,\"y\"\r\n", 3, 3),
            ("a,b", &CSV, "", 0, 0),
            ("a,b\n", &CSV, "", 0, 0),
            ("a,b\n\n", &CSV, "", 0, 0),
            ("a,b\n\n1,x\n\r\n", &CSV, "\n1,x\n", 2, 2),
            ("1|\"x\n2|\\y\n", &PIPED, "1|\"x\n2|\\y\n", 2, 2),
            ("\n1|x", &PIPED, "\n1|x", 2, 2),
        ] {
            assert_eq!(read(text, rules), Ok((joined.to_owned(), lines, records)), "{text:?}");
        }
    }

    #[test]
    fn lines_of_a_header_lead_back() {
        let found = body(b"made today\na,b\r\n1,x\n", &TextRules { header_lines: 2, ..CSV }).expect("body");
        assert_eq!((found.header, found.skipped_lines), (Some(11..14), 2));
        let many = body(b"a,b\n1,x\n", &TextRules { header_lines: 9_000_000_000, ..CSV }).expect("body");
        assert_eq!((many.bytes, many.skipped_lines, many.records), (8..8, 2, 0));
    }

    #[test]
    fn blank_lines_that_are_passed_over_are_line_feeds_alone() {
        let rules = TextRules { ignores_blank_lines: true, ..PIPED };
        let found = body(b"1|x\r\n\r\n\n2|y\r\n\r\n", &rules).expect("body");
        assert_eq!((found.bytes, found.lines, found.records, found.blank_returns), (0..13, 4, 2, vec![5]));
    }

    #[test]
    fn what_is_packed_is_unpacked_and_blank_lines_lose_their_returns() {
        let text = b"\xef\xbb\xbfa|b\n1|x\r\n\r\n\r\n2|y\r\n\r\n";
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut gzip, text).expect("gzip");
        let rules = TextRules { ignores_blank_lines: true, header_lines: 1, ..PIPED };
        let read = plain(Bytes::from(gzip.finish().expect("gzip")), &rules).expect("text");
        assert_eq!(read.bytes, "1|x\r\n\n\n2|y\r\n");
        assert_eq!((read.records, read.lines, read.skipped_lines), (2, 4, 1));
        assert_eq!(read.header.as_deref(), Some(&b"a|b"[..]));
    }

    #[test]
    fn what_cannot_be_told_is_a_fault_with_its_line() {
        let inside = "a quote stands inside a value, and the line ends before it is closed";
        for (text, line, reason) in [
            ("a,b\n1,x\n2,\"y\n3,z\n", 3, "the quote that opens on this line is not closed"),
            ("a,b\n1,\"x\n\"\n2,\"y", 4, "the quote that opens on this line is not closed"),
            ("a,b\n1,x\n2,5\"\n3,5\"\n", 3, inside),
            ("a,b\n1,\"x\"y\"\n", 2, inside),
            ("a,b\n1,5\",\"x\ny\"\n", 2, inside),
            ("a,\"b\nc\"\n1,x\n", 1, "a quote in the header is not closed on its line"),
            ("a,b\n1,x\n\n\r\n", 3, "it ends with blank lines, which are records without `ignoreblanklines`"),
            ("a,b\r1,x\r", 1, "its lines end with carriage returns alone"),
        ] {
            assert_eq!(read(text, &CSV), Err((line, reason.to_owned())), "{text:?}");
        }
        assert!(read("1,\"x\ry\"", &TextRules { header_lines: 0, ..CSV }).is_ok());
        assert!(body(b"\xff\xfea\0", &CSV).is_err_and(|fault| fault.reason.starts_with("it is UTF-16")));
    }

    #[test]
    fn a_header_is_a_list_of_names() {
        let names = |header: &str| column_names(header.as_bytes(), &CSV);
        assert_eq!(names("ID, \"First, Name\""), Some(vec!["id".to_owned(), "first, name".to_owned()]));
        for header in ["H,20240101,7", "title", "a,,b", "a,A"] {
            assert_eq!(names(header), None, "{header}");
        }
        assert_eq!(column_names(b"a,b", &TextRules { delimiter: None, quote: None, ..CSV }), None);
    }

    /// Records with all that CSV allows in them.
    fn records() -> impl proptest::strategy::Strategy<Value = Vec<Vec<String>>> {
        let field = "[ab,\"\n\r|é]{0,4}";
        proptest::collection::vec(proptest::collection::vec(field, 2..4), 0..6)
    }

    fn written(records: &[Vec<String>], end: &str) -> String {
        let field = |field: &String| format!("\"{}\"", field.replace('"', "\"\""));
        let line = |fields: &Vec<String>| fields.iter().map(field).collect::<Vec<_>>().join(",") + end;
        records.iter().map(line).collect()
    }

    proptest::proptest! {
        /// The records of joined objects are those of the objects, in their order.
        #[test]
        fn records_survive_joining(
            objects in proptest::collection::vec((records(), proptest::bool::ANY, proptest::bool::ANY), 1..6),
        ) {
            let (mut joined, mut expected, mut count) = (String::new(), Vec::new(), 0);
            for (records, has_returns, is_ended) in &objects {
                let end = if *has_returns { "\r\n" } else { "\n" };
                let mut text = format!("x,y{end}{}", written(records, end));
                if !is_ended {
                    text.truncate(text.len() - end.len());
                }
                let found = body(text.as_bytes(), &CSV).expect("body");
                let records_of = &text[found.bytes];
                joined.push_str(records_of);
                if !records_of.is_empty() && !records_of.ends_with('\n') {
                    joined.push('\n');
                }
                count += found.records;
                expected.extend(records.iter().cloned());
            }
            let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(joined.as_bytes());
            let read: Vec<Vec<String>> = reader
                .records()
                .map(|record| record.expect("record").iter().map(str::to_owned).collect())
                .collect();
            proptest::prop_assert_eq!(count, expected.len() as u64);
            proptest::prop_assert_eq!(read, expected);
        }

        /// No text makes it fail otherwise than by a fault, and its lines are all there.
        #[test]
        fn any_text_is_read(text in "[a,\"\n\r]{0,30}", blank in proptest::bool::ANY) {
            let rules = TextRules { ignores_blank_lines: blank, ..CSV };
            if let Ok(found) = body(text.as_bytes(), &rules) {
                let lines = text[found.bytes].split_inclusive('\n').count() as u64;
                proptest::prop_assert_eq!(found.lines, lines);
                proptest::prop_assert!(found.records <= lines);
            }
        }
    }
}
