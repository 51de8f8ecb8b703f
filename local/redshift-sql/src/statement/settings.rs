//! SET and RESET.

use sqlparser::tokenizer::TokenWithSpan;

use crate::command::Command;
use crate::error::TranslateError;
use crate::parse::is_word;
use crate::parse::token_reader::{TokenReader, near};
use crate::statement::show::words;

/// SET [SESSION | LOCAL] SESSION AUTHORIZATION { user | DEFAULT }, RESET SESSION AUTHORIZATION.
pub fn parse_authorization(tokens: &[TokenWithSpan]) -> Result<Command, TranslateError> {
    let is_reset = tokens.first().is_some_and(|token| is_word(&token.token, "RESET"));
    let mut reader = TokenReader::new(&tokens[1..]);
    let local = reader.take_word("LOCAL");
    while reader.take_word("SESSION") {}
    reader.word("AUTHORIZATION")?;
    let user = match is_reset || reader.take_word("DEFAULT") {
        true => None,
        false => Some(reader.word_or_string()?),
    };
    reader.tokens.next().map_or(Ok(Command::SessionAuthorization { user, local }), |rest| Err(near(rest)))
}

pub fn parse_set(tokens: &[TokenWithSpan]) -> Result<Command, TranslateError> {
    let mut words = words(tokens);
    let local = words.first().is_some_and(|word| word == "local");
    if words.first().is_some_and(|word| matches!(word.as_str(), "session" | "local")) {
        words.remove(0);
    }
    let is_reset = tokens.first().is_some_and(|token| is_word(&token.token, "RESET"));
    let texts: Vec<&str> = words.iter().map(String::as_str).collect();
    match texts[..] {
        [] => Err(TranslateError::syntax("syntax error at end of input")),
        [name, ..] if is_reset => Ok(Command::Set { name: name.to_owned(), value: None, local }),
        ["time", "zone", zone] => Ok(Command::Set { name: "timezone".into(), value: Some(zone.to_owned()), local }),
        [name, "to" | "=", ref values @ ..] if !values.is_empty() => {
            let value = (values != ["default"]).then(|| values.join(", "));
            Ok(Command::Set { name: name.to_owned(), value, local })
        }
        _ => Err(TranslateError::syntax("SET needs a name and a value")),
    }
}
