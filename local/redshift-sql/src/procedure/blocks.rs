//! Blocks: DECLARE, BEGIN, EXCEPTION, END.

use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::arguments::{Argument, data_type};
use super::ast::{Block, Body, BoundCursor, FOUND, Handler, Slot, Variable, VariableType};
use super::reader::BodyReader;
use super::sql::plain;
use crate::error::TranslateError;
use crate::parse::{is_word, one_statement, parser, tokenize};
use crate::statement::relation_name::Name;
use crate::types::{Type, VARCHAR_MAX};

/// Bytes of a body (the page "Stored procedure limitations").
const MOST_BYTES: usize = 2 << 20;

/// Reads the body of a procedure with these arguments.
///
/// # Errors
/// 42601 where it is not PL/pgSQL.
pub fn parse(text: &str, arguments: &[Argument]) -> Result<Body, TranslateError> {
    if text.len() > MOST_BYTES {
        return Err(TranslateError::new("54000", "the source code of a stored procedure can have at most 2 MB"));
    }
    let mut reader = BodyReader::new(tokens(text)?);
    reader.scope.enter(None, false);
    reader.scope.declare("found", VariableType::Value(Type::Boolean))?;
    debug_assert_eq!(FOUND, 0);
    for argument in arguments {
        let slot = reader.scope.declare(argument.name.as_deref().unwrap_or_default(), argument.data_type.clone())?;
        reader.scope.arguments.push(slot);
    }
    let label = reader.label()?;
    let block = reader.block(label)?;
    reader.take(&Token::SemiColon);
    match reader.peek() {
        Some(_) => Err(reader.near()),
        None => Ok(Body { variables: reader.scope.variables, arguments: reader.scope.arguments, block }),
    }
}

/// The tokens that mean something.
fn tokens(text: &str) -> Result<Vec<TokenWithSpan>, TranslateError> {
    // The semicolons between statements are told from those behind the last one.
    let mut all = Vec::new();
    for token in tokenize(text)? {
        match token.token {
            Token::SemiColon => all.push(token),
            _ => all.extend(one_statement(vec![token])?),
        }
    }
    Ok(all)
}

impl BodyReader {
    /// `<<label>>`.
    pub fn label(&mut self) -> Result<Option<String>, TranslateError> {
        if !self.take(&Token::ShiftLeft) {
            return Ok(None);
        }
        let label = self.name()?;
        self.expect(&Token::ShiftRight)?;
        Ok(Some(label))
    }

    /// A block up to its END and the label behind it.
    pub fn block(&mut self, label: Option<String>) -> Result<Block, TranslateError> {
        self.nested(|reader| {
            reader.scope.enter(label.clone(), false);
            let mut declared = Vec::new();
            if reader.take_word("DECLARE") {
                while !reader.is_at(&["BEGIN"]) {
                    // DECLARE may stand before each of them.
                    reader.take_word("DECLARE");
                    declared.extend(reader.declaration()?);
                }
            }
            reader.word("BEGIN")?;
            let statements = reader.statements(&["END", "EXCEPTION"])?;
            let handler = if reader.take_word("EXCEPTION") { Some(reader.handler()?) } else { None };
            reader.word("END")?;
            reader.end_label(label.as_ref())?;
            reader.scope.leave();
            Ok(Block { label, declared, statements, handler })
        })
    }

    /// The label behind an END, which must be that of the beginning.
    pub fn end_label(&mut self, label: Option<&String>) -> Result<(), TranslateError> {
        match self.peek() {
            Some(Token::Word(_)) if label.is_none() => Err(self.near()),
            Some(Token::Word(_)) => {
                let refused = self.near();
                if Some(&self.name()?) == label { Ok(()) } else { Err(refused) }
            }
            _ => Ok(()),
        }
    }

    fn handler(&mut self) -> Result<Handler, TranslateError> {
        let continues = self.take_word("CONTINUE_HANDLER");
        if !continues {
            self.take_word("EXIT_HANDLER");
        }
        self.word("WHEN")?;
        // The only condition there is (the page "Trapping errors").
        self.word("OTHERS")?;
        self.word("THEN")?;
        self.scope.enter(None, false);
        let sqlstate = self.scope.declare("sqlstate", VariableType::Value(Type::Varchar(VARCHAR_MAX)))?;
        let message = self.scope.declare("sqlerrm", VariableType::Value(Type::Varchar(VARCHAR_MAX)))?;
        let was_in_handler = std::mem::replace(&mut self.in_handler, true);
        let statements = self.statements(&["END", "WHEN"])?;
        self.in_handler = was_in_handler;
        self.scope.leave();
        Ok(Handler { continues, sqlstate, message, statements })
    }

    /// One declaration; an alias declares no variable.
    fn declaration(&mut self) -> Result<Option<Slot>, TranslateError> {
        let name = self.name()?;
        if self.take_word("ALIAS") {
            self.word("FOR")?;
            let slot = match self.peek() {
                Some(Token::Placeholder(placeholder)) => self.scope.argument(placeholder)?,
                _ => return Err(self.near()),
            };
            self.at += 1;
            self.semicolon()?;
            self.scope.name(&name, slot)?;
            return Ok(None);
        }
        if self.take_word("CURSOR") {
            return self.bound_cursor(&name).map(Some);
        }
        let is_constant = self.take_word("CONSTANT");
        let data_type = self.variable_type()?;
        let is_not_null = self.is_at(&["NOT", "NULL"]);
        self.at += if is_not_null { 2 } else { 0 };
        let has_default = self.take(&Token::Assignment) || self.take(&Token::Eq) || self.take_word("DEFAULT");
        let default = match has_default {
            true => {
                let range = self.until_semicolon()?;
                Some(self.expression(range)?)
            }
            false => None,
        };
        if is_not_null && default.is_none() {
            let message = format!("variable \"{name}\" must have a default value, since it's declared NOT NULL");
            return Err(TranslateError::new("22004", message));
        }
        self.semicolon()?;
        let slot = self.scope.declare(&name, data_type)?;
        let Variable { is_constant: constant, is_not_null: not_null, default: value, .. } =
            &mut self.scope.variables[slot];
        (*constant, *not_null, *value) = (is_constant, is_not_null, default);
        Ok(Some(slot))
    }

    /// `name CURSOR [(arguments)] {FOR | IS} query;`.
    fn bound_cursor(&mut self, name: &str) -> Result<Slot, TranslateError> {
        let cursor = self.scope.declare(name, VariableType::Cursor)?;
        self.scope.enter(None, false);
        let mut arguments = Vec::new();
        if self.take(&Token::LParen) {
            loop {
                let argument = self.name()?;
                let data_type = self.variable_type()?;
                arguments.push(self.scope.declare(&argument, data_type)?);
                if !self.take(&Token::Comma) {
                    break;
                }
            }
            self.expect(&Token::RParen)?;
        }
        if !self.take_word("FOR") {
            self.word("IS")?;
        }
        let range = self.until_semicolon()?;
        let query = self.sql(range)?;
        self.semicolon()?;
        self.scope.leave();
        self.scope.variables[cursor].cursor = Some(BoundCursor { arguments, query });
        Ok(cursor)
    }

    /// The type of a variable, up to what follows it.
    fn variable_type(&mut self) -> Result<VariableType, TranslateError> {
        let (begin, mut depth) = (self.at, 0_usize);
        while let Some(token) = self.peek() {
            let is_end =
                matches!(token, Token::SemiColon | Token::Assignment | Token::Eq | Token::Comma | Token::RParen)
                    || is_word(token, "DEFAULT")
                    || is_word(token, "NOT");
            if depth == 0 && is_end {
                break;
            }
            match token {
                Token::LParen => depth += 1,
                Token::RParen => depth -= 1,
                _ => {}
            }
            self.at += 1;
        }
        let tokens = &self.tokens[begin..self.at];
        match tokens {
            [relation @ .., mark, of] if mark.token == Token::Mod => self.type_of(relation, &of.token),
            [] => Err(self.near()),
            _ => data_type(tokens),
        }
    }

    /// `variable%TYPE`, `relation.column%TYPE` and `relation%ROWTYPE`.
    fn type_of(&self, tokens: &[TokenWithSpan], what: &Token) -> Result<VariableType, TranslateError> {
        if let [only] = tokens
            && is_word(what, "TYPE")
            && let Some((super::ast::Reference::Variable(slot), _)) = self.scope.reference(std::slice::from_ref(only))
        {
            return Ok(self.scope.variables[slot].data_type.clone());
        }
        let mut parser = parser(tokens.to_vec());
        let name = parser.parse_object_name(false).map_err(TranslateError::from_parser)?;
        if parser.peek_token().token != Token::EOF {
            return Err(self.near());
        }
        let Name { schema, table } = Name::of(&name);
        if is_word(what, "ROWTYPE") {
            return Ok(VariableType::OfRow(Name { schema, table }));
        }
        let relation = schema.filter(|_| is_word(what, "TYPE")).ok_or_else(|| self.near())?;
        let of_relation = match &name.0[..] {
            [.., schema, _, _] => Name { schema: schema.as_ident().map(|ident| ident.value.clone()), table: relation },
            _ => Name { schema: None, table: relation },
        };
        Ok(VariableType::OfColumn(of_relation, table))
    }

    /// Parentheses and a comparison with one of several values, for CASE with an operand.
    pub fn is_one_of(&self, slot: Slot, tokens: &[TokenWithSpan]) -> Result<super::sql::Sql, TranslateError> {
        let (bound, mut references) = self.scope.bind(tokens)?;
        references.push(super::ast::Reference::Variable(slot));
        let mut all = vec![plain(Token::Placeholder(format!("${}", references.len())))];
        all.extend([plain(Token::make_word("IN", None)), plain(Token::LParen)]);
        all.extend(bound);
        all.push(plain(Token::RParen));
        super::sql::Sql::expression(all, references)
    }
}
