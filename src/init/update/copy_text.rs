//! A file of `sql/copy/`: how its COPY finds columns and reads values, with the words that it needs beside those it has.

use super::column_type::Reading;
use super::text_edit::{Edit, SqlToken, edited, placed};
use crate::init::words;

/// How a COPY finds the column of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnLookup {
    /// Columns are found by keys of JSON.
    Key { ignore_case: bool },
    /// Columns are found by the paths of a file, in their order.
    Paths,
    /// Columns are found by the position of a field in CSV.
    Field,
    /// Columns are found by the position of a column in Parquet.
    Parquet,
}

/// A file with one COPY.
#[derive(Debug)]
pub struct CopyText {
    text: String,
    pub lookup: ColumnLookup,
    /// The columns that it lists.
    pub list: Option<Vec<String>>,
    pub reading: Reading,
    pub has_header: bool,
}

/// The options that a COPY lacks.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct CopyChange {
    /// The columns that it lists.
    pub list: Option<Vec<String>>,
    pub ignore_case: bool,
    /// Further options.
    pub options: Vec<String>,
}

impl CopyText {
    /// `None` where it is no COPY of JSON, CSV or Parquet.
    pub fn new(text: String) -> Option<Self> {
        let tokens = placed(&text);
        let from = tokens.iter().position(|token| token.is("from"))?;
        if !tokens.first()?.is("copy") {
            return None;
        }
        let options = &tokens[from + 1..];
        let has = |word: &str| options.iter().any(|token| token.is(word));
        let lookup = match (has("json"), has("parquet")) {
            (true, _) => json_lookup(options)?,
            (_, true) => ColumnLookup::Parquet,
            _ if ["avro", "orc", "fixedwidth", "shapefile"].iter().any(|word| has(word)) => return None,
            _ => ColumnLookup::Field,
        };
        let format = |word: &str| value(options, word).filter(|format| !format.eq_ignore_ascii_case("auto"));
        let reading = Reading {
            null_as: value(options, "null"),
            date_format: format("dateformat"),
            time_format: format("timeformat"),
            truncates: has("truncatecolumns"),
        };
        let has_header = has("ignoreheader");
        let list = list(&tokens[..from]).map(|names| names.iter().map(|name| name.name()).collect());
        Some(Self { text, lookup, list, reading, has_header })
    }

    /// Returns true if an option is said.
    pub fn has(&self, word: &str) -> bool {
        let tokens = placed(&self.text);
        tokens.iter().skip_while(|token| !token.is("from")).any(|token| token.is(word))
    }

    /// The text with what the COPY needs.
    pub fn changed(&self, change: &CopyChange) -> String {
        let tokens = placed(&self.text);
        let from = tokens.iter().position(|token| token.is("from")).unwrap_or(tokens.len());
        let mut edits = Vec::new();
        if let Some(columns) = &change.list {
            edits.extend(list_edit(&tokens[..from], columns));
        }
        if change.ignore_case {
            edits.extend(auto_edit(&tokens[from..]));
        }
        if !change.options.is_empty() {
            edits.push(self.options_edit(&tokens, &change.options));
        }
        edited(&self.text, edits)
    }

    /// Further options in front of `:options`, on a line of their own where it has one; else at the end.
    fn options_edit(&self, tokens: &[SqlToken<'_>], options: &[String]) -> Edit {
        let is_variable = |pair: &&[SqlToken<'_>]| pair[0].text == ":" && pair[1].is("options");
        if let Some(pair) = tokens.windows(2).find(is_variable) {
            let at = pair[0].at.start;
            let is_line = self.text[..at].ends_with('\n');
            let end = if is_line { "\n" } else { " " };
            return Edit::insert(at, options.iter().map(|option| format!("{option}{end}")).collect::<String>());
        }
        let last = tokens.iter().rfind(|token| token.text != ";").map_or(self.text.len(), |token| token.at.end);
        Edit::insert(last, options.iter().map(|option| format!(" {option}")).collect::<String>())
    }
}

/// The 'auto' that follows JSON, as 'auto ignorecase'.
fn auto_edit(options: &[SqlToken<'_>]) -> Option<Edit> {
    let json = options.iter().rposition(|token| token.is("json"))?;
    let auto = options[json + 1..].iter().find(|token| !token.is("as"))?;
    let ignoring_case = || Edit { at: auto.at.clone(), text: "'auto ignorecase'".into() };
    auto.text.eq_ignore_ascii_case("'auto'").then(ignoring_case)
}

/// `None` for 'noshred', which puts all into one SUPER.
fn json_lookup(options: &[SqlToken<'_>]) -> Option<ColumnLookup> {
    let json = options.iter().rposition(|token| token.is("json"))?;
    let behind = options[json + 1..].iter().find(|token| !token.is("as"))?;
    match behind.text.to_lowercase().as_str() {
        "'auto'" => Some(ColumnLookup::Key { ignore_case: false }),
        "'auto ignorecase'" => Some(ColumnLookup::Key { ignore_case: true }),
        "'noshred'" => None,
        _ => Some(ColumnLookup::Paths),
    }
}

/// The literal behind a word, as in `null as 'NA'`.
fn value(options: &[SqlToken<'_>], word: &str) -> Option<String> {
    let at = options.iter().position(|token| token.is(word))?;
    options[at + 1..].iter().find(|token| !token.is("as"))?.literal()
}

/// The names that stand between the table and FROM.
fn list<'t, 'a>(head: &'t [SqlToken<'a>]) -> Option<Vec<&'t SqlToken<'a>>> {
    let open = head.iter().position(|token| token.text == "(")?;
    Some(head[open + 1..].iter().filter(|token| !matches!(token.text, "," | ")")).collect())
}

/// The list with these columns: behind those that it has, or in the place of all of them.
fn list_edit(head: &[SqlToken<'_>], columns: &[String]) -> Option<Edit> {
    let quoted = |columns: &[String]| columns.iter().map(|name| words::quoted(name)).collect::<Vec<_>>().join(", ");
    let Some(names) = list(head) else {
        return Some(Edit::insert(head.last()?.at.end, format!(" ({})", quoted(columns))));
    };
    let (first, last) = (names.first()?, names.last()?);
    let is_longer =
        columns.len() > names.len() && names.iter().zip(columns).all(|(name, column)| name.name() == *column);
    match is_longer {
        true => Some(Edit::insert(last.at.end, format!(", {}", quoted(&columns[names.len()..])))),
        false => Some(Edit { at: first.at.start..last.at.end, text: quoted(columns) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSV: &str = "-- One row: one.\n-- source: t\ncopy t (id, \"my key\")\nfrom :'from'\niam_role :'iam_role'\n\
                       format as csv ignoreheader 1 null as 'NA'\n-- by hand\n:options;\n";

    fn copy(text: &str) -> CopyText {
        CopyText::new(text.to_owned()).expect("COPY")
    }

    #[test]
    fn how_a_copy_finds_columns_and_reads_values() {
        let csv = copy(CSV);
        assert_eq!((csv.lookup, csv.has_header), (ColumnLookup::Field, true));
        assert_eq!(csv.list, Some(vec!["id".to_owned(), "my key".to_owned()]));
        assert_eq!(csv.reading.null_as.as_deref(), Some("NA"));
        let json = copy(
            "copy t from :'from' json 'auto' timeformat 'auto' dateformat as 'DD.MM.YYYY' truncatecolumns :options",
        );
        assert_eq!((json.lookup, &json.list), (ColumnLookup::Key { ignore_case: false }, &None));
        assert_eq!((json.reading.time_format, json.reading.truncates), (None, true));
        assert_eq!(json.reading.date_format.as_deref(), Some("DD.MM.YYYY"));
        assert_eq!(copy("copy t from :'from' format as json :'jsonpaths'").lookup, ColumnLookup::Paths);
        assert_eq!(copy("copy t from :'from' parquet").lookup, ColumnLookup::Parquet);
        assert!(CopyText::new("copy t from :'from' json 'noshred'".to_owned()).is_none());
        assert!(CopyText::new("copy t from :'from' orc".to_owned()).is_none());
    }

    #[test]
    fn a_copy_gets_what_it_needs_and_keeps_the_rest() {
        let names = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        let change = CopyChange {
            list: names(&["id", "my key", "order"]),
            ignore_case: false,
            options: vec!["fillrecord".into()],
        };
        let expected = CSV.replace("\"my key\")", "\"my key\", \"order\")").replace(":options", "fillrecord\n:options");
        assert_eq!(copy(CSV).changed(&change), expected);
        let change = CopyChange { list: names(&["x", "id"]), ..CopyChange::default() };
        assert_eq!(copy(CSV).changed(&change), CSV.replace("(id, \"my key\")", "(x, id)"));
        let change = CopyChange { list: names(&["a"]), ignore_case: true, options: vec!["timeformat 'auto'".into()] };
        assert_eq!(
            copy("copy \"T\" from :'from' json as 'AUTO' gzip;").changed(&change),
            "copy \"T\" (a) from :'from' json as 'auto ignorecase' gzip timeformat 'auto';"
        );
    }
}
