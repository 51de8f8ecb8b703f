//! SQL errors in Redshift's words.

use sqlparser::parser::ParserError;

use super::sql::udf::PREFIX as UDF;

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

    pub fn from_parser(error: ParserError) -> Self {
        match error {
            ParserError::TokenizerError(message) => Self::syntax(message),
            ParserError::RecursionLimitExceeded => Self::new("54001", "the statement is nested too deeply"),
            ParserError::ParserError(message) => {
                let found = message.split_once("found: ").map(|(_, found)| found);
                let near = found.map(|found| found.split(" at Line").next().unwrap_or(found));
                match near {
                    Some("EOF") => Self::syntax("syntax error at end of input"),
                    Some(token) => Self::syntax(format!("syntax error at or near \"{token}\"")),
                    None => Self::syntax(format!("syntax error: {message}")),
                }
            }
        }
    }

    /// Whether a relation is missing, or a view is not of what it was made of any more.
    pub fn is_out_of_view(&self) -> bool {
        self.is_missing_relation() || self.message.contains("Contents of view were altered")
    }

    pub fn is_missing_relation(&self) -> bool {
        self.sqlstate == "42P01"
    }

    /// Whether DuckDB found no meaning for types that Redshift would convert.
    pub fn is_unbound(&self) -> bool {
        self.sqlstate == "42883" && !self.message.ends_with("Redshift")
            || self.message.contains("multiple overloads that match")
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
            "Catalog Error"
                if message.contains(&format!("Function with name {UDF}")) && !message.contains("already") =>
            {
                let name = between(UDF, " does not exist").unwrap_or_default();
                Self::new("42883", format!("function {name}() is not supported by the local Redshift"))
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
                Self::new("42703", format!("column \"{name}\" does not exist"))
            }
            "Binder Error" if message.contains("does not have a column named") => {
                let name = message.rsplit("named ").next().unwrap_or_default().trim_matches('"');
                Self::new("42703", format!("column {name} does not exist"))
            }
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
            "INTERRUPT Error" | "Interrupt Error" => Self::new("57014", "Query cancelled on user's request"),
            "TransactionContext Error" | "Transaction Error" => Self::new("40001", message),
            "Conversion Error" => match (between("Could not convert string '", "' to "), message.rsplit(' ').next()) {
                (Some(text), Some(wanted)) => {
                    Self::new("22P02", format!("invalid input syntax for type {}: \"{text}\"", redshift_type(wanted)))
                }
                _ => Self::new("22P02", message),
            },
            "Invalid Input Error" if message.starts_with("Division by zero") => Self::new("22012", "Divide by zero"),
            "Out of Range Error" => Self::new("22003", message),
            _ => Self::new("XX000", first),
        }
    }
}

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

impl From<duckdb::Error> for SqlError {
    fn from(error: duckdb::Error) -> Self {
        Self::from_duckdb(&error)
    }
}
