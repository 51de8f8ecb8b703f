//! Cursors and prepared statements.

use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::command::Command;
use crate::command::Prepared;
use crate::error::TranslateError;
use crate::parse::is_word;
use crate::parse::parameters;

/// Cursors and prepared statements, which live in the session.
pub fn parse(
    tokens: &[TokenWithSpan],
    translate: impl Fn(Vec<TokenWithSpan>) -> Result<Command, TranslateError>,
) -> Result<Command, TranslateError> {
    let near = |at: usize| match tokens.get(at) {
        Some(token) => TranslateError::syntax(format!("syntax error at or near \"{}\"", token.token)),
        None => TranslateError::syntax("syntax error at end of input"),
    };
    let word = |at: usize| match tokens.get(at).map(|token| &token.token) {
        Some(Token::Word(word)) => Ok(word.value.to_lowercase()),
        _ => Err(near(at)),
    };
    // What is kept for later begins with one of these words: nothing that would run itself.
    let only = |begin: usize, verbs: &[&str]| {
        let first = (begin..tokens.len()).find(|at| tokens[*at].token != Token::LParen).unwrap_or(tokens.len());
        let is_one = tokens.get(first).is_some_and(|token| verbs.iter().any(|verb| is_word(&token.token, verb)));
        if is_one { Ok(()) } else { Err(near(first)) }
    };
    let find = |keyword: &str| tokens.iter().position(|token| is_word(&token.token, keyword));
    match word(0)?.as_str() {
        "declare" => {
            let begin = find("FOR").ok_or_else(|| near(tokens.len()))? + 1;
            only(begin, &["SELECT", "WITH", "TABLE", "VALUES"])?;
            match translate(tokens[begin..].to_vec())? {
                Command::Query(query) => Ok(Command::Declare { cursor: word(1)?, query }),
                _ => Err(near(begin)),
            }
        }
        "fetch" => {
            // A cursor goes forward only.
            for direction in ["BACKWARD", "PRIOR", "FIRST", "LAST", "ABSOLUTE", "RELATIVE"] {
                if tokens.get(1).is_some_and(|token| is_word(&token.token, direction)) {
                    return Err(TranslateError::unsupported(&format!("FETCH {direction}")));
                }
            }
            let count = match tokens.get(1).map(|token| &token.token) {
                Some(Token::Number(digits, _)) => Some(digits.parse().map_err(|_| near(1))?),
                Some(token) if is_word(token, "ALL") => None,
                Some(token) if is_word(token, "FORWARD") => match tokens.get(2).map(|token| &token.token) {
                    Some(Token::Number(digits, _)) => Some(digits.parse().map_err(|_| near(2))?),
                    Some(token) if is_word(token, "ALL") => None,
                    _ => Some(1),
                },
                _ => Some(1),
            };
            Ok(Command::Fetch { cursor: word(tokens.len() - 1)?, count })
        }
        "close" => word(1).map(Command::Close),
        "prepare" => {
            let begin = find("AS").ok_or_else(|| near(tokens.len()))? + 1;
            only(begin, &["SELECT", "WITH", "TABLE", "VALUES", "INSERT", "UPDATE", "DELETE"])?;
            Ok(Command::Prepare { name: word(1)?, statement: Prepared(tokens[begin..].to_vec()) })
        }
        "execute" => Ok(Command::Execute { name: word(1)?, arguments: parameters::arguments(&tokens[2..])? }),
        _ => {
            let name = word(tokens.len() - 1)?;
            Ok(Command::Deallocate((name != "all").then_some(name)))
        }
    }
}
