//! Why a statement cannot be translated, in Redshift's words.

use sqlparser::parser::ParserError;

/// A statement that is refused before anything runs: SQLSTATE and message, without the `ERROR:` in front.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("ERROR: {message}")]
pub struct TranslateError {
    pub sqlstate: &'static str,
    pub message: String,
}

impl TranslateError {
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
}
