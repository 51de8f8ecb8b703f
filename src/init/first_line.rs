//! The first lines of a CSV file: whether they have names, and which sign parts the fields.

use super::convention::NULL_WORDS;

/// Rows that are looked at before it is known what the first line is.
pub const ROWS_AHEAD: usize = 64;
/// The column of R's row names.
pub const ROW_NAME: &str = "row_name";

/// Returns true if blanks part the fields of all lines, of which some behind the first are numbers.
pub fn has_blanks_between(start: &[u8]) -> bool {
    // The last line may be cut off.
    let whole = start.iter().rposition(|byte| *byte == b'\n').map_or(start, |end| &start[..end]);
    let reader = csv::ReaderBuilder::new().delimiter(b' ').has_headers(false).flexible(true).from_reader(whole);
    let rows: Vec<csv::ByteRecord> = reader.into_byte_records().take(ROWS_AHEAD).filter_map(Result::ok).collect();
    let Some((first, rest)) = rows.split_first() else { return false };
    let is_number = |field: &[u8]| std::str::from_utf8(field).is_ok_and(|text| text.parse::<f64>().is_ok());
    let are_even = rest.iter().all(|row| row.len() == first.len());
    let is_filled = rows.iter().all(|row| row.iter().all(|field| !field.is_empty()));
    let has_number = rest.iter().any(|row| row.iter().any(is_number));
    first.len() > 1 && are_even && is_filled && has_number
}

/// The meaning of a CSV file's first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstLine {
    /// The rows have so many fields: it may have fewer.
    Row(usize),
    Names,
    /// The names of all columns but the first, which has R's row names.
    NamesBehindFirst,
    /// Neither: the rows have so many fields.
    Title(usize),
}

impl FirstLine {
    pub fn new(first: &csv::StringRecord, second: Option<&csv::StringRecord>, ahead: &[csv::ByteRecord]) -> Self {
        let has_header = has_header(first, second);
        let fields = common_length(ahead).filter(|fields| *fields > first.len());
        match fields {
            Some(fields) if fields == first.len() + 1 && has_header && !first.iter().any(is_number) => {
                Self::NamesBehindFirst
            }
            Some(fields) if has_text_above_numbers(first, ahead) => Self::Title(fields),
            Some(fields) => Self::Row(fields),
            None if has_header => Self::Names,
            None => Self::Row(first.len()),
        }
    }

    pub fn names(self, first: &csv::StringRecord) -> Vec<String> {
        match self {
            Self::Names => names(first),
            Self::NamesBehindFirst => {
                let with_first: csv::StringRecord = std::iter::once(ROW_NAME).chain(first).collect();
                names(&with_first)
            }
            Self::Row(fields) | Self::Title(fields) => (1..=fields).map(|at| format!("column_{at}")).collect(),
        }
    }
}

/// How many fields rows have, where all have as many and the last one is not always empty.
fn common_length(rows: &[csv::ByteRecord]) -> Option<usize> {
    let fields = rows.first()?.len();
    let are_even = rows.len() > 1 && rows.iter().all(|row| row.len() == fields);
    let is_last_filled = rows.iter().any(|row| row.iter().next_back().is_some_and(|field| !field.is_empty()));
    (are_even && is_last_filled).then_some(fields)
}

fn is_number(field: &str) -> bool {
    field.trim().parse::<f64>().is_ok()
}

/// Returns true if a number is one that a column is called by.
fn is_year(field: &str) -> bool {
    field.trim().parse::<u32>().is_ok_and(|year| (1000..=2999).contains(&year))
}

/// Returns true if a field may be a name: what stands for NULL is none.
fn is_text(field: &str) -> bool {
    let text = field.trim();
    !text.is_empty() && !is_number(text) && !NULL_WORDS.contains(&text)
}

/// Names are texts; years may be some where there are texts above values beside them. A text with a digit may be a value as
/// well.
fn has_header(first: &csv::StringRecord, second: Option<&csv::StringRecord>) -> bool {
    let has_digit = |field: &str| field.contains(|sign: char| sign.is_ascii_digit());
    let is_value = |field: &str| field.trim().starts_with(|sign: char| sign.is_ascii_digit() || sign == '-');
    let above = |(at, field): (usize, &str)| {
        is_text(field) && !has_digit(field) && second.and_then(|row| row.get(at)).is_some_and(is_value)
    };
    let has_number = first.iter().any(is_number);
    let are_years = first.iter().filter(|field| is_number(field)).all(is_year);
    first.iter().any(is_text) && (!has_number || are_years && first.iter().enumerate().any(above))
}

/// Returns true if a column has a text in the first line, and numbers in all rows.
fn has_text_above_numbers(first: &csv::StringRecord, rows: &[csv::ByteRecord]) -> bool {
    let is_number_at = |row: &csv::ByteRecord, at: usize| {
        row.get(at).is_some_and(|field| std::str::from_utf8(field).is_ok_and(is_number))
    };
    first.iter().enumerate().any(|(at, field)| is_text(field) && rows.iter().all(|row| is_number_at(row, at)))
}

fn names(header: &csv::StringRecord) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (at, field) in header.iter().enumerate() {
        // A name in quotes may go over several lines.
        let words: Vec<&str> = field.split(['\r', '\n']).map(str::trim).filter(|words| !words.is_empty()).collect();
        let name = words.join(" ");
        let taken = |name: &str| names.iter().any(|other| other.eq_ignore_ascii_case(name));
        names.push(match name.is_empty() {
            true => format!("column_{}", at + 1),
            false if taken(&name) => format!("{name}_{}", at + 1),
            false => name,
        });
    }
    names
}

#[cfg(test)]
mod tests {
    use super::super::columns::Columns;
    use super::super::input::Packed;
    use super::super::records::{Form, csv};

    /// The delimiter, whether there are names, the names of the columns, and the rows.
    fn read(text: &str) -> String {
        let directory = tempfile::tempdir().expect("directory");
        let path = directory.path().join("a.csv");
        std::fs::write(&path, text).expect("file");
        let mut columns = Columns::default();
        let (_, layout) = csv(&path, Packed::No, u64::MAX, &mut columns).expect("read");
        let (form, names) = layout.expect("layout");
        let Form::Csv(delimiter, has_header) = form else { return String::new() };
        format!("{:?} {has_header} {} {}", char::from(delimiter), names.join("|"), columns.records)
    }

    #[test]
    fn the_first_line_of_csv_has_names_or_is_known_to_have_none() {
        assert_eq!(read("a,b\n1,x\n2,y\n"), "',' true a|b 2");
        assert_eq!(read("1,x\n2,y\n"), "',' false column_1|column_2 2");
        assert_eq!(read("a,\"b\nc\"\n1,x\n"), "',' true a|b c 1");
        // R's row names; a delimiter behind the last field is none.
        assert_eq!(read("\"a\",\"b\"\n\"r1\",1,2\n\"r2\",3,4\n"), "',' true row_name|a|b 2");
        assert_eq!(read("a,b\n1,2,\n3,4,\n"), "',' true a|b 2");
        // scikit-learn's title: rows, columns, classes.
        assert_eq!(read("2,3,no\n1,2,3,4\n5,6,7,8\n"), "',' true column_1|column_2|column_3|column_4 2");
        assert_eq!(read("a b\n1 2\n3 4\n"), "' ' true a|b 2");
        assert_eq!(read("1.5 2\r\n3 4\r\n5 6"), "' ' false column_1|column_2 3");
        assert_eq!(read("\"a\" \"b\"\n\"Aberdeen City\" 1\n\"Angus\" 2\n"), "' ' true a|b 2");
        assert_eq!(read("full name\nAnn Smith\nJo Lee\n"), "',' true full name 2");
        assert_eq!(read("note\none two 3\n4 5\n"), "',' true note 2");
        assert_eq!(read("a,2018,2019\n1,5,6\n"), "',' true a|2018|2019 1");
    }

    #[test]
    fn a_first_row_is_not_taken_for_names_or_a_title() {
        let three = "',' false column_1|column_2|column_3 2";
        for text in [
            "N/A,1,2\n5,6,7\n",
            "N/A,2018,2019\n5,6,7\n",
            "A12,5,x\n34B,6,y\n",
            "Ann,1,2018-01-01\n7up,2,2018-01-02\n",
            "A12,2018,x\n34B,2019,y\n",
        ] {
            assert_eq!(read(text), three, "{text}");
        }
        assert_eq!(read("1,a\n2,b,c\n3,d,e\n"), "',' false column_1|column_2|column_3 3");
    }
}
