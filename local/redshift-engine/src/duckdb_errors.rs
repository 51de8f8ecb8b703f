//! DuckDB's errors in Redshift's words. DuckDB gives each a type, and a few a subtype and the name that they are about
//! (`duckdb/common/exception/*.cpp`); the others differ in their English only.

use super::duckdb_error::{DuckError, redshift_type};
use super::error::SqlError;
use super::session_views::NOT_CREATED;
use super::system_views;
use redshift_sql::UDF_PREFIX as UDF;
use redshift_sql::external::relation::of_rows_table;

/// How DuckDB says that it may not use more of the disk for what does not fit into memory.
pub const NO_SPILL: &str = "failed to offload data block";
/// How functions say that they will not make an answer of that size.
const RESULT_TOO_LARGE: &str = "Result size exceeds";
/// What the operating system says where a file cannot grow.
const NO_ROOM: [&str; 3] = ["No space left on device", "Disk quota exceeded", "File too large"];
const NO_FUNCTION: &str = "No function matches the given name and argument types '";
const NO_CHOICE: &str = "Could not choose a best candidate function for the function call \"";
/// How the names of Redshift's own system views begin.
const SYSTEM: [&str; 6] = ["stl_", "stv_", "svl_", "svv_", "svcs_", "sys_"];

/// What Redshift answers: as the first row says that fits. What has no row keeps DuckDB's first line.
pub fn translate(error: &DuckError) -> SqlError {
    match ROWS.iter().find(|row| row.fits(error)) {
        Some(row) => SqlError::new(row.sqlstate, (row.message)(error)),
        None => SqlError::new("XX000", error.first_line()),
    }
}

/// Errors that are answered alike.
struct Row {
    /// Types of DuckDB's; any where none is named.
    kinds: &'static [&'static str],
    sign: Sign,
    sqlstate: &'static str,
    message: fn(&DuckError) -> String,
}

/// By what an error is recognized.
enum Sign {
    /// The type alone.
    Kind,
    /// A subtype, with the kinds of entries where it is about the catalog; where there is no subtype, by its text.
    Subtype(&'static str, &'static [&'static str], &'static [&'static str]),
    Begins(&'static str),
    Contains(&'static str),
    Ends(&'static str),
    Is(fn(&DuckError) -> bool),
}

impl Row {
    fn fits(&self, error: &DuckError) -> bool {
        let message = error.message();
        let is_of_kind = self.kinds.is_empty() || self.kinds.contains(&error.kind());
        is_of_kind
            && match &self.sign {
                Sign::Kind => true,
                Sign::Subtype(subtype, entries, texts) => match error.subtype() {
                    Some(found) => {
                        let is_entry = |entry: &str| entries.contains(&entry);
                        found == *subtype && (entries.is_empty() || error.entry().is_some_and(is_entry))
                    }
                    None => texts.iter().any(|text| message.contains(text)),
                },
                Sign::Begins(text) => message.starts_with(text),
                Sign::Contains(text) => message.contains(text),
                Sign::Ends(text) => message.ends_with(text),
                Sign::Is(is) => is(error),
            }
    }
}

const fn row(
    kinds: &'static [&'static str],
    sign: Sign,
    sqlstate: &'static str,
    message: fn(&DuckError) -> String,
) -> Row {
    Row { kinds, sign, sqlstate, message }
}

const ANY: &[&str] = &[];
const BINDER: &[&str] = &["Binder"];
const CATALOG: &[&str] = &["Catalog"];
const CONSTRAINT: &[&str] = &["Constraint"];
const CONVERSION: &[&str] = &["Conversion"];
const INVALID: &[&str] = &["Invalid Input"];
const MEMORY: &[&str] = &["Out of Memory"];

/// Types, sign, SQLSTATE and message.
const ROWS: &[Row] = &[
    // 53100 is PostgreSQL's disk_full. One that has ended the database is still to be seen: it is opened anew then.
    row(&["FATAL"], Sign::Is(has_no_room), "53100", |error| error.text.replace('\n', " ")),
    row(&["IO", "TransactionContext"], Sign::Is(has_no_room), "53100", as_it_is),
    // DuckDB takes nine tenths of what is free when it spills for the first time.
    row(MEMORY, Sign::Begins(NO_SPILL), "53100", as_it_is),
    row(CATALOG, Sign::Is(is_missing_udf), "42883", |error| {
        let name = error.between(UDF, " does not exist").unwrap_or_default();
        format!("function {name}() is not supported by the local Redshift")
    }),
    row(ANY, Sign::Is(is_second_column), "42701", |error| {
        let name = error.between("with name ", " already").unwrap_or_default();
        format!("column \"{name}\" specified more than once")
    }),
    row(CATALOG, Sign::Begins("Could not rename"), "42P07", |error| {
        format!("Relation \"{}\" already exists", error.between("\" to \"", "\"").unwrap_or_default())
    }),
    row(CATALOG, Sign::Begins("Existing object"), "42809", |error| {
        let name = error.between("Existing object ", " is of type").unwrap_or_default();
        let wanted = error.message().rsplit("type ").next().unwrap_or_default().trim_matches('"').to_lowercase();
        format!("\"{name}\" is not a {wanted}")
    }),
    row(CATALOG, Sign::Subtype("ENTRY_ALREADY_EXISTS", &[], &["already exists"]), "42P07", |error| {
        format!("Relation \"{}\" already exists", error.name("with name ", " already").trim_start_matches(UDF))
    }),
    row(CATALOG, Sign::Is(is_of_session), NOT_CREATED, |error| missing_relation(error).to_owned()),
    row(CATALOG, Sign::Is(is_missing_system_view), "0A000", |error| {
        format!("the system view {} is not supported by the local Redshift", missing_relation(error))
    }),
    row(CATALOG, MISSING_RELATION, "42P01", |error| format!("relation \"{}\" does not exist", missing_relation(error))),
    row(CATALOG, Sign::Subtype("MISSING_ENTRY", &["Schema"], &["Schema with name"]), "3F000", |error| {
        format!("schema \"{}\" does not exist", error.name("with name ", " does not exist"))
    }),
    row(BINDER, Sign::Subtype("COLUMN_NOT_FOUND", &[], &["Referenced column"]), "42703", |error| {
        let name = error.name("Referenced column \"", "\" ").trim_start_matches(UDF);
        format!("column \"{name}\" does not exist")
    }),
    // A cast is named after its column, so that DuckDB takes the column for an alias that comes later.
    row(BINDER, Sign::Ends("cannot be referenced before it is defined"), "42703", |error| {
        format!("column \"{}\" does not exist", error.between("Column \"", "\" referenced").unwrap_or_default())
    }),
    row(BINDER, Sign::Contains("does not have a column named"), "42703", |error| {
        let name = error.message().rsplit("named ").next().unwrap_or_default().trim_matches('"');
        format!("column {name} does not exist")
    }),
    row(BINDER, Sign::Begins("Referenced table"), "42P01", |error| {
        let name = error.between("Referenced table \"", "\"").unwrap_or_default();
        format!("missing FROM-clause entry for table \"{name}\"")
    }),
    row(BINDER, Sign::Begins("Ambiguous reference to column name"), "42702", |error| {
        let name = error.between("column name \"", "\"").unwrap_or_default();
        format!("column reference \"{name}\" is ambiguous")
    }),
    row(BINDER, Sign::Contains("must appear in the GROUP BY clause"), "42803", |error| {
        let name = error.between("column \"", "\"").unwrap_or_default();
        format!("column \"{name}\" must appear in the GROUP BY clause or be used in an aggregate function")
    }),
    row(BINDER, Sign::Contains("clause cannot contain aggregates"), "42803", |error| {
        let clause = error.message().split(' ').next().unwrap_or_default();
        format!("aggregates not allowed in {clause} clause")
    }),
    row(BINDER, Sign::Begins("ORDER term out of range"), "42P10", |_| {
        "the position in ORDER BY is not in the select list".into()
    }),
    row(BINDER, Sign::Begins("Cannot compare values of type"), "42883", |error| {
        let sides = [error.between("values of type ", " and "), error.between(" and type ", " - ")];
        let [left, right] = sides.map(|kind| {
            redshift_type(kind.unwrap_or_default().trim_start_matches("type ").trim_end_matches("_LITERAL"))
        });
        format!("operator does not exist: {left} = {right}")
    }),
    row(BINDER, Sign::Begins("Macro "), "42883", |error| {
        let name = error.between("Macro ", "(").unwrap_or_default();
        let name = name.trim_start_matches(UDF).trim_start_matches("redshift_");
        format!("function {name} does not exist for such arguments")
    }),
    row(INVALID, Sign::Begins("More than one row returned by a subquery"), "21000", |_| {
        "more than one row returned by a subquery used as an expression".into()
    }),
    row(INVALID, Sign::Begins("relation \""), "42P01", as_it_is),
    row(INVALID, Sign::Begins("schema \""), "3F000", as_it_is),
    row(INVALID, Sign::Begins("user \""), "42704", as_it_is),
    row(INVALID, Sign::Begins("unrecognized privilege type"), "22023", as_it_is),
    row(INVALID, Sign::Begins(RESULT_TOO_LARGE), "XX000", as_it_is),
    row(INVALID, Sign::Begins("must be superuser"), "42501", as_it_is),
    row(INVALID, Sign::Begins("JSON_PARSE() error"), "XX000", as_it_is),
    row(INVALID, Sign::Begins("Invalid digit"), "22P02", as_it_is),
    row(INVALID, Sign::Begins("MERGE INTO command cannot"), "XX000", |_| {
        "Found multiple matches to update the same tuple.".into()
    }),
    row(&["Dependency"], Sign::Kind, "2BP01", |error| {
        let what = error.between("Cannot drop entry \"", "\"").unwrap_or_default();
        format!("cannot drop {what} because other objects depend on it")
    }),
    row(CONVERSION, Sign::Contains("out of range for the destination type"), "22003", |error| {
        let bytes = match error.message().rsplit("destination type ").next().and_then(|kind| kind.split(' ').next()) {
            Some("INT16") => "2",
            Some("INT32") => "4",
            _ => "8",
        };
        format!("Value out of range for {bytes} bytes.")
    }),
    row(&["Conversion", "Binder"], Sign::Begins("Unimplemented type for cast"), "42846", |error| {
        let from = redshift_type(error.between("cast (", " -> ").unwrap_or_default());
        let to = redshift_type(error.between(" -> ", ")").unwrap_or_default());
        format!("cannot cast type {from} to {to}")
    }),
    row(ANY, Sign::Contains("Max expression depth limit"), "54001", |_| "stack depth limit exceeded".into()),
    row(BINDER, Sign::Subtype("NO_MATCHING_FUNCTION", &[], &[NO_FUNCTION]), "42883", |error| {
        no_function(error.call().unwrap_or_else(|| behind(error, NO_FUNCTION)))
    }),
    row(BINDER, Sign::Begins(NO_CHOICE), "42883", |error| no_function(behind(error, NO_CHOICE))),
    row(&["Conversion", "Out of Range"], Sign::Contains("to DECIMAL("), "22003", |_| {
        "Numeric data overflow (result precision)".into()
    }),
    row(CONSTRAINT, Sign::Begins("NOT NULL constraint failed"), "23502", |error| {
        let column = error.message().rsplit('.').next().unwrap_or_default();
        format!("Cannot insert a NULL value into column {column}")
    }),
    row(CONSTRAINT, Sign::Contains(") = length("), "22021", |_| {
        "Multibyte character not supported for CHAR (Hint: try using VARCHAR).".into()
    }),
    row(CONSTRAINT, Sign::Contains("strlen("), "22001", |error| too_long(error, "character varying")),
    row(CONSTRAINT, Sign::Contains("octet_length("), "22001", |error| too_long(error, "binary varying")),
    row(CONSTRAINT, Sign::Contains("(length("), "22001", |error| too_long(error, "character")),
    row(INVALID, Sign::Begins("invalid input syntax for type"), "22007", as_it_is),
    row(INVALID, Sign::Begins("value too long for type"), "22001", as_it_is),
    row(INVALID, Sign::Ends("is not supported by the local Redshift"), "0A000", as_it_is),
    row(&["Parser"], Sign::Kind, "42601", as_it_is),
    row(MEMORY, Sign::Kind, "53200", as_it_is),
    row(&["INTERRUPT", "Interrupt"], Sign::Kind, "57014", |_| "Query cancelled on user's request".into()),
    row(&["TransactionContext", "Transaction"], Sign::Kind, "40001", as_it_is),
    row(CONVERSION, Sign::Kind, "22P02", |error| {
        let text = error.between("Could not convert string '", "' to ");
        match (text, error.message().rsplit_once("' to ")) {
            (Some(text), Some((_, wanted))) => {
                let wanted = wanted.split(" when casting").next().unwrap_or_default();
                format!("invalid input syntax for type {}: \"{text}\"", redshift_type(wanted))
            }
            _ => as_it_is(error),
        }
    }),
    row(INVALID, Sign::Contains(RESULT_TOO_LARGE), "54000", |error| {
        format!("{RESULT_TOO_LARGE}{}", behind(error, RESULT_TOO_LARGE))
    }),
    row(INVALID, Sign::Begins("Division by zero"), "22012", |_| "Divide by zero".into()),
    row(&["Out of Range"], Sign::Kind, "22003", as_it_is),
];

const MISSING_RELATION: Sign =
    Sign::Subtype("MISSING_ENTRY", &["Table", "View"], &["Table with name ", "View with name "]);

fn as_it_is(error: &DuckError) -> String {
    error.message().to_owned()
}

/// That a value is longer than the check of its column allows.
fn too_long(error: &DuckError, kind: &str) -> String {
    let rest = error.message().rsplit("<= ").next().unwrap_or_default();
    let limit: String = rest.chars().take_while(char::is_ascii_digit).collect();
    format!("value too long for type {kind}({limit})")
}

/// What stands behind a text in the message.
fn behind<'e>(error: &'e DuckError, text: &str) -> &'e str {
    error.message().split_once(text).map_or("", |(_, rest)| rest)
}

fn has_no_room(error: &DuckError) -> bool {
    NO_ROOM.iter().any(|reason| error.text.contains(reason))
}

fn is_missing_udf(error: &DuckError) -> bool {
    let message = error.message();
    behind(error, "Function with name ").starts_with(UDF) && !message.contains("already")
}

fn is_second_column(error: &DuckError) -> bool {
    let message = error.message();
    message.starts_with("Column with name") && message.contains("already exists")
}

fn missing_relation(error: &DuckError) -> &str {
    error.name("with name ", " does not exist")
}

fn is_missing_system_view(error: &DuckError) -> bool {
    let is_missing = row(CATALOG, MISSING_RELATION, "", as_it_is).fits(error);
    is_missing && SYSTEM.iter().any(|prefix| missing_relation(error).starts_with(prefix))
}

/// That a session has not created a system view yet.
fn is_of_session(error: &DuckError) -> bool {
    let is_missing = row(CATALOG, MISSING_RELATION, "", as_it_is).fits(error);
    let name = missing_relation(error);
    is_missing && (system_views::definition(name).is_some() || of_rows_table(name).is_some())
}

/// That no function or operator takes such types: `sum(VARCHAR)'. You might …`
fn no_function(call: &str) -> String {
    let (name, rest) = call.split_once('(').unwrap_or((call, ""));
    // The last parenthesis before the quote: types have some of their own.
    let types = rest.split(['\'', '"']).next().unwrap_or_default();
    let types = types.strip_suffix(')').unwrap_or(types);
    let types: Vec<String> = types.split(", ").map(|given| redshift_type(given.trim_end_matches("_LITERAL"))).collect();
    let name = name.trim_start_matches(UDF);
    let is_word = name.starts_with(|first: char| first.is_alphabetic() || first == '_');
    match types.as_slice() {
        [left, right] if !is_word => format!("operator does not exist: {left} {name} {right}"),
        _ => format!("function {name}({}) does not exist", types.join(", ")),
    }
}

#[cfg(test)]
mod tests;
