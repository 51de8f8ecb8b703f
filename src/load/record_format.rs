//! How a COPY cuts its text into records, and where a reader of one stands.

use super::copy_format;
use super::copy_options::has_option;
use super::csv_cursor::CsvCursor;
use super::fault::Fault;
use super::json_cursor::{JsonCursor, JsonStep};
use super::sample::CopyCompression;

/// Options of COPY whose records are not lines of text, or cannot be unpacked here.
const OTHER_FORMATS: [&str; 8] = ["parquet", "orc", "avro", "rcfile", "sequencefile", "shapefile", "encrypted", "ssh"];

/// How records are cut out of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordFormat {
    /// JSON objects, or lists where jsonpaths choose from them.
    Json,
    /// A newline in quotes ends no record.
    Csv {
        quote: u8,
        delimiter: Option<u8>,
    },
    /// A newline behind a backslash ends no record.
    Escaped,
    Lines,
}

impl RecordFormat {
    /// `None` where the COPY reads something else, of which no single record can be kept.
    pub fn new(statement: &str) -> Option<Self> {
        if has_option(statement, &OTHER_FORMATS) || CopyCompression::new(statement).is_none() {
            None
        } else if has_option(statement, &["json"]) {
            Some(Self::Json)
        } else if has_option(statement, &["csv"]) {
            let rules = copy_format::text_rules(statement);
            let quote = rules.and_then(|rules| rules.quote).unwrap_or(b'"');
            Some(Self::Csv { quote, delimiter: rules.and_then(|rules| rules.delimiter) })
        } else if has_option(statement, &["escape"]) {
            Some(Self::Escaped)
        } else {
            Some(Self::Lines)
        }
    }
}

/// The position of a reader in a record.
#[derive(Debug)]
pub enum ParseState {
    /// Where a record begins.
    Between,
    Csv {
        cursor: CsvCursor,
        quote: u8,
        delimiter: Option<u8>,
    },
    Json(JsonCursor),
    /// In a record that ends with its line; where a backslash escapes, not with a line behind one.
    Line {
        escapes: bool,
        is_escaped: bool,
    },
}

/// The effect of a byte on a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParseStep {
    Inside,
    Ends,
    Malformed,
}

impl ParseState {
    /// At a record that begins with this byte on this line.
    pub fn at(format: RecordFormat, byte: u8, line: u64) -> Self {
        match format {
            RecordFormat::Json if matches!(byte, b'{' | b'[') => Self::Json(JsonCursor::default()),
            RecordFormat::Csv { quote, delimiter } => Self::Csv { cursor: CsvCursor::new(line), quote, delimiter },
            format => Self::Line { escapes: format == RecordFormat::Escaped, is_escaped: false },
        }
    }

    /// Consumes a byte.
    ///
    /// # Errors
    /// As `CsvCursor::end_line`.
    pub fn step(&mut self, byte: u8) -> Result<ParseStep, Fault> {
        let ends = match self {
            Self::Between => false,
            Self::Csv { cursor, .. } if byte == b'\n' => !cursor.end_line()?,
            Self::Csv { cursor, quote, delimiter } => {
                cursor.step(byte, *quote, *delimiter);
                false
            }
            Self::Json(cursor) => match cursor.step(byte) {
                JsonStep::Inside => false,
                JsonStep::Ends => true,
                JsonStep::Malformed => return Ok(ParseStep::Malformed),
            },
            Self::Line { escapes, is_escaped } => {
                let was_escaped = *is_escaped;
                *is_escaped = *escapes && byte == b'\\' && !was_escaped;
                byte == b'\n' && !was_escaped
            }
        };
        Ok(if ends { ParseStep::Ends } else { ParseStep::Inside })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSV: RecordFormat = RecordFormat::Csv { quote: b'"', delimiter: Some(b',') };

    #[test]
    fn the_format_of_a_copy() {
        let of = |options: &str| RecordFormat::new(&format!("copy t from :'from' {options} :options"));
        assert_eq!(of("format as json 'auto' gzip"), Some(RecordFormat::Json));
        assert_eq!(of("csv region 'eu-west-1'"), Some(CSV));
        let other = Some(RecordFormat::Csv { quote: b'%', delimiter: Some(b'\t') });
        assert_eq!(of("format as csv delimiter '\\t' quote as '%' ignoreheader 1"), other);
        assert_eq!(
            (of("delimiter ',' escape"), of("delimiter ','")),
            (Some(RecordFormat::Escaped), Some(RecordFormat::Lines))
        );
        for other in ["format as parquet", "csv bzip2", "format orc"] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
