//! SET and RESET.

use sqlparser::tokenizer::TokenWithSpan;

use crate::command::Command;
use crate::error::TranslateError;
use crate::statement::show::words;

pub fn parse_set(tokens: &[TokenWithSpan]) -> Result<Command, TranslateError> {
    let mut words = words(tokens);
    let local = words.first().is_some_and(|word| word == "local");
    if words.first().is_some_and(|word| matches!(word.as_str(), "session" | "local")) {
        words.remove(0);
    }
    let is_reset = tokens.first().is_some_and(|token| crate::parse::is_word(&token.token, "RESET"));
    let texts: Vec<&str> = words.iter().map(String::as_str).collect();
    match texts[..] {
        [] => Err(TranslateError::syntax("syntax error at end of input")),
        [name, ..] if is_reset => Ok(Command::Set { name: name.to_owned(), value: None, local }),
        ["authorization", ..] => Err(TranslateError::unsupported("SET SESSION AUTHORIZATION")),
        ["time", "zone", zone] => Ok(Command::Set { name: "timezone".into(), value: Some(zone.to_owned()), local }),
        [name, "to" | "=", ref values @ ..] if !values.is_empty() => {
            let value = (values != ["default"]).then(|| values.join(", "));
            Ok(Command::Set { name: name.to_owned(), value, local })
        }
        _ => Err(TranslateError::syntax("SET needs a name and a value")),
    }
}
