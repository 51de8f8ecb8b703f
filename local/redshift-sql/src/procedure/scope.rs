//! The variables that can be seen at a place of a body, and their names in SQL.
//!
//! A name that is a variable's is the variable wherever it stands, as in PostgreSQL 8.0, which Redshift comes from: not the
//! column of the same name. Behind a period, it is a column.

use sqlparser::tokenizer::{Token, TokenWithSpan, Word};

use super::ast::{Reference, Slot, Variable, VariableType};
use super::sql::plain;
use crate::error::TranslateError;
use crate::types::Type;

/// Variables of one procedure (the page "Stored procedure limitations").
const MOST_VARIABLES: usize = 1024;

/// A block or a loop around the place.
struct Around {
    label: Option<String>,
    names: Vec<(String, Slot)>,
    is_loop: bool,
}

#[derive(Default)]
pub struct VariableScope {
    pub variables: Vec<Variable>,
    pub arguments: Vec<Slot>,
    around: Vec<Around>,
}

impl VariableScope {
    pub fn enter(&mut self, label: Option<String>, is_loop: bool) {
        self.around.push(Around { label, names: Vec::new(), is_loop });
    }

    pub fn leave(&mut self) {
        self.around.pop();
    }

    /// Adds a variable that is seen from here to the end of the block.
    pub fn declare(&mut self, name: &str, data_type: VariableType) -> Result<Slot, TranslateError> {
        let slot = self.variables.len();
        if slot == MOST_VARIABLES {
            return Err(TranslateError::new("54000", "a stored procedure can have at most 1024 variables"));
        }
        self.variables.push(Variable {
            name: name.to_owned(),
            data_type,
            is_constant: false,
            is_not_null: false,
            default: None,
            cursor: None,
        });
        self.name(name, slot)?;
        Ok(slot)
    }

    /// Gives a variable a name in the innermost block.
    pub fn name(&mut self, name: &str, slot: Slot) -> Result<(), TranslateError> {
        let Some(block) = self.around.last_mut() else { return Ok(()) };
        if block.names.iter().any(|(known, _)| known == name) && !name.is_empty() {
            return Err(TranslateError::syntax(format!("duplicate declaration at or near \"{name}\"")));
        }
        block.names.push((name.to_owned(), slot));
        Ok(())
    }

    pub fn find(&self, name: &str) -> Option<Slot> {
        self.around.iter().rev().find_map(|block| find_in(block, name))
    }

    /// Returns true if such a label is around, or any loop where none is given.
    pub fn has_label(&self, label: Option<&str>, only_loops: bool) -> bool {
        self.around.iter().any(|block| {
            (block.is_loop || (!only_loops && label.is_some()))
                && label.is_none_or(|label| block.label.as_deref() == Some(label))
        })
    }

    pub fn is_record(&self, slot: Slot) -> bool {
        matches!(self.variables[slot].data_type, VariableType::Record | VariableType::OfRow(_))
    }

    /// The variable that some tokens begin with, and how many they are.
    pub fn reference(&self, tokens: &[TokenWithSpan]) -> Option<(Reference, usize)> {
        let first = word(tokens.first()?)?;
        if let Some(second) = behind_period(tokens, 0) {
            if let Some(slot) = self.find(&folded(first)).filter(|slot| self.is_record(*slot)) {
                return Some((Reference::Field(slot, folded(second)), 3));
            }
            let label = folded(first);
            let labelled = self.around.iter().rev().find(|block| block.label.as_ref() == Some(&label))?;
            let slot = find_in(labelled, &folded(second))?;
            return match behind_period(tokens, 2) {
                Some(field) if self.is_record(slot) => Some((Reference::Field(slot, folded(field)), 5)),
                _ => Some((Reference::Variable(slot), 3)),
            };
        }
        self.find(&folded(first)).map(|slot| (Reference::Variable(slot), 1))
    }

    /// The tokens with `$1`, `$2`, … for variables, and which these are.
    pub fn bind(&self, tokens: &[TokenWithSpan]) -> Result<(Vec<TokenWithSpan>, Vec<Reference>), TranslateError> {
        let (mut bound, mut references) = (Vec::with_capacity(tokens.len()), Vec::new());
        let mut at = 0;
        while at < tokens.len() {
            let is_behind_period = at > 0 && tokens[at - 1].token == Token::Period;
            let found = match &tokens[at].token {
                Token::Placeholder(name) => Some((Reference::Variable(self.argument(name)?), 1)),
                _ if is_behind_period => None,
                _ => self.reference(&tokens[at..]),
            };
            match found {
                Some((reference, count)) => {
                    references.push(reference);
                    bound.push(plain(Token::Placeholder(format!("${}", references.len()))));
                    at += count;
                }
                None => {
                    bound.push(tokens[at].clone());
                    at += 1;
                }
            }
        }
        Ok((bound, references))
    }

    /// The argument that `$1` is.
    pub fn argument(&self, placeholder: &str) -> Result<Slot, TranslateError> {
        let number = placeholder.strip_prefix('$').and_then(|number| number.parse::<usize>().ok());
        let slot = number.and_then(|number| self.arguments.get(number.checked_sub(1)?));
        slot.copied().ok_or_else(|| TranslateError::new("42P02", format!("there is no parameter {placeholder}")))
    }

    pub fn declare_hidden(&mut self, data_type: Type) -> Result<Slot, TranslateError> {
        self.declare("", VariableType::Value(data_type))
    }
}

fn find_in(block: &Around, name: &str) -> Option<Slot> {
    block.names.iter().find(|(known, _)| known == name && !name.is_empty()).map(|(_, slot)| *slot)
}

fn word(token: &TokenWithSpan) -> Option<&Word> {
    match &token.token {
        Token::Word(word) => Some(word),
        _ => None,
    }
}

fn behind_period(tokens: &[TokenWithSpan], at: usize) -> Option<&Word> {
    match tokens.get(at + 1)?.token {
        Token::Period => word(tokens.get(at + 2)?),
        _ => None,
    }
}

/// A name as it is found: in lower case, unless it is quoted.
pub fn folded(word: &Word) -> String {
    match word.quote_style {
        Some(_) => word.value.clone(),
        None => word.value.to_lowercase(),
    }
}
