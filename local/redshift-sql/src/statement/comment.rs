//! COMMENT ON, of what the catalog tells the comments of.

use sqlparser::ast::Statement;
use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::error::TranslateError;
use crate::parse::is_word;
use crate::parse::parser;
use crate::statement::relation_name::Name;

/// What is said of a table, a view, or a column of one.
#[derive(Debug)]
pub struct Comment {
    pub relation: Name,
    pub column: Option<String>,
    /// `None` takes it back.
    pub text: Option<String>,
}

/// COMMENT ON TABLE, VIEW or COLUMN.
pub fn parse(mut tokens: Vec<TokenWithSpan>) -> Result<Comment, TranslateError> {
    let is = |keyword: &str| tokens.get(2).is_some_and(|token| is_word(&token.token, keyword));
    let is_column = is("COLUMN");
    if !is_column && !is("TABLE") && !is("VIEW") {
        let kind = tokens.get(2).map_or_else(String::new, |token| token.token.to_string().to_uppercase());
        return Err(TranslateError::unsupported(&format!("COMMENT ON {kind}")));
    }
    // The parser knows a text between quotes only.
    for token in &mut tokens {
        if let Token::DollarQuotedString(text) = &mut token.token {
            token.token = Token::SingleQuotedString(std::mem::take(&mut text.value));
        }
    }
    let parsed = parser(tokens).parse_statement();
    let Statement::Comment { object_name, comment, .. } = parsed.map_err(TranslateError::from_parser)? else {
        return Err(TranslateError::syntax("syntax error in COMMENT"));
    };
    let mut parts: Vec<String> =
        object_name.0.iter().filter_map(|part| part.as_ident()).map(|ident| ident.value.to_lowercase()).collect();
    let column = if is_column { parts.pop() } else { None };
    let Some(table) = parts.pop() else { return Err(TranslateError::syntax("COMMENT ON COLUMN needs a table")) };
    let relation = Name { schema: parts.pop(), table };
    Ok(Comment { relation, column, text: comment })
}
