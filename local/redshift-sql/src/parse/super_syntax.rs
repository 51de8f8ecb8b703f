//! What stands around values of type SUPER, token by token, as the parser knows it.

use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::parse::is_word;

/// The word between the object of OBJECT_TRANSFORM and the paths that are kept.
pub const KEEP: &str = "keep";
/// The word before the paths that are set.
pub const SET: &str = "set";

/// *ARRAY as a name* (`FROM t, t.rows AS array`), and *OBJECT_TRANSFORM*, whose clauses become arguments.
pub fn spell_out(tokens: &mut Vec<TokenWithSpan>) {
    name_arrays(tokens);
    let mut at = 0;
    while at + 1 < tokens.len() {
        if is_word(&tokens[at].token, "OBJECT_TRANSFORM") && tokens[at + 1].token == Token::LParen {
            clauses_to_arguments(tokens, at + 2);
        }
        at += 1;
    }
}

/// ARRAY that is followed by no elements is a name.
fn name_arrays(tokens: &mut [TokenWithSpan]) {
    for at in 0..tokens.len() {
        let has_elements = tokens.get(at + 1).is_some_and(|next| matches!(next.token, Token::LParen | Token::LBracket));
        if is_word(&tokens[at].token, "ARRAY") && !has_elements {
            tokens[at].token = Token::make_word("array", Some('"'));
        }
    }
}

/// `(object KEEP 'a' SET 'b', 1)` is `(object, 'keep', 'a', 'set', 'b', 1)`. A path is in double quotes, and none is such a
/// word.
fn clauses_to_arguments(tokens: &mut Vec<TokenWithSpan>, start: usize) {
    let (mut depth, mut at) = (1, start);
    while depth > 0 && at < tokens.len() {
        match &tokens[at].token {
            Token::LParen => depth += 1,
            Token::RParen => depth -= 1,
            token if depth == 1 => {
                let word = [KEEP, SET].into_iter().find(|word| is_word(token, word));
                if let Some(word) = word {
                    let span = tokens[at].span;
                    let written = [Token::Comma, Token::SingleQuotedString(word.to_owned()), Token::Comma];
                    let written = written.map(|token| TokenWithSpan { token, span });
                    drop(tokens.splice(at..=at, written));
                    at += 2;
                }
            }
            _ => {}
        }
        at += 1;
    }
}
