//! A file of `sql/schema/`: its columns as they are written, with other types and further columns where they are needed.

use std::ops::Range;

use super::column_type::ColumnType;
use super::text_edit::{Edit, SqlToken, edited, placed};

/// Words that begin something else than a column.
const CONSTRAINTS: [&str; 6] = ["primary", "foreign", "unique", "constraint", "check", "like"];
/// A comment behind a column with which its type stays.
const KEEP: &str = "-- keep";

/// A column of CREATE TABLE.
#[derive(Debug, Clone)]
pub struct ColumnText {
    /// As Redshift folds it.
    pub name: String,
    /// As it is written.
    pub data_type: String,
    pub column_type: ColumnType,
    /// True if it has a value where COPY has none.
    pub is_generated: bool,
    pub has_encoding: bool,
    /// A comment says that its type stays.
    pub is_kept: bool,
    name_at: usize,
    type_at: Range<usize>,
    /// The place after its last token.
    end: usize,
    /// The place after the comma that follows.
    comma: Option<usize>,
}

/// A file with one CREATE TABLE.
#[derive(Debug)]
pub struct SchemaText {
    text: String,
    pub columns: Vec<ColumnText>,
}

impl SchemaText {
    /// `None` where no list of columns is found.
    pub fn new(text: String) -> Option<Self> {
        let tokens = placed(&text);
        let table = tokens.iter().position(|token| token.is("table"))?;
        let open = table + tokens[table..].iter().position(|token| token.text == "(")?;
        if tokens[table..open].iter().any(|token| token.is("as") || token.is("like")) {
            return None;
        }
        let (mut columns, mut depth, mut begin) = (Vec::new(), 0_usize, open + 1);
        for (at, token) in tokens.iter().enumerate().skip(open + 1) {
            match token.text {
                "(" => depth += 1,
                ")" if depth > 0 => depth -= 1,
                ")" | "," if depth == 0 => {
                    columns.extend(column(&text, &tokens[begin..at], token));
                    begin = at + 1;
                    if token.text == ")" {
                        break;
                    }
                }
                _ => {}
            }
        }
        if columns.is_empty() { None } else { Some(Self { text, columns }) }
    }

    pub fn column(&self, name: &str) -> Option<&ColumnText> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The text with other types for columns of some names, and with further columns (names in quotes where they need them)
    /// behind the last one.
    pub fn changed(&self, types: &[(String, String)], added: &[(String, String)]) -> String {
        let with_type = |(name, data_type): &(String, String)| {
            let column = self.column(name)?;
            Some(Edit { at: column.type_at.clone(), text: data_type.clone() })
        };
        let mut edits: Vec<Edit> = types.iter().filter_map(with_type).collect();
        if !added.is_empty() {
            edits.extend(self.additions(added));
        }
        edited(&self.text, edits)
    }

    fn additions(&self, added: &[(String, String)]) -> Vec<Edit> {
        let Some(last) = self.columns.last() else { return Vec::new() };
        let text = self.text.as_str();
        let line_start = text[..last.name_at].rfind('\n').map_or(0, |at| at + 1);
        let end = behind_comment(text, last.end);
        let line_end = text[end..].find('\n').map(|at| end + at);
        let indent = &text[line_start..last.name_at];
        let line_end = line_end.filter(|line_end| {
            let rest = text[end..*line_end].trim().trim_start_matches(',');
            let rest = rest[behind_comment(rest, 0)..].trim_start();
            indent.trim().is_empty() && (rest.is_empty() || rest.starts_with("--"))
        });
        let Some(line_end) = line_end else {
            let columns = added.iter().map(|(name, data_type)| format!(", {name} {data_type}")).collect::<String>();
            return vec![Edit::insert(end, columns)];
        };
        // Types stand below each other.
        let between = &text[last.name_at..last.type_at.start];
        let width = if between.contains('\n') { 0 } else { between.chars().count().saturating_sub(1) };
        let line = |(name, data_type): &(String, String)| format!("\n{indent}{name:width$} {data_type}");
        let lines: Vec<String> = added.iter().map(line).collect();
        let lines = lines.join(",");
        match last.comma.filter(|comma| *comma <= line_end) {
            Some(_) => vec![Edit::insert(line_end, format!("{lines},"))],
            None => vec![Edit::insert(last.end, ","), Edit::insert(line_end, lines)],
        }
    }
}

/// Behind the comment of the form `/* … */` that follows a place, or that place.
fn behind_comment(text: &str, at: usize) -> usize {
    let comment = text[at..].trim_start_matches([' ', '\t']);
    let length = comment.strip_prefix("/*").and_then(|inside| inside.find("*/"));
    length.map_or(at, |length| text.len() - comment.len() + length + "/**/".len())
}

/// A column, with what ends it: a comma, or the bracket of the list.
fn column(text: &str, tokens: &[SqlToken<'_>], end: &SqlToken<'_>) -> Option<ColumnText> {
    let (name, rest) = tokens.split_first()?;
    if CONSTRAINTS.iter().any(|word| name.is(word)) {
        return None;
    }
    let data_type = rest.get(..type_length(rest))?;
    let type_at = data_type.first()?.at.start..data_type.last()?.at.end;
    let attributes = &rest[data_type.len()..];
    let has = |words: &[&str]| attributes.iter().any(|token| words.iter().any(|word| token.is(word)));
    let last = tokens.last()?.at.end;
    let line = text[last..].lines().next().unwrap_or_default();
    Some(ColumnText {
        name: name.name(),
        data_type: text[type_at.clone()].to_owned(),
        column_type: ColumnType::parse(&text[type_at.clone()]),
        is_generated: has(&["default", "identity", "generated"]),
        has_encoding: has(&["encode"]),
        is_kept: is_kept(line.trim_start_matches([',', ' ', '\t'])),
        name_at: name.at.start,
        type_at,
        end: last,
        comma: (end.text == ",").then_some(end.at.end),
    })
}

fn is_kept(comment: &str) -> bool {
    comment.strip_prefix(KEEP).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
}

/// Tokens of a type: `varchar ( 16 )`, `timestamp with time zone`.
fn type_length(tokens: &[SqlToken<'_>]) -> usize {
    let is = |at: usize, words: &[&str]| tokens.get(at).is_some_and(|token| words.iter().any(|word| token.is(word)));
    let mut length = 1;
    if is(0, &["double"]) && is(1, &["precision"]) || is(0, &["character", "char"]) && is(1, &["varying"]) {
        length += 1;
    }
    if is(length, &["("]) {
        let close = tokens[length..].iter().position(|token| token.text == ")");
        length += close.map_or(1, |close| close + 1);
    }
    if is(0, &["timestamp", "time"]) && is(length, &["with", "without"]) && is(length + 1, &["time"]) {
        length += 3;
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(text: &str) -> String {
        let schema = SchemaText::new(text.to_owned()).expect("columns");
        schema.changed(&[], &[("mood".into(), "varchar(16)".into()), ("\"order\"".into(), "integer".into())])
    }

    #[test]
    fn columns_are_read_as_they_are_written() {
        let schema = SchemaText::new(
            "-- One row: (one, thing).\ncreate table if not exists t (\n    id int8 not null encode az64, -- the id\n    \"Order\" numeric(10, 2) \
             default 0, -- keep: of the shop\n    at timestamp with time zone sortkey,\n    primary key (id, at)\n) diststyle even;\n"
                .to_owned(),
        );
        let schema = schema.expect("columns");
        let read = |column: &ColumnText| {
            (column.name.clone(), column.data_type.clone(), column.is_generated, column.has_encoding, column.is_kept)
        };
        let is = |name: &str, data_type: &str, generated, encoded, kept| {
            (name.to_owned(), data_type.to_owned(), generated, encoded, kept)
        };
        assert_eq!(
            schema.columns.iter().map(read).collect::<Vec<_>>(),
            [
                is("id", "int8", false, true, false),
                is("order", "numeric(10, 2)", true, false, true),
                is("at", "timestamp with time zone", false, false, false)
            ]
        );
        assert!(SchemaText::new("create table t as (select 1)".to_owned()).is_none());
    }

    #[test]
    fn columns_are_added_and_everything_else_stays() {
        assert_eq!(
            add("create table t (\n    id   integer, -- one\n    name varchar(16) -- two, three\n)\nsortkey (id);\n"),
            "create table t (\n    id   integer, -- one\n    name varchar(16), -- two, three\n    mood varchar(16),\n    \"order\" integer\n)\n\
             sortkey (id);\n"
        );
        assert_eq!(
            add("create table t (\n  id int,\n\n  -- keys\n  primary key (id)\n);"),
            "create table t (\n  id int,\n  mood varchar(16),\n  \"order\" integer,\n\n  -- keys\n  primary key (id)\n);"
        );
        assert_eq!(
            add("create table t (\n  id int,\n  \"n\" varchar(4) /* name */\n);"),
            "create table t (\n  id int,\n  \"n\" varchar(4), /* name */\n  mood varchar(16),\n  \"order\" integer\n);"
        );
        assert_eq!(
            add("create table t (id int /* one */);"),
            "create table t (id int /* one */, mood varchar(16), \"order\" integer);"
        );
        assert_eq!(
            add("create table t (id int, x varchar(8));"),
            "create table t (id int, x varchar(8), mood varchar(16), \"order\" integer);"
        );
        assert_eq!(
            add("create table t (\n    id int\n  , x int\n  , unique (id)\n);"),
            "create table t (\n    id int\n  , x int, mood varchar(16), \"order\" integer\n  , unique (id)\n);"
        );
    }

    #[test]
    fn a_type_is_written_in_the_place_of_another() {
        let schema =
            SchemaText::new("create table t (a character varying (5) not null, b int)".to_owned()).expect("columns");
        let types = [("a".to_owned(), "varchar(16)".to_owned()), ("b".to_owned(), "bigint".to_owned())];
        assert_eq!(schema.changed(&types, &[]), "create table t (a varchar(16) not null, b bigint)");
    }
}
