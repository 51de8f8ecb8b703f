//! The headers of the objects of a source. COPY fills columns by position, whatever a header says: values of another order
//! would get into the wrong columns, and nobody would notice.

use bytes::Bytes;

use super::copy_format::TextRules;
use super::fault::Fault;
use super::part::CheckedContent;
use super::plain_text;
use crate::location::Location;

/// Compares the header of each object with that of the first.
#[derive(Debug, Default)]
pub struct Headers(Option<FirstHeader>);

#[derive(Debug)]
struct FirstHeader {
    key: String,
    line: Bytes,
    columns: Vec<String>,
}

impl Headers {
    /// The fault of an object whose header names other columns than the first one. A header that is no list of names, one for
    /// each field of a record, is not compared.
    pub fn check(&mut self, object: &CheckedContent, rules: &TextRules, source: &Location) -> Option<Fault> {
        let header = object.header.as_ref()?;
        if self.0.as_ref().is_some_and(|first| first.line == header) {
            return None;
        }
        let columns = plain_text::column_names(header, rules)?;
        let record = plain_text::first_record(&object.bytes, rules)?;
        if plain_text::fields(record, rules)?.len() != columns.len() {
            return None;
        }
        let Some(first) = &self.0 else {
            self.remember(object, header, columns);
            return None;
        };
        let other = source.with_key(&first.key);
        let reason = match columns.iter().zip(&first.columns).position(|(column, expected)| column != expected) {
            Some(at) => {
                let (number, found, expected) = (at + 1, &columns[at], &first.columns[at]);
                format!("column {number} of its header is {found:?}, and that of {other} is {expected:?}")
            }
            None if columns.len() == first.columns.len() => return None,
            None if rules.fills_records => {
                // The columns that others may lack.
                if columns.len() > first.columns.len() {
                    self.remember(object, header, columns);
                }
                return None;
            }
            None => format!("its header has {} columns, and that of {other} {}", columns.len(), first.columns.len()),
        };
        Some(Fault { line: object.skipped_lines, column: 1, reason })
    }

    fn remember(&mut self, object: &CheckedContent, header: &[u8], columns: Vec<String>) {
        // The object's bytes need not live as long.
        let line = Bytes::copy_from_slice(header);
        self.0 = Some(FirstHeader { key: object.key.clone(), line, columns });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: TextRules = TextRules {
        delimiter: Some(b','),
        quote: Some(b'"'),
        header_lines: 1,
        ignores_blank_lines: false,
        fills_records: false,
    };

    /// The faults of the objects, in turn.
    fn faults(objects: &[(&str, &str)]) -> Vec<Option<String>> {
        faults_by(&RULES, objects)
    }

    fn faults_by(rules: &TextRules, objects: &[(&str, &str)]) -> Vec<Option<String>> {
        let source = Location { bucket: "raw".into(), key: "data/".into() };
        let mut headers = Headers::default();
        let check = |(at, (header, record)): (usize, &(&str, &str))| {
            let [header, bytes] = [header, record].map(|text| Bytes::copy_from_slice(text.as_bytes()));
            let key = format!("data/{at}.csv");
            let object =
                CheckedContent { key, bytes, header: Some(header), skipped_lines: 1, ..CheckedContent::default() };
            headers.check(&object, rules, &source).map(|fault| format!("{}: {}", fault.line, fault.reason))
        };
        objects.iter().enumerate().map(check).collect()
    }

    #[test]
    fn columns_in_another_order_are_told_with_both_objects() {
        let found = faults(&[("id,name", "1,x"), ("name,id", "x,1"), ("ID,\"Name\"", "2,y"), ("id,name,n", "1,x,2")]);
        let order = "1: column 1 of its header is \"name\", and that of s3://raw/data/0.csv is \"id\"".to_owned();
        let more = "1: its header has 3 columns, and that of s3://raw/data/0.csv 2".to_owned();
        assert_eq!(found, [None, Some(order), None, Some(more)]);
    }

    #[test]
    fn columns_at_the_end_may_be_missing_where_records_are_filled() {
        let fills = TextRules { fills_records: true, ..RULES };
        let found = faults_by(&fills, &[("id", "1"), ("id,name", "1,x"), ("id", "2"), ("id,place", "1,y")]);
        let other = "1: column 2 of its header is \"place\", and that of s3://raw/data/1.csv is \"name\"".to_owned();
        assert_eq!(found, [None, None, None, Some(other)]);
    }

    #[test]
    fn a_header_that_names_no_columns_is_not_compared() {
        let dates = [("made on,2024-01-01", "1,x"), ("made on,2024-01-02", "2,y")];
        let titles = [("Sales, in May", "1,2,3"), ("Sales, in June", "1,2,3")];
        let empty = [("id,name", ""), ("name,id", "")];
        for objects in [dates, titles, empty] {
            assert_eq!(faults(&objects), [None, None], "{objects:?}");
        }
        let quoted = faults(&[("id,name", "1,\"x\ny\"\n2,z\n"), ("name,id", "\"x\ny\",1\n")]);
        assert!(quoted[1].is_some());
    }
}
