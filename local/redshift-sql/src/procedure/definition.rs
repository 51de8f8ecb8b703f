//! CREATE, DROP, ALTER and SHOW PROCEDURE.

use serde::{Deserialize, Serialize};
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::arguments::{self, Argument, ArgumentMode};
use super::ast::{Body, VariableType};
use super::blocks;
use super::reader::BodyReader;
use crate::error::TranslateError;
use crate::statement::relation_name::Name;
use crate::types::Type;

/// CREATE PROCEDURE.
#[derive(Debug)]
pub struct NewProcedure {
    pub name: Name,
    pub replaces: bool,
    pub definition: Definition,
}

/// All of a procedure but its name.
#[derive(Debug, Clone)]
pub struct Definition {
    pub arguments: Vec<Argument>,
    pub body: String,
    /// Every statement commits.
    pub is_nonatomic: bool,
    /// SECURITY DEFINER.
    pub is_definer: bool,
    /// Settings while it runs.
    pub settings: Vec<(String, String)>,
}

/// A procedure by its name and, where they are given, the types of its input arguments.
#[derive(Debug)]
pub struct ProcedureName {
    pub name: Name,
    pub signature: Option<String>,
}

#[derive(Debug)]
pub struct AlterProcedure {
    pub procedure: ProcedureName,
    pub change: ProcedureChange,
}

#[derive(Debug)]
pub enum ProcedureChange {
    Rename(String),
    Owner(String),
}

/// A definition as the catalog keeps it.
#[derive(Serialize, Deserialize)]
struct Kept {
    arguments: Vec<(Option<String>, ArgumentMode, String)>,
    body: String,
    is_nonatomic: bool,
    is_definer: bool,
    settings: Vec<(String, String)>,
}

impl Definition {
    /// The types of the input arguments, which tell procedures of one name apart.
    pub fn signature(&self) -> String {
        signature(&self.arguments)
    }

    /// # Errors
    /// 42601 where the body is not PL/pgSQL.
    pub fn parse_body(&self) -> Result<Body, TranslateError> {
        blocks::parse(&self.body, &self.arguments)
    }

    /// The statement that creates it again (r_SHOW_PROCEDURE).
    pub fn statement(&self, name: &Name) -> String {
        let arguments = self.arguments.iter().map(Argument::to_string).collect::<Vec<_>>().join(", ");
        let schema = name.schema.as_ref().map(|schema| format!("{schema}.")).unwrap_or_default();
        let mode = if self.is_nonatomic { " NONATOMIC\n" } else { "" };
        let security = if self.is_definer { " SECURITY DEFINER" } else { "" };
        let settings: String = self.settings.iter().map(|(name, value)| format!("\n SET {name} TO {value}")).collect();
        format!(
            "CREATE OR REPLACE PROCEDURE {schema}{}({arguments})\n{mode} LANGUAGE plpgsql{security}{settings}\nAS $_${}$_$\n",
            name.table, self.body
        )
    }

    /// # Errors
    /// Never for a definition that was parsed.
    pub fn to_json(&self) -> Result<String, TranslateError> {
        let kept = Kept {
            arguments: self.arguments.iter().map(|a| (a.name.clone(), a.mode, full_type_name(a))).collect(),
            body: self.body.clone(),
            is_nonatomic: self.is_nonatomic,
            is_definer: self.is_definer,
            settings: self.settings.clone(),
        };
        serde_json::to_string(&kept).map_err(|error| TranslateError::new("XX000", error.to_string()))
    }

    /// # Errors
    /// XX000 for what `to_json` did not write.
    pub fn from_json(json: &str) -> Result<Self, TranslateError> {
        let broken = |what: String| TranslateError::new("XX000", format!("a stored procedure cannot be read: {what}"));
        let Kept { arguments, body, is_nonatomic, is_definer, settings } =
            serde_json::from_str(json).map_err(|error| broken(error.to_string()))?;
        let argument = |(name, mode, data_type): (Option<String>, ArgumentMode, String)| {
            let data_type = match data_type.as_str() {
                "refcursor" => VariableType::Cursor,
                known => VariableType::Value(Type::from_name(known).ok_or_else(|| broken(known.to_owned()))?),
            };
            Ok(Argument { name, mode, data_type })
        };
        let arguments = arguments.into_iter().map(argument).collect::<Result<_, TranslateError>>()?;
        Ok(Self { arguments, body, is_nonatomic, is_definer, settings })
    }
}

fn full_type_name(argument: &Argument) -> String {
    match &argument.data_type {
        VariableType::Value(data_type) => data_type.name(),
        _ => "refcursor".into(),
    }
}

fn signature(arguments: &[Argument]) -> String {
    let inputs = arguments.iter().filter(|argument| argument.is_input());
    inputs.map(Argument::type_name).collect::<Vec<_>>().join(", ")
}

/// CREATE [OR REPLACE] PROCEDURE. Its clauses may stand in any order.
///
/// # Errors
/// 42601 for a syntax error, in the body, too.
pub fn create(tokens: Vec<TokenWithSpan>) -> Result<NewProcedure, TranslateError> {
    let mut reader = BodyReader::new(tokens);
    reader.word("CREATE")?;
    let replaces = reader.take_word("OR");
    if replaces {
        reader.word("REPLACE")?;
    }
    reader.word("PROCEDURE")?;
    let name = reader.procedure_name()?;
    let arguments = reader.declared_arguments()?;
    if arguments.iter().any(|argument| argument.data_type == VariableType::Record) {
        return Err(TranslateError::new("42P13", "stored procedures cannot take type record"));
    }
    arguments::check(&arguments)?;
    let (mut body, mut language) = (None, None);
    let (mut is_nonatomic, mut is_definer, mut settings) = (false, false, Vec::new());
    while reader.peek().is_some() {
        if reader.take_word("AS") {
            body = Some(reader.text()?);
        } else if reader.take_word("LANGUAGE") {
            language = Some(reader.setting()?.to_lowercase());
        } else if reader.take_word("NONATOMIC") {
            is_nonatomic = true;
        } else if reader.take_word("SECURITY") {
            is_definer = reader.take_word("DEFINER");
            if !is_definer {
                reader.word("INVOKER")?;
            }
        } else if reader.take_word("SET") {
            let setting = reader.name()?;
            if !reader.take_word("TO") {
                reader.expect(&Token::Eq)?;
            }
            settings.push((setting, reader.setting()?));
        } else {
            return Err(reader.near());
        }
    }
    let Some(body) = body else { return Err(TranslateError::new("42P13", "no procedure body specified")) };
    match language.as_deref() {
        Some("plpgsql") => {}
        Some(other) => return Err(TranslateError::unsupported(&format!("CREATE PROCEDURE in {other}"))),
        None => return Err(TranslateError::new("42P13", "no language specified")),
    }
    if is_nonatomic && (is_definer || !settings.is_empty()) {
        let message = "SECURITY DEFINER and SET are not supported for a NONATOMIC procedure";
        return Err(TranslateError::new("0A000", message));
    }
    let definition = Definition { arguments, body, is_nonatomic, is_definer, settings };
    definition.parse_body()?;
    Ok(NewProcedure { name, replaces, definition })
}

/// DROP PROCEDURE, ALTER PROCEDURE and SHOW PROCEDURE up to the end of the signature; the rest stays unread.
fn named(tokens: &[TokenWithSpan]) -> Result<(ProcedureName, BodyReader), TranslateError> {
    let mut reader = BodyReader::new(tokens.to_vec());
    reader.at = 1;
    reader.word("PROCEDURE")?;
    let name = reader.procedure_name()?;
    let signature = match reader.peek() {
        Some(Token::LParen) => Some(signature(&reader.declared_arguments()?)),
        _ => None,
    };
    Ok((ProcedureName { name, signature }, reader))
}

/// DROP PROCEDURE or SHOW PROCEDURE.
///
/// # Errors
/// 42601 for a syntax error.
pub fn only_named(tokens: &[TokenWithSpan]) -> Result<ProcedureName, TranslateError> {
    let (procedure, reader) = named(tokens)?;
    if reader.peek().is_some() { Err(reader.near()) } else { Ok(procedure) }
}

/// ALTER PROCEDURE … RENAME TO name, or OWNER TO user.
///
/// # Errors
/// 42601 for a syntax error.
pub fn alter(tokens: &[TokenWithSpan]) -> Result<AlterProcedure, TranslateError> {
    let (procedure, mut reader) = named(tokens)?;
    let renames = reader.take_word("RENAME");
    if !renames {
        reader.word("OWNER")?;
    }
    reader.word("TO")?;
    let to = reader.name()?;
    let change = if renames { ProcedureChange::Rename(to) } else { ProcedureChange::Owner(to) };
    if reader.peek().is_some() { Err(reader.near()) } else { Ok(AlterProcedure { procedure, change }) }
}

impl BodyReader {
    fn declared_arguments(&mut self) -> Result<Vec<Argument>, TranslateError> {
        self.expect(&Token::LParen)?;
        let ranges = self.arguments()?;
        ranges.into_iter().map(|range| Argument::parse(&self.tokens[range])).collect()
    }

    /// The text between dollars, or a literal.
    fn text(&mut self) -> Result<String, TranslateError> {
        let text = match self.peek() {
            Some(Token::DollarQuotedString(text)) => text.value.clone(),
            Some(Token::SingleQuotedString(text)) => text.clone(),
            _ => return Err(self.near()),
        };
        self.at += 1;
        Ok(text)
    }

    /// A word, a number or a literal.
    fn setting(&mut self) -> Result<String, TranslateError> {
        let value = match self.peek() {
            Some(Token::Word(word)) => word.value.clone(),
            Some(Token::SingleQuotedString(text)) => text.clone(),
            Some(Token::Number(digits, _)) => digits.clone(),
            _ => return Err(self.near()),
        };
        self.at += 1;
        Ok(value)
    }
}
