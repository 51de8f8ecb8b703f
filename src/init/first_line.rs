//! The first lines of a CSV file: whether they have names, and which sign parts the fields.

/// Rows that are looked at before it is known what the first line is.
pub const ROWS_AHEAD: usize = 64;
/// The column of R's row names.
pub const ROW_NAME: &str = "row_name";

/// Whether blanks part the fields of all lines, of which some behind the first are numbers.
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

/// What the first line of a CSV file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstLine {
    Row,
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
            Some(fields) => Self::Title(fields),
            None if has_header => Self::Names,
            None => Self::Row,
        }
    }

    pub fn names(self, first: &csv::StringRecord) -> Vec<String> {
        match self {
            Self::Row => names(first, false),
            Self::Names => names(first, true),
            Self::NamesBehindFirst => {
                let with_first: csv::StringRecord = std::iter::once(ROW_NAME).chain(first).collect();
                names(&with_first, true)
            }
            Self::Title(fields) => (1..=fields).map(|at| format!("column_{at}")).collect(),
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

/// Names are texts; a year may be one where there are texts above numbers beside it.
fn has_header(first: &csv::StringRecord, second: Option<&csv::StringRecord>) -> bool {
    let is_text = |field: &str| !field.trim().is_empty() && !is_number(field);
    let is_value = |field: &str| field.trim().starts_with(|sign: char| sign.is_ascii_digit() || sign == '-');
    let above = |(at, field): (usize, &str)| {
        is_text(field) && !is_value(field) && second.and_then(|row| row.get(at)).is_some_and(is_value)
    };
    first.iter().any(is_text) && (!first.iter().any(is_number) || first.iter().enumerate().any(above))
}

fn names(header: &csv::StringRecord, has_header: bool) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (at, field) in header.iter().enumerate() {
        // A name in quotes may go over several lines.
        let words: Vec<&str> = field.split(['\r', '\n']).map(str::trim).filter(|words| !words.is_empty()).collect();
        let name = words.join(" ");
        let taken = |name: &str| names.iter().any(|other| other.eq_ignore_ascii_case(name));
        names.push(match has_header && !name.is_empty() {
            false => format!("column_{}", at + 1),
            true if taken(&name) => format!("{name}_{}", at + 1),
            true => name,
        });
    }
    names
}

#[cfg(test)]
mod tests {
    use super::super::columns::Columns;
    use super::super::records::{Form, Packed, csv};

    #[test]
    fn the_first_line_of_csv_has_names_or_is_known_to_have_none() {
        let directory = tempfile::tempdir().expect("directory");
        let path = directory.path().join("a.csv");
        let read = |text: &str| {
            std::fs::write(&path, text).expect("file");
            let mut columns = Columns::default();
            let (_, layout) = csv(&path, Packed::No, u64::MAX, &mut columns).expect("read");
            let (form, names) = layout.expect("layout");
            let Form::Csv(delimiter, has_header) = form else { return String::new() };
            format!("{:?} {has_header} {} {}", char::from(delimiter), names.join("|"), columns.records)
        };
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
    }
}
