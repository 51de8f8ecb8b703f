//! What the parser does not know, said as it knows it, token by token.

use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::parse::date_parts::date_part_name as date_part;
use crate::parse::{is_word, super_syntax};

/// *Date parts of EXTRACT*: Redshift's short names, before the parser sees them, which knows the long ones only.
/// *APPROXIMATE*: an exact answer is near enough. *TRIM(text, signs)* is BTRIM. *BINARY VARYING* is VARBYTE.
pub fn spell_out(tokens: &mut Vec<TokenWithSpan>) {
    for at in 3..tokens.len() {
        let is_extract = is_word(&tokens[at - 3].token, "EXTRACT")
            && tokens[at - 2].token == Token::LParen
            && is_word(&tokens[at].token, "FROM");
        let part = match &tokens[at - 1].token {
            Token::Word(word) => &word.value,
            Token::SingleQuotedString(text) => text,
            _ => continue,
        };
        if let (true, Ok(name)) = (is_extract, date_part(part)) {
            tokens[at - 1].token = Token::make_word(name, None);
        }
    }
    // The tokenizer takes it for a name, as `#` begins that of a temporary table.
    for token in tokens.iter_mut().filter(|token| is_word(&token.token, "#")) {
        token.token = Token::Sharp;
    }
    spell_out_operators(tokens);
    super_syntax::spell_out(tokens);
    unwrap_inserted_query(tokens);
    let mut at = 0;
    while at + 1 < tokens.len() {
        let (token, next) = (&tokens[at].token, &tokens[at + 1].token);
        if is_word(token, "BINARY") && is_word(next, "VARYING") {
            tokens.remove(at + 1);
            tokens[at].token = Token::make_word("VARBYTE", None);
        } else if is_word(token, "APPROXIMATE") && (is_word(next, "COUNT") || is_word(next, "PERCENTILE_DISC")) {
            tokens.remove(at);
        } else if is_word(token, "TRIM") && *next == Token::LParen {
            trim_by_side(tokens, at);
        }
        at += 1;
    }
}

/// *TRIM(text, signs)* is BTRIM, *TRIM(LEADING FROM text)* is LTRIM.
fn trim_by_side(tokens: &mut Vec<TokenWithSpan>, at: usize) {
    let side = tokens.get(at + 2).and_then(|side| {
        let sides = [("BOTH", "BTRIM"), ("LEADING", "LTRIM"), ("TRAILING", "RTRIM")];
        sides.into_iter().find(|(word, _)| is_word(&side.token, word)).map(|(_, function)| function)
    });
    match side {
        Some(function) if tokens.get(at + 3).is_some_and(|from| is_word(&from.token, "FROM")) => {
            tokens.drain(at + 2..at + 4);
            tokens[at].token = Token::make_word(function, None);
        }
        None if has_plain_arguments(&tokens[at + 2..]) => tokens[at].token = Token::make_word("BTRIM", None),
        _ => {}
    }
}

/// *INSERT INTO t (WITH …)*: the parentheses hold a query and no columns.
fn unwrap_inserted_query(tokens: &mut Vec<TokenWithSpan>) {
    let Some(open) = tokens.iter().position(|token| token.token == Token::LParen) else { return };
    let is_insert = tokens.first().is_some_and(|first| is_word(&first.token, "INSERT"));
    let is_query = tokens.get(open + 1).is_some_and(|next| is_word(&next.token, "WITH"));
    if is_insert && is_query && open <= 5 && tokens.last().is_some_and(|last| last.token == Token::RParen) {
        tokens.pop();
        tokens.remove(open);
    }
}

/// *OPERATOR(pg_catalog.~)* is the operator; *COLLATE pg_catalog.default* changes nothing.
fn spell_out_operators(tokens: &mut Vec<TokenWithSpan>) {
    let mut at = 0;
    while at + 5 < tokens.len() {
        let qualified = is_word(&tokens[at].token, "OPERATOR")
            && tokens[at + 1].token == Token::LParen
            && is_word(&tokens[at + 2].token, "PG_CATALOG")
            && tokens[at + 5].token == Token::RParen;
        if qualified {
            let operator = tokens[at + 4].clone();
            drop(tokens.splice(at..at + 6, [operator]));
        }
        at += 1;
    }
    while let Some(at) = tokens.iter().position(|token| is_word(&token.token, "COLLATE")) {
        let qualified = tokens.get(at + 1).is_some_and(|token| is_word(&token.token, "PG_CATALOG"));
        if !qualified {
            return;
        }
        tokens.drain(at..(at + 4).min(tokens.len()));
    }
}

/// Returns true if the parentheses that were just opened hold arguments parted by commas, and no FROM.
fn has_plain_arguments(tokens: &[TokenWithSpan]) -> bool {
    let (mut depth, mut commas) = (1, 0);
    for token in tokens {
        match token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth -= 1,
            Token::Comma if depth == 1 => commas += 1,
            _ if depth == 1 && is_word(&token.token, "FROM") => return false,
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    commas > 0
}
