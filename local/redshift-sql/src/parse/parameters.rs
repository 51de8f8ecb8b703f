//! Values for the parameters of a statement: `:name` in the Data API (R24), `$1` in a prepared statement. They take
//! the parameters' places before anything is parsed, so that no value is ever read as SQL.

use std::collections::BTreeMap;

use sqlparser::tokenizer::{Span, Token, TokenWithSpan};

use crate::error::TranslateError;

/// A value for a parameter; `None` is NULL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    pub value: Option<String>,
    pub kind: ParameterKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterKind {
    /// A text, whose type follows from where it stands.
    Text,
    /// A number as it is written.
    Number,
    /// A value of the type with this name.
    Typed(&'static str),
}

impl Parameter {
    pub fn text(value: &str) -> Self {
        Self { value: Some(value.to_owned()), kind: ParameterKind::Text }
    }
}

/// By name, `1` for `$1`.
pub type Parameters = BTreeMap<String, Parameter>;

/// Puts values for parameters. A name that no value was given for is an error where any values are given.
pub fn bind(tokens: &mut Vec<TokenWithSpan>, parameters: &Parameters) -> Result<(), TranslateError> {
    if parameters.is_empty() {
        return Ok(());
    }
    let mut bound = Vec::with_capacity(tokens.len());
    let mut rest = std::mem::take(tokens).into_iter().peekable();
    while let Some(token) = rest.next() {
        let name = match (&token.token, rest.peek().map(|next| &next.token)) {
            (Token::Placeholder(name), _) => Some(name.trim_start_matches([':', '$']).to_owned()),
            (Token::Colon, Some(Token::Word(word))) => Some(word.value.clone()),
            _ => None,
        };
        let Some(name) = name else {
            bound.push(token);
            continue;
        };
        let found = parameters.get(&name).or_else(|| parameters.get(&name.to_lowercase()));
        let missing = || TranslateError::new("42P02", format!("there is no parameter \"{name}\""));
        let parameter = found.ok_or_else(missing)?;
        if token.token == Token::Colon {
            rest.next();
        }
        bound.extend(parameter.tokens()?);
    }
    *tokens = bound;
    Ok(())
}

impl Parameter {
    fn tokens(&self) -> Result<Vec<TokenWithSpan>, TranslateError> {
        let spanned = |token| TokenWithSpan::new(token, Span::empty());
        let is_number = |text: &str| {
            text.parse::<f64>().is_ok_and(f64::is_finite) && text.bytes().all(|byte| byte.is_ascii_graphic())
        };
        let value = match (&self.value, self.kind) {
            (Some(text), ParameterKind::Number) if is_number(text) => {
                let (negative, digits) = match text.strip_prefix('-') {
                    Some(digits) => (true, digits),
                    None => (false, text.as_str()),
                };
                let number = spanned(Token::Number(digits.to_owned(), false));
                return Ok(match negative {
                    true => vec![spanned(Token::LParen), spanned(Token::Minus), number, spanned(Token::RParen)],
                    false => vec![number],
                });
            }
            (Some(text), _) => Token::SingleQuotedString(text.clone()),
            (None, _) => Token::make_word("NULL", None),
        };
        let mut tokens = vec![spanned(value)];
        if let ParameterKind::Typed(name) = self.kind {
            tokens.push(spanned(Token::DoubleColon));
            let of_type = crate::parse::tokenize(name)?.into_iter();
            tokens.extend(of_type.filter(|token| !matches!(token.token, Token::EOF | Token::Whitespace(_))));
        }
        Ok(tokens)
    }
}

/// The arguments of EXECUTE: the tokens of each between the parentheses.
pub fn arguments(tokens: &[TokenWithSpan]) -> Result<Vec<Vec<TokenWithSpan>>, TranslateError> {
    let inner = match tokens {
        [] => return Ok(Vec::new()),
        [first, inner @ .., last] if first.token == Token::LParen && last.token == Token::RParen => inner,
        [first, ..] => return Err(TranslateError::syntax(format!("syntax error at or near \"{}\"", first.token))),
    };
    let (mut all, mut depth) = (vec![Vec::new()], 0);
    for token in inner {
        match token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth -= 1,
            Token::Comma if depth == 0 => {
                all.push(Vec::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = all.last_mut() {
            last.push(token.clone());
        }
    }
    Ok(all)
}

/// Puts the arguments of EXECUTE in the places of `$1`, `$2`, …
pub fn bind_arguments(tokens: &mut Vec<TokenWithSpan>, arguments: &[Vec<TokenWithSpan>]) -> Result<(), TranslateError> {
    let mut bound = Vec::with_capacity(tokens.len());
    for token in std::mem::take(tokens) {
        let Token::Placeholder(name) = &token.token else {
            bound.push(token);
            continue;
        };
        let number = name.trim_start_matches('$').parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let argument = number.and_then(|number| arguments.get(number));
        let missing = || TranslateError::new("08P01", format!("there is no argument for {name}"));
        bound.extend(argument.ok_or_else(missing)?.iter().cloned());
    }
    *tokens = bound;
    Ok(())
}
