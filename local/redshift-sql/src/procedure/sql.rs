//! SQL within a body, and the values that its variables have when it runs.

use sqlparser::ast::Statement;
use sqlparser::tokenizer::{Span, Token, TokenWithSpan};

use super::ast::Reference;
use super::simple::{self, Simple};
use crate::error::TranslateError;
use crate::parse::{is_create_table, parameters, parser, token_rewrites, tokenize, words};
use crate::statement::attributes;
use crate::types::Type;

/// A value of a type as Redshift shows it; `None` is NULL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Datum {
    pub data_type: Type,
    pub text: Option<String>,
}

impl Datum {
    pub fn new(data_type: Type, text: Option<String>) -> Self {
        Self { data_type, text }
    }

    pub fn is_true(&self) -> bool {
        self.data_type == Type::Boolean && self.text.as_deref() == Some("t")
    }
}

/// A statement, or SELECT and an expression, with `$1`, `$2`, … in the places of variables.
#[derive(Debug)]
pub struct Sql {
    tokens: Vec<TokenWithSpan>,
    pub references: Vec<Reference>,
    /// True where every `$1` is known to stand in the place of an expression. A text that takes the place of a name would be
    /// read as one.
    is_checked: bool,
    /// The expression, if it needs no query.
    pub simple: Option<Simple>,
}

impl Sql {
    /// # Errors
    /// Where a variable stands in the place of a name, as Redshift refuses it: `syntax error at or near "$1"`.
    pub fn new(tokens: Vec<TokenWithSpan>, references: Vec<Reference>) -> Result<Self, TranslateError> {
        let is_checked = references.is_empty() || check(&tokens, references.len())?.is_some();
        Ok(Self { tokens, references, is_checked, simple: None })
    }

    /// SELECT and an expression.
    pub fn expression(mut tokens: Vec<TokenWithSpan>, references: Vec<Reference>) -> Result<Self, TranslateError> {
        tokens.insert(0, plain(Token::make_word("SELECT", None)));
        let parsed = check(&tokens, references.len())?;
        let simple = parsed.as_ref().and_then(|statement| simple::compile(statement, &references));
        Ok(Self { tokens, references, is_checked: parsed.is_some(), simple })
    }

    /// The variable that the expression is, if it is nothing but one.
    pub fn as_reference(&self) -> Option<&Reference> {
        match &self.simple {
            Some(Simple::Variable(reference)) => Some(reference),
            _ => None,
        }
    }

    /// True for a literal in quotes and for NULL.
    pub fn is_untyped(&self) -> bool {
        matches!(self.simple, Some(Simple::Text(_) | Simple::Null))
    }

    /// The statement with these values for its variables.
    ///
    /// # Errors
    /// Never for values of types that are known.
    pub fn bound(&self, values: &[Datum]) -> Result<Vec<TokenWithSpan>, TranslateError> {
        let values = values.iter().map(|value| value_tokens(value, self.is_checked)).collect::<Result<Vec<_>, _>>()?;
        let mut tokens = self.tokens.clone();
        parameters::bind_arguments(&mut tokens, &values)?;
        Ok(tokens)
    }
}

/// `SELECT CAST(value AS type)`.
///
/// # Errors
/// Never for types that are known.
pub fn cast(value: &Datum, to: Type) -> Result<Vec<TokenWithSpan>, TranslateError> {
    let mut tokens = vec![plain(Token::make_word("SELECT", None)), plain(Token::make_word("CAST", None))];
    tokens.push(plain(Token::LParen));
    tokens.extend(value_tokens(value, true)?);
    tokens.push(plain(Token::make_word("AS", None)));
    tokens.extend(type_tokens(to)?);
    tokens.push(plain(Token::RParen));
    Ok(tokens)
}

/// Parses a statement as it is translated later. Returns `None` where it is one that `sqlparser` does not parse, which says
/// nothing.
fn check(tokens: &[TokenWithSpan], variables: usize) -> Result<Option<Statement>, TranslateError> {
    let mut tokens = tokens.to_vec();
    token_rewrites::spell_out(&mut tokens);
    if is_create_table(&words(&tokens)) {
        match attributes::take(tokens) {
            Ok((rest, _)) => tokens = rest,
            Err(_) => return Ok(None),
        }
    }
    let mut parser = parser(tokens);
    let parsed = parser.parse_statement().map_err(TranslateError::from_parser);
    let refused = match (parsed, parser.peek_token().token) {
        (Ok(statement), Token::EOF) => return Ok(Some(statement)),
        (Ok(_), rest) => near(&rest.to_string()),
        (Err(error), _) => error,
    };
    match (1..=variables).any(|number| refused == near(&format!("${number}"))) {
        true => Err(refused),
        false => Ok(None),
    }
}

fn near(found: &str) -> TranslateError {
    TranslateError::syntax(format!("syntax error at or near \"{found}\""))
}

pub fn plain(token: Token) -> TokenWithSpan {
    TokenWithSpan::new(token, Span::empty())
}

fn type_tokens(data_type: Type) -> Result<Vec<TokenWithSpan>, TranslateError> {
    let name = match data_type {
        Type::Varbyte(length) => format!("varbyte({length})"),
        // A value has the units of its type already.
        Type::Interval(kind) => kind.short_name().to_owned(),
        other => other.name(),
    };
    crate::parse::one_statement(tokenize(&name)?)
}

/// The tokens of a value. A text is a literal where that cannot be taken for a name, so that it can be a date part or a
/// pattern; it has its type else.
fn value_tokens(value: &Datum, is_expression: bool) -> Result<Vec<TokenWithSpan>, TranslateError> {
    let of_type = |token: Token| {
        let mut tokens = vec![plain(token), plain(Token::DoubleColon)];
        tokens.extend(type_tokens(value.data_type)?);
        Ok(tokens)
    };
    let Some(text) = &value.text else { return of_type(Token::make_word("NULL", None)) };
    let literal = Token::SingleQuotedString(text.clone());
    match value.data_type {
        Type::Integer => {
            let number = |digits: &str| plain(Token::Number(digits.to_owned(), false));
            Ok(match text.strip_prefix('-') {
                Some(digits) => vec![plain(Token::LParen), plain(Token::Minus), number(digits), plain(Token::RParen)],
                None => vec![number(text)],
            })
        }
        Type::Boolean => Ok(vec![plain(Token::make_word(if value.is_true() { "TRUE" } else { "FALSE" }, None))]),
        Type::Varchar(_) if is_expression => Ok(vec![plain(literal)]),
        Type::Varbyte(_) => {
            let call = [Token::make_word("FROM_HEX", None), Token::LParen, literal, Token::RParen];
            Ok(call.into_iter().map(plain).collect())
        }
        Type::Super => {
            let call = [Token::make_word("JSON_PARSE", None), Token::LParen, literal, Token::RParen];
            Ok(call.into_iter().map(plain).collect())
        }
        _ => of_type(literal),
    }
}
