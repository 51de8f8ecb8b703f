//! From the text of a statement to its tokens, and to the parser's tree.

pub mod date_parts;
pub mod dialect;
pub mod leader_node;
pub mod nesting_limits;
pub mod parameters;
pub mod refused_statements;
pub mod reserved_words;
pub mod simple_expressions;
pub mod statements;
pub mod super_syntax;
pub mod token_reader;
pub mod token_rewrites;

use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use crate::error::TranslateError;
use dialect::Redshift;

/// Parentheses, functions and queries in one another, as the parser counts them: several for each.
pub const MOST_NESTED: usize = 1_000;

/// The statements of a text, each as its own text, for protocols that send several at once.
///
/// # Errors
/// Where a literal, a name or a comment has no end, or a statement is too deep: none of them is run.
pub fn split(text: &str) -> Result<Vec<String>, TranslateError> {
    tokenize(text)?;
    Ok(statements::statements(text).into_iter().map(str::to_owned).collect())
}

/// For every reading of tokens.
pub fn parser(tokens: Vec<TokenWithSpan>) -> Parser<'static> {
    Parser::new(&Redshift).with_recursion_limit(MOST_NESTED).with_tokens_with_locations(tokens)
}

pub fn tokenize(text: &str) -> Result<Vec<TokenWithSpan>, TranslateError> {
    let tokens = Tokenizer::new(&Redshift, text).tokenize_with_location();
    let tokens = tokens.map_err(|error| TranslateError::syntax(error.message))?;
    nesting_limits::check(&tokens)?;
    Ok(tokens)
}

/// What a statement does whose WITH stands before it: the first such word outside parentheses.
pub fn verb_behind_with(text: &str) -> Option<&'static str> {
    let mut depth = 0;
    tokenize(text).ok()?.into_iter().find_map(|token| {
        match token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth -= 1,
            _ => {}
        }
        let verb = ["INSERT", "UPDATE", "DELETE", "MERGE"].into_iter().find(|verb| is_word(&token.token, verb));
        verb.filter(|_| depth == 0)
    })
}

pub fn starts_with(first: &[String], words: &[&str]) -> bool {
    first.len() >= words.len() && first.iter().zip(words).all(|(found, wanted)| found == wanted)
}

/// The tokens that mean something, of the only statement there is (R21: one a call).
///
/// # Errors
/// 42601 for several statements, 42704 for `e'…'`: to Redshift, `e` is a type there. Queries of the catalog may have it, for
/// psql and PostgreSQL's JDBC driver write it.
pub fn one_statement(tokens: Vec<TokenWithSpan>) -> Result<Vec<TokenWithSpan>, TranslateError> {
    let mut tokens = tokens;
    let reads_catalog = tokens.iter().any(|token| is_word(&token.token, "PG_CATALOG"));
    for token in &mut tokens {
        if let Token::EscapedStringLiteral(text) = &mut token.token {
            if !reads_catalog {
                return Err(TranslateError::new("42704", "type \"e\" does not exist"));
            }
            // The tokenizer has undone the escapes; the parser knows the plain form only.
            token.token = Token::SingleQuotedString(std::mem::take(text));
        }
    }
    let mut kept: Vec<TokenWithSpan> =
        tokens.into_iter().filter(|token| !matches!(token.token, Token::Whitespace(_) | Token::EOF)).collect();
    while kept.last().is_some_and(|token| token.token == Token::SemiColon) {
        kept.pop();
    }
    match kept.iter().any(|token| token.token == Token::SemiColon) {
        true => Err(TranslateError::new("42601", "cannot insert multiple commands into a prepared statement")),
        false => Ok(kept),
    }
}

/// The leading words of a statement, in upper case.
pub fn words(tokens: &[TokenWithSpan]) -> Vec<String> {
    let word = |token: &TokenWithSpan| match &token.token {
        Token::Word(word) => Some(word.value.to_uppercase()),
        _ => None,
    };
    tokens.iter().map_while(word).take(8).collect()
}

pub fn is_create_table(words: &[String]) -> bool {
    words.first().is_some_and(|word| word == "CREATE") && words.iter().skip(1).take(3).any(|word| word == "TABLE")
}

/// Returns true if a token is this keyword, unquoted.
pub fn is_word(token: &Token, keyword: &str) -> bool {
    matches!(token, Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(keyword))
}

#[cfg(test)]
mod tests {
    use super::verb_behind_with;

    #[test]
    fn what_stands_behind_a_with() {
        let verb = |text| verb_behind_with(text).expect("verb");
        assert_eq!(verb("with w as (select 1 a) insert into t select a from w"), "INSERT");
        assert_eq!(verb("with w as (select 'delete' from x),v as (select 2)\nupdate t set a = 1"), "UPDATE");
        assert_eq!(verb("WITH w AS (SELECT (1)) DELETE FROM t USING w"), "DELETE");
        assert_eq!(verb("with w as (select ')' a /* ( */) update t set a = 1"), "UPDATE");
    }
}
