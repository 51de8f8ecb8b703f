//! The arguments that a procedure declares.

use serde::{Deserialize, Serialize};
use sqlparser::ast::DataType;
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::ast::VariableType;

use super::scope::folded;
use crate::error::TranslateError;
use crate::parse::{is_word, parser};
use crate::types::{Type, VARCHAR_MAX};

/// Input arguments, and as many output arguments (r_CREATE_PROCEDURE).
const MOST_ARGUMENTS: usize = 32;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ArgumentMode {
    In,
    Out,
    InOut,
}

impl ArgumentMode {
    fn of(token: &Token) -> Option<Self> {
        let modes = [("IN", Self::In), ("OUT", Self::Out), ("INOUT", Self::InOut)];
        modes.into_iter().find(|(word, _)| is_word(token, word)).map(|(_, mode)| mode)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    pub name: Option<String>,
    pub mode: ArgumentMode,
    /// A value or a cursor.
    pub data_type: VariableType,
}

impl Argument {
    pub fn is_input(&self) -> bool {
        self.mode != ArgumentMode::Out
    }

    pub fn is_output(&self) -> bool {
        self.mode != ArgumentMode::In
    }

    /// The type's name as signatures have it: without a length.
    pub fn type_name(&self) -> String {
        match &self.data_type {
            VariableType::Value(data_type) => data_type.bare_name(),
            _ => "refcursor".into(),
        }
    }

    /// `[argname] [argmode] argtype`, where name and mode may change places.
    pub fn parse(tokens: &[TokenWithSpan]) -> Result<Self, TranslateError> {
        let mut rest = tokens;
        let mut mode = take_mode(&mut rest);
        if let Ok(data_type) = data_type(rest) {
            return Ok(Self { name: None, mode: mode.unwrap_or(ArgumentMode::In), data_type });
        }
        let name = match rest.split_first() {
            Some((TokenWithSpan { token: Token::Word(word), .. }, behind)) => {
                rest = behind;
                folded(word)
            }
            Some((other, _)) => return Err(near(Some(other))),
            None => return Err(near(None)),
        };
        mode = mode.or_else(|| take_mode(&mut rest));
        Ok(Self { name: Some(name), mode: mode.unwrap_or(ArgumentMode::In), data_type: data_type(rest)? })
    }
}

impl std::fmt::Display for Argument {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.mode {
            ArgumentMode::In => "",
            ArgumentMode::Out => "OUT ",
            ArgumentMode::InOut => "INOUT ",
        })?;
        if let Some(name) = &self.name {
            write!(f, "{name} ")?;
        }
        f.write_str(&self.type_name())
    }
}

fn take_mode(tokens: &mut &[TokenWithSpan]) -> Option<ArgumentMode> {
    let (first, rest) = tokens.split_first()?;
    let mode = ArgumentMode::of(&first.token)?;
    *tokens = rest;
    Some(mode)
}

fn near(token: Option<&TokenWithSpan>) -> TranslateError {
    match token {
        Some(token) => TranslateError::syntax(format!("syntax error at or near \"{}\"", token.token)),
        None => TranslateError::syntax("syntax error at end of input"),
    }
}

/// No more than Redshift takes, and no name twice.
pub fn check(arguments: &[Argument]) -> Result<(), TranslateError> {
    let counts =
        [arguments.iter().filter(|a| a.is_input()).count(), arguments.iter().filter(|a| a.is_output()).count()];
    if counts.into_iter().any(|count| count > MOST_ARGUMENTS) {
        return Err(TranslateError::new("54023", "procedures cannot have more than 32 input or 32 output arguments"));
    }
    for (at, argument) in arguments.iter().enumerate() {
        if let Some(name) = &argument.name
            && arguments[..at].iter().any(|before| before.name.as_ref() == Some(name))
        {
            return Err(TranslateError::new("42P13", format!("argument name \"{name}\" used more than once")));
        }
    }
    Ok(())
}

/// The type that some tokens are, all of them. A VARCHAR without a length has none here.
///
/// # Errors
/// Where they are no type, or one that is not known.
pub fn data_type(tokens: &[TokenWithSpan]) -> Result<VariableType, TranslateError> {
    if let [only] = tokens {
        if is_word(&only.token, "RECORD") {
            return Ok(VariableType::Record);
        }
        if is_word(&only.token, "REFCURSOR") {
            return Ok(VariableType::Cursor);
        }
    }
    let mut parser = parser(tokens.to_vec());
    let parsed = parser.parse_data_type().map_err(TranslateError::from_parser)?;
    match parser.peek_token().token {
        Token::EOF => {}
        rest => return Err(TranslateError::syntax(format!("syntax error at or near \"{rest}\""))),
    }
    Ok(VariableType::Value(match parsed {
        DataType::Varchar(None) | DataType::CharacterVarying(None) | DataType::Text => Type::Varchar(VARCHAR_MAX),
        other => Type::of(&other)?,
    }))
}
