//! MERGE … REMOVE DUPLICATES: rows of the target that match go, and each different row of the source comes, once.

use sqlparser::tokenizer::{Span, Token, TokenWithSpan};

use crate::command::Command;
use crate::error::TranslateError;
use crate::parse::is_word;

/// `MERGE INTO target USING source ON condition REMOVE DUPLICATES`, as a DELETE and an INSERT.
pub fn without_duplicates(
    tokens: &[TokenWithSpan],
    translate: impl Fn(Vec<TokenWithSpan>) -> Result<Command, TranslateError>,
) -> Result<Command, TranslateError> {
    let after = |from: usize, keyword: &str| {
        let found = tokens.iter().skip(from).position(|token| is_word(&token.token, keyword));
        found
            .map(|at| from + at)
            .ok_or_else(|| TranslateError::syntax(format!("MERGE … REMOVE DUPLICATES needs {keyword}")))
    };
    let into = after(0, "INTO")?;
    let using = after(into, "USING")?;
    let on = after(using, "ON")?;
    let (target, source, condition) =
        (&tokens[into + 1..using], &tokens[using + 1..on], &tokens[on + 1..tokens.len() - 2]);
    let delete = [&words("DELETE FROM")[..], target, &words("USING"), source, &words("WHERE"), condition].concat();
    let insert =
        [&words("INSERT INTO")[..], target, &words("SELECT DISTINCT"), &star(), &words("FROM"), source].concat();
    let (mut statements, mut changed) = (Vec::new(), None);
    for tokens in [delete, insert] {
        match translate(tokens)? {
            Command::Change { table, sql } => {
                changed = Some(table);
                statements.push(sql);
            }
            Command::Write(write) => statements.push(write.sql()),
            _ => return Err(TranslateError::syntax("syntax error in MERGE … REMOVE DUPLICATES")),
        }
    }
    Ok(Command::Changes { table: changed.unwrap_or_default(), statements })
}

fn words(text: &str) -> Vec<TokenWithSpan> {
    text.split(' ').map(|word| TokenWithSpan::new(Token::make_keyword(word), Span::empty())).collect()
}

fn star() -> [TokenWithSpan; 1] {
    [TokenWithSpan::new(Token::Mul, Span::empty())]
}
