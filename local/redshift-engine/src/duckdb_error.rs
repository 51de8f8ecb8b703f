//! An error as DuckDB says it: as JSON, which `errors_as_json` asks for, or as a text.

use serde::Deserialize;

/// An error as DuckDB says it.
pub struct DuckError {
    /// `Binder Error: Referenced column …`, and what stands below that.
    pub text: String,
    info: ErrorInfo,
}

/// What it says with `errors_as_json`; every value is a text.
#[derive(Debug, Default, Deserialize)]
struct ErrorInfo {
    exception_type: String,
    exception_message: String,
    error_subtype: Option<String>,
    name: Option<String>,
    /// What kind of entry of the catalog is meant.
    #[serde(rename = "type")]
    entry: Option<String>,
    /// The name of a function with the types of its arguments.
    call: Option<String>,
}

impl ErrorInfo {
    /// Reads the object at the beginning of a text; other errors may stand behind it.
    fn parse(text: &str) -> Option<Self> {
        if !text.starts_with('{') {
            return None;
        }
        let mut info = serde_json::Deserializer::from_str(text).into_iter::<Self>().next()?.ok()?;
        // An error that DuckDB has thrown twice is wrapped twice.
        while let Some(inner) = Self::parse(&info.exception_message) {
            info = inner;
        }
        Some(info)
    }
}

impl DuckError {
    /// Reads an error in either form: an appender, and the connection of the system tables, have it as a text.
    pub fn new(text: &str) -> Self {
        let behind = text.split_once(" Error: ").map_or("", |(_, rest)| rest);
        match ErrorInfo::parse(text).or_else(|| ErrorInfo::parse(behind)) {
            Some(info) => {
                let kind = match info.exception_type.as_str() {
                    "Unknown Type" => String::new(),
                    kind => format!("{kind} "),
                };
                Self { text: format!("{kind}Error: {}", info.exception_message), info }
            }
            None => Self { text: text.to_owned(), info: ErrorInfo::default() },
        }
    }

    pub fn first_line(&self) -> &str {
        self.text.lines().next().unwrap_or_default()
    }

    /// `Binder`, `Catalog`, …
    pub fn kind(&self) -> &str {
        let kind = self.first_line().split_once(": ").and_then(|(kind, _)| kind.strip_suffix(" Error"));
        kind.unwrap_or_default()
    }

    pub fn message(&self) -> &str {
        let first = self.first_line();
        first.split_once(": ").map_or(first, |(_, message)| message)
    }

    /// What stands between two texts of its message.
    pub fn between(&self, before: &str, after: &str) -> Option<&str> {
        let (_, rest) = self.message().split_once(before)?;
        rest.split_once(after).map(|(found, _)| found.trim_matches('"'))
    }

    /// The name that it is about; without a subtype, what stands between two texts.
    pub fn name(&self, before: &str, after: &str) -> &str {
        let given = self.info.name.as_deref().map(|name| name.trim_matches('"'));
        given.or_else(|| self.between(before, after)).unwrap_or_default()
    }

    pub fn subtype(&self) -> Option<&str> {
        self.info.error_subtype.as_deref()
    }

    /// What kind of entry of the catalog it is about.
    pub fn entry(&self) -> Option<&str> {
        self.info.entry.as_deref()
    }

    /// The call of a function that it is about: `sum(VARCHAR)`.
    pub fn call(&self) -> Option<&str> {
        self.info.call.as_deref()
    }
}

/// What Redshift calls a type of DuckDB's.
pub fn redshift_type(duckdb: &str) -> String {
    match duckdb {
        "INT16" => "smallint".into(),
        "INT64" => "bigint".into(),
        "FLOAT" => "real".into(),
        "DOUBLE" => "double precision".into(),
        "BOOL" => "boolean".into(),
        "INT32" | "INTEGER" => "integer".into(),
        "VARCHAR" | "STRING" => "character varying".into(),
        "BLOB" => "binary varying".into(),
        "TIMESTAMP" => "timestamp without time zone".into(),
        "TIME" => "time without time zone".into(),
        "TIME WITH TIME ZONE" | "TIMETZ" => "time with time zone".into(),
        "TIMESTAMP WITH TIME ZONE" => "timestamp with time zone".into(),
        other => other.to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_read_in_every_form() {
        let json = r#"{"exception_type":"Binder","exception_message":"Referenced column \"a\" not found\nin FROM",
                       "error_subtype":"COLUMN_NOT_FOUND","name":"a","position":"7"}"#;
        let twice = serde_json::json!({ "exception_type": "Binder", "exception_message": json }).to_string();
        for text in
            [json.to_owned(), format!("{json}\n\nIO Error: another"), twice.clone(), format!("Binder Error: {twice}")]
        {
            let error = DuckError::new(&text);
            let found = (error.kind(), error.message(), error.subtype(), error.name("", ""));
            assert_eq!(found, ("Binder", "Referenced column \"a\" not found", Some("COLUMN_NOT_FOUND"), "a"), "{text}");
        }
        let error = DuckError::new("Binder Error: Referenced column \"a\" not found\n\nLINE 1: SELECT a");
        assert_eq!((error.kind(), error.subtype(), error.name("column \"", "\" ")), ("Binder", None, "a"));
        assert_eq!(DuckError::new("Catalog Error: {no JSON").message(), "{no JSON");
        let error = DuckError::new(r#"{"exception_type":"Unknown Type","exception_message":"it"}"#);
        assert_eq!((error.kind(), error.first_line()), ("", "Error: it"));
    }
}
