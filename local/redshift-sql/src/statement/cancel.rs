//! `CANCEL process_id ['message']` (r_CANCEL).

use sqlparser::tokenizer::TokenWithSpan;

use crate::command::Command;
use crate::error::TranslateError;
use crate::parse::token_reader::{TokenReader, near};

pub fn parse(tokens: &[TokenWithSpan]) -> Result<Command, TranslateError> {
    let mut reader = TokenReader::new(&tokens[1..]);
    let number = reader.number()?;
    let pid = i32::try_from(number)
        .map_err(|_| TranslateError::new("22003", format!("value \"{number}\" is out of range for type integer")))?;
    let message = if reader.next_is_string() { Some(reader.string()?) } else { None };
    reader.tokens.next().map_or(Ok(Command::Cancel { pid, message }), |rest| Err(near(rest)))
}
