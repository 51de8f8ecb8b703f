//! SQL errors in Redshift's words.

use std::io;
use std::path::Path;

use redshift_sql::TranslateError;
use redshift_sql::udf::PREFIX as UDF;

use crate::store::disk;

/// What Redshift answers when a statement fails: SQLSTATE and message, without the `ERROR:` in front.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("ERROR: {message}")]
pub struct SqlError {
    pub sqlstate: &'static str,
    pub message: String,
}

impl SqlError {
    pub fn new(sqlstate: &'static str, message: impl Into<String>) -> Self {
        Self { sqlstate, message: message.into() }
    }

    pub fn syntax(message: impl Into<String>) -> Self {
        Self::new("42601", message)
    }

    /// The local Redshift does not have this, and says so instead of running something else.
    pub fn unsupported(construct: &str) -> Self {
        Self::new("0A000", format!("{construct} is not supported by the local Redshift"))
    }

    /// A file or a directory that cannot be used: a full disk is called by its name, which is PostgreSQL's 53100.
    pub fn from_io(what: &str, path: &Path, error: &io::Error) -> Self {
        let path = path.display();
        match disk::is_full(error) {
            true => Self::new(
                "53100",
                format!("Disk Full: no room left to write to {path}; free some, and it goes on without a restart"),
            ),
            false => Self::new("58030", format!("{what} {path}: {error}")),
        }
    }

    /// Whether a relation is missing, or a view is not of what it was made of any more.
    pub fn is_out_of_view(&self) -> bool {
        self.is_missing_relation() || self.message.contains("Contents of view were altered")
    }

    pub fn is_missing_relation(&self) -> bool {
        self.sqlstate == "42P01"
    }

    /// Whether there is no room for what does not fit into memory.
    pub fn is_unspilled(&self) -> bool {
        self.sqlstate == "53100" && self.message.starts_with(NO_SPILL)
    }

    /// Rewords what DuckDB says. What has no counterpart keeps DuckDB's first line.
    pub fn from_duckdb(error: &duckdb::Error) -> Self {
        let text = match error {
            duckdb::Error::DuckDBFailure(_, Some(text)) => text.clone(),
            other => other.to_string(),
        };
        let first = text.lines().next().unwrap_or_default();
        let (kind, message) = first.split_once(": ").unwrap_or(("", first));
        let between = |before: &str, after: &str| {
            let start = message.find(before)? + before.len();
            let rest = &message[start..];
            Some(rest[..rest.find(after)?].trim_matches('"').to_owned())
        };
        match kind {
            // 53100 is PostgreSQL's disk_full.
            "IO Error" | "FATAL Error" | "TransactionContext Error"
                if NO_ROOM.iter().any(|reason| text.contains(reason)) =>
            {
                // That it has ended the database is still to be seen: it is opened anew then.
                Self::new("53100", if kind == "FATAL Error" { text.replace('\n', " ") } else { message.to_owned() })
            }
            // DuckDB takes nine tenths of what is free when it spills for the first time.
            "Out of Memory Error" if message.starts_with(NO_SPILL) => Self::new("53100", message),
            "Catalog Error"
                if message.contains(&format!("Function with name {UDF}")) && !message.contains("already") =>
            {
                let name = between(UDF, " does not exist").unwrap_or_default();
                Self::new("42883", format!("function {name}() is not supported by the local Redshift"))
            }
            _ if message.starts_with("Column with name") && message.contains("already exists") => {
                let name = between("with name ", " already").unwrap_or_default();
                Self::new("42701", format!("column \"{name}\" specified more than once"))
            }
            "Catalog Error" if message.starts_with("Could not rename") => {
                let name = between("\" to \"", "\"").unwrap_or_default();
                Self::new("42P07", format!("Relation \"{name}\" already exists"))
            }
            "Catalog Error" if message.starts_with("Existing object") => {
                let name = between("Existing object ", " is of type").unwrap_or_default();
                let wanted = message.rsplit("type ").next().unwrap_or_default().trim_matches('"').to_lowercase();
                Self::new("42809", format!("\"{name}\" is not a {wanted}"))
            }
            "Catalog Error" if message.contains("already exists") => {
                let name = between("with name ", " already").unwrap_or_default();
                let name = name.trim_matches('"').trim_start_matches(UDF);
                Self::new("42P07", format!("Relation \"{name}\" already exists"))
            }
            "Catalog Error" if message.starts_with("Table with name") || message.starts_with("View with name") => {
                let name = between("with name ", " does not exist").unwrap_or_default();
                if SYSTEM.iter().any(|prefix| name.starts_with(prefix)) {
                    return Self::unsupported(&format!("the system view {name}"));
                }
                Self::new("42P01", format!("relation \"{}\" does not exist", name.trim_matches('"')))
            }
            "Catalog Error" if message.contains("Schema with name") => {
                let name = between("with name ", " does not exist").unwrap_or_default();
                Self::new("3F000", format!("schema \"{name}\" does not exist"))
            }
            "Binder Error" if message.contains("Referenced column") => {
                let name = between("Referenced column \"", "\" ").unwrap_or_default();
                let name = name.trim_start_matches(UDF);
                Self::new("42703", format!("column \"{name}\" does not exist"))
            }
            // A cast is named after its column, so that DuckDB takes the column for an alias that comes later.
            "Binder Error" if message.ends_with("cannot be referenced before it is defined") => {
                let name = between("Column \"", "\" referenced").unwrap_or_default();
                Self::new("42703", format!("column \"{name}\" does not exist"))
            }
            "Binder Error" if message.contains("does not have a column named") => {
                let name = message.rsplit("named ").next().unwrap_or_default().trim_matches('"');
                Self::new("42703", format!("column {name} does not exist"))
            }
            "Binder Error" if message.starts_with("Referenced table") => {
                let name = between("Referenced table \"", "\"").unwrap_or_default();
                Self::new("42P01", format!("missing FROM-clause entry for table \"{name}\""))
            }
            "Binder Error" if message.starts_with("Ambiguous reference to column name") => {
                let name = between("column name \"", "\"").unwrap_or_default();
                Self::new("42702", format!("column reference \"{name}\" is ambiguous"))
            }
            "Binder Error" if message.contains("must appear in the GROUP BY clause") => {
                let name = between("column \"", "\"").unwrap_or_default();
                let rule = "must appear in the GROUP BY clause or be used in an aggregate function";
                Self::new("42803", format!("column \"{name}\" {rule}"))
            }
            "Binder Error" if message.contains("clause cannot contain aggregates") => {
                let clause = message.split(' ').next().unwrap_or_default();
                Self::new("42803", format!("aggregates not allowed in {clause} clause"))
            }
            "Binder Error" if message.starts_with("ORDER term out of range") => {
                Self::new("42P10", "the position in ORDER BY is not in the select list")
            }
            "Binder Error" if message.starts_with("Cannot compare values of type") => {
                let (left, right) = (between("values of type ", " and "), between(" and type ", " - "));
                let [left, right] = [left, right].map(|kind| {
                    redshift_type(kind.unwrap_or_default().trim_start_matches("type ").trim_end_matches("_LITERAL"))
                });
                Self::new("42883", format!("operator does not exist: {left} = {right}"))
            }
            "Binder Error" if message.starts_with("Macro ") => {
                let name = between("Macro ", "(").unwrap_or_default();
                let name = name.trim_start_matches(UDF).trim_start_matches("redshift_");
                Self::new("42883", format!("function {name} does not exist for such arguments"))
            }
            "Invalid Input Error" if message.starts_with("More than one row returned by a subquery") => {
                Self::new("21000", "more than one row returned by a subquery used as an expression")
            }
            "Invalid Input Error" if message.starts_with("Result size exceeds") => Self::new("XX000", message),
            "Invalid Input Error" if message.starts_with("JSON_PARSE() error") => Self::new("XX000", message),
            "Invalid Input Error" if message.starts_with("Invalid digit") => Self::new("22P02", message),
            "Invalid Input Error" if message.starts_with("MERGE INTO command cannot") => {
                Self::new("XX000", "Found multiple matches to update the same tuple.")
            }
            "Dependency Error" => {
                let what = between("Cannot drop entry \"", "\"").unwrap_or_default();
                Self::new("2BP01", format!("cannot drop {what} because other objects depend on it"))
            }
            "Conversion Error" if message.contains("out of range for the destination type") => {
                let bytes = match message.rsplit("destination type ").next().and_then(|kind| kind.split(' ').next()) {
                    Some("INT16") => "2",
                    Some("INT32") => "4",
                    _ => "8",
                };
                Self::new("22003", format!("Value out of range for {bytes} bytes."))
            }
            "Conversion Error" | "Binder Error" if message.starts_with("Unimplemented type for cast") => {
                let from = redshift_type(&between("cast (", " -> ").unwrap_or_default());
                let to = redshift_type(&between(" -> ", ")").unwrap_or_default());
                Self::new("42846", format!("cannot cast type {from} to {to}"))
            }
            _ if message.contains("Max expression depth limit") => Self::new("54001", "stack depth limit exceeded"),
            "Binder Error" if message.starts_with(NO_FUNCTION) => no_function(&message[NO_FUNCTION.len()..]),
            "Binder Error" if message.starts_with(NO_CHOICE) => no_function(&message[NO_CHOICE.len()..]),
            "Conversion Error" | "Out of Range Error" if message.contains("to DECIMAL(") => {
                Self::new("22003", "Numeric data overflow (result precision)")
            }
            "Constraint Error" if message.starts_with("NOT NULL constraint failed") => {
                let column = message.rsplit('.').next().unwrap_or_default();
                Self::new("23502", format!("Cannot insert a NULL value into column {column}"))
            }
            "Constraint Error" if message.contains("strlen(") => {
                let limit: String =
                    message.rsplit("<= ").next().unwrap_or_default().chars().take_while(char::is_ascii_digit).collect();
                Self::new("22001", format!("value too long for type character varying({limit})"))
            }
            "Parser Error" => Self::syntax(message),
            "Out of Memory Error" => Self::new("53200", message),
            "INTERRUPT Error" | "Interrupt Error" => Self::new("57014", "Query cancelled on user's request"),
            "TransactionContext Error" | "Transaction Error" => Self::new("40001", message),
            "Conversion Error" => {
                match (between("Could not convert string '", "' to "), message.rsplit("' to ").next()) {
                    (Some(text), Some(wanted)) => {
                        let wanted = wanted.split(" when casting").next().unwrap_or_default();
                        Self::new(
                            "22P02",
                            format!("invalid input syntax for type {}: \"{text}\"", redshift_type(wanted)),
                        )
                    }
                    _ => Self::new("22P02", message),
                }
            }
            "Invalid Input Error" if message.contains(RESULT_TOO_LARGE) => {
                let start = message.find(RESULT_TOO_LARGE).unwrap_or_default();
                Self::new("54000", &message[start..])
            }
            "Invalid Input Error" if message.starts_with("Division by zero") => Self::new("22012", "Divide by zero"),
            "Out of Range Error" => Self::new("22003", message),
            _ => Self::new("XX000", first),
        }
    }
}

/// How functions say that they will not make an answer of that size.
const RESULT_TOO_LARGE: &str = "Result size exceeds";
/// What the operating system says where a file cannot grow.
const NO_ROOM: [&str; 3] = ["No space left on device", "Disk quota exceeded", "File too large"];
/// How DuckDB says that it may not use more of the disk for what does not fit into memory.
const NO_SPILL: &str = "failed to offload data block";
const NO_FUNCTION: &str = "No function matches the given name and argument types '";
const NO_CHOICE: &str = "Could not choose a best candidate function for the function call \"";

/// That no function or operator takes such types: `sum(VARCHAR)'. You might …`
fn no_function(call: &str) -> SqlError {
    let (name, rest) = call.split_once('(').unwrap_or((call, ""));
    // The last parenthesis before the quote: types have some of their own.
    let types = rest.split(['\'', '"']).next().unwrap_or_default();
    let types = types.strip_suffix(')').unwrap_or(types);
    let types: Vec<String> = types.split(", ").map(|given| redshift_type(given.trim_end_matches("_LITERAL"))).collect();
    let name = name.trim_start_matches(UDF);
    let is_word = name.starts_with(|first: char| first.is_alphabetic() || first == '_');
    match types.as_slice() {
        [left, right] if !is_word => SqlError::new("42883", format!("operator does not exist: {left} {name} {right}")),
        _ => SqlError::new("42883", format!("function {name}({}) does not exist", types.join(", "))),
    }
}

/// How the names of Redshift's own system views begin.
const SYSTEM: [&str; 6] = ["stl_", "stv_", "svl_", "svv_", "svcs_", "sys_"];

/// What Redshift calls a type of DuckDB's.
fn redshift_type(duckdb: &str) -> String {
    match duckdb {
        "INT16" => "smallint".into(),
        "INT32" => "integer".into(),
        "INT64" => "bigint".into(),
        "FLOAT" => "real".into(),
        "DOUBLE" => "double precision".into(),
        "BOOL" => "boolean".into(),
        "INTEGER" => "integer".into(),
        "VARCHAR" | "STRING" => "character varying".into(),
        "TIMESTAMP" => "timestamp without time zone".into(),
        "TIMESTAMP WITH TIME ZONE" => "timestamp with time zone".into(),
        other => other.to_lowercase(),
    }
}

impl From<TranslateError> for SqlError {
    fn from(TranslateError { sqlstate, message }: TranslateError) -> Self {
        Self { sqlstate, message }
    }
}

/// For what the translation asks of the catalog.
impl From<SqlError> for TranslateError {
    fn from(SqlError { sqlstate, message }: SqlError) -> Self {
        Self { sqlstate, message }
    }
}

impl From<duckdb::Error> for SqlError {
    fn from(error: duckdb::Error) -> Self {
        Self::from_duckdb(&error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_has_a_code_of_its_own() {
        let told = |text: &str| {
            let error = duckdb::Error::DuckDBFailure(duckdb::ffi::Error::new(1), Some(text.to_owned()));
            SqlError::from_duckdb(&error)
        };
        let full = told("IO Error: Could not write file \"dev.duckdb.wal\": No space left on device");
        assert_eq!(full.sqlstate, "53100");
        assert!(full.message.contains("dev.duckdb.wal"), "{}", full.message);
        let checkpoint =
            "Failed to create checkpoint because of error: Could not write file \"dev.duckdb\": File too large";
        let fatal = told(&format!("FATAL Error: {checkpoint}"));
        assert_eq!((fatal.sqlstate, fatal.message.starts_with("FATAL Error: ")), ("53100", true), "{fatal}");
        let spilled =
            told("Out of Memory Error: failed to offload data block of size 256.0 KiB (9.7 MiB/9.8 MiB used).\nThis");
        assert!(spilled.is_unspilled() && !full.is_unspilled());
        assert_eq!(told("Out of Memory Error: could not allocate block").sqlstate, "53200");
        let at = |kind: io::ErrorKind| SqlError::from_io("cannot write to", Path::new("a/dir"), &kind.into());
        assert_eq!(at(io::ErrorKind::PermissionDenied).sqlstate, "58030");
        for kind in [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded, io::ErrorKind::FileTooLarge] {
            let full = at(kind);
            assert!(full.sqlstate == "53100" && full.message.contains("no room left to write to a/dir"), "{full}");
        }
        let text = told("Conversion Error: Could not convert string 'No space left on device' to INT32");
        assert_eq!(text.sqlstate, "22P02");
    }
}
